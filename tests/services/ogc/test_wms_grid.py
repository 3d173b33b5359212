"""From boxes to pixels, and to the parts that a map is drawn in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.grid import LONLAT
from tileserver.matrixset import IDS, matrix_set
from tileserver.services.ogc.wms_crs import NamedCrs, named
from tileserver.services.ogc.wms_grid import WHOLE_PX, map_grid, parts, sketch
from tileserver.tms import tile_grid

PLACE = named("CRS:84")


@given(
    st.sampled_from(IDS),
    st.integers(0, 24),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from((256, 512)),
)
def test_the_box_of_any_tile_is_found(
    name: str, zoom: int, across: float, down: float, size: int
) -> None:
    """In every set, in the digits of a double and in thirteen; never that of a neighbour."""
    tiles = matrix_set(name)
    matrix = tiles.matrix(min(max(zoom, tiles.first_zoom), tiles.last_zoom))
    col, row = (int(p * (n - 1)) for p, n in ((across, matrix.width), (down, matrix.height)))
    tile = tile_grid(tiles, matrix.zoom, col, row, size)
    place = NamedCrs(name, tiles.crs, northing_first=False)
    known = map_grid(place, tile.bounds, (size, size), [tiles])
    assert known.key == tile.key
    pixel = tile.x.step
    west, south, east, north = tile.bounds
    for shift in (pixel / 100, pixel, 10 * pixel, tile.x.size * pixel / 2):
        moved = (west + shift, south, east + shift, north)
        assert map_grid(place, moved, (size, size), [tiles]).key != tile.key
    if matrix.zoom <= 15:
        rounded = tuple(float(f"{each:.13g}") for each in tile.bounds)
        assert map_grid(place, rounded, (size, size), [tiles]).key == tile.key


def test_other_sizes_and_shapes_are_no_tile() -> None:
    """Nor is a box that is no square, or in another CRS."""
    tiles = matrix_set("WorldCRS84Quad")
    tile = tile_grid(tiles, 3, 4, 2)
    west, south, east, north = tile.bounds
    assert map_grid(PLACE, tile.bounds, (256, 255), [tiles]).key != tile.key
    assert map_grid(PLACE, tile.bounds, (2000, 2000), [tiles]).shape == (2000, 2000)
    wide = map_grid(PLACE, (west, south, east + 1, north), (256, 256), [tiles])
    assert wide.bounds == (west, south, east + 1, north)
    assert map_grid(named("EPSG:3857"), tile.bounds, (256, 256), [tiles]).key != tile.key


@pytest.mark.parametrize(
    "size", [(1, 1), (512, 512), (513, 512), (3000, 90), (1, 3000), (1024, 1024)]
)
def test_parts_cover_a_map_once(size: tuple[int, int]) -> None:
    """Each pixel lies in one part, where it lies in the map."""
    whole = map_grid(PLACE, (-10.0, 3.0, 20.0, 50.0), size, [])
    seen = np.zeros(whole.shape, int)
    for part in parts(whole):
        height, width = part.grid.shape
        assert height * width <= WHOLE_PX**2
        rows, cols = slice(part.row, part.row + height), slice(part.col, part.col + width)
        seen[rows, cols] += 1
        np.testing.assert_allclose(part.grid.x.cell_centers(), whole.x.cell_centers()[cols])
        np.testing.assert_allclose(part.grid.y.cell_centers(), whole.y.cell_centers()[rows])
    assert (seen == 1).all()


def test_a_sketch_is_of_the_same_place() -> None:
    """In fewer pixels, never in more."""
    whole = map_grid(PLACE, (-10.0, 3.0, 20.0, 50.0), (3000, 100), [])
    small = sketch(whole)
    assert small.shape == (100, 256)
    np.testing.assert_allclose(small.bounds, whole.bounds)
    assert small.crs is LONLAT
