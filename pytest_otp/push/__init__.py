"""SMS that a provider pushes to the run, so that codes arrive without polling."""
