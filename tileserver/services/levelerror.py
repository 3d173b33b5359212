"""How far statistics of a coarse level may be from those of the finest: bounds that hold always.

A cell of an overview is the plain mean of its cells of the finest level, all of which lie between
the variable's lowest and highest value. A mean of whole cells thus errs only by what the areas of
the finest cells differ within one, and by rounding. Of a cell that the area cuts, the part inside
may hold other values than the rest: with p of its area inside, of mean m, they add at most
min(p (high - m), (1 - p) (m - low)) to the sum, and take away as much with low for high.
"""

from __future__ import annotations

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
    of other methods, of data with gaps, whose cells count whole, and on grids without plain areas.

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
    if reduction.method != "mean" or reduction.has_gaps or grid.lookup is not None:
        return None
    if low is None or high is None or is_distorted(grid.crs):
        return None
    known = ~np.isnan(values) & (weights.parts > 0)
    parts, areas = weights.parts[known], np.broadcast_to(weights.areas, values.shape)[known]
    found, span, loose = np.clip(values[known], low, high), high - low, ragged[known]
    cut = parts < 1
    uneven = _unevenness(grid, reduction, weights)[known]
    slack = np.where(cut, CUT, WHOLE) * uneven * span
    slack += np.where(cut, 2, 1) * _rounding(variable, max(abs(low), abs(high)))
    above = np.minimum(parts * (high - found), (1 - parts) * (found - low)) + slack
    below = np.minimum(parts * (found - low), (1 - parts) * (high - found)) + slack
    above[loose] = below[loose] = (parts[loose] + CUT * uneven[loose]) * span
    # Cells that go on beyond the grid may have less inside than they seem to have.
    surely = np.where(loose, 0.0, parts - np.where(cut, uneven, 0.0))
    total = float((areas * np.maximum(surely, 0.0)).sum())
    mean = float(np.average(found, weights=parts * areas))
    worst = max(high - mean, mean - low)
    if total <= 0:
        return worst
    return min(worst, max(float((areas * each).sum()) for each in (above, below)) / total)


def _rounding(variable: Variable, largest: float) -> float:
    """Of a physical value when it is stored."""
    if variable.dtype.kind in "iu":
        return abs(variable.packing.scale) / 2
    return float(np.finfo(variable.dtype.str).eps) * largest


def _unevenness(grid: Grid, reduction: Reduction, weights: Weights) -> Floats:
    """How far the shares that the finest cells have of a cell's area are from equal ones, as half
    the sum of the differences: (rows, cols) of the window."""
    down = _uneven(_areas(grid, 0), reduction.factor[0])[weights.rows]
    across = _uneven(_areas(grid, 1), reduction.factor[1])
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
