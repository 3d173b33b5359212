"""The mean and the most frequent value over a pixel's cells, against one pixel after the other."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.oracle.reference import level_of, window
from tileserver.axis import Axis
from tileserver.cube import Packing, Raw
from tileserver.errors import InvalidParameter
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.matrixset import matrix_set
from tileserver.plan import Sampling, sample
from tileserver.tms import tile_grid
from tileserver.warp.average import average
from tileserver.warp.mode import mode

UTM = parse_crs("EPSG:32633")
GAUSSIAN = np.degrees(np.arcsin(np.polynomial.legendre.leggauss(40)[0]))
GRIDS = {
    "globe": Grid(LONLAT, Axis(-180, 4, 90, period=360.0), Axis(90, -4, 45)),
    "globe from 0, rows up": Grid(LONLAT, Axis(0, 1.5, 240, period=360.0), Axis(-90, 3, 60)),
    "globe, columns to the west": Grid(LONLAT, Axis(180, -5, 72, period=360.0), Axis(90, -5, 36)),
    "Gaussian": Grid(
        LONLAT,
        Axis.from_centers(np.arange(0, 360, 4.5), period=360),
        Axis.from_centers(GAUSSIAN[::-1]),
    ),
    "across 180": Grid(LONLAT, Axis(150.1, 0.7, 100, period=360.0), Axis(20, -0.7, 60)),
    "one cell": Grid(LONLAT, Axis(-20, 60, 1, period=360.0), Axis(50, -40, 1)),
    "UTM": Grid(UTM, Axis(399960, 2000, 55), Axis(5300040, -2000, 61)),
    "UTM, one cell": Grid(UTM, Axis(399960, 110000, 1), Axis(5300040, -110000, 1)),
    "Arctic": Grid(parse_crs("EPSG:3413"), Axis(-3850000, 1e5, 76), Axis(5850000, -1e5, 112)),
}
TILES = (
    ("WebMercatorQuad", 0, 0, 0), ("WebMercatorQuad", 1, 1, 0), ("WebMercatorQuad", 2, 3, 1),
    ("WebMercatorQuad", 6, 34, 22), ("WebMercatorQuad", 7, 69, 44), ("WorldCRS84Quad", 0, 1, 0),
    ("UPSArcticWGS84Quad", 0, 0, 0), ("UPSArcticWGS84Quad", 2, 1, 1),
    ("EuropeanETRS89_LAEAQuad", 1, 0, 1),
)  # fmt: skip
STORED: dict[str, tuple[Callable[[np.random.Generator, tuple[int, int]], Raw], Packing]] = {
    "classes": (
        lambda random, shape: random.integers(0, 7, shape, np.uint8), Packing(missing=(0,))
    ),
    "packed": (
        lambda random, shape: random.integers(-9, 9, shape).astype(np.int16) * np.int16(900),
        Packing(scale=-0.01, offset=280, missing=(-8100,), valid_range=(-7300, 7000)),
    ),
    "big-endian": (
        lambda random, shape: (random.integers(0, 256, shape) * 256).astype(">u2"),
        Packing(scale=0.5),
    ),
    "float32": (
        lambda random, shape: random.choice(
            np.array([np.nan, 251, 265.5, 301.25, 309], np.float32), shape
        ),
        Packing(),
    ),
    "float64": (
        lambda random, shape: random.choice(np.array([np.nan, -1e-3, 1e-3, np.inf]), shape),
        Packing(),
    ),
    "int32": (
        lambda random, shape: random.integers(0, 5, shape, np.int32) * 70_000, Packing()
    ),
    "nothing": (
        lambda random, shape: np.full(shape, np.nan, np.float32), Packing()
    ),
}  # fmt: skip


def plain_overlap(positions: list[float], turn: int | None, size: int) -> np.ndarray | None:
    """How much of each of the cells lies between a pixel's outermost corners along an axis."""
    if not np.isfinite(positions).all():
        return None
    low, high = min(positions), max(positions)
    if turn and high - low > turn / 2:
        positions = [p + turn if p < low + turn / 2 else p for p in positions]
        low, high = min(positions), max(positions)
    return np.array([max(0.0, min(high, k + 1) - max(low, k)) for k in range(size)])


