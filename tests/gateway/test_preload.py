"""`environ(preload=True)`: programs whose clients ignore proxy settings, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pytest_otp.gateway.address import GatewayAddress, serving
from pytest_otp.gateway.app import Gateway
from pytest_otp.offline.carrier import Carrier, Line

PATH = f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"

AIOHTTP = f"""
import asyncio, os, sys
import aiohttp

async def main():
    login = aiohttp.encode_basic_auth("AC{"0" * 32}", "invented")
    async with aiohttp.ClientSession(headers={{"Authorization": login}}) as session:
        for origin in ("https://api.twilio.com", "http://api.twilio.com", "https://api.twilio.com:8443"):
            fields = {{"To": sys.argv[1], "From": "+15005550006", "Body": "Your code is 482913"}}
            async with session.post(origin + "{PATH}", data=fields) as answer:
                print(answer.status)

asyncio.run(main())
"""

STANDARD_LIBRARY = """
import asyncio, http.client, socket, ssl, subprocess, sys

def status(head):
    return head.split()[1].decode()

trusting = ssl.create_default_context()
connection = http.client.HTTPSConnection("api.twilio.com", context=trusting)
connection.request("GET", "/")
print("http.client", connection.getresponse().status)

async def ask():
    reader, writer = await asyncio.open_connection("api.twilio.com", 443, ssl=trusting)
    writer.write(b"GET / HTTP/1.1\\r\\nHost: api.twilio.com\\r\\n\\r\\n")
    print("asyncio", status(await reader.readline()))
    writer.close()

asyncio.run(ask())
with trusting.wrap_socket(socket.socket(), server_hostname="api.twilio.com") as raw:
    raw.connect(("api.twilio.com", 443))
    raw.sendall(b"GET / HTTP/1.1\\r\\nHost: api.twilio.com\\r\\n\\r\\n")
    print("socket", status(raw.recv(1000)))
print("names", socket.gethostbyname("API.twilio.com."), socket.gethostbyname_ex("api.twilio.com")[2])
found = socket.getaddrinfo("api.twilio.com", 443, socket.AF_INET6, socket.SOCK_STREAM)
print("IPv6 only", found[0][4][0])
print("others", socket.getaddrinfo("127.0.0.2", 443)[0][4], socket.gethostbyname("127.0.0.3"))
if sys.argv[1:]:
    print("child", subprocess.run([sys.executable, sys.argv[1]], capture_output=True, text=True).stdout.split()[1])
"""

REQUESTS = """
import requests
session = requests.Session()
session.trust_env = False
print(session.get("https://api.twilio.com/", timeout=60).status_code)
"""

STOPPED = """
import http.client
try:
    http.client.HTTPSConnection("api.twilio.com", timeout=60).connect()
except ConnectionRefusedError as error:
    print("refused")
"""

NODE = Path(__file__).parent / "node" / "lead.cjs"

NODE_STOPPED = """
fetch('https://api.twilio.com/').catch(error => console.log(error.cause.code, error.cause.message))
"""


@pytest.fixture(scope="module")
def carrier() -> Carrier:
    return Carrier(seed=1)


@pytest.fixture(scope="module")
def address(carrier: Carrier) -> Iterator[GatewayAddress]:
    with serving(Gateway(carrier), host="127.0.0.1", port=0, setting="--otp-gateway") as served:
        yield served


@pytest.fixture
def line(carrier: Carrier) -> Line:
    return carrier.allocate("US")


@pytest.fixture(scope="module")
def stopped() -> dict[str, str]:
    with serving(Gateway(Carrier(seed=1)), host="127.0.0.1", port=0, setting="--otp-gateway") as served:
        return without_proxies(served.environ(preload=True))


def without_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.upper().endswith("_PROXY")}


def run(command: list[str], environ: Mapping[str, str], folder: Path) -> str:
    """What a program prints, in an environment that holds next to nothing else."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **environ}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def python(program: str, environ: Mapping[str, str], folder: Path, *arguments: str) -> str:
    return run([sys.executable, "-c", program, *arguments], environ, folder)


def test_aiohttp_sends_to_the_test(address: GatewayAddress, line: Line, tmp_path: Path) -> None:
    """Plain aiohttp, which ignores proxies, reaches the gateway by https, by http, and at another port."""
    assert python(AIOHTTP, address.environ(preload=True), tmp_path, line.e164) == "201\n201\n201\n"
    assert [sms.text for sms in line.messages()] == ["Your code is 482913"] * 3


