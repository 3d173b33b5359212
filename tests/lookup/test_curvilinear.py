"""Grids with a longitude and a latitude for each cell, against GEOS in gnomonic projections."""

import numpy as np
import pyproj
import pytest
import shapely

from tests.lookup import meshes
from tileserver.area import locate
from tileserver.cube import Level
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.lookup.curvilinear import curvilinear_grid, curvilinear_grid_of_corners
from tileserver.matrixset import matrix_set
from tileserver.plan import sample
from tileserver.projection import axis_coordinates
from tileserver.tms import native_zoom, tile_grid

WEB = matrix_set("WebMercatorQuad")


def unit(lon, lat):
    """Unit vectors (…, 3)."""
    x, y = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(y) * np.cos(x), np.cos(y) * np.sin(x), np.sin(y)], -1)


def lonlat(vectors):
    """Of vectors, in degrees."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))


def corners_between(lon, lat):
    """Corners (rows - 1, cols - 1, …) midway between centres: of the inner cells."""
    v = unit(lon, lat)
    return lonlat(v[:-1, :-1] + v[1:, :-1] + v[:-1, 1:] + v[1:, 1:])


def cells_of(corner_lon, corner_lat):
    """The four corners (rows, cols, 4) of cells."""
    parts = np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, 1:], np.s_[1:, :-1]
    return tuple(np.stack([c[part] for part in parts], -1) for c in (corner_lon, corner_lat))


def containing(corner_lon, corner_lat, lon, lat):
    """The cells (row, col) that hold a point, by GEOS where great circles are straight."""
    gnomonic = pyproj.Transformer.from_crs(
        4326, f"+proj=gnom +lat_0={lat} +lon_0={lon} +R=6371000", always_xy=True
    )
    near = (unit(corner_lon, corner_lat) @ unit(lon, lat) > 0.2).all(-1)
    rows, cols = np.nonzero(near)
    x, y = gnomonic.transform(corner_lon[near], corner_lat[near])
    inside = shapely.contains_xy(shapely.polygons(np.stack([x, y], -1)), 0.0, 0.0)
    return set(zip(rows[inside].tolist(), cols[inside].tolist(), strict=True))


def found(grid: Grid, lon, lat):
    """The cells of points as (row, col), None outside."""
    cols, rows = grid.lookup.positions(np.asarray(lon), np.asarray(lat))
    return [
        None if np.isnan(r) else (int(r), int(c))
        for r, c in zip(rows.ravel(), cols.ravel(), strict=True)
    ]


GRIDS = {
    "rotated": meshes.rotated()[:2],
    "tripolar": meshes.tripolar(),
    "swath over the pole": meshes.swath(),
    "swath across 180": meshes.swath(start=-20, stop=50, lon_of_node=178),
    "columns reversed": tuple(v[:, ::-1] for v in meshes.rotated()[:2]),
    "transposed": tuple(v.T for v in meshes.tripolar()),
}


@pytest.fixture(params=GRIDS)
def centers(request):
    return GRIDS[request.param]


def points_around(lon, lat, count=150):
    """Points on the sphere, most of them near the cells."""
    random = np.random.default_rng(1)
    near = random.integers(0, lon.size, count)
    known = unit(lon.ravel()[near], lat.ravel()[near]) + random.normal(0, 0.05, (count, 3))
    return lonlat(np.concatenate([known, random.normal(size=(count // 3, 3))]))


def test_a_point_is_in_the_cell_that_holds_it(centers):
    """Whatever the mesh is like: at a pole, at 180°, at a fold."""
    lon, lat = centers
    grid = curvilinear_grid(lon, lat)
    corners = cells_of(*corners_between(lon, lat))
    seen = 0
    points = points_around(lon, lat)
    for (x, y), cell in zip(np.stack(points, -1), found(grid, *points), strict=True):
        inner = containing(*corners, x, y)
        # Inner cells begin in row and column 1; the outer ones have corners of our making.
        inner = {(row + 1, col + 1) for row, col in inner}
        height, width = lon.shape
        if inner:
            assert cell in inner
            seen += 1
        elif cell is not None:
            assert cell[0] in (0, height - 1) or cell[1] in (0, width - 1)
    assert seen > 60


@pytest.mark.parametrize("zoom", [0, 1, 3, 5])
@pytest.mark.parametrize("crs", ["WebMercatorQuad", "WorldCRS84Quad", "UPSArcticWGS84Quad"])
def test_a_tile_shows_the_same_as_its_points(centers, zoom, crs):
    """Walking from pixel to pixel finds what looking for each alone finds."""
    grid = curvilinear_grid(*centers)
    tiles = matrix_set(crs)
    matrix = tiles.matrix(zoom)
    for x, y in {(0, 0), (matrix.width // 2, matrix.height // 3), (matrix.width - 1, 0)}:
        tile = tile_grid(tiles, zoom, x, y)
        cols, rows = axis_coordinates(tile, grid)
        mesh = np.meshgrid(tile.x.cell_centers()[::7], tile.y.cell_centers()[::7])
        lon, lat = pyproj.Transformer.from_crs(tiles.crs, LONLAT, always_xy=True).transform(*mesh)
        alone_cols, alone_rows = grid.lookup.positions(lon.ravel(), lat.ravel())
        tile_cells = np.stack([np.floor(cols[::7, ::7]).ravel(), np.floor(rows[::7, ::7]).ravel()])
        alone = np.stack([np.floor(alone_cols), np.floor(alone_rows)])
        same = (tile_cells == alone) | (np.isnan(tile_cells) & np.isnan(alone))
        # Where cells overlap, at a fold, either is right.
        assert same.all(axis=0).mean() > 0.99


def test_a_rotated_pole_is_found_exactly():
    """Positions are those on the model's own rlon and rlat."""
    lon, lat, rlon, rlat = meshes.rotated(200)
    grid = curvilinear_grid(lon, lat)
    tile = tile_grid(WEB, 4, 8, 5)
    cols, rows = axis_coordinates(tile, grid)
    own = Grid(pyproj.CRS.from_cf(meshes.ROTATED_POLE), *plain_axes(rlon, rlat))
    x, y = np.broadcast_arrays(*axis_coordinates(tile, own))
    np.testing.assert_allclose(cols, (x - own.x.start) / own.x.step, atol=1e-3)
    np.testing.assert_allclose(rows, (y - own.y.start) / own.y.step, atol=1e-3)


