"""Reading ahead of animations: in time, within bounds, and nothing goes on that nobody wants."""

import asyncio
import gc
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.s3 import S3Server
from tests.sources.zarr.zarrs import numbers, write
from tileserver.axis import Axis
from tileserver.cache import ByteCache
from tileserver.config import DatasetConfig
from tileserver.cube import TIME, Cube, Dimension, Level, Raw, Variable
from tileserver.dataset import Dataset
from tileserver.errors import SourceUnavailable
from tileserver.grid import LONLAT, Grid
from tileserver.plan import ReadPlan
from tileserver.prefetch import (
    WAITING_READS,
    WATCHED_STEPS,
    WATCHED_WINDOWS,
    Prefetcher,
    place_in_time,
    stride_to,
)
from tileserver.sources.chunk import held_window, read_window
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.storage.traffic import Traffic
from tileserver.sources.zarr.cube import Opening, open_zarr
from tileserver.timeaxis import TimeAxis

STEPS = 200
SHAPE, CHUNKS = (2, STEPS, 8, 12), (1, 1, 4, 4)  # depth, time, rows, cols
QUIET_S = 0.5  # where a test waits for it
LEFT = (slice(0, 4), slice(0, 4))
Place = tuple[int, ...]


@dataclass
class Chunks:
    """An array that is read by chunk as those in stores are: kept, shared, and slowly.

    `log` has the chunks in the order in which their reading began, `cancelled` those that were
    given up, `most` how many were read at once.
    """

    data: np.ndarray
    chunks: tuple[int, ...]
    latency_s: float = 0.0
    failing: bool = False
    log: list[Place] = field(default_factory=list)
    cancelled: list[Place] = field(default_factory=list)
    under_way: int = 0
    most: int = 0
    cache: ByteCache[Raw] = field(default_factory=lambda: ByteCache(1 << 20, lambda c: c.nbytes))

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    def held(self, coordinates: Place) -> Raw | None:
        return self.cache.held(coordinates)

    async def chunk(self, coordinates: Place) -> Raw:
        return await self.cache.get(coordinates, lambda: self._load(coordinates))

    async def _load(self, coordinates: Place) -> Raw:
        self.log.append(coordinates)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await asyncio.sleep(self.latency_s)
        except asyncio.CancelledError:
            self.cancelled.append(coordinates)
            raise
        finally:
            self.under_way -= 1
        if self.failing:
            raise SourceUnavailable("gone")
        start = [c * n for c, n in zip(coordinates, self.chunks, strict=True)]
        return self.data[tuple(slice(s, s + n) for s, n in zip(start, self.chunks, strict=True))]


@dataclass
class ChunkSource:
    """A source of one such array, (depth, time, row, col); `asked` logs what was asked of it."""

    cube: Cube
    array: Chunks
    version: str = "0"
    asked: list[ReadPlan] = field(default_factory=list)

    def held(self, plan: ReadPlan) -> Raw | None:
        return held_window(self.array, plan.window)

    async def read(self, plan: ReadPlan) -> Raw:
        self.asked.append(plan)
        return await read_window(self.array, plan.window)

    @property
    def steps(self) -> list[int]:
        """The chunks along time of all reads."""
        return [time for _, time, _, _ in self.array.log]

    @property
    def cancelled(self) -> list[int]:
        """Of those that were given up."""
        return [time for _, time, _, _ in self.array.cancelled]


def cubes(
    *, chunks: tuple[int, ...] = CHUNKS, seconds: Sequence[float] = (), **more: Any
) -> ChunkSource:
    grid = Grid(LONLAT, Axis(0.0, 1.0, SHAPE[3]), Axis(8.0, -1.0, SHAPE[2]))
    data = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE)
    level = Level(grid, chunks, SHAPE, int(np.prod(chunks)) * data.itemsize)
    variable = Variable("a", ("depth", TIME), data.dtype, (level,))
    axis = TimeAxis(np.array(seconds or range(STEPS), np.float64))
    depth = Dimension("depth", np.array([0.0, 10.0]))
    cube = Cube({"a": variable}, {"depth": depth, TIME: Dimension(TIME, axis)})
    return ChunkSource(cube, Chunks(data, chunks, **more))


