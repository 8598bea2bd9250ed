"""The pytest plugin, from outside: inner runs of pytest, each with this plugin and no other."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import pytest_otp.gateway.app
import pytest_otp.offline.provider

# Imported here, since an inner run forgets what it imported itself, and would import it again the next time.
import pytest_otp.plugin.number_fixtures
import pytest_otp.providers.http
from pytest_otp.offline.scenarios import SCENARIOS
from pytest_otp.options import OPTIONS

Run = Callable[..., pytest.RunResult]

OFFLINE = "otp: provider fake (default), offline: no SMS is sent, nothing is charged; "
KEY = "k3y-that-nobody-may-see"
USES_AUTO = """
    def test_it(otp_number):
        assert len(otp_number().wait_code()) == 6
"""
TELLS_SETTINGS = """
    def test_it(otp_settings):
        print("TOLD", {name: getattr(otp_settings, name) for name in NAMES})
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in this process, with our plugin alone, every warning an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "-rA", "--tb=short", *args
        )

    return inner


def told(result: pytest.RunResult) -> dict[str, object]:
    """What an inner test printed of its settings."""
    (line,) = {line for line in result.outlines if line.startswith("TOLD ")}
    values = eval(line.removeprefix("TOLD "))
    assert isinstance(values, dict)
    return values


def tells(*names: str) -> str:
    return TELLS_SETTINGS.replace("NAMES", repr(names))


# What pytest says of us


def test_help_explains_every_option(run: Run) -> None:
    """`pytest --help` has each option with its help and its variable, and each ini name, without any settings."""
    result = run("--help")
    assert result.ret == 0
    said = " ".join(result.stdout.str().split())
    assert "one-time codes by SMS (pytest-otp):" in said
    for option in OPTIONS:
        metavar = {"allow_http": "=HOST", "show_sms": ""}.get(option.name, f"={option.metavar}")
        assert f"{option.flag}{metavar} {option.help} [{option.variable}]" in said
        assert f"{option.ini} (string): As {option.flag}: {option.help}" in said


def test_help_works_with_bad_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who mistyped a setting can still read what it may be."""
    monkeypatch.setenv("PYTEST_OTP_TIMEOUT", "soon")
    assert run("--help").ret == 0
    assert run("--version").ret == 0


@pytest.mark.parametrize(
    ("fixture", "says"),
    [
        ("otp_number", "Rents phone numbers: "),
        ("module_otp_number [module scope]", "As otp_number, kept until the module ends."),
        ("session_otp_number [session scope]", "As otp_number, kept until the session ends"),
        ("otp_settings [session scope]", "The run's settings. Override it to change some:"),
        ("otp_provider [session scope]", "The provider that numbers are rented from."),
        ("otp_carrier [session scope]", "The offline phone network: otp_carrier.deliver(number,"),
        ("otp_gateway [session scope]", "Where the application under test sends its SMS offline:"),
    ],
)
def test_fixtures_are_explained(run: Run, fixture: str, says: str) -> None:
    """`pytest --fixtures` has each fixture with its scope and what it is for."""
    lines = run("--fixtures").outlines
    index = next(index for index, line in enumerate(lines) if line.startswith(f"{fixture} -- "))
    assert lines[index + 1].strip().startswith(says)


def test_the_marker_is_explained(run: Run) -> None:
    """`pytest --markers` has our marker with its arguments."""
    run("--markers").stdout.fnmatch_lines(
        ["@pytest.mark.otp(service=*, country=*, operator=*, timeout=*, fake=*): what otp_number orders in this test*"]
    )


def test_the_header_of_a_run_that_sets_nothing(run: Run) -> None:
    """The header says that the run is offline, and with which seed it can be repeated."""
    line = re.escape(f"{OFFLINE}scenario manual (default), seed #; timeout 10 s (default)").replace(r"\#", r"\d+")
    run().stdout.re_match_lines([line])


def test_the_header_names_sources_and_no_secret(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The header tells where provider and timeout came from; a key is nowhere in the output."""
    monkeypatch.setenv("PYTEST_OTP_PROVIDER", "otpcepat")
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    result = run("--otp-timeout", "30", "-vv", "--trace-config", "--debug")
    result.stdout.fnmatch_lines(["otp: provider otpcepat (PYTEST_OTP_PROVIDER); timeout 30 s (--otp-timeout)"])
    assert KEY not in result.stdout.str() + result.stderr.str()
    assert KEY not in Path("pytestdebug.log").read_text()


