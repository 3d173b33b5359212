"""A stack of GeoTIFFs is a cube whose every time is one file."""

import asyncio
import re
from contextlib import ExitStack

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.merge import merge

from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import open_store
from tileserver.sources.tiff.filetime import glob_expression, match_times, parse_time
from tileserver.sources.tiff.stack import SAMPLED, open_stack
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
    """Opening reads headers of some files; another's comes with its first read, once."""
    days = [f"2024{month:02d}{day:02d}" for month in (1, 2) for day in range(1, 10)]
    write_stack(tmp_path, days, overviews=())  # else the headers lie at both ends of the file

    async def check():
        store = Counted(open_store(str(tmp_path)))
        source = await stack(tmp_path, store=store)
        opened = {key for key, _ in store.ranges}
        assert len(opened) == len(store.ranges) == SAMPLED
        number, day = next(
            (i, day) for i, day in enumerate(days) if f"ndvi_{day}.tif" not in opened
        )
        store.ranges.clear()
        one = ReadPlan("b1", 0, (slice(number, number + 1), slice(0, 9), slice(0, 9)))
        await asyncio.gather(source.read(one), source.read(one))
        assert [key for key, _ in store.ranges] == [f"ndvi_{day}.tif"] * 2
        store.ranges.clear()
        other = (slice(number, number + 1), slice(130, 140), slice(0, 9))
        await source.read(ReadPlan("b1", 0, other))
        assert len(store.ranges) == 1

    run(check())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"crs": "EPSG:32634"}, r"CRS .*gdalwarp -t_srs"),
        ({"transform": TRANSFORM @ Affine.translation(3.5, 0)}, r"cells.*gdalwarp .*-tr 10 10"),
        ({"transform": TRANSFORM @ Affine.scale(2)}, r"20 × 20.*gdalwarp .*-tr 10 10"),
        ({"bands": 2}, "number of bands"),
        ({"dtype": "int64"}, "room"),
    ],
)
def test_file_that_does_not_fit(tmp_path, change, told):
    """A file that differs is an error that names it, what differs, and the remedy."""
    write_stack(tmp_path)
    options = {"overviews": (2,), "nodata": -1, "shape": (310, 330), "bands": 1} | change
    size = {"shape": options.pop("shape"), "bands": options.pop("bands")}
    if options.get("dtype") == "int64":
        options |= {"overviews": (), "nodata": -5}
    data = numbers(options.pop("dtype", "int16"), **size)
    write(tmp_path / "ndvi_20240201.tif", data, **options)
    with pytest.raises(CatalogError, match=rf"key='ndvi_20240201.tif': .*{told}"):
        run(stack(tmp_path))


def test_file_that_does_not_fit_and_was_not_looked_at(tmp_path):
    """It is an error at its time, when it is read; the other times are read."""
    days = [f"2024{month:02d}{day:02d}" for month in (1, 2) for day in range(1, 10)]
    write_stack(tmp_path, days, overviews=())

    async def check():
        store = Counted(open_store(str(tmp_path)))
        source = await stack(tmp_path, store=store)
        opened = {key for key, _ in store.ranges}
        odd = next(day for day in days if f"ndvi_{day}.tif" not in opened)
        number = days.index(odd)
        write_stack(tmp_path, [odd], nodata=5)
        source = await stack(tmp_path)
        label = f"{odd[:4]}-{odd[4:6]}-{odd[6:]}"
        with pytest.raises(SourceError, match=rf"time={label}T00:00:00Z: .*nodata"):
            await source.read(ReadPlan("b1", 0, (slice(number - 1, number + 1), *ALL)))
        await source.read(ReadPlan("b1", 0, (slice(number - 1, number), *ALL)))

    run(check())


def merged(paths, bounds, level=0, band=1):
    """(numbers, mask) of files by rasterio, within bounds: the first with a value is on top."""
    more = {"OVERVIEW_LEVEL": level - 1} if level else {}
    with ExitStack() as files:
        opened = [files.enter_context(rasterio.open(path, **more)) for path in paths]
        data, _ = merge(opened, bounds=bounds, indexes=[band], masked=True)
        return np.ma.getdata(data[0]), ~np.ma.getmaskarray(data[0])


