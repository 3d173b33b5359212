"""Arrays laid out in every way: keys, dimensions and their names, types, fill values, chunks."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from tileserver.cache import ByteCache
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import open_store
from tileserver.sources.zarr.array import NOTHING, Supply, open_array
from tileserver.sources.zarr.cube import Opening, open_zarr
from tileserver.sources.zarr.metadata import ArrayMetadata

from .zarrs import numbers, opened, read, write

FORMATS = [2, 3]
SHAPE = (3, 20, 30)
DIMS = ("time", "lat", "lon")


def document(path: Path, name: str = "a") -> Path:
    """The metadata of an array."""
    found = path / name / "zarr.json"
    return found if found.exists() else path / name / ".zarray"


def change(path: Path, **fields: Any) -> None:
    """Other fields in the metadata of `a`; None takes one out."""
    known = {**json.loads(document(path).read_text()), **fields}
    document(path).write_text(json.dumps({k: v for k, v in known.items() if v is not None}))


@pytest.mark.parametrize("name", ["default", "v2"])
@pytest.mark.parametrize("separator", [".", "/"])
def test_keys_of_v3(tmp_path, name, separator):
    """Every encoding of chunk keys with either separator."""
    data = numbers("f4", SHAPE)
    path = write(
        tmp_path / "a", data, DIMS, chunks=(1, 8, 8),
        chunk_key_encoding={"name": name, "separator": separator},
    )  # fmt: skip
    np.testing.assert_array_equal(read(path, "a"), data)


@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.parametrize(
    "dims",
    [
        ("lat", "lon", "time"),
        ("lon", "lat", "time"),
        ("lat", "time", "lon"),
        ("time", "lon", "lat"),
    ],
    ids="-".join,
)
def test_orders_of_dimensions(tmp_path, dims, zarr_format):
    """Whatever the order that is stored, windows are (time, rows, columns)."""
    sizes = dict(zip(DIMS, SHAPE, strict=True))
    data = numbers("i2", tuple(sizes[dim] for dim in dims))
    path = write(tmp_path / "a", data, dims, zarr_format=zarr_format, chunks=(7, 2, 9))
    with xr.open_dataset(path, engine="zarr", consolidated=False, mask_and_scale=False) as cube:
        expected = cube["a"].transpose(*DIMS).values
    assert opened(path).cube.variables["a"].dims == ("time",)
    np.testing.assert_array_equal(read(path, "a"), expected)
    window = np.s_[1:3, 5:17, 8:29]
    np.testing.assert_array_equal(read(path, "a", window), expected[window])


@pytest.mark.parametrize("zarr_format", FORMATS)
def test_map_of_columns_and_rows(tmp_path, zarr_format):
    """A map that is stored with its columns first."""
    data = numbers("f4", (30, 20))
    path = write(tmp_path / "a", data, ("lon", "lat"), zarr_format=zarr_format, chunks=(8, 9))
    np.testing.assert_array_equal(read(path, "a"), data.T)


@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.parametrize("options", [{}, {"compressors": None}], ids=["compressed", "plain"])
def test_chunks_larger_than_the_array(tmp_path, zarr_format, options):
    """The cells beyond the array are left out."""
    data = numbers("f4", SHAPE)
    path = write(tmp_path / "a", data, DIMS, zarr_format=zarr_format, chunks=(8, 64, 33), **options)
    np.testing.assert_array_equal(read(path, "a"), data)


ODD = ["a b", "Größe", "a%20b", "a#b", "a+b=c", "a?b", "a.b", "a:b", "ä", "…", "a'b\"", "~", "%"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:Object at")
def test_names_of_odd_characters(tmp_path, zarr_format, name):
    """A name may hold any character that a file name may."""
    data = numbers("f4", SHAPE)
    path = write(tmp_path / "a", data, DIMS, zarr_format=zarr_format, chunks=(1, 20, 30))
    (path / "a").rename(path / name)
    np.testing.assert_array_equal(zarr.open_group(path)[name][...], data)
    np.testing.assert_array_equal(read(path, name), data)


OUTSIDE = ["../a", "/a", "a//b", "a/../../b", "a\\b", "a\0b", "./a", "a/.", ".."]


@pytest.mark.parametrize("path", OUTSIDE)
def test_paths_that_lead_elsewhere(tmp_path, path):
    """No key is ever made of a name that leads out of the store."""
    write(tmp_path / "a", numbers("f4", SHAPE), DIMS)
    known = json.loads((tmp_path / "a/a/zarr.json").read_text())
    supply = Supply(open_store(str(tmp_path)), ByteCache(0, len), ThreadPoolExecutor(1))
    with pytest.raises(CatalogError, match="leads out of the store: rename it"):
        open_array(path, known, {}, supply)


def names(path: Path) -> tuple[str, ...]:
    """The dimensions of `a` as they are named."""
    known, attrs = json.loads(document(path).read_text()), path / "a/.zattrs"
    return ArrayMetadata.parse(known, json.loads(attrs.read_text()) if attrs.exists() else {}).dims


def test_names_of_dimensions_that_are_absent(tmp_path):
    """They are named by their places, as xarray names them."""
    for zarr_format in FORMATS:
        path = write(
            tmp_path / str(zarr_format), numbers("f4", SHAPE), DIMS, zarr_format=zarr_format
        )
        if zarr_format == 2:
            (path / "a/.zattrs").write_text("{}")
        else:
            change(path, dimension_names=None)
        assert names(path) == ("dim_0", "dim_1", "dim_2")


def test_names_of_dimensions_of_which_some_are_null(tmp_path):
    """Those that have no name are named by their places."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS)
    change(path, dimension_names=[None, "lat", "lon"])
    assert names(path) == ("dim_0", "lat", "lon")


