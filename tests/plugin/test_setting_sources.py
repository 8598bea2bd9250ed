"""Where a run takes its settings from: ini files, typed or not, .env files, and fixtures that override them."""

from __future__ import annotations

import os

import pytest

from tests.plugin.inner import KEY, OFFLINE, Run, printed, prints


def test_ini_file(pytester: pytest.Pytester, run: Run) -> None:
    """Settings of pytest.ini, as text; an option wins."""
    pytester.makeini(
        """
        [pytest]
        otp_timeout = 30
        otp_country = ID
        otp_show_sms = true
        otp_allow_http = a.test, b.test
        otp_gateway = 127.0.0.1:0
        """
    )
    pytester.makepyfile(prints("timeout", "country", "show_sms", "allow_http", "gateway"))
    assert printed(run("--otp-country=US")) == {
        "timeout": 30.0,
        "country": "US",
        "show_sms": True,
        "allow_http": ["a.test", "b.test"],
        "gateway": ["127.0.0.1", 0],
    }
    assert printed(run("-o", "otp_timeout=5"))["timeout"] == 5.0


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="[tool.pytest] came with pytest 9")
def test_typed_ini_values(pytester: pytest.Pytester, run: Run) -> None:
    """Settings of pytest 9's [tool.pytest], as numbers, booleans and lists, and as text."""
    pytester.makepyprojecttoml(
        """
        [tool.pytest]
        otp_timeout = 30
        otp_poll_interval = 0.5
        otp_fake_seed = 7
        otp_show_sms = true
        otp_allow_http = ["a.test", "b.test"]
        otp_country = 6
        otp_close_timeout = "5"
        """
    )
    names = ("timeout", "poll_interval", "fake_seed", "show_sms", "allow_http", "country", "close_timeout")
    pytester.makepyfile(prints(*names))
    result = run()
    assert printed(result) == {
        "timeout": 30.0,
        "poll_interval": 0.5,
        "fake_seed": 7,
        "show_sms": True,
        "allow_http": ["a.test", "b.test"],
        "country": "6",
        "close_timeout": 5.0,
    }
    result.stdout.fnmatch_lines([f"{OFFLINE}country 6; scenario manual (default), seed 7; timeout 30 s (otp_timeout)"])
    assert printed(run("-o", "otp_timeout=5"))["timeout"] == 5.0


def test_env_file_of_powershell(pytester: pytest.Pytester, run: Run) -> None:
    """A .env in UTF-16 with nothing else set is no silent, offline, green run."""
    pytester.path.joinpath(".env").write_bytes("PYTEST_OTP_PROVIDER=otpcepat\r\n".encode("utf-16"))
    pytester.makepyfile("def test_it(): pass")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--otp-provider otpcepat (PYTEST_OTP_PROVIDER) needs API_KEY_OTPCEPAT*"])


def test_env_file(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root folder's .env gives settings and credentials, also from a folder below, and stays out of os.environ."""
    pytester.makeini("[pytest]\notp_timeout = 50\notp_country = ID")
    pytester.path.joinpath(".env").write_text(
        f"PYTEST_OTP_PROVIDER=otpcepat\nPYTEST_OTP_TIMEOUT=30\nAPI_KEY_OTPCEPAT={KEY}\n"
    )
    below = pytester.mkdir("below")
    below.joinpath("test_it.py").write_text(
        """
import json, os

def test_it(otp_settings, otp_provider):
    assert otp_provider.name == "otpcepat"
    assert not {"PYTEST_OTP_PROVIDER", "API_KEY_OTPCEPAT"} & set(os.environ)
    print("SEEN", json.dumps({"timeout": otp_settings.timeout, "country": otp_settings.country}))
"""
    )
    monkeypatch.chdir(below)
    result = run()
    result.assert_outcomes(passed=1)
    assert printed(result) == {"timeout": 30.0, "country": "ID"}
    result.stdout.fnmatch_lines(
        ["otp: provider otpcepat (PYTEST_OTP_PROVIDER in .env); country ID; timeout 30 s (*in .env)"]
    )
    assert KEY not in result.stdout.str()
    monkeypatch.setenv("PYTEST_OTP_TIMEOUT", "5")
    assert printed(run())["timeout"] == 5.0


def test_a_named_env_file(pytester: pytest.Pytester, run: Run) -> None:
    """`--otp-env-file` takes the place of .env."""
    pytester.path.joinpath(".env").write_text("PYTEST_OTP_TIMEOUT=30\n")
    pytester.path.joinpath("ci.env").write_text("PYTEST_OTP_TIMEOUT=31\n")
    pytester.makepyfile(prints("timeout", "env_file"))
    assert printed(run("--otp-env-file=ci.env")) == {"timeout": 31.0, "env_file": "ci.env"}
    assert printed(run())["timeout"] == 30.0


def test_overriding_the_settings(pytester: pytest.Pytester, run: Run) -> None:
    """A project's own otp_settings fixture changes what it names and leaves the rest."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def otp_settings(otp_settings):
            return otp_settings.replace(fake="auto", country="DE", timeout=3)
        """
    )
    pytester.makepyfile(
        """
        def test_it(otp_number, otp_settings):
            assert otp_settings.service == "shop"
            number = otp_number()
            assert number.region == "DE" and number.service == "shop"
            assert number.wait_code()
        """
    )
    run("--otp-service=shop").assert_outcomes(passed=1)


def test_overriding_the_settings_with_a_real_provider(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overridden provider gets its credentials from the environment like any other, or the same error."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def otp_settings(otp_settings):
            return otp_settings.replace(provider="otpcepat")
        """
    )
    pytester.makepyfile("def test_it(otp_provider): assert otp_provider.name == 'otpcepat'")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E   *SettingsError: *needs API_KEY_OTPCEPAT *"])
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    run().assert_outcomes(passed=1)


def test_a_test_changes_nothing(pytester: pytest.Pytester, run: Run) -> None:
    """What a test puts into its environment after the start is no setting of the run, also if none was set before."""
    pytester.makepyfile(
        """
        import json

        def test_first(monkeypatch, request):
            monkeypatch.setenv("PYTEST_OTP_TIMEOUT", "5")
            settings = request.getfixturevalue("otp_settings")
            print("SEEN", json.dumps({"timeout": settings.timeout, "source": settings.source("timeout")}))
        """
    )
    assert printed(run()) == {"timeout": 120.0, "source": "default"}


def test_an_env_file_that_is_a_named_pipe(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password manager's pipe in place of .env is not read: a run would wait for its writer, for ever."""
    os.mkfifo(pytester.path / ".env")
    pytester.makepyfile(prints("timeout"))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_subprocess("-p", "pytest_otp.plugin", "-q", "-s", timeout=60)
    assert printed(result) == {"timeout": 120.0}
