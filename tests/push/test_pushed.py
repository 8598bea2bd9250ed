"""Pushed SMS, from the POST to wait_code: which order gets them, and what a poll costs."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, cast

import pytest

from pytest_otp.errors import CodeTimeout, OrderEnded, ProviderUnavailable
from pytest_otp.numbers.number import OtpNumber
from pytest_otp.numbers.options import NumberOptions
from pytest_otp.providers.base import (
    Messages,
    Order,
    OrderState,
    Provider,
    SupportsCounting,
    SupportsHandingOn,
    SupportsPush,
)
from pytest_otp.providers.deadline import begun
from pytest_otp.providers.otpvirt_push import PUSH
from pytest_otp.providers.push import PushedSms
from pytest_otp.push.pushed import NET, Outcome, Pushed, Pushes
from pytest_otp.push.webhook import Webhook
from pytest_otp.redact import Secret
from pytest_otp.server.server import Server
from tests.push.pushing import CLIENT_ID, DONE, TOKEN, VALUES, post
from tests.scripted import NOW, ScriptedProvider, Time


def a_push(
    message_id: str = "m-1", text: str = "Your code is 482913", order: str = "order-1", **changes: Any
) -> PushedSms:
    return replace(PushedSms(order, "12015550100", message_id, "Shop", text, None), **changes)


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
        return OtpNumber(provider, self.order, NumberOptions(**options), clock=self.time.clock, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        """As a bell would be slept on: a push ends it."""
        end = self.time.now + seconds
        self.woken = False
        while self.time.now < end and not self.woken:
            self.time.sleep(min(0.01, end - self.time.now))

    def push(self, *pushes: PushedSms, expect: Outcome = Outcome.ACCEPTED) -> None:
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
        pushes, woken_after = Pushes(), list[float]()
        order = ScriptedProvider().order("wa", None, None)
        assert pushes.take(a_push()) is Outcome.UNKNOWN
        close = pushes.open(order, noted(woken_after))
        assert pushes.take(a_push()) is Outcome.ACCEPTED
        assert pushes.take(a_push()) is Outcome.REPEATED
        assert pushes.take(a_push("m-2", number="12015550199")) is Outcome.UNKNOWN
        assert pushes.take(a_push("m-2", order_id="order-2")) is Outcome.UNKNOWN
        close()
        close()
        assert pushes.take(a_push("m-2")) is Outcome.UNKNOWN
        assert pushes.take(a_push("", order_id="order-1")) is Outcome.UNKNOWN
        assert pushes.take(a_push()) is Outcome.REPEATED
        assert woken_after == [0.0]

    @pytest.mark.parametrize("written", ["12015550100", "+1 201-555-0100", "0012015550100"])
    def test_numbers_in_any_writing(self, written: str) -> None:
        """An order's number is as its provider wrote it."""
        pushes = Pushes()
        pushes.open(Order("order-1", written, None, None, None, None, None, NOW), lambda seconds: None)
        assert pushes.take(a_push()) is Outcome.ACCEPTED

    def test_without_an_id_each_wakes(self) -> None:
        """Nothing tells two of them apart, and none is kept."""
        pushes, woken_after = Pushes(), list[float]()
        order = ScriptedProvider().order("wa", None, None)
        pushes.open(order, noted(woken_after))
        assert [pushes.take(a_push("")) for _ in range(2)] == [Outcome.ACCEPTED] * 2
        assert len(woken_after) == 2
        answer: Future[Messages] = Future()
        answer.set_result(Messages(OrderState.WAITING, ()))
        assert pushes.look(order, lambda: answer).result(0) == Messages(OrderState.WAITING, ())

    def test_plain_data(self) -> None:
        """Another process gets the same push as plain data, and no repr shows its text."""
        push = a_push(code="482913")
        assert PushedSms(**json.loads(json.dumps(push.plain()))) == push
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
        """While the provider is being asked and does not answer, a push is handed out at once."""
        asked, answer = threading.Event(), threading.Event()

        def hang() -> None:
            asked.set()
            answer.wait(60)

        scene.scripted.script("messages", hang)
        subscription = scene.provider.subscribe(scene.order, lambda seconds: None)
        with ThreadPoolExecutor(1) as thread:
            looking = thread.submit(scene.provider.messages, scene.order)
            assert asked.wait(30)
            scene.push(a_push())
            assert [sms.text for sms in looking.result(30).sms] == ["Your code is 482913"]
            assert not answer.is_set()
        answer.set()
        subscription()

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
        """A push wakes a wait on an event loop, which polls nothing meanwhile."""
        provider: Any = scene.provider
        number = OtpNumber(provider, scene.order)

        async def wait() -> str:
            waiting = asyncio.create_task(number.wait_code_async(60))
            await asyncio.sleep(0)
            await asyncio.to_thread(scene.push, a_push())
            return await waiting

        assert asyncio.run(wait()) == "482913"
        assert scene.looks() == 0

    def test_a_late_answer_is_kept(self, scene: Scene) -> None:
        """What a request shows that a push overtook is handed out with the next look."""
        asked, answer, over = threading.Event(), threading.Event(), threading.Event()

        def hang() -> None:
            asked.set()
            answer.wait(60)

        def poll() -> Messages:
            try:
                return scene.scripted.messages(scene.order)
            finally:
                over.set()

        scene.scripted.script("messages", hang)
        scene.pushes.open(scene.order, lambda seconds: None)
        request = begun(poll, "a test's request")
        looking = scene.pushes.look(scene.order, lambda: request)
        assert asked.wait(30)
        scene.push(a_push())
        assert len(looking.result(30).sms) == 1
        scene.scripted.receive("Your code is 111111")
        answer.set()
        assert over.wait(30)
        wait({request}, 30)
        scene.push(a_push("m-2", "Your code is 222222"))
        shown = scene.provider.messages(scene.order)
        assert [sms.text[-6:] for sms in shown.sms] == ["482913", "111111", "222222"]

    def test_what_is_behind_it_records(self, scene: Scene) -> None:
        """A provider that records states hears of a push, once, and one that closes elsewhere goes on doing so."""
        told: list[OrderState] = []

        class Recording(ScriptedProvider):
            def set_state(self, order: Order, state: OrderState) -> None:
                told.append(state)

            def hand_on(self, order: Order, *, received: bool, timeout: float) -> OrderState | None:
                return OrderState.FINISHED

            def count_wait(self, order: Order, seconds: float, codes: int) -> None: ...

        provider = Pushed(Recording(), scene.pushes)
        assert isinstance(provider, SupportsHandingOn)
        assert isinstance(provider, SupportsCounting)
        assert not isinstance(scene.provider, SupportsHandingOn)
        order = provider.wrapped.order("wa", None, None)
        number = OtpNumber(cast("Provider", provider), order)
        scene.push(a_push())
        assert number.wait_code(30) == "482913"
        scene.push(a_push("m-2"))
        assert number.wait_code(30) == "482913"
        assert told == [OrderState.RECEIVED]
        number.close()
        assert number.state == "finished"

    def test_an_offline_provider_stays_one(self) -> None:
        """What a class declares about itself holds with pushes too: no keeper for orders that cost nothing."""

        class Offline(ScriptedProvider):
            offline = True

        pushed: list[Any] = [Pushed(provider(), Pushes()) for provider in (Offline, ScriptedProvider)]
        assert [getattr(provider, "offline", False) for provider in pushed] == [True, False]


def test_500_numbers_at_once() -> None:
    """500 numbers that wait in one process, their messages posted in another order: each gets its own code."""
    scripted, pushes = ScriptedProvider(), Pushes()
    provider: Any = Pushed(scripted, pushes)
    numbers = [OtpNumber(provider, provider.order("wa", None, None)) for _ in range(500)]
    codes = {number.order_id: f"{100_000 + 7 * place}" for place, number in enumerate(numbers)}
    with (
        Server(Webhook(PUSH, Secret(TOKEN), VALUES, pushes.take)) as server,
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
                f"{server.url}{PUSH.path}{TOKEN}",
                {**content, "code": code, "clientId": CLIENT_ID, "activationId": number.order_id},
                timeout=60,
            )

        answers = list(posting.map(send, sorted(numbers, key=lambda number: codes[number.order_id][::-1])))
        assert answers == [DONE] * 500
        assert {number.order_id: code.result(60) for number, code in zip(numbers, got, strict=True)} == codes
