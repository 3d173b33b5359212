"""Storages: their limits are shared by all datasets that name them, and by all workers."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.s3 import S3Server
from tests.sources.zarr.zarrs import numbers, write
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.catalogfile import load
from tileserver.errors import CatalogError, SourceUnavailable
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import Storage

KEYS = {"LAB_ACCESS_KEY_ID": "access-key", "LAB_SECRET_ACCESS_KEY": "secret-key"}
ALL = ReadPlan("a", 0, (slice(0, 40), slice(0, 60)))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[S3Server]:
    """A server of two cubes, each of 6 × 6 chunks."""
    for name in ("one", "two"):
        write(tmp_path / "s3" / "data" / name, numbers("i2", (40, 60)), chunks=(7, 11))
    with S3Server(tmp_path / "s3") as server:
        yield server


def catalogue(service: S3Server, folder: Path, limits: str, **options: int) -> Catalog:
    """Both cubes in one storage, and one of them on disk."""
    path = folder / "catalog.yaml"
    path.write_text(
        f"""
storage:
  lab: {{endpoint: "{service.url}", allow_http: true, credentials: "env:LAB_", {limits}}}
datasets:
  - {{id: one, url: "s3://data/one", storage: lab}}
  - {{id: two, url: "s3://data/two", storage: lab}}
  - {{id: here, url: "{folder}/s3/data/one"}}
"""
    )
    cache = ByteCache(1 << 24, lambda chunk: chunk.nbytes)
    return load([str(path)], KEYS, cache=cache, pool=ThreadPoolExecutor(2), **options)


def test_datasets_of_a_storage_share_its_connections(service: S3Server, tmp_path: Path) -> None:
    """However many chunks of however many datasets are read, no more requests are under way."""

    async def run() -> None:
        found = catalogue(service, tmp_path, "connections: 3")
        await found.open_all()
        service.latency_s = 0.005
        read = await asyncio.gather(*(found[name].source.read(ALL) for name in ("one", "two")))
        assert all(np.array_equal(each, numbers("i2", (40, 60))) for each in read)
        assert service.most_under_way == 3
        assert set(found.traffic) == {"lab", "disk"}
        lab = found.traffic["lab"]
        # Of two that are sent for one read the second may never have got there.
        assert lab.requests - lab.hedges <= len(service.log) <= lab.requests
        assert lab.bytes > 72 * 10

    asyncio.run(run())


def test_requests_beyond_the_minute_are_refused(service: S3Server, tmp_path: Path) -> None:
    """The limit holds over all datasets; what is held is served on, and disks have no limit."""

    async def run() -> None:
        found = catalogue(service, tmp_path, "requests_per_minute: 60, timeout_s: 1")
        await found.open_all()
        await found["one"].source.read(ALL)
        with pytest.raises(SourceUnavailable, match="limits"):
            await found["two"].source.read(ALL)
        assert len(service.log) <= 60
        await found["one"].source.read(ALL)
        await found["here"].source.read(ALL)

    asyncio.run(run())


def test_workers_share_the_limits(service: S3Server, tmp_path: Path) -> None:
    """Each of several processes has its part, and at least one connection."""

    async def run() -> None:
        found = catalogue(service, tmp_path, "connections: 5", workers=3)
        await found.open_all()
        service.latency_s = 0.005
        await found["one"].source.read(ALL)
        assert service.most_under_way == 1

    asyncio.run(run())
    whole = Storage(connections=8, requests_per_minute=2000, bytes_per_s=8e6)
    part = replace(whole, connections=2, requests_per_minute=500, bytes_per_s=2e6)
    assert whole.part(4) == part
    assert Storage(connections=2).part(4).connections == 1


def test_one_name_is_one_storage(service: S3Server, tmp_path: Path) -> None:
    """Two files may say the same of a storage, but not different things."""
    (tmp_path / "a.yaml").write_text("storage: {lab: {connections: 4}}")
    (tmp_path / "b.yaml").write_text("storage: {lab: {connections: 4}}")
    cache = ByteCache(1 << 24, lambda chunk: chunk.nbytes)
    load([str(tmp_path)], {}, cache=cache, pool=ThreadPoolExecutor(1))
    (tmp_path / "b.yaml").write_text("storage: {lab: {connections: 5}}")
    with pytest.raises(CatalogError, match=r"b\.yaml: storage 'lab' is another in .*a\.yaml"):
        load([str(tmp_path)], {}, cache=cache, pool=ThreadPoolExecutor(1))


@pytest.mark.parametrize("limit", ["requests_per_minute: 0", "bytes_per_s: -1", "connections: 0"])
def test_limits_are_checked(service: S3Server, tmp_path: Path, limit: str) -> None:
    """A limit that lets nothing through is told with its key."""
    with pytest.raises(CatalogError, match=rf"storage\.lab\.{limit.partition(':')[0]}: .*greater"):
        catalogue(service, tmp_path, limit)
