"""One value at a point."""

import asyncio

import numpy as np
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
from tileserver.cube import Packing
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.grid import Grid
from tileserver.layer import find_layer, select
from tileserver.services.point import point


def ask(
    dataset: Dataset,
    lon: float,
    lat: float,
    *,
    layer: str = "v",
    expression: str | None = None,
    **asked: str,
) -> dict:
    found = find_layer(dataset, layer, expression)
    selection = select(dataset.source.cube, found, asked)
    return asyncio.run(point(dataset.source.read, dataset, found, selection, lon, lat))


def only(grid: Grid, values: np.ndarray, packing: Packing = PLAIN) -> Dataset:
    field = Field(("time",), (grid,), (values,), (1, 16, 16), packing)
    return make({"v": field}, {"time": days(len(values))})


@pytest.mark.parametrize("grid", [regular(), regular(0.0), gaussian(), gaussian(-180.0)])
def test_points_are_xarrays_nearest(grid: Grid) -> None:
    """On latitude and longitude it is the value that xarray selects as the nearest."""
    values = noise(3, *grid.shape)
    dataset, data = only(grid, values), as_xarray(grid, values)
    random = np.random.default_rng(5)
    for lon, lat in zip(random.uniform(-170, 170, 50), random.uniform(-85, 85, 50), strict=True):
        low = grid.x.low
        turned = (lon - low) % 360 + low
        expected = float(data.isel(time=1).sel(x=turned, y=lat, method="nearest"))
        answer = ask(dataset, float(lon), float(lat), time="1970-01-02")
        assert answer["value"] == (None if np.isnan(expected) else expected)


def test_projected_points() -> None:
    """On a projected grid it is the cell into which pyproj puts the point."""
    grid = projected("EPSG:32632", 300_000, 5_900_000, 1000, 50)
    values = noise(1, 50, 50, dtype="f4")
    to_utm = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True)
    x, y = to_utm.transform(6.3, 53.0)
    expected = values[0, int((5_900_000 - y) // 1000), int((x - 300_000) // 1000)]
    assert ask(only(grid, values), 6.3, 53.0)["value"] == expected


def test_the_answers_shape() -> None:
    """The answer holds what was asked for and the step that was used."""
    field = Field(("time", "depth"), (regular(),), (noise(2, 3, 90, 180),), (1, 1, 16, 16))
    dataset = make({"v": field}, {"time": days(2), "depth": np.array([0.0, 10.0, 20.0])})
    answer = ask(dataset, 10.0, 20.0, depth="10")
    value = answer.pop("value")
    assert value == field.arrays[0][1, 1, 35, 95]
    assert answer == {
        "dataset": "synthetic",
        "variable": "v",
        "lon": 10.0,
        "lat": 20.0,
        "time": "1970-01-02T00:00:00Z",
        "dimensions": {"depth": "10"},
        "units": "K",
    }


def test_null_where_there_is_none() -> None:
    """Outside the grid and where a value is missing the value is null."""
    grid = projected("EPSG:32632", 300_000, 5_900_000, 1000, 50)
    packing = Packing(scale=0.1, offset=5.0, missing=(-1,))
    dataset = only(grid, np.full((1, 50, 50), -1, "i2"), packing)
    assert ask(dataset, 6.3, 53.0)["value"] is None
    assert ask(dataset, -100.0, 53.0)["value"] is None
    assert ask(dataset, 6.3, -90.0)["value"] is None


def test_packed_values() -> None:
    """Stored integers are decoded."""
    packing = Packing(scale=0.1, offset=5.0, missing=(-1,))
    dataset = only(regular(), np.full((1, 90, 180), 30, "i2"), packing)
    assert ask(dataset, 0.5, 0.5)["value"] == pytest.approx(8.0)


def test_expressions_of_variables_on_two_grids() -> None:
    """Each variable gives the cell that contains the centre of the finest one's cell."""
    fine, coarse = regular(step=2.0), regular(step=4.0)
    a, b = noise(1, 90, 180, seed=1), noise(1, 45, 90, seed=2)[0]
    fields = {
        "a": Field(("time",), (fine,), (a,), (1, 16, 16)),
        "b-1": Field((), (coarse,), (b,), (16, 16)),
    }
    dataset = make(fields, {"time": days(1)})
    answer = ask(dataset, 10.5, 20.5, layer="_", expression="a + `b-1`")
    assert answer["value"] == a[0, 34, 95] + b[17, 47]
    assert answer["variable"] == "_"


@pytest.mark.parametrize(
    ("lon", "lat", "name"),
    [(361, 0, "lon"), (-181, 0, "lon"), (np.nan, 0, "lon"), (0, 91, "lat"), (0, np.inf, "lat")],
)
def test_bad_positions(lon: float, lat: float, name: str) -> None:
    """A position off the Earth is refused by the parameter's name."""
    dataset = only(regular(), noise(1, 90, 180))
    with pytest.raises(InvalidParameter, match=rf"^{name}="):
        ask(dataset, lon, lat)


def test_pictures_have_no_value() -> None:
    """Of an expression of three bands there is no one value."""
    dataset = only(regular(), noise(1, 90, 180))
    with pytest.raises(InvalidParameter, match="no one value"):
        ask(dataset, 0, 0, layer="_", expression="v;v;v")
