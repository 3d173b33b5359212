"""How far statistics of a coarse level may be from those of the finest: bounds that hold always.

A cell of an overview is the plain mean of its cells of the finest level, all of which lie between
the variable's lowest and highest value. A mean of whole cells thus errs only by what the areas of
the finest cells differ within one, and by rounding. Of a cell that the area cuts, the part inside
may hold other values than the rest: with p of its area inside, of mean m, they add at most
min(p (high - m), (1 - p) (m - low)) to the sum, and take away as much with low for high.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.area import Weights, cell_area, is_distorted
from tileserver.axis import Axis, Floats
from tileserver.cube import Level, Reduction, Variable
from tileserver.grid import Grid

Mask = npt.NDArray[np.bool_]

# By how many times the unevenness of areas a whole cell's part of the sum may be wrong, and a cut
# one's: in its mean; and in the weight inside, in the mean inside by that, and by the mean itself.
WHOLE, CUT = 1, 4


def level_error(
    variable: Variable, level: Level, weights: Weights, values: Floats
) -> dict[str, object] | None:
    """The largest error of the mean, and where the true min and max lie.

    None where it is not known how the level was made. The mean's is None where it has no bound:
    of other methods, and on grids without plain areas.

    Args:
        values: (rows, cols) of the window, NaN where there are none.
    """
    reduction = level.reduction
    known = ~np.isnan(values) & (weights.parts > 0)
    if reduction is None or reduction.low is None or reduction.high is None or not known.any():
        return None
    low, high = reduction.low, reduction.high
    ragged = _ragged(variable.grid, reduction, weights)
    inside = values[known & (weights.parts == 1) & ~ragged]
    # A cell's number lies between the lowest and the highest of its cells, however it was made.
    rounding = _rounding(variable, max(abs(low), abs(high)))
    return {
        "mean": _mean_error(variable, reduction, weights, values, ragged),
        "min": [low, min(high, float(inside.min(initial=high)) + rounding)],
        "max": [max(low, float(inside.max(initial=low)) - rounding), high],
    }


def _mean_error(
    variable: Variable, reduction: Reduction, weights: Weights, values: Floats, ragged: Mask
) -> float | None:
    grid, low, high = variable.grid, reduction.low, reduction.high
    if reduction.method != "mean" or reduction.partial is None or grid.lookup is not None:
        return None
    if low is None or high is None or is_distorted(grid.crs):
        return None
    known = ~np.isnan(values) & (weights.parts > 0)
    parts, areas = weights.parts[known], np.broadcast_to(weights.areas, values.shape)[known]
    rounding = _rounding(variable, max(abs(low), abs(high)))
    cells = _Cells(
        parts,
        np.clip(values[known], low, high),
        _unevenness(grid, reduction, weights, _uneven)[known],
        _unevenness(grid, reduction, weights, _contrast)[known],
        ragged[known],
    )
    mean = float(np.average(cells.means, weights=parts * areas))
    worst = max(high - mean, mean - low)
    above, below = (
        cells.excess(end, mean, high - low, rounding, areas, reduction.partial)
        for end in (high, low)
    )
    surely = areas * cells.surely()
    # Of partial cells all but a bit may be without values.
    total = float(surely.sum()) - _largest(surely, reduction.partial)
    return worst if total <= 0 else min(worst, max(above, below) / total)


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells (n,) that have a value in the area.

    Args:
        parts: of their areas that are inside.
        means: of the finest cells in each.
        uneven, contrast: how the areas of those differ, see the functions below.
        ragged: which go on beyond the grid, and have less inside than it seems.
    """

    parts: Floats
    means: Floats
    uneven: Floats
    contrast: Floats
    ragged: Mask

    def excess(
        self,
        end: float,
        mean: float,
        span: float,
        rounding: float,
        areas: Floats,
        partial: int,
    ) -> float:
        """By how much the sum of areas times distances from the mean may be farther on, to the
        lowest or highest value."""
        parts, cut = self.parts, self.parts < 1
        ahead = np.abs(end - self.means)
        behind = span - ahead
        slack = np.where(cut, CUT, WHOLE) * self.uneven * span + np.where(cut, 2, 1) * rounding
        excess = np.minimum(parts * ahead, (1 - parts) * behind) + slack
        beyond = parts + CUT * self.uneven
        excess[self.ragged] = beyond[self.ragged] * span
        # Where fewer values lie in a cell than it counts for, those of one that is behind the mean
        # hold it back too much; and of one that is cut all inside may be at the end.
        held = np.maximum(mean - self.means if end > mean else self.means - mean, 0.0)
        lone = np.where(cut, parts * ahead, held + self.contrast * span) + slack
        more = _largest(areas * np.maximum(lone - excess, 0.0), partial)
        return float((areas * excess).sum()) + more

    def surely(self) -> Floats:
        """The parts of cells that are inside at least."""
        least = self.parts - np.where(self.parts < 1, self.uneven, 0.0)
        return np.where(self.ragged, 0.0, np.maximum(least, 0.0))