# Markers, arguments and defaults


def test_marker_defaults(pytester: pytest.Pytester, run: Run) -> None:
    """Argument > closest marker > module's marker > option; a marker without a name leaves it to the wider one."""
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.otp(service="module", country="GB", timeout=7)

        def test_module(otp_number):
            number = otp_number()
            assert (number.service, number.region) == ("module", "GB")

        @pytest.mark.otp(service="test")
        def test_closest(otp_number):
            assert (otp_number().service, otp_number().region) == ("test", "GB")
            assert otp_number(service="argument").service == "argument"

        @pytest.mark.otp(fake="auto", timeout=0)
        def test_timeout(otp_number):
            from pytest_otp import CodeTimeout
            with pytest.raises(CodeTimeout, match="no SMS within 0 s"):
                otp_number().wait_code()

        def test_wider_scopes(module_otp_number, session_otp_number):
            assert module_otp_number().service == "module"
            assert session_otp_number().service == "option"
        """
    )
    run("--strict-markers", "--otp-service", "option", "--otp-country", "US").assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("marker", "error"),
    [
        (
            "provider='fake'",
            "@pytest.mark.otp: unexpected argument provider. Use service=*, country=*, operator=*, timeout=*, fake=*.",
        ),
        ("'shop', 5", "@pytest.mark.otp: unexpected argument 'shop', 5. Use service=*"),
        ("timeout='soon'", "@pytest.mark.otp: timeout must be a number of seconds, 0 or more; got 'soon'"),
        ("timeout=-1", "@pytest.mark.otp: timeout must be a number of seconds, 0 or more; got -1"),
        ("fake='sometimes'", "@pytest.mark.otp: unknown scenario 'sometimes'. * manual, *"),
        ("country=44", "@pytest.mark.otp: country must be a string; got 44"),
    ],
)
def test_bad_markers(pytester: pytest.Pytester, run: Run, marker: str, error: str) -> None:
    """A marker that cannot be meant so is an error of its test before anything is ordered."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.otp({marker})
        def test_it(otp_number):
            otp_number()
        """
    )
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"E   pytest_otp.errors.SettingsError: {error}"])


# Usage errors


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (
            ["--otp-timeout=soon"],
            (
                "--otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout): 'soon', from --otp-timeout, is not allowed. "
                "Give seconds, above 0."
            ),
        ),
        (
            ["--otp-provider=twilio"],
            "--otp-provider (PYTEST_OTP_PROVIDER): unknown provider 'twilio'. Choose one of: fake, otpcepat, otpvirt*",
        ),
        (["--otp-fake=x"], "--otp-fake (PYTEST_OTP_FAKE): unknown scenario 'x'. Choose one of: manual, auto, late, *"),
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
            "--otp-env-file (PYTEST_OTP_ENV_FILE): there is no file */ci.env. Give its path from the root folder.",
        ),
        (
            ["-o", "otp_unavailable=ignore"],
            "*'ignore', from otp_unavailable, is not allowed. Give fail, skip or xfail.",
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


# Scopes and scenarios


def test_three_scopes(pytester: pytest.Pytester, run: Run) -> None:
    """A number lives as long as the scope of the fixture that ordered it."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def whole(session_otp_number):
            return session_otp_number()

        @pytest.fixture(scope="module")
        def half(module_otp_number):
            return module_otp_number()

        @pytest.fixture(scope="session")
        def seen():
            return {}
        """
    )
    first = """
        def test_one(otp_number, half, whole, seen):
            seen.update(one=otp_number(), half=half, whole=whole)
            assert len({seen["one"].e164, half.e164, whole.e164}) == 3

        def test_two(otp_number, half, whole, seen):
            assert seen["one"].state == "cancelled"
            assert half is seen["half"] and whole is seen["whole"]
            assert half.state == whole.state == "waiting"
    """
    second = """
        def test_three(half, whole, seen):
            assert seen["half"].state == "cancelled"
            assert half is not seen["half"]
            assert whole is seen["whole"] and whole.state == "waiting"
    """
    pytester.makepyfile(test_a=first, test_b=second)
    run().assert_outcomes(passed=3)


SCENARIO_TESTS = {
    "manual": """
        otp_carrier.deliver(number, "Your code is 482913")
        assert number.wait_code() == "482913"
    """,
    "auto": """
        assert number.wait_code(5).isdecimal()
    """,
    "late": """
        with pytest.raises(CodeTimeout, match="the SMS arrives 5 s after the order"):
            number.wait_code(0.2)
        assert number.wait_code(10).isdecimal()
    """,
    "never": """
        otp_carrier.deliver(number, "Your code is 482913")
        with pytest.raises(CodeTimeout, match="no SMS ever arrives"):
            number.wait_code(0.2)
        number.close()
        assert number.state == "cancelled"
    """,
    "duplicate": """
        assert number.wait_code(5) == number.wait_code(5)
        assert len({message.id for message in number.messages}) == 2
    """,
    "no-code": """
        with pytest.raises(CodeTimeout, match=r"skipped 1 SMS: .*no code found.*--otp-show-sms shows"):
            number.wait_code(0.3)
        assert "new login" in number.wait_message(5).text
    """,
    "flaky": """
        assert number.wait_code(10).isdecimal()
    """,
    "cancelled": """
        with pytest.raises(OrderEnded, match="was cancelled or finished at the provider"):
            number.wait_code(5)
        assert number.state == "ended"
    """,
    "cancel-refused": """
        number.close()
        assert number.state == "finished"
    """,
    "no-numbers": "NumberUnavailable: fake, after 0.0 s: no numbers available in US. Try again later, *",
    "no-balance": "InsufficientBalance: fake, after 0.0 s: the balance is too low. Top up the account, *",
    "down": "ProviderUnavailable: fake, after 0.0 s: reset the connection. The scenario down does so on purpose: *",
}


def test_every_scenario_is_tested() -> None:
    """A scenario that is added is tested end to end too."""
    assert set(SCENARIO_TESTS) == set(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIO_TESTS)
def test_scenarios(pytester: pytest.Pytester, run: Run, name: str) -> None:
    """Each scenario of `--otp-fake` does what its line in the help says."""
    body = SCENARIO_TESTS[name]
    refused = not body.startswith("\n")
    pytester.makepyfile(
        "import pytest\n"
        "from pytest_otp import CodeTimeout, OrderEnded\n"
        "def test_it(otp_number, otp_carrier):\n"
        "    number = otp_number()\n" + ("" if refused else body.replace("\n    ", "\n"))
    )
    result = run("--otp-fake", name, "--otp-fake-seed", "7")
    result.assert_outcomes(failed=int(refused), passed=int(not refused))
    result.stdout.fnmatch_lines([f"otp: *scenario {name} (--otp-fake), seed 7; timeout *"])
    if refused:
        result.stdout.fnmatch_lines([f"E   pytest_otp.errors.{body}"])


def test_a_scenario_of_one_test(pytester: pytest.Pytester, run: Run) -> None:
    """The marker's scenario wins over the option's, for its test alone, on the same carrier."""
    pytester.makepyfile(
        """
        import pytest
        from pytest_otp import NumberUnavailable

        @pytest.mark.otp(fake="no-numbers")
        def test_refused(otp_number):
            with pytest.raises(NumberUnavailable):
                otp_number()

        def test_auto(otp_number):
            assert otp_number().wait_code(5)

        @pytest.mark.otp(fake="manual")
        def test_manual(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, "code 111111")
            assert number.wait_code() == "111111"
        """
    )
    run("--otp-fake=auto").assert_outcomes(passed=3)


def test_a_seed_repeats_a_run(pytester: pytest.Pytester, run: Run) -> None:
    """With the seed of the header a run has the same numbers and codes again."""
    pytester.makepyfile(
        """
        def test_it(otp_number):
            number = otp_number()
            print("TOLD", {"number": number.e164, "code": number.wait_code(5), "order": number.order_id})
        """
    )
    args = ("--otp-fake=auto", "--otp-fake-seed=7")
    first = told(run(*args))
    assert first == told(run(*args))
    assert first != told(run("--otp-fake=auto", "--otp-fake-seed=8"))


@pytest.mark.parametrize(
    ("what", "outcome"), [("fail", {"failed": 1}), ("skip", {"skipped": 1}), ("xfail", {"xfailed": 1})]
)
def test_unavailable(pytester: pytest.Pytester, run: Run, what: str, outcome: dict[str, int]) -> None:
    """`--otp-unavailable` decides what a test does that gets no number, and its report says why."""
    pytester.makepyfile(USES_AUTO)
    result = run("--otp-fake=no-numbers", f"--otp-unavailable={what}", "-o", "xfail_strict=true")
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(
        ["*fake, after 0.0 s: no numbers available in US. Try again later, try another country or operator*"]
    )


@pytest.mark.parametrize("scenario", ["no-balance", "down"])
def test_unavailable_is_for_numbers_only(pytester: pytest.Pytester, run: Run, scenario: str) -> None:
    """An empty balance or a provider that is away is not skipped over."""
    pytester.makepyfile(USES_AUTO)
    run(f"--otp-fake={scenario}", "--otp-unavailable=skip").assert_outcomes(failed=1)


def test_unavailable_in_a_fixture(pytester: pytest.Pytester, run: Run) -> None:
    """A wider fixture that gets no number skips the tests that use it."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="module")
        def number(module_otp_number):
            return module_otp_number()

        def test_one(number): pass
        def test_two(number): pass
        """
    )
    run("--otp-fake=no-numbers", "--otp-unavailable=skip").assert_outcomes(skipped=2)


# Real providers, gateway, overriding


def test_otp_carrier_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delivering by hand is possible offline only, and the error says what to do."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.makepyfile("def test_it(otp_carrier): pass")
    result = run("--otp-provider=otpcepat")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            (
                "E   pytest_otp.errors.SettingsError: otp_carrier is not available with the provider otpcepat. "
                "Run offline, or let the application send the SMS."
            )
        ]
    )


def test_otp_gateway_with_a_real_provider(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a real provider the application uses its own service: there is no gateway, and nothing is set for one."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.makepyfile(
        """
        def test_it(otp_gateway, otp_provider):
            assert otp_gateway.url is None and otp_gateway.environ() == {}
            assert otp_provider.name == "otpcepat"
        """
    )
    run("--otp-provider=otpcepat").assert_outcomes(passed=1)


def test_otp_gateway(pytester: pytest.Pytester, run: Run) -> None:
    """An application that posts its SMS to the gateway reaches the number of the test."""
    pytester.makepyfile(
        """
        import json, urllib.request

        def test_it(otp_gateway, otp_number):
            number = otp_number()
            url = otp_gateway.environ()["PYTEST_OTP_GATEWAY_URL"] + "/sms"
            assert url.startswith("http://127.0.0.1:") and url == otp_gateway.url + "/sms"
            body = json.dumps({"to": number.e164, "text": "Your code is 482913", "from": "Shop"}).encode()
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(urllib.request.Request(url, body, {"Content-Type": "application/json"})) as answer:
                assert answer.status == 202
            assert number.wait_code(sender="shop") == "482913"
        """
    )
    run().assert_outcomes(passed=1)


def test_otp_gateway_on_a_port_that_is_taken(pytester: pytest.Pytester, run: Run) -> None:
    """A port that cannot be had is told with the setting that asked for it."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        pytester.makepyfile("def test_it(otp_gateway): pass")
        result = run(f"--otp-gateway=127.0.0.1:{taken.getsockname()[1]}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E   pytest_otp.errors.SettingsError: --otp-gateway (PYTEST_OTP_GATEWAY)*"])


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
    result.stdout.fnmatch_lines(["E   *SettingsError: --otp-provider otpcepat * needs API_KEY_OTPCEPAT *"])
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    run().assert_outcomes(passed=1)


