"""Chunks of Zarr v2 and v3 are what zarr and xarray read, and damage is told."""

import asyncio
import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr

from tileserver.cache import ByteCache
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import open_store
from tileserver.sources.zarr.cube import Opening, open_zarr

from .zarrs import by_xarray, decoded, numbers, opened, read, write

SHAPE = (3, 37, 53)
DIMS = ("time", "lat", "lon")
FORMATS = [2, 3]
WINDOWS = [
    (slice(0, 1), slice(0, 10), slice(0, 10)),
    (slice(1, 3), slice(9, 21), slice(15, 33)),
    (slice(2, 3), slice(30, 37), slice(48, 53)),
    (slice(0, 3), slice(0, 37), slice(0, 53)),
]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("zarr_format", FORMATS)
def test_windows(tmp_path, zarr_format, window):
    """Any window of any chunks is that part of the array."""
    data = numbers("int16", SHAPE)
    path = write(tmp_path / "a", data, DIMS, zarr_format=zarr_format, chunks=(2, 10, 16))
    np.testing.assert_array_equal(read(path, "a", window), data[window])


@pytest.mark.parametrize(
    "dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "i8", "u8", "f2", "f4", "f8", "b1"]
)
@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize("zarr_format", FORMATS)
def test_types(tmp_path, zarr_format, endian, dtype):
    """Numbers of every width in either byte order come out in the machine's."""
    data = numbers(dtype, SHAPE)
    stored = data.astype(np.dtype(dtype).newbyteorder(endian))
    path = write(tmp_path / "a", stored, DIMS, zarr_format=zarr_format, chunks=(1, 16, 16))
    found = read(path, "a")
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, data)


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order(tmp_path, order):
    """Chunks in Fortran's order."""
    data = numbers("f4", SHAPE)
    path = write(tmp_path / "a", data, DIMS, zarr_format=2, chunks=(2, 16, 16), order=order)
    np.testing.assert_array_equal(read(path, "a"), data)


@pytest.mark.parametrize("location", ["start", "end"])
@pytest.mark.parametrize("window", WINDOWS)
def test_shards(tmp_path, location, window):
    """Inner chunks of shards, their index before or behind them, some of them not stored."""
    data = numbers("f4", SHAPE)
    data[:, 10:20, :] = 0
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    zstd = {"name": "zstd", "configuration": {"level": 1, "checksum": False}}
    codec = {
        "name": "sharding_indexed",
        "configuration": {
            "chunk_shape": [1, 10, 16],
            "codecs": [little, zstd],
            "index_codecs": [little, {"name": "crc32c"}],
            "index_location": location,
        },
    }
    path = tmp_path / "a"
    group = zarr.create_group(path)
    for name, size in (("lat", 37), ("lon", 53)):
        group.create_array(name, data=np.arange(float(size)), dimension_names=(name,))
    zarr.create(
        shape=SHAPE, chunks=(2, 20, 32), dtype="f4", codecs=[codec], store=path, path="a",
        dimension_names=DIMS, fill_value=0.0,
    )[...] = data  # fmt: skip
    np.testing.assert_array_equal(read(path, "a", window), data[window])


@pytest.mark.parametrize("zarr_format", FORMATS)
def test_missing_chunks_are_fill_value(tmp_path, zarr_format):
    """A chunk that is not stored is all fill value, and masked as xarray masks it."""
    data = numbers("i2", SHAPE)
    path = write(
        tmp_path / "a", data, DIMS, {"_FillValue": -5} if zarr_format == 3 else {},
        zarr_format=zarr_format, chunks=(1, 20, 20), fill_value=-5,
    )  # fmt: skip
    chunk = path / "a" / ("1.0.1" if zarr_format == 2 else "c/1/0/1")
    chunk.unlink()
    found = read(path, "a")
    assert (found[1, :20, 20:40] == -5).all()
    np.testing.assert_array_equal(decoded(path, "a"), by_xarray(path, "a"))


def test_a_missing_shard_is_fill_value(tmp_path):
    """So are all inner chunks of a shard that is not stored."""
    data = numbers("f4", SHAPE)
    path = write(
        tmp_path / "a", data, DIMS, chunks=(1, 10, 10), shards=(1, 20, 20), fill_value=np.nan
    )
    shutil.rmtree(path / "a" / "c" / "2")
    found = read(path, "a")
    assert np.isnan(found[2]).all()
    np.testing.assert_array_equal(found[:2], data[:2])


@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:Consolidated metadata")
def test_consolidated_or_not(tmp_path, zarr_format):
    """Both are read alike; the metadata that is not consolidated is warned of."""
    data = numbers("f4", SHAPE)
    path = write(tmp_path / "a", data, DIMS, zarr_format=zarr_format)
    assert any("not consolidated" in w for w in opened(path).cube.warnings)
    zarr.consolidate_metadata(path)
    source = opened(path)
    assert not any("not consolidated" in w for w in source.cube.warnings)
    np.testing.assert_array_equal(read(path, "a"), data)


