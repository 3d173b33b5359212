"""A block of a layer: its values over an area and a stretch of time, on a grid of bounded size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import orjson

from tileserver.axis import Axis, Floats
from tileserver.cube import Cube, Raw
from tileserver.errors import InvalidParameter
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Bounds, Grid
from tileserver.layer import Layer, Selection
from tileserver.services.window import Part, Read, check_single, combine, read_blocks, sampled
from tileserver.sources.chunk import count_chunks

Index = npt.NDArray[np.intp]
T = TypeVar("T")

MOST_SIDE = 256
MOST_STEPS = 512
MOST_CELLS = 4_000_000
AT_ONCE = 8  # steps
DIGITS = 5
BUDGET_BYTES = 128 << 20  # of steps that are read at once
# Fewer cells than this are worked out sooner than a thread is started.
INLINE_CELLS = 2000


class Sampled(Protocol):
    """What is read step by step: a block, or a line."""

    @property
    def layer(self) -> Layer: ...
    @property
    def selection(self) -> Selection: ...
    @property
    def steps(self) -> Index: ...
    @property
    def parts(self) -> tuple[Part, ...]: ...
    @property
    def cells(self) -> int:
        """Numbers of a step."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A block, resolved.

    Args:
        steps: indices along the stored time dimension, in order of time; one where there is none.
        times: ISO 8601, one for each step; empty where there is no time.
        grid: the cells in degrees, the first row the northernmost.
    """

    layer: Layer
    selection: Selection
    steps: Index
    times: tuple[str, ...]
    grid: Grid
    parts: tuple[Part, ...]

    @property
    def cells(self) -> int:
        """Numbers of a step."""
        height, width = self.grid.shape
        return height * width


def prepare(
    cube: Cube,
    layer: Layer,
    selection: Selection,
    bbox: Bounds,
    *,
    size: tuple[int, int],
    most_steps: int,
    start: str | None = None,
    end: str | None = None,
) -> Request:
    """What a block will read: of an area in degrees, west > east crosses 180°. Not for the loop.

    Of more steps than `most_steps` as many are taken, evenly apart, the first and last among them.

    Args:
        size: (height, width) in cells.

    Raises InvalidParameter.
    """
    check_single(layer)
    steps, times = thinned(cube, selection, start, end, most_steps)
    height, width = size
    if len(steps) * height * width > MOST_CELLS:
        raise InvalidParameter(
            "steps", len(steps), f"expected steps × width × height of at most {MOST_CELLS}"
        )
    west, south, east, north = bbox
    across = east - west + (FULL_CIRCLE_DEG if east < west else 0)
    x = Axis(west, across / width, width)
    grid = Grid(LONLAT, x, Axis(north, (south - north) / height, height))
    reached = layer.reaching(int(steps.max()))
    return Request(layer, selection, steps, times, grid, sampled(reached, grid))


def thinned(
    cube: Cube, selection: Selection, start: str | None, end: str | None, most: int
) -> tuple[Index, tuple[str, ...]]:
    """Steps within a range of time, evenly apart, and their times; a layer without times has one.

    Raises InvalidParameter for times, and for a range that holds no step.
    """
    axis = selection.axis(cube)
    if axis is None:
        return np.array([selection.step or 0]), ()
    steps = axis.between(start, end)
    if not len(steps):
        name, given = ("end", end) if start is None else ("start", start)
        raise InvalidParameter(name, given, f"expected a range with times, which are {axis.span}")
    if len(steps) > most:
        steps = steps[np.round(np.linspace(0, len(steps) - 1, most)).astype(np.intp)]
    return steps, tuple(axis.texts(steps))


def estimate(selection: Selection, steps: Index, parts: tuple[Part, ...]) -> int:
    """The most decoded bytes of chunks that are read."""
    total = 0
    for part in parts:
        stored = part.stored
        if selection.time not in part.variable.dims:
            windows = [part.window(selection, slice(0, 1))]
        else:
            along = part.variable.dims.index(selection.time)
            firsts = {int(step) // stored.chunks[along]: int(step) for step in steps}
            windows = [part.window(selection, slice(s, s + 1)) for s in firsts.values()]
        total += sum(count_chunks(w, stored.shape, stored.chunks) for w in windows) * stored.nbytes
    return total


def head(dataset: str, request: Request) -> dict[str, object]:
    """What is told of a block beside its values."""
    grid = request.grid
    height, width = grid.shape
    return {
        "dataset": dataset,
        "variable": request.layer.id,
        "units": request.layer.units,
        "bbox": [grid.x.low, grid.y.low, grid.x.high, grid.y.high],
        "shape": [len(request.steps), height, width],
        "times": list(request.times),
    }


def step_bytes(parts: tuple[Part, ...]) -> int:
    """What is read of one step, decoded to the layer's window."""
    return sum(
        (p.rows.stop - p.rows.start) * (p.cols.stop - p.cols.start) * p.variable.dtype.itemsize
        for p in parts
    )


async def read_steps(
    read: Read,
    request: Sampled,
    form: Callable[[Floats], T],
    pool: Executor | None = None,
) -> AsyncIterator[T]:
    """What `form` makes of the physical values (rows, cols) of each step, in their order.

    Some steps are read at once, as many as the budget of memory holds. Raises SourceError.

    Args:
        pool: where larger steps are worked out.
    """
    parts = request.parts
    at_once = max(1, min(AT_ONCE, BUDGET_BYTES // max(1, step_bytes(parts))))
    loop = asyncio.get_running_loop()

    def finish(found: list[Raw]) -> T:
        return form(np.asarray(combine(request.layer, parts, found)[0], np.float64))

    async def one(step: int) -> T:
        found = await read_blocks(read, parts, request.selection, slice(step, step + 1))
        if request.cells < INLINE_CELLS:
            return finish(found)
        return await loop.run_in_executor(pool, finish, found)

    for first in range(0, len(request.steps), at_once):
        some = request.steps[first : first + at_once]
        for values in await asyncio.gather(*(one(int(step)) for step in some)):
            yield values


def rounded(values: Floats) -> npt.NDArray[np.float32]:
    """Numbers of as many digits as are seen, NaN where there are none."""
    known = np.isfinite(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(known & (values != 0), np.floor(np.log10(np.abs(values))), 0)
    scale = 10.0 ** (DIGITS - 1 - size)
    with np.errstate(over="ignore"):  # of what 32 bits do not hold
        return np.where(known, np.round(values * scale) / scale, np.nan).astype(np.float32)


def encoded(values: Floats) -> orjson.Fragment:
    """The numbers as JSON has them, null where there are none."""
    return orjson.Fragment(orjson.dumps(rounded(values), option=orjson.OPT_SERIALIZE_NUMPY))