@dataclass
class Player:
    """A client's view of a dataset through the engine: notes and reads."""

    source: Any
    prefetcher: Prefetcher
    variable: str = "a"
    depth: tuple[int, ...] = (0,)

    def __post_init__(self) -> None:
        config = DatasetConfig(id="d", url="memory")
        self.dataset = Dataset(config, self.source, self.source.version)

    def plan(self, step: int, window: tuple[slice, slice] = LEFT) -> ReadPlan:
        leading = (slice(i, i + 1) for i in (*self.depth, step))
        return ReadPlan(self.variable, 0, (*leading, *window))

    def note(self, step: int, window: tuple[slice, slice] = LEFT) -> None:
        self.prefetcher.note(self.dataset, [self.plan(step, window)])

    async def draw(self, step: int, window: tuple[slice, slice] = LEFT) -> Raw:
        self.note(step, window)
        return await self.source.read(self.plan(step, window))

    async def play(self, *steps: int) -> None:
        for step in steps:
            await self.draw(step)
            await self.settle()

    async def settle(self) -> None:
        """As long as the picture stays on the screen: what is read ahead has arrived."""
        for _ in range(20):
            await asyncio.sleep(0)


def played(*steps: int, **options: Any) -> ChunkSource:
    """What was read of a source while these steps were drawn one after the other."""
    source = cubes(**options)
    run(lambda player: player.play(*steps), source)
    return source


def run(script: Any, source: Any, **options: Any) -> None:
    async def main() -> None:
        player = Player(source, Prefetcher(**options))
        try:
            await script(player)
        finally:
            await player.prefetcher.close()

    asyncio.run(main())


def test_the_next_two_steps_are_read_ahead():
    """From the second picture on; no chunk is read twice, and at most two in vain."""
    source = cubes()

    async def script(player: Player) -> None:
        await player.play(3, 4)
        assert source.steps == [3, 4, 5, 6]
        for step in range(5, 13):
            assert source.held(player.plan(step)) is not None
            np.testing.assert_array_equal(
                await player.draw(step), source.array.data[:1, step : step + 1, :4, :4]
            )
            await player.settle()
        assert source.steps == list(range(3, 15))

    run(script, source)


@pytest.mark.parametrize(
    ("steps", "ahead"),
    [
        ((9, 8), [7, 6]),
        ((2, 5), [8, 11]),
        ((12, 8), [4, 0]),
        ((STEPS - 3, STEPS - 2), [STEPS - 1]),
        ((STEPS - 2, STEPS - 1), []),
        ((1, 0), []),
    ],
)
def test_the_stride_is_the_clients(steps, ahead):
    """Back as well as forth, by up to four steps, and not beyond the axis."""
    assert played(*steps).steps == [*steps, *ahead]


@pytest.mark.parametrize("steps", [(5,), (5, 5, 5), (5, 10), (5, 0), (3, 8, 13, 18)])
def test_what_is_no_animation(steps):
    """One picture, the same again, and jumps read nothing ahead."""
    assert played(*steps).steps == list(dict.fromkeys(steps))


def test_steps_follow_each_other_in_time():
    """Not as they are stored: here the last comes first."""
    source = cubes(seconds=[float(t) for t in range(STEPS, 0, -1)])
    run(lambda player: player.play(9, 8), source)
    assert source.steps == [9, 8, 7, 6]
    shuffled = [float(t) for t in np.random.default_rng(0).permutation(STEPS)]
    source = cubes(seconds=shuffled)
    order = np.argsort(shuffled).tolist()
    run(lambda player: player.play(order[4], order[5]), source)
    assert source.steps == order[4:8]


def test_a_picture_long_ago_is_no_part_of_it():
    """Neighbours in time that are drawn too long after each other are not played."""
    source = cubes()

    async def script(player: Player) -> None:
        await player.play(3)
        await asyncio.sleep(3 * QUIET_S)
        await player.play(4)

    run(script, source, quiet_s=QUIET_S)
    assert source.steps == [3, 4]


