"""The gateway of a run: one port for all xdist workers, SMS to numbers that nobody holds, and no needless socket."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

# Imported here, since an inner run forgets what it imported itself; cryptography cannot be imported twice.
import trustme  # noqa: F401

from pytest_otp.orders.summary import strays
from tests.servers import closed_port

Run = Callable[..., pytest.RunResult]

XDIST = ("-p", "xdist", "-p", "xdist.looponfail")
STRAY = "+12015550199"
SENDS = """
    import json, urllib.request

    OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(url, to, text):
        body = json.dumps({"to": to, "text": text, "from": "Shop"}).encode()
        with OPENER.open(urllib.request.Request(url + "/sms", body, {"Content-Type": "application/json"})) as answer:
            assert answer.status == 202
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs pytest in this process, with our plugin alone, every warning an error."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.path.joinpath("sends.py").write_text(re.sub("^    ", "", SENDS, flags=re.MULTILINE))
    pytester.syspathinsert()

    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_inprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "--tb=short", *args
        )

    return inner


def reported(result: pytest.RunResult) -> list[str]:
    """The summary's lines on SMS to numbers that nobody holds."""
    return [line for line in result.outlines if line.startswith("SMS to numbers")]


class TestWorkers:
    """A fixed port under xdist."""

    def test_one_port_for_all_workers(self, pytester: pytest.Pytester, run: Run) -> None:
        """The controller serves it, and each number gets its own code, whichever worker holds it."""
        port = closed_port()
        pytester.makepyfile(
            f"""
            import pathlib, pytest
            from sends import send

            @pytest.mark.parametrize("code", range(100_001, 100_009))
            def test_it(otp_number, otp_gateway, code, worker_id):
                assert otp_gateway.url == "http://127.0.0.1:{port}"
                assert otp_gateway.https_url == "https://127.0.0.1:{port}"
                assert pathlib.Path(otp_gateway.ca_file).is_file()
                number = otp_number()
                send(otp_gateway.url, number.e164, f"{{code}} is your code")
                assert number.wait_code() == str(code)
                pathlib.Path("by-" + worker_id).touch()
            """
        )
        result = run(*XDIST, "-n2", "--dist=each", f"--otp-gateway=127.0.0.1:{port}")
        result.assert_outcomes(passed=16)
        assert sorted(path.name for path in pytester.path.glob("by-*")) == ["by-gw0", "by-gw1"]
        assert reported(result) == []
        with socket.create_server(("127.0.0.1", port)):
            pass  # it is free again

    def test_a_shared_application(self, pytester: pytest.Pytester, run: Run) -> None:
        """An application that knows the port reaches tests that use only otp_number, with and without xdist."""
        port = closed_port()
        pytester.makepyfile(
            f"""
            from sends import send

            def test_it(otp_number):
                number = otp_number()
                send("http://127.0.0.1:{port}", number.e164, "Your code is 482913")
                assert number.wait_code(sender="shop") == "482913"
            """
        )
        for args in ((*XDIST, "-n1"), ()):
            run(*args, f"--otp-gateway=127.0.0.1:{port}").assert_outcomes(passed=1)

    def test_a_carrier_of_ones_own(self, pytester: pytest.Pytester, run: Run) -> None:
        """A project's own otp_carrier is reached too, where its tests use otp_gateway."""
        pytester.makeconftest(
            """
            import pytest
            from pytest_otp import Carrier

            @pytest.fixture(scope="session")
            def otp_carrier():
                return Carrier(seed=4)
            """
        )
        pytester.makepyfile(
            """
            from sends import send

            def test_it(otp_number, otp_gateway, otp_carrier):
                number = otp_number()
                send(otp_gateway.url, number.e164, "Your code is 482913")
                assert number.wait_code() == "482913"
                assert number.e164 in [line.e164 for line in otp_carrier.lines]
            """
        )
        run(*XDIST, "-n1", f"--otp-gateway=127.0.0.1:{closed_port()}").assert_outcomes(passed=1)

    def test_a_port_that_is_taken(self, pytester: pytest.Pytester, run: Run) -> None:
        """It is reported once, by the controller, before a worker starts."""
        pytester.makepyfile("def test_it(): pass")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            result = run(*XDIST, "-n2", f"--otp-gateway=127.0.0.1:{port}")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert [line for line in result.errlines if line] == [
            (
                f"ERROR: --otp-gateway (PYTEST_OTP_GATEWAY): cannot listen on 127.0.0.1:{port}: the port is "
                "already in use; choose another one, or 0 for any free port"
            )
        ]

    def test_a_worker_that_crashes(self, pytester: pytest.Pytester, run: Run) -> None:
        """Its replacement receives SMS like the others."""
        port = closed_port()
        pytester.makepyfile(
            """
            import os
            from sends import send

            def test_a_crash(otp_number):
                otp_number()
                os._exit(1)

            def test_b(otp_number, otp_gateway):
                number = otp_number()
                send(otp_gateway.url, number.e164, "Your code is 482913")
                assert number.wait_code() == "482913"
            """
        )
        result = run(*XDIST, "-n1", f"--otp-gateway=127.0.0.1:{port}")
        result.assert_outcomes(passed=1, failed=1)

    def test_sockets_that_are_blocked_later(self, pytester: pytest.Pytester, run: Run) -> None:
        """With sockets blocked except to 127.0.0.1 during tests, as pytest-socket does, SMS still reach the workers."""
        pytester.makeconftest(
            """
            import socket

            connect = socket.socket.connect

            def guarded(self, address):
                if not (isinstance(address, tuple) and address[0] == "127.0.0.1"):
                    raise RuntimeError(f"blocked: {address}")
                return connect(self, address)

            def pytest_runtest_setup(item):
                socket.socket.connect = guarded
            """
        )
        pytester.makepyfile(
            """
            from sends import send

            def test_it(otp_number, otp_gateway):
                number = otp_number()
                send(otp_gateway.url, number.e164, "Your code is 482913")
                assert number.wait_code() == "482913"
            """
        )
        result = run(*XDIST, "-n1", f"--otp-gateway=127.0.0.1:{closed_port()}")
        result.assert_outcomes(passed=1)

    def test_a_worker_that_cannot_connect(self, pytester: pytest.Pytester, run: Run) -> None:
        """Only tests that need the gateway fail, with an error that says why."""
        pytester.makeconftest(
            """
            import pytest

            @pytest.hookimpl(trylast=True, optionalhook=True)
            def pytest_configure_node(node):
                node.workerinput["otp_hub"] = {"path": "/nowhere/relay", "secret": ""}
            """
        )
        pytester.makepyfile(
            """
            def test_number(otp_number):
                otp_number()

            def test_other():
                pass
            """
        )
        result = run(*XDIST, "-n1", f"--otp-gateway=127.0.0.1:{closed_port()}")
        result.assert_outcomes(passed=1, errors=1)
        result.stdout.fnmatch_lines(
            ["E   *OtpError: this xdist worker cannot connect to its controller: * No such file or directory. *"]
        )

    def test_what_the_network_refuses(self, pytester: pytest.Pytester, run: Run) -> None:
        """A worker's refusal comes back in its own words."""
        pytester.makepyfile(
            """
            from functools import partial
            import pytest
            from pytest_otp.plugin import gateway_fixtures
            from pytest_otp.errors import InvalidRequest
            from pytest_otp.plugin.relay import Hub
            from pytest_otp.plugin.relay_worker import Branch

            def test_it(otp_number, otp_carrier):
                hub = Hub()
                hub.start()
                branch = Branch(hub.address)
                branch.handle(gateway_fixtures.TOPIC, partial(gateway_fixtures.deliver, otp_carrier))
                branch.start()
                try:
                    with pytest.raises(InvalidRequest, match="^text must not be empty$"):
                        gateway_fixtures.Workers(hub).submit(otp_number().e164, " ")
                finally:
                    branch.stop()
                    hub.stop()
            """
        )
        run().assert_outcomes(passed=1)


