"""pyfakefs: what a test reads and writes is fake, what we read and write is real."""

from __future__ import annotations

import pytest

from tests.neighbours.beside import Beside

TESTS = """
    import os
    import urllib.request

    def test_number_first(otp_number, fs):
        assert len(otp_number().wait_code(timeout=60)) == 6

    def test_files_first(fs, otp_number, otp_gateway):
        fs.create_file("/only/here", contents="fake")
        assert len(otp_number().wait_code(timeout=60)) == 6
        assert open("/only/here").read() == "fake"

    def test_without_files(otp_number, otp_gateway):
        assert not os.path.exists("/only/here")
        ca_file = otp_gateway.environ().get("SSL_CERT_FILE")
        assert ca_file is None or os.path.getsize(ca_file)
        assert len(otp_number().wait_code(timeout=60)) == 6
"""


@pytest.mark.neighbour("pyfakefs")
@pytest.mark.parametrize("keeper", ["on", "off"])
def test_pyfakefs(beside: Beside, keeper: str) -> None:
    """Word lists, certificates, keeper and ledger are real in tests with `fs`, and intact in those without."""
    output = beside.passes(TESTS, plugins=("pyfakefs.pytest_plugin",), passed=3, PYTEST_OTP_KEEPER=keeper)
    assert "3 orders, 3 finished, 0 cancelled, 0 uncertain, 0 still open" in output