@pytest.mark.parametrize("separator", [".", "/"])
def test_separators(tmp_path, separator):
    """Keys of v2 with a point or a slash."""
    data = numbers("f4", SHAPE)
    encoding = {"name": "v2", "separator": separator}
    path = write(
        tmp_path / "a", data, DIMS, zarr_format=2, chunks=(1, 20, 20), chunk_key_encoding=encoding
    )
    np.testing.assert_array_equal(read(path, "a"), data)


def test_v3_keys_as_in_v2(tmp_path):
    """An array of v3 may name its chunks as v2 does."""
    data = numbers("f4", SHAPE)
    encoding = {"name": "v2", "separator": "."}
    path = write(tmp_path / "a", data, DIMS, chunks=(1, 20, 20), chunk_key_encoding=encoding)
    np.testing.assert_array_equal(read(path, "a"), data)


def test_groups(tmp_path):
    """A group below the root is opened by its name; a wrong name is told."""
    data = numbers("f4", (37, 53))
    zarr.create_group(tmp_path / "a")
    write(tmp_path / "a" / "deep" / "one", data)
    np.testing.assert_array_equal(read(tmp_path / "a", "a", group="/deep/one"), data)
    with pytest.raises(CatalogError, match=r"no Zarr group|no such group"):
        opened(tmp_path / "a", group="deep/two")


def test_a_damaged_chunk_harms_only_its_tile(tmp_path):
    """A chunk that cannot be decoded is a SourceError; the others are served."""
    data = numbers("f4", SHAPE)
    path = write(tmp_path / "a", data, DIMS, chunks=(1, 20, 20))
    (path / "a/c/0/0/0").write_bytes(b"rubbish")
    with pytest.raises(SourceError, match="'a': a chunk is damaged"):
        read(path, "a", WINDOWS[0])
    np.testing.assert_array_equal(read(path, "a", WINDOWS[2]), data[WINDOWS[2]])


def test_a_chunk_of_the_wrong_size(tmp_path):
    """A chunk that holds too few values is told."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, chunks=(1, 20, 20), compressors=None)
    (path / "a/c/0/0/0").write_bytes(b"\0" * 40)
    with pytest.raises(SourceError):
        read(path, "a", WINDOWS[0])


def test_a_damaged_shard_index(tmp_path):
    """A shard whose index fails its checksum is told."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, chunks=(1, 10, 10), shards=(1, 20, 20))
    shard = path / "a/c/0/0/0"
    shard.write_bytes(shard.read_bytes()[:-3] + b"abc")
    with pytest.raises(SourceError, match="index is damaged"):
        read(path, "a", WINDOWS[0])


def test_chunks_over_the_limit(tmp_path):
    """An array whose chunks are too large to decode is refused when the store is opened."""
    path = write(tmp_path / "a", numbers("f4", (10, 10)))
    document = json.loads((path / "a/zarr.json").read_text())
    document["chunk_grid"]["configuration"]["chunk_shape"] = [100_000, 100_000]
    (path / "a/zarr.json").write_text(json.dumps(document))
    with pytest.raises(CatalogError, match="too large to serve: rechunk"):
        opened(path)


def test_no_store_here(tmp_path):
    """A folder without Zarr is told."""
    with pytest.raises(CatalogError, match="no Zarr group here"):
        opened(tmp_path)


@pytest.mark.parametrize("text", [b"{", b"[]", b"\xff\xfe", b"null"])
def test_damaged_metadata(tmp_path, text):
    """Documents that are no JSON objects are told."""
    path = write(tmp_path / "a", numbers("f4", (10, 10)))
    (path / "zarr.json").write_bytes(text)
    with pytest.raises(CatalogError, match=r"JSON|no Zarr group"):
        opened(path)


def test_bare_nan_in_metadata(tmp_path):
    """NaN and infinities as Python's json writes them are understood."""
    data = numbers("f4", (10, 10))
    path = write(tmp_path / "a", data, zarr_format=2, fill_value=np.nan)
    attrs = path / "a/.zattrs"
    attrs.write_text(
        '{"_ARRAY_DIMENSIONS": ["lat", "lon"], "_FillValue": NaN, "b": [NaN, -Infinity],'
        ' "c": "NaN, x"}'
    )
    source = opened(path)
    assert source.cube.variables["a"].attrs["c"] == "NaN, x"
    np.testing.assert_array_equal(read(path, "a"), data)


def test_the_version_follows_the_metadata(tmp_path):
    """A longer time axis or another attribute makes another version."""
    path = write(tmp_path / "a", numbers("f4", (10, 10)))
    first = opened(path).version
    assert opened(path).version == first
    zarr.open_group(path)["a"].attrs["units"] = "K"
    assert opened(path).version != first


def test_what_is_held_is_shared_and_read_only(tmp_path):
    """A chunk is decoded once, and nobody can write into it."""
    path = write(tmp_path / "a", numbers("f4", (10, 10)))

    async def run():
        cache = ByteCache(1 << 20, lambda raw: raw.nbytes)
        with ThreadPoolExecutor(1) as pool:
            source = await open_zarr(open_store(str(path)), Opening(cache, pool))
            plan = ReadPlan("a", 0, (slice(0, 10), slice(0, 10)))
            return await source.read(plan), await source.read(plan)

    first, second = asyncio.run(run())
    assert np.shares_memory(first, second)
    assert not first.flags.writeable
