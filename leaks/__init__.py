"""Looks for secrets in everything that real runs of pytest and the commands write, when everything goes wrong."""