def test_overriding_the_provider(pytester: pytest.Pytester, run: Run) -> None:
    """A project may bring a provider of its own, with nothing but the protocol."""
    pytester.path.joinpath("scripted.py").write_text(Path(__file__).parents[1].joinpath("scripted.py").read_text())
    pytester.makeconftest(
        """
        import pytest
        from scripted import ScriptedProvider

        @pytest.fixture(scope="session")
        def otp_provider():
            provider = ScriptedProvider()
            provider.receive("code 482913")
            return provider
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.otp(fake="auto")
        def test_it(otp_number, otp_provider):
            number = otp_number()
            assert number.wait_code(2) == "482913"
            number.close()
            assert otp_provider.events == ["order order-1", "messages order-1", "finish order-1"]
        """
    )
    run().assert_outcomes(passed=1)


# Where settings come from


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
    pytester.makepyfile(tells("timeout", "country", "show_sms", "allow_http", "gateway"))
    assert told(run("--otp-country=US")) == {
        "timeout": 30.0,
        "country": "US",
        "show_sms": True,
        "allow_http": ("a.test", "b.test"),
        "gateway": ("127.0.0.1", 0),
    }
    assert told(run("-o", "otp_timeout=5"))["timeout"] == 5.0


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
    pytester.makepyfile(tells(*names))
    result = run()
    assert told(result) == {
        "timeout": 30.0,
        "poll_interval": 0.5,
        "fake_seed": 7,
        "show_sms": True,
        "allow_http": ("a.test", "b.test"),
        "country": "6",
        "close_timeout": 5.0,
    }
    result.stdout.fnmatch_lines([f"{OFFLINE}country 6; scenario manual (default), seed 7; timeout 30 s (otp_timeout)"])
    assert told(run("-o", "otp_timeout=5"))["timeout"] == 5.0


