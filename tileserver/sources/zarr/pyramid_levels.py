"""The levels of a variable: which of the arrays of its name belong together, finest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine

from tileserver.cube import Packing
from tileserver.grid import Grid
from tileserver.sources.zarr.georeference import Coordinate
from tileserver.sources.zarr.healpix import MapArray

SAME_SIZE = 1e-6  # part of a cell's area by which levels of one resolution may differ


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An array that has its place on the Earth.

    Args:
        array: in canonical order.
        axes: the coordinate of each leading dimension, if it has one.
    """

    path: str
    array: MapArray
    grid: Grid
    packing: Packing
    axes: tuple[Coordinate | None, ...]

    @property
    def cell_area(self) -> float:
        """In square units of the grid's axes."""
        width, height = self.grid.resolution
        return width * height


def levels_of(placed: Sequence[Placed]) -> tuple[list[Placed], list[tuple[str, str]]]:
    """The arrays that are levels of one variable, and why others, by path, are none.

    The finest is what the variable is; the coarser ones show the same, or are left out.
    """
    ordered = sorted(placed, key=lambda each: each.cell_area)
    kept, left_out = ordered[:1], []
    for level in ordered[1:]:
        why = _difference(ordered[0], level)
        if why is not None:
            left_out.append((level.path, why))
        elif level.cell_area > kept[-1].cell_area * (1 + SAME_SIZE):
            kept.append(level)  # of two of one resolution, one is enough
    return kept, left_out


def _difference(finest: Placed, level: Placed) -> str | None:
    """Why a level cannot stand for the finest one."""
    mine, other = finest.grid, level.grid
    if mine.crs.srs != other.crs.srs and not mine.crs.equals(other.crs, ignore_axis_order=True):
        return "of another CRS than the finest level"
    if mine.lookup != other.lookup:
        return "on other 2-D coordinates than the finest level"
    if finest.array.dims[:-2] != level.array.dims[:-2]:
        return "of other dimensions than the finest level"
    if finest.array.shape[:-2] != level.array.shape[:-2]:
        return "of another number of steps than the finest level"
    if not all(same_axis(*pair) for pair in zip(finest.axes, level.axes, strict=True)):
        return "of other steps than the finest level"
    if finest.array.dtype != level.array.dtype or finest.packing != level.packing:
        return "of numbers stored otherwise than in the finest level"
    if not _covers(other, mine):
        return "not reaching to the edges of the finest level"
    return None


def same_axis(one: Coordinate | None, other: Coordinate | None) -> bool:
    """Whether two coordinates of as many values say the same."""
    if one is other or one is None or other is None:
        return True
    about = [[c.attrs.get(key) for key in ("units", "calendar")] for c in (one, other)]
    return about[0] == about[1] and bool(np.array_equal(one.values, other.values))


def _covers(level: Grid, finest: Grid) -> bool:
    """Whether a level reaches to the edges of the finest one, but for a part of a cell."""
    (west, south, east, north), (width, height) = level.bounds, level.resolution
    left, bottom, right, top = finest.bounds
    return (
        west - left <= width
        and right - east <= width
        and south - bottom <= height
        and top - north <= height
    )


def coarser(grid: Grid, shape: tuple[int, int], factor: tuple[float, float] | None) -> Affine:
    """Where a level lies of which only its size is known, or its cell size in cells of the grid.

    It has the grid's outer corner: a level made of every two cells may lack the last of an odd
    number of them, or go on beyond it.
    """
    steps = []
    for axis, size, told in zip((grid.y, grid.x), shape, factor or (None, None), strict=True):
        ratio = axis.size / size
        whole = round(ratio)
        fits = [n for n in (told, whole) if n and abs(axis.size / n - size) < 1]
        steps.append(axis.step * (fits[0] if fits else ratio))
    return Affine(steps[1], 0, grid.x.start, 0, steps[0], grid.y.start)
