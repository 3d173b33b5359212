"""More requests than the event loop can take: some are refused by the connection itself."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from math import inf

import pytest

from tests.http.test_connection import Server, get, parsed, rest, soon
from tileserver.http.connection import CROWDED
from tileserver.http.crowd import ConnectionLimits
from tileserver.http.shedding import Shedder


def offer(shedder: Shedder, requests: int, late_s: float) -> int:
    """How many of the requests of one beat are passed on."""
    passed = sum(not shedder.sheds() for _ in range(requests))
    shedder.beat(late_s)
    return passed


@pytest.fixture
def shedder() -> Shedder:
    shedder = Shedder()
    shedder._is_beating = True  # by hand
    return shedder


def test_loop_in_time_passes_all(shedder: Shedder) -> None:
    """However many come."""
    assert {offer(shedder, 10_000, 0.002) for _ in range(100)} == {10_000}


def test_few_requests_are_passed_on_a_late_loop(shedder: Shedder) -> None:
    """They cannot be what makes it late: a machine that does much else is no reason."""
    assert {offer(shedder, 4, 0.5) for _ in range(100)} == {4}


@dataclass
class Model:
    """A loop that takes five requests a millisecond, and sheds a hundred.

    What comes while it is busy is its next turn's. `rate` is in requests a millisecond.
    """

    shedder: Shedder
    late_ms: float = 0.0
    came: int = 0
    passed: int = 0
    lateness: list[float] = field(default_factory=list)

    def run(self, rate: float, beats: int, stall_ms: float = 0.0) -> None:
        for _ in range(beats):
            turn_ms = 20 + self.late_ms
            came = int(rate * turn_ms)
            passed = sum(not self.shedder.sheds() for _ in range(came))
            busy_ms = passed / 5 + (came - passed) / 100 + stall_ms
            self.late_ms, stall_ms = max(0.0, busy_ms - 20), 0.0
            self.shedder.beat(self.late_ms / 1000)
            self.came, self.passed = self.came + came, self.passed + passed
            self.lateness.append(self.late_ms)


def test_one_long_turn_is_no_reason(shedder: Shedder) -> None:
    """A collection of garbage that takes a tenth of a second, every two seconds, on a loop that is
    busy for half of its time: next to nothing is shed."""
    model = Model(shedder)
    for _ in range(20):
        model.run(2.5, 1, stall_ms=100)
        model.run(2.5, 100)
    assert model.passed > 0.97 * model.came


@pytest.mark.parametrize("rate", [7, 15, 40])
def test_late_loop_passes_fewer_until_it_is_in_time(shedder: Shedder, rate: float) -> None:
    """Of more than can be done the larger part of what can be is done, and the loop is in time."""
    model = Model(shedder)
    model.run(rate, 100)
    model.lateness.clear()
    passed, beats = model.passed, 3000
    model.run(rate, beats)
    possible = (100 - rate * 20 / 20) * beats
    assert 0.5 * possible < model.passed - passed < 1.2 * possible
    assert sorted(model.lateness)[beats * 95 // 100] < 20
    assert max(model.lateness) < 100


def test_all_are_passed_again_when_it_is_over(shedder: Shedder) -> None:
    """Within a beat or a few, once less comes."""
    for _ in range(50):
        offer(shedder, 100, 0.1)
    assert shedder.bound < 2
    for _ in range(12):
        offer(shedder, 2, 0.0)
    assert shedder.bound == inf


@pytest.mark.paced
def test_busy_server_answers_its_probes() -> None:
    """A hundred connections that ask for what keeps the loop busy: most get 503, soon, by the
    connection itself; /healthz is answered within a tenth of a second, and afterwards all is."""

    class Busy(Server):
        async def app(self, scope, receive, send):
            if scope["path"] == "/busy":
                time.sleep(0.002)
            await super().app(scope, receive, send)

    async def ask(port: int, path: str, until: float, seen: list[tuple[int, float]]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.monotonic() < until:
            began = time.monotonic()
            writer.write(get(path))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split(b"\r")[0]))
            seen.append((int(head[9:12]), time.monotonic() - began))
            await asyncio.sleep(0.005)
        writer.close()

    async def load(port: int) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        busy, probes = [], []
        until = time.monotonic() + 2.0
        await asyncio.gather(
            ask(port, "/healthz", until, probes),
            *(ask(port, "/busy", until, busy) for _ in range(100)),
        )
        return busy, probes

    with Busy(ConnectionLimits()) as server:
        busy, probes = asyncio.run(load(server.port))
        assert set(Counter(status for status, _ in busy)) == {200, 503}
        assert {status for status, _ in probes} == {200}
        probes.sort(key=lambda each: each[1])
        assert probes[len(probes) * 9 // 10][1] < 0.1
        time.sleep(0.5)
        with server.connect() as client:
            client.sendall(get("/busy") * 5 + get("/busy", "connection: close"))
            assert rest(client).count(b"HTTP/1.1 200") == 6
        assert server.crowd.shedder.shed > 100


def test_what_is_shed_is_answered_in_full() -> None:
    """A problem document with when to come again, HEAD without it, on a connection that stays or
    is closed as it was asked; POST and probes are passed on."""
    with Server(ConnectionLimits()) as server:
        others = [server.connect() for _ in range(CROWDED)]
        assert soon(lambda: len(server.crowd.members) == CROWDED)
        shedder = server.crowd.shedder
        shedder._is_beating, shedder.bound = True, 0.0
        with server.connect() as client:
            client.sendall(get("/a"))
            status, body = parsed(client.recv(10_000))
            assert (status, b"too many requests" in body) == (503, True)
            client.sendall(get("/b").replace(b"GET", b"HEAD"))
            head = client.recv(10_000)
            assert b"retry-after: " in head
            assert head.endswith(b"\r\n\r\n")
            client.sendall(get("/x/healthz?y") + b"POST /c HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            while server.seen != ["/x/healthz", "/c"]:
                time.sleep(0.001)
            assert client.recv(10_000).startswith(b"HTTP/1.1 200")
        with server.connect() as client:
            client.sendall(get("/d", "connection: close"))
            assert b"connection: close" in rest(client)
        for each in others:
            each.close()
        assert soon(lambda: not server.crowd.members)
        with server.connect() as client:  # one of few is heard
            client.sendall(get("/e", "connection: close"))
            assert rest(client).startswith(b"HTTP/1.1 200")
    assert server.seen == ["/x/healthz", "/c", "/e"]
