"""Pushed SMS, from the POST to wait_code: which order gets them, what a look costs, whole runs, xdist's workers."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from pytest_otp.errors import CodeTimeout, OrderEnded, ProviderUnavailable
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.offline.carrier import Carrier
from pytest_otp.orders.ledger import Ledger
from pytest_otp.providers.base import Messages, Order, OrderState, SupportsPush
from pytest_otp.providers.registry import built_alike, create, credentials, recipe_of
from pytest_otp.push.pushed import NET, Outcome, Push, Pushed, Pushes
from pytest_otp.push.webhook import PATH, Webhook
from pytest_otp.redact import Secret
from pytest_otp.sandbox.app import Sandbox, environ
from pytest_otp.server.server import Server
from tests.push.pushing import CLIENT_ID, DONE, PASSWORD, TOKEN, post
from tests.scripted import NOW, ScriptedProvider, Time

ACCOUNT = ("5a4db0c5-1111-4222-8333-444444444444", "sandbox-password")
"""The sandbox's."""


def a_push(message_id: str = "m-1", text: str = "Your code is 482913", order: str = "order-1", **changes: Any) -> Push:
    return replace(Push(order, "12015550100", message_id, "Shop", text, None), **changes)


def noted(into: list[float]) -> Callable[[float], None]:
    return into.append


class Scene:
    """A scripted provider with pushes, on virtual time; its order is `order-1`."""

    def __init__(self) -> None:
        self.time = Time()
        self.scripted = ScriptedProvider()
        self.pushes = Pushes()
        self.provider = Pushed(self.scripted, self.pushes)
        self.order = self.provider.order("wa", None, None)

    def number(self, **options: Any) -> OtpNumber:
        provider: Any = self.provider
        return OtpNumber(provider, self.order, clock=self.time.clock, sleep=self.sleep, **options)

    def sleep(self, seconds: float) -> None:
        """As a bell would be slept on: a push ends it."""
        end = self.time.now + seconds
        self.woken = False
        while self.time.now < end and not self.woken:
            self.time.sleep(min(0.01, end - self.time.now))

    def push(self, *pushes: Push, expect: Outcome = Outcome.ACCEPTED) -> None:
        for push in pushes:
            assert self.pushes.take(push) is expect
        self.woken = True

    def looks(self) -> int:
        return self.scripted.calls("messages")


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestPushes:
    """Which orders are open, and what was pushed to them."""

    def test_open_and_close(self) -> None:
        """Taken from the opening to the close; what is refused tells nobody."""
        pushes, rung = Pushes(), list[float]()
        order = ScriptedProvider().order("wa", None, None)
        assert pushes.take(a_push()) is Outcome.UNKNOWN
        close = pushes.open(order, noted(rung))
        assert pushes.take(a_push()) is Outcome.ACCEPTED
        assert pushes.take(a_push()) is Outcome.REPEATED
        assert pushes.take(a_push("m-2", number="12015550199")) is Outcome.UNKNOWN
        assert pushes.take(a_push("m-2", order_id="order-2")) is Outcome.UNKNOWN
        close()
        close()
        assert pushes.take(a_push("m-2")) is Outcome.UNKNOWN
        assert pushes.take(a_push("", order_id="order-1")) is Outcome.UNKNOWN
        assert pushes.take(a_push()) is Outcome.REPEATED
        assert rung == [0.0]

    @pytest.mark.parametrize("written", ["12015550100", "+1 201-555-0100", "0012015550100"])
    def test_numbers_in_any_writing(self, written: str) -> None:
        """The digits are compared: an order's number is as its provider wrote it."""
        pushes = Pushes()
        pushes.open(Order("order-1", written, None, None, None, None, None, NOW), lambda seconds: None)
        assert pushes.take(a_push()) is Outcome.ACCEPTED

    def test_without_an_id_each_wakes(self) -> None:
        """Nothing tells two of them apart, and none is kept."""
        pushes, rung = Pushes(), list[float]()
        order = ScriptedProvider().order("wa", None, None)
        pushes.open(order, noted(rung))
        assert [pushes.take(a_push("")) for _ in range(2)] == [Outcome.ACCEPTED] * 2
        assert len(rung) == 2
        assert pushes.look(order, lambda: Messages(OrderState.WAITING, ())) == Messages(OrderState.WAITING, ())

    def test_plain_data(self) -> None:
        """Another process gets the same push as plain data, and no repr shows its text."""
        push = a_push(code="482913")
        assert Push(**json.loads(json.dumps(push.plain()))) == push
        assert "482913" not in repr(push)