def plain_axes(rlon, rlat):
    from tileserver.grid import Axis

    return Axis.from_centers(rlon), Axis.from_centers(rlat)


def test_corners_of_the_store_are_taken():
    """lon_bnds and lat_bnds with four vertices, in any order, are the cells' own."""
    lon, lat = meshes.rotated()[:2]
    corners = cells_of(*corners_between(lon, lat))
    between = curvilinear_grid(lon, lat)
    x, y = points_around(lon, lat, 60)
    expected = [
        None
        if cell is None or not (0 < cell[0] < 33 and 0 < cell[1] < 39)
        else (cell[0] - 1, cell[1] - 1)
        for cell in found(between, x, y)
    ]
    for order in ([0, 1, 2, 3], [2, 1, 0, 3], [3, 0, 1, 2]):
        grid = curvilinear_grid_of_corners(*(c[..., order] for c in corners))
        assert grid is not None
        assert found(grid, x, y) == expected


def test_corners_that_are_not_shared_are_told():
    """Footprints of their own, with gaps, are no mesh."""
    lon, lat = meshes.rotated()[:2]
    corner_lon, corner_lat = cells_of(*corners_between(lon, lat))
    middle = corner_lon.mean(-1, keepdims=True)
    assert curvilinear_grid_of_corners(middle + (corner_lon - middle) * 0.5, corner_lat) is None


def test_missing_coordinates_are_no_cells():
    """Masked land is transparent, and moves nothing beside it."""
    lon, lat = (v.copy() for v in meshes.tripolar())
    whole = curvilinear_grid(lon, lat)
    land = np.zeros(lon.shape, bool)
    land[5:15, 20:40] = land[30:, 10:14] = True
    lon[land] = lat[land] = np.nan
    masked = curvilinear_grid(lon, lat)
    for before, after in zip(
        *(found(g, *points_around(*GRIDS["tripolar"])) for g in (whole, masked)), strict=True
    ):
        if before is None or land[before]:
            continue
        assert after == before or np.hypot(*np.subtract(after, before)) < 2


def test_stray_places_are_no_cells():
    """A fill value of 0, 0 does not draw a cell from the swath to the Gulf of Guinea."""
    lon, lat = (v.copy() for v in meshes.swath(60, 60))
    lon[20:22, 30] = lat[20:22, 30] = 0.0
    grid = curvilinear_grid(lon, lat)
    assert found(grid, [1.0, 20.0], [1.0, 20.0]) == [None, None]


