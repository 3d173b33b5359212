"""Interpolated coordinates are pyproj's, in any pair of CRS."""

import numpy as np
import pytest

from tests.oracle.reference import coordinates as exact
from tileserver.grid import LONLAT, parse_crs
from tileserver.projection import coordinates
from tileserver.tms import matrix_set, tile_grid

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
def test_coordinates_are_exact_to_a_hundredth_of_a_pixel(crs, address):
    """Every pixel's centre, where it has a place at all; NaN where it has none."""
    name, zoom, col, row = address
    target = tile_grid(matrix_set(name), zoom, col, row)
    x, y = (np.broadcast_to(v, target.shape) for v in coordinates(target, parse_crs(crs)))
    true_x, true_y = exact(target, parse_crs(crs))
    known = np.isfinite(true_x)
    assert (np.isfinite(x) == known).all()
    off = np.hypot(_short(x - true_x, crs), y - true_y)[known]
    step = np.hypot(_short(np.diff(true_x, axis=1), crs), np.diff(true_y, axis=1))
    assert off.max(initial=0.0) <= 0.01 * np.nanmedian(step)


def _short(difference: np.ndarray, crs: str) -> np.ndarray:
    """A difference of longitudes the short way round."""
    return (difference + 180) % 360 - 180 if crs == LONLAT.srs else difference


def test_cylindrical_pairs_are_vectors():
    """Between degrees and Mercator x is of the column and y of the row alone."""
    x, y = coordinates(tile_grid(matrix_set("WebMercatorQuad"), 3, 4, 2), LONLAT)
    assert (x.shape, y.shape) == ((1, 256), (256, 1))


def test_corners():
    """Corners are one more than pixels, along both axes."""
    target = tile_grid(matrix_set("WebMercatorQuad"), 8, 136, 90)
    x, y = coordinates(target, parse_crs("EPSG:32632"), corners=True)
    assert x.shape == y.shape == (257, 257)
