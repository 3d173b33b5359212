"""Windows out of chunks: which chunks a window touches, read together, put side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

import numpy as np

from tileserver.cube import Level, Raw
from tileserver.plan import ReadPlan

Coordinates = tuple[int, ...]


class ChunkedArray(Protocol):
    """An array in canonical order (leading dimensions…, rows, cols) that is read by chunk.

    `held` gives a decoded chunk if it is kept; `chunk` reads and keeps it. Chunks are in native
    byte order, C order, of the full chunk size or cut at the array's end, and read-only.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def chunks(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[np.generic]: ...

    def held(self, coordinates: Coordinates) -> Raw | None: ...

    async def chunk(self, coordinates: Coordinates) -> Raw: ...


@dataclass(frozen=True, slots=True)
class _Span:
    """A part of a window along one dimension that lies in one chunk."""

    chunk: int
    inside: slice
    outside: slice


def _spans(window: slice, size: int, chunk: int) -> list[_Span]:
    spans = []
    at = window.start
    while at < window.stop:
        turned = at % size  # only columns that wrap go beyond the size
        number, offset = divmod(turned, chunk)
        length = min(chunk - offset, size - turned, window.stop - at)
        start = at - window.start
        spans.append(_Span(number, slice(offset, offset + length), slice(start, start + length)))
        at += length
    return spans


def _pieces(
    array: ChunkedArray, window: Sequence[slice]
) -> Iterator[tuple[Coordinates, tuple[slice, ...], tuple[slice, ...]]]:
    spans = [_spans(*each) for each in zip(window, array.shape, array.chunks, strict=True)]
    for piece in product(*spans):
        yield (
            tuple(s.chunk for s in piece),
            tuple(s.inside for s in piece),
            tuple(s.outside for s in piece),
        )


def count_chunks(window: Sequence[slice], shape: tuple[int, ...], chunks: tuple[int, ...]) -> int:
    """How many chunks a window touches."""
    total = 1
    for extent, size, chunk in zip(window, shape, chunks, strict=True):
        if extent.stop <= size:
            total *= (extent.stop - 1) // chunk - extent.start // chunk + 1
        else:
            total *= len({s.chunk for s in _spans(extent, size, chunk)})
    return total


def planned_chunks(plan: ReadPlan, level: Level) -> int:
    """How many chunks a plan touches."""
    if not plan.chunks:
        return count_chunks(plan.window, level.shape, level.chunks)
    steps = count_chunks(plan.window[:-2], level.shape[:-2], level.chunks[:-2])
    return steps * len(plan.chunks)


def planned_bytes(plan: ReadPlan, level: Level) -> int:
    """What the chunks that a plan touches hold, decoded."""
    return planned_chunks(plan, level) * level.nbytes


def held_plan(array: ChunkedArray, plan: ReadPlan) -> Raw | None:
    """A plan's numbers if all its chunks are held."""
    if not plan.chunks:
        return held_window(array, plan.window)
    parts = [held_window(array, window) for window in _pile(array, plan)]
    known = [part for part in parts if part is not None]
    return np.concatenate(known, axis=-2) if len(known) == len(parts) else None


async def read_plan(array: ChunkedArray, plan: ReadPlan) -> Raw:
    """A plan's numbers, the chunks that are not held read together."""
    if not plan.chunks:
        return await read_window(array, plan.window)
    windows = _pile(array, plan)
    parts = await asyncio.gather(*(read_window(array, window) for window in windows))
    return np.concatenate(parts, axis=-2)


def _pile(array: ChunkedArray, plan: ReadPlan) -> list[tuple[slice, ...]]:
    """The windows of the chunks that are piled up."""
    high, wide = array.chunks[-2:]
    return [
        (
            *plan.window[:-2],
            slice(row * high, (row + 1) * high),
            slice(col * wide, (col + 1) * wide),
        )
        for row, col in plan.chunks
    ]


def held_window(array: ChunkedArray, window: Sequence[slice]) -> Raw | None:
    """The window's numbers if all its chunks are held, a view where they lie in one."""
    single = _single(array, window)
    if single is not None:
        coordinates, inside = single
        chunk = array.held(coordinates)
        return None if chunk is None else chunk[inside]
    out: Raw = np.empty([s.stop - s.start for s in window], array.dtype)
    for coordinates, inside, outside in _pieces(array, window):
        chunk = array.held(coordinates)
        if chunk is None:
            return None
        out[outside] = chunk[inside]
    return out


def _single(
    array: ChunkedArray, window: Sequence[slice]
) -> tuple[Coordinates, tuple[slice, ...]] | None:
    """The one chunk that a window lies in, and where in it, as most windows do."""
    coordinates, inside = [], []
    for each, size, chunk in zip(window, array.shape, array.chunks, strict=True):
        number, start = divmod(each.start, chunk)
        stop = start + each.stop - each.start
        if stop > chunk or each.stop > size:
            return None
        coordinates.append(number)
        inside.append(slice(start, stop))
    return tuple(coordinates), tuple(inside)


async def read_window(array: ChunkedArray, window: Sequence[slice]) -> Raw:
    """The window's numbers, a view where they lie in one chunk.

    The chunks that are not held are read together; the first failure cancels the others.
    """
    single = _single(array, window)
    if single is not None:
        coordinates, inside = single
        chunk = array.held(coordinates)
        if chunk is None:
            chunk = await array.chunk(coordinates)
        return chunk[inside]
    pieces = list(_pieces(array, window))
    out: Raw = np.empty([s.stop - s.start for s in window], array.dtype)
    missing = []
    for piece in pieces:
        chunk = array.held(piece[0])
        if chunk is None:
            missing.append(piece)
        else:
            out[piece[2]] = chunk[piece[1]]

    async def fill(
        coordinates: Coordinates, inside: tuple[slice, ...], outside: tuple[slice, ...]
    ) -> None:
        out[outside] = (await array.chunk(coordinates))[inside]

    await together(fill(*piece) for piece in missing)
    return out


async def together(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """All jobs at once; the first failure cancels the others."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
