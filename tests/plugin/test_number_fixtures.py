"""The number fixtures: the marker, three scopes, and what happens if no number is available."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.inner import USES_AUTO, Run


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


def test_the_form_of_codes(pytester: pytest.Pytester, run: Run) -> None:
    """Length and alphabet: argument > marker > ini, each on its own."""
    pytester.makeini("[pytest]\notp_code_length = 6\notp_code_alphabet = 0123456789\n")
    pytester.makepyfile(
        """
        import pytest
        from pytest_otp import CodeTimeout

        TEXT = "Use kaxt to sign in, order 771204"

        def test_ini(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, TEXT)
            assert number.wait_code() == "771204"

        @pytest.mark.otp(length=(4, 5), alphabet="kaxt")
        def test_marker(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, TEXT)
            assert number.wait_code() == "kaxt"

        @pytest.mark.otp(length=4)
        def test_argument(otp_number, otp_carrier):
            number = otp_number()
            otp_carrier.deliver(number, TEXT)
            with pytest.raises(CodeTimeout):
                number.wait_code(0)
            assert number.wait_code(alphabet="takx") == "kaxt"
        """
    )
    run().assert_outcomes(passed=3)


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
        ("length='six'", "@pytest.mark.otp: code length 'six' is not allowed: *"),
        ("alphabet=''", "@pytest.mark.otp: code alphabet '' is not allowed: *"),
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


@pytest.mark.parametrize(
    ("what", "outcome"), [("fail", {"failed": 1}), ("skip", {"skipped": 1}), ("xfail", {"xfailed": 1})]
)
def test_unavailable(pytester: pytest.Pytester, run: Run, what: str, outcome: dict[str, int]) -> None:
    """`--otp-unavailable` decides what a test does that gets no number, and its report says why."""
    pytester.makepyfile(USES_AUTO)
    result = run("--otp-fake=no-numbers", f"--otp-unavailable={what}", "-o", "xfail_strict=true")
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(
        ["*fake, after * s: no numbers available in US. Try again later, try another country or operator*"]
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