def plain_pixels(block: Raw, sampling: Sampling, packing: Packing) -> tuple[np.ndarray, ...]:
    """(mean, most frequent value) of each pixel, NaN where no valid cell is in it."""
    valid, physical = packing.valid(block), packing.physical(block).astype(np.float64)
    rows, cols = block.shape
    y, x = np.broadcast_arrays(sampling.y, sampling.x)
    means = np.full((y.shape[0] - 1, x.shape[1] - 1), np.nan)
    most = means.copy()
    for i, j in np.ndindex(means.shape):
        corners = [(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)]
        down = plain_overlap([y[c] for c in corners], None, rows)
        across = plain_overlap([x[c] for c in corners], sampling.turn, cols)
        if down is None or across is None:
            continue
        share = np.outer(down, across)
        known = valid & (share > 0)
        if share[known].sum() <= 1e-6 * share.sum():
            continue
        values, weights = physical[known], share[known]
        means[i, j] = (values * weights).sum() / weights.sum()
        classes = np.unique(values)
        filled = np.array([weights[values == each].sum() for each in classes])
        most[i, j] = classes[filled >= filled.max() - 1e-9 * share.sum()][0]
    return means, most


def placed(grid: Grid, target: Grid) -> Sampling | None:
    return sample([level_of(grid, (16, 16))], target, "average")


def laid(grid: Grid, sampling: Sampling, stored: str, seed: int = 0) -> tuple[Raw, Packing]:
    """Numbers on the grid, of them those that a kernel is given, and how they are packed."""
    make, packing = STORED[stored]
    data = make(np.random.default_rng(seed), grid.shape)
    return window(data, sampling)[sampling.crop], packing


def assert_mean(
    found: tuple[np.ndarray, np.ndarray], expected: np.ndarray, block: Raw, packing: Packing
) -> None:
    values, there = found
    np.testing.assert_array_equal(there, np.isfinite(expected))
    if there.any():
        known = packing.physical(block[packing.valid(block)])
        # Where a sliver of one cell is covered, shares cancel to what the sums hold: numbers that
        # are exact in float32 are summed in it.
        is_single = block.dtype.itemsize <= 2 or block.dtype == np.float32
        rounding = (np.finfo(np.float32).eps if is_single else 1e-12) * np.abs(known).max()
        assert np.abs(values - expected)[there].max() <= 1e-6 * np.ptp(known) + rounding


def assert_mode(found: tuple[np.ndarray, np.ndarray], expected: np.ndarray) -> None:
    values, there = found
    np.testing.assert_array_equal(np.where(there, values, np.nan), expected)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted(GRIDS)),
    st.sampled_from(TILES),
    st.integers(1, 24),
    st.sampled_from(sorted(STORED)),
    st.integers(0, 99),
)
def test_kernels_are_their_plain_twins(name, tile, size, stored, seed):
    """Mean and mode are those of cells weighed pixel by pixel, on any grid and of any numbers."""
    tms, zoom, col, row = tile
    sampling = placed(GRIDS[name], tile_grid(matrix_set(tms), zoom, col, row, size))
    assume(sampling is not None)
    assert sampling is not None
    block, packing = laid(GRIDS[name], sampling, stored, seed)
    means, most = plain_pixels(block, sampling, packing)
    assert_mean(average(block, sampling, packing), means, block, packing)
    assert_mode(mode(block, sampling, packing), most)


