"""Images that a lattice of longitudes and latitudes places, against numpy's interpolation."""

import numpy as np
import pytest

from tests.lookup import meshes
from tileserver.area import locate
from tileserver.lookup.tiepoint import tie_point_grid

SHAPE = (900, 1300)


def lattice(start=20.0, lon_of_node=120.0, size=(7, 9)):
    """Tie points of a radar image; rows and columns are not evenly spaced."""
    lon, lat = meshes.swath(*size, start=start, stop=start + 3, lon_of_node=lon_of_node)
    rows = np.linspace(0, 1, size[0]) ** 1.1 * 899 + 0.5
    cols = np.linspace(0, 1, size[1]) ** 1.2 * 1299 + 0.5
    return lon, lat, rows, cols


def interpolated(values, rows, cols, row, col):
    """Values of a lattice at a position, linear along one axis after the other."""
    return np.interp(col, cols, [np.interp(row, rows, column) for column in values.T])


@pytest.mark.parametrize("start", [20.0, 60.0])
@pytest.mark.parametrize("flipped", [False, True])
def test_between_tie_points_places_are_linear(start, flipped):
    """Each cell lies where a bilinear interpolation of the lattice says."""
    lon, lat, rows, cols = lattice(start)
    step = -1 if flipped else 1
    grid = tie_point_grid(lon[::step], lat[::step], rows=rows[::step], cols=cols, shape=SHAPE)
    random = np.random.default_rng(5)
    row, col = random.uniform(0.5, 899.5, 300), random.uniform(0.5, 1299.5, 300)
    x, y = (
        np.array([interpolated(v, rows, cols, *at) for at in zip(row, col, strict=True)])
        for v in (lon, lat)
    )
    found_cols, found_rows = grid.lookup.positions(x, y)
    np.testing.assert_allclose(found_cols, col, atol=0.06)
    np.testing.assert_allclose(found_rows, row, atol=0.06)
    again_x, again_y = grid.lookup.points(col, row)
    np.testing.assert_allclose(again_x, x, atol=3e-4)
    np.testing.assert_allclose(again_y, y, atol=3e-4)


def test_across_the_date_line():
    """Longitudes jump between tie points; the image has no seam there."""
    lon, lat, rows, cols = lattice(0.0, 178.0)
    assert lon.min() < -170 < 170 < lon.max()
    grid = tie_point_grid(lon, lat, rows=rows, cols=cols, shape=SHAPE)
    west, _, east, _ = grid.lonlat_bounds()
    assert west > east
    col, row = np.meshgrid(np.linspace(1, 1299, 40), np.linspace(1, 899, 40))
    found_cols, found_rows = grid.lookup.positions(*grid.lookup.points(col, row))
    np.testing.assert_allclose(found_cols, col, atol=0.06)
    np.testing.assert_allclose(found_rows, row, atol=0.06)


def test_the_outer_half_cells_go_on():
    """Tie points at the centres of the outermost cells place their outer edges too."""
    lon, lat, rows, cols = lattice()
    grid = tie_point_grid(lon, lat, rows=rows, cols=cols, shape=SHAPE)
    x, y = grid.lookup.points(np.array([0.01, 1299.99]), np.array([0.01, 899.99]))
    assert locate(grid, float(x[0]), float(y[0])) == (0, 0)
    assert locate(grid, float(x[1]), float(y[1])) == (899, 1299)


def test_what_is_no_lattice_is_told():
    """With the reason."""
    lon, lat, rows, cols = lattice()
    with pytest.raises(ValueError, match="do not fit"):
        tie_point_grid(lon, lat, rows=rows[1:], cols=cols, shape=SHAPE)
    with pytest.raises(ValueError, match="rise or fall"):
        tie_point_grid(lon, lat, rows=rows * 0, cols=cols, shape=SHAPE)
    with pytest.raises(ValueError, match="no longitude"):
        tie_point_grid(lon * np.nan, lat, rows=rows, cols=cols, shape=SHAPE)
