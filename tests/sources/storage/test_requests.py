"""What a window costs in requests, by the log of an S3 server: one, where its chunks are near."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from tests.s3 import S3Server
from tests.sources.tiff.geotiffs import new_cache, opened
from tests.sources.tiff.geotiffs import numbers as pixels
from tests.sources.tiff.geotiffs import write as write_tiff
from tests.sources.zarr.zarrs import numbers, write
from tileserver.plan import ReadPlan
from tileserver.sources.source import Source
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.storage.store import Store
from tileserver.sources.zarr.cube import Opening, open_zarr


@pytest.fixture
def service(tmp_path: Path) -> Iterator[S3Server]:
    (tmp_path / "data").mkdir()
    with S3Server(tmp_path) as server:
        yield server


def bucket(service: S3Server, path: str) -> Store:
    storage = Storage(
        endpoint=service.url,
        access_key_id="access-key",
        secret_access_key="secret-key",
        allow_http=True,
    )
    return open_store(f"s3://data/{path}", storage)


@asynccontextmanager
async def cube(service: S3Server, path: str) -> AsyncIterator[Source]:
    with ThreadPoolExecutor(2) as pool:
        yield await open_zarr(bucket(service, path), Opening(new_cache(), pool))


async def costs(service: S3Server, source: Source, *plans: ReadPlan) -> Sequence[str | None]:
    """The ranges of the requests that reading at the same time costs."""
    service.log.clear()
    await asyncio.gather(*map(source.read, plans))
    return [request.range for request in service.log]


def window(rows: tuple[int, int], cols: tuple[int, int], variable: str = "a") -> ReadPlan:
    return ReadPlan(variable, 0, (slice(*rows), slice(*cols)))


def test_inner_chunks_of_a_shard(service: S3Server, tmp_path: Path) -> None:
    """Once its index is known, 1 or 4 inner chunks of a shard are one request, of any tiles."""
    data = numbers("f4", (100, 120))
    write(tmp_path / "data" / "a", data, chunks=(10, 10), shards=(100, 120))

    async def run() -> None:
        async with cube(service, "a") as source:
            assert len(await costs(service, source, window((0, 9), (0, 9)))) == 2
            assert len(await costs(service, source, window((40, 49), (40, 49)))) == 1
            assert len(await costs(service, source, window((65, 75), (75, 85)))) == 1
            tiles = [window((20, 39), (20, 39)), window((80, 99), (80, 99))]
            assert len(await costs(service, source, *tiles)) == 1
            assert await costs(service, source, *tiles) == []
            found = await source.read(window((0, 100), (0, 120)))
            np.testing.assert_array_equal(found, data)

    asyncio.run(run())


def test_shards_have_requests_of_their_own(service: S3Server, tmp_path: Path) -> None:
    """A window across four shards whose indexes are known is four requests, sent together."""
    data = numbers("f4", (100, 120))
    write(tmp_path / "data" / "a", data, chunks=(10, 10), shards=(50, 60))

    async def run() -> None:
        async with cube(service, "a") as source:
            await source.read(window((40, 60), (50, 70)))
            service.latency_s, service.most_under_way = 0.02, 0
            assert len(await costs(service, source, window((30, 70), (40, 80)))) == 4
            assert service.most_under_way == 4

    asyncio.run(run())


def test_chunks_are_asked_for_together(service: S3Server, tmp_path: Path) -> None:
    """The four chunks of a window are under way at once, and those of several variables."""
    group = write(tmp_path / "data" / "a", numbers("f4", (40, 60)), chunks=(10, 10))
    made = zarr.open_group(group)
    for name in ("b", "c"):
        array: Any = made.create_array(
            name, shape=(40, 60), chunks=(10, 10), dtype="f4", dimension_names=("lat", "lon")
        )
        array[...] = numbers("f4", (40, 60))

    async def run() -> None:
        async with cube(service, "a") as source:
            service.latency_s = 0.05
            bands = [window((5, 15), (5, 15), name) for name in ("a", "b", "c")]
            service.most_under_way = 0
            assert len(await costs(service, source, *bands)) == 12
            assert service.most_under_way == 12

    asyncio.run(run())


@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_blocks_of_a_file(service: S3Server, tmp_path: Path, interleave: str) -> None:
    """Once the header is known, 1 or 4 blocks are one request, with mask and for three bands."""
    data = pixels("uint8", bands=3, shape=(256, 384))
    path = write_tiff(
        tmp_path / "data" / "a.tif",
        data,
        compress="deflate",
        interleave=interleave,
        mask=np.full((256, 384), 255, np.uint8),
        overviews=(),
    )

    async def run() -> None:
        source = await opened(path, bucket(service, ""))
        names = list(source.cube.variables)
        assert len(await costs(service, source, window((0, 9), (0, 9), names[0]))) == 1
        one = [window((0, 9), (300, 310), name) for name in names]
        assert len(await costs(service, source, *one)) == 1
        four = [window((120, 135), (120, 135), name) for name in names]
        assert len(await costs(service, source, *four)) == 1
        np.testing.assert_array_equal(
            await source.read(window((0, 256), (0, 384), names[2])), data[2]
        )

    asyncio.run(run())
