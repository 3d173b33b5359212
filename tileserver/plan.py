"""Which cells a picture needs, and which of them each pixel shows: pure functions of grids.

Nothing here knows of variables' values, times or stores, so one `Sampling` serves all times and
variables on a grid, and is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from tileserver.cube import Level
from tileserver.grid import Axis, Floats, Grid
from tileserver.projection import coordinates

Resampling = Literal["nearest", "bilinear", "average", "mode"]

# A level is fine enough when its cells are not larger than a pixel by more than this factor.
LEVEL_SLACK = 1.001
# Beyond this reduction the triangle of a bilinear kernel costs more than the plain mean.
LARGEST_KERNEL_PX = 8.0
# Below this reduction bilinear takes four cells as if there were none, as GDAL's warper does.
SMALLEST_REDUCTION = 1 / 0.95
Index = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """Which cells to read.

    Args:
        variable: its id.
        level: an index into the variable's levels.
        window: one slice for each leading dimension of the variable, in the order of its `dims`,
            then rows and columns. All have non-negative starts; only that of the columns may end
            beyond the grid, on an axis that wraps: it goes on at column 0.
    """

    variable: str
    level: int
    window: tuple[slice, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of the window along each of its dimensions."""
        return tuple(s.stop - s.start for s in self.window)


@dataclass(frozen=True, slots=True, eq=False)
class Sampling:
    """Where the pixels of a target lie in a window of one level.

    Args:
        level: an index into the levels.
        rows, cols: the window to read; cols may go on beyond the grid where it wraps.
        resampling: the kernel to use; bilinear became average where it reduces too far.
        inside: bool (h, w), whether a pixel's centre lies on the grid; None where all do.
        index: for nearest, int32 (h, w), the cell in the flattened window.
        y, x: for the others, positions in the window: of pixel centres for bilinear, where 0.0 is
            the centre of the window's first cell, (h, 1) and (1, w), or (h, w); of pixel corners
            for average and mode, where 0.0 is its first edge.
        reduction: cells per pixel along (y, x), at least 1.
        turn: the number of columns after which the window repeats, where it is a whole turn; of
            corners, where a pixel may lie across the seam.
    """

    level: int
    rows: slice
    cols: slice
    resampling: Resampling
    inside: npt.NDArray[np.bool_] | None
    index: Index | None = None
    y: Floats | None = None
    x: Floats | None = None
    reduction: tuple[float, float] = (1.0, 1.0)
    turn: int | None = None

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        arrays = (self.inside, self.index, self.y, self.x)
        return 256 + sum(a.nbytes for a in arrays if a is not None)


def sample(levels: Sequence[Level], target: Grid, resampling: Resampling) -> Sampling | None:
    """How the target is drawn from the levels; None where none of it lies on their grid."""
    x, y = coordinates(target, levels[0].grid.crs)
    footprint = (_footprint(y), _footprint(x))
    number = choose_level(levels, footprint)
    level = levels[number]
    place = _Place(
        number,
        level,
        level.grid.y.positions(y),
        _unrolled(level.grid.x.positions(x), level.grid.x),
        max(1.0, footprint[0] / level.grid.resolution[1]),
        max(1.0, footprint[1] / level.grid.resolution[0]),
    )
    if resampling == "nearest":
        return _nearest(place)
    if resampling == "bilinear" and max(place.reduction_y, place.reduction_x) <= LARGEST_KERNEL_PX:
        return _bilinear(place)
    return _covering(place, target, "mode" if resampling == "mode" else "average")


def choose_level(levels: Sequence[Level], footprint: tuple[float, float]) -> int:
    """The coarsest level that is still as fine as the pixels, whose size is (y, x) in CRS units."""
    for number in range(len(levels) - 1, 0, -1):
        res_x, res_y = levels[number].grid.resolution
        if res_x * res_y <= footprint[0] * footprint[1] * LEVEL_SLACK**2:
            return number
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """Positions of pixel centres in a level: rows, cols as (h, 1), (1, w) or (h, w)."""

    number: int
    level: Level
    rows: Floats
    cols: Floats
    reduction_y: float
    reduction_x: float

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        return np.isfinite(self.rows) & np.isfinite(self.cols)

    @property
    def chunk(self) -> tuple[int, int]:
        return (self.level.chunks[-2], self.level.chunks[-1])


def _footprint(values: Floats) -> float:
    """How far a coordinate moves from one pixel to the next: the median over the target."""
    total = 0.0
    for axis in (0, 1):
        steps = np.abs(np.diff(values, axis=axis))
        steps = steps[np.isfinite(steps)]
        total += float(np.median(steps)) ** 2 if steps.size else 0.0
    return float(np.sqrt(total))


def _unrolled(cols: Floats, axis: Axis) -> Floats:
    """Columns without a jump where the target crosses the seam of an axis that wraps."""
    if not axis.wraps or not np.isfinite(cols).any():
        return cols
    size = axis.size
    rolled = np.where(cols < size / 2, cols + size, cols)
    if cols.shape[0] == 1 and np.isfinite(cols).all():
        rolled = np.unwrap(cols, period=size, axis=1)
    elif np.ptp(_finite(rolled)) >= np.ptp(_finite(cols)):
        rolled = cols
    first_turn: Floats = rolled - size * np.floor(np.nanmin(rolled) / size)
    return first_turn


