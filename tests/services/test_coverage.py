"""Blocks of values, and values along lines."""

import asyncio
import csv
import io
import itertools
from typing import Any

import numpy as np
import orjson
import pyproj
import pytest

from tests.services.synthetic import (
    PLAIN,
    Field,
    as_xarray,
    days,
    gaussian,
    make,
    noise,
    projected,
    regular,
)
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.grid import Bounds, Grid
from tileserver.layer import find_layer, select
from tileserver.services import coverage, transect

DAYS = 5


def only(grid: Grid) -> tuple[Dataset, np.ndarray]:
    values = noise(DAYS, *grid.shape)
    field = Field(("time",), (grid,), (values,), (1, 16, 16), PLAIN)
    return make({"v": field}, {"time": days(DAYS)}), values


def block(dataset: Dataset, bbox: Bounds, size: tuple[int, int], **more: Any) -> dict[str, Any]:
    found = find_layer(dataset, "v", None)
    selection = select(dataset.source.cube, found, {})
    cube = dataset.source.cube
    prepared = coverage.prepare(
        cube, found, selection, bbox, size=size, **{"most_steps": 64, **more}
    )

    async def read() -> list[Any]:
        reading = coverage.read_steps(dataset.source.read, prepared, coverage.rounded)
        return [values async for values in reading]

    return {**coverage.head("d", prepared), "values": asyncio.run(read())}


def line(dataset: Dataset, places: list[tuple[float, float]], **more: Any) -> dict[str, Any]:
    found = find_layer(dataset, "v", None)
    selection = select(dataset.source.cube, found, {"time": "1970-01-02"})
    prepared = transect.prepare(dataset.source.cube, found, selection, places, **more)
    return asyncio.run(transect.transect(dataset.source.read, "d", prepared))


def centres(low: float, high: float, count: int) -> np.ndarray:
    return low + (np.arange(count) + 0.5) * (high - low) / count


def numbers(rows: list[Any]) -> np.ndarray:
    return np.array(rows, "f8")


@pytest.mark.parametrize("grid", [regular(), regular(0.0), gaussian(), gaussian(-180.0)])
@pytest.mark.parametrize(("west", "east"), [(-31.7, 20.2), (160.3, -150.6)])
def test_blocks_are_xarrays_nearest(grid: Grid, west: float, east: float) -> None:
    """On latitude and longitude each is the value that xarray selects, across 180° too."""
    dataset, values = only(grid)
    answer = block(dataset, (west, -41.3, east, 50.9), (6, 7))
    lons = centres(west, east + (360 if east < west else 0), 7)
    turned = (lons - grid.x.low) % 360 + grid.x.low
    data = as_xarray(grid, values).sel(x=turned, y=centres(50.9, -41.3, 6), method="nearest")
    assert answer["shape"] == [DAYS, 6, 7]
    assert np.allclose(numbers(answer["values"]), data, rtol=1e-4, equal_nan=True)


def test_blocks_of_projected_grids_hold_the_cell_of_each_centre() -> None:
    """In another CRS it is the cell that pyproj finds there; outside there is nothing."""
    grid = projected("EPSG:32633", 4e5, 5.3e6, 1000.0, 70)
    dataset, values = only(grid)
    to_grid = pyproj.Transformer.from_crs("OGC:CRS84", grid.crs, always_xy=True)
    back = pyproj.Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True)
    west, south, east, north = back.transform_bounds(*grid.bounds)
    answer = block(dataset, (west - 0.01, south, east, north), (9, 8), most_steps=1)
    lons, lats = centres(west - 0.01, east, 8), centres(north, south, 9)
    found = numbers(answer["values"][0])
    for (row, lat), (col, lon) in itertools.product(enumerate(lats), enumerate(lons)):
        x, y = to_grid.transform(lon, lat)
        across = int(np.floor((x - grid.x.start) / grid.x.step))
        down = int(np.floor((y - grid.y.start) / grid.y.step))
        inside = 0 <= across < grid.x.size and 0 <= down < grid.y.size
        expected = values[0, down, across] if inside else np.nan
        assert np.isclose(found[row, col], expected, rtol=1e-4, equal_nan=True)


def test_many_steps_are_thinned_evenly() -> None:
    """The first and the last stay."""
    dataset, _ = only(regular())
    answer = block(dataset, (0, 0, 10, 10), (2, 2), most_steps=3)
    assert [time[:10] for time in answer["times"]] == ["1970-01-01", "1970-01-03", "1970-01-05"]
    answer = block(dataset, (0, 0, 10, 10), (2, 2), start="1970-01-04")
    assert [time[:10] for time in answer["times"]] == ["1970-01-04", "1970-01-05"]


