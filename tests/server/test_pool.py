"""The pool of connections: how many there may be, and which make room for others."""

from __future__ import annotations

import resource
import socket
from collections.abc import Callable, Iterator

import pytest

from pytest_otp.server.pool import Connection, Pool, Stage, most_connections
from tests.scripted import Time

Admit = Callable[[Stage], Connection]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pool(time: Time) -> Pool:
    return Pool(lambda: 3, clock=time)


@pytest.fixture
def admit(pool: Pool) -> Iterator[Admit]:
    """A function that opens a connection and has its client come as far as that."""
    sockets: list[socket.socket] = []

    def accept() -> tuple[socket.socket, object]:
        sockets.extend(socket.socketpair())
        return sockets[-1], ""

    def admitted(stage: Stage) -> Connection:
        connection = pool.admit(accept)
        assert connection is not None
        if stage is not Stage.SILENT:
            connection.reached(stage)
            connection.waited()
        return connection

    yield admitted
    for each in sockets:
        each.close()


def none() -> tuple[socket.socket, object]:
    raise AssertionError("nothing may be accepted")


def displaced(pool: Pool) -> list[Connection]:
    """Which connections are chosen, each when the one before has gone."""
    chosen = []
    while (victim := pool.displace()) is not None:
        victim.closed()
        chosen.append(victim)
    return chosen


@pytest.mark.parametrize(
    ("files", "connections"), [(1_048_576, 256), (1024, 256), (256, 64), (2, 1), (resource.RLIM_INFINITY, 256)]
)
def test_the_cap_is_256_or_a_quarter_of_the_file_descriptors(
    files: int, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smaller of both counts, and at least one connection is possible."""
    monkeypatch.setattr(resource, "getrlimit", lambda which: (files, files))
    assert most_connections() == connections


def test_at_the_cap_nothing_is_accepted(pool: Pool, admit: Admit) -> None:
    """The fourth of three is not accepted until one has been closed, of which is told once."""
    told: list[str] = []
    first, *_ = [admit(Stage.BEGUN) for _ in range(3)]
    assert pool.admit(none) is None
    pool.notify(lambda: told.append("closed"))
    first.closed()
    first.closed()
    assert told == ["closed"]
    admit(Stage.SILENT)


def test_who_never_sent_a_request_goes_first(pool: Pool, admit: Admit, time: Time) -> None:
    """Silent clients go before those that sent a part, these before idle ones; of a kind, the longest waited for."""
    idle, part = admit(Stage.ASKED), admit(Stage.BEGUN)
    time.now += 1
    silent = admit(Stage.SILENT)
    time.now += 10
    assert displaced(pool) == [silent, part, idle]


def test_of_idle_clients_the_longest_idle_goes(pool: Pool, admit: Admit, time: Time) -> None:
    """What counts is since when the client is waited for, not when it came."""
    first, second = admit(Stage.ASKED), admit(Stage.ASKED)
    time.now += 2
    first.waited()
    time.now += 10
    assert displaced(pool) == [second, first]


def test_who_is_served_stays(pool: Pool, admit: Admit, time: Time) -> None:
    """A request that is being answered is not cut off, nor a client of which something was heard within 5 s."""
    answering, heard = admit(Stage.ASKED), admit(Stage.ASKED)
    answering.reached(Stage.ASKED)
    time.now += 3600
    heard.waited()
    time.now += 5
    assert pool.displace() is None
    time.now += 0.1
    assert pool.displace() is heard


def test_everyone_has_a_moment_to_begin(pool: Pool, admit: Admit, time: Time) -> None:
    """A client that has just connected is not taken for a stranger, nor one that pauses for less than a second."""
    admit(Stage.BEGUN)
    time.now += 0.9
    admit(Stage.SILENT)
    time.now += 0.009
    assert pool.displace() is None


def test_who_must_leave_counts_until_it_has_left(pool: Pool, admit: Admit, time: Time) -> None:
    """A connection that was chosen still counts, and no other one is chosen meanwhile."""
    silent, begun = admit(Stage.SILENT), admit(Stage.BEGUN)
    admit(Stage.BEGUN)
    time.now += 60
    assert pool.displace() is silent
    silent.reached(Stage.BEGUN)
    assert pool.admit(none) is None
    assert pool.displace() is None
    silent.closed()
    assert pool.displace() is begun


def test_who_asks_at_the_last_moment_stays(pool: Pool, admit: Admit, time: Time) -> None:
    """Where a request came after all, it is answered, and another connection may be chosen."""
    silent, begun = admit(Stage.SILENT), admit(Stage.BEGUN)
    time.now += 60
    assert pool.displace() is silent
    silent.reached(Stage.ASKED)
    assert pool.displace() is begun


def test_a_forked_child_starts_anew(pool: Pool, admit: Admit) -> None:
    """The connections of the parent do not count in a forked child."""
    for _ in range(3):
        admit(Stage.BEGUN)
    pool.forget()
    admit(Stage.SILENT)


def test_a_late_client_is_not_read_from(admit: Admit, time: Time) -> None:
    """The time for all of a head is over for a client that has sent a part, whenever it sent that."""
    connection = admit(Stage.BEGUN)
    connection.expect(10)
    time.now += 9
    assert connection.time_left == 1
    time.now += 1
    with pytest.raises(TimeoutError, match="the client is too slow"):
        connection.peek()
