"""What values an area has at one step: moments, percentiles and a histogram.

They are worked out at the coarsest level that still has ENOUGH_CELLS in the area, whose number the
answer tells; `level=0` asks for the finest.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from tileserver.area import Weights, cell_area, weigh
from tileserver.axis import Floats
from tileserver.cube import Raw
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import Geometry
from tileserver.grid import Grid
from tileserver.layer import Layer, Selection
from tileserver.services.aggregate import Moments, percentiles
from tileserver.services.levelerror import level_error
from tileserver.services.window import Part, Read, check_single, combine, finest, place, read_blocks
from tileserver.sources.chunk import count_chunks

ENOUGH_CELLS = 512 * 512
DEFAULT_BINS = 64
MOST_BINS = 1024
PERCENTILES = (2.0, 98.0)
EMPTY: dict[str, list[float]] = {"counts": [], "edges": []}
MOST_CELLS = 9_000_000  # some 0.5 GB of arrays


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the values.

    Args:
        bins: of the histogram.
        bounds: the histogram's lowest and highest edge; None for the values' own.
        percents: which percentiles.
    """

    bins: int = DEFAULT_BINS
    bounds: tuple[float, float] | None = None
    percents: tuple[float, ...] = PERCENTILES

    def __post_init__(self) -> None:
        if not 1 <= self.bins <= MOST_BINS:
            raise InvalidParameter("bins", self.bins, f"expected 1 to {MOST_BINS}")
        if self.bounds is not None:
            low, high = self.bounds
            if not (math.isfinite(low) and math.isfinite(high) and low < high):
                raise InvalidParameter(
                    "range", f"{low:g},{high:g}", "expected low,high, low < high"
                )
        for percent in self.percents:
            if not 0 <= percent <= 100:
                raise InvalidParameter("p", f"{percent:g}", "expected percentiles from 0 to 100")


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """Statistics, resolved: the level, and the cells of it; None where there are none."""

    layer: Layer
    selection: Selection
    level: int
    weights: Weights | None
    question: Question

    @property
    def steps(self) -> slice:
        """The selected step along time."""
        step = self.selection.step or 0
        return slice(step, step + 1)

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is read of each variable."""
        if self.weights is None:
            return ()
        return place(self.layer, self.level, self.weights.rows, self.weights.cols)


def prepare(
    layer: Layer,
    selection: Selection,
    geometry: Geometry | None = None,
    *,
    level: int | None = None,
    question: Question | None = None,
) -> Request:
    """What statistics will read: of an area in degrees, or of the whole. Pure, not for the loop.

    Raises InvalidParameter, and PayloadTooLarge where a level has more than MOST_CELLS there.
    """
    check_single(layer)
    layer = layer.reaching(selection.step)
    levels = finest(layer).levels
    if level is not None and not 0 <= level < len(levels):
        raise InvalidParameter("level", level, f"expected 0 to {len(levels) - 1}")
    candidates = range(len(levels) - 1, -1, -1) if level is None else (level,)
    coarser: Request | None = None
    for number in candidates:
        try:
            weights = _weighed(levels[number].grid, geometry)
        except PayloadTooLarge:
            if coarser is None:
                raise
            return coarser  # not enough cells, but the next level has too many
        coarser = Request(layer, selection, number, weights, question or Question())
        if weights is not None and np.count_nonzero(weights.parts) >= ENOUGH_CELLS:
            return coarser
    assert coarser is not None, "a variable has a level"
    return coarser


def _weighed(grid: Grid, geometry: Geometry | None) -> Weights | None:
    if geometry is not None:
        return weigh(grid, geometry, most_cells=MOST_CELLS)
    height, width = grid.shape
    if height * width > MOST_CELLS:
        raise PayloadTooLarge(
            f"the grid has {height * width} cells, the limit is {MOST_CELLS}: "
            "ask for an area, or give the dataset overviews: tileserver optimize"
        )
    rows, cols = slice(0, height), slice(0, width)
    return Weights(rows, cols, np.broadcast_to(1.0, grid.shape), cell_area(grid, rows, cols))


def estimate(request: Request) -> int:
    """The decoded bytes of all chunks that are read."""
    total = 0
    for part in request.parts:
        window = part.window(request.selection, request.steps)
        total += count_chunks(window, part.stored.shape, part.stored.chunks) * part.stored.nbytes
    return total


async def statistics(
    read: Read, dataset: Dataset, request: Request, *, pool: Executor | None = None
) -> dict[str, object]:
    """The answer of `/statistics`; numbers are null where no cell has a value.

    `mean` and `std` weigh cells by area, see aggregate.py; the others take each cell that the
    area touches once. `valid_percent` is the share of those cells that have a value. `error` is how
    far they may be from those of the finest level.
    """
    labels = request.selection.labels(dataset.source.cube)
    head: dict[str, object] = {
        "dataset": dataset.id,
        "variable": request.layer.id,
        "units": request.layer.units,
        "time": labels.pop(request.selection.time, dataset.source.cube.instant),
        "dimensions": labels,
        "level": request.level,
    }
    blocks = await read_blocks(read, request.parts, request.selection, request.steps)
    loop = asyncio.get_running_loop()
    return {**head, **await loop.run_in_executor(pool, _summary, request, blocks)}


def _summary(request: Request, blocks: Sequence[Raw]) -> dict[str, object]:
    if request.weights is None:
        nowhere = np.empty(0)
        found = summarize(np.empty((1, 0)), nowhere, nowhere, request.question)
        return found | {"error": None}
    inside = request.weights.parts > 0
    values = combine(request.layer, request.parts, blocks)[0].astype(np.float64)
    weights, parts = request.weights.weights[inside], request.weights.parts[inside]
    found = summarize(values[inside][None, :], weights, parts, request.question)
    return found | {"error": _error(request, request.weights, values)}


def _error(request: Request, weights: Weights, values: Floats) -> dict[str, object] | None:
    """How far the answer may be from that of the finest level, see levelerror.py.

    None where nothing is known: of an expression, or of levels that the store itself has.
    """
    if request.level == 0:
        return {"mean": 0.0}
    variable = request.layer.variables[0]
    if request.layer.expression is not None:
        return None
    return level_error(variable, variable.levels[request.level], weights, values)


def summarize(
    values: Floats, weights: Floats, parts: Floats, question: Question
) -> dict[str, object]:
    """Statistics of values (1, n), NaN where there are none, in cells of these weights (n,)."""
    moments = Moments.of(values, weights, parts)
    count = int(moments.count[0])
    known = values[~np.isnan(values)]
    counts, edges = np.histogram(known, question.bins, question.bounds)
    found = percentiles(values, [50.0, *question.percents])[:, 0].tolist()
    named = zip((f"{p:g}" for p in question.percents), map(_plain, found[1:]), strict=True)
    return {
        "count": count,
        "valid_percent": 100 * count / values.size if values.size else 0.0,
        **{name: _plain(float(moments.named(name)[0])) for name in ("min", "max", "mean", "std")},
        "median": _plain(found[0]),
        "percentiles": dict(named),
        "histogram": {"counts": counts.tolist(), "edges": edges.tolist()} if count else EMPTY,
    }


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
