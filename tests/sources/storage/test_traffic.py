"""A storage's limits hold for all who share it; late reads are sent a second time, few times."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from math import inf

import pytest

from tileserver.errors import SourceUnavailable
from tileserver.sources.storage.traffic import FEWEST, SLACK_S, Durations, Traffic

DATA = memoryview(b"0123456789")
Send = Callable[[], Awaitable[memoryview]]


def test_late_is_what_takes_longer_than_most() -> None:
    """Some time after the 95th percentile of the last 256; too few say nothing."""
    durations = Durations()
    for _ in range(FEWEST - 1):
        durations.add(5.0)
    assert durations.late_s == inf
    for number in range(256, 0, -1):
        durations.add(number / 100)
    assert durations.late_s == pytest.approx(2.44 + SLACK_S)


def test_some_that_stall_do_not_change_what_is_late() -> None:
    """Where a few stall others are late as before; where all are slow they are not."""
    durations = Durations()
    for number in range(1000):
        durations.add(10.0 if number % 25 == 24 else 0.03)
    assert durations.late_s == pytest.approx(0.03 + SLACK_S)
    for _ in range(500):
        durations.add(0.3)
    assert durations.late_s == pytest.approx(0.3 + SLACK_S)


async def prompt() -> memoryview:
    await asyncio.sleep(0)
    return DATA


async def accustomed(traffic: Traffic) -> None:
    """Let the traffic know how long reads take."""
    for _ in range(FEWEST):
        await traffic.read(prompt, nbytes=10)


class Stalling:
    """Reads that never answer at their first sendings; the second answers."""

    def __init__(self) -> None:
        self.sent = self.ended = 0

    async def send(self) -> memoryview:
        self.sent += 1
        if self.sent % 2 == 0:
            return DATA
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.ended += 1
            raise
        raise AssertionError


def test_connections_are_shared():
    """Never more than the limit are under way, whoever asks, and each has its turn."""

    async def run() -> None:
        traffic = Traffic(connections=3)
        under_way: list[int] = []
        now = 0

        async def send() -> memoryview:
            nonlocal now
            now += 1
            under_way.append(now)
            await asyncio.sleep(0.001)
            now -= 1
            return DATA

        await asyncio.gather(*(traffic.read(send) for _ in range(20)))
        assert (max(under_way), len(under_way)) == (3, 20)
        assert (traffic.requests, traffic.bytes, traffic.errors) == (20, 200, 0)

    asyncio.run(run())


def test_who_waits_too_long_for_a_turn_is_told():
    """The wait for a connection ends with an error, and leaves no place taken."""

    async def run() -> None:
        traffic = Traffic(connections=1, timeout_s=0.02)
        release = asyncio.Event()

        async def send() -> memoryview:
            await release.wait()
            return DATA

        first = asyncio.ensure_future(traffic.read(send))
        await asyncio.sleep(0)
        with pytest.raises(SourceUnavailable, match="limits"):
            await traffic.read(send)
        release.set()
        assert await first == DATA
        assert await traffic.read(send) == DATA

    asyncio.run(run())


def test_requests_beyond_the_rate_are_refused_at_once():
    """Who would wait longer than the time allowed is told so now, without a wait."""

    async def run() -> None:
        traffic = Traffic(requests_per_minute=2, timeout_s=5)
        await traffic.read(prompt)
        await traffic.ask(prompt)
        begun = time.monotonic()
        with pytest.raises(SourceUnavailable, match="limits"):
            await traffic.read(prompt)
        assert time.monotonic() - begun < 1
        assert traffic.requests == 2

    asyncio.run(run())


def test_bytes_beyond_the_rate_wait():
    """What is read comes no faster than allowed, whether its size is known before or not."""

    async def run() -> None:
        for known in (10, 0):
            traffic = Traffic(bytes_per_s=100.0, timeout_s=0.05)
            for _ in range(10):
                await traffic.read(prompt, nbytes=known)
            reads = (traffic.read(prompt, nbytes=known) for _ in range(20))
            found = await asyncio.gather(*reads, return_exceptions=True)
            refused = [each for each in found if isinstance(each, SourceUnavailable)]
            assert len(refused) >= (19 if known else 0)
            with pytest.raises(SourceUnavailable, match="limits"):
                await traffic.read(prompt, nbytes=known)

    asyncio.run(run())


def test_late_read_is_sent_again():
    """The first answer counts; the read that is late is ended."""

    async def run() -> None:
        traffic, stalling = Traffic(), Stalling()
        await accustomed(traffic)
        assert await traffic.read(stalling.send, nbytes=10) == DATA
        await asyncio.sleep(0)
        assert (stalling.sent, stalling.ended, traffic.hedges) == (2, 1, 1)

    asyncio.run(run())


def test_without_hedging_a_late_read_stays_late():
    """On local disk nothing is sent twice; nor while it is not known what late is."""

    async def run() -> None:
        disk = Traffic(hedging=False)
        await accustomed(disk)
        for traffic in (disk, Traffic()):
            stalling = Stalling()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(traffic.read(stalling.send, nbytes=10), 0.1)
            assert (stalling.sent, traffic.hedges) == (1, 0)

    asyncio.run(run())


def test_few_reads_are_hedged():
    """Where all reads are late no more than a tenth is sent twice, but for what was saved up."""

    async def run() -> None:
        traffic = Traffic(connections=1000)
        await accustomed(traffic)

        async def late() -> memoryview:
            await asyncio.sleep(0.1)
            return DATA

        await asyncio.gather(*(traffic.read(late, nbytes=10) for _ in range(200)))
        assert 1 <= traffic.hedges <= 8 + 20

    asyncio.run(run())


def test_large_reads_are_not_late_by_small_ones():
    """A read is late by what its like take, not because small ones are quick."""

    async def run() -> None:
        traffic = Traffic()
        await accustomed(traffic)

        async def large() -> memoryview:
            await asyncio.sleep(0.1)
            return DATA

        await traffic.read(large, nbytes=5_000_000)
        assert traffic.hedges == 0

    asyncio.run(run())


def test_second_answer_counts_where_the_first_fails():
    """One read that fails late does not take the other with it; if both fail that is told."""

    async def run() -> None:
        traffic = Traffic()
        await accustomed(traffic)
        number = 0

        async def first_fails() -> memoryview:
            nonlocal number
            number += 1
            if number == 1:
                await asyncio.sleep(0.03)
                raise OSError("reset")
            await asyncio.sleep(0.03)
            return DATA

        async def fails() -> memoryview:
            await asyncio.sleep(0.03)
            raise OSError("reset")

        assert await traffic.read(first_fails, nbytes=10) == DATA
        with pytest.raises(OSError, match="reset"):
            await traffic.read(fails, nbytes=10)
        assert traffic.errors >= 2

    asyncio.run(run())


def test_cancelled_read_frees_its_place():
    """Nothing goes on that nobody waits for, be it sent once or twice."""

    async def run() -> None:
        traffic = Traffic(connections=2, timeout_s=0.5)
        await accustomed(traffic)
        ended = 0

        async def forever() -> memoryview:
            nonlocal ended
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended += 1
                raise
            return DATA

        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(traffic.read(forever, nbytes=10), 0.05)
        await asyncio.sleep(0)
        assert ended == 3 + traffic.hedges
        assert await asyncio.gather(*(traffic.read(prompt) for _ in range(4))) == [DATA] * 4

    asyncio.run(run())
