"""Series of many features, each whole as soon as it is there: points by the chunk that holds them.

Ten thousand stations touch some thousand chunks of a copy along time. Each chunk is read once, and
the numbers of all points in it are taken at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tileserver.area import Weights
from tileserver.axis import Floats
from tileserver.services.aggregate import Values
from tileserver.services.seriesrequest import ONE, Request, chunk_steps, layout_of, parts_of
from tileserver.services.timeseries import Batch, series
from tileserver.services.window import Part, Read, combine, read_blocks

BUDGET_BYTES = 128 << 20  # of what is read at once
MOST_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSeries:
    """The whole series of a feature.

    Args:
        number: of the target in the request.
        values: by name (steps,), NaN where there is none.
    """

    number: int
    values: Mapping[str, Floats]


async def by_feature(
    read: Read, request: Request, *, pool: Executor | None = None
) -> AsyncIterator[list[FeatureSeries]]:
    """Features in the order of the chunks that hold them, several at a time. Raises SourceError.

    Args:
        pool: where larger sums are worked out.
    """
    yield _outside(request)
    groups = _groups(request)
    limit = max(1, min(MOST_AT_ONCE, BUDGET_BYTES // max(1, _group_bytes(request))))
    waiting: set[asyncio.Task[list[FeatureSeries]]] = set()
    try:
        for group in groups:
            waiting.add(asyncio.create_task(_group(read, request, group, pool)))
            if len(waiting) >= limit:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in waiting:
            task.cancel()


async def collected(request: Request, batches: AsyncIterable[Batch]) -> list[FeatureSeries]:
    """The same of batches of steps, once all are there."""
    columns: list[dict[str, list[Floats]]] = [defaultdict(list) for _ in request.targets]
    async for batch in batches:
        for column, values in zip(columns, batch.values, strict=True):
            for name, numbers in values.items():
                column[name].append(numbers)
    return [
        FeatureSeries(number, {name: np.concatenate(parts) for name, parts in column.items()})
        for number, column in enumerate(columns)
    ]


def _outside(request: Request) -> list[FeatureSeries]:
    """The features that lie outside the grid, which nothing need be read for."""
    return [
        FeatureSeries(number, empty(request, number))
        for number, target in enumerate(request.targets)
        if target.weights is None
    ]


def empty(request: Request, number: int) -> dict[str, Floats]:
    """The numbers of a feature without cells."""
    steps = len(request.steps)
    names = request.names(request.targets[number])
    return {name: np.full(steps, 0.0 if name == "count" else np.nan) for name in names}


def _groups(request: Request) -> Iterator[list[int]]:
    """Numbers of targets: points of one chunk together, areas alone."""
    high, wide = layout_of(request).chunks[-2:]
    chunks: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, target in enumerate(request.targets):
        weights = target.weights
        if weights is None:
            continue
        if target.is_point:
            chunks[weights.rows.start // high, weights.cols.start // wide].append(number)
        else:
            yield [number]
    yield from (chunks[key] for key in sorted(chunks))


def _group_bytes(request: Request) -> int:
    """About what a group of points reads."""
    level = layout_of(request)
    time = [part for part in request.layer.variables if request.selection.time in part.dims]
    along = level.chunks[time[0].dims.index(request.selection.time)] if time else 1
    return level.nbytes * -(-len(request.steps) // along) * len(request.layer.variables)


async def _group(
    read: Read, request: Request, numbers: Sequence[int], pool: Executor | None
) -> list[FeatureSeries]:
    first = request.targets[numbers[0]]
    if not first.is_point:
        own = replace(request, targets=(first,))
        [found] = await collected(own, series(read, own, pool=pool))
        return [FeatureSeries(numbers[0], found.values)]
    values = await _points(read, request, [request.targets[n].weights for n in numbers])
    return [FeatureSeries(n, {"value": values[:, i]}) for i, n in enumerate(numbers)]


async def _points(read: Read, request: Request, cells: Sequence[Weights | None]) -> Floats:
    """The values (steps, n) of single cells that lie near each other."""
    rows = np.array([cell.rows.start for cell in cells if cell is not None])
    cols = np.array([cell.cols.start for cell in cells if cell is not None])
    block = Weights(
        slice(int(rows.min()), int(rows.max()) + 1),
        slice(int(cols.min()), int(cols.max()) + 1),
        ONE,
        ONE,
    )
    parts = parts_of(request, block)
    at = (rows - block.rows.start, cols - block.cols.start)
    found = []
    for steps in _in_turn(request, parts):
        window = slice(int(steps.min()), int(steps.max()) + 1)
        raw = await read_blocks(read, parts, request.selection, window)
        values = _taken(request, parts, raw, at)
        if len(values) != window.stop - window.start:  # no variable has the time dimension
            found.append(np.broadcast_to(values, (len(steps), values.shape[1])))
        else:
            found.append(values[steps - window.start])
    return np.concatenate(found).astype(np.float64)


def _in_turn(request: Request, parts: Sequence[Part]) -> Iterator[npt.NDArray[np.intp]]:
    """The steps in stretches whose windows fit the budget, of whole chunks where these do."""
    nbytes = sum(
        (p.rows.stop - p.rows.start) * (p.cols.stop - p.cols.start) * p.variable.dtype.itemsize
        for p in parts
    )
    chunk = max(chunk_steps(part, request.selection.time) for part in parts)
    fitting = max(1, BUDGET_BYTES // max(1, nbytes))
    count = fitting // chunk * chunk or fitting
    for first in range(0, len(request.steps), count):
        yield request.steps[first : first + count]


def _taken(
    request: Request,
    parts: Sequence[Part],
    raw: Sequence[npt.NDArray[np.number]],
    at: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]],
) -> Values:
    """The values (steps, n) of cells at rows and columns (n,) of the window."""
    part = parts[0]
    plain = part.row_of is None and part.cell_of is None and request.layer.expression is None
    if plain:  # of a chunk few cells are wanted: only these are decoded
        stored = raw[0].reshape(-1, *raw[0].shape[-2:])[:, at[0], at[1]]
        return part.variable.packing.decode(stored)
    return combine(request.layer, parts, raw)[:, at[0], at[1]]