@pytest.mark.parametrize("where", [".zarray", ".zattrs"])
def test_names_of_dimensions_as_netcdf_c_writes_them(tmp_path, where):
    """NCZarr names them by their paths: in the array's document, and since 4.9.3 in attributes."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, zarr_format=2)
    refs = ["/time", "/lat", "/deeper/lon"]
    if where == ".zarray":
        change(path, _NCZARR_ARRAY={"dimrefs": refs, "storage": "chunked"})
        (path / "a/.zattrs").write_text("{}")
    else:
        found = {"_nczarr_array": {"dimension_references": refs}}
        (path / "a/.zattrs").write_text(json.dumps(found))
    assert names(path) == DIMS


REFUSED = {
    "chunk_grid 'rectilinear' is not read: rechunk": {
        "chunk_grid": {"name": "rectilinear", "configuration": {"chunk_shapes": [[1, 2], 20, 30]}}
    },
    "two of its dimensions have one name": {"dimension_names": ["lat", "lat", "lon"]},
    "its 3 dimensions are named": {"dimension_names": ["lat", "lon"]},
    "its 3 dimensions are named .*: correct them": {"dimension_names": ["lat", "lon", 5]},
    "storage_transformers are not read": {"storage_transformers": [{"name": "a"}]},
    "field 'cipher' of zarr.json is not known": {"cipher": {"name": "a"}},
    "chunk_key_encoding 'fanout' is not read": {"chunk_key_encoding": {"name": "fanout"}},
    "separator='-': expected": {
        "chunk_key_encoding": {"name": "v2", "configuration": {"separator": "-"}}
    },
    "hold nothing": {
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 0, 9]}}
    },
    "do not fit the shape": {
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 9]}}
    },
    "expected sizes": {"shape": [3, 20, -30]},
    "expected sizes; the metadata": {"shape": "3, 20, 30"},
    "expected sizes; .* is damaged": {"shape": [3, 20, 2**63]},
    "expected .*sizes": {"shape": [3, 20, 30.0]},
    "fill_value='much' is none of float32": {"fill_value": "much"},
    "data_type 'float128' is not read: rewrite": {"data_type": "float128"},
    "expected a list of a few": {"codecs": "bytes"},
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_not_read_is_told_in_words(tmp_path, words):
    """The variable is left out, with what is wrong and what to do; the others stay."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS)
    write(tmp_path / "a" / "later", numbers("f4", SHAPE), DIMS)
    (path / "later" / "a").rename(path / "b")
    change(path, **REFUSED[words])
    cube = opened(path).cube
    assert list(cube.variables)[:1] == ["b"]
    told = [warning for warning in cube.warnings if warning.startswith("variable 'a'")]
    assert len(told) == 1
    with pytest.raises(CatalogError, match=words):
        ArrayMetadata.parse(json.loads(document(path).read_text()), {})


