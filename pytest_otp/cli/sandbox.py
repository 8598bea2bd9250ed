"""`pytest-otp sandbox`: serves the providers' APIs, the SMS services' APIs and a page until it is stopped."""

from __future__ import annotations

import argparse
import math
import queue
import random
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..display import LINE, NAME, SMS, quoted, shown
from ..errors import SettingsError
from ..offline.scenarios import SCENARIOS
from .output import mute

if TYPE_CHECKING:
    from types import FrameType

    from ..gateway.address import GatewayAddress
    from ..gateway.seen import GatewayRequest
    from ..offline.carrier import Delivery
    from ..offline.desk import Rental

_POLL_SECONDS = 0.1  # between polls of the open orders
_EXPECTED = ("delivered", "astray", "answered")  # outcomes of requests that need no line, or have another
_CLOSED_STATES = ("finished", "cancelled", "ended")


def add_to(commands: Any) -> None:
    """Add the command to a parser's commands."""
    sandbox = commands.add_parser(
        "sandbox",
        help="serve the providers' APIs offline, to try real clients without an account",
        description="Serve the APIs of the providers otpcepat and OTP-virt and of the SMS services\n"
        "Twilio, Vonage, AWS and others on one offline phone network, over http, https and\n"
        "as a proxy, with a web page. Prints environment variables for clients and\n"
        "applications, then a line for each order, SMS and close.",
        epilog="scenarios:\n" + "\n".join(f"  {each.name:<16}{each.help}" for each in SCENARIOS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    sandbox.add_argument("--port", type=_port, default=0, metavar="N", help="port (default: 0, which picks a free one)")
    sandbox.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (default: %(default)s)")
    sandbox.add_argument(
        "--fake",
        choices=list(SCENARIOS),
        default="auto",
        metavar="SCENARIO",
        help="how the providers behave, as listed below (default: %(default)s)",
    )
    sandbox.add_argument(
        "--sms-after",
        type=_seconds,
        metavar="S",
        help="seconds from an order to its SMS (default: set by the scenario)",
    )
    sandbox.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="seed for numbers, codes and failures (default: random, shown at start)",
    )
    _add_names(sandbox)
    sandbox.add_argument("--show-sms", action="store_true", help="print the text of each SMS")
    sandbox.set_defaults(run=_sandbox, prog=sandbox.prog)


def _add_names(sandbox: argparse.ArgumentParser) -> None:
    sandbox.add_argument(
        "--allow-host",
        type=_host,
        action="append",
        default=[],
        metavar="HOST",
        help="allow applications to connect to this host: a name, *.example.com, or * for all hosts except those of "
        "SMS services; can be repeated",
    )
    sandbox.add_argument(
        "--allow-real-sms",
        type=_sms_host,
        action="append",
        default=[],
        metavar="HOST",
        help="allow applications to connect to this SMS service, by which they can send real SMS: an exact name such "
        "as api.twilio.com; can be repeated",
    )
    sandbox.add_argument(
        "--serve-as",
        type=_own_name,
        action="append",
        default=[],
        metavar="NAME",
        help="answer requests to this host name too, such as the service's name in Docker Compose; can be repeated "
        "(default: IP addresses, localhost and this machine's host name only)",
    )
    sandbox.add_argument(
        "--gateway-ca",
        type=_folder,
        metavar="DIR",
        help="keep the certificate authority in this folder for 90 days, so that applications and containers can trust "
        "it once (default: a new one each time)",
    )


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"invalid port {text!r}: expected 0 (any free port) to 65535")
    return port


def _host(text: str) -> str:
    from ..gateway.hosts import HOSTS  # noqa: PLC0415 - see _sandbox

    name = _pattern(text)
    if HOSTS.is_sms_host(name):
        raise argparse.ArgumentTypeError(
            f"cannot allow {text}: it belongs to an SMS service, so applications would send real SMS; "
            "if they should, use --allow-real-sms"
        )
    return name


