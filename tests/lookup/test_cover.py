"""Areas over grids with a lookup: parts of cells, their sizes and means, against GEOS and PROJ."""

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine

from tests.lookup import meshes
from tests.lookup.test_curvilinear import cells_of, corners_between
from tileserver.area import EARTH_RADIUS_M, Weights, cell_area, weigh
from tileserver.errors import PayloadTooLarge
from tileserver.geometry import from_bbox
from tileserver.grid import Grid, parse_crs
from tileserver.lookup.affine import affine_grid
from tileserver.lookup.curvilinear import curvilinear_grid

# Lambert's cylinder: of equal area, with the sphere's radius of our areas.
EQUAL_AREA = pyproj.Transformer.from_crs(
    pyproj.CRS(f"+proj=longlat +R={EARTH_RADIUS_M}"),
    pyproj.CRS(f"+proj=laea +lat_0=50 +lon_0=10 +R={EARTH_RADIUS_M}"),
    always_xy=True,
)


def box(west, south, east, north):
    return from_bbox((west, south, east, north))


def brute_force(lon, lat, surface):
    """Areas (rows, cols) in m² of the inner cells' parts in an area, by GEOS on equal areas."""
    x, y = EQUAL_AREA.transform(*cells_of(*corners_between(lon, lat)))
    cells = shapely.polygons(np.stack([x, y], -1))
    dense = shapely.segmentize(surface, 0.05)
    projected = shapely.transform(
        dense, lambda points: np.stack(EQUAL_AREA.transform(*points.T), axis=-1)
    )
    inside = np.zeros(lon.shape)
    inside[1:-1, 1:-1] = shapely.area(shapely.intersection(cells, projected))
    return inside


def full(weights: Weights | None, grid: Grid):
    """Weights over the whole grid."""
    found = np.zeros(grid.shape)
    if weights is not None:
        cols = np.arange(weights.cols.start, weights.cols.stop) % grid.x.size
        found[np.arange(weights.rows.start, weights.rows.stop)[:, None], cols] = weights.weights
    return found


@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1)])
@pytest.mark.parametrize(
    "area", [(2, 45, 18, 55), (9.9, 49.9, 10.2, 50.1), (-5, 40, 30, 60), (5, 50, 5.5, 50.2)]
)
def test_parts_are_those_of_geos(area, flip):
    """Each cell counts by the area of its part inside, whichever way rows and columns run."""
    lon, lat, *_ = meshes.rotated(60)
    lon, lat = (v[:: flip[0], :: flip[1]] for v in (lon, lat))
    grid = curvilinear_grid(lon, lat)
    ours = full(weigh(grid, box(*area)), grid)
    expected = brute_force(lon, lat, box(*area))
    # Edges of our area are straight in cells between its points, those of GEOS between its own.
    np.testing.assert_allclose(ours, expected, atol=2e-3 * expected.max())
    np.testing.assert_allclose(ours.sum(), expected.sum(), rtol=1e-3)


def test_an_area_that_goes_beyond_the_grid():
    """Counts what of it lies on the grid, border cells by their parts."""
    lon, lat, *_ = meshes.rotated(60)
    grid = curvilinear_grid(lon, lat)
    area = box(-80, 30, 20, 50)
    ours = full(weigh(grid, area), grid)[1:-1, 1:-1]
    expected = brute_force(lon, lat, area)[1:-1, 1:-1]
    np.testing.assert_allclose(ours.sum(), expected.sum(), rtol=3e-3)
    assert np.abs(ours - expected).max() < 0.3 * expected.max()


def test_means_over_a_fold():
    """A cap over the north pole of a tripolar grid, across its fold and its seam."""
    lon, lat = meshes.tripolar(144, 46, 26)
    grid = curvilinear_grid(lon, lat)
    weights = full(weigh(grid, box(-180, 75, 180, 90)), grid)
    cap = 2 * np.pi * EARTH_RADIUS_M**2 * (1 - np.sin(np.radians(75)))
    assert abs(weights.sum() / cap - 1) < 0.02
    value = np.sin(np.radians(lat))
    expected = (1 + np.sin(np.radians(75))) / 2
    assert abs((value * weights).sum() / weights.sum() - expected) < 1e-3


def test_a_belt_goes_round():
    """All columns of a global grid, each once."""
    lon, lat = meshes.tripolar(144, 46, 26)
    grid = curvilinear_grid(lon, lat)
    weights = full(weigh(grid, box(-180, -30, 180, 30)), grid)
    belt = 2 * np.pi * EARTH_RADIUS_M**2
    assert abs(weights.sum() / belt - 1) < 1e-3


def test_across_the_date_line():
    """Areas in either convention."""
    lon, lat = meshes.swath(80, 60, start=-20, stop=50, lon_of_node=178)
    grid = curvilinear_grid(lon, lat)
    one, other = (full(weigh(grid, box(w, 5, e, 12)), grid) for w, e in ((176, 182), (176, -178)))
    assert one.sum() > 0
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_all_cells_make_up_the_earth():
    """The cells of a global grid have the sphere's area."""
    grid = curvilinear_grid(*meshes.tripolar(144, 46, 26))
    areas = cell_area(grid, slice(0, 72), slice(0, 144))
    south = 2 * np.pi * EARTH_RADIUS_M**2 * (1 - np.sin(np.radians(78)))
    assert abs(areas.sum() / (4 * np.pi * EARTH_RADIUS_M**2 - south) - 1) < 2e-3


def test_a_turned_image():
    """The parts of a turned image's cells are those in its own CRS."""
    utm = parse_crs("EPSG:32632")
    transform = Affine.translation(500_000, 5.5e6) * Affine.rotation(20) * Affine.scale(1000, -1000)
    grid = affine_grid(utm, transform, (80, 100))
    area = box(9.5, 49.2, 9.9, 49.5)
    ours = full(weigh(grid, area), grid)
    to_utm = pyproj.Transformer.from_crs(4326, utm, always_xy=True)
    projected = shapely.transform(
        shapely.segmentize(area, 0.01), lambda p: np.stack(to_utm.transform(*p.T), -1)
    )
    col, row = np.meshgrid(np.arange(100), np.arange(80))
    corners = [(col, row), (col + 1, row), (col + 1, row + 1), (col, row + 1)]
    cells = shapely.polygons(np.stack([np.stack(transform * c, -1) for c in corners], -2))
    expected = shapely.area(shapely.intersection(cells, projected))
    np.testing.assert_allclose(ours / ours.sum(), expected / expected.sum(), atol=2e-5)


def test_less_than_a_cell():
    """An area within one cell is part of that, on the border of the grid too."""
    lon, lat, *_ = meshes.rotated(60)
    grid = curvilinear_grid(lon, lat)
    x, y = float(lon[20, 30]), float(lat[20, 30])
    weights = weigh(grid, box(x - 0.01, y - 0.01, x + 0.01, y + 0.01))
    assert (weights.rows, weights.cols) == (slice(20, 21), slice(30, 31))
    side = np.radians(0.02) * EARTH_RADIUS_M
    assert abs(weights.weights[0, 0] / (side**2 * np.cos(np.radians(y))) - 1) < 1e-2
    assert weigh(grid, box(-150, -50, -149, -49)) is None


def test_too_many_cells_are_refused():
    """Before they are looked at."""
    lon, lat, *_ = meshes.rotated(60)
    with pytest.raises(PayloadTooLarge, match="at most 100"):
        weigh(curvilinear_grid(lon, lat), box(-80, 30, 20, 50), most_cells=100)