def test_blocks_are_bounded() -> None:
    """More numbers than are sent at once are refused, and so are ranges without a step."""
    dataset, _ = only(regular())
    with pytest.raises(InvalidParameter, match="steps"):
        block(dataset, (0, 0, 10, 10), (1000, 1000))
    with pytest.raises(InvalidParameter, match="start"):
        block(dataset, (0, 0, 10, 10), (2, 2), start="1990-01-01")


@pytest.mark.parametrize("grid", [regular(), regular(0.0), gaussian()])
def test_transects_are_xarrays_nearest_along_the_geodesic(grid: Grid) -> None:
    """Points lie on the ellipsoid's shortest way, each with the value of its cell."""
    dataset, values = only(grid)
    places = [(-30.31, -20.43), (10.17, 35.71), (60.23, 40.67)]
    answer = line(dataset, places, points=41)
    geod = pyproj.Geod(ellps="WGS84")
    lons, lats = zip(*places, strict=True)
    assert np.isclose(answer["distance_m"][-1], geod.line_length(lons, lats), atol=1)
    between = geod.line_lengths(answer["lon"], answer["lat"])
    assert np.allclose(np.diff(answer["distance_m"])[:15], between[:15], rtol=1e-3)
    data = as_xarray(grid, values).isel(time=1)
    for lon, lat, value in zip(answer["lon"], answer["lat"], answer["values"][0], strict=True):
        turned = (lon - grid.x.low) % 360 + grid.x.low
        expected = float(data.sel(x=turned, y=lat, method="nearest"))
        assert np.isclose(value, expected, rtol=1e-4, equal_nan=True)


def test_transects_through_time_have_a_row_for_each_step() -> None:
    """Each row is the transect of its time."""
    dataset, _ = only(regular())
    places = [(-30.0, -20.0), (10.0, 35.0)]
    answer = line(dataset, places, points=11, start="1970-01-01", end="1970-01-03")
    assert [time[:10] for time in answer["times"]] == ["1970-01-01", "1970-01-02", "1970-01-03"]
    alone = line(dataset, places, points=11)
    assert np.array_equal(answer["values"][1], alone["values"][0], equal_nan=True)


def test_a_line_has_a_length() -> None:
    """Twice the same place is none."""
    dataset, _ = only(regular())
    with pytest.raises(InvalidParameter, match="line"):
        line(dataset, [(1.0, 1.0), (1.0, 1.0)], points=5)


def test_numbers_keep_five_digits() -> None:
    """As JSON they are short; what is no number is null."""
    values = np.array([[26.123456, -0.00001234567, np.nan], [1234567.0, 0.0, np.inf]])
    text = bytes(orjson.dumps(coverage.encoded(values)))
    assert text == b"[[26.123,-0.000012346,null],[1234600.0,0.0,null]]"


def test_transects_as_a_table() -> None:
    """A line for each point of each time, with the digits that are known."""
    dataset, _ = only(regular())
    places = [(-30.0, -20.0), (10.0, 35.0)]
    answer = line(dataset, places, points=11, start="1970-01-01", end="1970-01-03")
    rows = list(csv.DictReader(io.StringIO(transect.table(answer))))
    assert len(rows) == 33
    assert rows[12]["time"] == answer["times"][1]
    found = np.array([float(row["value"] or "nan") for row in rows])
    assert np.allclose(found, answer["values"].ravel(), equal_nan=True)
    assert float(rows[1]["distance_m"]) == answer["distance_m"][1]


@pytest.mark.parametrize("expression", ["v * 2 + 1", "where(v > 0, v, nan)"])
def test_blocks_of_expressions_are_xarrays(expression: str) -> None:
    """Arithmetic and masks of the values of each cell."""
    grid = regular()
    dataset, values = only(grid)
    found = find_layer(dataset, "_", expression)
    cube = dataset.source.cube
    prepared = coverage.prepare(
        cube, found, select(cube, found, {}), (-31.7, -41.3, 20.2, 50.9), size=(6, 7), most_steps=64
    )

    async def read() -> list[Any]:
        reading = coverage.read_steps(dataset.source.read, prepared, coverage.rounded)
        return [values async for values in reading]

    lons, lats = centres(-31.7, 20.2, 7), centres(50.9, -41.3, 6)
    data = as_xarray(grid, values).sel(x=lons, y=lats, method="nearest")
    expected = data * 2 + 1 if "*" in expression else data.where(data > 0)
    assert np.allclose(numbers(asyncio.run(read())), expected, rtol=1e-4, equal_nan=True)
