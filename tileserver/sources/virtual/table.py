"""Where the chunks of an array lie: in parts of files, or in the table itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tileserver.errors import CatalogError

Place = tuple[int, ...]
Ints = npt.NDArray[np.int64]

MOST_CHUNKS = 20_000_000  # of a dataset; 0.6 GB
MASK_NBYTES = 4
WHOLE = -1  # the length of a reference to a whole object


@dataclass(frozen=True, slots=True)
class Reference:
    """A part of an object, from start to stop, or all of it where there is no stop."""

    url: str
    start: int = 0
    stop: int | None = None


Found = Reference | bytes | None


class Chunks(Protocol):
    """Tells of each chunk of an array, by its place among them, where it is; None: not stored.

    `whole` makes of what was read what the array's codecs expect. Raises SourceError.
    """

    async def find(self, place: Place) -> Found: ...

    def whole(self, place: Place, data: memoryview) -> memoryview: ...


@dataclass(frozen=True, slots=True, eq=False)
class ChunkTable:
    """The chunks that are stored, by their number in C order among all of the array.

    Args:
        grid: how many chunks there are along each dimension.
        numbers: sorted, one for each chunk that is stored.
        starts, lengths: of the part of a file, for each.
        which: index of the file in `urls`, for each.
        inline: chunks that the table holds, by number.
        nbytes: of a whole chunk that is not compressed, 0 for others; the last one along a
            dimension may be cut in the file.
        masks: of chunks that not all filters were applied to (H5Dwrite_chunk), by number; each
            chunk gets its mask before it, as the codec `hdf5` expects. None: of no array else.
    """

    grid: Place
    numbers: Ints
    starts: Ints
    lengths: Ints
    urls: tuple[str, ...]
    which: npt.NDArray[np.uint32]
    inline: Mapping[int, bytes] = field(default_factory=dict)
    nbytes: int = 0
    masks: Mapping[int, int] | None = None

    def __len__(self) -> int:
        return len(self.numbers) + len(self.inline)

    async def find(self, place: Place) -> Found:
        """A bisection: tables are as small as they can be."""
        number = number_of(place, self.grid)
        if number is None:
            return None
        if number in self.inline:
            return self.inline[number]
        at = int(np.searchsorted(self.numbers, number))
        if at == len(self.numbers) or self.numbers[at] != number:
            return None
        url, length = self.urls[self.which[at]], int(self.lengths[at])
        if length == WHOLE:
            return Reference(url)
        start = int(self.starts[at])
        return Reference(url, start, start + length)

    def whole(self, place: Place, data: memoryview) -> memoryview:
        """Filled up where it is cut; with its mask before it where that counts."""
        if self.masks is not None:
            mask = self.masks.get(number_of(place, self.grid) or 0, 0)
            return memoryview(mask.to_bytes(MASK_NBYTES, "little") + data)
        if data.nbytes < self.nbytes:
            return memoryview(bytes(data) + bytes(self.nbytes - data.nbytes))
        return data


def number_of(place: Place, grid: Place) -> int | None:
    """The number of a chunk among all in C order; None where it lies outside."""
    number = 0
    if len(place) != len(grid):
        return None
    for coordinate, count in zip(place, grid, strict=True):
        if not 0 <= coordinate < count:
            return None
        number = number * count + coordinate
    return number


def table(
    grid: Place,
    places: npt.NDArray[Any],
    starts: npt.NDArray[Any],
    lengths: npt.NDArray[Any],
    url: str,
    **options: Any,
) -> ChunkTable:
    """The table of chunks in one file.

    Args:
        places: (chunks, dimensions), in any order.
    """
    numbers = _numbers(places, grid)
    order = np.argsort(numbers, kind="stable")
    return ChunkTable(
        grid,
        numbers[order],
        np.asarray(starts, np.int64)[order],
        np.asarray(lengths, np.int64)[order],
        (url,),
        np.zeros(len(order), np.uint32),
        **options,
    )


def inline(grid: Place, chunks: Mapping[Place, bytes]) -> ChunkTable:
    """A table that holds all chunks itself."""
    empty = np.empty(0, np.int64)
    held = {number_of(place, grid): data for place, data in chunks.items()}
    known = {number: data for number, data in held.items() if number is not None}
    return ChunkTable(grid, empty, empty, empty, (), np.empty(0, np.uint32), known)


def grid_of(shape: Sequence[int], chunks: Sequence[int]) -> Place:
    """How many chunks there are along each dimension. Raises CatalogError for nonsense."""
    if len(shape) != len(chunks) or any(n < 0 for n in shape) or any(c < 1 for c in chunks):
        raise CatalogError("its chunks do not fit its shape; the metadata is damaged")
    grid = tuple(-(-n // c) for n, c in zip(shape, chunks, strict=True))
    if math.prod(grid) >= 1 << 63:
        raise CatalogError("its shape is beyond all measure; the metadata is damaged")
    return grid


def concatenated(tables: Sequence[ChunkTable], axis: int) -> ChunkTable:
    """Tables one after another along a dimension, of arrays that fill their last chunk there."""
    total = sum(each.grid[axis] for each in tables)
    grid = tuple(total if i == axis else n for i, n in enumerate(tables[0].grid))
    numbers, which, urls = [], [], dict[str, int]()
    held: dict[int, bytes] = {}
    masks: dict[int, int] = {}
    for each, moved in _moved(tables, axis, grid):
        numbers.append(moved(each.numbers))
        index = np.array([urls.setdefault(url, len(urls)) for url in each.urls], np.uint32)
        which.append(index[each.which] if len(index) else each.which)
        held |= {int(moved(np.array([n]))[0]): data for n, data in each.inline.items()}
        masks |= {int(moved(np.array([n]))[0]): m for n, m in (each.masks or {}).items()}
    order = np.argsort(joined := np.concatenate(numbers), kind="stable")
    return replace(
        tables[0],
        grid=grid,
        numbers=joined[order],
        starts=np.concatenate([each.starts for each in tables])[order],
        lengths=np.concatenate([each.lengths for each in tables])[order],
        urls=tuple(urls),
        which=np.concatenate(which)[order],
        inline=held,
        masks=None if tables[0].masks is None else masks,
    )


def _moved(
    tables: Sequence[ChunkTable], axis: int, grid: Place
) -> Iterator[tuple[ChunkTable, Callable[[Ints], Ints]]]:
    """Each table with what turns its numbers into those of all."""
    offset = 0
    for each in tables:

        def moved(numbers: Ints, own: Place = each.grid, offset: int = offset) -> Ints:
            inner = math.prod(own[axis + 1 :])
            outer, rest = np.divmod(numbers, inner * own[axis])
            found: Ints = outer * (inner * grid[axis]) + rest + offset * inner
            return found

        yield each, moved
        offset += each.grid[axis]


def _numbers(places: npt.NDArray[Any], grid: Place) -> Ints:
    numbers = np.zeros(len(places), np.int64)
    for axis, count in enumerate(grid):
        numbers = numbers * count + places[:, axis]
    return numbers
