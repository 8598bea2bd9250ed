"""`python -m pytest_otp.cli` is `pytest-otp`."""

import sys

from . import main

sys.exit(main())
