"""SMS that a provider sends to us, so that a code is there without polling."""
