"""The arrays of a classic NetCDF file, and where their parts lie, from its header.

NetCDF Classic, 64-bit offset and 64-bit data formats (netCDF Users Guide, "File Format
Specifications"): CDF\\x01, CDF\\x02 and CDF\\x05.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tileserver.errors import CatalogError
from tileserver.sources.virtual.layout import pieces_of, split
from tileserver.sources.virtual.table import MOST_CHUNKS, ChunkTable
from tileserver.sources.virtual.tree import Virtual, VirtualArray, array_document

MAGIC = b"CDF"
DIMENSION, VARIABLE, ATTRIBUTE, ABSENT = 10, 11, 12, 0
TYPES = {1: ">i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8", 7: ">u1", 8: ">u2", 9: ">u4",
         10: ">i8", 11: ">u8"}  # fmt: skip
STREAMING = 0xFFFFFFFF
MOST_ENTRIES = 10_000
LARGEST_TEXT_NBYTES = 1 << 20
# What cells have that were never written, by type; bytes have none that is missing.
FILLS = {3: -32767, 4: -2147483647, 5: 9.969209968386869e36, 6: 9.969209968386869e36, 8: 65535,
         9: 4294967295, 10: -9223372036854775806, 11: 18446744073709551614}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Variable:
    name: str
    dims: tuple[int, ...]
    attrs: dict[str, Any]
    kind: int
    begin: int

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(TYPES[self.kind])


def scan_netcdf3(file: io.RawIOBase, size: int, url: str) -> Virtual:
    """All variables. Raises CatalogError.

    Args:
        size: of the file, which its header is held to.
    """
    try:
        return _Header(file).virtual(size, url)
    except (LookupError, ValueError, OverflowError, MemoryError) as error:
        raise CatalogError(f"the NetCDF file's header is damaged ({error})") from error


class _Header:
    """Reads the header from the front; numbers are big-endian."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file = file
        version = self._take(4)[3]
        if version not in (1, 2, 5):
            raise CatalogError(f"NetCDF of version {version} is not read: rewrite it as NetCDF-4")
        self._count_nbytes = 8 if version == 5 else 4
        self._offset_nbytes = 4 if version == 1 else 8

    def virtual(self, size: int, url: str) -> Virtual:
        records = self._count()
        dims = [(self._name(), self._count()) for _ in range(self._length(DIMENSION))]
        attrs = self._attributes()
        variables = [self._variable() for _ in range(self._length(VARIABLE))]
        along = [v for v in variables if v.dims and dims[v.dims[0]][1] == 0]
        parts = [math.prod(dims[d][1] for d in v.dims[1:]) * v.dtype.itemsize for v in along]
        # A record of one variable is not padded, where it is the only one.
        step = parts[0] if len(along) == 1 else sum(-(-n // 4) * 4 for n in parts)
        if along and (records in (STREAMING, (1 << 64) - 1) or records < 0):
            first = min(v.begin for v in along)
            records = max(0, size - first) // max(step, 1)
        arrays = {
            v.name: _array(v, dims, records if v in along else None, step, size, url)
            for v in variables
        }
        return Virtual({"": attrs}, arrays)

    def _variable(self) -> _Variable:
        name = self._name()
        dims = tuple(self._count() for _ in range(self._bounded(self._count())))
        attrs = self._attributes()
        kind = self._integer(4)
        self._count()  # vsize, which is redundant, and wrong where it is large
        return _Variable(name, dims, attrs, kind, self._integer(self._offset_nbytes))

    def _attributes(self) -> dict[str, Any]:
        return {self._name(): self._values() for _ in range(self._length(ATTRIBUTE))}

    def _values(self) -> Any:
        dtype, count = np.dtype(TYPES[self._integer(4)]), self._count()
        if count * dtype.itemsize > LARGEST_TEXT_NBYTES:
            raise ValueError("an attribute is too long")
        data = self._padded(count * dtype.itemsize)
        if dtype.kind == "S":
            return data.decode("utf-8", "replace").rstrip("\0")
        values = np.frombuffer(data, dtype).tolist()
        return values[0] if len(values) == 1 else values

    def _length(self, tag: int) -> int:
        """How many entries a list has."""
        found, count = self._integer(4), self._count()
        if found not in (tag, ABSENT) or (found == ABSENT and count):
            raise ValueError(f"tag {found} instead of {tag}")
        return self._bounded(count)

    def _bounded(self, count: int) -> int:
        if count > MOST_ENTRIES:
            raise ValueError(f"{count} entries are too many")
        return count

    def _name(self) -> str:
        length = self._count()
        if length > LARGEST_TEXT_NBYTES:
            raise ValueError("a name is too long")
        return self._padded(length).decode()

    def _padded(self, length: int) -> bytes:
        return self._take(-(-length // 4) * 4)[:length]

    def _count(self) -> int:
        return self._integer(self._count_nbytes)

    def _integer(self, nbytes: int) -> int:
        return int.from_bytes(self._take(nbytes), "big")

    def _take(self, length: int) -> bytes:
        data = self._file.read(length)
        if data is None or len(data) < length:
            raise ValueError("it is cut off")
        return data


def _array(
    variable: _Variable,
    dims: list[tuple[str, int]],
    records: int | None,
    step: int,
    size: int,
    url: str,
) -> VirtualArray:
    """A variable; one with records lies in as many pieces at least."""
    shape = [dims[d][1] for d in variable.dims]
    itemsize = variable.dtype.itemsize
    attrs = {**variable.attrs, "_ARRAY_DIMENSIONS": [dims[d][0] for d in variable.dims]}
    fill = variable.attrs.get("_FillValue", FILLS.get(variable.kind))
    if not isinstance(fill, int | float):
        fill = None
    if records is None:
        _check_end(variable, variable.begin + math.prod(shape) * itemsize, size)
        chunks = pieces_of(shape, itemsize)
        chunks_at = split(shape, chunks, itemsize, variable.begin, url)
    else:
        shape[0] = records
        part = math.prod(shape[1:]) * itemsize
        _check_end(
            variable, variable.begin + step * max(records - 1, 0) + part * bool(records), size
        )
        chunks = (1, *pieces_of(shape[1:], itemsize))
        chunks_at = _records(variable, shape, chunks, step, url)
    return VirtualArray(array_document(shape, chunks, variable.dtype, fill), attrs, chunks_at)


def _records(
    variable: _Variable, shape: list[int], chunks: tuple[int, ...], step: int, url: str
) -> ChunkTable:
    """The pieces of each record, which lie among those of other variables."""
    one = split([1, *shape[1:]], chunks, variable.dtype.itemsize, variable.begin, url)
    pieces = len(one.numbers)
    if pieces * shape[0] > MOST_CHUNKS:
        raise CatalogError(f"variable {variable.name!r}: it has too many records: rewrite the file")
    turns = np.arange(shape[0], dtype=np.int64)[:, None]
    return replace(
        one,
        grid=(shape[0], *one.grid[1:]),
        numbers=(turns * math.prod(one.grid) + one.numbers).reshape(-1),
        starts=(turns * step + one.starts).reshape(-1),
        lengths=np.tile(one.lengths, shape[0]),
        which=np.zeros(pieces * shape[0], np.uint32),
    )


def _check_end(variable: _Variable, end: int, size: int) -> None:
    if end > size:
        raise CatalogError(
            f"variable {variable.name!r} lies beyond the end of the file, which is cut off: "
            "copy it again"
        )
