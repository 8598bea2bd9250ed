"""How long after an SMS stands at the provider `wait_code` returns, and how many requests a wait makes.

Real sockets on loopback: the sandbox, the otpcepat client, one thread a wait, SMS at many phases. Beside it, in the
same seconds and against the same server, what the best polling peers do: a request each second.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from pytest_otp import order_number
from pytest_otp.offline.carrier import Carrier
from pytest_otp.providers.base import Provider
from pytest_otp.providers.registry import create, credentials
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server

from .limits import check

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OURS = "pytest-otp"
EACH_SECOND = "each second"
TEXT = "Your code is 482913"
PATIENCE = 120.0
PHASES = 16
SPREAD = 1.2
"""Seconds over which the phases of one delivery are spread: more than any pause between two requests."""
ALLOWED = {3.0: (1.2, 5), 7.0: (1.2, 11), 20.0: (1.7, 27)}
"""By seconds after the order: the median lag, as a ratio to that of a request each second, and the most requests."""


Wait = Callable[[Carrier, Provider, str, str, float], tuple[str, float]]
"""Orders a number of a service and country, sends it an SMS after so many seconds, waits; the order's id, the lag."""


def ours(carrier: Carrier, provider: Provider, service: str, country: str, after: float) -> tuple[str, float]:
    """`wait_code`."""
    with order_number(provider, service, country) as number:
        due = time.monotonic() + after
        carrier.deliver(number, TEXT, after=after)
        number.wait_code(timeout=PATIENCE)
        return number.order_id, time.monotonic() - due


def each_second(carrier: Carrier, provider: Provider, service: str, country: str, after: float) -> tuple[str, float]:
    """What the best polling peers do."""
    order = provider.order(service, country, None)
    due = time.monotonic() + after
    carrier.deliver(f"+{order.number}", TEXT, after=after)
    while not provider.messages(order).sms:
        time.sleep(1.0)
    lag = time.monotonic() - due
    provider.finish(order)
    return order.id, lag


WAITS: dict[str, Wait] = {OURS: ours, EACH_SECOND: each_second}


@dataclass(frozen=True)
class Delivery:
    """One wait that ended."""

    way: str
    after: float
    lag: float
    requests: int


class Counting:
    """Counts the requests of each order before the sandbox gets them."""

    def __init__(self, app: Sandbox) -> None:
        self._app = app
        self._lock = threading.Lock()
        self.requests: Counter[str] = Counter()

    def __call__(self, request: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Count, and pass on."""
        query = parse_qs(request.get("QUERY_STRING", ""))
        if query.get("action") == ["get_status"]:
            with self._lock:
                self.requests[query["order_id"][0]] += 1
        return self._app(request, start_response)


def main() -> None:
    """Print lag and requests for each delivery time."""
    print(f"\nDelivery: {PHASES} waits each, over HTTP on loopback")
    print(f"  {'SMS after':>9}  {'way':<12} {'median lag':>10} {'longest':>8} {'requests':>9}")
    deliveries = measure()
    for after, (allowed_ratio, allowed_requests) in ALLOWED.items():
        medians, most = dict[str, float](), dict[str, int]()
        for way in WAITS:
            rows = [row for row in deliveries if row.way == way and row.after == after]
            lags, requests = [row.lag for row in rows], [row.requests for row in rows]
            medians[way], most[way] = statistics.median(lags), max(requests)
            print(
                f"  {after:>7g} s  {way:<12} {medians[way]:>8.2f} s {max(lags):>6.2f} s "
                f"{statistics.median(requests):>5g}, {most[way]} at most"
            )
        name = f"delivery, SMS after {after:g} s"
        ratio = medians[OURS] / medians[EACH_SECOND]
        print(f"{'':>11}  lag, ratio {ratio:.2f}   {check(f'{name}: ratio of lags', ratio, allowed_ratio)}")
        print(f"{'':>11}  requests   {check(f'{name}: requests', most[OURS], allowed_requests)}")


def measure() -> list[Delivery]:
    """Every delivery time, way and phase at once."""
    carrier = Carrier(seed=1)
    counting = Counting(Sandbox(carrier, scenario="manual"))
    cases = [(way, after, phase) for phase in range(PHASES) for after in ALLOWED for way in WAITS]
    with Server(counting) as server, ThreadPoolExecutor(len(cases)) as threads:
        provider = create("otpcepat", credentials("otpcepat", environ(server.url), {}))
        country = provider.countries()[0].id
        service = provider.services(country)[0].id

        def wait(case: tuple[str, float, int]) -> Delivery:
            way, after, phase = case
            sent = after + SPREAD * (phase / PHASES - 0.5)
            order_id, lag = WAITS[way](carrier, provider, service, country, sent)
            return Delivery(way, after, lag, counting.requests[order_id])

        return list(threads.map(wait, cases))
