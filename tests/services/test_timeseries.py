"""Series against xarray and exactextract, and what reading them costs."""

import asyncio
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import orjson
import pyproj
import pytest
import shapely
import xarray as xr
from exactextract import exact_extract
from exactextract.feature import JSONFeatureSource
from exactextract.raster import NumPyRasterSource

from tests.services.synthetic import (
    DAY_S,
    Field,
    as_xarray,
    days,
    gaussian,
    make,
    noise,
    projected,
    regular,
)
from tileserver.axis import Axis
from tileserver.cube import Packing
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import Feature, from_bbox, from_lonlat, parse_geometry
from tileserver.grid import LONLAT, Grid
from tileserver.layer import find_layer, select
from tileserver.services import table
from tileserver.services.seriesrequest import Request, estimate, prepare
from tileserver.services.timeseries import series
from tileserver.timeaxis import TimeAxis

ALL = ("mean", "std", "min", "max", "count", "sum", "median", "p90")
XCUBE = Path(__file__).parents[3] / "shared/data/xcube/cube-1-250-250.zarr"
STEPS = 12


def only(grid: Grid, values: np.ndarray, chunks: tuple = (5, 16, 16)) -> Dataset:
    field = Field(("time",), (grid,), (values,), chunks)
    return make({"v": field}, {"time": days(len(values))})


def resolve(
    dataset: Dataset, *geometries: object, expression: str | None = None, **more: object
) -> Request:
    layer = find_layer(dataset, "_" if expression else "v", expression)
    cube = dataset.source.cube
    features = [g if isinstance(g, Feature) else Feature(g) for g in geometries]
    return prepare(cube, layer, select(cube, layer, {}), features, **more)


def run(dataset: Dataset, request: Request, **more: object) -> list[dict]:
    """The values of each feature, all batches put together."""

    async def collect() -> list[dict]:
        batches = [batch async for batch in series(dataset.source.read, request, **more)]
        assert [t for b in batches for t in b.times] == list(request.times)
        return [
            {name: np.concatenate([b.values[i][name] for b in batches]) for name in own}
            for i, own in enumerate(batches[0].values)
        ]

    return asyncio.run(collect())


def ask(dataset: Dataset, geometry: object, aggregates: tuple = ALL, **more: object) -> dict:
    (values,) = run(dataset, resolve(dataset, geometry, aggregates=aggregates), **more)
    return values


def cosine(data: xr.DataArray) -> xr.DataArray:
    return np.cos(np.radians(data.y))


def sine_heights(grid: Grid) -> xr.DataArray:
    """What the rows weigh on the sphere, by their own edges."""
    edges = np.sin(np.radians(np.clip(grid.y.cell_edges(), -90, 90)))
    return xr.DataArray(np.abs(np.diff(edges)), dims="y", coords={"y": grid.y.cell_centers()})


@pytest.mark.parametrize("first_lon", [-180.0, 0.0])
@pytest.mark.parametrize("bbox", [(10, -20, 40, 30), (170, -20, -160, 30), (-10, -20, 10, 30)])
def test_boxes_are_xarrays(first_lon: float, bbox: tuple) -> None:
    """Over a box on cell borders all aggregates are xarray's, across 0 and 180 degrees too."""
    grid = regular(first_lon)
    values = noise(STEPS, *grid.shape)
    west, south, east, north = bbox
    data = as_xarray(grid, values)
    inside = ((data.x - west) % 360 < (east - west) % 360) & (data.y > south) & (data.y < north)
    cells = data.where(inside, drop=True)
    weighted = cells.weighted(cosine(cells))
    found = ask(only(grid, values), from_bbox(bbox))
    across = ("y", "x")
    np.testing.assert_allclose(found["mean"], weighted.mean(across), rtol=1e-12)
    np.testing.assert_allclose(found["std"], weighted.std(across), rtol=1e-12)
    np.testing.assert_allclose(found["min"], cells.min(across))
    np.testing.assert_allclose(found["max"], cells.max(across))
    np.testing.assert_allclose(found["count"], cells.count(across))
    np.testing.assert_allclose(found["sum"], cells.sum(across), rtol=1e-9)
    np.testing.assert_allclose(found["median"], cells.median(across))
    np.testing.assert_allclose(found["p90"], cells.quantile(0.9, across), rtol=1e-12)


