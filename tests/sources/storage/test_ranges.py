"""Ranges that are asked for together cost few requests, and nobody pays for another."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.errors import SourceError
from tileserver.sources.storage.ranges import (
    LARGEST_GAP_BYTES,
    LARGEST_REQUEST_BYTES,
    Batch,
    Wanted,
    grouped,
)

CONTENT = bytes(range(256)) * 4096


class Objects:
    """One object of a mebibyte, its requests logged; they wait while it is not open."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int, int]] = []
        self.ended: list[str] = []
        self.open = asyncio.Event()
        self.open.set()

    async def send(self, key: str, start: int, stop: int) -> memoryview | None:
        self.log.append((key, start, stop))
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        if key == "denied":
            raise SourceError("access denied")
        return None if key == "gone" else memoryview(CONTENT)[start:stop]


def test_neighbours_are_one_request():
    """Ranges asked for in one turn go out as one where they lie near each other."""

    async def run() -> None:
        objects = Objects()
        batch = Batch(objects.send)
        ranges = [(10, 20), (300, 310), (15, 40), (500_000, 500_001)]
        found = await asyncio.gather(*(batch.get("a", *each) for each in ranges))
        assert found == [CONTENT[start:stop] for start, stop in ranges]
        assert objects.log == [("a", 10, 310), ("a", 500_000, 500_001)]

    asyncio.run(run())


def test_tasks_of_one_turn_share_a_request():
    """So do those that different tasks ask for; a later turn is another request."""

    async def run() -> None:
        objects = Objects()
        batch = Batch(objects.send)

        async def ask(start: int) -> memoryview | None:
            return await batch.get("a", start, start + 4)

        await asyncio.gather(*map(ask, (0, 8, 16)))
        await ask(24)
        assert objects.log == [("a", 0, 20), ("a", 24, 28)]

    asyncio.run(run())


SIZES = st.integers(0, 3 * LARGEST_REQUEST_BYTES)


@given(st.lists(st.tuples(SIZES, st.integers(1, LARGEST_REQUEST_BYTES)), min_size=1))
def test_groups_cover_their_parts_and_keep_the_limits(spans: list[tuple[int, int]]) -> None:
    """Every range lies in one group; none is larger than allowed, or spans a larger gap."""
    future = asyncio.Future(loop=asyncio.new_event_loop())
    wanted = [Wanted(start, start + length, future) for start, length in spans]
    groups = grouped(wanted)
    assert sorted(id(p) for g in groups for p in g.parts) == sorted(map(id, wanted))
    for group in groups:
        assert group.stop - group.start <= LARGEST_REQUEST_BYTES
        assert group.start == min(p.start for p in group.parts)
        reached = group.start
        for part in sorted(group.parts, key=lambda p: p.start):
            assert part.start - reached <= LARGEST_GAP_BYTES
            reached = max(reached, part.stop)
        assert reached == group.stop
    future.get_loop().close()


def test_who_leaves_harms_nobody():
    """One waiter may go while others of the same request wait on; the last one ends it."""

    async def run() -> None:
        objects = Objects()
        batch = Batch(objects.send)
        objects.open.clear()
        first, second = batch.get("a", 0, 4), batch.get("a", 8, 12)
        await asyncio.sleep(0.001)
        first.cancel()
        await asyncio.sleep(0.001)
        assert objects.ended == []
        objects.open.set()
        assert await second == CONTENT[8:12]
        objects.open.clear()
        last = [batch.get("a", 0, 4), batch.get("a", 8, 12)]
        await asyncio.sleep(0.001)
        for each in last:
            each.cancel()
        await asyncio.sleep(0.001)
        assert objects.ended == ["cancelled"]

    asyncio.run(run())


def test_who_leaves_before_the_request_is_not_in_it():
    """What nobody waits for any more is not asked for."""

    async def run() -> None:
        objects = Objects()
        batch = Batch(objects.send)
        batch.get("a", 0, 4).cancel()
        assert await batch.get("a", 100, 104) == CONTENT[100:104]
        assert objects.log == [("a", 100, 104)]

    asyncio.run(run())


def test_a_failure_is_of_its_object_alone():
    """Who asked for another object, or another part of it, has the bytes."""

    async def run() -> None:
        objects = Objects()
        batch = Batch(objects.send)
        denied, gone, sound = (batch.get(key, 0, 4) for key in ("denied", "gone", "a"))
        short = batch.get("a", len(CONTENT) - 2, len(CONTENT) + 2)
        with pytest.raises(SourceError, match="denied"):
            await denied
        assert await gone is None
        assert await sound == CONTENT[:4]
        assert await short == CONTENT[-2:]

    asyncio.run(run())
