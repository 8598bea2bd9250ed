"""The carrier spoken over the providers' own wire protocols, with a page that shows every SMS."""