@pytest.mark.parametrize("first_lon", [0.0, -180.0])
def test_irregular_rows(first_lon: float) -> None:
    """On a Gaussian grid rows weigh what they cover of the sphere."""
    grid = gaussian(first_lon)
    values = noise(STEPS, *grid.shape)
    data = as_xarray(grid, values)
    cells = data.where((data.x - 28.5) % 360 < 60, drop=True)
    expected = cells.weighted(sine_heights(grid)).mean(("y", "x"))
    found = ask(only(grid, values), from_bbox((28.5, -90, 88.5, 90)))
    np.testing.assert_allclose(found["mean"], expected, rtol=1e-12)


POLYGON = {
    "type": "Polygon",
    "coordinates": [
        [[-20, -10], [30.3, -15], [55, 20], [10, 8], [-5, 40.7], [-20, -10]],
        [[0, 0], [10, -5], [8, 3], [0, 0]],
    ],
}


def covered(shape: tuple, bounds: tuple, polygon: dict) -> tuple[np.ndarray, np.ndarray]:
    """exactextract's cells (n,) of a raster of a shape and how much of them is inside."""
    raster = NumPyRasterSource(np.zeros(shape), *bounds)
    feature = {"type": "Feature", "properties": {}, "geometry": polygon}
    (answer,) = exact_extract(raster, JSONFeatureSource([feature]), ["cell_id", "coverage"])
    return answer["properties"]["cell_id"], answer["properties"]["coverage"]


def test_polygons_are_exactextracts_and_xarrays() -> None:
    """Over a polygon it is the mean weighted by exact coverage times the cosine of latitude."""
    grid = regular()
    values = noise(STEPS, *grid.shape)
    cells, coverage = covered(grid.shape, (-180, -90, 180, 90), POLYGON)
    data = as_xarray(grid, values).stack(n=("y", "x")).isel(n=cells)
    weights = cosine(data) * coverage
    found = ask(only(grid, values), parse_geometry(POLYGON)[0])
    np.testing.assert_allclose(found["mean"], data.weighted(weights).mean("n"), rtol=1e-6)
    np.testing.assert_allclose(found["std"], data.weighted(weights).std("n"), rtol=1e-6)
    np.testing.assert_allclose(found["count"], data.count("n"))
    np.testing.assert_allclose(found["sum"], (data * coverage).sum("n"), rtol=1e-6)


def test_a_utm_polygon_is_exactextracts() -> None:
    """In UTM it is exactextract's plain mean over the polygon in the grid's CRS."""
    grid = projected("EPSG:32632", 300_000, 5_900_000, 1000, 100)
    values = noise(2, 100, 100)
    corners = np.array([[310_000, 5_810_000], [390_000, 5_830_000], [350_000, 5_890_000]])
    to_lonlat = pyproj.Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
    # So many corners that it does not matter in which CRS its edges are straight.
    ring = np.array(shapely.segmentize(shapely.Polygon(corners), 100).exterior.coords)
    lonlat = np.column_stack(to_lonlat.transform(*ring.T))
    polygon = {"type": "Polygon", "coordinates": [ring.tolist()]}
    geographic = {"type": "Polygon", "coordinates": [lonlat.tolist()]}
    found = ask(only(grid, values), parse_geometry(geographic)[0])
    cells, coverage = covered(grid.shape, (300_000, 5_800_000, 400_000, 5_900_000), polygon)
    data = xr.DataArray(values.reshape(2, -1)[:, cells], dims=("time", "n"))
    weights = xr.DataArray(coverage.astype("f8"), dims="n")
    np.testing.assert_allclose(found["mean"], data.weighted(weights).mean("n"), rtol=1e-6)


