"""A stack of GeoTIFFs is a cube whose every time is one file."""

import asyncio
import re

import numpy as np
import pytest
from affine import Affine

from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.store import open_store
from tileserver.sources.tiff.stack import glob_expression, match_times, open_stack, parse_time
from tileserver.timeaxis import parse_instant

from .geotiffs import TRANSFORM, Counted, new_cache, new_pool, numbers, run, write

DAYS = ["20240301", "20240101", "20240201"]
PATTERN = r"ndvi_(?P<time>\d{8})\.tif"
ALL = (slice(0, 310), slice(0, 330))


def write_stack(folder, days=DAYS, **profile):
    """A file a day, whose numbers tell the days apart."""
    for number, day in enumerate(days):
        data = numbers("int16", shape=(310, 330)) + 300 * number
        write(folder / f"ndvi_{day}.tif", data, **({"overviews": (2,), "nodata": -1} | profile))


async def stack(folder, keys=("ndvi_*.tif",), store=None):
    store = store or open_store(str(folder))
    entries = await match_times(store, keys, PATTERN)
    return await open_stack(store, entries, new_cache(), new_pool())


def test_times_are_in_order(tmp_path):
    """Files come in the order of their times, whatever that of their names or of the list."""
    write_stack(tmp_path)

    async def check():
        source = await stack(tmp_path)
        assert source.cube.time.labels == tuple(f"2024-0{m}-01T00:00:00Z" for m in (1, 2, 3))
        entries = [(f"ndvi_{day}.tif", f"{day[:4]}-{day[4:6]}-{day[6:]}") for day in DAYS]
        listed = await open_stack(open_store(str(tmp_path)), entries, new_cache(), new_pool())
        assert listed.version == source.version
        assert listed.cube.time.labels == source.cube.time.labels

    run(check())


def test_reads_are_the_files(tmp_path):
    """A window over all times holds each file's numbers, at each level."""
    write_stack(tmp_path)

    async def check():
        source = await stack(tmp_path)
        variable = source.cube.variables["b1"]
        assert variable.dims == ("time",)
        assert variable.levels[1].shape == (3, 155, 165)
        raw = await source.read(ReadPlan("b1", 0, (slice(0, 3), *ALL)))
        base = numbers("int16", shape=(310, 330))[0]
        assert np.array_equal(raw, np.stack([base + 300, base + 600, base]))
        one = await source.read(ReadPlan("b1", 0, (slice(1, 2), slice(5, 7), slice(120, 140))))
        assert np.array_equal(one, raw[1:2, 5:7, 120:140])
        coarse = await source.read(ReadPlan("b1", 1, (slice(2, 3), slice(0, 155), slice(0, 165))))
        assert np.array_equal(coarse[0], base[::2, ::2])

    run(check())


def test_files_are_opened_once(tmp_path):
    """Opening reads the first file's header; another's comes with its first read, once."""
    write_stack(tmp_path, overviews=())  # else the headers lie at both ends of the file

    async def check():
        store = Counted(open_store(str(tmp_path)))
        source = await stack(tmp_path, store=store)
        assert [key for key, _ in store.ranges] == ["ndvi_20240101.tif"]
        store.ranges.clear()
        one = ReadPlan("b1", 0, (slice(2, 3), slice(0, 9), slice(0, 9)))
        await asyncio.gather(source.read(one), source.read(one))
        assert [key for key, _ in store.ranges] == ["ndvi_20240301.tif"] * 2
        store.ranges.clear()
        await source.read(ReadPlan("b1", 0, (slice(2, 3), slice(130, 140), slice(0, 9))))
        assert len(store.ranges) == 1

    run(check())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"crs": "EPSG:32634"}, "CRS"),
        ({"transform": TRANSFORM @ Affine.translation(3, 0)}, "grid"),
        ({"nodata": 5}, "nodata"),
        ({"dtype": "int32"}, "type"),
        ({"overviews": ()}, "overview"),
        ({"shape": (300, 330)}, "300 × 330"),
    ],
)
def test_file_that_does_not_fit(tmp_path, change, told):
    """A file that differs is an error that names its time and what differs; others are read."""
    write_stack(tmp_path)
    options = {"overviews": (2,), "nodata": -1, "shape": (310, 330)} | change
    data = numbers(options.pop("dtype", "int16"), shape=options.pop("shape"))
    write(tmp_path / "ndvi_20240201.tif", data, **options)

    async def check():
        source = await stack(tmp_path)
        with pytest.raises(SourceError, match=rf"time=2024-02-01T00:00:00Z: .*{told}"):
            await source.read(ReadPlan("b1", 0, (slice(0, 3), slice(0, 9), slice(0, 9))))
        await source.read(ReadPlan("b1", 0, (slice(2, 3), slice(0, 9), slice(0, 9))))

    run(check())


def test_file_that_is_damaged(tmp_path):
    """A file that is no TIFF is an error that names its time."""
    write_stack(tmp_path)
    (tmp_path / "ndvi_20240301.tif").write_bytes(b"no image at all")

    async def check():
        source = await stack(tmp_path)
        with pytest.raises(SourceError, match=r"time=2024-03-01.*not a GeoTIFF"):
            await source.read(ReadPlan("b1", 0, (slice(2, 3), slice(0, 9), slice(0, 9))))

    run(check())


