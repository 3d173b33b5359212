"""References as Kerchunk and VirtualiZarr write them in Parquet: read part by part, when needed.

A folder holds `.zmetadata` and, for each array, `refs.N.parq` of `record_size` chunks each, in C
order, with columns path, offset, size and raw (fsspec's LazyReferenceMapper).
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any

from tileserver.cache import ByteCache
from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.sources.storage.store import Store
from tileserver.sources.virtual.table import Found, Place, Reference, grid_of, number_of
from tileserver.sources.virtual.target import Targets
from tileserver.sources.virtual.tree import Virtual, VirtualArray
from tileserver.sources.zarr.hierarchy import ARRAY, ATTRS, GROUP, Document, join, parsed

LARGEST_PART_NBYTES = 64 << 20
LARGEST_TABLE_NBYTES = 512 << 20
MOST_RECORDS = 2_000_000
HELD_NBYTES = 64 << 20
METADATA = ".zmetadata"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The references of some chunks, a row each; `urls` are resolved."""

    table: Any
    urls: dict[str, str]

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        return int(self.table.nbytes)

    def find(self, row: int) -> Found:
        """That of a row."""
        if row >= self.table.num_rows:
            return None
        path, offset, size, raw = (self.table[name][row].as_py() for name in COLUMNS)
        if raw is not None:
            return bytes(raw)
        if not path:
            return None
        offset, size = int(offset or 0), int(size or 0)
        stop = offset + size if size else None
        return Reference(self.urls[path], offset, stop)


COLUMNS = ("path", "offset", "size", "raw")


class Parts:
    """The files of a folder; those read last are kept."""

    def __init__(self, store: Store, targets: Targets) -> None:
        self._store, self._targets = store, targets
        self._held: ByteCache[Part | None] = ByteCache(
            HELD_NBYTES, lambda part: 0 if part is None else part.nbytes
        )

    async def get(self, path: str, number: int) -> Part | None:
        """One; None where it is not there, as no chunk of it is stored. Raises SourceError."""
        key = join(path, f"refs.{number}.parq")
        return await self._held.get(key, lambda: self._read(key))

    async def _read(self, key: str) -> Part | None:
        data = await self._store.get_range(key, 0, LARGEST_PART_NBYTES + 1)
        if data is None:
            return None
        try:
            if data.nbytes > LARGEST_PART_NBYTES:
                raise CatalogError("references: a Parquet file is too large: write smaller ones")
            part = await asyncio.to_thread(self._parsed, data)
            await self._targets.open(part.urls.values())
        except CatalogError as error:
            raise SourceError(str(error)) from error
        return part

    def _parsed(self, data: memoryview) -> Part:
        import pyarrow as pa  # an extra, and large
        from pyarrow import parquet

        try:
            file = parquet.ParquetFile(pa.BufferReader(data))
            about = file.metadata
            nbytes = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            if about.num_rows > MOST_RECORDS or nbytes > LARGEST_TABLE_NBYTES:
                raise CatalogError("references: a Parquet file is too large: write smaller ones")
            table = file.read(columns=list(COLUMNS), use_threads=False).combine_chunks()
            paths = table["path"].unique().to_pylist()
        except (pa.ArrowException, OSError, KeyError) as error:
            raise CatalogError("references: a Parquet file is damaged: write it anew") from error
        return Part(table, {path: self._targets.resolve(path) for path in paths if path})


@dataclass(frozen=True, slots=True, eq=False)
class ParquetChunks:
    """The chunks of one array."""

    path: str
    grid: Place
    record_size: int
    parts: Parts

    async def find(self, place: Place) -> Found:
        """Reads the part that tells of the chunk, where that is not kept."""
        number = number_of(place, self.grid)
        if number is None:
            return None
        at, row = divmod(number, self.record_size)
        part = await self.parts.get(self.path, at)
        return None if part is None else part.find(row)

    def whole(self, _: Place, data: memoryview) -> memoryview:
        """As it is."""
        return data


async def read_parquet(store: Store, targets: Targets) -> Virtual:
    """The arrays of a folder. Raises CatalogError, SourceError."""
    _check_package()
    document = parsed(METADATA, await store.get(METADATA))
    if document is None:
        raise CatalogError("url: no .zmetadata in the folder: are these Parquet references?")
    try:
        return await _read(document, Parts(store, targets))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CatalogError(f"the references' metadata is damaged ({error})") from error


async def _read(document: Document, parts: Parts) -> Virtual:
    record_size = int(document["record_size"])
    if record_size < 1:
        raise CatalogError(f"record_size={record_size}: expected 1 or more")
    found: dict[str, dict[str, Document]] = {}
    for key, value in document["metadata"].items():
        path, _, kind = key.rpartition("/")
        if kind in (ARRAY, ATTRS, GROUP):
            found.setdefault(path, {})[kind] = dict(value)
    arrays = {
        path: VirtualArray(
            {**own[ARRAY], "dimension_separator": "."},
            own.get(ATTRS, {}),
            ParquetChunks(
                path, grid_of(own[ARRAY]["shape"], own[ARRAY]["chunks"]), record_size, parts
            ),
        )
        for path, own in found.items()
        if ARRAY in own
    }
    groups = {path: own.get(ATTRS, {}) for path, own in found.items() if ARRAY not in own}
    await _look_at(arrays, parts)
    return Virtual(groups, arrays)


async def _look_at(arrays: dict[str, VirtualArray], parts: Parts) -> None:
    """A part of the largest array, so that what may not be read is told at once."""
    sizes = {path: math.prod(each.document["shape"]) for path, each in arrays.items()}
    if not sizes:
        return
    try:
        await parts.get(max(sizes, key=lambda path: sizes[path]), 0)
    except SourceUnavailable:
        raise
    except SourceError as error:
        raise CatalogError(str(error)) from error


def _check_package() -> None:
    try:
        import pyarrow  # noqa: F401  # an extra
    except ImportError as error:
        raise CatalogError("Parquet references need the package pyarrow: install it") from error
