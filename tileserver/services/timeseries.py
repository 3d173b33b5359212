"""Values over time: at points and over areas, read in batches of bounded size.

Batches follow the chunks along time, so that none is read twice; where one step's cells of
a chunk are too many to hold, an area is taken in blocks of chunks and their moments joined.
Medians and percentiles need all cells of a step: there the chunks may be read more than once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from tileserver.area import Weights
from tileserver.axis import Floats
from tileserver.cube import Raw
from tileserver.services.aggregate import Moments, Values, aggregate, needs_all
from tileserver.services.seriesrequest import (
    Index,
    Request,
    Target,
    chunk_steps,
    layout_of,
    parts_of,
)
from tileserver.services.window import Part, Read, combine, read_blocks

BUDGET_BYTES = 128 << 20
# Beyond the stored number: its float64, validity, and what the moments need of both.
WORKING_BYTES = 40
MOST_AT_ONCE = 16  # features
# Fewer numbers than this are summed up sooner than a thread is started.
INLINE_NUMBERS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some steps of a series: for each target its numbers by name (steps,), NaN where none."""

    times: tuple[str, ...]
    values: tuple[Mapping[str, Floats], ...]


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
    parts = [part for w in windows for part in parts_of(request, w)]
    chunk = max((chunk_steps(part, request.selection.time) for part in parts), default=1)
    each = sum(v.dtype.itemsize for v in request.layer.variables) + WORKING_BYTES
    fetched = max((_fetched(part) for part in parts), default=1) * len(request.layer.variables)
    fitting = max(1, budget // (each * cells))
    if fitting < chunk and not whole:
        high, wide = layout_of(request).chunks[-2:]
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
        reading = _Reading(request, block, parts_of(request, block), steps)
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


def _blocks(request: Request, weights: Weights, most: int) -> Iterator[Weights]:
    """The area in blocks of whole chunks with at most so many cells, but at least a chunk."""
    if weights.parts.size <= most:
        yield weights
        return
    high, wide = layout_of(request).chunks[-2:]
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
