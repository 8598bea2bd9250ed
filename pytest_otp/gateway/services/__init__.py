"""One module for each SMS service that the gateway stands in for."""
