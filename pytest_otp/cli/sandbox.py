"""`pytest-otp sandbox`: serves the providers' APIs, the SMS services' APIs and a page until it is stopped."""

from __future__ import annotations

import argparse
import queue
import random
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..offline.scenarios import SCENARIOS
from . import sandbox_arguments as check
from .output import mute
from .sandbox_journal import Asked, Event, Journal, Ordered, UnheldSms

if TYPE_CHECKING:
    from types import FrameType

    from ..gateway.address import GatewayAddress


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
    sandbox.add_argument(
        "--port", type=check.port, default=0, metavar="N", help="port (default: 0, which picks a free one)"
    )
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
        type=check.seconds,
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
        type=check.host,
        action="append",
        default=[],
        metavar="HOST",
        help="allow applications to connect to this host: a name, *.example.com, or * for all hosts except those of "
        "SMS services; can be repeated",
    )
    sandbox.add_argument(
        "--allow-real-sms",
        type=check.sms_host,
        action="append",
        default=[],
        metavar="HOST",
        help="allow applications to connect to this SMS service, by which they can send real SMS: an exact name such "
        "as api.twilio.com; can be repeated",
    )
    sandbox.add_argument(
        "--serve-as",
        type=check.own_name,
        action="append",
        default=[],
        metavar="NAME",
        help="answer requests to this host name too, such as the service's name in Docker Compose; can be repeated "
        "(default: IP addresses, localhost and this machine's host name only)",
    )
    sandbox.add_argument(
        "--gateway-ca",
        type=check.folder,
        metavar="DIR",
        help="keep the certificate authority in this folder for 90 days, so that applications and containers can trust "
        "it once (default: a new one each time)",
    )


def _sandbox(arguments: argparse.Namespace) -> int:
    # Imported here for a fast start: --help and --version need none of these.
    from ..gateway.address import serving  # noqa: PLC0415
    from ..gateway.record import Record  # noqa: PLC0415
    from ..loopback import is_loopback  # noqa: PLC0415
    from ..offline.carrier import Carrier  # noqa: PLC0415
    from ..sandbox.app import Sandbox, endpoints, environ  # noqa: PLC0415
    from ..server.kept_authority import KeptFolder  # noqa: PLC0415

    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    try:
        app = Sandbox(
            Carrier(seed=seed),
            scenario=arguments.fake,
            sms_after=arguments.sms_after,
            on_order=lambda *order: events.put(Ordered(*order)),
            on_stray=lambda number: events.put(UnheldSms(number)),
            names=arguments.serve_as,
            record=Record(show_sms=arguments.show_sms, on_request=lambda request: events.put(Asked(request))),
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
            Journal(app.desk.messages, show_sms=arguments.show_sms).follow(events)
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
    kept = f"the authority is kept: whoever trusts {address.ca_file} does so until it expires."
    removed = "only this user can read the certificates, and they are removed on exit."
    print("# Environment variables for the application under test. Its SMS arrive here; other hosts are blocked unless")
    print(f"# allowed with --allow-host; {kept if ca else removed}")
    _print_exports(application)


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