async def assert_merged(source, steps, variable="b1"):
    """All of each step and level, and windows of it, are rasterio's merge of its files."""
    known = source.cube.variables[variable]
    for level, each in enumerate(known.levels):
        for step, paths in enumerate(steps):
            numbers, valid = merged(paths, each.grid.bounds, level)
            rows, cols = each.grid.shape
            for window in ((slice(0, rows), slice(0, cols)),
                           (slice(rows // 3, rows // 2), slice(cols // 4, cols - 1))):  # fmt: skip
                plan = ReadPlan(variable, level, (slice(step, step + 1), *window))
                raw = await source.read(plan)
                assert raw.dtype == known.dtype
                assert np.array_equal(known.packing.valid(raw[0]), valid[window])
                assert np.array_equal(raw[0][valid[window]], numbers[window][valid[window]])
                again = source.held(plan)
                assert np.array_equal(again, raw, equal_nan=raw.dtype.kind == "f")


MOVES = [(0, 0), (0, -8), (12, 4), (4, 0)]


@pytest.mark.parametrize("nodata", [None, -1])
@pytest.mark.parametrize("odd", [0, 1])
def test_extents_that_differ(tmp_path, odd, nodata):
    """The grid holds all files, each at its place; overviews stay where they fit all of them."""
    for number, (row, col) in enumerate(MOVES):
        data = numbers("int16", shape=(308 + 4 * number, 328 + odd * (number > 1)))
        write(
            tmp_path / f"ndvi_2024010{number + 1}.tif",
            data + 300 * number,
            transform=TRANSFORM @ Affine.translation(col, row),
            overviews=(2, 4),
            nodata=nodata,
        )

    async def check():
        source = await stack(tmp_path)
        levels = source.cube.variables["b1"].levels
        assert [level.shape[1:] for level in levels] == (
            [(328, 341)] if odd else [(328, 340), (164, 170), (82, 85)]
        )
        assert any("overviews cannot be used" in text for text in source.cube.warnings) == odd
        assert source.cube.variables["b1"].dtype == (np.int32 if nodata is None else np.int16)
        await assert_merged(source, [[path] for path in sorted(tmp_path.iterdir())])
        whole = (slice(0, len(MOVES)), slice(0, 328), slice(0, 340))
        assert (await source.read(ReadPlan("b1", 0, whole))).shape == (4, 328, 340)

    run(check())


def test_many_extents(tmp_path):
    """Of many files all are looked at where those that were looked at first differ."""
    days = [f"2024{month:02d}01" for month in range(1, 13)] + [
        f"2023{month:02d}01" for month in range(1, 9)
    ]
    for number, day in enumerate(days):
        write(
            tmp_path / f"ndvi_{day}.tif",
            numbers("uint8", shape=(40, 50)),
            transform=TRANSFORM @ Affine.translation(number, 0),
            overviews=(),
        )

    async def check():
        source = await stack(tmp_path)
        assert source.cube.variables["b1"].grid.shape == (40, 69)
        paths = sorted(tmp_path.iterdir())
        await assert_merged(source, [[path] for path in paths])

    run(check())


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_neighbours(tmp_path, dtype):
    """Files of one time lie side by side; where they overlap the first valid number is on top."""
    for day in ("20240101", "20240102"):
        for number, (row, col) in enumerate([(0, 0), (0, 200), (150, 100)]):
            data = numbers(dtype, shape=(200, 240)) + 20 * number
            data[:, 20:120, 180:220] = 0
            write(
                tmp_path / f"ndvi_{day}_{number}.tif",
                data,
                transform=TRANSFORM @ Affine.translation(col, row),
                overviews=(2,),
                nodata=0,
            )

    async def check():
        store = open_store(str(tmp_path))
        entries = await match_times(store, ["*.tif"], r"_(?P<time>\d{8})_")
        source = await open_stack(store, entries, new_cache(), new_pool())
        assert source.cube.variables["b1"].levels[1].shape == (2, 175, 220)
        paths = sorted(tmp_path.iterdir())
        await assert_merged(source, [paths[:3], paths[3:]])

    run(check())


def test_neighbours_round_the_globe(tmp_path):
    """Files that together go round the globe are read on beyond its last column."""
    for number in range(4):
        write(
            tmp_path / f"ndvi_20240101_{number}.tif",
            numbers("uint8", shape=(90, 180)) + number,
            transform=Affine(0.5, 0, -180 + 90 * number, 0, -0.5, 45),
            crs="EPSG:4326",
            overviews=(),
        )

    async def check():
        store = open_store(str(tmp_path))
        entries = await match_times(store, ["*.tif"], r"_(?P<time>\d{8})_")
        source = await open_stack(store, entries, new_cache(), new_pool())
        assert source.cube.variables["b1"].grid.x.wraps
        whole = await source.read(ReadPlan("b1", 0, (slice(0, 1), slice(0, 90), slice(0, 720))))
        over = await source.read(ReadPlan("b1", 0, (slice(0, 1), slice(5, 9), slice(700, 760))))
        assert np.array_equal(over, whole[:, 5:9].take(np.arange(700, 760) % 720, axis=2))

    run(check())


HARMONY = [
    ("int16", [{"nodata": -1}, {"nodata": 150}, {}], "int32"),
    ("uint8", [{"nodata": 110}, {"dtype": "int16", "nodata": -1}], "int32"),
    ("uint8", [{}, {"dtype": "float32", "nodata": 110}], "float32"),
    ("int32", [{"nodata": 110}, {"dtype": "float32"}], "float64"),
    ("uint16", [{"scale": 0.5}, {"scale": 0.5, "offset": -3}], "float64"),
    ("uint8", [{}, {"masked": True}], "int32"),
]


@pytest.mark.parametrize(("dtype", "changes", "read"), HARMONY)
def test_numbers_that_differ(tmp_path, dtype, changes, read):
    """Files of other types, nodata or scales are brought to one, value by value what they are."""
    for number, change in enumerate(changes):
        options = dict(change)
        data = numbers(options.pop("dtype", dtype), shape=(100, 120))
        scale, offset = options.pop("scale", 1), options.pop("offset", 0)
        mask = np.eye(100, 120, dtype=np.uint8) * 255 if options.pop("masked", False) else None

        def edit(file, scale=scale, offset=offset):
            file.scales, file.offsets = (scale,), (offset,)

        path = tmp_path / f"ndvi_2024010{number + 1}.tif"
        write(path, data, edit=edit, mask=mask, overviews=(), **options)

    async def check():
        source = await stack(tmp_path)
        known = source.cube.variables["b1"]
        assert known.dtype == read
        for number, path in enumerate(sorted(tmp_path.iterdir())):
            with rasterio.open(path) as file:
                expected = file.read(1, masked=True) * file.scales[0] + file.offsets[0]
            window = (slice(number, number + 1), slice(0, 100), slice(0, 120))
            values = known.packing.decode((await source.read(ReadPlan("b1", 0, window)))[0])
            wanted = np.ma.filled(expected.astype(np.float64), np.nan)
            assert np.array_equal(values, wanted, equal_nan=True)

    run(check())


def test_listed_file_that_is_gone(tmp_path):
    """It is left out with a warning that names it; a list of nothing is an error."""
    write_stack(tmp_path)

    async def check():
        entries = [(f"ndvi_{day}.tif", day) for day in (*DAYS, "20200101")]
        source = await open_stack(open_store(str(tmp_path)), entries, new_cache(), new_pool())
        assert source.cube.time.size == 3
        assert any("'ndvi_20200101.tif'" in text for text in source.cube.warnings)
        with pytest.raises(CatalogError, match=r"ndvi_20200101.tif.*no such object"):
            await open_stack(open_store(str(tmp_path)), entries[3:], new_cache(), new_pool())

    run(check())


def test_file_that_is_gone_when_it_is_read(tmp_path):
    """It is an error that names its time."""
    write_stack(tmp_path)

    async def check():
        source = await stack(tmp_path)
        (tmp_path / "ndvi_20240201.tif").unlink()
        with pytest.raises(SourceError, match=r"time=2024-02-01.*gone"):
            await source.read(ReadPlan("b1", 0, (slice(1, 2), *ALL)))
        await source.read(ReadPlan("b1", 0, (slice(0, 1), *ALL)))

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
    """Two files of one time and place are an error that names both."""
    write_stack(tmp_path)

    async def check():
        entries = [("ndvi_20240101.tif", "2024-01-01"), ("ndvi_20240201.tif", "20240101")]
        with pytest.raises(CatalogError, match=r"ndvi_20240101.tif.*ndvi_20240201.tif"):
            await open_stack(open_store(str(tmp_path)), entries, new_cache(), new_pool())

    run(check())


def test_many_files_are_listed(tmp_path):
    """Many files are looked up by one listing; one that is missing is left out."""
    days = [f"2024{month:02d}01" for month in range(1, 13)] + [
        f"2023{m:02d}01" for m in range(1, 9)
    ]
    (tmp_path / "deep").mkdir()
    write_stack(tmp_path / "deep", days)

    async def check():
        source = await stack(tmp_path, ["**/ndvi_*.tif"])
        assert source.cube.time.size == 20
        entries = [(f"deep/ndvi_{day}.tif", day) for day in [*days, "20200101"]]
        listed = await open_stack(open_store(str(tmp_path)), entries, new_cache(), new_pool())
        assert any("ndvi_20200101" in text for text in listed.cube.warnings)

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
