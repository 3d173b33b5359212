"""Zarr v2 and v3 arrays: chunks read straight from the store."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import product
from operator import add
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.cache import ByteCache
from tileserver.cube import Cube, Raw
from tileserver.errors import CatalogError, SourceError, shown
from tileserver.plan import ReadPlan
from tileserver.sources.chunk import ChunkedArray, Coordinates, held_plan, read_plan, together
from tileserver.sources.storage.objects import Objects, Readable
from tileserver.sources.watch import Watch
from tileserver.sources.zarr.codec import LARGEST_TEXTS_NBYTES, NO_FIXED_SIZE, Decode, native
from tileserver.sources.zarr.hierarchy import Document
from tileserver.sources.zarr.metadata import ArrayMetadata, is_v2
from tileserver.sources.zarr.sharding import NOT_STORED, Shards

MOST_PIECES = 100_000  # of an array that is read whole
LARGEST_WHOLE_NBYTES = 1 << 30
PIECES_AT_ONCE = 256
LARGEST_OFFSET = 2**63 - 1
NOTHING = np.empty(256, np.uint8)  # kept for a chunk that is not stored: what its key weighs
EMPTY = "empty"  # the key of what such chunks are


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """Where chunks come from, where they are kept once decoded, and the threads that decode."""

    store: Objects
    cache: ByteCache[Raw]
    pool: Executor


@dataclass(frozen=True, eq=False)
class ZarrArray:
    """One array, read by chunk in canonical order (leading dimensions…, rows, cols).

    Args:
        order: the stored dimension at each canonical place.
        shape, chunks: in canonical order; chunks are inner chunks where there are shards.
        masks_fill: whether the fill value marks missing data, as xarray takes it: in v2.
        key: the object of a chunk (or shard) by its stored coordinates.
        quick: whether a chunk is decoded sooner than a thread would take it over.
        indexes: of shards, by their keys, that are known for good.
    """

    path: str
    dims: tuple[str, ...]
    order: tuple[int, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    fill_value: Any
    masks_fill: bool
    key: Callable[[Coordinates], str]
    decode: Decode
    quick: bool
    shards: tuple[Shards, ...]
    supply: Supply
    indexes: dict[str, Raw] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """The size of one decoded chunk."""
        return math.prod(self.chunks) * self.dtype.itemsize

    def ordered(self, order: tuple[int, ...]) -> ZarrArray:
        """The same array with its stored dimensions in another order; opened arrays are stored."""
        return replace(
            self,
            dims=tuple(self.dims[i] for i in order),
            order=order,
            shape=tuple(self.shape[i] for i in order),
            chunks=tuple(self.chunks[i] for i in order),
        )

    def held(self, coordinates: Coordinates) -> Raw | None:
        """A decoded chunk that is kept."""
        chunk = self.supply.cache.held((self, coordinates))
        return self._empty() if chunk is NOTHING else chunk

    async def chunk(self, coordinates: Coordinates) -> Raw:
        """A chunk, read and decoded once however many ask for it. Raises SourceError."""
        chunk = await self.supply.cache.get((self, coordinates), lambda: self._load(coordinates))
        return self._empty() if chunk is NOTHING else chunk

    def _empty(self) -> Raw:
        """A chunk that is not stored: all fill value, 0 where none is given. Kept once."""
        cache = self.supply.cache
        chunk = cache.held((self, EMPTY))
        if chunk is None:
            value = 0 if self.fill_value is None else self.fill_value
            chunk = np.full(self.chunks, value, self.dtype)
            chunk.flags.writeable = False
            cache.put((self, EMPTY), chunk)
        return chunk

    async def _load(self, coordinates: Coordinates) -> Raw:
        stored = [0] * len(coordinates)
        for place, coordinate in zip(self.order, coordinates, strict=True):
            stored[place] = coordinate
        data = await self._bytes(tuple(stored))
        if data is None:
            return NOTHING
        if self.quick:
            return self._decoded(data)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.supply.pool, self._decoded, data)

    def _decoded(self, data: memoryview) -> Raw:
        try:
            chunk = self._canonical(self.decode(data))
        except SourceError:
            raise
        except Exception as error:  # codecs raise whatever they like on damaged bytes
            raise SourceError(f"variable {self.path!r}: a chunk is damaged") from error
        if np.may_share_memory(chunk, np.frombuffer(data, np.uint8)):
            chunk = chunk.copy()  # not compressed: it would keep the bytes of its neighbours too
        chunk.flags.writeable = False
        return chunk

    def _canonical(self, array: Raw) -> Raw:
        """In the machine's byte order, the order of dimensions that is served, and C order."""
        chunk: Raw = np.ascontiguousarray(native(array).transpose(self.order)).view(self.dtype)
        return chunk.reshape(self.chunks)  # which is () where numpy makes it (1,)

    async def _bytes(self, stored: Coordinates) -> memoryview | None:
        store = self.supply.store
        if not self.shards:
            most = 2 * self.nbytes + LARGEST_TEXTS_NBYTES
            return await store.get(self.key(stored), about=self.nbytes, most=most)
        span = self.shards[0].span
        shard = self.key(tuple(c // n for c, n in zip(stored, span, strict=True)))
        start, stop = 0, None
        for level in self.shards:
            index = await self._shard_index(level, shard, start, stop)
            if index is NOTHING:
                return None
            offset, length = (int(word) for word in index[level.entry(stored)])
            if offset == length == NOT_STORED:
                return None
            start, stop = start + offset, start + offset + length
            if length == 0 or stop > LARGEST_OFFSET or length > self._largest_piece(level):
                raise SourceError(f"variable {self.path!r}: a shard's index is damaged")
        assert stop is not None
        return await store.get_range(shard, start, stop)

    def _largest_piece(self, level: Shards) -> int:
        """What a chunk of a shard can have in bytes: codecs make little more than there was."""
        return 2 * math.prod(level.step) * self.nbytes + LARGEST_TEXTS_NBYTES

    async def _shard_index(self, level: Shards, shard: str, start: int, stop: int | None) -> Raw:
        """Where chunks lie in a shard, kept as chunks are; NOTHING where it is not stored."""
        if start == 0 and stop is None and (known := self.indexes.get(shard)) is not None:
            return known
        return await self.supply.cache.get(
            (self, shard, start, stop), lambda: self._read_index(level, shard, start, stop)
        )

    def shards_of(self, window: Sequence[slice]) -> list[str]:
        """The keys of the shards that a window (leading dimensions…, rows, cols) touches."""
        ranges = [range(0)] * len(self.order)
        for place, cells, chunk in zip(self.order, window, self.chunks, strict=True):
            size = chunk * self.shards[0].span[place]
            ranges[place] = range(cells.start // size, -(-cells.stop // size))
        return [self.key(place) for place in product(*ranges)]

    async def learn(self, shard: str) -> None:
        """Read the index of a shard, to keep it for good, so that its chunks take one read."""
        index = await self._read_index(self.shards[0], shard, 0, None)
        if index is not NOTHING:
            self.indexes[shard] = index

    async def _read_index(self, level: Shards, shard: str, start: int, stop: int | None) -> Raw:
        store, nbytes = self.supply.store, level.index_nbytes
        if not level.at_end:
            data = await store.get_range(shard, start, start + nbytes)
        elif stop is None:
            data = await store.get_suffix(shard, nbytes)
        else:
            data = await store.get_range(shard, max(start, stop - nbytes), stop)
        try:
            return NOTHING if data is None else level.read_index(data)
        except Exception as error:
            raise SourceError(f"variable {self.path!r}: a shard's index is damaged") from error

    async def values(self) -> npt.NDArray[Any]:
        """All of an array, such as a coordinate; its chunks are not kept.

        Raises CatalogError where it is too large for that, SourceError where it cannot be read.
        """
        counts = [-(-n // c) for n, c in zip(self.shape, self.chunks, strict=True)]
        self._check_whole(math.prod(counts))
        out: npt.NDArray[Any] = np.empty(self.shape, self.dtype)
        places = iter(np.ndindex(*counts))

        async def fill() -> None:
            for place in places:
                chunk = await self._load(place)
                starts = [p * c for p, c in zip(place, self.chunks, strict=True)]
                cells = tuple(map(slice, starts, map(add, starts, self.chunks)))
                part = self._empty() if chunk is NOTHING else chunk
                out[cells] = part[tuple(map(slice, out[cells].shape))]

        await together(fill() for _ in range(min(PIECES_AT_ONCE, math.prod(counts))))
        return out

    def _check_whole(self, pieces: int) -> None:
        nbytes = math.prod(self.shape) * self.dtype.itemsize
        if pieces > MOST_PIECES or nbytes > LARGEST_WHOLE_NBYTES:
            raise CatalogError(
                f"variable {self.path!r}: {pieces} chunks of {nbytes >> 20} MiB together are too "
                f"much to read whole: rechunk it, to at most {MOST_PIECES} chunks and "
                f"{LARGEST_WHOLE_NBYTES >> 20} MiB"
            )


def open_array(path: str, document: Document, attrs: Document, supply: Supply) -> ZarrArray:
    """An array from its document. Raises CatalogError where it cannot be read."""
    name = path.rpartition("/")[2]
    try:
        return _open_array(path, document, attrs, supply)
    except CatalogError as error:
        raise CatalogError(f"variable {name!r}: {error}") from error
    except Exception as error:  # the libraries that read it raise whatever they like
        raise CatalogError(
            f"variable {name!r}: its metadata cannot be used ({shown(str(error))})"
        ) from error


def _open_array(path: str, document: Document, attrs: Document, supply: Supply) -> ZarrArray:
    _check_path(path)
    known = ArrayMetadata.parse(document, attrs)
    served = _served_type(known.dtype, attrs)
    fill = known.fill
    prefix = f"{path}/" if path else ""
    return ZarrArray(
        path=path,
        dims=known.dims,
        order=tuple(range(len(known.shape))),
        shape=known.shape,
        chunks=known.chunks,
        dtype=served,
        fill_value=np.asarray(fill).astype(served) if _is_number(served, fill) else fill,
        masks_fill=is_v2(document) and fill is not None,
        key=lambda place: prefix + known.key(place),
        decode=known.decode,
        quick=known.quick,
        shards=known.shards,
        supply=supply,
    )


def _check_path(path: str) -> None:
    """Names are parts of keys: none may lead out of the store."""
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise CatalogError("its path leads out of the store: rename it")


def _served_type(dtype: np.dtype[Any], attrs: Document) -> np.dtype[Any]:
    """The type of decoded chunks: in the machine's byte order, bools as bytes, texts as objects,
    and with a sign or not as _Unsigned says (NetCDF Users Guide, attribute conventions)."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind in NO_FIXED_SIZE:
        return np.dtype(object)
    if dtype.kind in "iu" and "_Unsigned" in attrs:
        told = {"true": "u", "false": "i"}.get(str(attrs["_Unsigned"]).lower(), dtype.kind)
        return np.dtype(f"{told}{dtype.itemsize}")
    return dtype.newbyteorder("=")


def _is_number(dtype: np.dtype[Any], fill: object) -> bool:
    return dtype.kind in "iuf" and fill is not None


@dataclass(frozen=True, slots=True, eq=False)
class ZarrSource:
    """A cube in a Zarr group.

    Args:
        arrays: by variable id, one for each of its levels.
        objects: what they are stored in.
        group: where in it.
        zarr_format: 2 or 3.
    """

    version: str
    cube: Cube
    arrays: Mapping[str, tuple[ChunkedArray, ...]]
    watch: Watch
    objects: Objects
    group: str = ""
    zarr_format: int = 3

    @property
    def readable(self) -> Readable | None:
        """What it is stored in, where others can read that as it is."""
        return self.objects if isinstance(self.objects, Readable) else None

    def held(self, plan: ReadPlan) -> Raw | None:
        """Stored numbers of a window, if all its chunks are held."""
        return held_plan(self.arrays[plan.variable][plan.level], plan)

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers of a window. Raises SourceError."""
        return await read_plan(self.arrays[plan.variable][plan.level], plan)