class TestPushed:
    """The provider that tests use."""

    def test_it_is_the_provider(self, scene: Scene) -> None:
        """It orders, closes and is named as the one behind it, and tells when a message comes."""
        assert (scene.provider.name, isinstance(scene.provider, SupportsPush)) == ("scripted", True)
        scene.provider.cancel(scene.order)
        assert scene.scripted.events == ["order order-1", "cancel order-1"]
        assert scene.provider.balance() == scene.scripted.balance()

    def test_a_push_needs_no_request(self, scene: Scene) -> None:
        """The code is there as soon as it is pushed, and the service is not asked at all."""
        number = scene.number()
        scene.time.at(3.0, lambda: scene.push(a_push()))
        assert number.wait_code() == "482913"
        assert scene.time.elapsed == pytest.approx(3.0, abs=0.02)
        assert scene.looks() == 0
        assert number.state == "received"

    def test_a_push_before_the_wait(self, scene: Scene) -> None:
        """Nothing is waited for that is there already."""
        number = scene.number()
        scene.push(a_push())
        assert number.wait_code() == "482913"
        assert (scene.time.elapsed, scene.looks()) == (0.0, 0)

    def test_the_net(self, scene: Scene) -> None:
        """What the push lost is found by looking, rarely."""
        number = scene.number(timeout=60)
        scene.time.at(11.0, lambda: scene.scripted.receive("Your code is 482913"))
        assert number.wait_code() == "482913"
        assert scene.time.elapsed == pytest.approx(3 * NET, abs=0.1)
        assert scene.looks() == 3

    def test_the_net_of_a_short_wait(self, scene: Scene) -> None:
        """A wait that is shorter than the pause looks once before it gives up."""
        number = scene.number(timeout=2)
        scene.scripted.receive("Your code is 482913")
        assert number.wait_code() == "482913"
        assert scene.looks() == 1

    def test_a_slower_pace_that_was_asked_for(self, scene: Scene) -> None:
        """Who wants to poll more rarely than the net does is heard."""
        with pytest.raises(CodeTimeout):
            scene.number(poll_interval=20, timeout=50).wait_code()
        assert scene.looks() == 3

    def test_the_same_message_by_both_ways(self, scene: Scene) -> None:
        """Pushed and then shown, or shown and then pushed, in either writing of its id: one message."""
        number = scene.number(timeout=7)
        scene.push(a_push("SMS-1", "Your code is 111111"))
        scene.scripted.receive("Your code is 111111", "Your code is 222222")
        assert [number.wait_code(), number.wait_code()] == ["111111", "222222"]
        scene.push(a_push("sms-2", "Your code is 222222"))
        with pytest.raises(CodeTimeout):
            number.wait_code()
        assert [message.id for message in number.messages] == ["SMS-1", "sms-2"]

    def test_without_an_id_it_looks(self, scene: Scene) -> None:
        """The wait is woken and asks the service, which shows the message with its id: it counts once."""
        number = scene.number(timeout=4)

        def arrive() -> None:
            scene.scripted.receive("Your code is 482913")
            scene.push(a_push(""))

        scene.time.at(1.0, arrive)
        assert number.wait_code() == "482913"
        assert scene.time.elapsed == pytest.approx(1.0, abs=0.02)
        assert scene.looks() == 1
        assert len(number.messages) == 1

    def test_the_end_of_an_order(self, scene: Scene) -> None:
        """A look still tells that the service has ended it, with what was pushed before."""
        number = scene.number()
        scene.push(a_push())
        assert number.wait_code() == "482913"
        scene.scripted.ended.add("order-1")
        with pytest.raises(OrderEnded):
            number.wait_code()
        assert len(number.messages) == 1

    def test_a_closed_number_takes_nothing(self, scene: Scene) -> None:
        """Its close ends the pushes, and it is finished, since an SMS came."""
        number = scene.number()
        scene.push(a_push())
        number.wait_code()
        number.close()
        scene.push(a_push("m-2"), expect=Outcome.UNKNOWN)
        assert scene.scripted.events[-1] == "finish order-1"

    def test_a_push_does_not_wait_for_a_slow_service(self, scene: Scene) -> None:
        """While the service is being asked and does not answer, a push is handed out at once."""
        asked, answer = threading.Event(), threading.Event()

        def hang() -> None:
            asked.set()
            answer.wait(30)

        scene.scripted.script("messages", hang)
        provider: Any = scene.provider
        number = OtpNumber(provider, scene.order)
        number._pace = replace(number._pace, first=0.0)
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(number.wait_code, 30)
            assert asked.wait(10)
            scene.push(a_push())
            assert waiting.result(5) == "482913"
        answer.set()

    @pytest.mark.parametrize("error", [ProviderUnavailable("away"), KeyboardInterrupt()], ids=str)
    def test_a_look_that_fails(self, scene: Scene, error: BaseException) -> None:
        """It fails as the provider did."""
        scene.number()
        scene.scripted.script("messages", error)
        with pytest.raises(type(error)):
            scene.provider.messages(scene.order)

    def test_an_order_of_somebody_else(self, scene: Scene) -> None:
        """An order that nobody subscribed to is looked at as ever."""
        scene.scripted.receive("Your code is 1234")
        assert len(scene.provider.messages(scene.order).sms) == 1

    def test_async_waits(self, scene: Scene) -> None:
        """A push wakes a wait on an event loop."""
        provider: Any = scene.provider
        number = OtpNumber(provider, scene.order)

        async def wait() -> str:
            waiting = asyncio.create_task(number.wait_code_async(10))
            await asyncio.sleep(0.05)
            await asyncio.to_thread(scene.push, a_push())
            return await waiting

        start = time.monotonic()
        assert asyncio.run(wait()) == "482913"
        assert time.monotonic() - start < NET

    def test_the_keeper_can_build_it(self) -> None:
        """A provider with pushes is ordered by the keeper like the one behind it; others are none it could build."""
        values = credentials(
            "otpvirt", {"OTPVIRT_CLIENT_ID": "an-invented-client", "OTPVIRT_API_PASSWORD": "secret"}, {}
        )
        made = create("otpvirt", values)
        wrapper: Any = Pushed(made, Pushes())
        built_alike(wrapper, made)
        assert recipe_of(wrapper) == recipe_of(made) is not None
        alone: Any = Pushed(ScriptedProvider(), Pushes())
        built_alike(alone, alone.wrapped)
        assert recipe_of(alone) is None

    def test_the_account_stays_the_same(self, tmp_path: Any) -> None:
        """Setting a webhook's token does not make it another account: a sweep still finds its orders."""
        ledger = Ledger(tmp_path / "ledger")
        values: dict[str, Any] = {
            "OTPVIRT_CLIENT_ID": Secret("an-invented-client"),
            "OTPVIRT_BASE_URL": "https://a.test",
        }
        without = ledger.account("otpvirt", values)
        assert ledger.account("otpvirt", {**values, "OTPVIRT_WEBHOOK_TOKEN": None}) == without
        assert ledger.account("otpvirt", {**values, "OTPVIRT_WEBHOOK_TOKEN": Secret(TOKEN)}) == without
        assert ledger.account("otpvirt", {**values, "OTPVIRT_CLIENT_ID": Secret("another-client")}) != without
        ledger.close()