def test_a_polar_cap() -> None:
    """Round a pole on a polar grid cells weigh what they cover of the Earth."""
    grid = projected("EPSG:3413", -3_000_000, 3_000_000, 10_000, 600)
    to_lonlat = pyproj.Transformer.from_crs("EPSG:3413", "OGC:CRS84", always_xy=True)
    _, lat = to_lonlat.transform(*np.meshgrid(grid.x.cell_centers(), grid.y.cell_centers()))
    dataset = only(grid, lat[None], (1, 128, 128))
    (found,) = run(dataset, resolve(dataset, from_bbox((-180, 70, 180, 90)), aggregates=("mean",)))
    # The mean latitude of a spherical cap; the ellipsoid moves it by less than 0.01 degrees.
    phi = np.radians(70)
    expected = np.degrees((np.pi / 2 - phi * np.sin(phi) - np.cos(phi)) / (1 - np.sin(phi)))
    assert found["mean"][0] == pytest.approx(expected, abs=0.01)


def test_points() -> None:
    """A point's series is the stored one of its cell."""
    grid = regular(0.0)
    values = noise(STEPS, *grid.shape, dtype="f4")
    found = ask(only(grid, values), from_lonlat(-10.5, 20.5))
    expected = as_xarray(grid, values).sel(x=349.5, y=20.5, method="nearest")
    np.testing.assert_array_equal(found["value"], expected)


def test_outside_is_null() -> None:
    """A feature outside the grid has no values, and a count of 0."""
    dataset = only(projected("EPSG:32632", 300_000, 5_900_000, 1000, 100), noise(2, 100, 100))
    found = run(
        dataset, resolve(dataset, from_lonlat(100, 0), from_bbox((90, 0, 91, 1)), aggregates=ALL)
    )
    assert np.isnan(found[0]["value"]).all()
    assert (found[1].pop("count") == 0).all()
    assert np.isnan(list(found[1].values())).all()


