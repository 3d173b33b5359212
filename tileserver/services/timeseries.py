"""Values over time: at points and over areas, read in batches of bounded size.

Series are read from the finest level always: a coarser one holds other values, and means over it
differ. Batches follow the chunks along time, so that none is read twice; where one step's cells of
a chunk are too many to hold, an area is taken in blocks of chunks and their moments joined.
Medians and percentiles need all cells of a step: there the chunks may be read more than once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from tileserver.area import MOST_CELLS, Weights, weigh
from tileserver.axis import Floats
from tileserver.cube import Cube, Raw
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import Feature
from tileserver.layer import Layer, Selection
from tileserver.services.aggregate import Moments, Values, aggregate, needs_all
from tileserver.services.window import Part, Read, check_single, combine, finest, place, read_blocks

Index = npt.NDArray[np.intp]

BUDGET_BYTES = 128 << 20
# Beyond the stored number: its float64, validity, and what the moments need of both.
WORKING_BYTES = 40
MOST_AT_ONCE = 16  # features
# Fewer numbers than this are summed up sooner than a thread is started.
INLINE_NUMBERS = 100_000


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
    """

    layer: Layer
    selection: Selection
    steps: Index
    times: tuple[str, ...]
    targets: tuple[Target, ...]
    aggregates: tuple[str, ...]

    def names(self, target: Target) -> tuple[str, ...]:
        """What is told of a target."""
        return ("value",) if target.is_point else self.aggregates


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some steps of a series: for each target its numbers by name (steps,), NaN where none."""

    times: tuple[str, ...]
    values: tuple[Mapping[str, Floats], ...]


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
    grid = finest(layer).grid
    targets = []
    cells = 0
    for feature in features:
        weights = weigh(grid, feature.geometry)
        cells += 0 if weights is None else weights.parts.size
        if cells > MOST_CELLS:
            raise PayloadTooLarge(
                f"the areas span more than {MOST_CELLS} cells: ask for fewer or smaller ones"
            )
        targets.append(Target(feature, weights))
    times = tuple(axis.texts(steps))
    return Request(layer, selection, steps, times, tuple(targets), aggregates)


def estimate(request: Request) -> int:
    """The decoded bytes of all chunks that a series touches, each counted once."""
    touched: dict[tuple[str, int], npt.NDArray[np.bool_]] = {}
    nbytes = 0
    for target in request.targets:
        for part in _parts(request, target.weights):
            level = part.stored
            key = (part.variable.id, part.level)
            grid = [-(-n // c) for n, c in zip(level.shape[-2:], level.chunks[-2:], strict=True)]
            seen = touched.setdefault(key, np.zeros(grid, np.bool_))
            own = np.zeros_like(seen)
            rows = np.arange(part.rows.start, part.rows.stop) // level.chunks[-2]
            cols = np.arange(part.cols.start, part.cols.stop) % level.shape[-1] // level.chunks[-1]
            own[np.ix_(np.unique(rows), np.unique(cols))] = True
            along = (
                len(np.unique(request.steps // _chunk(part, request.selection.time)))
                if request.selection.time in part.variable.dims
                else 1
            )
            nbytes += int((own & ~seen).sum()) * along * level.nbytes
            seen |= own
    return nbytes


async def series(
    read: Read,
    request: Request,
    *,
    pool: Executor | None = None,
    budget_bytes: int = BUDGET_BYTES,
) -> AsyncIterator[Batch]:
    """The series, some steps at a time in order of time. Raises SourceError.

    Args:
        pool: where larger sums are worked out.
        budget_bytes: what the arrays of one batch may weigh, at least a chunk.
    """
    names = tuple(dict.fromkeys(n for t in request.targets for n in request.names(t)))
    schedule = _schedule(request, needs_all(names), budget_bytes)
    for batch in _batches(request.steps, schedule):
        steps = request.steps[batch]
        values: list[Mapping[str, Floats]] = []
        for first in range(0, len(request.targets), schedule.targets):
            some = request.targets[first : first + schedule.targets]
            jobs = (_target_values(read, request, one, steps, schedule, pool) for one in some)
            values += await asyncio.gather(*jobs)
        yield Batch(request.times[batch], tuple(values))


@dataclass(frozen=True, slots=True)
class _Schedule:
    """How a series is cut up.

    Args:
        chunk: the size of chunks along time; a batch ends where one of them does.
        steps: the most steps in a batch.
        cells: the most cells in a block of an area.
        targets: how many features are read at once.
    """

    chunk: int
    steps: int
    cells: int
    targets: int = 1


def _schedule(request: Request, whole: bool, budget: int) -> _Schedule:
    """The largest batches within the budget, in memory and in chunks that are read together."""
    windows = [t.weights for t in request.targets if t.weights is not None]
    cells = max((w.parts.size for w in windows), default=1)
    parts = [part for w in windows for part in _parts(request, w)]
    chunk = max((_chunk(part, request.selection.time) for part in parts), default=1)
    each = sum(v.dtype.itemsize for v in request.layer.variables) + WORKING_BYTES
    fetched = max((_fetched(part) for part in parts), default=1) * len(request.layer.variables)
    fitting = max(1, budget // (each * cells))
    if fitting < chunk and not whole:
        high, wide = finest(request.layer).levels[0].chunks[-2:]
        least = min(cells, high * wide)
        # A single chunk over the budget is taken some steps at a time, and kept decoded between.
        steps = min(chunk, max(1, budget // (each * least)))
        return _Schedule(chunk, steps, max(least, budget // (each * steps)))
    if fitting >= chunk:
        fitting = max(1, min(fitting // chunk, budget // fetched)) * chunk
    count = min(fitting, len(request.steps))
    cost = count * each * cells + -(-count // chunk) * fetched
    return _Schedule(chunk, fitting, cells, max(1, min(MOST_AT_ONCE, budget // cost)))


def _fetched(part: Part) -> int:
    """Decoded bytes of a part's chunks at one step along time."""
    level = part.stored
    rows = (part.rows.stop - 1) // level.chunks[-2] - part.rows.start // level.chunks[-2] + 1
    cols = (part.cols.stop - 1) // level.chunks[-1] - part.cols.start // level.chunks[-1] + 1
    nbytes: int = rows * cols * level.nbytes
    return nbytes


