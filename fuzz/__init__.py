"""Feeds invented input to everything that reads what others wrote."""
