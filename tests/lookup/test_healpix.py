"""Cells and their numbers are those that the HEALPix library names."""

from __future__ import annotations

import healpix
import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.lookup.healpix import nested, places, plane, ring, sphere

NSIDES = st.integers(0, 20).map(lambda depth: 2**depth)


def cells(lon, lat, nside):
    """Rows and columns of the cells at some points."""
    x, y = plane(np.atleast_1d(np.float64(lon)), np.atleast_1d(np.float64(lat)))
    return np.floor(y * nside).astype(np.int64), np.floor(x * nside).astype(np.int64)


@given(NSIDES, st.integers(0, 2**32))
def test_points(nside, seed):
    """Both numbers of the cells at points all over the sphere."""
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(-400, 400, 500), np.degrees(np.arcsin(random.uniform(-1, 1, 500)))
    row, col = cells(lon, lat, nside)
    lon = np.mod(lon, 360)
    np.testing.assert_array_equal(
        nested(row, col, nside), healpix.ang2pix(nside, lon, lat, nest=True, lonlat=True)
    )
    np.testing.assert_array_equal(
        ring(row, col, nside), healpix.ang2pix(nside, lon, lat, nest=False, lonlat=True)
    )


@given(NSIDES, st.integers(0, 2**32))
def test_numbers(nside, seed):
    """Rings of all cells, and the way back from nested numbers."""
    number = np.random.default_rng(seed).integers(0, 12 * nside**2, 500)
    row, col = places(number, nside)
    np.testing.assert_array_equal(nested(row, col, nside), number)
    np.testing.assert_array_equal(ring(row, col, nside), healpix.nest2ring(nside, number))


@pytest.mark.parametrize("nside", [1, 4, 512])
@pytest.mark.parametrize(
    ("lon", "lat"),
    [(0, 90), (123, 90), (0, -90), (360, 0), (-180, 0), (45, 41.810314895778596), (90, 0)],
)
def test_corners(nside, lon, lat):
    """Poles, corners of faces and the seam of the circle lie in a cell that touches them."""
    row, col = cells(lon, lat, nside)
    middle = healpix.pix2ang(nside, nested(row, col, nside), nest=True, lonlat=True)
    azimuth = pyproj.Geod(ellps="sphere").inv(lon, lat, middle[0][0], middle[1][0])
    assert azimuth[2] <= np.degrees(np.hypot(1, 1) * np.pi / 4 / nside) * 111_200


@given(NSIDES, st.integers(0, 2**32), st.booleans())
def test_middles(nside, seed, ellipsoidal):
    """Middles of cells lie where the library says; the way there and back is one."""
    number = np.random.default_rng(seed).integers(0, 12 * nside**2, 500)
    row, col = places(number, nside)
    x, y = (col + 0.5) / nside, (row + 0.5) / nside
    lon, lat = sphere(x, y)
    expected = healpix.pix2ang(nside, number, nest=True, lonlat=True)
    np.testing.assert_allclose(np.mod(lon - expected[0] + 180, 360), 180, atol=1e-6)
    np.testing.assert_allclose(lat, expected[1], atol=1e-7)
    back = plane(*sphere(x, y, ellipsoidal=ellipsoidal), ellipsoidal=ellipsoidal)
    np.testing.assert_allclose(back, (x, y), atol=1e-7)


def test_nowhere():
    """A point without a place has no cell."""
    x, y = plane(np.array([np.nan, 1.0, np.inf]), np.array([0.0, np.nan, 3.0]))
    assert np.isnan(x).all()
    assert np.isnan(y).all()
    beyond = sphere(np.array([1.5, 0.5, np.nan]), np.array([0.5, 12.5, 0.5]))
    assert np.isnan(beyond).all()


def test_ellipsoid():
    """Cells of equal area on WGS 84 lie at the latitudes of PROJ's authalic sphere."""
    lat = np.linspace(-90, 90, 181)
    x, y = plane(np.full(181, 10.0), lat, ellipsoidal=True)
    to_equal_area = pyproj.Transformer.from_crs(
        "EPSG:4326", "+proj=cea +ellps=WGS84", always_xy=True
    )
    northing = to_equal_area.transform(np.full(181, 10.0), lat)[1]
    authalic = np.degrees(np.arcsin(np.clip(northing / northing[-1], -1, 1)))
    expected = plane(np.full(181, 10.0), authalic)
    np.testing.assert_allclose(x, expected[0], atol=1e-8)
    np.testing.assert_allclose(y, expected[1], atol=1e-8)
