"""One port for our own WSGI applications: http, https and a proxy."""
