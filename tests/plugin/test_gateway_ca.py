"""`--otp-gateway-ca` in runs of pytest: one authority for all runs and workers, or an error that says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

# Imported here, since an inner run forgets what it imported itself; cryptography cannot be imported twice.
import trustme  # noqa: F401

from tests.servers import closed_port

Run = Callable[..., pytest.RunResult]

TESTS = """
import http.client, pathlib, ssl
import pytest

@pytest.mark.parametrize("number", range(4))
def test_it(otp_gateway, number):
    trusting = ssl.create_default_context(cafile=otp_gateway.ca_file)
    netloc = otp_gateway.https_url.partition("://")[2]
    connection = http.client.HTTPSConnection(netloc, context=trusting, timeout=60)
    connection.request("GET", "/")
    assert connection.getresponse().status == 404
    connection.close()
    environ = otp_gateway.environ(preload=True, java=True)
    for name in ("SSL_CERT_FILE", "PYTEST_OTP_GATEWAY_BUNDLE", "NODE_EXTRA_CA_CERTS"):
        assert pathlib.Path(environ[name]).is_file()
    folder = pathlib.Path(environ["PHP_INI_SCAN_DIR"].rpartition(":")[2])
    assert environ["SSL_CERT_FILE"] in (folder / "pytest-otp.ini").read_text()
    assert (folder.parent / "java.p12").is_file()
    with open("used", "a") as used:
        used.write(otp_gateway.ca_file + "\\n")
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in this process, with our plugin alone, every warning an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "PYTHONPATH", "PHP_INI_SCAN_DIR"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(TESTS)

    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "--tb=short", *args
        )

    return inner


def test_runs_share_the_authority(
    pytester: pytest.Pytester, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """One process, workers with a gateway each, and workers that share the controller's, all use the folder's."""
    folder = tmp_path_factory.mktemp("outside") / "ca"
    option = f"--otp-gateway-ca={folder}"
    run(option).assert_outcomes(passed=4)
    made = (folder / "ca.pem").read_bytes()
    xdist = ("-p", "xdist", "-p", "xdist.looponfail", "-n2")
    run(option, *xdist).assert_outcomes(passed=4)
    run(option, *xdist, f"--otp-gateway=127.0.0.1:{closed_port()}").assert_outcomes(passed=4)
    assert set((pytester.path / "used").read_text().split()) == {str(folder / "ca.pem")}
    assert (folder / "ca.pem").read_bytes() == made


def test_a_folder_that_cannot_be_used_is_an_error(pytester: pytest.Pytester, run: Run) -> None:
    """Inside a project without git, the fixture's error names the option and says why; nothing is written."""
    result = run("--otp-gateway-ca=ca", "-k", "0")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E   *SettingsError: --otp-gateway-ca (PYTEST_OTP_GATEWAY_CA): */ca is inside the project, and git *"]
    )
    assert not Path(pytester.path / "ca").exists()


def test_a_shared_gateway_does_not_start_without_it(run: Run) -> None:
    """With a fixed port and xdist, the controller refuses it before the first test."""
    xdist = ("-p", "xdist", "-p", "xdist.looponfail", "-n2")
    result = run("--otp-gateway-ca=ca", *xdist, f"--otp-gateway=127.0.0.1:{closed_port()}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --otp-gateway-ca (PYTEST_OTP_GATEWAY_CA): */ca is inside the project, *"])