def test_500_numbers_at_once() -> None:
    """500 numbers that wait in one process, their messages posted in another order: each gets its own code."""
    scripted, pushes = ScriptedProvider(), Pushes()
    provider: Any = Pushed(scripted, pushes)
    numbers = [OtpNumber(provider, provider.order("wa", None, None)) for _ in range(500)]
    codes = {number.order_id: f"{100_000 + 7 * place}" for place, number in enumerate(numbers)}
    with (
        Server(Webhook(Secret(TOKEN), Secret(CLIENT_ID), Secret(PASSWORD), pushes.take)) as server,
        ThreadPoolExecutor(500) as waiting,
        ThreadPoolExecutor(20) as posting,
    ):
        got = [waiting.submit(number.wait_code, 60) for number in numbers]

        def send(number: OtpNumber) -> object:
            code = codes[number.order_id]
            content = {
                "id": f"m-{code}",
                "phone": int(number.digits),
                "text": f"Your code is {code}",
                "phoneFrom": "Shop",
            }
            return post(
                f"{server.url}{PATH}{TOKEN}",
                {**content, "code": code, "clientId": CLIENT_ID, "activationId": number.order_id},
                timeout=60,
            )

        answers = list(posting.map(send, sorted(numbers, key=lambda number: codes[number.order_id][::-1])))
        assert answers == [DONE] * 500
        assert {number.order_id: code.result(60) for number, code in zip(numbers, got, strict=True)} == codes


# Whole runs


SERVICE = """
    import json, os, re, urllib.error, urllib.request

    import pytest

    TEXT = "Your code is {}"

    def send(url, number, code, **changes):
        content = {"id": "m-" + code, "phoneFrom": "Shop", "phone": int(number.digits), "text": TEXT.format(code),
            "code": code, "clientId": os.environ["OTPVIRT_CLIENT_ID"], "activationId": number.order_id, **changes}
        body = json.dumps({name: value for name, value in content.items() if value is not None}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
"""
ONE = (
    SERVICE
    + """
    def test_it(otp_number, otp_webhook):
        number = otp_number()
        assert send(otp_webhook.url, number, "482913") == (200, {"status": 2})
        assert number.wait_code(20) == "482913"
"""
)


