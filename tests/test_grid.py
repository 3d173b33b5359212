"""Axes and grids: where cells lie, and what wraps."""

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st

from tileserver.axis import Axis
from tileserver.grid import LONLAT, Grid, is_degrees, parse_crs

UTM = parse_crs("EPSG:32632")


def test_cells_lie_around_their_centres():
    """Edges lie midway between centres, rows in either direction."""
    axis = Axis.from_centers([40.0, 30.0, 20.0])
    assert (axis.start, axis.step, axis.stop) == (45.0, -10.0, 15.0)
    assert (axis.low, axis.high) == (15.0, 45.0)
    np.testing.assert_array_equal(axis.positions(np.array([45.0, 40.0, 15.0, 46.0])[:2]), [0, 0.5])


def test_the_last_edge_belongs_to_the_last_cell():
    """What lies on the outer edges lies inside, what lies beyond is NaN."""
    axis = Axis(0.0, 1.0, 4)
    found = axis.positions(np.array([0.0, 4.0, -0.001, 4.001]))
    assert np.floor(found[:2]).tolist() == [0, 3]
    assert np.isnan(found[2:]).all()


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("size", [360, 1440, 36000])
def test_rounded_coordinates_are_regular(dtype, size):
    """Coordinates stored as floats stray from their spacing and are regular all the same."""
    centers = (np.arange(size) + 0.5) * (360 / size) - 180
    axis = Axis.from_centers(centers.astype(dtype), period=360)
    assert axis.edges is None
    assert axis.wraps
    assert abs(axis.step - 360 / size) < 1e-6


def test_gaussian_latitudes_are_irregular():
    """Each cell reaches midway to the next."""
    centers = np.degrees(np.arcsin(np.polynomial.legendre.leggauss(48)[0]))
    axis = Axis.from_centers(centers)
    found = axis.positions(centers)
    assert np.floor(found).tolist() == list(range(48))
    np.testing.assert_allclose(axis.centered(found), np.arange(48), atol=1e-9)


@pytest.mark.parametrize(
    ("first", "wraps"), [(-180.0, True), (0.0, True), (0.5, True), (-179.5, True)]
)
def test_a_whole_turn_wraps(first, wraps):
    """Cells that go round the globe, wherever they begin."""
    assert Axis.from_centers(first + np.arange(360.0), period=360).wraps is wraps
    assert not Axis.from_centers(first + np.arange(358.0), period=360).wraps
    assert not Axis.from_centers(first + np.arange(360.0)).wraps


def test_centres_that_jump_a_turn():
    """… 179, -179 … goes on across 180 degrees."""
    axis = Axis.from_centers([178.0, 179.0, 180.0, -179.0, -178.0], period=360)
    assert (axis.low, axis.high) == (177.5, 182.5)
    assert np.floor(axis.positions(np.array([-178.0, 178.0]))).tolist() == [4, 0]


@pytest.mark.parametrize(
    "centers", [[1.0, np.nan], [np.inf, 1.0], [1.0, 1.0, 2.0], [1.0, 3.0, 2.0]]
)
def test_no_axis(centers):
    """Centres that have gaps, repeat or turn back make none."""
    with pytest.raises(ValueError, match="coordinates"):
        Axis.from_centers(centers)


@given(
    st.floats(-360, 360), st.floats(0.001, 20), st.integers(2, 500), st.booleans(), st.floats(0, 1)
)
def test_positions_come_back(start, step, size, down, part):
    """A coordinate at a part of a cell has that position, in any turn."""
    size = min(size, int(360 / step))
    axis = Axis(start, -step if down else step, max(size, 1), period=360)
    where = part * axis.size * 0.999
    coordinate = axis.start + where * axis.step
    for turn in (-360.0, 0.0, 360.0):
        [found] = axis.positions(np.array([coordinate + turn]))
        off = abs(found - where)
        assert min(off, abs(off - axis.size)) < 1e-6 * max(axis.size, 1) or np.isnan(found)


@pytest.mark.parametrize("down", [False, True])
def test_padded_grid_goes_on(down):
    """The pixels of the grid are the inner ones of the larger, which has a key of its own."""
    y = Axis(40.0, -2.0, 5) if down else Axis(30.0, 2.0, 5)
    grid = Grid(UTM, Axis(10.0, 0.5, 4), y, key=("set", 1, 2, 3))
    padded = grid.padded(2)
    assert padded.shape == (9, 8)
    np.testing.assert_array_equal(padded.x.cell_centers()[2:-2], grid.x.cell_centers())
    np.testing.assert_array_equal(padded.y.cell_centers()[2:-2], grid.y.cell_centers())
    assert padded.key == grid.padded(2).key
    assert len({grid.key, grid.padded(1).key, padded.key, padded.padded(2).key}) == 4


def test_irregular_axis_does_not_go_on():
    """Nothing says how large its next cell would be."""
    with pytest.raises(ValueError, match="regular"):
        Axis.from_centers([0.0, 1.0, 3.0]).padded(1)


BOUNDS = {
    "globe": ((1, 0, -180, 0, -1, 90), (180, 360), (-180, -90, 180, 90)),
    "globe 0-360": ((1, 0, 0, 0, -1, 90), (180, 360), (-180, -90, 180, 90)),
    "points at poles": ((1, 0, -0.5, 0, -1, 90.5), (181, 360), (-180, -90, 180, 90)),
    "across 180": ((1, 0, 170, 0, -1, 10), (20, 20), (170, -10, -170, 10)),
    "across 0": ((1, 0, 350, 0, -1, 10), (20, 20), (-10, -10, 10, 10)),
    "beyond 180": ((1, 0, 190, 0, -1, 10), (20, 20), (-170, -10, -150, 10)),
    "up to 180": ((1, 0, 160, 0, -1, 10), (20, 20), (160, -10, 180, 10)),
}


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_in_degrees(name):
    """West is greater than east across 180 degrees, and the globe is the globe."""
    transform, shape, bounds = BOUNDS[name]
    assert Grid.from_affine(LONLAT, Affine(*transform), shape).lonlat_bounds() == bounds


def test_bounds_of_a_projected_grid_across_180():
    """UTM zone 60 beyond the date line."""
    grid = Grid.from_affine(
        parse_crs("EPSG:32660"), Affine(1000, 0, 570585, 0, -1000, 5847615), (235, 232)
    )
    west, south, east, north = grid.lonlat_bounds()
    assert 177 < west < 179
    assert -179 < east < -178
    assert 50 < south < north < 53


def test_bounds_around_the_pole():
    """A polar grid reaches round the globe, up to the pole."""
    grid = Grid.from_affine(
        parse_crs("EPSG:3413"), Affine(25e3, 0, -3.85e6, 0, -25e3, 5.85e6), (448, 304)
    )
    west, south, east, north = grid.lonlat_bounds()
    assert (west, east, north) == (-180, 180, 90)
    assert 25 < south < 40


def test_a_rotated_grid_is_refused():
    """With the remedy."""
    with pytest.raises(ValueError, match="gdalwarp"):
        Grid.from_affine(UTM, Affine(10, 1, 0, 1, -10, 0), (5, 5))


@pytest.mark.parametrize(
    ("crs", "degrees"),
    [("EPSG:4326", True), ("OGC:CRS84", True), ("EPSG:32632", False), ("EPSG:4807", False)],
)
def test_degrees(crs, degrees):
    """Only longitudes and latitudes in degrees repeat every 360: not grads."""
    assert is_degrees(parse_crs(crs)) is degrees