class TestStrays:
    """SMS to numbers that no test holds."""

    @pytest.mark.parametrize(
        ("args", "times"),
        [((), 1), ((*XDIST, "-n2", "--dist=each"), 2), ((*XDIST, "-n2", "--dist=each", "--otp-gateway=PORT"), 2)],
        ids=["alone", "workers", "controller"],
    )
    def test_they_are_reported(self, pytester: pytest.Pytester, run: Run, args: tuple[str, ...], times: int) -> None:
        """The summary names each number, once, however the run was made; it has no text and no sender."""
        pytester.makepyfile(
            f"""
            from sends import send

            def test_it(otp_gateway, otp_carrier):
                for _ in range(2):
                    send(otp_gateway.url, "{STRAY}", "482913 is not to be seen")
            """
        )
        result = run(*(arg.replace("PORT", f"127.0.0.1:{closed_port()}") for arg in args))
        result.assert_outcomes(passed=times)
        assert reported(result) == [f"SMS to numbers that no test held: {STRAY} ({2 * times} times)"]
        said = result.stdout.str() + result.stderr.str()
        assert "482913" not in said
        assert "Shop" not in said

    @pytest.mark.parametrize("args", [(), (*XDIST, "-n1", "--otp-gateway=PORT")], ids=["alone", "controller"])
    def test_a_number_that_was_given_back(self, pytester: pytest.Pytester, run: Run, args: tuple[str, ...]) -> None:
        """An SMS to a number that was given back is reported too; its carrier keeps it in `strays`."""
        pytester.makepyfile(
            """
            from sends import send

            def test_it(otp_number, otp_gateway, otp_carrier):
                number = otp_number()
                number.cancel()
                send(otp_gateway.url, number.e164, "too late")
                send(otp_gateway.url, "+12015550199", "another's")
                assert number.e164 in [stray.to for stray in otp_carrier.strays]
                print("TOLD", number.e164)
            """
        )
        result = run("-rA", *(arg.replace("PORT", f"127.0.0.1:{closed_port()}") for arg in args))
        result.assert_outcomes(passed=1)
        (number,) = {line.partition(" ")[2] for line in result.outlines if line.startswith("TOLD ")}
        assert reported(result) == [f"SMS to numbers that no test held: {', '.join(sorted([number, STRAY]))}"]

    def test_in_words(self) -> None:
        """Only digits are shown, whatever the application used as a number; each number once, a dozen at most."""
        assert strays([]) == []
        assert strays(["+1201", "whatsapp:+1 201", "\x1b[31m99" + "9" * 50]) == [
            "SMS to numbers that no test held: +1201 (2 times), +319999999999999"
        ]
        many = [f"+{number}" for number in range(100, 120)]
        assert strays(many) == [f"SMS to numbers that no test held: {', '.join(many[:12])} and 8 more"]