def _largest(numbers: Floats, count: int) -> float:
    """The sum of the so many largest."""
    rest = len(numbers) - count
    if count == 0 or rest <= 0:
        return float(numbers.sum()) if count else 0.0
    return float(np.partition(numbers, rest)[rest:].sum())


def _rounding(variable: Variable, largest: float) -> float:
    """Of a physical value when it is stored."""
    if variable.dtype.kind in "iu":
        return abs(variable.packing.scale) / 2
    return float(np.finfo(variable.dtype.str).eps) * largest


def _unevenness(
    grid: Grid, reduction: Reduction, weights: Weights, of: Callable[[Floats, int], Floats]
) -> Floats:
    """How much the areas of the finest cells differ in each cell (rows, cols) of the window."""
    down = of(_areas(grid, 0), reduction.factor[0])[weights.rows]
    across = of(_areas(grid, 1), reduction.factor[1])
    cols = np.arange(weights.cols.start, weights.cols.stop) % len(across)
    uneven: Floats = down[:, None] + across[cols][None, :]
    return uneven


def _areas(grid: Grid, axis: int) -> Floats:
    """Of the cells along an axis, in proportion."""
    first, rows, cols = slice(0, 1), slice(0, grid.y.size), slice(0, grid.x.size)
    window, size = ((first, cols), grid.x.size) if axis else ((rows, first), grid.y.size)
    return np.broadcast_to(cell_area(grid, *window).ravel(), (size,))


def _uneven(areas: Floats, factor: int) -> Floats:
    """Of each run of so many areas half the sum of what their shares differ from equal ones."""
    starts = np.arange(0, len(areas), factor)
    counts = np.diff(np.append(starts, len(areas)))
    shares = areas / np.repeat(np.maximum(np.add.reduceat(areas, starts), 1e-300), counts)
    uneven: Floats = np.add.reduceat(np.abs(shares - 1 / np.repeat(counts, counts)), starts) / 2
    return uneven


def _contrast(areas: Floats, factor: int) -> Floats:
    """Of each run of so many areas by how much the shares of any of them may differ from equal
    ones: no more than (most - least) / (most + least)."""
    starts = np.arange(0, len(areas), factor)
    most, least = np.maximum.reduceat(areas, starts), np.minimum.reduceat(areas, starts)
    contrast: Floats = (most - least) / np.maximum(most + least, 1e-300)
    return contrast


def _ragged(grid: Grid, reduction: Reduction, weights: Weights) -> Mask:
    """Which cells of the window (rows, cols) go on beyond the grid."""
    rows = np.arange(weights.rows.start, weights.rows.stop)
    cols = np.arange(weights.cols.start, weights.cols.stop)
    return _last(grid.y, reduction.factor[0], rows)[:, None] | _last(
        grid.x, reduction.factor[1], cols
    )


def _last(axis: Axis, factor: int, cells: npt.NDArray[np.intp]) -> Mask:
    lacks = axis.size % factor and axis.edges is None
    last: Mask = cells == (axis.size // factor if lacks else -1)
    return last