@pytest.mark.parametrize("budget", [1, 20_000, 200_000, 128 << 20])
@pytest.mark.parametrize("aggregates", [("mean", "std", "min", "max", "sum"), ALL])
def test_cutting_up_changes_nothing(budget: int, aggregates: tuple) -> None:
    """In batches and blocks of any size the results are the same, in the pool or out of it."""
    grid = regular(0.0)
    values = noise(23, *grid.shape)
    dataset = only(grid, values)
    box = from_bbox((-33, -47, 55, 51))
    whole = ask(dataset, box, aggregates)
    with ThreadPoolExecutor(1) as pool:
        cut = ask(dataset, box, aggregates, budget_bytes=budget, pool=pool)
    for name in aggregates:
        np.testing.assert_allclose(cut[name], whole[name], rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("order", ["rising", "falling", "shuffled"])
def test_times_rise(order: str) -> None:
    """Times rise in the answer whatever the store's order; steps without one are left out."""
    grid, values = regular(), noise(40, 90, 180)
    seconds = np.arange(40) * DAY_S
    if order == "falling":
        seconds = seconds[::-1].copy()
    if order == "shuffled":
        np.random.default_rng(2).shuffle(seconds)
    seconds[[3, 17]] = [np.nan, seconds[16]]
    field = Field(("time",), (grid,), (values,), (5, 16, 16))
    dataset = make({"v": field}, {"time": TimeAxis(seconds)})
    request = resolve(dataset, from_lonlat(10.5, 20.5), start="1970-01-03", end="1970-02-05")
    (found,) = run(dataset, request, budget_bytes=30_000)
    steps = [i for i in np.argsort(seconds, kind="stable") if i not in (3, 17)]
    steps = [i for i in steps if 2 * DAY_S <= seconds[i] <= 35 * DAY_S]
    np.testing.assert_array_equal(found["value"], values[steps, 34, 95])
    assert list(request.times) == sorted(request.times)


def test_other_dimensions_and_packing() -> None:
    """Other dimensions stay at the selected index; stored integers are decoded."""
    grid = regular()
    raw = np.random.default_rng(3).integers(-5, 1000, (4, 3, 90, 180)).astype("i2")
    packing = Packing(scale=0.01, offset=1.0, missing=(-1,))
    field = Field(("time", "level"), (grid,), (raw,), (2, 1, 45, 45), packing)
    dataset = make({"v": field}, {"time": days(4), "level": np.array([1000.0, 850.0, 500.0])})
    cube, layer = dataset.source.cube, find_layer(dataset, "v")
    selection = select(cube, layer, {"level": "850"})
    request = prepare(cube, layer, selection, [Feature(from_bbox((0, 0, 20, 20)))])
    (found,) = run(dataset, request)
    cells = np.where(raw == -1, np.nan, raw * 0.01 + 1.0)[:, 1, 35:45, 90:100]
    weights = np.broadcast_to(np.cos(np.radians(grid.y.cell_centers()[35:45]))[:, None], (10, 10))
    expected = [np.average(c[~np.isnan(c)], weights=weights[~np.isnan(c)]) for c in cells]
    np.testing.assert_allclose(found["mean"], expected, rtol=1e-12)


def test_expressions() -> None:
    """An expression is worked out cell by cell, with a variable that has no time beside it."""
    grid = regular()
    a, b, c = noise(7, 90, 180, seed=1), noise(7, 90, 180, seed=2), noise(90, 180, seed=3)
    fields = {
        name: Field(("time",), (grid,), (values,), (3, 16, 16))
        for name, values in {"a": a, "b": b}.items()
    }
    dataset = make({**fields, "c": Field((), (grid,), (c,), (16, 16))}, {"time": days(7)})
    request = resolve(
        dataset,
        from_bbox((0, 0, 20, 20)),
        expression="(a - b) / (a + b) * c",
        aggregates=("mean", "median"),
    )
    (found,) = run(dataset, request)
    data = as_xarray(grid, (a - b) / (a + b) * c)[:, 35:45, 90:100]
    np.testing.assert_allclose(
        found["mean"], data.weighted(cosine(data)).mean(("y", "x")), rtol=1e-12
    )
    np.testing.assert_allclose(found["median"], data.median(("y", "x")), rtol=1e-12)


def read_chunks(dataset: Dataset) -> list[tuple[int, ...]]:
    """The chunks (time, row, col) that were read, as often as they were."""
    level = dataset.source.cube.variables["v"].levels[0]
    found = []
    for plan in dataset.source.reads:
        spans = [
            sorted({i % n // c for i in range(s.start, s.stop)})
            for s, c, n in zip(plan.window, level.chunks, level.shape, strict=True)
        ]
        found += [(t, y, x) for t in spans[0] for y in spans[1] for x in spans[2]]
    return found


@pytest.mark.parametrize("budget", [1_000_000, 5_000_000, 128 << 20])
@pytest.mark.parametrize("geometry", [from_bbox((-150, -60, 150, 60)), from_lonlat(10, 20)])
def test_no_chunk_is_read_twice(budget: int, geometry: shapely.Geometry) -> None:
    """Batches and blocks end where chunks do, and the estimate is exactly what is read."""
    dataset = only(regular(), noise(53, 90, 180), (10, 30, 45))
    aggregates = ("mean", "std", "min")
    request = resolve(
        dataset, geometry, aggregates=aggregates, start="1970-01-08", end="1970-02-15"
    )
    run(dataset, request, budget_bytes=budget)
    chunks = read_chunks(dataset)
    assert len(chunks) == len(set(chunks))
    assert estimate(request) == len(chunks) * 10 * 30 * 45 * 8


def test_the_estimate_counts_a_chunk_once() -> None:
    """Many features in one chunk cost that chunk."""
    dataset = only(regular(), noise(10, 90, 180), (10, 90, 180))
    points = [from_lonlat(lon, 0) for lon in range(50)]
    assert estimate(resolve(dataset, *points)) == 10 * 90 * 180 * 8


@pytest.mark.parametrize("chunks", [(1, 180, 360), (100, 30, 30), (100, 90, 180)])
@pytest.mark.parametrize("aggregates", [("mean", "std"), ("median",)])
def test_memory_is_bounded(chunks: tuple, aggregates: tuple) -> None:
    """A series over the globe needs no more than its budget, whichever way the chunks lie."""
    values = np.ones((100, 180, 360), "f4")
    dataset = only(regular(step=1.0), values, chunks)
    request = resolve(dataset, from_bbox((-180, -90, 180, 90)), aggregates=aggregates)
    budget = 10_000_000
    tracemalloc.start()
    try:
        (found,) = run(dataset, request, budget_bytes=budget)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found[aggregates[0]] == 1).all()
    assert peak < 1.5 * budget  # all at once would be 260 MB


def test_many_features() -> None:
    """Features are read some at a time and stay in their order."""
    values = noise(10, 90, 180)
    dataset = only(regular(), values, (10, 30, 45))
    lons = np.arange(-179.0, 180.0, 7.3)
    found = run(dataset, resolve(dataset, *(from_lonlat(lon, 20.5) for lon in lons.tolist())))
    expected = values[:, 34, ((lons + 180) // 2).astype(int)]
    np.testing.assert_array_equal(np.array([own["value"] for own in found]).T, expected)


def test_no_series_of_what_has_no_time() -> None:
    """Without a time dimension, and in a range without steps, there is an error that says so."""
    plain = make({"v": Field((), (regular(),), (noise(90, 180),), (16, 16))}, {})
    with pytest.raises(InvalidParameter, match="no time dimension"):
        resolve(plain, from_lonlat(0, 0))
    dataset = only(regular(), noise(5, 90, 180))
    with pytest.raises(InvalidParameter, match=r"start.*1970-01-01"):
        resolve(dataset, from_lonlat(0, 0), start="1980-01-01")
    with pytest.raises(InvalidParameter, match=r"^end="):
        resolve(dataset, from_lonlat(0, 0), start="1970-01-05", end="1970-01-02")


def test_too_many_cells() -> None:
    """Areas of too many cells in all are refused before any read."""
    grid = Grid(LONLAT, Axis(-180, 0.05, 7200, period=360.0), Axis(90, -0.05, 3600))
    field = Field(
        ("time",), (grid,), (np.broadcast_to(np.int8(1), (3, 3600, 7200)),), (1, 512, 512)
    )
    dataset = make({"v": field}, {"time": days(3)})
    with pytest.raises(PayloadTooLarge, match="25920000 cells"):
        resolve(dataset, from_bbox((-180, -90, 180, 90)))
    with pytest.raises(PayloadTooLarge, match="fewer or smaller"):
        resolve(dataset, from_bbox((-180, -90, 0, 90)), from_bbox((-50, -90, 180, 90)))
    assert dataset.source.reads == []


def answers() -> tuple[Dataset, Request]:
    """A series of three features: a point, a box with an id, and one outside the grid."""
    grid = projected("EPSG:32632", 300_000, 5_900_000, 10_000, 10)
    values = np.arange(300.0).reshape(3, 10, 10)
    values[1] = np.nan
    dataset = only(grid, values)
    box = Feature(from_bbox((-180, -90, 180, 90)), {"name": "all"}, 'a,"b"')
    return dataset, resolve(
        dataset, from_lonlat(6.5, 52.9), box, from_lonlat(99, 0), aggregates=("mean", "count")
    )


def test_json() -> None:
    """One feature has values, several a series; NaN is null, counts are whole."""
    dataset, request = answers()
    reading = series(dataset.source.read, request, budget_bytes=1)
    answer = json.loads(orjson.dumps(asyncio.run(table.to_json("synthetic", request, reading))))
    assert answer["times"] == [f"1970-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    assert [own["id"] for own in answer["series"]] == [None, 'a,"b"', None]
    assert answer["series"][1]["properties"] == {"name": "all"}
    assert answer["series"][1]["values"] == {"mean": [49.5, None, 249.5], "count": [100, 0, 100]}
    assert answer["series"][2]["values"] == {"value": [None, None, None]}
    single = resolve(dataset, request.targets[1].feature, aggregates=("mean",))
    reading = series(dataset.source.read, single)
    assert asyncio.run(table.to_json("synthetic", single, reading)) == {
        "dataset": "synthetic",
        "variable": "v",
        "units": "K",
        "times": list(request.times),
        "values": {"mean": [49.5, None, 249.5]},
    }


async def text_of(parts: object) -> str:
    return "".join([part if isinstance(part, str) else part.decode() async for part in parts])


def test_csv() -> None:
    """One feature gives time and numbers, several a leading feature column."""
    dataset, request = answers()
    single = resolve(dataset, request.targets[0].feature)
    written = asyncio.run(text_of(table.to_csv(single, series(dataset.source.read, single))))
    value = run(dataset, single)[0]["value"]
    assert written == (
        f"time,value\n1970-01-01T00:00:00Z,{value[0]}\n1970-01-02T00:00:00Z,\n"
        f"1970-01-03T00:00:00Z,{value[2]}\n"
    )
    written = asyncio.run(text_of(table.to_csv(request, series(dataset.source.read, request))))
    lines = written.splitlines()
    assert lines[0] == "feature,time,value,mean,count"
    assert lines[4] == '"a,""b""",1970-01-01T00:00:00Z,,49.5,100'
    assert lines[9] == "2,1970-01-03T00:00:00Z,,,"


def test_ndjson() -> None:
    """Each step is one object, also where it comes from many batches."""
    dataset, request = answers()
    reading = series(dataset.source.read, request, budget_bytes=1)
    lines = asyncio.run(text_of(table.to_ndjson(request, reading))).splitlines()
    assert [json.loads(line)["time"] for line in lines] == list(request.times)
    assert json.loads(lines[1])["series"] == [
        {"value": None},
        {"mean": None, "count": 0},
        {"value": None},
    ]
    single = resolve(dataset, request.targets[1].feature, aggregates=("mean",))
    reading = series(dataset.source.read, single)
    lines = asyncio.run(text_of(table.to_ndjson(single, reading))).splitlines()
    assert json.loads(lines[0]) == {"time": "1970-01-01T00:00:00Z", "mean": 49.5}


@pytest.mark.skipif(not XCUBE.exists(), reason="the shared test data are not here")
def test_a_real_cube() -> None:
    """On real ocean colour with clouds, point and polygon series are xarray's to 1e-6."""
    with xr.open_zarr(XCUBE, consolidated=False) as cube:
        data = cube.conc_chl.load()
    x, y = Axis.from_centers(data.lon.values, period=360.0), Axis.from_centers(data.lat.values)
    grid = Grid(LONLAT, x, y)
    seconds = (data.time.values - np.datetime64(0, "s")) / np.timedelta64(1, "s")
    field = Field(("time",), (grid,), (data.values,), (1, 250, 250))
    dataset = make({"v": field}, {"time": TimeAxis(seconds)})
    found = ask(dataset, from_lonlat(2.001, 51.001))["value"]
    np.testing.assert_allclose(found, data.sel(lon=2.001, lat=51.001, method="nearest"), rtol=1e-6)
    polygon = {
        "type": "Polygon",
        "coordinates": [[[1.1, 50.9], [3.3, 51.2], [2.4, 52.3], [1.1, 50.9]]],
    }
    cells, coverage = covered(grid.shape, grid.bounds, polygon)
    rows = data.stack(n=("lat", "lon")).isel(n=cells).astype("f8")
    weighted = rows.weighted(np.cos(np.radians(rows.lat)) * coverage)
    found = ask(dataset, parse_geometry(polygon)[0], ("mean", "std"))
    np.testing.assert_allclose(found["mean"], weighted.mean("n"), rtol=1e-6)
    np.testing.assert_allclose(found["std"], weighted.std("n"), rtol=1e-6)