# It writes down each socket that Python makes in this process, and whether it is bound to a name.
AUDIT = """
    import os, sys

    def note(event, args):
        if event in ("socket.__new__", "socket.bind"):
            with open(f"sockets-{os.getpid()}", "a") as notes:
                notes.write(event + "\\n")

    sys.addaudithook(note)
"""


def sockets(pytester: pytest.Pytester, test: str, *args: str) -> set[str]:
    """What a run in processes of its own did with sockets."""
    pytester.makeconftest(AUDIT)
    pytester.makepyfile(test)
    result = pytester.runpytest_subprocess("-p", "pytest_otp.plugin", "-p", "no:cacheprovider", *args)
    assert result.ret == 0
    return {line for notes in Path(pytester.path).glob("sockets-*") for line in notes.read_text().split()}


@pytest.mark.parametrize("args", [(), (*XDIST, "-n2")], ids=["alone", "workers"])
@pytest.mark.parametrize(
    ("test", "options"),
    [
        ("def test_it(): pass", ()),
        ("def test_it(otp_number, otp_carrier): assert otp_number().wait_code()", ("--otp-fake=auto",)),
        ("def test_it(otp_number): assert otp_number()", ("--otp-gateway=127.0.0.1:0",)),
    ],
    ids=["nothing", "a-number", "a-gateway-unused"],
)
def test_a_run_that_serves_nothing_opens_no_socket(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    test: str,
    options: tuple[str, ...],
    args: tuple[str, ...],
) -> None:
    """Without otp_gateway no process of the run makes a socket of any kind, offline."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert sockets(pytester, test, *options, *args) == set()


@pytest.mark.parametrize("args", [(), (*XDIST, "-n1")], ids=["alone", "workers"])
def test_a_run_that_serves_opens_sockets(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    """With otp_gateway there are sockets, so that the test above would notice them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert sockets(pytester, "def test_it(otp_gateway): pass", *args) == {"socket.__new__", "socket.bind"}
