"""Straight from stored numbers to colours is what mask, scale and style give one after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.oracle.reference import level_of, window
from tileserver.axis import Axis
from tileserver.cube import Packing
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.matrixset import matrix_set
from tileserver.plan import Sampling, sample
from tileserver.render import compose, draw, draw_rgb
from tileserver.style import Colormap, Style
from tileserver.tms import tile_grid
from tileserver.warp import warp

DTYPES = ("u1", "i1", "u2", "i2", ">i2", "i4", "u4", "f4", "f8")
STYLES = (
    Style(Colormap.named("viridis"), (0, 20)),
    Style(Colormap.named("viridis"), (-300, 400), opacity=0.5),
    Style(Colormap.named("viridis"), (0.5, 200), "log"),
    Style(Colormap.named("viridis"), (-50, 200), "symlog"),
    Style(Colormap.named("worldcover"), (0, 1)),
    Style(Colormap.inline("[[[-3, 10], [255, 0, 0]], [[10, 20.5], [1, 2, 3, 4]]]"), (0, 1)),
)
PACKINGS = (
    Packing(),
    Packing(missing=(0,)),
    Packing(scale=0.01, offset=-5.0, missing=(-32768, 255)),
    Packing(scale=-2.0, valid_range=(1, 60)),
    Packing(scale=1e-4, offset=-0.1, missing=(0, 65535.0), valid_range=(1, 12000)),
)
GRIDS = (
    Grid(LONLAT, Axis(-180, 4, 90, period=360.0), Axis(90, -4, 45)),
    Grid(LONLAT, Axis(0, 3, 120, period=360.0), Axis(-60, 2, 60)),
    Grid(LONLAT, Axis(10.1, 0.4, 100, period=360.0), Axis(61, -0.3, 90)),
    Grid(parse_crs("EPSG:32633"), Axis(399960, 9000, 61), Axis(5300040, -9000, 61)),
)
TILES = tuple(
    tile_grid(matrix_set(name), *address, 40)
    for name, address in (
        ("WebMercatorQuad", (0, 0, 0)),
        ("WebMercatorQuad", (3, 4, 2)),
        ("WebMercatorQuad", (6, 35, 22)),
        ("WorldCRS84Quad", (2, 7, 1)),
        ("UPSArcticWGS84Quad", (2, 1, 1)),
    )
)


SCALARS = st.sampled_from(DTYPES).map(np.dtype)


@st.composite
def samplings(draw_value: st.DrawFn, resampling: str) -> tuple[Grid, Sampling]:
    """A grid, and how a tile is drawn from it."""
    grid, target = draw_value(st.sampled_from(GRIDS)), draw_value(st.sampled_from(TILES))
    found = sample([level_of(grid, (17, 23))], target, resampling)
    assume(found is not None)
    return grid, found


def stored(dtype: np.dtype, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Numbers of a type, small and large ones; of floats some are NaN or infinite."""
    random = np.random.default_rng(seed)
    if dtype.kind == "f":
        numbers = random.normal(50, 100, shape).astype(dtype)
        odd = random.integers(0, 12, shape)
        return np.select([odd == 0, odd == 1, odd == 2], [np.nan, np.inf, -np.inf], numbers)
    limits = np.iinfo(dtype)
    wide = random.integers(limits.min, limits.max, shape, endpoint=True)
    narrow = random.integers(0, 100, shape)
    return np.where(random.random(shape) < 0.5, wide, narrow).astype(dtype)


@settings(deadline=None, max_examples=200)
@given(
    samplings("nearest"),
    SCALARS,
    st.sampled_from(PACKINGS),
    st.sampled_from(STYLES),
    st.integers(0, 99),
)
def test_nearest_is_drawn_as_by_each_step(scene, dtype, packing, style, seed):
    """The colours are those of the physical values, to the last pixel."""
    grid, sampling = scene
    block = window(stored(dtype, grid.shape, seed), sampling)
    values, valid = warp(block, sampling, packing)
    drawn = draw(block, sampling, packing, style)
    np.testing.assert_array_equal(drawn.index, style.index(values, valid))
    np.testing.assert_array_equal(drawn.palette, style.palette())


@settings(deadline=None, max_examples=100)
@given(
    samplings("nearest"),
    st.lists(SCALARS, min_size=3, max_size=3),
    st.lists(st.sampled_from(PACKINGS), min_size=3, max_size=3),
    st.integers(0, 99),
)
def test_three_bands_are_drawn_as_by_each_step(scene, dtypes, packings, seed):
    """The colours are those of the physical values, nothing where any band lacks."""
    grid, sampling = scene
    blocks = [window(stored(d, grid.shape, seed + i), sampling) for i, d in enumerate(dtypes)]
    ranges = [(0.0, 80.0), (-20.0, 3.5), (0.0, 1.0)]
    drawn = draw_rgb(blocks, [sampling] * 3, packings, ranges, opacity=0.5)
    warped = [warp(b, sampling, p) for b, p in zip(blocks, packings, strict=True)]
    valid = np.logical_and.reduce([there for _, there in warped])
    plain = compose([values for values, _ in warped], valid, ranges, 0.5)
    np.testing.assert_array_equal(drawn, plain)


@pytest.mark.parametrize("resampling", ["bilinear", "average", "mode"])
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_other_kernels_are_drawn_within_a_step(resampling, data):
    """Rounding may move a colour by one step of the palette, never what is there."""
    grid, sampling = data.draw(samplings(resampling))
    dtype = data.draw(st.sampled_from(("u1", "i2", "u2", "f4", "f8")).map(np.dtype))
    packing, style = data.draw(st.sampled_from(PACKINGS)), data.draw(st.sampled_from(STYLES[:4]))
    numbers = stored(dtype, grid.shape, data.draw(st.integers(0, 9)))
    with np.errstate(invalid="ignore"):
        few = (np.floor(numbers) % 7).astype(dtype)
    block = window(few, sampling)
    values, valid = warp(block, sampling, packing)
    plain = style.index(values, valid).astype(int)
    found = draw(block, sampling, packing, style).index.astype(int)
    np.testing.assert_array_equal(found == 0, plain == 0)
    assert np.abs(found - plain).max() <= 1


def test_drawing_leaves_its_input_alone():
    """Blocks are shared with other tiles: none is written to, and tables are read-only."""
    grid = GRIDS[2]
    sampling = sample([level_of(grid)], TILES[2], "nearest")
    block = stored(np.dtype("u1"), grid.shape, 1)
    before = block.copy()
    first = draw(block, sampling, PACKINGS[1], STYLES[0])
    first.index[:] = 7
    np.testing.assert_array_equal(block, before)
    again = draw(block, sampling, PACKINGS[1], STYLES[0])
    assert not (again.index == 7).all()
