"""Stores that fail: reads go on in time or fail as a whole, and nothing half-made is kept."""

import asyncio
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.s3 import S3Server
from tests.sources.tiff.geotiffs import new_cache
from tests.sources.tiff.geotiffs import numbers as pixels
from tests.sources.tiff.geotiffs import write as write_tiff
from tests.sources.zarr.zarrs import write
from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.errors import SourceError, SourceUnavailable
from tileserver.plan import ReadPlan
from tileserver.sources.source import Source
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.storage.store import Store
from tileserver.sources.storage.traffic import Traffic
from tileserver.sources.tiff.cog import open_cog
from tileserver.sources.zarr.cube import Opening, open_zarr

SHAPE = (256, 384)
ALL = (slice(0, SHAPE[0]), slice(0, SHAPE[1]))
KINDS = ["chunks", "shards", "blocks"]
FAULTS = ["error_503_rate", "reset_rate", "truncate_rate"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[S3Server]:
    """A server of one image, as chunks, as shards and as the blocks of a file."""
    data = pixels("int16", shape=SHAPE)
    folder = tmp_path / "data"
    write(folder / "chunks", data[0], chunks=(64, 64))
    write(folder / "shards", data[0], chunks=(64, 64), shards=(128, 128))
    write_tiff(folder / "blocks.tif", data, compress="deflate", overviews=())
    with S3Server(tmp_path) as server:
        yield server


class Reader:
    """The image by one of its sources, from a store of its own."""

    def __init__(self, service: S3Server, kind: str, **options: float) -> None:
        self.cache: ByteCache[Raw] = new_cache()
        self.pool = ThreadPoolExecutor(2)
        self._service, self._kind = service, kind
        self._storage = Storage(
            endpoint=service.url,
            access_key_id="access-key",
            secret_access_key="secret-key",
            allow_http=True,
            **options,  # type: ignore[arg-type]
        )

    def store(self, traffic: Traffic | None = None) -> Store:
        folder = "" if self._kind == "blocks" else f"/{self._kind}"
        return open_store(f"s3://data{folder}", self._storage, traffic=traffic)

    async def open(self, traffic: Traffic | None = None) -> Source:
        store = self.store(traffic)
        if self._kind == "blocks":
            return await open_cog(store, "blocks.tif", self.cache, self.pool)
        return await open_zarr(store, Opening(self.cache, self.pool))


def plan(source: Source, window: tuple[slice, slice] = ALL) -> ReadPlan:
    return ReadPlan(next(iter(source.cube.variables)), 0, window)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", FAULTS)
def test_some_faults_are_retried(service: S3Server, kind: str, fault: str) -> None:
    """One request in three fails: the image is whole, and is the one that was stored."""

    async def run() -> None:
        setattr(service, fault, 0.33)
        for _ in range(9):
            source = await Reader(service, kind).open()
            image = await source.read(plan(source))
            np.testing.assert_array_equal(image, pixels("int16", shape=SHAPE)[0])
        assert any(request.fault for request in service.log)

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [*FAULTS, "stall_rate"])
def test_lasting_faults_end_in_time(service: S3Server, kind: str, fault: str) -> None:
    """The read fails as a whole, was tried again, and left nothing; later it works."""

    async def run() -> None:
        reader = Reader(service, kind, timeout_s=1.2)
        source = await reader.open()
        kept = len(reader.cache)
        setattr(service, fault, 1.0)
        service.log.clear()
        begun = time.monotonic()
        with pytest.raises(SourceUnavailable):
            await source.read(plan(source, (slice(0, 9), slice(0, 9))))
        assert time.monotonic() - begun < 5
        assert len(service.log) > 1
        assert len(reader.cache) == kept
        setattr(service, fault, 0.0)
        image = await source.read(plan(source))
        np.testing.assert_array_equal(image, pixels("int16", shape=SHAPE)[0])

    asyncio.run(run())


@pytest.mark.paced
def test_stalls_are_hedged(service: S3Server) -> None:
    """One read in ten stalls: 95 in 100 take less than a quarter of what they take plainly."""

    async def p95(traffic: Traffic) -> float:
        store = Reader(service, "chunks").store(traffic)
        seconds = []
        service.stall_rate = 0.0
        for _ in range(40):
            await store.get("a/c/0/0")
        service.stall_rate = 0.1
        for _ in range(80):
            begun = time.monotonic()
            assert await store.get("a/c/0/0") is not None
            seconds.append(time.monotonic() - begun)
        return sorted(seconds)[76]

    async def run() -> None:
        service.latency_s, service.stall_s = 0.005, 0.5
        hedged = Traffic()
        plain_s = await p95(Traffic(hedging=False))
        hedged_s = await p95(hedged)
        assert hedged_s < plain_s / 4
        assert 0 < hedged.hedges <= 0.1 * 120 + 1

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_read_that_is_given_up_ends(service: S3Server, kind: str) -> None:
    """Its requests are ended, their places are free at once, and nothing of it is kept."""

    async def run() -> None:
        reader = Reader(service, kind, connections=2)
        source = await reader.open()
        kept = len(reader.cache)
        service.stall_rate = 1.0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(source.read(plan(source)), 0.2)
        await asyncio.sleep(0.1)
        assert (service.under_way, len(reader.cache)) == (0, kept)
        service.stall_rate = 0.0
        image = await asyncio.wait_for(source.read(plan(source)), 10)
        np.testing.assert_array_equal(image, pixels("int16", shape=SHAPE)[0])

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_one_of_two_may_give_up(service: S3Server, kind: str) -> None:
    """Who waits for the same image goes on, and no byte is read twice for it."""

    async def run() -> None:
        reader = Reader(service, kind)
        source = await reader.open()
        await source.read(plan(source, (slice(0, 9), slice(0, 9))))
        service.latency_s = 0.1
        service.log.clear()
        first, second = (asyncio.ensure_future(source.read(plan(source))) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        np.testing.assert_array_equal(await second, pixels("int16", shape=SHAPE)[0])
        spans = [(request.key, request.range) for request in service.log]
        assert len(spans) == len(set(spans))

    asyncio.run(run())


def test_missing_chunks_are_fill(service: S3Server, tmp_path: Path) -> None:
    """A chunk or shard that is not stored is fill value, and is asked for once."""
    (tmp_path / "data" / "chunks" / "a" / "c" / "0" / "1").unlink()
    (tmp_path / "data" / "shards" / "a" / "c" / "0" / "1").unlink()

    async def run() -> None:
        for kind, cols in (("chunks", slice(64, 128)), ("shards", slice(128, 256))):
            source = await Reader(service, kind).open()
            window = (slice(0, 64), cols)
            assert not (await source.read(plan(source, window))).any()
            service.log.clear()
            await source.read(plan(source, window))
            assert service.log == []

    asyncio.run(run())


def test_damaged_chunk_is_not_kept(service: S3Server, tmp_path: Path) -> None:
    """It is an error each time, other chunks are served, and once it is mended it is read."""
    path = tmp_path / "data" / "chunks" / "a" / "c" / "0" / "0"
    sound, written = path.read_bytes(), path.stat()
    path.write_bytes(sound[: len(sound) // 2])

    async def run() -> None:
        source = await Reader(service, "chunks").open()
        with pytest.raises(SourceError, match="damaged"):
            await source.read(plan(source))
        await source.read(plan(source, (slice(0, 64), slice(64, 128))))
        path.write_bytes(sound)  # what is newer than the opening would be another state
        os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))
        image = await source.read(plan(source))
        np.testing.assert_array_equal(image, pixels("int16", shape=SHAPE)[0])

    asyncio.run(run())
