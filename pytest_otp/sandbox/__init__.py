"""The sandbox: the offline phone network behind the providers' own wire protocols, and a page that shows every SMS."""
