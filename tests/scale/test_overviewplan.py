"""How overviews are cut: levels that fit, blocks that fill whole chunks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.axis import Axis
from tileserver.cube import Level, Variable
from tileserver.grid import LONLAT, Grid
from tileserver.scale.overviewplan import BLOCK, COARSEST, cut, factors_of


def variable(height: int, width: int, *, around: bool = True) -> Variable:
    x = (
        Axis(-180, 360 / width, width, period=360.0)
        if around
        else Axis(0, 0.001, width, period=360.0)
    )
    grid = Grid(LONLAT, x, Axis(90, -180 / height, height))
    level = Level(grid, (100, 100), (height, width), 40_000)
    return Variable("t", (), np.dtype(np.float32), (level,))


@pytest.mark.parametrize(
    ("size", "coarsest"),
    [((18000, 36000), (125, 250)), ((720, 1440), (90, 180)), ((721, 1440), (91, 180))],
)
def test_levels_end_with_a_small_map(size: tuple[int, int], coarsest: tuple[int, int]) -> None:
    """The coarsest level is what one tile shows of the globe."""
    found = cut(variable(*size), 1)
    assert found.shape(len(found.factors) - 1) == coarsest


def test_globe_stays_whole() -> None:
    """A grid that goes round the globe does so at each level, if any small factor divides it."""
    for width in (36000, 1440, 7200, 2500, 3600 * 7):
        grid = variable(width // 2, width).grid
        for factor in factors_of(grid):
            assert grid.coarsened(factor).x.wraps


@given(st.integers(1, 60_000), st.integers(1, 60_000), st.booleans())
def test_blocks_fill_chunks(height: int, width: int, around: bool) -> None:
    """Of a level that blocks fill, their parts are whole shards, and these whole chunks."""
    own = variable(height, width, around=around)
    if not factors_of(own.grid):
        assert max(height, width) <= COARSEST
        return
    found = cut(own, 1)
    for number, factor in enumerate(found.factors):
        assert found.y.block % factor[0] == found.x.block % factor[1] == 0
        for side, chunk, shard in zip(
            (found.y, found.x), found.chunk(number), found.shard(number), strict=True
        ):
            assert shard % chunk == 0
            assert side.block <= max(BLOCK * 5 // 4, factor[0])
            if found.is_direct(number) and side.blocks > 1:
                assert side.part(number) == shard
