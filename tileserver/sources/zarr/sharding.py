"""Shards of Zarr v3: many chunks in one object, behind an index; also shards within shards.

Public: `unshard`, which takes the shards out of an array's codecs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.errors import CatalogError, shown
from tileserver.sources.zarr.codec import bare, decoder_v3, native
from tileserver.sources.zarr.compression import Config

NOT_STORED = 2**64 - 1  # in both words of an index (Zarr v3, sharding_indexed 1.0)
SHARDING = "sharding_indexed"
# The sizes of an index that they change by so many bytes are known before it is read.
INDEX_CODECS = {"bytes": 0, "endian": 0, "transpose": 0, "crc32c": 4, "crc32": 4, "adler32": 4,
                "fletcher32": 4}  # fmt: skip
DEFAULT_INDEX_CODECS: Sequence[Config] = (
    {"name": "bytes", "configuration": {"endian": "little"}},
    {"name": "crc32c"},
)
LARGEST_INDEX_NBYTES = 1 << 26
DEEPEST = 4  # shards within shards
Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Shards:
    """How smaller chunks lie in larger ones, the shards.

    Args:
        grid: smaller chunks per shard along each stored dimension.
        order: the stored dimension at each place of the index.
        step: innermost chunks per smaller chunk along each stored dimension.
        decode: offsets and lengths (…grid in order, 2) from the bytes of an index.
        index_nbytes: the encoded size of the index.
        at_end: where the index lies.
    """

    grid: Shape
    order: Shape
    step: Shape
    decode: Callable[[memoryview], npt.NDArray[Any]]
    index_nbytes: int
    at_end: bool

    @property
    def span(self) -> Shape:
        """Innermost chunks per shard along each stored dimension."""
        return tuple(n * s for n, s in zip(self.grid, self.step, strict=True))

    def read_index(self, data: memoryview) -> npt.NDArray[np.uint64]:
        """Offsets and lengths of the smaller chunks."""
        return native(self.decode(data))

    def entry(self, coordinates: Shape) -> Shape:
        """Where in the index the chunk stands that holds an innermost one."""
        inside = [c // s % n for c, s, n in zip(coordinates, self.step, self.grid, strict=True)]
        return tuple(inside[i] for i in self.order)


def unshard(
    codecs: Sequence[Config], shape: Shape
) -> tuple[tuple[Shards, ...], Sequence[Config], Shape]:
    """The levels of shards, outer ones first; the codecs and the shape of an innermost chunk.

    What was transposed before it was put into shards is transposed in each chunk instead.
    Raises CatalogError for what cannot be read by chunk.
    """
    found: list[tuple[Shape, Shape, Config]] = []
    order = tuple(range(len(shape)))
    transposes: list[Config] = []
    while any(codec["name"] == SHARDING for codec in codecs):
        place = next(i for i, codec in enumerate(codecs) if codec["name"] == SHARDING)
        _check_neighbours(codecs, place)
        if len(found) == DEEPEST:
            raise CatalogError(f"codecs: more than {DEEPEST} shards within shards")
        for codec in codecs[:place]:
            order = tuple(order[i] for i in _transpose(codec, len(shape)))
            transposes.append(codec)
        settings = codecs[place]["configuration"]
        stored = tuple(settings["chunk_shape"])
        inner = tuple(stored[order.index(i)] for i in range(len(order)))
        grid = _grid(shape, inner)
        found.append((grid, order, settings))
        shape, codecs = inner, settings["codecs"]
    levels: list[Shards] = []
    step: Shape = (1,) * len(shape)
    for grid, places, settings in reversed(found):
        levels.insert(0, _level(grid, places, step, settings))
        step = levels[0].span
    return tuple(levels), [*transposes, *codecs], shape


def _check_neighbours(codecs: Sequence[Config], place: int) -> None:
    others = [*codecs[:place], *codecs[place + 1 :]]
    named = next((c["name"] for c in others if c["name"] != "transpose"), None)
    if named is not None or len(codecs) > place + 1:
        raise CatalogError(
            f"codecs: with {shown(named or 'transpose')!r} beside {SHARDING!r} a shard can only be "
            "read whole: rewrite the array with that codec inside the shards"
        )


def _transpose(codec: Config, count: int) -> Shape:
    order = tuple(codec["configuration"]["order"])
    if sorted(order) != list(range(count)):
        raise CatalogError(f"codecs: transpose by {list(order)} does not fit {count} dims")
    return order


def _grid(shape: Shape, inner: Shape) -> Shape:
    if len(inner) != len(shape) or any(c < 1 or s % c for s, c in zip(shape, inner, strict=True)):
        raise CatalogError(f"codecs: shards of {list(shape)} do not hold chunks of {list(inner)}")
    return tuple(s // c for s, c in zip(shape, inner, strict=True))


def _level(grid: Shape, order: Shape, step: Shape, settings: Config) -> Shards:
    codecs: Sequence[Config] = settings.get("index_codecs") or DEFAULT_INDEX_CODECS
    for codec in codecs:
        if bare(codec["name"]) not in INDEX_CODECS:
            raise CatalogError(
                f"index_codecs: what {shown(codec['name'])!r} makes of an index has no size known "
                "before it is read: rewrite the array with bytes and crc32c"
            )
    nbytes = 16 * math.prod(grid) + sum(INDEX_CODECS[bare(codec["name"])] for codec in codecs)
    if nbytes > LARGEST_INDEX_NBYTES:
        raise CatalogError(
            f"codecs: a shard holds {math.prod(grid)} chunks, whose index is too large to keep: "
            "rewrite the array with larger chunks or smaller shards"
        )
    location = settings.get("index_location", "end")
    if location not in ("start", "end"):
        raise CatalogError(f"index_location={shown(location)!r}: expected start or end")
    decode = decoder_v3(codecs, np.dtype(np.uint64), (*(grid[i] for i in order), 2))
    return Shards(grid, order, step, decode, nbytes, location == "end")
