"""Expressions over variables whose grids differ in CRS, or that a lookup places, against pyproj."""

import asyncio

import numpy as np
import pyproj
import pytest

from tests.lookup import meshes
from tests.services.synthetic import PLAIN, Field, days, make, noise, projected, regular
from tests.services.test_point import ask
from tileserver.area import weigh
from tileserver.dataset import Dataset
from tileserver.geometry import Feature, from_bbox
from tileserver.grid import LONLAT, Grid
from tileserver.layer import find_layer, select
from tileserver.lookup.curvilinear import curvilinear_grid
from tileserver.services.seriesrequest import prepare
from tileserver.services.timeseries import series
from tileserver.services.window import finest

UTM = projected("EPSG:32632", 300_000, 5_900_000, 1000, 50)
LON, LAT = meshes.rotated(60)[:2]
BOX = (6.2, 52.85, 6.5, 53.1)


def both(one: Grid, other: Grid) -> tuple[Dataset, np.ndarray, np.ndarray]:
    """A dataset of variables a and b on two grids, three steps each."""
    values = noise(3, *one.shape), np.nan_to_num(noise(3, *other.shape, seed=2), nan=280.0)
    fields = {
        name: Field(("time",), (grid,), (v,), (1, 16, 16), PLAIN)
        for name, grid, v in zip("ab", (one, other), values, strict=True)
    }
    return make(fields, {"time": days(3)}), *values


def mean(dataset: Dataset, box) -> list[float]:
    """The mean of a - b over a box at each step."""
    layer = find_layer(dataset, "_", "a-b")
    cube = dataset.source.cube
    request = prepare(cube, layer, select(cube, layer, {}), [Feature(from_bbox(box))])

    async def run():
        return [b async for b in series(dataset.source.read, request)]

    return [v for batch in asyncio.run(run()) for v in batch.values[0]["mean"].tolist()]


def centers(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes (rows, cols) of cell centres."""
    if grid.lookup is not None:
        return LON, LAT
    mesh = np.meshgrid(grid.x.cell_centers(), grid.y.cell_centers())
    return pyproj.Transformer.from_crs(grid.crs, LONLAT, always_xy=True).transform(*mesh)


def holding(grid: Grid, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The row and column of the cell that holds each place; of a lookup that of the nearest centre,
    which away from its border is the same."""
    if grid.lookup is None:
        x, y = pyproj.Transformer.from_crs(LONLAT, grid.crs, always_xy=True).transform(lon, lat)
        cols = np.floor((x - grid.x.start) / grid.x.step).astype(int)
        return np.floor((y - grid.y.start) / grid.y.step).astype(int), cols
    geod = pyproj.Geod(ellps="sphere")
    found = []
    for x, y in zip(lon.ravel(), lat.ravel(), strict=True):
        _, _, away = geod.inv(np.full(LON.size, x), np.full(LON.size, y), LON.ravel(), LAT.ravel())
        found.append(np.unravel_index(np.argmin(away), LON.shape))
    return tuple(np.array(part).reshape(lon.shape) for part in zip(*found, strict=True))


@pytest.mark.parametrize(
    "other", [regular(), curvilinear_grid(LON, LAT)], ids=["lonlat", "curvilinear"]
)
def test_a_mean_across_grids(other):
    """The finer grid's cells weigh, each with the value of the other's cell at its centre."""
    dataset, a, b = both(UTM, other)
    own = weigh(UTM, from_bbox(BOX))
    lon, lat = (v[own.rows, own.cols] for v in centers(UTM))
    row, col = holding(other, lon, lat)
    expected = []
    for step in range(3):
        difference = a[step][own.rows, own.cols] - b[step][row, col]
        known = np.isfinite(difference)
        weights = own.weights[known]
        expected.append((difference[known] * weights).sum() / weights.sum())
    # Of a lookup the nearest centre is another cell than the one that holds a place, at times.
    np.testing.assert_allclose(
        mean(dataset, BOX), expected, rtol=1e-9 if other.lookup is None else 0.3
    )


def test_a_curvilinear_grid_beside_a_coarser_one():
    """Each of its cells takes the value of the plain cell that holds its centre."""
    coarse = regular()
    fine = curvilinear_grid(LON, LAT)
    dataset, a, b = both(coarse, fine)
    finer = finest(find_layer(dataset, "_", "a-b"))
    assert finer.id == "b"
    own = weigh(fine, from_bbox((2, 45, 18, 55)))
    row, col = holding(coarse, LON[own.rows, own.cols], LAT[own.rows, own.cols])
    difference = a[0][row, col] - b[0][own.rows, own.cols]
    known = np.isfinite(difference)
    expected = (difference * own.weights)[known].sum() / own.weights[known].sum()
    np.testing.assert_allclose(mean(dataset, (2, 45, 18, 55))[0], expected, rtol=1e-9)


def test_a_point_across_grids():
    """The value at a point takes the other's cell at the centre of the finer one's."""
    coarse = regular()
    dataset, a, b = both(coarse, curvilinear_grid(LON, LAT))
    row, col = (part[0, 0] for part in holding(coarse, LON[9:10, 9:10], LAT[9:10, 9:10]))
    answer = ask(
        dataset, float(LON[9, 9]), float(LAT[9, 9]), layer="_", expression="a-b", time="1970-01-01"
    )
    expected = a[0][row, col] - b[0][9, 9]
    assert answer["value"] == (None if np.isnan(expected) else pytest.approx(expected))


def test_where_the_other_grid_has_no_cell():
    """There is no value, and no failure."""
    far = projected("EPSG:32656", 300_000, 5_900_000, 1000, 50)
    dataset, *_ = both(UTM, far)
    assert np.isnan(mean(dataset, BOX)).all()
