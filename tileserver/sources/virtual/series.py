"""Files of one kind as one hierarchy: their arrays put one after another along time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.cube import TIME
from tileserver.errors import CatalogError
from tileserver.sources.chunk import ChunkedArray, read_window
from tileserver.sources.virtual.table import (
    ChunkTable,
    Place,
    concatenated,
    grid_of,
    inline,
    number_of,
)
from tileserver.sources.virtual.tree import Virtual, VirtualArray, array_document
from tileserver.sources.zarr.dimension import tells_time
from tileserver.sources.zarr.hierarchy import join, parent

SECONDS = "seconds since 1970-01-01"
# What has to be the same in all files, as an array has each of it but once.
ALIKE = ("dtype", "fill_value")
# What else has to be, where the chunks of the files are to be those of the whole.
STORED = ("compressor", "filters", "order", "chunks")
PACKING = ("scale_factor", "add_offset", "_FillValue", "missing_value", "units", "_Unsigned")


@dataclass(frozen=True, slots=True)
class File:
    """One of the files.

    Args:
        key: as it is told of.
        seconds: its time, by its name or by the catalogue; its calendar is the standard one.
    """

    key: str
    virtual: Virtual
    seconds: float | None = None


OpenPart = Callable[[File, str], ChunkedArray]


def time_path(virtual: Virtual) -> str | None:
    """The path of the coordinate of the time dimension; None where a file has none."""
    found = [
        path
        for path, array in virtual.arrays.items()
        if _dims(array) == [path.rpartition("/")[2]] and tells_time(array.attrs)
    ]
    found.sort(key=lambda path: (path.rpartition("/")[2] != TIME, path))
    return found[0] if found else None


def along_time(
    files: Sequence[File],
    path: str,
    seconds: Sequence[npt.NDArray[np.float64]],
    open_part: OpenPart,
) -> Virtual:
    """Files that each have steps of time.

    Args:
        path: of the time coordinate in each.
        seconds: its values in each.
        open_part: opens the array of a file, for those whose chunks do not fit together.

    Raises CatalogError, naming a file that differs.
    """
    name = path.rpartition("/")[2]
    first = files[0].virtual
    arrays = {}
    for each, array in first.arrays.items():
        dims = _dims(array)
        if each == path:
            arrays[each] = _coordinate(name, np.concatenate(seconds), array.attrs)
        elif name in dims:
            _check_nearest(first, each, path)
            axis = dims.index(name)
            own = [_alike(files[0], file, each, axis) for file in files]
            if _fit(own, axis):
                arrays[each] = _joined(own, axis)
            else:
                parts = [open_part(file, each) for file in files]
                arrays[each] = _step_by_step(parts, own[0], axis)
        else:
            _check_shapes(files, each)
            arrays[each] = array
    return replace(first, arrays=arrays)


def one_step_each(files: Sequence[File]) -> Virtual:
    """Files of one time each, which they do not tell themselves. Raises CatalogError."""
    first = files[0].virtual
    arrays = {}
    for path, array in first.arrays.items():
        _check_shapes(files, path)
        dims = _dims(array)
        if len(dims) < 2:
            arrays[path] = array
            continue
        own = [_stepped(_alike(files[0], file, path, None)) for file in files]
        if not _fit(own, 0):
            raise CatalogError(
                f"variable {path!r}: the files' chunks or compression differ: rewrite them alike"
            )
        arrays[path] = _joined(own, 0)
    seconds = np.array([file.seconds for file in files], np.float64)
    arrays[TIME] = _coordinate(TIME, seconds, {})
    return replace(first, arrays=arrays)


def _dims(array: VirtualArray) -> list[Any]:
    dims = array.attrs.get("_ARRAY_DIMENSIONS")
    return list(dims) if isinstance(dims, list) else []


def _coordinate(
    name: str, seconds: npt.NDArray[np.float64], attrs: Mapping[str, Any]
) -> VirtualArray:
    """Times, whatever units each file counts in."""
    kept = {key: attrs[key] for key in ("calendar", "standard_name", "long_name") if key in attrs}
    shape = (len(seconds),)
    document = array_document(shape, shape, np.dtype("<f8"), None)
    told = {**kept, "units": SECONDS, "_ARRAY_DIMENSIONS": [name]}
    data: dict[Place, bytes] = {(0,): seconds.astype("<f8").tobytes()}
    return VirtualArray(document, told, inline(grid_of(shape, shape), data))


def _alike(first: File, file: File, path: str, axis: int | None) -> VirtualArray:
    """The array of a file, if it is like the first one's but for its length along an axis."""
    known, array = first.virtual.arrays[path], file.virtual.arrays.get(path)
    if array is None:
        raise CatalogError(f"key={file.key!r} lacks variable {path!r}: leave the file out")
    for key in ALIKE:
        if array.document[key] != known.document[key]:
            raise CatalogError(
                f"key={file.key!r}: {key} of variable {path!r} differs from {first.key!r}: "
                "rewrite the files alike, or register them one by one"
            )
    for key in PACKING:
        if repr(array.attrs.get(key)) != repr(known.attrs.get(key)):  # which NaN is alike in
            raise CatalogError(
                f"key={file.key!r}: {key} of variable {path!r} differs from {first.key!r}: "
                "rewrite the files alike, or register them one by one"
            )
    shapes = [list(each.document["shape"]) for each in (known, array)]
    for shape in shapes:
        if axis is not None:
            shape[axis] = 0
    if shapes[0] != shapes[1]:
        raise _other_grid(first, file, path)
    return array