def test_the_standard_library_is_led(address: GatewayAddress, tmp_path: Path) -> None:
    """So do connections of the standard library, in child processes too; other hosts and addresses stay."""
    child = tmp_path / "child.py"
    child.write_text(STANDARD_LIBRARY, encoding="utf-8")
    assert python(STANDARD_LIBRARY, without_proxies(address.environ(preload=True)), tmp_path, str(child)) == (
        "http.client 401\nasyncio 401\nsocket 401\nnames 127.0.0.1 ['127.0.0.1']\nIPv6 only ::ffff:127.0.0.1\n"
        "others ('127.0.0.2', 443) 127.0.0.3\nchild 401\n"
    )


def test_a_client_that_reads_no_variable_trusts_the_gateway(address: GatewayAddress, tmp_path: Path) -> None:
    """A requests session without environment, as plivo's, takes certifi's certificates, which then include ours."""
    assert python(REQUESTS, address.environ(preload=True), tmp_path) == "401\n"


def test_without_a_gateway_python_refuses(stopped: dict[str, str], tmp_path: Path) -> None:
    """After the run, a program that still has the variables cannot connect to an SMS service."""
    assert python(STOPPED, stopped, tmp_path) == "refused\n"
    assert python("import certifi, os; print(os.path.exists(certifi.where()))", stopped, tmp_path) == "True\n"


def test_a_program_that_does_not_use_the_network_imports_nothing(address: GatewayAddress, tmp_path: Path) -> None:
    """The preload costs no module that matters."""
    program = "import sys; print([name for name in ('socket', 'typing', 'functools', 're') if name in sys.modules])"
    environment = address.environ(preload=True)
    assert python(program, environment, tmp_path) == python(program, {}, tmp_path)


CHAIN = 'import os; print("{name}", end=" ", flush=True)\n'
LOOKS_FURTHER = """
import os, sys
print("tracer", end=" ", flush=True)
sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
del sys.modules["sitecustomize"]
import sitecustomize
"""


@pytest.mark.parametrize("with_gateway", [True, False])
@pytest.mark.parametrize("tracer_first", [True, False])
def test_the_next_sitecustomize_runs_once(
    address: GatewayAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracer_first: bool, with_gateway: bool
) -> None:
    """What others put on the path runs, once each, also one that looks for the next itself, as ddtrace's does."""
    for name, text in (("tracer", LOOKS_FURTHER), ("coverage", CHAIN.format(name="coverage"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sitecustomize.py").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "tracer"), str(tmp_path / "coverage")]))
    environment = address.environ(preload=True)
    if tracer_first:  # as a launcher does that is started with our variables
        environment["PYTHONPATH"] = f"{tmp_path / 'tracer'}{os.pathsep}{environment['PYTHONPATH']}"
    if not with_gateway:
        environment = {"PYTHONPATH": environment["PYTHONPATH"]}
    program = "import sys; print([hasattr(finder, 'lead') for finder in sys.meta_path].count(True))"
    assert python(program, environment, tmp_path) == f"tracer coverage {int(with_gateway)}\n"


def test_node_sends_to_the_test(address: GatewayAddress, line: Line, tmp_path: Path) -> None:
    """Node's fetch, https, tls and net reach the gateway, in workers, child processes and modules; others stay."""
    told = run(["node", str(NODE), line.e164], without_proxies(address.environ(preload=True)), tmp_path)
    assert told == "fetch 201\nfetch 201\nfetch 201\nhttps 401\ntls 401\nnet 401\n401\nmodule 401\nothers 204\n"
    assert [sms.text for sms in line.messages()] == ["Your code is 482913"] * 3


def node(program: str, environ: Mapping[str, str], folder: Path, *arguments: str) -> str:
    script = folder / "application.cjs"
    script.write_text(program, encoding="utf-8")
    return run(["node", str(script), *arguments], environ, folder)


def test_without_a_gateway_node_refuses(stopped: dict[str, str], tmp_path: Path) -> None:
    """After the run, a connection to an SMS service is refused, and the error says why."""
    environment = {name: value for name, value in stopped.items() if name != "NODE_EXTRA_CA_CERTS"}
    told = node(NODE_STOPPED, environment, tmp_path)
    assert told.startswith("ECONNREFUSED connect ECONNREFUSED 127.0.0.1:")
    assert told.endswith("(the SMS gateway of pytest-otp stands in for api.twilio.com here, and is not running)\n")


def test_node_without_a_gateway_is_left_alone(address: GatewayAddress, tmp_path: Path) -> None:
    """Without the gateway's variables the file changes nothing."""
    program = "console.log(require('net').Socket.prototype.connect.toString().includes('isSmsService'))"
    environment = address.environ(preload=True)
    assert node(program, environment, tmp_path) == "true\n"
    assert node(program, {"NODE_OPTIONS": environment["NODE_OPTIONS"]}, tmp_path) == "false\n"