@pytest.mark.parametrize("stored", ["packed", "float32"])
@pytest.mark.parametrize("size", [2, 5, 12])
def test_what_is_drawn_in_parts_is_whole(size, stored):
    """More cells than are worked on at a time give the same: rotated, and in rows and columns."""
    scene = Grid(UTM, Axis(399960, 100, 1100), Axis(5300040, -100, 1050))
    near, far = (
        tile_grid(matrix_set("WebMercatorQuad"), *address, size)
        for address in ((7, 69, 44), (4, 8, 5))
    )
    globe = Grid(LONLAT, Axis(-180, 0.25, 1440, period=360.0), Axis(90, -0.25, 720))
    world = tile_grid(matrix_set("WebMercatorQuad"), 0, 0, 0, size)
    for grid, target in ((scene, near), (scene, far), (globe, world)):
        sampling = placed(grid, target)
        assert sampling is not None
        block, packing = laid(grid, sampling, stored)
        means, most = plain_pixels(block, sampling, packing)
        assert_mean(average(block, sampling, packing), means, block, packing)
        if block.size < 1 << 20:
            assert_mode(mode(block, sampling, packing), most)


def test_a_constant_stays_so():
    """The mean of a constant is that constant wherever there is data."""
    for name, grid in GRIDS.items():
        target = tile_grid(matrix_set("WebMercatorQuad"), 1, 1, 0, 40)
        sampling = sample([level_of(grid)], target, "average")
        if sampling is not None:
            block = np.full(window(np.zeros(grid.shape), sampling).shape, 293.15, np.float32)
            values, there = average(block[sampling.crop], sampling, Packing())
            assert there.any(), name
            np.testing.assert_allclose(values[there], 293.15, rtol=1e-6)


def test_numbers_near_the_largest_do_not_overflow():
    """What float32 or uint16 just holds can be averaged."""
    grid, target = GRIDS["globe"], tile_grid(matrix_set("WebMercatorQuad"), 0, 0, 0, 4)
    sampling = sample([level_of(grid)], target, "average")
    assert sampling is not None
    for number in (np.float32(3e38), np.uint16(65535), np.float32(-3e38)):
        block = np.full(window(np.zeros(grid.shape), sampling).shape, number)[sampling.crop]
        values, _ = average(block, sampling, Packing())
        np.testing.assert_allclose(values, float(number), rtol=1e-6)


def test_mode_refuses_what_are_no_classes():
    """A continuous field has no most frequent value."""
    grid, target = GRIDS["globe"], tile_grid(matrix_set("WebMercatorQuad"), 0, 0, 0, 16)
    sampling = sample([level_of(grid)], target, "mode")
    assert sampling is not None
    data = np.arange(grid.shape[0] * grid.shape[1], dtype=np.float64).reshape(grid.shape)
    with pytest.raises(InvalidParameter, match="at most 256 classes"):
        mode(window(data, sampling)[sampling.crop], sampling, Packing())


@pytest.mark.parametrize("size", [1, 64])
@pytest.mark.parametrize("kernel", [average, mode])
def test_memory_is_bounded(kernel, size):
    """A block of 16 million cells is not copied, however few pixels cover it."""
    grid = Grid(UTM, Axis(399960, 25, 4000), Axis(5300040, -25, 4000))
    tiles = matrix_set("WebMercatorQuad")
    near, far = tile_grid(tiles, 7, 69, 44, size), tile_grid(tiles, 4, 8, 5, size)
    for target in (near, far, _itself(grid, size)):
        sampling = sample([level_of(grid)], target, kernel.__name__)
        assert sampling is not None
        block = np.ones(grid.shape, np.uint8)[sampling.crop]
        tracemalloc.start()
        kernel(block, sampling, Packing(missing=(0,)))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 64e6


def _itself(grid: Grid, size: int) -> Grid:
    """The extent of a grid in so many pixels each way."""
    x, y = grid.x, grid.y
    return Grid(
        grid.crs,
        Axis(x.start, x.step * x.size / size, size),
        Axis(y.start, y.step * y.size / size, size),
    )