def test_windows_are_watched_each_for_itself():
    """A neighbour in time of another place, depth or dataset makes no animation."""
    source = cubes()

    async def script(player: Player) -> None:
        await player.draw(3)
        await player.draw(4, (slice(0, 4), slice(4, 8)))
        player.depth = (1,)
        await player.draw(4)
        await Player(source, player.prefetcher).draw(4)
        await player.settle()

    run(script, source)
    assert source.steps == [3, 4, 4, 4]


def test_all_chunks_of_a_window():
    """Read with it, also where it goes on beyond the seam; the first column comes again."""
    source = cubes()

    async def script(player: Player) -> None:
        window = (slice(0, 8), slice(6, 14))
        await player.draw(3, window)
        await player.draw(4, window)
        await player.settle()

    run(script, source)
    assert Counter(source.steps) == dict.fromkeys((3, 4, 5, 6), 6)


def test_steps_in_one_chunk():
    """Several steps of a chunk are there with the first; the next chunk is read ahead once."""
    options = {"chunks": (1, 5, 4, 4)}
    assert played(0, 1, 2, **options).steps == [0]
    assert played(0, 1, 2, 3, **options).steps == [0, 1]
    assert played(0, 1, 2, 3, 4, 5, 6, 7, **options).steps == [0, 1]
    assert played(1, 4, **options).steps == [0, 1, 2]


def test_what_is_held_is_not_read():
    """Nor asked for."""
    source = cubes()

    async def script(player: Player) -> None:
        for step in (3, 4, 5, 6, 7):
            await source.read(player.plan(step))
        source.asked.clear()
        await player.play(3, 4, 5)
        assert source.asked == [player.plan(step) for step in (3, 4, 5)]

    run(script, source)
    assert source.steps == [3, 4, 5, 6, 7]


def test_large_windows_are_left():
    """What would fill the cache with one window is not read ahead."""
    nbytes = int(np.prod(CHUNKS)) * 4
    for limit, steps in ((nbytes, [3, 4, 5, 6]), (nbytes - 1, [3, 4])):
        source = cubes()
        run(lambda player: player.play(3, 4), source, window_bytes=limit)
        assert source.steps == steps


def test_clients_go_first():
    """While the server is busy nothing is read ahead; then it is."""
    source, busy = cubes(), [True]

    async def script(player: Player) -> None:
        await player.play(3, 4)
        assert source.steps == [3, 4]
        busy.clear()
        while source.array.under_way or len(source.steps) < 4:
            await asyncio.sleep(0.001)
        assert source.steps == [3, 4, 5, 6]

    run(script, source, busy=lambda: bool(busy))


def test_few_windows_at_once():
    """However many tiles the view has."""
    source = cubes(latency_s=0.002)

    async def script(player: Player) -> None:
        tiles = [(slice(r, r + 4), slice(c, c + 4)) for r in (0, 4) for c in (0, 4, 8)]
        for step in (3, 4):
            for tile in tiles:
                player.note(step, tile)
        while source.array.under_way or len(source.steps) < 2 * len(tiles):
            await asyncio.sleep(0.001)
        assert source.array.most == 3
        assert Counter(source.steps) == {5: 6, 6: 6}

    run(script, source, at_once=3)


def test_it_stops_with_the_animation():
    """What nobody has asked for after a while is cancelled; then no task or timer is left."""
    source = cubes(latency_s=60.0)

    async def script(player: Player) -> None:
        player.note(3)
        player.note(4)
        await player.settle()
        assert source.steps == [5, 6]
        await asyncio.sleep(2 * QUIET_S)
        assert source.cancelled == [5, 6]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(script, source, quiet_s=QUIET_S)


def test_it_goes_on_with_the_animation():
    """A read that takes long is kept while the client comes nearer."""
    source = cubes(latency_s=60.0)

    async def script(player: Player) -> None:
        for step in (3, 4, 5, 6):
            player.note(step)
            await asyncio.sleep(0.65 * QUIET_S)
        assert source.steps == [5, 6, 7, 8]
        assert 5 in source.cancelled  # the client has gone by
        assert 7 not in source.cancelled

    run(script, source, quiet_s=QUIET_S)


