"""Values of cells, step by step and level by level, for all that a query finds."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import pyproj

from tileserver.axis import Floats
from tileserver.cost import check_bytes
from tileserver.errors import PayloadTooLarge
from tileserver.grid import LONLAT, Grid
from tileserver.layer import Layer, Selection
from tileserver.pipeline import Engine
from tileserver.projection import reprojected
from tileserver.services.coverage import MOST_CELLS, estimate, read_steps
from tileserver.services.edr.coverage import Values
from tileserver.services.edr.question import Index, Question, Reach
from tileserver.services.window import Part

_GEOD = pyproj.Geod(ellps="WGS84")
AT_ONCE = 4  # parameters, and pieces of each
REMEDY = "ask for fewer parameters, times or levels, or a smaller area"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Cells of a layer, at some steps and at one of the others' coordinates."""

    layer: Layer
    selection: Selection
    steps: Index
    parts: tuple[Part, ...]
    cells: int


def count_of(reach: Reach, cells: int) -> int:
    """The values of a layer with so many cells at each step and level."""
    return len(reach.steps) * len(reach.rungs) * cells


def check_count(counts: Iterable[int]) -> None:
    """Refuse an answer of too many values. Raises PayloadTooLarge."""
    count = sum(counts)
    if count > MOST_CELLS:
        raise PayloadTooLarge(
            f"this would be {count:,} values, the limit is {MOST_CELLS:,}: {REMEDY}"
        )


def check_reading(engine: Engine, blocks: Iterable[Block]) -> None:
    """Refuse what would read too much. Raises PayloadTooLarge."""
    size = sum(estimate(block.selection, block.steps, block.parts) for block in blocks)
    check_bytes(size, engine.limits.series_bytes, REMEDY)


async def read(engine: Engine, question: Question, block: Block) -> Values:
    """Physical values (steps, rows, cols), NaN where there are none. Raises SourceError."""
    load = partial(engine.read, question.dataset)
    form = partial(_stored, kind=precision(block.layer))
    return np.stack([each async for each in read_steps(load, block, form, engine.pool)])


def _stored(values: Floats, kind: np.dtype[np.floating]) -> Values:
    found: Values = values.astype(kind)
    return found


def precision(layer: Layer) -> np.dtype[np.floating]:
    """What holds a layer's values: 32 bits, unless the stored numbers have more digits."""
    kinds = [variable.dtype for variable in layer.variables]
    single = all(kind.itemsize <= (4 if kind.kind == "f" else 2) for kind in kinds)
    return np.dtype(np.float32 if single else np.float64)


def without_overviews(layer: Layer) -> Layer:
    """A layer that is read at its finest level alone: a coarser one holds other values."""
    return replace(layer, variables=tuple(replace(v, levels=v.levels[:1]) for v in layer.variables))


def cell_m(grid: Grid) -> float:
    """The shorter side of a cell in the middle of a grid."""
    lon, lat = reprojected(grid.crs, LONLAT, *grid.middle())
    _, _, sides = _GEOD.inv(lon[[0, 0]], lat[[0, 0]], lon[1:], lat[1:])
    known = sides[np.isfinite(sides) & (sides > 0)]
    return float(known.min()) if known.size else math.inf


async def each(found: Sequence[T], job: Callable[[T], Awaitable[Values]]) -> list[Values]:
    """What a job makes of each, some at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(item: T) -> Values:
        async with gate:
            return await job(item)

    return list(await asyncio.gather(*(one(item) for item in found)))
