"""Kernels on grids and tiles that nobody chose, and each against its plain twin."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.oracle.reference import assert_nearest, cell_by_cell, draw, tile_at
from tileserver.axis import Axis
from tileserver.cube import Packing
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.matrixset import IDS, matrix_set
from tileserver.projection import coordinates
from tileserver.tms import tile_grid

CRS = ("EPSG:32633", "EPSG:3035", "EPSG:3413", "EPSG:3031", "EPSG:3857", "EPSG:3395", "EPSG:2056")
RESAMPLINGS = ("nearest", "bilinear", "average", "mode")


@st.composite
def degree_grids(draw_value: st.DrawFn) -> Grid:
    """Any grid of degrees: round the globe or a part of it, rows and columns either way."""
    width, height = draw_value(st.integers(1, 400)), draw_value(st.integers(1, 200))
    west = draw_value(st.sampled_from((-180.0, 0.0, -179.5, 20.0)) | st.floats(-360, 360))
    turn = draw_value(st.booleans())
    span = 360.0 if turn else draw_value(st.floats(0.01, 360.0))
    south = draw_value(st.floats(-90, 89))
    north = draw_value(st.floats(min_value=south + 0.01, max_value=90.5))
    step_x, step_y = span / width, (north - south) / height
    x = Axis(west, step_x, width, period=360.0)
    if draw_value(st.booleans()):
        x = Axis(west + span, -step_x, width, period=360.0)
    up = draw_value(st.booleans())
    y = Axis(south, step_y, height) if up else Axis(north, -step_y, height)
    return Grid(LONLAT, x, y)


@st.composite
def projected_grids(draw_value: st.DrawFn) -> Grid:
    """Grids of metres in a CRS with a shape, anywhere near or far from where it is meant for."""
    width, height = draw_value(st.integers(1, 300)), draw_value(st.integers(1, 300))
    res = draw_value(st.floats(10, 50_000))
    left, top = draw_value(st.floats(-6e6, 6e6)), draw_value(st.floats(-6e6, 9e6))
    crs = parse_crs(draw_value(st.sampled_from(CRS)))
    return Grid(crs, Axis(left, res, width), Axis(top, -res, height))


@st.composite
def tiles(draw_value: st.DrawFn) -> Grid:
    """Any tile of any matrix set, small so that many can be tried."""
    tile_set = matrix_set(draw_value(st.sampled_from(IDS)))
    zoom = draw_value(st.integers(tile_set.first_zoom, min(8, tile_set.last_zoom)))
    matrix = tile_set.matrix(zoom)
    col = draw_value(st.integers(0, matrix.width - 1))
    row = draw_value(st.integers(0, matrix.height - 1))
    return tile_grid(tile_set, zoom, col, row, draw_value(st.sampled_from((32, 64, 100))))


def numbers(grid: Grid) -> np.ndarray:
    return np.arange(grid.shape[0] * grid.shape[1], dtype=np.float64).reshape(grid.shape)


@settings(deadline=None, max_examples=150)
@given(degree_grids() | projected_grids(), tiles(), st.sampled_from((None, (16, 16), (7, 50))))
def test_nearest_is_the_cell_of_any_grid(grid, target, chunks):
    """Every nearest pixel is the cell that pyproj names, but on borders."""
    data = numbers(grid)
    drawn = draw(data, grid, target, "nearest", chunks=chunks)
    assert_nearest(drawn, cell_by_cell(data, grid, target), grid, target)


@settings(deadline=None, max_examples=150)
@given(degree_grids() | projected_grids(), tiles(), st.sampled_from(RESAMPLINGS))
def test_no_kernel_fails(grid, target, resampling):
    """Any kernel on any grid gives values within the data's range, and no error."""
    data = numbers(grid) % 50
    drawn = draw(data, grid, target, resampling, chunks=(16, 16))
    assert drawn.values.shape == target.shape
    shown = drawn.values[drawn.valid]
    assert np.isfinite(shown).all()
    assert shown.size == 0 or (shown.min() >= -1e-6 and shown.max() <= 49 + 1e-6)


def plain_bilinear(
    data: np.ndarray, grid: Grid, target: Grid, reduction: tuple[float, float]
) -> np.ndarray:
    """The cells around each pixel, one pixel after the other; NaN where its own has no value."""
    x, y = coordinates(target, grid.crs)
    rows, cols = np.broadcast_arrays(grid.y.positions(y), grid.x.positions(x))
    out = np.full(target.shape, np.nan)
    for i, j in np.ndindex(target.shape):
        if not (np.isfinite(rows[i, j]) and np.isfinite(cols[i, j])):
            continue
        row, col = rows[i, j] - 0.5, cols[i, j] - 0.5
        total = weights = 0.0
        for k in range(math.ceil(row - reduction[0]), math.floor(row + reduction[0]) + 1):
            for m in range(math.ceil(col - reduction[1]), math.floor(col + reduction[1]) + 1):
                turned = m % grid.x.size if grid.x.wraps else m
                if 0 <= k < grid.y.size and 0 <= turned < grid.x.size:
                    weight = 1 - abs(row - k) / reduction[0]
                    weight *= 1 - abs(col - m) / reduction[1]
                    if np.isfinite(data[k, turned]):
                        total += weight * data[k, turned]
                        weights += weight
        if np.isfinite(data[int(rows[i, j]), int(cols[i, j]) % grid.x.size]):
            out[i, j] = total / weights
    return out


