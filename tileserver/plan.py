"""Which cells a picture needs, and which of them each pixel shows: pure functions of grids.

Nothing here knows of variables' values, times or stores, so one `Sampling` serves all times and
variables on a grid, and is kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tileserver.axis import Floats
from tileserver.cube import Level
from tileserver.grid import Grid
from tileserver.position import Positions, corner_positions, extents_around, finite, window
from tileserver.projection import axis_coordinates
from tileserver.sampling import (
    Cells,
    Cross,
    Index,
    Mesh,
    Resampling,
    Sampling,
    Taps,
    Valid,
    Weights,
    Window,
    pixel_extents,
)

__all__ = ["ReadPlan", "Resampling", "Sampling", "choose_level", "pixel_extents", "sample"]

# A level is fine enough when its cells are not larger than a pixel by more than this factor.
LEVEL_SLACK = 1.001
# Beyond this reduction the triangle of a bilinear kernel costs more than the plain mean.
LARGEST_KERNEL_PX = 8.0
# Beyond this reduction nearest shows less than one row or column of two, if nobody asked for it.
LARGEST_STRIDE = 2.0
# Below this reduction bilinear takes four cells as if there were none, as GDAL's warper does.
SMALLEST_REDUCTION = 1 / 0.95
# Along each axis so many pixels tell how far coordinates move from one to the next.
FOOTPRINT_PX = 16


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """Which cells to read.

    Args:
        variable: its id.
        level: an index into the variable's levels; the number after the last is its `series`.
        window: one slice for each leading dimension of the variable, in the order of its `dims`,
            then rows and columns. All have non-negative starts; only that of the columns may end
            beyond the grid, on an axis that wraps: it goes on at column 0.
        chunks: as of a `Sampling`: if there are any, rows and columns are those of their pile.
    """

    variable: str
    level: int
    window: tuple[slice, ...]
    chunks: tuple[tuple[int, int], ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of the window along each of its dimensions."""
        return tuple(s.stop - s.start for s in self.window)


def sample(
    levels: Sequence[Level],
    target: Grid,
    resampling: Resampling | None,
    *,
    reducer: Resampling = "average",
    slack: float = LEVEL_SLACK,
) -> Sampling | None:
    """How the target is drawn from the levels; None where none of it lies on their grid.

    Args:
        resampling: the kernel; None for nearest, or `reducer` where that would leave out cells
            because even the coarsest level is too fine.
        slack: by what factor cells may be larger than a pixel.
    """
    x, y = axis_coordinates(target, levels[0].grid)
    footprint = (_footprint(y), _footprint(x))
    number = choose_level(levels, footprint, slack)
    level = levels[number]
    place = _Place(
        number,
        level,
        target,
        Positions.on(level.grid.y, y),
        Positions.on(level.grid.x, x),
        max(1.0, footprint[0] / level.grid.resolution[1]),
        max(1.0, footprint[1] / level.grid.resolution[0]),
    )
    if resampling is None:
        is_coarsest = number == len(levels) - 1
        is_reduced = is_coarsest and max(place.reduction) > LARGEST_STRIDE
        resampling = reducer if is_reduced else "nearest"
    lookup = level.grid.lookup
    if lookup is not None and not lookup.is_continuous:
        return _strewn(place)
    if resampling == "nearest":
        return _nearest(place)
    if resampling == "bilinear" and max(place.reduction) <= LARGEST_KERNEL_PX:
        return _bilinear(place)
    return _covering(place, target, "mode" if resampling == "mode" else "average")


def choose_level(
    levels: Sequence[Level], footprint: tuple[float, float], slack: float = LEVEL_SLACK
) -> int:
    """The coarsest level that is still as fine as the pixels, whose size is (y, x) in CRS units."""
    for number in range(len(levels) - 1, 0, -1):
        res_x, res_y = levels[number].grid.resolution
        if res_x * res_y <= footprint[0] * footprint[1] * slack**2:
            return number
    return 0


