"""Measurements, each against something that runs beside it; `make bench` runs them all."""