GLOBE = Grid(LONLAT, Axis(-180, 4, 90, period=360.0), Axis(90, -4, 45))
TURNED = Grid(LONLAT, Axis(0, 3, 120, period=360.0), Axis(-75, 2.5, 60))
REGION = Grid(LONLAT, Axis(10.1, 0.4, 100, period=360.0), Axis(61, -0.3, 90))
METRES = Grid(parse_crs("EPSG:32633"), Axis(399960, 9000, 61), Axis(5300040, -9000, 61))


@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from((GLOBE, TURNED, REGION, METRES)),
    st.sampled_from(("WebMercatorQuad", "UPSArcticWGS84Quad", "WorldCRS84Quad")),
    st.integers(0, 6),
    st.sampled_from((None, (16, 16))),
    st.sampled_from((0.0, 0.1, 0.7)),
    st.integers(0, 9),
)
def test_bilinear_is_its_plain_twin(grid, tms, zoom, chunks, holes, seed):
    """The kernel by taps is the one that takes each pixel's cells, to 1e-6 of the data's range."""
    found = tile_at(matrix_set(tms), zoom, 14.5, 47.4)
    assume(found is not None)
    target = tile_grid(matrix_set(tms), zoom, found.col, found.row, 32)
    random = np.random.default_rng(seed)
    data = 1e5 + random.random(grid.shape)
    data[random.random(grid.shape) < holes] = np.nan
    drawn = draw(data, grid, target, "bilinear", chunks=chunks)
    assume(drawn.sampling is not None and drawn.sampling.resampling == "bilinear")
    twin = plain_bilinear(data, grid, target, drawn.sampling.reduction)
    np.testing.assert_array_equal(drawn.valid, np.isfinite(twin))
    np.testing.assert_allclose(drawn.values[drawn.valid], twin[drawn.valid], rtol=0, atol=1e-6)


def test_bilinear_of_any_type_is_of_its_numbers():
    """Packed integers are interpolated as they are stored, then unpacked."""
    target = tile_grid(matrix_set("WebMercatorQuad"), 3, 4, 2, 48)
    packing = Packing(scale=0.01, offset=-20, missing=(7,))
    for dtype in ("u1", "i2", "u2", "i4", "f4", "f8"):
        stored = (numbers(GLOBE) % 200).astype(dtype)
        drawn = draw(stored, GLOBE, target, "bilinear", packing=packing)
        plain = draw(packing.decode(stored), GLOBE, target, "bilinear")
        np.testing.assert_array_equal(drawn.valid, plain.valid)
        np.testing.assert_allclose(
            drawn.values[drawn.valid], plain.values[plain.valid], rtol=0, atol=2e-6
        )


def test_average_is_its_plain_twin():
    """The summed-area table gives the mean of cells weighted by how much of each is covered."""
    grid = Grid(LONLAT, Axis(0, 1, 60), Axis(40, -1, 40))
    target = Grid(LONLAT, Axis(3.3, 2.7, 12), Axis(38.1, -3.1, 9))
    data = np.where(numbers(grid) % 7 == 0, np.nan, numbers(grid))
    drawn = draw(data, grid, target, "average")
    for i, j in np.ndindex(target.shape):
        parts = [
            _overlap(axis, k, edges)
            for axis, k, edges in ((grid.y, i, target.y), (grid.x, j, target.x))
        ]
        weight = np.outer(*parts) * np.isfinite(data)
        expected = (weight * np.nan_to_num(data)).sum() / weight.sum()
        assert abs(drawn.values[i, j] - expected) < 1e-9 * abs(expected)


def _overlap(axis: Axis, pixel: int, target: Axis) -> np.ndarray:
    low, high = sorted(target.cell_edges()[pixel : pixel + 2])
    edges = axis.cell_edges()
    least, most = np.minimum(edges[:-1], edges[1:]), np.maximum(edges[:-1], edges[1:])
    return np.clip(np.minimum(most, high) - np.maximum(least, low), 0, None)


def test_mode_takes_what_covers_most():
    """The class that covers most of a pixel; of two alike the smaller."""
    grid = Grid(LONLAT, Axis(0, 1, 4), Axis(4, -1, 4))
    target = Grid(LONLAT, Axis(0, 2, 2), Axis(4, -2, 2))
    data = np.array([[1, 1, 5, 3], [2, 1, 3, 5], [0, 0, 9, 9], [7, 7, 9, 8]], np.float64)
    drawn = draw(data, grid, target, "mode")
    np.testing.assert_array_equal(drawn.values, [[1, 3], [0, 9]])


def test_packed_numbers_stay_whole_in_nearest():
    """Nearest decodes only what it shows, by scale, offset and fill."""
    grid = Grid(LONLAT, Axis(0, 1, 4), Axis(4, -1, 4))
    data = np.arange(16, dtype=np.int16).reshape(4, 4)
    packing = Packing(scale=0.5, offset=10, missing=(3,))
    drawn = draw(data, grid, grid, "nearest", packing=packing)
    np.testing.assert_array_equal(drawn.values, data * 0.5 + 10)
    np.testing.assert_array_equal(drawn.valid, data != 3)


def test_kernels_leave_their_input_alone():
    """No kernel writes into the cached block."""
    grid = Grid(LONLAT, Axis(0, 1, 40), Axis(40, -1, 40))
    target = tile_grid(matrix_set("WebMercatorQuad"), 3, 4, 2, 64)
    data = numbers(grid)
    data.flags.writeable = False
    for resampling in RESAMPLINGS[:3]:
        draw(data, grid, target, resampling)
    assert (data == numbers(grid)).all()
