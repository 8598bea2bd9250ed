"""The HTTP client over real loopback sockets: what it sends again, and when it gives up."""

from __future__ import annotations

import email.utils
import re
import socket
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from urllib3.util import connection

from pytest_otp.errors import (
    AuthenticationError,
    NumberUnavailable,
    OrderUncertain,
    OtpError,
    ProviderUnavailable,
)
from pytest_otp.providers.answers import JsonResponse
from pytest_otp.providers.base import Repeat
from pytest_otp.providers.deadline import time_limit
from pytest_otp.providers.http import ATTEMPTS
from tests.providers.clients import NO_ANSWERS, OK, PAGE, Client, failure
from tests.servers import (
    Asked,
    Hang,
    Reply,
    WireServer,
    closed_port,
    deaf_port,
    drip,
    drip_chunk_size,
    drip_headers,
    drop,
    reply,
    reset,
    stall,
)


class TestRepeating:
    """Which failures are followed by another try."""

    @pytest.mark.parametrize("bad", [reset, drop, reply(PAGE, 502), reply(PAGE), reply("", 408), reply("", 425)])
    def test_a_read_is_asked_again(self, client: Client, bad: Reply) -> None:
        """Each passing failure costs a pause, not the answer."""
        with WireServer(bad, bad, OK) as server:
            assert client.get(server.url).data == {"fine": True}
        assert len(server.asked) == 3
        assert len(client.pauses) == 2

    def test_a_read_is_given_up_after_three_tries(self, client: Client) -> None:
        """The last failure is told."""
        with WireServer(reset, reset, reply("last", 500), OK) as server:
            error = failure(client, server.url)
        assert "'last'" in error.message
        assert len(server.asked) == ATTEMPTS == 3

    def test_pauses_grow_and_differ(self, client: Client) -> None:
        """Around 0.4 and 0.8 s, so that many clients do not come back at once."""
        with WireServer(reply("", 500)) as server:
            for _ in range(20):
                failure(client, server.url)
        first, second = client.pauses[::2], client.pauses[1::2]
        assert all(0.3 <= pause <= 0.5 for pause in first)
        assert all(0.6 <= pause <= 1.0 for pause in second)
        assert len(set(first)) > 10

    @pytest.mark.parametrize("bad", [reset, reply(PAGE, 502), reply("", 429)])
    def test_a_call_inside_a_loop_is_asked_once(self, client: Client, bad: Reply) -> None:
        """NEVER means never."""
        with WireServer(bad, OK) as server:
            failure(client, server.url, Repeat.NEVER)
        assert (len(server.asked), client.pauses) == (1, [])

    @pytest.mark.parametrize("status", [400, 402, 404, 405, 410, 415])
    def test_what_cannot_change_is_not_asked_again(self, client: Client, status: int) -> None:
        """A 4xx page will be the same next time."""
        with WireServer(reply(PAGE, status)) as server:
            failure(client, server.url)
        assert len(server.asked) == 1

    def test_retry_after_in_seconds(self, client: Client) -> None:
        """A server that asks for three seconds gets them."""
        with WireServer(reply("", 429, headers={"Retry-After": "3"}), OK) as server:
            client.get(server.url)
        assert client.pauses == [3.0]

    def test_retry_after_as_a_date(self, client: Client) -> None:
        """A date is turned into seconds from now."""
        when = email.utils.format_datetime(datetime.now(timezone.utc) + timedelta(seconds=5), usegmt=True)
        with WireServer(reply("", 503, headers={"retry-after": when}), OK) as server:
            client.get(server.url)
        assert 3 <= client.pauses[0] <= 5

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "soon",
            "-3",
            "1.5",
            "\xb2",
            "Wed, 99 Foo 2026",
            f"1 Jan {'9' * 30} 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
        ],
    )
    def test_retry_after_that_says_nothing(self, client: Client, value: str) -> None:
        """An unreadable or past Retry-After is as none."""
        header = f"HTTP/1.1 429 No\r\nRetry-After: {value}\r\nContent-Length: 0\r\n\r\n".encode("latin-1")
        with WireServer(header, OK) as server:
            client.get(server.url)
        assert client.pauses[0] <= 0.5

    def test_retry_after_that_is_too_long(self, client: Client) -> None:
        """Nobody waits an hour inside a call: the error tells how long the server wants to be left alone."""
        with WireServer(reply("", 429, headers={"Retry-After": "3600"}), OK) as server:
            error = failure(client, server.url)
        assert isinstance(error, ProviderUnavailable)
        assert (error.retry_after, len(server.asked), client.pauses) == (3600.0, 1, [])

    def test_what_the_provider_says_of_itself_is_asked_again(self, client: Client) -> None:
        """A check that finds a passing failure in a good object is part of the try."""

        def check(answer: JsonResponse) -> None:
            if answer.data["error"] == 2:
                raise answer.failed("error 2")
            if answer.data["error"] == 1:
                raise NumberUnavailable("none")

        with WireServer(reply({"error": 2}), reply({"error": 2}), reply({"error": 0})) as server:
            assert client.http.get(server.url, {}, check=check).data == {"error": 0}
        with WireServer(reply({"error": 1})) as server, pytest.raises(NumberUnavailable):
            client.http.get(server.url, {}, check=check)
        assert len(server.asked) == 1


