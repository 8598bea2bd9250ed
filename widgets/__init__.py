"""Real code and phone widgets in real browsers: what proves `pytest_otp.browser`. Run by `make widgets`."""
