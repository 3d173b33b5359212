"""What a time series reads: its features' cells, its steps, and from which layout.

Series are read from the finest level always, or its copy along time, whichever takes fewer bytes: a
coarser one holds other values, and means over it differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely

from tileserver.area import MOST_CELLS, Weights, locate_all, weigh
from tileserver.cube import TIME, Cube, Level
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import Feature
from tileserver.grid import Grid
from tileserver.layer import Layer, Selection
from tileserver.services.window import Part, check_single, finest, place

Index = npt.NDArray[np.intp]

ONE = np.ones((1, 1))
ALIKE = 1.25


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A feature's cells; `weights` is None where it lies outside the grid."""

    feature: Feature
    weights: Weights | None

    @property
    def is_point(self) -> bool:
        """Whether it has one value a step instead of aggregates."""
        return isinstance(self.feature.geometry, shapely.Point)


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A series, resolved: what is read, for which features, at which steps.

    Args:
        steps: indices along the stored time dimension, in order of time.
        times: ISO 8601, one for each step.
        aggregates: of areas; points have `value` instead.
        is_along: whether it is read from the copies along time.
    """

    layer: Layer
    selection: Selection
    steps: Index
    times: tuple[str, ...]
    targets: tuple[Target, ...]
    aggregates: tuple[str, ...]
    is_along: bool = False

    def names(self, target: Target) -> tuple[str, ...]:
        """What is told of a target."""
        return ("value",) if target.is_point else self.aggregates


def prepare(
    cube: Cube,
    layer: Layer,
    selection: Selection,
    features: Sequence[Feature],
    *,
    start: str | None = None,
    end: str | None = None,
    aggregates: tuple[str, ...] = ("mean", "std"),
) -> Request:
    """What a series will read. Pure, but weighing large areas takes some 0.1 s: not for the loop.

    Raises InvalidParameter for a layer without times, for times and for a range that holds no
    step, PayloadTooLarge for areas of too many cells.
    """
    check_single(layer)
    axis = selection.axis(cube)
    if axis is None:
        raise InvalidParameter(
            "variable", layer.id, "has no time dimension: ask /point or /statistics"
        )
    steps = axis.between(start, end)
    if not len(steps):
        name, given = ("end", end) if start is None else ("start", start)
        raise InvalidParameter(name, given, f"expected a range with times, which are {axis.span}")
    times = tuple(axis.texts(steps))
    return planned(layer, selection, steps, times, features, aggregates)


def planned(
    layer: Layer,
    selection: Selection,
    steps: Index,
    times: tuple[str, ...],
    features: Sequence[Feature],
    aggregates: tuple[str, ...] = (),
) -> Request:
    """The same of some steps; of a layer without times there is one. Raises PayloadTooLarge."""
    targets = _targets(finest(layer).grid, features)
    request = Request(layer, selection, steps, times, targets, aggregates)
    if not _has_copies(request):
        return request
    along = replace(request, is_along=True)
    # Of equals the copy, of which features are whole one by one.
    return along if estimate(along) <= ALIKE * estimate(request) else request


def _has_copies(request: Request) -> bool:
    """Whether all variables have a copy along time that may serve."""
    return request.selection.time == TIME and all(
        v.series is not None for v in request.layer.variables
    )


def _targets(grid: Grid, features: Sequence[Feature]) -> tuple[Target, ...]:
    """The features with their cells. Raises PayloadTooLarge."""
    points = [f.geometry for f in features if isinstance(f.geometry, shapely.Point)]
    rows, cols = (
        v.tolist() for v in locate_all(grid, shapely.get_x(points), shapely.get_y(points))
    )
    located = zip(rows, cols, strict=True)
    targets, cells = [], 0
    for feature in features:
        if isinstance(feature.geometry, shapely.Point):
            weights = _cell(*next(located))
        else:
            weights = weigh(grid, feature.geometry)
        cells += 0 if weights is None else weights.parts.size
        if cells > MOST_CELLS:
            raise PayloadTooLarge(
                f"the areas span more than {MOST_CELLS} cells: ask for fewer or smaller ones"
            )
        targets.append(Target(feature, weights))
    return tuple(targets)


def _cell(row: int, col: int) -> Weights | None:
    """A single cell; of points only whether they are inside is asked."""
    return None if row < 0 else Weights(slice(row, row + 1), slice(col, col + 1), ONE, ONE)


def estimate(request: Request) -> int:
    """The decoded bytes of all chunks that a series touches, each counted once."""
    if not request.is_along:
        return _touched_bytes(request)
    covered = min(
        (
            v.series.steps
            for v in request.layer.variables
            if v.series and v.series.steps is not None
        ),
        default=None,
    )
    if covered is None:
        return _touched_bytes(request)
    known = request.steps < covered
    there = replace(request, steps=request.steps[known])
    rest = replace(request, steps=request.steps[~known], is_along=False)
    return sum(_touched_bytes(each) for each in (there, rest) if len(each.steps))


def _touched_bytes(request: Request) -> int:
    """Of chunks that are touched, each once; points on the layer's own grid all together."""
    points = [t.weights for t in request.targets if t.is_point and t.weights is not None]
    areas = [t.weights for t in request.targets if not t.is_point and t.weights is not None]
    touched: dict[tuple[str, int], npt.NDArray[np.bool_]] = {}
    if points and len(request.layer.variables) == 1:
        rows = np.array([cell.rows.start for cell in points])
        cols = np.array([cell.cols.start for cell in points])
        [part] = parts_of(request, points[0])
        high, wide = part.stored.chunks[-2:]
        _map_of(touched, part)[rows // high, cols // wide] = True
    else:
        areas += points
    levels = {}
    for weights in areas or points[:1]:
        for part in parts_of(request, weights):
            levels[part.variable.id, part.level] = part
            width = part.stored.shape[-1]
            high, wide = part.stored.chunks[-2:]
            own_rows = np.unique(np.arange(part.rows.start, part.rows.stop) // high)
            own_cols = np.unique(np.arange(part.cols.start, part.cols.stop) % width // wide)
            _map_of(touched, part)[np.ix_(own_rows, own_cols)] = True
    return sum(
        int(touched[key].sum() * _chunks_along(request, part) * part.stored.nbytes)
        for key, part in levels.items()
    )


def _map_of(
    touched: dict[tuple[str, int], npt.NDArray[np.bool_]], part: Part
) -> npt.NDArray[np.bool_]:
    """Which chunks of a part's level are touched."""
    level = part.stored
    sides = zip(level.shape[-2:], level.chunks[-2:], strict=True)
    return touched.setdefault(
        (part.variable.id, part.level), np.zeros([-(-n // c) for n, c in sides], np.bool_)
    )


def _chunks_along(request: Request, part: Part) -> float:
    """How many chunks the steps lie in; of a copy along time about: its last are shorter."""
    if request.selection.time not in part.variable.dims:
        return 1
    if part.level == len(part.variable.levels):
        span = int(request.steps.max()) + 1 - int(request.steps.min())
        return max(1.0, span / chunk_steps(part, request.selection.time))
    return len(np.unique(request.steps // chunk_steps(part, request.selection.time)))


def parts_of(request: Request, weights: Weights | None) -> tuple[Part, ...]:
    """What is read of each variable for a window of cells."""
    if weights is None:
        return ()
    parts = place(request.layer, 0, weights.rows, weights.cols)
    if not request.is_along:
        return parts
    return tuple(
        replace(part, level=len(part.variable.levels)) if part.level == 0 else part
        for part in parts
    )


def layout_of(request: Request) -> Level:
    """What is read of the layer's own grid."""
    own = finest(request.layer)
    return own.stored(len(own.levels) if request.is_along else 0)


def chunk_steps(part: Part, time: str) -> int:
    """The size of a part's chunks along time."""
    dims = part.variable.dims
    return part.stored.chunks[dims.index(time)] if time in dims else 1
