"""How long after an SMS stands at the provider `wait_code` returns, and how many requests a wait makes.

Real sockets on loopback: the sandbox, the otpcepat client, one thread a wait, SMS at many phases. Beside it, in the
same seconds and against the same server, what the best polling peers do: a look each second.
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.waiting import Pace
from pytest_otp.offline.carrier import Carrier
from pytest_otp.providers.registry import create, credentials
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PHASES = 16
SPREAD = 1.2
"""Seconds over which the phases of one delivery are spread: more than any pause between two looks."""
GOALS = {3.0: (0.45, 5), 7.0: (0.45, 11), 20.0: (0.7, 27)}
"""Seconds after the order: the median lag and the number of requests that are allowed."""


class EachSecond(Pace):
    """A look each second, as the best polling peers do."""

    def pause(self, waited: float) -> float:
        """One second."""
        return 1.0


PACES: dict[str, Pace] = {"pytest-otp": Pace(), "each second": EachSecond()}


@dataclass(frozen=True)
class Delivery:
    """One wait that ended."""

    pace: str
    after: float
    lag: float
    requests: int


class Counting:
    """Counts the requests of each order before the sandbox gets them."""

    def __init__(self, app: Sandbox) -> None:
        self._app = app
        self._lock = threading.Lock()
        self.looks: Counter[str] = Counter()

    def __call__(self, request: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Count, and pass on."""
        query = parse_qs(request.get("QUERY_STRING", ""))
        if query.get("action") == ["get_status"]:
            with self._lock:
                self.looks[query["order_id"][0]] += 1
        return self._app(request, start_response)


def main() -> None:
    """Print lag and requests for each delivery time."""
    print(f"\nDelivery: {PHASES} waits each, over HTTP on loopback")
    print(f"  {'SMS after':>9}  {'pace':<12} {'median lag':>10} {'longest':>8} {'requests':>9}   allowed")
    deliveries = measure()
    for after, (lag, requests) in GOALS.items():
        for pace in PACES:
            rows = [row for row in deliveries if row.pace == pace and row.after == after]
            lags = [row.lag for row in rows]
            print(
                f"  {after:>7g} s  {pace:<12} {statistics.median(lags):>8.2f} s {max(lags):>6.2f} s "
                f"{statistics.median(row.requests for row in rows):>5g}, {max(row.requests for row in rows)} at most"
                + (f"   {lag} s, {requests}" if pace == "pytest-otp" else "")
            )


def measure() -> list[Delivery]:
    """Every delivery time, pace and phase at once."""
    carrier = Carrier(seed=1)
    counting = Counting(Sandbox(carrier, scenario="manual"))
    cases = [(pace, after, phase) for pace in PACES for after in GOALS for phase in range(PHASES)]
    with Server(counting) as server, ThreadPoolExecutor(len(cases)) as threads:
        provider = create("otpcepat", credentials("otpcepat", environ(server.url), {}))
        country = provider.countries()[0].id
        service = provider.services(country)[0].id

        def wait(case: tuple[str, float, int]) -> Delivery:
            pace, after, phase = case
            number = OtpNumber(provider, provider.order(service, country, None), pace=PACES[pace])
            sent = after + SPREAD * (phase / PHASES - 0.5)
            due = time.monotonic() + sent
            carrier.deliver(number, "Your code is 482913", after=sent)
            number.wait_code(timeout=60)
            lag = time.monotonic() - due
            looks = counting.looks[number.order_id]
            number.close()
            return Delivery(pace, after, lag, looks)

        return list(threads.map(wait, cases))
