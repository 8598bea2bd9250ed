"""`pytest-otp sandbox`: serves providers, SMS services and a page for people until it is told to stop."""

from __future__ import annotations

import argparse
import math
import queue
import random
import shlex
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import SettingsError
from ..offline.scenarios import SCENARIOS
from .output import mute

if TYPE_CHECKING:
    from types import FrameType

    from ..gateway.address import GatewayAddress
    from ..offline.carrier import Delivery
    from ..offline.desk import Rental

_LOOK_SECONDS = 0.1  # how often the open orders are looked at while there are any
_CLOSED_STATES = ("finished", "cancelled", "ended")


def add_to(commands: Any) -> None:
    """Add the command to those of a parser."""
    sandbox = commands.add_parser(
        "sandbox",
        help="speak both providers' wire protocols offline, to try the real clients with no account",
        description="Serve otpcepat's and OTP-virt's wire protocols, and the APIs of Twilio, Vonage and Amazon SNS, "
        "from one offline phone network, by http and https and as a proxy; and a page for the browser. It prints the "
        "variables that point clients and applications at it, then a line for each order, SMS and close.",
        epilog="scenarios:\n" + "\n".join(f"  {each.name:<16}{each.help}" for each in SCENARIOS.values()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    sandbox.add_argument(
        "--port", type=_port, default=0, metavar="N", help="port to serve at; 0, the default: a free one"
    )
    sandbox.add_argument("--host", default="127.0.0.1", metavar="H", help="address to serve at (default: %(default)s)")
    sandbox.add_argument(
        "--fake",
        choices=list(SCENARIOS),
        default="auto",
        metavar="SCENARIO",
        help="how the providers behave, see below (default: %(default)s)",
    )
    sandbox.add_argument(
        "--sms-after",
        type=_seconds,
        metavar="S",
        help="seconds from an order to its SMS (default: as the scenario says)",
    )
    sandbox.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="numbers, codes and troubles follow from it (default: random, shown at start)",
    )
    sandbox.add_argument(
        "--let-through",
        type=_host,
        action="append",
        default=[],
        metavar="HOST",
        help="let applications reach this host too: a name, *.example.com, or * for all but SMS services; repeatable",
    )
    sandbox.add_argument("--show-sms", action="store_true", help="print the texts of the SMS too")
    sandbox.set_defaults(run=_sandbox, prog=sandbox.prog)


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it is 0 (a free one) to 65535")
    return port


def _host(text: str) -> str:
    from ..gateway.hosts import serves  # noqa: PLC0415 - see _sandbox
    from ..server.proxy import checked_hosts  # noqa: PLC0415

    if serves(text.lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is an SMS service, which the sandbox answers for")
    try:
        return checked_hosts([text], serves)[0]
    except SettingsError:
        raise argparse.ArgumentTypeError(f"{text!r} is no host; it is like example.com, *.example.com or *") from None


def _seconds(text: str) -> float:
    from ..offline.carrier import LONGEST_DELAY  # noqa: PLC0415 - see _parser

    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_DELAY:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0 to {LONGEST_DELAY:.0f}")
    return seconds


def _sandbox(arguments: argparse.Namespace) -> int:
    # Here, and not at the top, since help and version need none of it.
    from ..gateway.address import serving  # noqa: PLC0415
    from ..loopback import is_loopback  # noqa: PLC0415
    from ..offline.carrier import Carrier  # noqa: PLC0415
    from ..sandbox.app import Sandbox, environ  # noqa: PLC0415

    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
    try:
        app = Sandbox(
            Carrier(seed=seed),
            scenario=arguments.fake,
            sms_after=arguments.sms_after,
            on_order=lambda *order: events.put(_Ordered(*order)),
            on_stray=lambda number: events.put(_Stray(number)),
        )
        with (
            _ended_by_signals(lambda: events.put(None)),
            serving(app, host=arguments.host, port=arguments.port, setting="--port") as address,
        ):
            address.let_through(*arguments.let_through)
            _print_start(address, environ(address.url or ""), f"scenario {arguments.fake}, seed {seed}")
            if not is_loopback(arguments.host):
                _print_open(address)
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


def _print_start(address: GatewayAddress, clients: Mapping[str, str], how: str) -> None:
    url = address.url
    application = address.environ()
    print(f"# pytest-otp sandbox at {url}, {how}; Ctrl-C ends it")
    print(f"#   page       {url}/  shows numbers, orders and messages in a browser, and sends an SMS by hand")
    print(f"#   otpcepat   GET  {clients['OTPCEPAT_BASE_URL']}")
    print(f"#   OTP-virt   POST {clients['OTPVIRT_BASE_URL']}/<Action>")
    print(f'#   gateway    POST {url}/sms  {{"to": "+12015550123", "text": "...", "from": "..."}}')
    print("#              Twilio, Vonage and Amazon SNS: as their SDKs send, by http, https or as a proxy")
    print("# Point clients at it:")
    _print_exports({name: value for name, value in clients.items() if name not in application})
    print("# Point an application at it, as it is: its SMS come here, its requests to other hosts are refused")
    print("# but for those of --let-through. The certificates are for this user only, and go at the end:")
    _print_exports(application)


def _print_open(address: GatewayAddress) -> None:
    here = urlsplit(address.url or "").hostname
    print(f"# Other machines and containers use this machine's name or address where {here} stands, and need a copy of")
    print("# the certificates. Keep this port in a network of your own: who reaches it can read and send its SMS.")


def _print_exports(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")


@dataclass(frozen=True, slots=True)
class _Ordered:
    provider: str
    order_id: str
    rental: Rental


@dataclass(frozen=True, slots=True)
class _Stray:
    number: str


_Event = _Ordered | _Stray | None  # None: the end


class _Journal:
    """Prints what happens. It looks at the open orders instead of being told, so that it sees what comes later too."""

    def __init__(self, messages: Callable[[Rental], Sequence[Delivery]], *, show_sms: bool) -> None:
        self._messages = messages
        self._show_sms = show_sms
        self._open: list[tuple[_Ordered, set[str]]] = []  # each order, and the ids of the messages that were printed

    def follow(self, events: queue.SimpleQueue[_Event]) -> None:
        """Print until the end is announced."""
        while True:
            try:
                event = events.get(timeout=_LOOK_SECONDS if self._open else None)
            except queue.Empty:
                self.look()
                continue
            if event is None:
                self.look()
                return
            self.note(event)
            self.look()

    def note(self, event: _Ordered | _Stray) -> None:
        """Print an order, or a message to nobody."""
        if isinstance(event, _Stray):
            _line("gateway", "stray", event.number, "nobody holds this number")
            return
        _order_line(event, "order", event.rental.service or "")
        self._open.append((event, set()))

    def look(self) -> None:
        """Print the messages and closes since the last look."""
        still_open = []
        for order, printed in self._open:
            state = str(order.rental.state)
            for message in self._messages(order.rental):
                if message.id not in printed:
                    printed.add(message.id)
                    _order_line(order, "SMS", self._told(message))
            if state in _CLOSED_STATES:
                _order_line(order, state)
            else:
                still_open.append((order, printed))
        self._open = still_open

    def _told(self, message: Delivery) -> str:
        # Both may come from anywhere: as a repr, neither can steer the terminal.
        sender = message.sender or ""
        told = [f"from {sender if sender.isprintable() else repr(sender)}"] if sender else []
        return " ".join([*told, repr(message.text)] if self._show_sms else told)


def _order_line(order: _Ordered, what: str, *rest: str) -> None:
    _line(order.provider, what, order.rental.line.e164, order.order_id, *rest)


def _line(provider: str, what: str, number: str, *rest: str) -> None:
    columns = [time.strftime("%H:%M:%S"), f"{provider:<9}", f"{what:<9}", f"{number:<16}", *filter(None, rest)]
    print("  ".join(columns), flush=True)
