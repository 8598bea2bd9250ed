"""Invalid settings stop a run before its first test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.inner import KEY, XDIST, Run


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (
            ["--otp-timeout=soon"],
            (
                "--otp-timeout: invalid value 'soon': expected seconds greater than 0. "
                "Set it with --otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout)."
            ),
        ),
        (
            ["--otp-provider=twilio"],
            "--otp-provider: unknown provider 'twilio'. Choose from: fake, otpcepat, otpvirt*",
        ),
        (["--otp-fake=x"], "--otp-fake: unknown scenario 'x'. Choose from: manual, auto, late, *"),
        (
            ["--otp-provider=otpcepat"],
            (
                "--otp-provider otpcepat (PYTEST_OTP_PROVIDER) needs API_KEY_OTPCEPAT (your account's API key). "
                "Set it in the environment or in .env, never on the command line."
            ),
        ),
        (
            ["--otp-provider=otpvirt"],
            "--otp-provider otpvirt (PYTEST_OTP_PROVIDER) needs OTPVIRT_CLIENT_ID (*), OTPVIRT_API_PASSWORD (*). Set *",
        ),
        (
            ["--otp-env-file=ci.env"],
            "--otp-env-file (PYTEST_OTP_ENV_FILE): no such file: */ci.env. Relative paths are resolved *rootdir.",
        ),
        (
            ["-o", "otp_unavailable=ignore"],
            "otp_unavailable: invalid value 'ignore': expected fail, skip or xfail. Set it with --otp-unavailable *",
        ),
    ],
)
def test_usage_errors(pytester: pytest.Pytester, run: Run, args: list[str], error: str) -> None:
    """A bad setting is one line and exit code 4, before any test runs."""
    pytester.makepyfile("import pathlib\npathlib.Path('ran').touch()\ndef test_it(): pass")
    result = run(*args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    lines = [line for line in result.errlines if line]
    assert len(lines) == 1
    result.stderr.fnmatch_lines([f"ERROR: {error}"])
    assert not Path("ran").exists()


def test_a_key_is_not_sent_in_the_clear(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base URL without TLS that is not this machine is refused before the run, unless its host is allowed."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    monkeypatch.setenv("OTPCEPAT_BASE_URL", "http://sandbox.test/api")
    result = run("--otp-provider=otpcepat")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: OTPCEPAT_BASE_URL: *--otp-allow-http*"])
    assert len([line for line in result.errlines if line]) == 1
    assert run("--otp-provider=otpcepat", "--otp-allow-http=sandbox.test").ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_a_usage_error_under_xdist(pytester: pytest.Pytester, run: Run) -> None:
    """The controller reports an invalid setting once, before a worker starts."""
    pytester.makepyfile("def test_it(): pass")
    result = run(*XDIST, "-n2", "--otp-timeout=soon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        (
            "ERROR: --otp-timeout: invalid value 'soon': expected seconds greater than 0. "
            "Set it with --otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout)."
        )
    ]