def test_a_global_grid_goes_round():
    """Its last column neighbours the first, which a tile across both shows without a seam."""
    grid = curvilinear_grid(*meshes.tripolar())
    assert grid.x.wraps
    assert grid.lonlat_bounds()[::2] == (-180, 180)
    assert grid.lonlat_bounds()[3] == 90
    regional = curvilinear_grid(*meshes.rotated()[:2])
    assert not regional.x.wraps


def test_repeated_columns_are_either():
    """Halo columns, which ocean models repeat, are found in one of their places."""
    lon, lat = (np.concatenate([v[:, -1:], v, v[:, :1]], 1) for v in meshes.tripolar())
    grid = curvilinear_grid(lon, lat)
    plain = curvilinear_grid(*meshes.tripolar())
    points = points_around(*meshes.tripolar())
    for halo, cell in zip(found(grid, *points), found(plain, *points), strict=True):
        if cell is not None and cell[0] < 37:
            assert halo is not None
            assert halo[0] == cell[0]
            assert (halo[1] - 1) % 72 == cell[1]


@pytest.mark.parametrize("name", ["swath over the pole", "swath across 180"])
def test_bounds_hold_every_cell(name):
    """West is greater than east where they cross 180°; a pole makes a turn."""
    lon, lat = GRIDS[name]
    west, south, east, north = curvilinear_grid(lon, lat).lonlat_bounds()
    if name == "swath across 180":
        assert west > east
        assert ((lon >= west) | (lon <= east)).all()
    else:
        assert (west, east, north) == (-180, 180, 90)
    assert (lat >= south).all()
    assert (lat <= north).all()


def test_positions_and_points_agree():
    """What lies at a position is found there."""
    grid = curvilinear_grid(*GRIDS["swath over the pole"])
    random = np.random.default_rng(2)
    cols, rows = random.uniform(0.1, 23.9, 200), random.uniform(0.1, 59.9, 200)
    again_cols, again_rows = grid.lookup.positions(*grid.lookup.points(cols, rows))
    np.testing.assert_allclose(again_cols, cols, atol=1e-4)
    np.testing.assert_allclose(again_rows, rows, atol=1e-4)


def test_it_is_located_and_zoomed():
    """The cell at a point, and the zoom as fine as the cells."""
    lon, lat, *_ = meshes.rotated(200)
    grid = curvilinear_grid(lon, lat)
    assert locate(grid, float(lon[20, 30]), float(lat[20, 30])) == (20, 30)
    assert locate(grid, -150, -40) is None
    assert native_zoom(WEB, grid) in (2, 3)


@pytest.mark.parametrize("resampling", ["nearest", "bilinear", "average", "mode"])
def test_every_kernel_has_its_sampling(centers, resampling):
    """None fails at seams, holes, poles or outside."""
    grid = curvilinear_grid(*centers)
    level = Level(grid, (16, 16), grid.shape, 1024)
    for address in ((0, 0, 0), (2, 3, 0), (3, 0, 1), (5, 16, 10)):
        sampling = sample([level], tile_grid(WEB, *address), resampling)
        assert sampling is None or sampling.shape == (256, 256)


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        (np.zeros((5, 5)), np.zeros((5, 5)), "all the same"),
        (np.full((5, 5), np.nan), np.full((5, 5), np.nan), "missing"),
        (np.zeros((1, 5)), np.zeros((1, 5)), "two rows"),
        (np.zeros((4, 5)), np.zeros((5, 5)), "one shape"),
    ],
)
def test_what_is_no_grid_is_told(lon, lat, reason):
    """With the reason."""
    with pytest.raises(ValueError, match=reason):
        curvilinear_grid(lon, lat)


def test_scrambled_coordinates_are_told():
    """Cells in no order would take for ever to look through."""
    random = np.random.default_rng(3)
    with pytest.raises(ValueError, match="scrambled"):
        curvilinear_grid(random.uniform(-180, 180, (80, 80)), random.uniform(-90, 90, (80, 80)))


def test_the_stereographic_crs_of_a_tile_does_not_matter():
    """A polar tile of a swath over the pole shows the pole."""
    grid = curvilinear_grid(*GRIDS["swath over the pole"])
    target = Grid(
        parse_crs("EPSG:3413"), *plain_axes(np.linspace(-1e5, 1e5, 65), np.linspace(1e5, -1e5, 65))
    )
    cols, rows = axis_coordinates(target, grid)
    assert np.isfinite(cols).all()
    assert np.isfinite(rows).all()