def _footprint(values: Floats) -> float:
    """How far a coordinate moves from one pixel to the next: the median over the target."""
    if 1 in values.shape:
        return _median_step(np.diff(values.ravel()))
    down, across = (max(1, n // FOOTPRINT_PX) for n in values.shape)
    here = values[:-1:down, :-1:across]
    return math.hypot(
        _median_step(values[1::down, :-1:across] - here),
        _median_step(values[:-1:down, 1::across] - here),
    )


def _median_step(steps: Floats) -> float:
    sizes = np.sort(np.abs(steps[np.isfinite(steps)]), axis=None)
    return float(sizes[sizes.size // 2]) if sizes.size else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Where the pixels of a target lie in a level, which it reduces by (y, x)."""

    number: int
    level: Level
    target: Grid
    y: Positions
    x: Positions
    reduction_y: float
    reduction_x: float

    @property
    def reduction(self) -> tuple[float, float]:
        return (self.reduction_y, self.reduction_x)

    @property
    def is_separable(self) -> bool:
        return (self.y.at.shape[1], self.x.at.shape[0]) == (1, 1)

    @property
    def inside(self) -> tuple[Valid, ...]:
        """The factors that `Sampling.inside` describes."""
        partial = [np.isfinite(each.at) for each in (self.y, self.x) if not each.whole]
        if self.is_separable or not partial:
            return tuple(partial)
        return (np.logical_and.reduce(partial),)

    @property
    def chunk(self) -> tuple[int, int]:
        return (self.level.chunks[-2], self.level.chunks[-1])

    def cells(self, row: Index, col: Index, width: int) -> Cells:
        """The cells at rows and columns of a block of so many columns."""
        if self.is_separable:
            return Cross(row.ravel().astype(np.intp), col.ravel().astype(np.intp))
        index = row * np.int32(width)
        index += col
        return Mesh(index)


def _nearest(place: _Place) -> Sampling | None:
    inside = place.inside
    if not all(part.any() for part in inside):
        return None
    rows, _ = window(place.y.low, place.y.high, place.chunk[0], place.y.axis)
    cols, turn = window(place.x.low, place.x.high, place.chunk[1], place.x.axis)
    row, col = (each.filled.astype(np.int32) for each in (place.y, place.x))
    row -= rows.start
    col = col % turn if turn else col - cols.start
    crop = _tight(row, col, math.prod(place.target.shape))
    if crop is None:
        crop = (slice(0, rows.stop - rows.start), slice(0, cols.stop - cols.start))
    else:
        row -= crop[0].start
        col -= crop[1].start
    return Sampling(
        place.number,
        rows,
        cols,
        place.target.shape,
        "nearest",
        crop,
        inside,
        place.cells(row, col, crop[1].stop - crop[1].start),
        reduction=place.reduction,
    )


def _strewn(place: _Place) -> Sampling | None:
    """As _nearest, where a window around all cells would hold much else: by chunk."""
    there = np.isfinite(place.y.at + place.x.at)
    (high, wide), (rows, cols) = place.chunk, place.level.shape[-2:]
    if place.is_separable or not there.any() or rows % high or cols % wide:
        return _nearest(place)
    row, col = (each.at[there].astype(np.intp) for each in (place.y, place.x))
    across = cols // wide
    numbers, own = np.unique(row // high * across + col // wide, return_inverse=True)
    index = np.zeros(place.target.shape, np.int32)
    index[there] = (own * high + row % high) * wide + col % wide
    pile = (slice(0, len(numbers) * high), slice(0, wide))
    return Sampling(
        place.number, *pile, place.target.shape, "nearest", pile,
        () if there.all() else (there,), Mesh(index), reduction=place.reduction,
        chunks=tuple((number // across, number % across) for number in numbers.tolist()),
    )  # fmt: skip


def _tight(row: Index, col: Index, most: int) -> Window | None:
    """The rows and columns that are shown, if they hold at most so many cells."""
    top, bottom, left, right = row.min(), row.max() + 1, col.min(), col.max() + 1
    if (bottom - top) * (right - left) > most:
        return None
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _bilinear(place: _Place) -> Sampling | None:
    inside = place.inside
    if not all(part.any() for part in inside):
        return None
    reduction = place.reduction
    if max(reduction) <= SMALLEST_REDUCTION:
        reduction = (1.0, 1.0)
    margin_y, margin_x = (math.ceil(r) for r in reduction)
    rows, _ = window(place.y.low, place.y.high, place.chunk[0], place.y.axis, margin_y)
    cols, turn = window(place.x.low, place.x.high, place.chunk[1], place.x.axis, margin_x)
    first = cols.start
    if not turn and place.x.low + margin_x < first:  # the window was moved on by a turn
        first -= place.x.axis.size
    down = _AxisTaps.around(place.y, rows.start, reduction[0], rows.stop - rows.start)
    right = _AxisTaps.around(place.x, first, reduction[1], cols.stop - cols.start, turn)
    taps = Taps(
        place.cells(down.first, right.first, right.width),
        place.cells(down.own, right.own, right.width),
        down.weights,
        right.weights,
        right.repeated,
    )
    return Sampling(
        place.number, rows, cols, place.target.shape, "bilinear",
        (down.crop, right.crop), inside, taps=taps, reduction=reduction,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _AxisTaps:
    """The cells along one axis that each pixel is interpolated from.

    Args:
        crop: the part of the window that holds them all.
        first, own: in the crop, the first of them, and the one that holds the pixel's centre.
        weights: of those after the first, float32; see `Taps`.
        repeated: see `Taps`.
    """

    crop: slice
    first: Index
    own: Index
    weights: tuple[Weights, ...]
    repeated: int = 0

    @property
    def width(self) -> int:
        """Of the crop with the cells that are repeated."""
        return int(self.crop.stop - self.crop.start + self.repeated)

    @classmethod
    def around(
        cls, positions: Positions, start: int, reduction: float, size: int, turn: int | None = None
    ) -> _AxisTaps:
        """The cells within `reduction` of positions, in a window of `size` cells from `start`.

        w(d) = max(0, 1 - |d| / reduction), over their sum
        """
        filled = positions.filled
        at = filled if positions.axis.edges is None else positions.axis.centered(filled) + 0.5
        count = math.ceil(2 * reduction) if turn else min(math.ceil(2 * reduction), size)
        # ⌊at - ½ - reduction⌋ + 1, by a cast, which is quicker and rounds towards zero.
        above = math.ceil(reduction)
        first = (at + (0.5 - reduction + above)).astype(np.int32)
        first -= above
        low, high = int(first.min()), int(first.max())
        if not turn and (low < start or high > start + size - count):
            np.clip(first, start, start + size - count, out=first)
            low, high = int(first.min()), int(first.max())
        distance = (at - first).astype(np.float32)
        distance -= np.float32(0.5)
        weights = _triangle(distance, reduction, count)
        own = filled.astype(np.int32)
        if turn:
            return cls(slice(0, size), first % turn, own % turn, weights, count - 1)
        crop = slice(low - start, high + count - start)
        first -= low
        own -= low
        return cls(crop, first, own, weights)


def _triangle(distance: Weights, reduction: float, count: int) -> tuple[Weights, ...]:
    """The weights of the cells after the first, from which pixels are at a distance."""
    if count <= 2 and reduction == 1:
        return (np.clip(distance, 0, 1),)[: count - 1]
    weights = []
    for tap in range(count):
        weight = distance - np.float32(tap)
        np.abs(weight, out=weight)
        weight *= np.float32(-1 / reduction)
        weight += 1
        weights.append(np.clip(weight, 0, 1, out=weight))
    total = sum(weights[1:], weights[0])
    return tuple(np.divide(weight, total, out=weight) for weight in weights[1:])


def _covering(place: _Place, target: Grid, resampling: Resampling) -> Sampling | None:
    """For kernels over all cells that a pixel covers: positions of the pixels' corners."""
    grid = place.level.grid
    corner_x, corner_y = axis_coordinates(target, grid, corners=True)
    if grid.lookup is not None:
        return _looked_up(place, corner_x, corner_y, resampling)
    rows, cols = corner_positions(grid.y, corner_y), corner_positions(grid.x, corner_x)
    if not (np.isfinite(rows).any() and np.isfinite(cols).any()):
        return None
    known_rows, known = finite(rows), finite(cols)
    if np.ptp(known_rows) == 0 or np.ptp(known) == 0:
        return None
    window_rows, _ = window(
        float(known_rows.min()), float(known_rows.max()), place.chunk[0], grid.y
    )
    first = math.floor(known.min())
    crosses = grid.x.wraps and cols.shape[0] > 1 and np.ptp(known) > grid.x.size / 2
    turn = grid.x.size if crosses else None
    last = max(math.ceil(pixel_extents(cols, turn)[1].max()), first + 1)
    top, bottom = math.floor(known_rows.min()), math.ceil(known_rows.max())
    return Sampling(
        place.number,
        window_rows,
        slice(first, last),
        target.shape,
        resampling,
        (slice(top - window_rows.start, bottom - window_rows.start), slice(0, last - first)),
        y=rows - top,
        x=cols - first,
        reduction=place.reduction,
        turn=turn,
    )


def _looked_up(
    place: _Place, corner_x: Floats, corner_y: Floats, resampling: Resampling
) -> Sampling | None:
    """As _covering, with a box for each pixel.

    One whose corners lie off the grid, or on either side of a seam, covers as much as most do.
    """
    there = np.isfinite(place.y.at + place.x.at)
    if not there.any():
        return None
    top, bottom = extents_around(place.y, corner_y, place.reduction_y)
    left, right = extents_around(place.x, corner_x, place.reduction_x)
    low, high = (np.stack(ends)[:, there] for ends in ((top, left), (bottom, right)))
    rows, _ = window(low[0].min(), high[0].max(), place.chunk[0], place.y.axis)
    first = math.floor(low[1].min())
    cols = slice(first, max(math.ceil(high[1].max()), first + 1))
    boxes = tuple(
        np.where(there, ends - start, 0.0)
        for ends, start in ((top, rows.start), (bottom, rows.start), (left, first), (right, first))
    )
    return Sampling(
        place.number, rows, cols, place.target.shape, resampling,
        boxes=boxes, reduction=place.reduction,
    )  # fmt: skip
