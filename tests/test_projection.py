"""Interpolated coordinates are pyproj's, in any pair of CRS."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.reference import coordinates as exact
from tileserver.axis import Axis
from tileserver.grid import LONLAT, Grid, parse_crs, transformer
from tileserver.matrixset import matrix_set
from tileserver.projection import coordinates
from tileserver.tms import tile_at, tile_grid

CRS = ["OGC:CRS84", "EPSG:32632", "EPSG:3035", "EPSG:3413", "EPSG:3395", "EPSG:3857", "EPSG:2056"]
TILES = [
    ("WebMercatorQuad", 5, 16, 10),
    ("WebMercatorQuad", 12, 2170, 1433),
    ("WorldCRS84Quad", 3, 8, 1),
    ("UPSArcticWGS84Quad", 2, 1, 1),
    ("EuropeanETRS89_LAEAQuad", 4, 8, 9),
    ("UTM31WGS84Quad", 9, 128, 180),
]


@pytest.mark.parametrize("address", TILES, ids=str)
@pytest.mark.parametrize("crs", CRS)
def test_coordinates_are_exact_to_a_two_hundredth_of_a_pixel(crs, address):
    """Every pixel's centre, where it has a place at all; NaN where it has none."""
    name, zoom, col, row = address
    target = tile_grid(matrix_set(name), zoom, col, row)
    x, y = (np.broadcast_to(v, target.shape) for v in coordinates(target, parse_crs(crs)))
    true_x, true_y = exact(target, parse_crs(crs))
    known = np.isfinite(true_x)
    assert (np.isfinite(x) == known).all()
    off = np.hypot(_short(x - true_x, crs), y - true_y)[known]
    step = np.hypot(_short(np.diff(true_x, axis=1), crs), np.diff(true_y, axis=1))
    assert off.max(initial=0.0) <= 0.005 * np.nanmedian(step)


def _short(difference: np.ndarray, crs: str) -> np.ndarray:
    """A difference of longitudes the short way round."""
    return (difference + 180) % 360 - 180 if crs == LONLAT.srs else difference


@given(st.integers(0, 24), st.floats(0, 1), st.floats(0, 1), st.sampled_from((1, 64, 256)))
def test_web_mercator_is_undone_as_pyproj_does(zoom, across, down, size):
    """The closed form of the sphere gives pyproj's degrees at any tile, the square's edges too."""
    last = 2**zoom - 1
    tile = tile_grid(
        matrix_set("WebMercatorQuad"), zoom, int(across * last), int(down * last), size
    )
    for corners in (False, True):
        lon, lat = coordinates(tile, LONLAT, corners=corners)
        xs = tile.x.cell_edges() if corners else tile.x.cell_centers()
        ys = tile.y.cell_edges() if corners else tile.y.cell_centers()
        true_lon, true_lat = transformer(tile.crs, LONLAT).transform(xs, ys)
        np.testing.assert_allclose(lon[0], true_lon, rtol=0, atol=1e-10)
        np.testing.assert_allclose(lat[:, 0], true_lat, rtol=0, atol=1e-10)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(("EPSG:32632", "EPSG:3035", "EPSG:2056", "EPSG:3413", "EPSG:5041")),
    st.integers(0, 20),
    st.floats(-60, 60),
    st.floats(-75, 84),
    st.sampled_from((50, 256)),
)
def test_no_tile_errs_by_a_two_hundredth_of_a_pixel(crs, zoom, lon, lat, size):
    """Few nodes are taken only where they are enough, wherever the tile lies."""
    tiles = matrix_set("WebMercatorQuad")
    target = tile_grid(tiles, zoom, *tile_at(tiles, zoom, lon, lat), size)
    x, y = coordinates(target, parse_crs(crs))
    true_x, true_y = exact(target, parse_crs(crs))
    known = np.isfinite(true_x)
    assert (np.isfinite(x) == known).all()
    step = np.hypot(np.diff(true_x, axis=1)[:-1], np.diff(true_y, axis=1)[:-1])
    off = np.hypot(x - true_x, y - true_y)[:-1, :-1]
    # Far from where a CRS is meant for, pixels of one tile differ in size by any factor.
    allowed = 0.005 * np.maximum(step, np.nanmedian(step))
    assert (off <= allowed)[np.isfinite(off + step)].all()


def test_cylindrical_pairs_are_vectors():
    """Between degrees and Mercator x is of the column and y of the row alone."""
    x, y = coordinates(tile_grid(matrix_set("WebMercatorQuad"), 3, 4, 2), LONLAT)
    assert (x.shape, y.shape) == ((1, 256), (256, 1))


def test_corners():
    """Corners are one more than pixels, along both axes."""
    target = tile_grid(matrix_set("WebMercatorQuad"), 8, 136, 90)
    x, y = coordinates(target, parse_crs("EPSG:32632"), corners=True)
    assert x.shape == y.shape == (257, 257)


@pytest.mark.parametrize("shape", [(2, 700), (700, 3), (1, 700), (5, 4000)])
def test_narrow_targets(shape):
    """Of a few rows or columns across a pole, where blocks are quartered down to one of them."""
    height, width = shape
    crs = parse_crs("EPSG:3413")
    target = Grid(crs, Axis(-4e6, 8e6 / width, width), Axis(4e6, -8.2e6 / height, height))
    found = coordinates(target, LONLAT)
    for ours, true in zip(found, exact(target, LONLAT), strict=True):
        np.testing.assert_allclose(_short(ours - true, LONLAT.srs), 0, atol=0.05)