def _finite(values: Floats) -> Floats:
    known: Floats = values[np.isfinite(values)]
    return known


def _window(positions: Floats, chunk: int, axis: Axis, margin: int = 0) -> tuple[slice, int | None]:
    """The cells around finite positions, and the turn where they are all that there are.

    A window within one chunk is widened to the chunk: reading it then copies nothing.
    """
    known = _finite(positions)
    start = int(np.floor(known.min())) - margin
    stop = int(np.ceil(known.max())) + margin
    stop = max(stop, start + 1)
    if axis.wraps and (start < 0 or stop > axis.size):
        if chunk >= axis.size or stop - start >= axis.size:
            return slice(0, axis.size), axis.size
        turns = axis.size if start < 0 else 0
        return slice(start + turns, stop + turns), None
    start, stop = max(start, 0), min(stop, axis.size)
    if start // chunk == (stop - 1) // chunk:
        first = start // chunk * chunk
        return slice(first, min(first + chunk, axis.size)), None
    return slice(start, stop), None


def _nearest(place: _Place) -> Sampling | None:
    inside = place.inside
    if not inside.any():
        return None
    rows, _ = _window(place.rows, place.chunk[0], place.level.grid.y)
    cols, turn = _window(place.cols, place.chunk[1], place.level.grid.x)
    row = np.floor(np.where(np.isfinite(place.rows), place.rows, rows.start)).astype(np.int64)
    col = np.floor(np.where(np.isfinite(place.cols), place.cols, cols.start)).astype(np.int64)
    col = col % turn if turn else col - cols.start
    width = cols.stop - cols.start
    index = ((row - rows.start) * width + col).astype(np.int32)
    shown = None if inside.all() else np.broadcast_to(inside, index.shape)
    return Sampling(place.number, rows, cols, "nearest", shown, index=index, turn=turn)


def _bilinear(place: _Place) -> Sampling | None:
    inside = place.inside
    if not inside.any():
        return None
    grid = place.level.grid
    y, x = grid.y.centered(place.rows), grid.x.centered(place.cols)
    reduction = (place.reduction_y, place.reduction_x)
    if max(reduction) <= SMALLEST_REDUCTION:
        reduction = (1.0, 1.0)
    margin_y, margin_x = (int(np.ceil(r)) for r in reduction)
    rows, _ = _window(place.rows, place.chunk[0], grid.y, margin_y)
    cols, turn = _window(place.cols, place.chunk[1], grid.x, margin_x)
    first = cols.start
    if not turn and np.nanmin(x) + margin_x < first:  # the window was moved on by a turn
        x = x + grid.x.size
    return Sampling(
        place.number,
        rows,
        cols,
        "bilinear",
        None if inside.all() else inside,
        y=y - rows.start,
        x=x - first,
        reduction=reduction,
        turn=turn,
    )


def _covering(place: _Place, target: Grid, resampling: Resampling) -> Sampling | None:
    """For kernels over all cells that a pixel covers: positions of the pixels' corners."""
    grid = place.level.grid
    corner_x, corner_y = coordinates(target, grid.crs, corners=True)
    rows = grid.y.positions(corner_y, clamp=True)
    cols = _unrolled(grid.x.positions(corner_x, clamp=True), grid.x)
    if not (np.isfinite(rows).any() and np.isfinite(cols).any()):
        return None
    if np.ptp(_finite(rows)) == 0 or np.ptp(_finite(cols)) == 0:
        return None
    known = _finite(cols)
    window_rows, _ = _window(rows, place.chunk[0], grid.y)
    first = int(np.floor(known.min()))
    turn = grid.x.size if grid.x.wraps and cols.shape[0] > 1 else None
    last = int(np.ceil(pixel_extents(cols, turn)[1].max()))
    return Sampling(
        place.number,
        window_rows,
        slice(first, max(last, first + 1)),
        resampling,
        None,
        y=rows - window_rows.start,
        x=cols - first,
        reduction=(place.reduction_y, place.reduction_x),
        turn=turn,
    )


def pixel_extents(corners: Floats, turn: int | None = None) -> tuple[Floats, Floats]:
    """The least and the greatest position of each pixel's corners; 0 and 0 where one is NaN.

    Args:
        corners: (h + 1, w + 1), or (h + 1, 1) and (1, w + 1) of separable grids.
        turn: cells in a turn of an axis that wraps: a pixel on the seam, whose corners lie at both
            ends, then goes on beyond the last cell.
    """
    parts = [corners]
    if corners.shape[0] > 1:
        parts = [part[s] for part in parts for s in (slice(None, -1), slice(1, None))]
    if corners.shape[1] > 1:
        parts = [part[:, s] for part in parts for s in (slice(None, -1), slice(1, None))]
    low, high = np.minimum.reduce(parts), np.maximum.reduce(parts)
    if turn:
        split = high - low > turn / 2
        parts = [np.where(split & (part < low + turn / 2), part + turn, part) for part in parts]
        low, high = np.minimum.reduce(parts), np.maximum.reduce(parts)
    gone = ~(np.isfinite(low) & np.isfinite(high))
    return np.where(gone, 0.0, low), np.where(gone, 0.0, high)
