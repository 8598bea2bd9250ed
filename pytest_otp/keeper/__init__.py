"""The keeper: a side process that places and closes the orders of a run, and outlives it.

The response to an order request reaches the keeper even if the test process is killed while waiting for it. Every other
way to protect orders from a killed test process needs a list of the active orders, which providers do not document.

`guard` decides how an order is protected, `client` is the test process's end of the pipes, `server` the keeper's end in
the side process (`process`), and `wire` has the messages between them.
"""