def _chunk(part: Part, time: str) -> int:
    """The size of a part's chunks along time."""
    dims = part.variable.dims
    return part.stored.chunks[dims.index(time)] if time in dims else 1


def _batches(steps: Index, schedule: _Schedule) -> Iterator[slice]:
    """Slices of the steps: of neighbouring chunks, ending with one, at most `steps` long."""
    chunks = steps // schedule.chunk
    ends = np.flatnonzero(np.diff(chunks, append=chunks[-1] + 2)) + 1
    start = 0
    for number, end in enumerate(ends.tolist()):
        following = int(ends[number + 1]) if number + 1 < len(ends) else None
        far = following is None or abs(int(chunks[following - 1] - chunks[end - 1])) > 1
        if far or following is None or following - start > schedule.steps:
            for first in range(start, end, schedule.steps):
                yield slice(first, min(first + schedule.steps, end))
            start = end


async def _target_values(
    read: Read,
    request: Request,
    target: Target,
    steps: Index,
    schedule: _Schedule,
    pool: Executor | None,
) -> Mapping[str, Floats]:
    names = request.names(target)
    if target.weights is None:
        return {n: np.full(len(steps), 0.0 if n == "count" else np.nan) for n in names}
    loop = asyncio.get_running_loop()
    whole = needs_all(names)
    moments = []
    values: Values | None = None
    for block in _blocks(request, target.weights, schedule.cells):
        reading = _Reading(request, block, _parts(request, block), steps)
        raw = await read_blocks(read, reading.parts, request.selection, reading.window)
        if target.is_point:
            return {"value": reading.values(raw)[:, 0].astype(np.float64)}
        inline = len(steps) * block.parts.size < INLINE_NUMBERS
        job = (raw, whole)
        own, values = (
            reading.summed(*job)
            if inline
            else await loop.run_in_executor(pool, reading.summed, *job)
        )
        moments.append(own)
    if not whole:
        return aggregate(moments, names)
    return await loop.run_in_executor(pool, aggregate, moments, names, values)


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """Some steps of a block of an area."""

    request: Request
    block: Weights
    parts: tuple[Part, ...]
    steps: Index

    @property
    def window(self) -> slice:
        """From the first of the steps in the store to the last."""
        return slice(int(self.steps.min()), int(self.steps.max()) + 1)

    def summed(self, raw: Sequence[Raw], keep: bool) -> tuple[Moments, Values | None]:
        """The moments of the cells inside, and their values if they are to be kept."""
        values = self.values(raw)
        inside = self.block.parts > 0
        moments = Moments.of(values, self.block.weights[inside], self.block.parts[inside])
        return moments, values if keep else None

    def values(self, raw: Sequence[Raw]) -> Values:
        """The values (steps, cells) of the cells that are inside."""
        values = combine(self.request.layer, self.parts, raw)
        window = self.window
        if len(values) != window.stop - window.start:
            # No variable of an expression has the time dimension.
            values = np.broadcast_to(values, (len(self.steps), *values.shape[1:]))
        elif (np.diff(self.steps) != 1).any():
            values = values[self.steps - window.start]
        inside = (self.block.parts > 0).ravel()
        flat = values.reshape(len(self.steps), -1)
        return flat if inside.all() else flat[:, inside]


def _parts(request: Request, weights: Weights | None) -> tuple[Part, ...]:
    if weights is None:
        return ()
    return place(request.layer, 0, weights.rows, weights.cols)


def _blocks(request: Request, weights: Weights, most: int) -> Iterator[Weights]:
    """The area in blocks of whole chunks with at most so many cells, but at least a chunk."""
    if weights.parts.size <= most:
        yield weights
        return
    high, wide = finest(request.layer).levels[0].chunks[-2:]
    across = max(1, min(most // (high * wide), -(-weights.parts.shape[1] // wide))) * wide
    down = max(1, most // (across * high)) * high
    areas = np.broadcast_to(weights.areas, weights.parts.shape)
    for rows in _cuts(weights.rows, high, down):
        for cols in _cuts(weights.cols, wide, across):
            own = (_within(weights.rows, rows), _within(weights.cols, cols))
            if weights.parts[own].any():
                yield Weights(rows, cols, weights.parts[own], areas[own])


def _cuts(window: slice, chunk: int, length: int) -> Iterator[slice]:
    """The window in pieces of a length, a multiple of the chunk, that end where chunks do."""
    start = window.start
    while start < window.stop:
        stop = min(start // chunk * chunk + length, window.stop)
        yield slice(start, stop)
        start = stop


def _within(window: slice, part: slice) -> slice:
    return slice(part.start - window.start, part.stop - window.start)
