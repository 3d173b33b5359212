"""Tile matrix sets are those that morecantile registers; tiles lie where it says."""

import math

import morecantile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.axis import Axis
from tileserver.errors import InvalidParameter, TileOutOfRange
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.matrixset import REGISTERED, matrix_set
from tileserver.tms import native_zoom, tile_at, tile_grid, tile_range

MERCATOR = matrix_set("WebMercatorQuad")
THEIRS = (*REGISTERED, "UTM31WGS84Quad")


@pytest.mark.parametrize("name", THEIRS)
def test_tiles_lie_where_morecantile_says(name):
    """The corners of tiles of every set; zooms are called as the registry calls them."""
    ours, theirs = matrix_set(name), morecantile.tms.get(name)
    for zoom in range(ours.first_zoom, ours.last_zoom + 1, 3):
        matrix = ours.matrix(zoom)
        for col, row in ((0, 0), (matrix.width - 1, matrix.height - 1), (matrix.width // 2, 0)):
            expected = theirs.xy_bounds(morecantile.Tile(col, row, zoom))
            grid = tile_grid(ours, zoom, col, row)
            np.testing.assert_allclose(grid.bounds, tuple(expected), rtol=1e-9, atol=1e-6)


def test_a_quadtree_goes_on():
    """Beyond the last registered zoom tiles are halved, down to zoom 30."""
    assert MERCATOR.matrix(30).width == 2**30
    with pytest.raises(TileOutOfRange, match="zooms 0 to 30"):
        MERCATOR.matrix(31)


@pytest.mark.parametrize(
    "address", [(0, 1, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (999, 0, 0), (-1, 0, 0)]
)
def test_tiles_that_are_not_there(address):
    """The zoom's range is told."""
    with pytest.raises(TileOutOfRange):
        tile_grid(MERCATOR, *address)


@pytest.mark.parametrize("size", [1025, 100_000, -1])
def test_tile_sizes(size):
    """A tile has at most 1024 pixels a side."""
    with pytest.raises(InvalidParameter, match="tilesize"):
        tile_grid(MERCATOR, 0, 0, 0, size)


@given(st.floats(-180, 180), st.floats(-85, 85), st.integers(0, 20))
def test_the_range_holds_the_tile_of_a_point(lon, lat, zoom):
    """Limits around a point hold the tile that mercantile's formula names."""
    n = 2**zoom
    x = min(int((lon + 180) / 360 * n), n - 1)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n)
    span = 1e-4
    box = (max(lon - span, -180), lat - span, min(lon + span, 180), lat + span)
    found = tile_range(MERCATOR, zoom, box)
    assert found.min_x <= x <= found.max_x
    assert found.min_y <= y <= found.max_y


@pytest.mark.parametrize("name", THEIRS)
def test_limits_of_the_globe_are_the_set(name):
    """Bounds of the whole Earth are cut to each set."""
    tiles = matrix_set(name)
    found, matrix = tile_range(tiles, 2, (-180, -90, 180, 90)), tiles.matrix(2)
    assert 0 <= found.min_x <= found.max_x < matrix.width
    assert 0 <= found.min_y <= found.max_y < matrix.height


def test_native_zoom():
    """The first zoom whose pixels are as fine as the cells."""
    globe = Grid(LONLAT, Axis(-180, 0.25, 1440, period=360.0), Axis(90, -0.25, 720))
    assert native_zoom(MERCATOR, globe) == 3
    utm = Grid(parse_crs("EPSG:32632"), Axis(5e5, 10, 1000), Axis(5.3e6, -10, 1000))
    assert native_zoom(MERCATOR, utm) == 14


@pytest.mark.parametrize("name", THEIRS)
def test_tile_at_a_point(name):
    """morecantile names the same tile, wherever the set is in use."""
    ours, theirs = matrix_set(name), morecantile.tms.get(name)
    area = ours.crs.area_of_use
    lon, lat = (area.west + 0.37 * (area.east - area.west), (area.south + area.north) / 2)
    for zoom in range(ours.first_zoom, min(ours.last_zoom, 12)):
        tile = theirs.tile(lon, lat, zoom)
        assert tile_at(ours, zoom, lon, lat) == (tile.x, tile.y)
