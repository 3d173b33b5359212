"""Plans: the level, the window and what is read of a grid."""

import pytest

from tests.oracle.reference import level_of
from tileserver.axis import Axis
from tileserver.cube import Level
from tileserver.grid import LONLAT, Grid
from tileserver.matrixset import matrix_set
from tileserver.plan import choose_level, sample
from tileserver.sampling import Cross, Sampling
from tileserver.tms import tile_grid

MERCATOR = matrix_set("WebMercatorQuad")


def globe(step: float, chunk: tuple[int, int]) -> Level:
    size = (round(180 / step), round(360 / step))
    grid = Grid(LONLAT, Axis(-180, step, size[1], period=360.0), Axis(90, -step, size[0]))
    return level_of(grid, chunk)


LEVELS = [globe(0.25, (180, 180)), globe(0.5, (180, 180)), globe(1.0, (180, 180))]


@pytest.mark.parametrize(
    ("pixel", "level"), [(0.1, 0), (0.25, 0), (0.49, 0), (0.5, 1), (0.9, 1), (1.0, 2), (9, 2)]
)
def test_the_coarsest_level_that_is_fine_enough(pixel, level):
    """Cells are never larger than the pixels where a finer level is there."""
    assert choose_level(LEVELS, (pixel, pixel)) == level


@pytest.mark.parametrize("zoom", range(7))
def test_windows_are_small(zoom):
    """A tile needs no more than its own part of the level that fits it, widened to chunks."""
    target = tile_grid(MERCATOR, zoom, 2**zoom // 2, 2**zoom // 3)
    found = sample(LEVELS, target, "nearest")
    assert found is not None
    rows, cols = found.rows.stop - found.rows.start, found.cols.stop - found.cols.start
    assert rows <= 540
    assert cols <= 720
    assert isinstance(found.cells, Cross)
    assert found.crop[0].start <= found.crop[0].start + found.cells.row.min()
    assert found.crop[0].start + found.cells.row.max() < rows
    assert found.crop[1].start + found.cells.col.max() < cols


def test_a_tile_beside_the_data():
    """There is nothing to read where the grid is not."""
    region = Grid(LONLAT, Axis(10, 0.1, 50, period=360.0), Axis(50, -0.1, 50))
    for resampling in ("nearest", "bilinear", "average", "mode"):
        assert sample([level_of(region)], tile_grid(MERCATOR, 4, 0, 12), resampling) is None


def test_an_empty_sampling_can_be_kept():
    """That there is nothing to read is a value like any other, and weighs little."""
    nowhere = Sampling.empty((256, 256))
    somewhere = sample(LEVELS, tile_grid(MERCATOR, 3, 4, 2), "nearest")
    assert somewhere is not None
    assert nowhere.is_empty
    assert not somewhere.is_empty
    assert nowhere.nbytes < 1024


def test_bilinear_becomes_average_far_out():
    """A kernel over hundreds of cells a pixel is left for the mean."""
    found = sample(LEVELS[:1], tile_grid(MERCATOR, 0, 0, 0, 16), "bilinear")
    assert found is not None
    assert found.resampling == "average"


@pytest.mark.parametrize(
    ("zoom", "count", "kernel"),
    [(3, 1, "nearest"), (2, 1, "nearest"), (1, 1, "average"), (1, 3, "nearest"), (0, 3, "nearest")],
)
def test_the_default_is_nearest_unless_it_leaves_out_cells(zoom, count, kernel):
    """More than two cells a pixel of the coarsest level are averaged; a coarser level is not."""
    found = sample(LEVELS[:count], tile_grid(MERCATOR, zoom, 0, 0), None)
    assert found is not None
    assert found.resampling == kernel


def test_the_default_of_either_axis_and_of_classes():
    """Cells that are left out along one axis are enough; classes are not averaged."""
    tall = level_of(Grid(LONLAT, Axis(0, 1.0, 90), Axis(45, -0.1, 900)))
    target = Grid(LONLAT, Axis(0, 1.0, 90), Axis(45, -0.25, 360))
    for reducer in ("average", "mode", "nearest"):
        found = sample([tall], target, None, reducer=reducer)
        assert found is not None
        assert found.resampling == reducer


def test_nearest_stays_nearest_where_it_is_asked_for():
    """A kernel that is named is used, however much it leaves out."""
    found = sample(LEVELS[:1], tile_grid(MERCATOR, 0, 0, 0), "nearest")
    assert found is not None
    assert found.resampling == "nearest"
    assert found.reduction[1] > 2


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average", "mode"])
def test_the_seam_is_one_window(resampling):
    """A tile across the end of a 0-360 grid reads on at column 0, not all columns."""
    level = level_of(
        Grid(LONLAT, Axis(0, 0.25, 1440, period=360.0), Axis(90, -0.25, 720)), (90, 90)
    )
    target = Grid(LONLAT, Axis(-5, 0.1, 100), Axis(5, -0.1, 100))
    found = sample([level], target, resampling)
    assert found is not None
    assert found.cols.start < 1440 < found.cols.stop
    assert found.cols.stop - found.cols.start <= 180


def test_what_is_kept_is_weighed():
    """A sampling of vectors is light, one of every pixel is not."""
    light = sample(LEVELS, tile_grid(MERCATOR, 3, 4, 2), "bilinear")
    heavy = sample(LEVELS, tile_grid(matrix_set("UPSArcticWGS84Quad"), 3, 4, 4), "bilinear")
    assert light is not None
    assert heavy is not None
    assert light.nbytes < 12_000 < heavy.nbytes