class Service:
    """OTP-virt as the sandbox plays it, which shows no SMS by itself; counts what it is asked."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(Carrier(seed=1), scenario="manual")
        self.asked: Counter[str] = Counter()

    def __call__(self, request: Any, start_response: Any) -> Any:
        self.asked[request["PATH_INFO"].rpartition("/")[2]] += 1
        return self.sandbox(request, start_response)

    @property
    def states(self) -> set[str]:
        return {str(rental.state) for rental in self.sandbox.desk.rentals}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    service = Service()
    with Server(service) as server:
        for name, value in environ(server.url).items():
            if name.startswith("OTPVIRT"):
                monkeypatch.setenv(name, value)
        monkeypatch.setenv("PYTEST_OTP_PROVIDER", "otpvirt")
        monkeypatch.setenv("PYTEST_OTP_SERVICE", "vi")
        monkeypatch.setenv("PYTEST_OTP_COUNTRY", "tajikistan")
        monkeypatch.setenv("PYTEST_OTP_LEDGER", "state/ledger")
        monkeypatch.setenv("PYTEST_OTP_WEBHOOK", "127.0.0.1:0")
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        yield service


Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    def inner(*args: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess(
            "-p", "pytest_otp.plugin", "-p", "no:cacheprovider", "-W", "error", "--tb=short", *args
        )

    return inner


@pytest.mark.parametrize("keeper", ["on", "off"])
def test_a_run(pytester: pytest.Pytester, run: Run, service: Service, keeper: str) -> None:
    """Pushed to the run's own url, the code is there without one look, and the order is finished."""
    pytester.makepyfile(ONE)
    result = run(f"--otp-keeper={keeper}")
    result.assert_outcomes(passed=1)
    assert (service.asked["GetSms"], service.states) == (0, {"finished"})
    assert re.search(r"webhook 127\.0\.0\.1:0 \(PYTEST_OTP_WEBHOOK\)", result.stdout.str())


def test_what_is_refused(pytester: pytest.Pytester, run: Run, service: Service) -> None:
    """Foreign orders, numbers and accounts, and the numbers of tests that are over."""
    pytester.makepyfile(
        SERVICE
        + """
    KEPT = []

    def test_first(otp_number, otp_webhook):
        number = otp_number()
        KEPT.append(number)
        assert send(otp_webhook.url, number, "111111", activationId="0" * 36)[0] == 404
        assert send(otp_webhook.url, number, "111111", phone=int(number.digits) + 1)[0] == 404
        assert send(otp_webhook.url, number, "111111", clientId="0" * 36)[0] == 403
        assert send(otp_webhook.url + "x", number, "111111")[0] == 404
        assert send(otp_webhook.url, number, "222222") == (200, {"status": 2})
        assert send(otp_webhook.url, number, "222222") == (200, {"status": 2})
        assert number.wait_code(20) == "222222"
        assert len(number.messages) == 1

    def test_second(otp_webhook):
        assert send(otp_webhook.url, KEPT[0], "333333")[0] == 404
    """
    )
    run().assert_outcomes(passed=2)


def test_the_fixed_token(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The path is the one that the service was told; no report shows it."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", TOKEN)
    pytester.makepyfile(
        f"""
        def test_it(otp_webhook):
            assert otp_webhook.url.endswith("/otpvirt/{TOKEN}")
            print(otp_webhook.url)
            assert otp_webhook.url == ""
        """.replace(TOKEN, TOKEN[:5] + '" + "' + TOKEN[5:])
    )
    result = run("-l", "-vv")
    result.assert_outcomes(failed=1)
    assert "otpvirt/***" in result.stdout.str()
    assert TOKEN not in result.stdout.str() + result.stderr.str()


