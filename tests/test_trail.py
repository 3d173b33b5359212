"""What is noted of a request, and what is not its own."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tileserver import catalogfile
from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.noticeboard import Noticeboard
from tileserver.refresh import Refresher
from tileserver.sources.storage.traffic import Traffic
from tileserver.trail import MOST_STEPS, TRAIL, Stages, Trail, no_trail


@pytest.fixture
def trail() -> Iterator[Trail]:
    """Of the request that is worked on."""
    trail = Trail("abc", steps=[])
    before = TRAIL.set(trail)
    yield trail
    TRAIL.reset(before)


def test_stages_of_all_pictures_are_one(trail: Trail) -> None:
    """A map of several pictures has the sum of theirs."""
    one, two = Stages(), Stages()
    one.mark("read")
    two.mark("read")
    one.mark("draw")
    assert trail.stages.keys() == {"read", "draw"}
    assert trail.stages["read"] == pytest.approx(one.seconds["read"] + two.seconds["read"])
    assert trail.steps is not None
    assert [step.name for step in trail.steps] == ["read", "read", "draw"]


def test_reads_are_noted(trail: Trail) -> None:
    """Good ones with their bytes, failed ones by what went wrong."""

    async def found() -> memoryview:
        return memoryview(b"1234")

    async def failing() -> memoryview:
        raise ConnectionResetError

    async def run() -> None:
        traffic = Traffic()
        await traffic.read(found, nbytes=4)
        with pytest.raises(ConnectionResetError):
            await traffic.read(failing, nbytes=4)
        assert (traffic.requests, traffic.errors, sum(traffic.latency.counts)) == (2, 1, 2)

    asyncio.run(run())
    assert (trail.reads, trail.read_bytes) == (2, 4)
    assert trail.steps is not None
    good, bad = trail.steps
    assert good.name == bad.name == "storage"
    assert good.begun <= good.ended
    assert (good.figures, bad.figures) == ({}, {"error.type": "ConnectionResetError"})


def test_steps_are_bounded(trail: Trail) -> None:
    """All are counted, the first are told."""
    for i in range(2 * MOST_STEPS):
        trail.read(i, i + 1)
    assert trail.steps is not None
    assert (trail.reads, len(trail.steps)) == (2 * MOST_STEPS, MOST_STEPS)


def test_work_without_a_request() -> None:
    """There is nothing to note it at."""
    stages = Stages()
    stages.mark("read")
    assert stages.seconds.keys() == {"read"}


def test_other_work_is_not_the_requests(trail: Trail) -> None:
    """What it begins beside itself has no trail; its own context stays."""
    assert no_trail().run(TRAIL.get) is None
    assert TRAIL.get() is trail


def test_looks_at_a_dataset_are_not_the_requests(demo_data: Path, trail: Trail) -> None:
    """Who asks for one begins them, but they go on for ever."""
    seen: list[Trail | None] = []

    async def run() -> None:
        with ThreadPoolExecutor(1) as pool:
            cache: ByteCache[Raw] = ByteCache(1 << 20, lambda chunk: chunk.nbytes)
            catalog = catalogfile.load([str(demo_data)], {}, cache=cache, pool=pool)
            catalog.opened = lambda _: seen.append(TRAIL.get())
            board = Noticeboard("", catalog.entries)
            await Refresher(catalog, board, interval_s=60).refresh("ocean")
            assert TRAIL.get() is trail

    asyncio.run(run())
    assert seen == [None]