def test_env_file(pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root folder's .env gives settings and credentials, also from a folder below, and stays out of os.environ."""
    pytester.makeini("[pytest]\notp_timeout = 50\notp_country = ID")
    pytester.path.joinpath(".env").write_text(
        f"PYTEST_OTP_PROVIDER=otpcepat\nPYTEST_OTP_TIMEOUT=30\nAPI_KEY_OTPCEPAT={KEY}\n"
    )
    below = pytester.mkdir("below")
    below.joinpath("test_it.py").write_text(
        """
import os

def test_it(otp_settings, otp_provider):
    assert otp_provider.name == "otpcepat"
    assert not {"PYTEST_OTP_PROVIDER", "API_KEY_OTPCEPAT"} & set(os.environ)
    print("TOLD", {"timeout": otp_settings.timeout, "country": otp_settings.country})
"""
    )
    monkeypatch.chdir(below)
    result = run()
    result.assert_outcomes(passed=1)
    assert told(result) == {"timeout": 30.0, "country": "ID"}
    result.stdout.fnmatch_lines(
        ["otp: provider otpcepat (PYTEST_OTP_PROVIDER in .env); country ID; timeout 30 s (*in .env)"]
    )
    assert KEY not in result.stdout.str()
    monkeypatch.setenv("PYTEST_OTP_TIMEOUT", "5")
    assert told(run())["timeout"] == 5.0


def test_a_named_env_file(pytester: pytest.Pytester, run: Run) -> None:
    """`--otp-env-file` takes the place of .env."""
    pytester.path.joinpath(".env").write_text("PYTEST_OTP_TIMEOUT=30\n")
    pytester.path.joinpath("ci.env").write_text("PYTEST_OTP_TIMEOUT=31\n")
    pytester.makepyfile(tells("timeout", "env_file"))
    assert told(run("--otp-env-file=ci.env")) == {"timeout": 31.0, "env_file": "ci.env"}
    assert told(run())["timeout"] == 30.0


# What a run costs that does not use it


UNUSED = """
    import json, os, sys, threading, pytest

    HEAVY = {"requests", "urllib3", "tenacity", "dotenv", "werkzeug", "phonenumbers", "sqlite3"}

    @pytest.fixture
    def unused(otp_number, otp_gateway, session_otp_number):
        pass

    def pytest_unconfigure(config):
        print("COST", json.dumps({
            "modules": sorted(HEAVY & set(sys.modules)),
            "ours": sorted(name for name in sys.modules if name.startswith("pytest_otp")),
            "threads": [thread.name for thread in threading.enumerate()],
            "children": open(f"/proc/self/task/{os.getpid()}/children").read(),
        }))
"""


def test_a_run_that_does_not_use_it(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a run imports nothing heavy, starts no thread and no process, writes no file, parses no foreign .env."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("HOME", str(pytester.mkdir("home")))
    pytester.makeconftest(UNUSED)
    pytester.makepyfile("def test_it(): pass")
    pytester.path.joinpath(".env").write_text("DATABASE_URL=postgres://\n")
    before = sorted(pytester.path.rglob("*"))
    result = pytester.runpytest_subprocess("-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "--capture=no")
    result.assert_outcomes(passed=1)
    (cost,) = [json.loads(line.partition("COST ")[2]) for line in result.outlines if "COST " in line]
    assert cost == {
        "modules": [],
        "ours": ["pytest_otp", "pytest_otp.options", "pytest_otp.plugin", "pytest_otp.settings"],
        "threads": ["MainThread"],
        "children": "",
    }
    new = {path.name for path in pytester.path.rglob("*") if path not in before}
    assert new == {"stdout", "stderr", "runpytest-0", "runpytest-current"}, "those of pytester itself"


def test_importing_the_package_is_cheap() -> None:
    """`import pytest_otp` brings nothing of ours but itself, and its names come when they are asked for."""
    program = (
        "import sys, pytest_otp\n"
        "print([name for name in sys.modules if name.startswith('pytest_otp.')])\n"
        "print(pytest_otp.CodeTimeout.__name__, pytest_otp.OtpNumber.__name__)\n"
        "print(sorted(pytest_otp.__all__) == pytest_otp.__all__ == dir(pytest_otp))\n"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[]", "CodeTimeout OtpNumber", "True"]


@pytest.mark.parametrize("name", pytest_otp.__all__)
def test_every_public_name_is_there(name: str) -> None:
    """Each name of `__all__` can be had, and is called so where it comes from."""
    assert getattr(pytest_otp, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    """A misspelt name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="module 'pytest_otp' has no attribute 'OtpNumer'"):
        _ = pytest_otp.OtpNumer


# xdist

WORKERS_TELL = f"""
    import pathlib

    def test_it(otp_number, otp_settings, otp_carrier, request):
        numbers = [otp_number() for _ in range(20)]
        workerinput = getattr(request.config, "workerinput", {{}})
        assert {KEY!r} not in repr(workerinput)
        told = {{
            "numbers": [number.e164 for number in numbers],
            "seed": otp_settings.fake_seed,
            "timeout": otp_settings.timeout,
            "country": otp_settings.country,
            "source": otp_settings.source("timeout"),
        }}
        pathlib.Path("told-" + workerinput.get("workerid", "main")).write_text(repr(told))
"""


@pytest.mark.parametrize(
    ("args", "workers"),
    [
        ((), ["main"]),
        (("-p", "xdist", "-p", "xdist.looponfail", "-n0"), ["main"]),
        (("-p", "xdist", "-p", "xdist.looponfail", "--dist=each", "--tx=2*popen"), ["gw0", "gw1"]),
        (("-p", "no:xdist"), ["main"]),
    ],
    ids=["without", "n0", "two", "no-xdist"],
)
def test_xdist(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], workers: list[str]
) -> None:
    """With and without xdist the settings reach the tests, the seed is one, and no number is there twice."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.path.joinpath(".env").write_text(f"PYTEST_OTP_TIMEOUT=33\nOTPVIRT_API_PASSWORD={KEY}\n")
    pytester.makepyfile(WORKERS_TELL)
    result = run("--otp-country=US", *args)
    result.assert_outcomes(passed=len(workers))
    told = [eval(Path(f"told-{worker}").read_text()) for worker in workers]
    assert {(run["timeout"], run["country"], run["source"]) for run in told} == {
        (33.0, "US", "PYTEST_OTP_TIMEOUT in .env")
    }
    assert len({run["seed"] for run in told}) == 1
    result.stdout.fnmatch_lines([f"otp: *seed {told[0]['seed']}; timeout 33 s (PYTEST_OTP_TIMEOUT in .env)"])
    numbers = [number for run in told for number in run["numbers"]]
    assert len(set(numbers)) == 20 * len(workers)


def test_xdist_with_a_real_provider(pytester: pytest.Pytester, run: Run) -> None:
    """Workers read the credentials for themselves, here from .env; no report shows them."""
    pytester.path.joinpath(".env").write_text(f"API_KEY_OTPCEPAT={KEY}\n")
    pytester.makepyfile(
        """
        import pathlib

        def test_it(otp_provider, request):
            assert otp_provider.name == "otpcepat"
            key = pathlib.Path(".env").read_text().strip().partition("=")[2]
            assert key not in repr(request.config.workerinput)
            assert key == "", request.config.workerinput
        """
    )
    result = run("-p", "xdist", "-p", "xdist.looponfail", "-n1", "--otp-provider=otpcepat", "-l", "-vv")
    result.assert_outcomes(failed=1)
    assert KEY not in result.stdout.str() + result.stderr.str()


def test_a_usage_error_under_xdist(pytester: pytest.Pytester, run: Run) -> None:
    """A bad setting is told once, by the controller, before a worker starts."""
    pytester.makepyfile("def test_it(): pass")
    result = run("-p", "xdist", "-p", "xdist.looponfail", "-n2", "--otp-timeout=soon")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        (
            "ERROR: --otp-timeout (PYTEST_OTP_TIMEOUT, ini otp_timeout): 'soon', from --otp-timeout, is not allowed. "
            "Give seconds, above 0."
        )
    ]


def test_beside_all_other_plugins(pytester: pytest.Pytester) -> None:
    """Found by its entry point, beside whatever else is installed, xdist switched off."""
    pytester.makepyfile(USES_AUTO)
    result = pytester.runpytest_subprocess("-p", "no:xdist", "--otp-fake=auto")
    result.assert_outcomes(passed=1)
    assert os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") is None


def test_an_overridden_provider_that_lacks_something(pytester: pytest.Pytester, run: Run) -> None:
    """An object that could not give a number back is refused before it rents one."""
    pytester.makepyfile(
        """
        import pytest

        class Half:
            name = "half"
            def order(self, service, country, operator):
                raise AssertionError("ordered")

        @pytest.fixture(scope="session")
        def otp_provider():
            return Half()

        def test_it(otp_number):
            otp_number()
        """
    )
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*SettingsError: the fixture otp_provider must return a provider; Half has no messages, resend, cancel, *"]
    )


def test_a_scenario_that_is_none_on_the_marker(pytester: pytest.Pytester, run: Run) -> None:
    """The error names the marker, where the mistake is, and not the command line."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.otp(fake="nope")
        def test_it(otp_number):
            otp_number()
        """
    )
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*SettingsError: @pytest.mark.otp: unknown scenario 'nope'. * manual, *"])


def test_an_sms_to_a_number_that_nobody_holds_is_told(pytester: pytest.Pytester, run: Run) -> None:
    """An application that sends to the wrong number is the commonest reason why no code comes."""
    pytester.makepyfile(
        """
        def test_it(otp_number, otp_carrier):
            otp_number()
            otp_carrier.submit("+12015550199", "Your code is 482913")
            otp_number().wait_code(timeout=0.1)
        """
    )
    result = run("--otp-fake-seed=1")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*no SMS within 0.1 s. SMS arrived for numbers that no test holds: +12015550199."])