def test_fields_that_need_not_be_understood(tmp_path):
    """They are passed over, as the specification has it."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS)
    change(path, cipher={"name": "a", "must_understand": False})
    assert list(opened(path).cube.variables) == ["a"]


FILLS_V3 = {
    "float32": ["0x7fc00000", "NaN", "-Infinity", "Infinity", 5, 1.5, "0xc0a00000"],
    "float16": ["0x7e00", 2.5], "float64": ["0x7ff8000000000000", -3],
    "int16": [-5, 0], "uint8": [255], "uint64": [2**64 - 1], "int64": [-(2**63)], "bool": [True],
}  # fmt: skip
FILLS_V2 = {
    "<f4": ["NaN", "-Infinity", 2.5, 3], ">i2": [-5], "|u1": [255], "<u8": [2**64 - 1],
    "|b1": [True],
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fill"), [(k, f) for k, fills in [*FILLS_V3.items(), *FILLS_V2.items()] for f in fills]
)
def test_fill_values(tmp_path, kind, fill):
    """Every way to write a fill value is what zarr-python reads where nothing is stored."""
    zarr_format = 2 if kind in FILLS_V2 else 3
    dtype = "f4" if zarr_format == 2 else "float32"
    path = write(tmp_path / "a", numbers(dtype, SHAPE), DIMS, zarr_format=zarr_format)
    change(path, fill_value=fill, **{"dtype" if zarr_format == 2 else "data_type": kind})
    (path / ("a/0.0.0" if zarr_format == 2 else "a/c/0/0/0")).unlink()
    expected = zarr.open_group(path)["a"][...]
    np.testing.assert_array_equal(read(path, "a"), expected.astype(read(path, "a").dtype))


@pytest.mark.parametrize("fill", [None, "absent"])
def test_fill_values_that_are_not_given(tmp_path, fill):
    """Where nothing is stored there are zeros then, and nothing is masked."""
    path = write(tmp_path / "a", numbers("i2", SHAPE), DIMS, zarr_format=2)
    known = json.loads(document(path).read_text())
    known["fill_value"] = None
    if fill == "absent":
        del known["fill_value"]
    document(path).write_text(json.dumps(known))
    (path / "a/0.0.0").unlink()
    assert (read(path, "a") == 0).all()
    assert opened(path).cube.variables["a"].packing.missing == ()


def test_whole_numbers_written_as_floats(tmp_path):
    """A fill value of integers may be 255.0, as R and older GDAL write it; but not 300."""
    path = write(tmp_path / "a", numbers("u1", SHAPE), DIMS, zarr_format=2)
    change(path, fill_value=255.0)
    assert opened(path).cube.variables["a"].packing.missing == (255,)
    change(path, fill_value=300)
    with pytest.raises(CatalogError, match="fill_value='300' is none of uint8: correct it"):
        opened(path)


TEXTS = np.array(["a", "bb", "Grüße"])
TEXTS_V2 = [TEXTS.astype("<U7"), TEXTS.astype(">U7"), np.array([b"a", b"bb", b"c"], "S4")]
VARIABLE = TEXTS.astype(np.dtypes.StringDType())


@pytest.mark.parametrize("values", [*TEXTS_V2, VARIABLE], ids=lambda values: values.dtype.str)
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:The data type")
def test_texts_of_coordinates(tmp_path, zarr_format, values):
    """Texts of fixed length in either byte order, bytes, and texts of any length."""
    path = write(
        tmp_path / "a", numbers("f4", SHAPE), ("band", "lat", "lon"),
        zarr_format=zarr_format, coordinates={"band": values},
    )  # fmt: skip
    found = opened(path).cube.dimensions["band"].values
    assert found == tuple(v.decode() if isinstance(v, bytes) else v for v in values.tolist())


TIMES = np.array(["2020-01-01", "2020-01-03", "2021-02-01"], "M8[s]")


@pytest.mark.parametrize("kind", ["<M8[ns]", ">M8[ns]", "<M8[s]", "<M8[D]", "<M8[10m]"])
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:The data type")
def test_times_of_coordinates(tmp_path, zarr_format, kind):
    """Times in numpy's own type, of any unit and either byte order."""
    path = write(
        tmp_path / "a", numbers("f4", SHAPE), DIMS, zarr_format=zarr_format,
        coordinates={"time": TIMES.astype(kind)},
    )  # fmt: skip
    labels = opened(path).cube.dimensions["time"].values.labels
    assert tuple(labels) == tuple(f"{time}Z" for time in TIMES.astype("M8[s]"))


NO_MAPS = ["c8", "c16", "M8[s]", "m8[s]", "U3", "S3", "V4", [("x", "i4"), ("y", "f4")]]


@pytest.mark.parametrize("kind", NO_MAPS, ids=str)
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:The data type")
def test_types_that_are_no_map(tmp_path, zarr_format, kind):
    """They are named; the other variables stay."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, zarr_format=zarr_format)
    data = np.zeros(SHAPE, kind)
    write(tmp_path / "a/later", data, DIMS, zarr_format=zarr_format)
    (path / "later/a").rename(path / "b")
    for name in ("lat", "lon", ".zgroup", "zarr.json"):
        (path / "later" / name).rename(path / f".{name}") if (path / "later" / name).exists() else 0
    cube = opened(path).cube
    assert list(cube.variables) == ["a"]
    assert any("'b'" in w and "cannot be drawn, expected numbers" in w for w in cube.warnings)


def whole(path: Path, *names: str) -> list[np.ndarray]:
    """Arrays read whole."""

    async def run() -> list[np.ndarray]:
        cache: ByteCache[Any] = ByteCache(1 << 20, lambda raw: raw.nbytes)
        with ThreadPoolExecutor(1) as pool:
            supply = Supply(open_store(str(path)), cache, pool)
            arrays = [
                open_array(name, json.loads(document(path, name).read_text()), {}, supply)
                for name in names
            ]
            return [await array.values() for array in arrays]

    return asyncio.run(run())


@pytest.mark.parametrize("zarr_format", FORMATS)
def test_arrays_of_no_cells_and_of_no_dimension(tmp_path, zarr_format):
    """They are read for what they are, and harm no other."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, zarr_format=zarr_format)
    group = zarr.open_group(path)
    group.create_array("one", shape=(), dtype="f8")[...] = 5.5
    group.create_array("none", shape=(0, 4), chunks=(1, 4), dtype="f8")
    assert list(opened(path).cube.variables) == ["a"]
    one, none = whole(path, "one", "none")
    assert (one.shape, one.item()) == ((), 5.5)
    assert none.shape == (0, 4)


