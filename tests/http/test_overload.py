"""More than the server can do: some wait, the others are told at once. Row 24."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.http.test_disconnect import Server, begun, stays


async def until_waiting(server: Server) -> None:
    while not server.state["context"].engine.gate.waiting:
        await asyncio.sleep(0)


@asynccontextmanager
async def crowded() -> AsyncIterator[tuple[Server, asyncio.Future[list[list[int]]]]]:
    """A server of one place where one picture is made and one waits."""
    async with Server(in_flight=1, waiting=1, waiting_s=30) as server:
        first = asyncio.ensure_future(server.get(stays))
        await begun(server.source)
        second = asyncio.ensure_future(server.get(stays, "/tiles/sea/sst/2/1/1"))
        await until_waiting(server)
        yield server, asyncio.gather(first, second)


def test_beyond_the_queue_is_503_at_once() -> None:
    """One is made, one waits, the third is refused; then both get their pictures."""

    async def run() -> None:
        async with crowded() as (server, both):
            since = time.monotonic()
            assert await server.get(stays, "/tiles/sea/sst/2/2/1") == [503]
            assert time.monotonic() - since < 1
            server.source.let.set()
            assert await both == [[200], [200]]

    asyncio.run(run())


def test_who_waits_too_long_is_told() -> None:
    """503 after the time that a picture may wait; its place is free again."""

    async def run() -> None:
        async with Server(in_flight=1, waiting=1, waiting_s=0.05) as server:
            first = asyncio.ensure_future(server.get(stays))
            await begun(server.source)
            for _ in range(2):
                assert await server.get(stays, "/tiles/sea/sst/2/1/1") == [503]
            server.source.let.set()
            assert await first == [200]
            assert await server.get(stays, "/tiles/sea/sst/2/1/1") == [200]

    asyncio.run(run())


def test_equal_requests_take_one_place() -> None:
    """They coalesce before the gate."""

    async def run() -> None:
        async with Server(in_flight=1, waiting=0) as server:
            equal = [asyncio.ensure_future(server.get(stays)) for _ in range(10)]
            await begun(server.source)
            server.source.let.set()
            assert await asyncio.gather(*equal) == [[200]] * 10
            assert server.source.begun == 1

    asyncio.run(run())


def test_kept_pictures_need_no_place() -> None:
    """While everything is busy, what is kept is answered."""

    async def run() -> None:
        async with Server(in_flight=1, waiting=0) as server:
            server.source.let.set()
            assert await server.get(stays) == [200]
            server.source.let.clear()
            server.source.begun = 0
            slow = asyncio.ensure_future(server.get(stays, "/tiles/sea/sst/2/1/1"))
            await begun(server.source)
            assert await server.get(stays) == [200]
            assert await server.get(stays, "/healthz") == [200]
            server.source.let.set()
            assert await slow == [200]

    asyncio.run(run())


def test_picture_that_takes_too_long_is_504() -> None:
    """Its reading is dropped, and the next one is made as if nothing had been."""

    async def run() -> None:
        async with Server(tile_timeout_s=0.05) as server:
            assert await server.get(stays) == [504]
            assert (server.source.begun, server.source.dropped) == (1, 1)
            server.source.let.set()
            assert await server.get(stays) == [200]

    asyncio.run(run())


def test_series_are_queued_too() -> None:
    """Apart from pictures, which go on."""

    async def run() -> None:
        series = "/timeseries/sea/sst"
        async with Server(in_flight=1, waiting=0) as server:
            first = asyncio.ensure_future(server.get(stays, series, b"lon=1&lat=1"))
            await begun(server.source)
            assert await server.get(stays, series, b"lon=2&lat=1") == [503]
            server.source.let.set()
            assert await first == [200]

    asyncio.run(run())


def test_refused_before_the_router() -> None:
    """A tile that would find no place costs next to nothing, unless it is being made already."""

    async def run() -> None:
        async with crowded() as (server, both):
            gate = server.state["context"].engine.gate
            assert await server.get(stays, "/tiles/sea/sst/2/2/1") == [503]
            equal = asyncio.ensure_future(server.get(stays, "/tiles/sea/sst/2/1/1"))
            await asyncio.sleep(0.01)
            assert (gate.waiting, gate.refused) == (1, 1)
            server.source.let.set()
            assert [*await both, await equal] == [[200]] * 3

    asyncio.run(run())


def test_numbers_that_take_too_long_are_504() -> None:
    """A series of a store that hangs gives its place back at the deadline."""

    async def run() -> None:
        series = "/timeseries/sea/sst"
        async with Server(in_flight=1, waiting=0, answer_timeout_s=0.05) as server:
            assert await server.get(stays, series, b"lon=1&lat=1") == [504]
            assert server.source.begun == server.source.dropped > 0
            server.source.let.set()
            assert await server.get(stays, series, b"lon=2&lat=1") == [200]

    asyncio.run(run())
