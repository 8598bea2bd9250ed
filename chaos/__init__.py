"""Kills real test runs at random moments, and counts the orders that nobody closes; `make chaos` runs it all."""