def test_it_turns_with_the_animation():
    """What lies ahead is cancelled once the client goes back to what it has not just drawn."""
    source = cubes(latency_s=60.0)

    async def script(player: Player) -> None:
        player.note(3)
        player.note(4)
        await player.settle()
        player.note(3)  # a tile of the picture before, that is late, is no turn
        await player.settle()
        assert source.cancelled == []
        player.note(2)
        await player.settle()
        assert source.cancelled == [5, 6]
        assert source.steps == [5, 6, 1, 0]

    run(script, source)


def test_late_tiles_do_not_turn_it():
    """Tiles of two pictures that come in turn: each chunk is read once all the same."""
    assert played(3, 4, 3, 4, 5, 4, 5, 6, 5, 6).steps == [3, 4, 5, 6, 7, 8]


def test_two_clients_play_the_same_window():
    """Each at its own time, in turn."""
    assert sorted(played(3, 14, 4, 13, 5, 12).steps) == [3, 4, 5, 6, 7, 10, 11, 12, 13, 14]


def test_failures_are_nobodys(caplog):
    """What cannot be read ahead is not tried again at once; who asks for it gets the error."""
    source = cubes(failing=True)

    async def script(player: Player) -> None:
        player.note(3)
        player.note(4)
        await player.settle()
        assert source.steps == [5, 6]
        player.note(5)
        await player.settle()
        assert source.steps == [5, 6, 7]
        with pytest.raises(SourceUnavailable):
            await source.read(player.plan(5))

    with caplog.at_level("INFO"):
        run(script, source)
        gc.collect()  # of errors that nobody has looked at asyncio tells then
    assert caplog.records == []


def test_one_read_for_both():
    """Who asks for what is being read ahead gets that, also when reading ahead is cancelled."""
    source = cubes(latency_s=0.02)

    async def script(player: Player) -> None:
        player.note(3)
        player.note(4)
        await player.settle()
        asked = asyncio.create_task(source.read(player.plan(5)))
        await player.settle()
        await player.prefetcher.close()
        assert (await asked)[0, 0, 0, 0] == source.array.data[0, 5, 0, 0]
        assert source.steps == [5, 6]
        assert source.cancelled == [6]

    run(script, source)


def test_who_asks_may_go():
    """Reading ahead goes on when the request for the same chunk is cancelled."""
    source = cubes(latency_s=0.02)

    async def script(player: Player) -> None:
        player.note(3)
        player.note(4)
        await player.settle()
        asked = asyncio.create_task(source.read(player.plan(5)))
        await player.settle()
        asked.cancel()
        while source.array.under_way:
            await asyncio.sleep(0.001)
        await player.settle()
        assert source.held(player.plan(5)) is not None
        assert source.cancelled == []

    run(script, source)


def test_closed_is_closed():
    """When the server ends no task is left, nor a timer that would start one."""
    source = cubes(latency_s=60.0)

    async def script(player: Player) -> None:
        player.note(3)
        player.note(4)
        await player.settle()
        await player.prefetcher.close()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert len(source.cancelled) == 2

    run(script, source)


def test_windows_are_forgotten():
    """The least recently drawn go first, so that a long walk over the map costs no memory."""
    source = cubes()

    async def script(player: Player) -> None:
        player.note(3)
        for start in range(WATCHED_WINDOWS):
            player.note(3, (slice(0, 8), slice(start, start + 4)))
        player.note(4)
        await player.settle()
        assert source.steps == []
        player.note(5)
        await player.settle()
        assert source.steps == [6, 7]

    run(script, source)


def test_steps_are_forgotten():
    """Of a window that is drawn at many times, too."""
    source = cubes()

    async def script(player: Player) -> None:
        for step in range(0, 10 * (WATCHED_STEPS + 1), 10):
            player.note(step)
        player.note(1)
        await player.settle()
        assert source.steps == []
        player.note(2)
        await player.settle()
        assert source.steps == [3, 4]

    run(script, source)


