"""Shards of every make are read by inner chunk, as zarr-python reads them whole."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.codecs import ShardingCodec

from tileserver.cache import ByteCache
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import open_store
from tileserver.sources.zarr.cube import Opening, open_zarr
from tileserver.sources.zarr.sharding import unshard

from .zarrs import numbers, opened, read

SHAPE = (3, 37, 53)
DIMS = ("time", "lat", "lon")
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
BIG = {"name": "bytes", "configuration": {"endian": "big"}}
ZSTD = {"name": "zstd", "configuration": {"level": 1, "checksum": False}}
CRC = {"name": "crc32c"}


def shards(*inner: int, codecs: Any = (LITTLE, ZSTD), index: Any = (LITTLE, CRC), at: str = "end"):
    """A codec of shards with inner chunks of this shape."""
    return {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": list(inner),
            "codecs": list(codecs),
            "index_codecs": list(index),
            "index_location": at,
        },
    }


def transpose(*order: int) -> dict[str, Any]:
    return {"name": "transpose", "configuration": {"order": list(order)}}


def store(path: Path, codecs: list[Any], outer: tuple[int, ...], data: np.ndarray) -> Path:
    """A store of one array in shards, by zarr-python."""
    group = zarr.create_group(path)
    for name, size in (("lat", 37), ("lon", 53)):
        group.create_array(name, data=np.arange(float(size)), dimension_names=(name,))
    zarr.create(
        shape=SHAPE, chunks=outer, dtype=data.dtype, codecs=codecs, store=path, path="a",
        dimension_names=DIMS, fill_value=0,
    )[...] = data  # fmt: skip
    return path


SPARSE = numbers("f4", SHAPE)
SPARSE[:, 12:24, :] = 0  # inner chunks and inner shards that are not stored
SPARSE[2] = 0  # and a shard

KINDS = {
    "index first": ([shards(1, 6, 8, at="start")], (2, 12, 32)),
    "index without checksum": ([shards(1, 6, 8, index=[LITTLE])], (2, 12, 32)),
    "index in big endian": ([shards(1, 6, 8, index=[BIG, CRC])], (2, 12, 32)),
    "index transposed": ([shards(1, 6, 8, index=[transpose(3, 2, 0, 1), LITTLE])], (2, 12, 32)),
    "chunks transposed": ([shards(1, 6, 8, codecs=[transpose(2, 0, 1), LITTLE])], (2, 12, 32)),
    "numbers in big endian": ([shards(1, 6, 8, codecs=[BIG, ZSTD])], (2, 12, 32)),
    "a shard in a shard": ([shards(1, 12, 16, codecs=[shards(1, 6, 8)])], (2, 24, 32)),
    "indexes first and last": (
        [shards(2, 12, 16, codecs=[shards(1, 6, 8, at="start", index=[LITTLE])])],
        (2, 24, 48),
    ),
    "three deep": (
        [shards(2, 24, 32, codecs=[shards(2, 12, 16, codecs=[shards(1, 6, 8)], at="start")])],
        (2, 48, 64),
    ),
    "chunks of shards in shards transposed": (
        [shards(1, 12, 16, codecs=[shards(1, 6, 8, codecs=[transpose(1, 2, 0), LITTLE, ZSTD])])],
        (2, 24, 32),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_shards(tmp_path, kind):
    """Any window of shards of any make is what zarr-python has there."""
    codecs, outer = KINDS[kind]
    path = store(tmp_path / "a", codecs, outer, SPARSE)
    expected = zarr.open_group(path)["a"][...]
    np.testing.assert_array_equal(expected, SPARSE)
    for window in (np.s_[0:3, 0:37, 0:53], np.s_[1:3, 5:14, 7:50], np.s_[0:1, 13:17, 9:15]):
        np.testing.assert_array_equal(read(path, "a", window), expected[window])


@pytest.mark.filterwarnings("ignore:Combining a .sharding_indexed. codec")
def test_arrays_transposed_before_they_are_put_into_shards(tmp_path):
    """Each chunk is found and turned, though the shard holds them in another order."""
    inner = shards(8, 1, 6, codecs=[transpose(1, 2, 0), LITTLE, ZSTD])
    between = shards(12, 4, 24, codecs=[transpose(2, 0, 1), shards(6, 4, 2)])
    for name, codec in {"one": inner, "two": between}.items():
        path = store(tmp_path / name, [transpose(2, 0, 1), codec], (24, 24, 24), SPARSE)
        np.testing.assert_array_equal(zarr.open_group(path)["a"][...], SPARSE)
        np.testing.assert_array_equal(read(path, "a"), SPARSE)


REFUSED = {
    "codecs: with 'gzip' beside": [shards(1, 6, 8), {"name": "gzip"}],
    "codecs: with 'numcodecs.delta' beside": [
        {"name": "numcodecs.delta", "configuration": {"dtype": "<f4"}},
        shards(1, 6, 8),
    ],
    "index_codecs: what 'zstd' makes": [shards(1, 6, 8, index=[LITTLE, ZSTD])],
    "do not hold chunks of": [shards(1, 5, 8)],
    "index_location='middle'": [shards(1, 6, 8, at="middle")],
    "does not fit 3 dims": [transpose(0, 0, 1), shards(1, 6, 8)],
    "holds 134217728 chunks": [shards(1, 1, 1)],
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_cannot_be_read_by_chunk_is_told(words):
    """Shards that had to be read whole, and indexes of a size that nobody knows."""
    outer = (2, 8192, 8192) if "134217728" in words else (2, 24, 32)
    with pytest.raises(CatalogError, match=words):
        unshard(REFUSED[words], outer)


def test_round_trips(tmp_path):
    """The index of each level and the chunk; of the next chunk beside it, only the chunk."""
    codecs = [shards(1, 12, 16, codecs=[shards(1, 6, 8)])]
    path = store(tmp_path / "a", codecs, (2, 24, 32), numbers("f4", SHAPE))

    async def run() -> list[int]:
        cache = ByteCache(1 << 20, lambda raw: raw.nbytes)
        storage = open_store(str(path))
        with ThreadPoolExecutor(1) as pool:
            source = await open_zarr(storage, Opening(cache, pool))
            counts = [storage.traffic.requests]
            for col in (0, 8, 16):
                window = (slice(0, 1), slice(0, 6), slice(col, col + 8))
                await source.read(ReadPlan("a", 0, window))
                counts.append(storage.traffic.requests)
        return list(np.diff(counts))

    assert asyncio.run(run()) == [3, 1, 2]


@pytest.mark.parametrize(
    "entry",
    [(0, 0), (2**63, 5), (2**64 - 1, 16), (10, 2**63 - 20), (0, 2**40), (10_000_000, 100)],
    ids=str,
)
@pytest.mark.parametrize("location", ["start", "end"])
def test_indexes_that_lead_elsewhere(tmp_path, location, entry):
    """Offsets and lengths that no shard has are an error of that chunk, not a read without end."""
    data = numbers("f4", SHAPE)
    codec = shards(1, 6, 8, index=[LITTLE], at=location, codecs=[LITTLE])
    path = store(tmp_path / "a", [codec], (2, 12, 32), data)
    shard = path / "a/c/0/0/0"
    content = bytearray(shard.read_bytes())
    start = 0 if location == "start" else len(content) - 16 * 16
    content[start : start + 16] = np.array(entry, "<u8").tobytes()
    shard.write_bytes(content)
    with pytest.raises(SourceError):
        read(path, "a", (slice(0, 1), slice(0, 6), slice(0, 8)))
    beside = (slice(0, 1), slice(0, 6), slice(8, 16))
    np.testing.assert_array_equal(read(path, "a", beside), data[beside])


def test_codecs_by_their_names(tmp_path):
    """A codec may be written as its name alone (Zarr v3, extension points)."""
    path = store(tmp_path / "a", [shards(1, 6, 8)], (2, 12, 32), SPARSE)
    document = json.loads((path / "a/zarr.json").read_text())
    settings = document["codecs"][0]["configuration"]
    settings["index_codecs"][1], settings["codecs"][1] = "crc32c", "zstd"
    (path / "a/zarr.json").write_text(json.dumps(document))
    np.testing.assert_array_equal(read(path, "a"), SPARSE)


def test_shards_of_create_array(tmp_path):
    """What zarr-python's own options write has one level."""
    group = zarr.create_group(tmp_path)
    array = group.create_array("a", shape=(64, 64), chunks=(8, 8), shards=(32, 32), dtype="u1")
    assert isinstance(array.metadata.codecs[0], ShardingCodec)
    document = json.loads((tmp_path / "a/zarr.json").read_text())
    levels, codecs, shape = unshard(document["codecs"], (32, 32))
    assert [(level.grid, level.span, shape) for level in levels] == [((4, 4), (4, 4), (8, 8))]
    assert codecs[0]["name"] == "bytes"
    with pytest.raises(CatalogError, match="nothing here is a map"):
        opened(tmp_path)