UNCERTAIN = [case for case in NO_ANSWERS if case not in ("429", "429 in json", "403 html")]


class TestOrders:
    """A request that may rent a number."""

    @pytest.mark.parametrize("case", UNCERTAIN)
    def test_a_lost_answer_is_uncertain_after_one_request(self, client: Client, case: str) -> None:
        """Whatever comes in place of an answer, the order is sent exactly once, and a number may be rented."""
        with WireServer(NO_ANSWERS[case][0]) as server:
            error = failure(client, server.url, Repeat.UNSENT)
        assert isinstance(error, OrderUncertain)
        assert error.message.startswith("the order was sent, but its outcome is unknown: ")
        assert (error.provider, len(server.asked), client.pauses) == ("acme", 1, [])

    def test_a_stalled_answer_is_uncertain_after_one_request(self) -> None:
        """A time-out after sending is no reason to send again."""
        with WireServer(stall) as server:
            error = failure(Client(order=0.5), server.url, Repeat.UNSENT)
        assert isinstance(error, OrderUncertain)
        assert error.message == "the order was sent, but its outcome is unknown: no response within 0.5 s"
        assert len(server.asked) == 1

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (reply("", 401), AuthenticationError),
            (reply("nope", 403), AuthenticationError),
            (reply("<h1>Forbidden</h1>", 403), ProviderUnavailable),
            (reply("error code: 1010", 403), ProviderUnavailable),
            (reply("", 429, headers={"Retry-After": "1"}), ProviderUnavailable),
            (reply({"msg": "slow down"}, 429), ProviderUnavailable),
        ],
    )
    def test_a_certain_no_is_one(self, client: Client, answer: Reply, kind: type[OtpError]) -> None:
        """401, 403 and 429 rent nothing; they are told as what they are, and not repeated."""
        with WireServer(answer) as server:
            error = failure(client, server.url, Repeat.UNSENT)
        assert type(error) is kind
        assert len(server.asked) == 1

    def test_a_check_that_fails_is_uncertain(self, client: Client) -> None:
        """A failure of the provider's own leaves the order in doubt, after one request."""

        def check(answer: JsonResponse) -> None:
            raise answer.failed("error 2")

        with WireServer(reply({"error": 2})) as server, pytest.raises(OrderUncertain):
            client.http.get(server.url, {}, repeat=Repeat.UNSENT, check=check)
        assert len(server.asked) == 1

    def test_a_refused_connection_is_tried_again(self, client: Client) -> None:
        """What nobody took in cannot have rented anything."""
        error = failure(client, f"http://127.0.0.1:{closed_port()}/", Repeat.UNSENT)
        assert isinstance(error, ProviderUnavailable)
        assert re.fullmatch(r"could not connect \(NewConnectionError: .*Connection refused\)", error.message)
        assert (error.sent, len(client.pauses)) == (False, ATTEMPTS - 1)

    def test_a_name_that_does_not_resolve_is_tried_again(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an address nothing was sent."""

        def nowhere(*_: object, **__: object) -> None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        monkeypatch.setattr(socket, "getaddrinfo", nowhere)
        error = failure(client, "https://sms.test/", Repeat.UNSENT)
        assert isinstance(error, ProviderUnavailable)
        assert re.fullmatch(
            r"could not connect \((NameResolutionError|NewConnectionError): .*Name or service not known\)+",
            error.message,
        )
        assert (error.sent, len(client.pauses)) == (False, ATTEMPTS - 1)

    def test_a_connect_time_out_is_tried_again(self) -> None:
        """A server that cannot be reached in time has not got the request."""
        client = Client(connect=0.05)
        with deaf_port() as port:
            error = failure(client, f"http://127.0.0.1:{port}/", Repeat.UNSENT)
        assert isinstance(error, ProviderUnavailable)
        assert error.message == "could not connect within 0.05 s"
        assert (error.sent, len(client.pauses)) == (False, ATTEMPTS - 1)

    def test_a_server_that_comes_up_gets_it_once(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between two tries the server comes up: the order is placed, once."""
        with WireServer(OK) as server:
            real, late = connection.create_connection, [1]

            def refused_once(*args: Any, **kwargs: Any) -> socket.socket:
                if late:
                    late.pop()
                    raise ConnectionRefusedError(111, "Connection refused")
                return real(*args, **kwargs)

            monkeypatch.setattr(connection, "create_connection", refused_once)
            assert client.get(server.url, Repeat.UNSENT).data == {"fine": True}
        assert len(server.asked) == 1

    def test_a_server_without_tls_is_in_doubt(self, client: Client) -> None:
        """Where the handshake fails on something that is no certificate, we cannot tell."""
        with WireServer(OK) as server:
            error = failure(client, f"https://127.0.0.1:{server.port}/", Repeat.UNSENT)
        assert isinstance(error, OrderUncertain)
        assert re.search(r"the connection failed \(SSL\w*Error: ", error.message)


class TestTimeLimit:
    """Everything inside a limit ends with it."""

    @pytest.mark.parametrize(
        ("bad", "repeat"),
        [
            *((stall, repeat) for repeat in Repeat),
            *((bad, Repeat.ALWAYS) for bad in (drip, drip_headers, drip_chunk_size)),
        ],
    )
    def test_a_slow_server_ends_with_it(self, client: Client, bad: Reply, repeat: Repeat) -> None:
        """A server that sends nothing, or a byte now and then, holds the call no longer, and is not tried again."""
        with WireServer(bad) as server, time_limit(0.5):
            error = failure(client, server.url, repeat)
        assert re.search(r"no response within 0\.\d+ s$", error.message)
        assert len(server.asked) == 1

    def test_a_body_that_stops_ends_with_it(self, client: Client) -> None:
        """The limit holds for the rest of a body, however late it began."""

        def late(asked: Asked, hang: Hang) -> None:
            hang.wait(0.2)
            hang.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            hang.wait()

        with WireServer(late) as server, time_limit(0.5):
            error = failure(client, server.url, Repeat.NEVER)
        assert error.message.startswith("no response within 0.")

    def test_a_drip_ends_without_a_limit_too(self) -> None:
        """The read time-out is for the whole body, not for each byte; before urllib3 2.1, both are."""
        with WireServer(drip) as server:
            error = failure(Client(connect=0.5, read=0.5), server.url, Repeat.NEVER)
        assert error.message in ("no response within 0.5 s", "no response within 1 s")

    def test_a_connection_is_as_patient_as_before_afterwards(self, client: Client) -> None:
        """What a hurried call told the socket does not outlive it."""

        def answer(asked: Asked) -> Reply:
            if "slow" not in asked.target:
                return OK
            time.sleep(1.1)
            return OK

        with WireServer(by=answer) as server:
            with time_limit(1.0):
                client.get(server.url)
            client.get(f"{server.url}/slow", Repeat.NEVER)
        assert server.connections == 1

    def test_no_time_is_no_request(self, client: Client) -> None:
        """A limit that is over sends nothing, not even an order, and says that it was not sent."""
        with WireServer(OK) as server, time_limit(0):
            for repeat in Repeat:
                error = failure(client, server.url, repeat)
                assert isinstance(error, ProviderUnavailable)
                assert (error.message, error.sent) == ("no time was left to send the request", False)
        assert (server.asked, client.pauses) == ([], [])

    def test_a_pause_that_would_outlast_it_is_not_begun(self, client: Client) -> None:
        """With less time left than the pause takes, the failure is told at once."""
        with WireServer(reply("", 429, headers={"Retry-After": "2"})) as server, time_limit(1.5):
            failure(client, server.url)
        assert (len(server.asked), client.pauses) == (1, [])