@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.parametrize("chunk", [1, 7, 300, 1000])
def test_coordinates_of_many_chunks(tmp_path, zarr_format, chunk):
    """A coordinate in any chunks, some not stored, is what zarr-python reads."""
    group = zarr.create_group(tmp_path, zarr_format=zarr_format)
    array = group.create_array("c", shape=(300,), chunks=(chunk,), dtype="f8", fill_value=-1)
    array[...] = np.where(np.arange(300) // 7 % 2, -1, np.arange(300) / 7)
    np.testing.assert_array_equal(*whole(tmp_path, "c"), array[...])


def test_arrays_of_too_many_chunks_are_not_read_whole(tmp_path):
    """Nobody waits for millions of requests: what to do is told."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS)
    known = json.loads(document(path).read_text())
    supply = Supply(open_store(str(path)), ByteCache(0, len), ThreadPoolExecutor(1))
    for size in (1_000_000, 2**40):
        known["shape"] = [size, 20, 30]
        array = open_array("a", known, {}, supply)
        with pytest.raises(CatalogError, match="too much to read whole: rechunk it"):
            asyncio.run(array.values())


@pytest.mark.parametrize("shards", [None, (2, 20, 30)])
def test_chunks_that_are_not_stored_weigh_nothing(tmp_path, shards):
    """One chunk of fill value is kept for all of them."""
    data = np.zeros(SHAPE, "f4")
    path = write(tmp_path / "a", data, DIMS, chunks=(1, 4, 5), shards=shards, fill_value=0)

    async def run() -> None:
        cache: ByteCache[Any] = ByteCache(1 << 20, lambda raw: raw.nbytes)
        with ThreadPoolExecutor(1) as pool:
            source = await open_zarr(open_store(str(path)), Opening(cache, pool))
            before = cache.nbytes
            plan = ReadPlan("a", 0, tuple(slice(0, n) for n in SHAPE))
            assert source.held(plan) is None
            np.testing.assert_array_equal(await source.read(plan), data)
            np.testing.assert_array_equal(source.held(plan), data)
            stored = 3 * 5 * 6 + (2 if shards else 0)
            assert cache.nbytes - before <= 4 * 5 * 4 + stored * NOTHING.nbytes
            one = ReadPlan("a", 0, (slice(0, 1), slice(0, 4), slice(0, 5)))
            other = ReadPlan("a", 0, (slice(2, 3), slice(16, 20), slice(5, 10)))
            assert np.shares_memory(await source.read(one), await source.read(other))
            assert not (await source.read(one)).flags.writeable

    asyncio.run(run())


def test_chunks_of_a_wrong_type_are_told(tmp_path):
    """Filters that give other numbers than the array has are an error of the chunk."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, chunks=(1, 20, 30))
    known = json.loads(document(path).read_text())
    astype = {"encode_dtype": "<f4", "decode_dtype": "<f8"}
    known["codecs"] = [{"name": "numcodecs.astype", "configuration": astype}, *known["codecs"]]
    document(path).write_text(json.dumps(known))
    with pytest.raises(SourceError, match="a chunk is damaged"):
        read(path, "a")


@pytest.mark.parametrize("name", ["time", "lat"])
def test_coordinates_that_are_damaged(tmp_path, name):
    """The variables that need one are left out, with the reason; the others stay."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), DIMS, coordinates={"time": np.arange(3)})
    group = zarr.open_group(path)
    for other in ("y", "x"):
        group.create_array(other, data=np.arange(5.0), dimension_names=(other,))
        group[other].attrs["units"] = {"y": "degrees_north", "x": "degrees_east"}[other]
    group.create_array("b", data=np.ones((5, 5)), dimension_names=("y", "x"))
    assert sorted(opened(path).cube.variables) == ["a", "b"]
    (path / name / "c/0").write_bytes(b"rubbish")
    cube = opened(path).cube
    assert list(cube.variables) == ["b"]
    told = f"variable 'a': its coordinate: variable '{name}': a chunk is damaged"
    assert told in cube.warnings
