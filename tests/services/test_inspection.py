"""The costs that `inspect` tells are those of the reads; its advice is about what is dear."""

import numpy as np
import pytest
from affine import Affine

from tileserver.cost import Limits
from tileserver.cube import Cube, Dimension, Level, Variable
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.matrixset import matrix_set
from tileserver.services.inspection import (
    Cost,
    advice,
    first_zooms,
    native_cost,
    overview_cost,
    series_cost,
)
from tileserver.timeaxis import TimeAxis
from tileserver.tms import WEB_MERCATOR_QUAD, native_zoom

DAY_S = 86400.0


def cube(grid: Grid, chunk: tuple[int, int, int], steps: int = 100) -> tuple[Cube, Variable]:
    """A float32 variable of some days in chunks of this shape."""
    shape = (steps, *grid.shape)
    level = Level(grid, chunk, shape, 4 * int(np.prod(chunk)))
    variable = Variable("v", ("time",), np.dtype("f4"), (level,))
    times = Dimension("time", TimeAxis(np.arange(steps) * DAY_S))
    return Cube({"v": variable}, {"time": times}), variable


def lonlat(west: float, north: float, step: float, rows: int, cols: int) -> Grid:
    return Grid.from_affine(LONLAT, Affine(step, 0, west, 0, -step, north), (rows, cols))


@pytest.mark.parametrize(
    ("grid", "chunks"),
    [
        (lonlat(0.0, 52.5, 0.0025, 1000, 2000), 32),
        (lonlat(-180.0, 90.0, 0.25, 720, 1440), 18),
        (lonlat(0.0, 90.0, 0.25, 720, 1440), 18),
        (lonlat(170.0, 10.0, 0.25, 80, 80), 1),
        (
            Grid.from_affine(
                parse_crs("EPSG:32632"), Affine(100, 0, 6e5, 0, -100, 5.2e6), (500, 500)
            ),
            4,
        ),
    ],
)
def test_whole_map_reads_all_chunks(grid: Grid, chunks: int) -> None:
    """One step in chunks of 250 × 250, whichever way the grid counts its longitudes."""
    _, variable = cube(grid, (1, 250, 250))
    assert overview_cost(variable) == Cost(chunks, chunks * 250_000)
    assert 1 <= native_cost(variable).chunks <= 4


def test_series_reads_the_chunks_along_time() -> None:
    """A hundred steps by tens are ten chunks."""
    _, variable = cube(lonlat(0.0, 10.0, 0.1, 100, 100), (10, 50, 50))
    assert series_cost(variable) == Cost(10, 10 * 100_000)


def test_first_zooms_keep_to_the_limits() -> None:
    """Of a map of 30 by 60 chunks those whose tiles read no more than 16, and the one before them
    reads more; the deepest needed where one chunk is too much."""
    fine, variable = cube(lonlat(-180.0, 90.0, 0.05, 3600, 7200), (1, 120, 120))
    assert first_zooms(fine, Limits(tile_chunks=2000)) == {"v": 0}
    [zoom] = first_zooms(fine, Limits(tile_chunks=16)).values()
    assert zoom == 4
    native = native_zoom(matrix_set(WEB_MERCATOR_QUAD), variable.grid)
    assert first_zooms(fine, Limits(tile_bytes=1000)) == {"v": native}


def test_advice() -> None:
    """Overviews for a map of many chunks, other chunks for large ones, a copy for long series."""
    fine, _ = cube(lonlat(-180.0, 90.0, 0.05, 3600, 7200), (1, 250, 250))
    assert any("add overviews" in line for line in advice(fine))
    large, _ = cube(lonlat(-180.0, 90.0, 0.05, 3600, 7200), (1, 3600, 7200))
    said = advice(large)
    assert any("rechunk" in line for line in said)
    assert any("optimize --time-series" in line for line in said)
    good, _ = cube(lonlat(-180.0, 90.0, 1.0, 180, 360), (1, 180, 360))
    assert advice(good) == []
