"""The `pytest-otp` command: its arguments, and the sandbox as a real process."""

from __future__ import annotations

import http.client
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from pytest_otp import cli
from pytest_otp.offline.scenarios import SCENARIOS
from pytest_otp.server.server import Server
from tests.servers import closed_port

PATIENCE = 120.0  # seconds until a hanging process is killed, so that its test fails


class Process:
    """A sandbox process: what it printed at its start, and lines as they come."""

    def __init__(self, *arguments: str, encoding: str = "utf-8") -> None:
        root = str(Path(cli.__file__).parents[2])
        search = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest_otp.cli", "sandbox", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding=encoding,
            env=os.environ | {"PYTHONPATH": search, "PYTHONIOENCODING": encoding},
        )
        self._killer = threading.Timer(PATIENCE, self.process.kill)
        self._killer.start()
        self.start = list(iter(self.line, ""))
        exports = [line.removeprefix("export ") for line in self.start if line.startswith("export ")]
        self.variables = dict(line.split("=", 1) for line in exports)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def columns(self) -> list[str]:
        """The next line without its time and the blanks that align it."""
        return [column.strip() for column in self.line().split("  ")[1:] if column]

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """Send a signal; exit status, and what was still printed on the two streams."""
        self.process.send_signal(number)
        out, err = self.process.communicate()
        return self.process.returncode, out, err

    def close(self) -> None:
        self._killer.cancel()
        self.process.kill()
        self.process.communicate()

    def ask(self, method: str, url: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        try:
            target = urlsplit(url)
            path = f"{target.path}?{target.query}" if target.query else target.path
            raw = None if body is None else json.dumps(body)
            connection.request(method, path, raw, {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def proxied(self, url: str) -> int:
        """The status of a request that goes through the sandbox as a proxy."""
        connection = http.client.HTTPConnection(urlsplit(self.variables["HTTP_PROXY"]).netloc, timeout=30)
        try:
            connection.request("GET", url)
            return connection.getresponse().status
        finally:
            connection.close()

    def cepat(self, **query: str) -> Any:
        key = self.variables["API_KEY_OTPCEPAT"]
        return self.ask("GET", self.variables["OTPCEPAT_BASE_URL"] + "?" + urlencode({"api_key": key, **query}))

    def cepat_order(self) -> Any:
        return self.cepat(action="get_order", country_id="6", service_id="3", operator_id="random")["data"]

    def virt(self, action: str, **fields: object) -> Any:
        account = {
            "clientId": self.variables["OTPVIRT_CLIENT_ID"],
            "apiPassword": self.variables["OTPVIRT_API_PASSWORD"],
        }
        return self.ask("POST", f"{self.variables['OTPVIRT_BASE_URL']}/{action}", {**account, **fields})

    def send(self, to: str, text: str, sender: str = "Shop") -> Any:
        message = {"to": to, "text": text, "from": sender}
        return self.ask("POST", self.variables["PYTEST_OTP_GATEWAY_URL"] + "/sms", message)


StartProcess = Callable[..., Process]


@pytest.fixture
def start() -> Iterator[StartProcess]:
    """A function that starts a sandbox process on a free port; what is left of them is killed at the end."""
    processes: list[Process] = []

    def started(*arguments: str, encoding: str = "utf-8") -> Process:
        process = Process("--port", "0", *arguments, encoding=encoding)
        processes.append(process)
        return process

    yield started
    for process in processes:
        process.close()


def test_it_prints_what_it_serves_and_the_variables(start: StartProcess) -> None:
    """The first lines show the addresses, the scenario and the seed; the exports can be pasted into a shell."""
    process = start("--seed", "7", "--fake", "manual")
    url = process.variables["PYTEST_OTP_GATEWAY_URL"]
    assert process.start[:15] == [
        f"# pytest-otp sandbox at {url}, scenario manual, seed 7; press Ctrl-C to stop",
        f"#   page       {url}/  a web page with numbers, orders and messages, and a form to send an SMS",
        f"#   otpcepat   GET  {url}/api/handler_api.php",
        f"#   OTP-virt   POST {url}/native/<Action>",
        f'#   gateway    POST {url}/sms  {{"to": "+12015550123", "text": "...", "from": "..."}}',
        "#              and the APIs of Twilio, Vonage, AWS and others, over http or https, or as a proxy",
        "# Environment variables for provider clients:",
        f"export OTPCEPAT_BASE_URL={url}/api/handler_api.php",
        "export API_KEY_OTPCEPAT=sandbox-key-not-a-secret",
        f"export OTPVIRT_BASE_URL={url}/native",
        "export OTPVIRT_CLIENT_ID=5a4db0c5-1111-4222-8333-444444444444",
        "export OTPVIRT_API_PASSWORD=sandbox-password",
        "# Environment variables for the application under test. Its SMS arrive here; other hosts are blocked unless",
        "# allowed with --allow-host; only this user can read the certificates, and they are removed on exit.",
        f"export PYTEST_OTP_GATEWAY_URL={url}",
    ]
    assert url.startswith("http://127.0.0.1:")
    names = [line.removeprefix("export ").partition("=")[0] for line in process.start[15:]]
    assert names == [
        *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"),
        "NODE_USE_ENV_PROXY",
        *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
        *("AWS_ENDPOINT_URL_SNS", "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2"),
        *("NO_PROXY", "no_proxy", "npm_config_https_proxy", "npm_config_proxy"),
    ]
    assert {process.variables[name] for name in names[:4]} == {url}


TWILIO = f"""
import sys
from twilio.rest import Client
Client("AC{"0" * 32}", "an-invented-token").messages.create(to=sys.argv[1], from_="+15005550006", body=sys.argv[2])
"""


def test_a_whole_stack_runs_offline(start: StartProcess) -> None:
    """An unmodified application sends by Twilio, a provider's client reads it, and the certificates are removed."""
    process = start("--fake", "manual")
    order = process.virt("GetNumber", service="vi", detail={})
    folder = Path(process.variables["SSL_CERT_FILE"]).parent
    assert folder.stat().st_mode & 0o077 == 0
    environment = {"PATH": os.environ["PATH"], **process.variables}
    subprocess.run(
        [sys.executable, "-c", TWILIO, f"+{order['number']}", "Your code is 482913"],
        env=environment,
        check=True,
        timeout=PATIENCE,
    )
    (sms,) = process.virt("GetSms", activationId=order["activationId"])["sms"]
    assert sms["text"] == "Your code is 482913"
    assert process.end()[0] == 0
    assert not folder.exists()


def test_hosts_can_be_allowed(start: StartProcess) -> None:
    """Of other hosts an application reaches those of --allow-host; the rest is blocked."""
    process = start("--allow-host", "*.nowhere.invalid", "--allow-host", "other.invalid")
    hosts = ("a.nowhere.invalid", "other.invalid", "third.invalid")
    statuses = {host: process.proxied(f"http://{host}/") for host in hosts}
    assert statuses == {"a.nowhere.invalid": 502, "other.invalid": 502, "third.invalid": 403}


def test_a_real_sms_service_can_be_allowed(start: StartProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    """An application reaches an SMS service that --allow-real-sms names; others are refused, and each has its line."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")  # so that nothing leaves this machine
    process = start("--allow-host", "*", "--allow-real-sms", "api.plivo.com")
    assert process.proxied("http://api.plivo.com/v1?key=secret") == 502
    assert process.proxied("http://rest.clicksend.com/v3/sms") == 403
    assert process.columns() == ["gateway", "failed", "GET api.plivo.com/v1", "502"]
    assert process.columns() == ["gateway", "blocked", "GET rest.clicksend.com/v3/sms", "403"]


def test_beyond_loopback_it_says_what_that_takes(start: StartProcess) -> None:
    """If other machines can reach it, it says which name they use and that they need the certificates."""
    process = start("--host", "0.0.0.0")
    assert process.variables["PYTEST_OTP_GATEWAY_URL"].startswith("http://127.0.0.1:")
    assert process.start[-3:] == [
        "# On other machines and in containers, replace 127.0.0.1 with this machine's address or host name, or with a",
        "# name that is set with --serve-as; other names are refused. Copy the certificates there. Keep this port on a",
        "# private network: anyone who can reach it can read and send SMS.",
    ]


def test_names_can_be_added(start: StartProcess) -> None:
    """A request to a name of --serve-as is answered, directly and through the proxy; other names are refused."""
    process = start("--serve-as", "sandbox", "--serve-as", "Otp.Test.")
    address = urlsplit(process.variables["HTTP_PROXY"])
    body = json.dumps({"to": "+12015550123", "text": "x"})
    statuses = {}
    for name in ("sandbox", "otp.test", "evil.example"):
        for target in ("/sms", f"http://{name}:{address.port}/sms"):
            connection = http.client.HTTPConnection(address.netloc, timeout=60)
            headers = {"Host": f"{name}:{address.port}", "Content-Type": "application/json"}
            connection.request("POST", target, body, headers)
            statuses[name, target[0]] = connection.getresponse().status
            connection.close()
    assert [name for name, status in statuses.items() if status == 202] == [
        *(("sandbox", "/"), ("sandbox", "h"), ("otp.test", "/"), ("otp.test", "h"))
    ]
    assert {status for status in statuses.values() if status != 202} == {403}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_sees_what_happens_until_a_signal_ends_it(start: StartProcess, number: int) -> None:
    """A line for the order, its SMS and its close, with number and id but no text; Ctrl-C and SIGTERM end it with 0."""
    process = start("--sms-after", "0")
    order = process.cepat_order()
    what = [f"+{order['number']}", order["order_id"]]
    assert process.columns() == ["otpcepat", "order", *what, "Telegram"]
    sms = process.columns()
    assert sms[:2] == ["otpcepat", "SMS"]
    assert what[1] in " ".join(sms)
    text = process.cepat(action="get_status", order_id=order["order_id"])["data"]["sms"]
    process.cepat(action="set_status", order_id=order["order_id"], status="4")
    assert process.columns() == ["otpcepat", "finished", *what]
    status, out, err = process.end(number)
    assert (status, out, err) == (0, "", "")
    assert text not in " ".join(sms)


def test_texts_are_shown_on_request(start: StartProcess) -> None:
    """With --show-sms the line of an SMS has its sender and text, however that came in."""
    process = start("--fake", "manual", "--show-sms")
    answer = process.virt("GetNumber", service="vi", detail={})
    number = f"+{answer['number']}"
    assert process.columns() == ["otpvirt", "order", number, answer["activationId"], "Viber"]
    process.send(number, "Your code is\n482913")
    line = process.columns()
    assert line == ["otpvirt", "SMS", number, answer["activationId"], r"from Shop 'Your code is\n482913'"]


def test_what_a_terminal_cannot_show_is_escaped(start: StartProcess) -> None:
    """A text in another script does not end the sandbox, and a sender cannot steer the terminal."""
    process = start("--fake", "manual", "--show-sms", encoding="ascii")
    answer = process.virt("GetNumber", service="vi", detail={})
    assert process.columns()[1] == "order"
    process.send(f"+{answer['number']}", "\u0441ode 482913", sender="\x1b[2J")
    assert process.columns()[-1] == r"from \x1b[2J '\u0441ode 482913'"


def test_a_message_to_nobody_is_seen(start: StartProcess) -> None:
    """An SMS to a number that nobody holds is accepted, and printed as such."""
    process = start()
    assert process.send("+442079460958", "x")["status"] == "accepted"
    assert process.columns() == ["gateway", "SMS", "+442079460958", "not held by any order"]


def test_an_order_that_the_provider_ends_is_seen(start: StartProcess) -> None:
    """An order that the provider ends is printed too."""
    process = start("--fake", "cancelled")
    order = process.cepat_order()
    assert process.columns()[1] == "order"
    assert process.columns() == ["otpcepat", "ended", f"+{order['number']}", order["order_id"]]


def test_the_same_seed_gives_the_same_number(start: StartProcess) -> None:
    """--seed repeats a session."""
    numbers = [start("--seed", "5").cepat_order()["number"] for _ in range(2)]
    assert numbers[0] == numbers[1]


def test_it_ends_with_its_reader(start: StartProcess) -> None:
    """When nobody reads its output any more it ends silently."""
    process = start()
    assert process.process.stdout is not None
    process.process.stdout.close()
    process.cepat_order()
    assert process.process.wait(PATIENCE) == 0
    assert process.process.stderr is not None
    assert process.process.stderr.read() == ""


def test_a_port_in_use_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """The line names --port; the handlers of the signals are as before."""
    before = signal.getsignal(signal.SIGINT)
    with Server(lambda environ, start_response: []) as taken:
        port = urlsplit(taken.url).port
        assert cli.main(["sandbox", "--port", str(port)]) == 2
    line = (
        f"pytest-otp sandbox: error: --port: cannot listen on 127.0.0.1:{port}: "
        "the port is already in use; choose another one, or 0 for any free port\n"
    )
    assert capsys.readouterr() == ("", line)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["sandbox", "--port", "web"], "argument --port: invalid port 'web': expected 0 (any free port) to 65535"),
        (["sandbox", "--port", "65536"], "argument --port: invalid port '65536': expected 0 (any free port) to 65535"),
        (["sandbox", "--port", "-1"], "argument --port: invalid port '-1': expected 0 (any free port) to 65535"),
        (["sandbox", "--sms-after", "soon"], "argument --sms-after: invalid value 'soon': expected 0 to 86400 seconds"),
        (["sandbox", "--sms-after", "-1"], "argument --sms-after: invalid value '-1': expected 0 to 86400 seconds"),
        (["sandbox", "--sms-after", "nan"], "argument --sms-after: invalid value 'nan': expected 0 to 86400 seconds"),
        (
            ["sandbox", "--sms-after", "86401"],
            "argument --sms-after: invalid value '86401': expected 0 to 86400 seconds",
        ),
        (["sandbox", "--sms-after", "inf"], "argument --sms-after: invalid value 'inf': expected 0 to 86400 seconds"),
        (["sandbox", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["sandbox", "--fake", "nonsense"], "argument --fake: invalid choice: 'nonsense'"),
        (
            ["sandbox", "--allow-host", "api.twilio.com"],
            "it belongs to an SMS service, so applications would send real SMS; if they should, use --allow-real-sms",
        ),
        (
            ["sandbox", "--allow-real-sms", "*.twilio.com"],
            "argument --allow-real-sms: *.twilio.com is not the exact name of an SMS service; use --allow-host",
        ),
        (
            ["sandbox", "--allow-host", "http://x"],
            "argument --allow-host: invalid host 'http://x': expected example.com, *.example.com or *",
        ),
        (
            ["sandbox", "--serve-as", "sandbox:8900"],
            "argument --serve-as: invalid name 'sandbox:8900': expected a host name such as sandbox, without a port",
        ),
        (
            ["sandbox", "--serve-as", "api.twilio.com"],
            "argument --serve-as: cannot serve as api.twilio.com: this is the name of an SMS service",
        ),
        (["sandbox", "--nonsense"], "unrecognized arguments: --nonsense"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        ([], "the following arguments are required: COMMAND"),
    ],
)
def test_bad_arguments_are_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], error: str
) -> None:
    """One line on stderr says what is wrong, what is expected and where to read on; nothing is served."""
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("pytest-otp")
    assert error in err
    assert err.endswith("--help)\n")
    assert err.count("\n") == 1


def test_an_unknown_scenario_lists_all(capsys: pytest.CaptureFixture[str]) -> None:
    """Every scenario's name is in the line."""
    cli.main(["sandbox", "--fake", "nonsense"])
    line = capsys.readouterr().err
    assert [name for name in SCENARIOS if name not in line] == []


def test_version(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is that of the installed distribution."""
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"1.2.3 of {name}")
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "pytest-otp 1.2.3 of pytest-otp\n"


def test_version_of_a_checkout(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """If the package is not installed, it says so."""

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "pytest-otp (not installed)\n"


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists the commands."""
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [command for command in ("sandbox", "orders", "sweep", "codes") if f"\n    {command} " not in shown] == []


def test_help_of_the_sandbox_explains_each_option_and_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    """The help lists every option and every scenario."""
    assert cli.main(["sandbox", "--help"]) == 0
    shown = capsys.readouterr().out
    options = (
        "--port N",
        "--host H",
        "--fake SCENARIO",
        "--sms-after S",
        "--seed N",
        "--allow-host HOST",
        "--allow-real-sms HOST",
        "--serve-as NAME",
        "--show-sms",
    )
    assert [option for option in options if option not in shown] == []
    for scenario in SCENARIOS.values():
        assert scenario.help in shown


def test_an_authority_can_be_kept(start: StartProcess, tmp_path_factory: pytest.TempPathFactory) -> None:
    """With a folder for it, each sandbox has the same one, and says which file to trust."""
    folder = tmp_path_factory.mktemp("outside") / "ca"
    made = []
    for _ in range(2):
        process = start("--gateway-ca", str(folder))
        path = folder / "ca.pem"
        kept = f"the authority is kept: whoever trusts {path} does so until it expires."
        assert f"# allowed with --allow-host; {kept}" in process.start
        assert process.end() == (0, "", "")
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_an_authority_is_not_kept_where_it_could_be_committed(start: StartProcess) -> None:
    """A folder below the current one has to be ignored by git; the error names the option."""
    process = start("--gateway-ca", "ca")
    status, out, err = process.end()
    assert (status, out) == (2, "")
    assert "--gateway-ca: " in err
    assert "is inside the project, and git" in err