def test_version_follows_the_files(tmp_path):
    """A file that is added or changed makes another version."""
    write_stack(tmp_path)

    async def check():
        first = await stack(tmp_path)
        assert (await stack(tmp_path)).version == first.version
        write_stack(tmp_path, ["20240401"])
        added = await stack(tmp_path)
        write_stack(tmp_path, ["20240401"], compress="deflate")
        changed = await stack(tmp_path)
        assert len({first.version, added.version, changed.version}) == 3

    run(check())


def test_two_files_of_one_time(tmp_path):
    """Two files of one time are an error that names both."""
    write_stack(tmp_path)

    async def check():
        entries = [("ndvi_20240101.tif", "2024-01-01"), ("ndvi_20240201.tif", "20240101")]
        with pytest.raises(CatalogError, match=r"ndvi_20240101.tif.*ndvi_20240201.tif"):
            await open_stack(open_store(str(tmp_path)), entries, new_cache(), new_pool())

    run(check())


def test_many_files_are_listed(tmp_path):
    """Many files are looked up by one listing; one that is missing is named."""
    days = [f"2024{month:02d}01" for month in range(1, 13)] + [
        f"2023{m:02d}01" for m in range(1, 9)
    ]
    (tmp_path / "deep").mkdir()
    write_stack(tmp_path / "deep", days)

    async def check():
        source = await stack(tmp_path, ["**/ndvi_*.tif"])
        assert source.cube.time.size == 20
        entries = [(f"deep/ndvi_{day}.tif", day) for day in [*days, "20200101"]]
        with pytest.raises(CatalogError, match="ndvi_20200101"):
            await open_stack(open_store(str(tmp_path)), entries, new_cache(), new_pool())

    run(check())


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("20240229", "2024-02-29"),
        ("2024-02-29", "2024-02-29"),
        ("2024_02_29", "2024-02-29"),
        ("20240229T133005", "2024-02-29T13:30:05"),
        ("20240229T133005Z", "2024-02-29T13:30:05"),
        ("20240229133005", "2024-02-29T13:30:05"),
        ("20240229_1330", "2024-02-29T13:30"),
        ("20240229T13", "2024-02-29T13:00"),
        ("2024060", "2024-02-29"),
        ("2024-366", "2024-12-31"),
        ("202402", "2024-02"),
        ("2024", "2024"),
        ("2024-02-29T13:30:05+01:00", "2024-02-29T12:30:05"),
    ],
)
def test_times_in_names(text, iso):
    """Times are read as they stand in names of files."""
    assert parse_time(text) == parse_instant(iso)


@pytest.mark.parametrize("text", ["", "Bogus", "20241345", "2023366", "2024000", "0000", "12"])
def test_times_that_are_none(text):
    """Any other text is an error that says what is expected."""
    with pytest.raises(CatalogError, match=r"expected YYYYMMDD"):
        parse_time(text)


@pytest.mark.parametrize(
    ("glob", "yes", "no"),
    [
        ("a/*.tif", ["a/x.tif", "a/.tif"], ["a/b/x.tif", "a/x.tiff", "b/x.tif"]),
        ("**/x?.tif", ["x1.tif", "a/b/x2.tif"], ["x.tif", "x10.tif", "a/x/.tif"]),
        ("a/**", ["a/b", "a/b/c.tif"], ["b/c"]),
        ("x[12].tif", ["x1.tif", "x2.tif"], ["x3.tif", "x[12].tif"]),
        ("x[!12].tif", ["x3.tif"], ["x1.tif", "x/.tif2"]),
        ("x+(y).tif", ["x+(y).tif"], ["xx(y).tif"]),
    ],
)
def test_glob(glob, yes, no):
    """Stars stay within a folder, two cross folders; all else is literal."""
    pattern = re.compile(glob_expression(glob))
    assert all(pattern.fullmatch(key) for key in yes)
    assert not any(pattern.fullmatch(key) for key in no)


@pytest.mark.parametrize(
    ("keys", "pattern", "told"),
    [
        (["*.jpg"], PATTERN, r"no object matches \*\.jpg"),
        (["*.tif"], r"(\d{8})", r"expected a group \(\?P<time>…\)"),
        (["*.tif"], r"(?P<time>\d{8}", "not a regular expression"),
        (["*.tif"], r"evi_(?P<time>\d{8})", "finds no time in 'ndvi_20240101.tif'"),
        (["*.tif"], r"(?P<time>[a-z]+)", "in 'ndvi_20240101.tif': time='ndvi': expected YYYY"),
    ],
)
def test_patterns_that_find_nothing(tmp_path, keys, pattern, told):
    """What is wrong with a pattern is told by the pattern, an example and the remedy."""
    for day in DAYS:
        (tmp_path / f"ndvi_{day}.tif").touch()
    with pytest.raises(CatalogError, match=told):
        run(match_times(open_store(str(tmp_path)), keys, pattern))


def test_patterns_over_http():
    """A server over HTTP cannot list: a pattern is an error that says what to do instead."""
    with pytest.raises(CatalogError, match="name each in urls"):
        run(match_times(open_store("http://127.0.0.1:1/data"), ["*.tif"], PATTERN))
