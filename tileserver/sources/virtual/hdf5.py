"""The arrays of a NetCDF-4 or HDF5 file, and where their chunks lie, from its metadata alone.

Runs in a process of its own (`scan`): the library locks itself while it waits for a read, and
files that were tampered with may end it. Links to other files, and data kept in other files, are
never followed.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tileserver.errors import CatalogError
from tileserver.sources.virtual.hdf5_attribute import attributes_of, dims_of
from tileserver.sources.virtual.hdf5_filter import codecs_of
from tileserver.sources.virtual.layout import PIECE_NBYTES, pieces_of, split
from tileserver.sources.virtual.table import (
    MOST_CHUNKS,
    ChunkTable,
    Place,
    grid_of,
    inline,
    table,
)
from tileserver.sources.virtual.tree import Virtual, VirtualArray, array_document

if TYPE_CHECKING:
    import h5py

MOST_NODES = 10_000
LARGEST_INLINE_NBYTES = 16 << 20
DIMENSION_ONLY = b"This is a netCDF dimension but not a netCDF variable"


def scan_hdf5(file: io.RawIOBase, size: int, url: str) -> Virtual:
    """All that can be read by chunk. Raises CatalogError.

    Args:
        size: of the file, which its metadata is held to.
    """
    import h5py  # an extra, and only of this process

    try:
        with h5py.File(file, "r") as opened:
            if opened.id.get_create_plist().get_userblock():
                raise CatalogError("the file has a user block: take it off with h5unjam")
            return _Scan(url, size).virtual(opened)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise CatalogError(f"the HDF5 file cannot be read: copy it anew ({error})") from error


@dataclass(slots=True)
class _Scan:
    """Goes through a file, and keeps what it finds."""

    url: str
    size: int
    notes: list[str] = field(default_factory=list)
    chunks: int = 0

    def virtual(self, root: h5py.Group) -> Virtual:
        groups, arrays = {"": attributes_of(root)}, {}
        for path, node in self._nodes(root):
            if not hasattr(node, "shape"):
                groups[path] = attributes_of(node)
                continue
            try:
                found = self._array(node)
            except (CatalogError, OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
                self.notes.append(f"variable {path!r}: {error}")
                continue
            if found is not None:
                arrays[path] = found
        return Virtual(groups, arrays, tuple(self.notes))

    def _nodes(self, root: h5py.Group) -> Iterator[tuple[str, Any]]:
        """Groups and datasets by path, each once, by hard links only."""
        import h5py

        seen = {h5py.h5o.get_info(root.id).addr}
        waiting = [("", root)]
        nodes = 0
        while waiting:
            above, group = waiting.pop()
            for name in group:
                path = f"{above}/{name}".lstrip("/")
                nodes += 1
                if nodes > MOST_NODES:
                    raise CatalogError(f"more than {MOST_NODES} arrays are too many to look at")
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    self.notes.append(f"{path!r} is a link, which is not followed")
                    continue
                node = group[name]
                if isinstance(node, h5py.Group):
                    address = h5py.h5o.get_info(node.id).addr
                    if address in seen:
                        continue
                    seen.add(address)
                    waiting.append((path, node))
                elif not isinstance(node, h5py.Dataset):
                    continue
                yield path, node

    def _array(self, node: h5py.Dataset) -> VirtualArray | None:
        """An array; None for what only names a dimension."""
        import h5py

        if node.shape is None or _names_dimension(node):
            return None
        plist = node.id.get_create_plist()
        layout = plist.get_layout()
        if layout == h5py.h5d.VIRTUAL or plist.get_external_count():
            raise CatalogError("its data is in other files, which are not read")
        attrs = {**attributes_of(node), "_ARRAY_DIMENSIONS": dims_of(node)}
        string = h5py.check_string_dtype(node.dtype)
        if string is not None and string.length is None:
            return self._texts(node, attrs)
        dtype = _number_type(node)
        fill = _fill(node, plist, attrs, dtype)
        attrs.update(_flags(node, attrs))
        if layout == h5py.h5d.COMPACT:
            chunks = tuple(max(n, 1) for n in node.shape)
            data = np.ascontiguousarray(node[()]).astype(dtype).tobytes()
            places = inline(grid_of(node.shape, chunks), {(0,) * len(chunks): data})
            return VirtualArray(array_document(node.shape, chunks, dtype, fill), attrs, places)
        if layout == h5py.h5d.CONTIGUOUS:
            chunks, places = self._piece(node, dtype)
            return VirtualArray(array_document(node.shape, chunks, dtype, fill), attrs, places)
        masks: dict[int, int] = {}
        places = self._table(node, masks)
        codecs = codecs_of(plist, dtype, node.chunks, fill, masked=bool(masks))
        if codecs.masked:
            places = replace(places, masks=masks)
        document = array_document(
            node.shape, node.chunks, dtype, fill, codecs.filters, codecs.compressor
        )
        return VirtualArray(document, attrs, places)

    def _piece(self, node: h5py.Dataset, dtype: np.dtype[Any]) -> tuple[Place, ChunkTable]:
        chunks = pieces_of(node.shape, dtype.itemsize)
        start, nbytes = node.id.get_offset(), node.size * dtype.itemsize
        if start is None or nbytes == 0:
            chunks = pieces_of(node.shape, dtype.itemsize)
            return chunks, inline(grid_of(node.shape, chunks), {})
        if start + nbytes > self.size:
            raise CatalogError("its data lies beyond the end of the file, which is cut off")
        return chunks, split(node.shape, chunks, dtype.itemsize, start, self.url)

    def _table(self, node: h5py.Dataset, masks: dict[int, int]) -> ChunkTable:
        """Where the chunks are that were written; `masks` takes those of chunks unlike others."""
        grid = grid_of(node.shape, node.chunks)
        offsets, parts, other = [], [], []

        def visit(info: Any) -> None:
            if info.byte_offset is None:
                return
            self.chunks += 1
            if self.chunks > MOST_CHUNKS:
                raise CatalogError(f"more than {MOST_CHUNKS} chunks are too many to keep: rechunk")
            offsets.append(info.chunk_offset)
            parts.append((info.byte_offset, info.size))
            other.append(info.filter_mask)

        if all(node.shape):
            node.id.chunk_iter(visit)
        places = np.array(offsets, np.int64).reshape(-1, len(grid)) // np.array(node.chunks)
        found = np.array(parts, np.int64).reshape(-1, 2)
        if (places >= np.array(grid)).any() or (found.sum(axis=1) > self.size).any():
            raise CatalogError("its chunks lie beyond the end of the file, which is cut off")
        for i in np.flatnonzero(other):
            masks[int(np.ravel_multi_index(tuple(places[i]), grid))] = other[i]
        return table(grid, places, found[:, 0], found[:, 1], self.url)

    def _texts(self, node: h5py.Dataset, attrs: dict[str, Any]) -> VirtualArray:
        """Texts of any length lie all over the file: few of them are read at once."""
        from numcodecs import VLenUTF8

        if node.size * 16 > PIECE_NBYTES:
            raise CatalogError("so many texts are not read: write them as characters")
        texts = np.array([_decoded(each) for each in np.ravel(node[()])], object)
        if sum(map(len, texts)) > LARGEST_INLINE_NBYTES:
            raise CatalogError("its texts are too long")
        chunks = tuple(max(n, 1) for n in node.shape)
        data = {(0,) * len(chunks): bytes(VLenUTF8().encode(texts))} if node.size else {}
        document = array_document(node.shape, chunks, np.dtype(object), None, [{"id": "vlen-utf8"}])
        return VirtualArray(document, attrs, inline(grid_of(node.shape, chunks), data))


def _names_dimension(node: h5py.Dataset) -> bool:
    name = node.attrs.get("NAME")
    return isinstance(name, bytes) and name.startswith(DIMENSION_ONLY)


def _number_type(node: h5py.Dataset) -> np.dtype[Any]:
    """The numpy type that the bytes of chunks are of. Raises CatalogError where none is."""
    import h5py

    dtype: np.dtype[Any] = node.dtype
    if dtype.kind == "S":
        return np.dtype(f"S{dtype.itemsize}")
    stored = node.id.get_type()
    if stored.get_class() == h5py.h5t.ENUM:
        stored = stored.get_super()
        if dtype.kind == "b":
            return np.dtype(bool)
        dtype = np.dtype(dtype.str)
    if dtype.kind not in "iufb" or dtype.itemsize > 8:
        raise CatalogError(f"numbers of the type {dtype} are not read: write them as plain ones")
    if not h5py.h5t.py_create(np.dtype(dtype.str)).equal(stored):
        raise CatalogError("its numbers are packed in an unusual way: rewrite it with h5repack")
    return np.dtype(dtype.str)


def _fill(node: h5py.Dataset, plist: Any, attrs: dict[str, Any], dtype: np.dtype[Any]) -> Any:
    """What cells have that were never written, if they are missing.

    In a `.zarray` it is both. The file's own is missing data where `_FillValue` says so, and where
    it is the one that the netCDF library takes by itself, which never is 0 and no byte.
    """
    import h5py

    if plist.fill_value_defined() != h5py.h5d.FILL_VALUE_USER_DEFINED or dtype.kind == "S":
        return None
    fill = np.asarray(node.fillvalue).astype(dtype).item()
    told = "_FillValue" in attrs or (fill != 0 and dtype.itemsize > 1)
    return fill if told and dtype.kind in "iuf" else None


def _flags(node: h5py.Dataset, attrs: dict[str, Any]) -> dict[str, Any]:
    """The names of an enumeration as CF has them."""
    import h5py

    names = h5py.check_enum_dtype(node.dtype)
    if not names or "flag_values" in attrs or "flag_masks" in attrs:
        return {}
    ordered = sorted(names.items(), key=lambda each: each[1])
    return {
        "flag_values": [int(value) for _, value in ordered],
        "flag_meanings": " ".join(name.replace(" ", "_") for name, _ in ordered),
    }


def _decoded(value: Any) -> str:
    with suppress(AttributeError):
        return str(value.decode("utf-8", "replace"))
    return str(value)