def _check_nearest(virtual: Virtual, path: str, time: str) -> None:
    """Groups may have times of their own, which one stack cannot follow."""
    name, group = time.rpartition("/")[2], parent(path)
    while join(group, name) not in virtual.arrays and group:
        group = parent(group)
    if join(group, name) != time:
        raise CatalogError(
            f"variable {path!r} has other times than {time!r}: choose a group, and register the "
            "files' groups one by one"
        )


def _check_shapes(files: Sequence[File], path: str) -> None:
    for file in files[1:]:
        array = file.virtual.arrays.get(path)
        shape = files[0].virtual.arrays[path].document["shape"]
        if array is not None and array.document["shape"] != shape:
            raise _other_grid(files[0], file, path)


def _other_grid(first: File, file: File, path: str) -> CatalogError:
    return CatalogError(
        f"key={file.key!r}: {path!r} has another shape than in {first.key!r}: bring the files to "
        "one grid, or register them one by one"
    )


def _stepped(array: VirtualArray) -> VirtualArray:
    """With a dimension for the time in front."""
    assert isinstance(array.chunks, ChunkTable)
    document = array.document
    return VirtualArray(
        {**document, "shape": [1, *document["shape"]], "chunks": [1, *document["chunks"]]},
        {**array.attrs, "_ARRAY_DIMENSIONS": [TIME, *_dims(array)]},
        replace(array.chunks, grid=(1, *array.chunks.grid)),
    )


def _fit(arrays: Sequence[VirtualArray], axis: int) -> bool:
    """Whether the chunks of all are those of the whole: all but the last have to fill theirs."""
    first = arrays[0]
    chunk = first.document["chunks"][axis]
    tables = [array.chunks for array in arrays if isinstance(array.chunks, ChunkTable)]
    return (
        len(tables) == len(arrays)
        and all(array.document[key] == first.document[key] for array in arrays for key in STORED)
        and all(array.document["shape"][axis] % chunk == 0 for array in arrays[:-1])
        and len({(table.masks is None, table.nbytes) for table in tables}) == 1
    )


def _joined(arrays: Sequence[VirtualArray], axis: int) -> VirtualArray:
    """Arrays one after another, whose chunks fit together."""
    shape = list(arrays[0].document["shape"])
    shape[axis] = sum(array.document["shape"][axis] for array in arrays)
    tables = [array.chunks for array in arrays if isinstance(array.chunks, ChunkTable)]
    return VirtualArray(
        {**arrays[0].document, "shape": shape}, arrays[0].attrs, concatenated(tables, axis)
    )


def _step_by_step(parts: Sequence[ChunkedArray], first: VirtualArray, axis: int) -> VirtualArray:
    """Arrays one after another as chunks of one step, which are cut out of what each file has."""
    shape, chunks = list(parts[0].shape), list(parts[0].chunks)
    starts = [0, *accumulate(part.shape[axis] for part in parts)]
    shape[axis], chunks[axis] = starts[-1], 1
    document = {**first.document, **array_document(shape, chunks, parts[0].dtype, None)}
    document["fill_value"] = first.document["fill_value"]
    steps = Steps(tuple(shape), tuple(chunks), axis, tuple(parts), tuple(starts))
    return VirtualArray(document, first.attrs, steps)


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Chunks of one step along an axis, not compressed.

    Args:
        parts: the array of each file.
        starts: the first step of each, and the end of all.
    """

    shape: Place
    chunks: Place
    axis: int
    parts: tuple[ChunkedArray, ...]
    starts: tuple[int, ...]

    async def find(self, place: Place) -> bytes | None:
        """A chunk; those of the file that it is cut out of are kept decoded."""
        if number_of(place, grid_of(self.shape, self.chunks)) is None:
            return None
        step = place[self.axis]
        number = bisect_right(self.starts, step) - 1
        window = [
            slice(p * c, min((p + 1) * c, n))
            for p, c, n in zip(place, self.chunks, self.shape, strict=True)
        ]
        inside = step - self.starts[number]
        window[self.axis] = slice(inside, inside + 1)
        part = await read_window(self.parts[number], window)
        whole = np.zeros(self.chunks, part.dtype)
        whole[tuple(map(slice, part.shape))] = part
        return whole.tobytes()

    def whole(self, _: Place, data: memoryview) -> memoryview:
        """As it is."""
        return data