def test_reads_wait_in_bounds():
    """A store that does not answer makes no heap of tasks, however many windows are played."""
    source = cubes(latency_s=60.0)

    async def script(player: Player) -> None:
        for step in (3, 4):
            for start in range(WAITING_READS):
                player.note(step, (slice(0, 4), slice(start % 12, start % 12 + 1 + start)))
        assert len(asyncio.all_tasks()) == 1 + WAITING_READS

    run(script, source)


def test_without_a_time():
    """Variables without a time, and what lies beside the data, are passed over."""
    source = cubes()
    plain = Variable("b", ("depth",), source.array.data.dtype, source.cube.variables["a"].levels)
    source.cube = Cube({"b": plain}, dict(source.cube.dimensions))

    async def script(player: Player) -> None:
        window = (slice(0, 1), *LEFT)
        player.prefetcher.note(player.dataset, [ReadPlan("b", 0, window), None])
        source.cube = Cube({"b": plain}, {"depth": source.cube.dimensions["depth"]})
        player.prefetcher.note(player.dataset, [ReadPlan("b", 0, window), None])

    run(script, source)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, 7.0, -3.0, np.nan]) | st.floats(-9, 9)))
def test_places_in_time(seconds):
    """The place of a step is that of its instant in the order of the axis."""
    axis = TimeAxis(np.array(seconds, np.float64))
    instants = axis.seconds[axis.order].tolist()
    for step, instant in enumerate(seconds):
        if np.isfinite(instant):
            assert place_in_time(axis, step) == instants.index(instant)


@pytest.mark.parametrize(
    ("place", "drawn", "stride"),
    [
        (5, {4: 1.0}, 1),
        (5, {4: 1.0, 6: 2.0}, -1),
        (5, {6: 1.0, 4: 2.0}, 1),
        (5, {5: 1.0}, 0),
        (5, {2: 1.0, 7: 1.0}, -2),
        (5, {1: 1.0}, 4),
        (5, {0: 1.0}, 0),
        (5, {4: 0.4}, 0),
        (5, {}, 0),
    ],
)
def test_strides(place, drawn, stride):
    """From the nearest place that was drawn lately, of two the later one."""
    assert stride_to(place, drawn, since=0.5) == stride


KEYS = {"access_key_id": "access-key", "secret_access_key": "secret-key"}


def test_over_a_slow_store(tmp_path: Path):
    """Zarr in S3 at 30 ms a request: ten steps ask for twelve chunks, each once, and all but two
    are there when they are asked for; then it is quiet."""
    lay_out(tmp_path / "bucket")

    async def main(s3: S3Server, pool: ThreadPoolExecutor) -> None:
        cache: ByteCache[Raw] = ByteCache(64 << 20, lambda chunk: chunk.nbytes)
        storage = Storage(endpoint=s3.url, region="us-east-1", allow_http=True, **KEYS)
        # A read that this machine makes late would be sent twice.
        traffic = Traffic(hedging=False)
        store = open_store("s3://bucket/cube.zarr", storage, traffic=traffic)
        source = await open_zarr(store, Opening(cache, pool))
        player = Player(source, Prefetcher(quiet_s=2.0), depth=())
        s3.log.clear()
        s3.latency_s = 0.03
        there = []
        for step in range(5, 15):
            there.append(source.held(player.plan(step)) is not None)
            await player.draw(step)
            await asyncio.sleep(0.2)  # five pictures a second
        assert there == [False, False] + [True] * 8
        await asyncio.sleep(2.5)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        await player.prefetcher.close()
        chunks = Counter(request.key.rpartition("/a/c/")[2] for request in s3.log)
        assert chunks == {f"{step}/0/0": 1 for step in range(5, 17)}

    with S3Server(tmp_path) as s3, ThreadPoolExecutor(1) as pool:
        asyncio.run(main(s3, pool))


def lay_out(bucket: Path) -> None:
    bucket.mkdir()
    days = (np.arange(30.0), {"units": "days since 2020-01-01"})
    data = numbers("int16", (30, 8, 8))
    write(
        bucket / "cube.zarr", data, ("time", "lat", "lon"), coordinates={"time": days},
        chunks=(1, 8, 8),
    )  # fmt: skip