def test_a_random_token(pytester: pytest.Pytester, run: Run, service: Service) -> None:
    """Without one the path cannot be guessed, and is another one in each run."""
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_it(otp_webhook):
            with Path("urls").open("a") as urls:
                print(otp_webhook.url.rpartition("/")[2], file=urls)
        """
    )
    run().assert_outcomes(passed=1)
    run().assert_outcomes(passed=1)
    first, second = (pytester.path / "urls").read_text().split()
    assert first != second
    assert min(len(first), len(second)) >= 32


def test_a_bad_token(run: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before any test, and not quoted."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", "too-short")
    result = run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        (
            "ERROR: OTPVIRT_WEBHOOK_TOKEN is no token: it needs 16 characters or more of A-Z, a-z, 0-9, - and _. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
        )
    ]


@pytest.mark.parametrize("args", [["--otp-provider=fake"], ["--otp-provider=otpcepat"], ["-n2"]], ids=str)
def test_no_webhook(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    """Off, and with a provider that pushes nothing, there is no url and no socket."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", "an-invented-key")
    if args == ["-n2"]:
        monkeypatch.delenv("PYTEST_OTP_WEBHOOK")
    pytester.makepyfile(
        """
        import sys

        def test_it(otp_webhook):
            assert otp_webhook.url is None
            assert "werkzeug" not in sys.modules
        """
    )
    run("-p", "xdist", *args).assert_outcomes(passed=1)


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n2"]], ids=["alone", "workers"])
def test_a_port_that_is_taken(pytester: pytest.Pytester, run: Run, service: Service, workers: list[str]) -> None:
    """The error names the option."""
    pytester.makepyfile(ONE)
    taken = os.environ["OTPVIRT_BASE_URL"].split("/")[2]
    result = run(f"--otp-webhook={taken}", *workers)
    said = f"--otp-webhook (PYTEST_OTP_WEBHOOK): cannot listen on {taken}: the port is already in use"
    assert said in result.stdout.str() + result.stderr.str()
    assert result.ret == (pytest.ExitCode.USAGE_ERROR if workers else pytest.ExitCode.TESTS_FAILED)


@pytest.mark.parametrize(("keeper", "token"), [("on", TOKEN), ("off", "")], ids=["fixed", "random"])
def test_workers(
    pytester: pytest.Pytester,
    run: Run,
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    keeper: str,
    token: str,
) -> None:
    """Under xdist all share one url, and each worker gets the codes of its own orders, also those pushed by others."""
    monkeypatch.setenv("OTPVIRT_WEBHOOK_TOKEN", token)
    pytester.makepyfile(
        SERVICE
        + """
    import time
    from pathlib import Path
    from types import SimpleNamespace

    @pytest.mark.parametrize("mine, other", [("0", "1"), ("1", "0")])
    def test_it(otp_number, otp_webhook, worker_id, mine, other):
        number = otp_number()
        Path("waits-" + mine + ".part").write_text(f"{worker_id} {number.digits} {number.order_id} {otp_webhook.url}")
        Path("waits-" + mine + ".part").rename("waits-" + mine)
        end = time.monotonic() + 20
        while not Path("waits-" + other).exists():
            assert time.monotonic() < end
            time.sleep(0.01)
        worker, digits, order_id, url = Path("waits-" + other).read_text().split()
        assert (worker != worker_id, url) == (True, otp_webhook.url)
        theirs = SimpleNamespace(digits=digits, order_id=order_id)
        assert send(url, theirs, "55555" + other) == (200, {"status": 2})
        assert send(url, theirs, "55555" + other) == (200, {"status": 2})
        assert send(url, theirs, "666666", phone=int(number.digits))[0] == 404
        assert number.wait_code(20) == "55555" + mine
        assert len(number.messages) == 1
    """
    )
    result = run("-p", "xdist", "-n2", f"--otp-keeper={keeper}")
    result.assert_outcomes(passed=2)
    assert (service.asked["GetSms"], service.states) == (0, {"finished"})


def test_nothing_outlives_the_run(
    pytester: pytest.Pytester, run: Run, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder of the channel is left, no port is held, and no text of an SMS is in the ledger."""
    temporary = pytester.mkdir("tmp-of-the-run")
    monkeypatch.setenv("TMPDIR", str(temporary))
    pytester.makepyfile(ONE)
    run("-p", "xdist", "-n2", "--basetemp=base").assert_outcomes(passed=1)
    assert not [path for path in temporary.iterdir() if path.name.startswith("pytest-otp-")]
    assert all(b"482913" not in path.read_bytes() for path in (pytester.path / "state").rglob("*") if path.is_file())


def test_sms_the_service_shows_after_a_push_without_id(pytester: pytest.Pytester, run: Run, service: Service) -> None:
    """The wait asks the service at once, which shows it."""
    pytester.makepyfile(
        SERVICE
        + """
    import threading

    def test_it(otp_number, otp_webhook):
        number = otp_number()
        first = threading.Timer(0.3, send, (otp_webhook.url, number, "482913"), {"id": None})
        first.start()
        with pytest.raises(Exception, match="no SMS came"):
            number.wait_code(1.5)
        first.join()
    """
    )
    run().assert_outcomes(passed=1)
    assert service.asked["GetSms"] == 2  # when woken, and the last look
