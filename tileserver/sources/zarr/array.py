"""Zarr v2 and v3 arrays: chunks read straight from the store."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from zarr.core.metadata.v2 import ArrayV2Metadata
from zarr.core.metadata.v3 import ArrayV3Metadata

from tileserver.cache import ByteCache
from tileserver.cube import Cube, Raw
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.chunk import Coordinates, held_window, read_window
from tileserver.sources.storage.store import Store
from tileserver.sources.watch import Watch
from tileserver.sources.zarr.codec import (
    NOT_STORED,
    TEXTS,
    Decode,
    Sharding,
    decoder_v2,
    decoder_v3,
    is_quick,
    native,
)
from tileserver.sources.zarr.hierarchy import Document

LARGEST_CHUNK_NBYTES = 1 << 30


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """Where chunks come from, where they are kept once decoded, and the threads that decode."""

    store: Store
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
    sharding: Sharding | None
    supply: Supply

    @property
    def nbytes(self) -> int:
        """The size of one decoded chunk."""
        return int(np.prod(self.chunks)) * self.dtype.itemsize

    def ordered(self, order: tuple[int, ...]) -> ZarrArray:
        """The same array with its stored dimensions in another order; opened arrays are stored."""
        return replace(
            self,
            dims=tuple(self.dims[i] for i in order),
            order=order,
            shape=tuple(self.shape[i] for i in order),
            chunks=tuple(self.chunks[i] for i in order),
        )

    @cached_property
    def _empty(self) -> Raw:
        """The chunk that is not stored: all fill value (0 where none is given)."""
        value = 0 if self.fill_value is None else self.fill_value
        chunk = np.full(self.chunks, value, self.dtype)
        chunk.flags.writeable = False
        return chunk

    def held(self, coordinates: Coordinates) -> Raw | None:
        """A decoded chunk that is kept."""
        return self.supply.cache.held((self, coordinates))

    async def chunk(self, coordinates: Coordinates) -> Raw:
        """A chunk, read and decoded once however many ask for it. Raises SourceError."""
        return await self.supply.cache.get((self, coordinates), lambda: self._load(coordinates))

    async def _load(self, coordinates: Coordinates) -> Raw:
        stored = [0] * len(coordinates)
        for place, coordinate in zip(self.order, coordinates, strict=True):
            stored[place] = coordinate
        data = await self._bytes(tuple(stored))
        if data is None:
            return self._empty
        if self.quick:
            return self._decoded(data)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.supply.pool, self._decoded, data)

    def _decoded(self, data: memoryview) -> Raw:
        try:
            array = self.decode(data)
        except SourceError:
            raise
        except Exception as error:  # codecs raise whatever they like on damaged bytes
            raise SourceError(f"variable {self.path!r}: a chunk is damaged") from error
        chunk = np.ascontiguousarray(native(array).transpose(self.order)).view(self.dtype)
        if np.may_share_memory(chunk, np.frombuffer(data, np.uint8)):
            chunk = chunk.copy()  # not compressed: it would keep the bytes of its neighbours too
        chunk.flags.writeable = False
        return chunk

    async def _bytes(self, stored: Coordinates) -> memoryview | None:
        if self.sharding is None:
            return await self.supply.store.get(self.key(stored), about=self.nbytes)
        grid = self.sharding.grid
        shard = self.key(tuple(c // n for c, n in zip(stored, grid, strict=True)))
        index = await self._shard_index(shard)
        if index.size == 0:
            return None
        inner = tuple(c % n for c, n in zip(stored, grid, strict=True))
        offset, length = (int(word) for word in index[inner])
        if offset == length == NOT_STORED:
            return None
        return await self.supply.store.get_range(shard, offset, offset + length)

    async def _shard_index(self, shard: str) -> Raw:
        """Where inner chunks lie in a shard, kept as chunks are; empty where it is not stored."""
        return await self.supply.cache.get((self, shard), lambda: self._read_index(shard))

    async def _read_index(self, shard: str) -> Raw:
        assert self.sharding is not None
        nbytes = self.sharding.index_nbytes
        if self.sharding.at_end:
            data = await self.supply.store.get_suffix(shard, nbytes)
        else:
            data = await self.supply.store.get_range(shard, 0, nbytes)
        try:
            return np.empty(0, np.uint64) if data is None else self.sharding.read_index(data)
        except Exception as error:
            raise SourceError(f"variable {self.path!r}: a shard's index is damaged") from error

    async def values(self) -> npt.NDArray[Any]:
        """All of a small array, such as a coordinate."""
        if 0 in self.shape:
            return np.empty(self.shape, self.dtype)
        return await read_window(self, [slice(0, n) for n in self.shape])


def open_array(path: str, document: Document, attrs: Document, supply: Supply) -> ZarrArray:
    """An array from its document. Raises CatalogError where it cannot be read."""
    name = path.rpartition("/")[2]
    try:
        return _open_array(path, document, attrs, supply)
    except (KeyError, TypeError, ValueError, NotImplementedError) as error:
        raise CatalogError(f"variable {name!r}: its metadata cannot be used ({error})") from error


def _open_array(path: str, document: Document, attrs: Document, supply: Supply) -> ZarrArray:
    sharding = None
    if document.get("zarr_format") == 2:
        known: Any = ArrayV2Metadata.from_dict({**document, "attributes": {}})
        dtype = known.dtype.to_native_dtype()
        decode = decoder_v2(document, dtype)
        steps = [document.get("compressor") or {"id": "bytes"}, *(document.get("filters") or [])]
        names = [step["id"] for step in steps]
        chunks, dims = tuple(known.chunks), attrs.get("_ARRAY_DIMENSIONS")
        fill = known.fill_value
    else:
        known = ArrayV3Metadata.from_dict({**document, "attributes": {}})
        dtype = known.data_type.to_native_dtype()
        chunks, dims, fill = (
            tuple(known.chunk_grid.chunk_shape),
            known.dimension_names,
            known.fill_value,
        )
        codecs = document["codecs"]
        if codecs[0]["name"] == "sharding_indexed":
            sharding = Sharding.parse(codecs[0], chunks)
            chunks, codecs = sharding.shape, sharding.codecs
        decode = decoder_v3(codecs, dtype, chunks)
        names = [codec["name"] for codec in codecs]
    _check_chunk(chunks, dtype)
    shape, served = tuple(known.shape), _served_type(dtype, attrs)
    return ZarrArray(
        path=path,
        dims=tuple(dims or (f"dim_{i}" for i in range(len(shape)))),
        order=tuple(range(len(shape))),
        shape=shape,
        chunks=chunks,
        dtype=served,
        fill_value=np.asarray(fill).astype(served) if _is_number(served, fill) else fill,
        masks_fill=document.get("zarr_format") == 2 and fill is not None,
        key=lambda stored: f"{path}/{known.encode_chunk_key(stored)}",
        decode=decode,
        quick=is_quick(names, math.prod(chunks) * dtype.itemsize),
        sharding=sharding,
        supply=supply,
    )


def _served_type(dtype: np.dtype[Any], attrs: Document) -> np.dtype[Any]:
    """The type of decoded chunks: in the machine's byte order, bools as bytes, texts as objects,
    and unsigned where _Unsigned says so (NetCDF Users Guide, attribute conventions)."""
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind in TEXTS:
        return np.dtype(object)
    if dtype.kind == "i" and str(attrs.get("_Unsigned", "")).lower() == "true":
        return np.dtype(f"u{dtype.itemsize}")
    return dtype.newbyteorder("=")


def _is_number(dtype: np.dtype[Any], fill: object) -> bool:
    return dtype.kind in "iuf" and fill is not None


def _check_chunk(chunks: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    nbytes = int(np.prod([float(c) for c in chunks])) * dtype.itemsize
    if any(c < 1 for c in chunks) or nbytes > LARGEST_CHUNK_NBYTES:
        raise CatalogError(
            f"chunks {chunks} of {nbytes / 2**20:.0f} MiB are too large to serve: "
            f"rechunk to at most {LARGEST_CHUNK_NBYTES >> 20} MiB"
        )


@dataclass(frozen=True, slots=True, eq=False)
class ZarrSource:
    """A cube in a Zarr group.

    Args:
        arrays: by variable id, one for each of its levels.
    """

    version: str
    cube: Cube
    arrays: Mapping[str, tuple[ZarrArray, ...]]
    watch: Watch

    def held(self, plan: ReadPlan) -> Raw | None:
        """Stored numbers of a window, if all its chunks are held."""
        return held_window(self.arrays[plan.variable][plan.level], plan.window)

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers of a window. Raises SourceError."""
        return await read_window(self.arrays[plan.variable][plan.level], plan.window)