def _sms_host(text: str) -> str:
    from ..gateway.hosts import HOSTS  # noqa: PLC0415 - see _sandbox

    name = _pattern(text)
    if not HOSTS.is_sms_host(name):
        raise argparse.ArgumentTypeError(f"{text} is not the exact name of an SMS service; use --allow-host")
    return name


def _pattern(text: str) -> str:
    from ..server.proxy import checked_hosts  # noqa: PLC0415 - see _sandbox

    try:
        return checked_hosts([text], lambda host: False)[0]
    except SettingsError:
        raise argparse.ArgumentTypeError(f"invalid host {text!r}: expected example.com, *.example.com or *") from None


def _own_name(text: str) -> str:
    from ..gateway.hosts import HOSTS  # noqa: PLC0415 - see _sandbox
    from ..server.proxy import is_host  # noqa: PLC0415

    name = text.lower().rstrip(".")
    if not is_host(name):
        raise argparse.ArgumentTypeError(f"invalid name {text!r}: expected a host name such as sandbox, without a port")
    if HOSTS.is_sms_host(name):
        raise argparse.ArgumentTypeError(f"cannot serve as {text}: this is the name of an SMS service")
    return name


def _folder(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("expected a path")
    return Path(text)


def _seconds(text: str) -> float:
    from ..offline.carrier import LONGEST_DELAY  # noqa: PLC0415 - see _sandbox

    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_DELAY:
        raise argparse.ArgumentTypeError(f"invalid value {text!r}: expected 0 to {LONGEST_DELAY:.0f} seconds")
    return seconds


def _sandbox(arguments: argparse.Namespace) -> int:
    # Imported here for a fast start: --help and --version need none of these.
    from ..gateway.address import serving  # noqa: PLC0415
    from ..gateway.record import Record  # noqa: PLC0415
    from ..loopback import is_loopback  # noqa: PLC0415
    from ..offline.carrier import Carrier  # noqa: PLC0415
    from ..sandbox.app import Sandbox, endpoints, environ  # noqa: PLC0415
    from ..server.kept_authority import KeptFolder  # noqa: PLC0415

    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
    try:
        app = Sandbox(
            Carrier(seed=seed),
            scenario=arguments.fake,
            sms_after=arguments.sms_after,
            on_order=lambda *order: events.put(_Ordered(*order)),
            on_stray=lambda number: events.put(_UnheldSms(number)),
            names=arguments.serve_as,
            record=Record(show_sms=arguments.show_sms, on_request=lambda request: events.put(_Asked(request))),
        )
        with (
            _ended_by_signals(lambda: events.put(None)),
            closing(app),
            serving(
                app,
                host=arguments.host,
                port=arguments.port,
                setting="--port",
                names=arguments.serve_as,
                ca=arguments.gateway_ca and KeptFolder(arguments.gateway_ca, Path.cwd(), "--gateway-ca"),
                gateway=app.gateway,
            ) as address,
        ):
            address.allow_hosts(*arguments.allow_host)
            address.allow_hosts(*arguments.allow_real_sms, real_sms=True)
            url = address.url or ""
            what = f"scenario {arguments.fake}, seed {seed}"
            _print_start(address, endpoints(url), environ(url), what, ca=bool(arguments.gateway_ca))
            if not is_loopback(arguments.host):
                _print_exposed(address)
            print(flush=True)
            _Journal(app.desk.messages, show_sms=arguments.show_sms).follow(events)
    except BrokenPipeError:
        mute()
    return 0


@contextmanager
def _ended_by_signals(end: Callable[[], None]) -> Iterator[None]:
    def handle(number: int, frame: FrameType | None) -> None:
        end()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_start(
    address: GatewayAddress, providers: Mapping[str, str], clients: Mapping[str, str], how: str, *, ca: bool
) -> None:
    url = address.url
    application = address.environ()
    print(f"# pytest-otp sandbox at {url}, {how}; press Ctrl-C to stop")
    print(f"#   page       {url}/  a web page with numbers, orders and messages, and a form to send an SMS")
    for name, where in providers.items():
        print(f"#   {name:<10} {where}")
    print(f'#   gateway    POST {url}/sms  {{"to": "+12015550123", "text": "...", "from": "..."}}')
    print("#              and the APIs of Twilio, Vonage, AWS and others, over http or https, or as a proxy")
    print("# Environment variables for provider clients:")
    _print_exports({name: value for name, value in clients.items() if name not in application})
    print("# Environment variables for the application under test. Its SMS arrive here; other hosts are blocked unless")
    print("# allowed with --allow-host. Only this user can read the certificates; they are removed on exit.")
    _print_exports(application)
    if ca:
        print(f"# Applications that run already, and containers, can trust {address.ca_file} until it expires.")


def _print_exposed(address: GatewayAddress) -> None:
    here = urlsplit(address.url or "").hostname
    print(f"# On other machines and in containers, replace {here} with this machine's address or host name, or with a")
    print(
        "# name that is set with --serve-as; other names are refused. Copy the certificates there. Keep this port on a"
    )
    print("# private network: anyone who can reach it can read and send SMS.")


def _print_exports(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


@dataclass(frozen=True, slots=True)
class _Ordered:
    provider: str
    order_id: str
    rental: Rental


@dataclass(frozen=True, slots=True)
class _UnheldSms:
    number: str


@dataclass(frozen=True, slots=True)
class _Asked:
    request: GatewayRequest


_Event = _Ordered | _UnheldSms | _Asked | None  # None: the end


class _Journal:
    """Prints what happens. It polls the open orders, so that it also sees SMS that arrive later."""

    def __init__(self, messages: Callable[[Rental], Sequence[Delivery]], *, show_sms: bool) -> None:
        self._messages = messages
        self._show_sms = show_sms
        self._open: list[
            tuple[_Ordered, set[str]]
        ] = []  # each order, and the IDs of the messages that have been printed

    def follow(self, events: queue.SimpleQueue[_Event]) -> None:
        """Print until the end event."""
        while True:
            try:
                event = events.get(timeout=_POLL_SECONDS if self._open else None)
            except queue.Empty:
                self.poll()
                continue
            if event is None:
                self.poll()
                return
            self.note(event)
            self.poll()

    def note(self, event: _Ordered | _UnheldSms | _Asked) -> None:
        """Print an order, an SMS to a number that is not held, or a request that was not answered as hoped."""
        if isinstance(event, _Asked):
            if event.request.outcome not in _EXPECTED:
                _request_line(event.request)
            return
        if isinstance(event, _UnheldSms):
            _line("gateway", "SMS", event.number, "not held by any order")
            return
        _order_line(event, "order", shown(event.rental.service or "", NAME))
        self._open.append((event, set()))

    def poll(self) -> None:
        """Print the messages and closes since the last poll."""
        still_open = []
        for order, printed in self._open:
            state = str(order.rental.state)
            for message in self._messages(order.rental):
                if message.id not in printed:
                    printed.add(message.id)
                    _order_line(order, "SMS", self._described(message))
            if state in _CLOSED_STATES:
                _order_line(order, state)
            else:
                still_open.append((order, printed))
        self._open = still_open

    def _described(self, message: Delivery) -> str:
        parts = [f"from {shown(message.sender, NAME)}"] if message.sender else []
        return " ".join([*parts, quoted(message.text, SMS)] if self._show_sms else parts)


def _order_line(order: _Ordered, what: str, *rest: str) -> None:
    _line(order.provider, what, order.rental.line.e164, order.order_id, *rest)


def _request_line(request: GatewayRequest) -> None:
    from ..gateway.report import what  # noqa: PLC0415 - see _sandbox

    _line("gateway", request.outcome, ", ".join(request.numbers), what(request), str(request.status or ""))


def _line(provider: str, what: str, number: str, *rest: str) -> None:
    columns = [time.strftime("%H:%M:%S"), f"{provider:<9}", f"{what:<9}", f"{number:<16}", *filter(None, rest)]
    print(shown("  ".join(columns), LINE), flush=True)
