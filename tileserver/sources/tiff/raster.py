"""Decoded blocks of one raster file, masks applied."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from affine import Affine

from tileserver.cube import Raw
from tileserver.errors import SourceError
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.codec import decode, decode_mask
from tileserver.sources.tiff.description import Description
from tileserver.sources.tiff.layout import Block, Image, Tiff


@dataclass(frozen=True, slots=True)
class LevelShape:
    """One resolution: pixel corners to CRS units, (rows, cols) of it and of a chunk.

    `planar`: each band has chunks of its own; else a chunk holds all bands.
    """

    transform: Affine
    shape: tuple[int, int]
    chunk: tuple[int, int]
    planar: bool


class Raster(Protocol):
    """A file that is read by chunk.

    `block` gives the stored numbers (bands, rows, cols) of a chunk at (row, col), masked cells
    replaced by the description's marker: all bands, or only the one asked for where `planar`.
    """

    @property
    def levels(self) -> Sequence[LevelShape]: ...

    @property
    def nbytes(self) -> int:
        """What keeping it open costs."""
        ...

    async def block(self, level: int, band: int, row: int, col: int) -> Raw: ...


def fingerprint(entries: Sequence[Entry]) -> str:
    """A short text that changes with any file's name, size or version."""
    digest = hashlib.blake2b(digest_size=12)
    for entry in entries:
        digest.update(f"{entry.key}\n{entry.size}\n{entry.version}\n".encode())
    return digest.hexdigest()


def overview_transform(full: Affine, shape: tuple[int, int], level: tuple[int, int]) -> Affine:
    """The transform of an overview: the same extent in fewer cells, as GDAL has it."""
    return full @ Affine.scale(shape[1] / level[1], shape[0] / level[0])


@dataclass(frozen=True, slots=True, eq=False)
class TiffRaster:
    """A TIFF with a transform, its blocks fetched by their byte ranges and decoded in a thread."""

    store: Store
    entry: Entry
    tiff: Tiff
    description: Description
    levels: tuple[LevelShape, ...]
    pool: Executor

    @classmethod
    def over(
        cls, store: Store, entry: Entry, tiff: Tiff, description: Description, pool: Executor
    ) -> TiffRaster:
        """The raster of a file whose layout and description are known."""
        assert description.transform is not None
        transform, shape = description.transform, description.shape
        levels = tuple(
            LevelShape(
                overview_transform(transform, shape, image.shape),
                image.shape,
                image.chunk,
                image.planes > 1,
            )
            for image, _ in tiff.levels
        )
        return cls(store, entry, tiff, description, levels, pool)

    @property
    def nbytes(self) -> int:
        """What keeping the tables of its blocks costs."""
        return 4096 + self.tiff.nbytes

    async def block(self, level: int, band: int, row: int, col: int) -> Raw:
        """One request for the ranges of data and mask, one job in a thread."""
        image, mask = self.tiff.levels[level]
        window = _window(image, row, col)
        plane = self.description.bands[band].index if image.planes > 1 else 0
        parts = [_Part(image, image.blocks(plane, *window))]
        if self.description.mask == "mask" and mask is not None:
            parts.append(_Part(mask, mask.blocks(0, *window)))
        elif self.description.mask == "alpha" and image.planes > 1:
            parts.append(_Part(image, image.blocks(self.description.alpha or 0, *window)))
        data = await self._fetch(parts)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self.pool, _decoded, parts, data, window, self.description
        )

    async def _fetch(self, parts: list[_Part]) -> Data:
        """The bytes of the blocks that were written; those of one object in one request."""
        wanted: dict[Entry, set[tuple[int, int]]] = {}
        for part in parts:
            ranges = {(b.start, b.stop) for b in part.blocks if b.stop > b.start}
            wanted.setdefault(part.image.entry, set()).update(ranges)
        objects = [(entry, sorted(ranges)) for entry, ranges in wanted.items() if ranges]
        if len(objects) == 1:
            found = [await self._ranges(*objects[0])]
        else:
            found = await asyncio.gather(*(self._ranges(*each) for each in objects))
        return {entry.key: data for (entry, _), data in zip(objects, found, strict=True)}

    async def _ranges(self, entry: Entry, ranges: list[tuple[int, int]]) -> dict[int, memoryview]:
        """Ranges of one object, by their start."""
        if max(stop for _, stop in ranges) > entry.size:
            raise SourceError("the file is damaged: it ends before its last block")
        found = await self.store.get_ranges(entry.key, ranges)
        if any(
            len(data) != stop - start for (start, stop), data in zip(ranges, found, strict=True)
        ):
            raise SourceError("the file was cut or replaced since it was opened")
        return {start: data for (start, _), data in zip(ranges, found, strict=True)}


# The bytes of blocks, by the object and their start.
Data = dict[str, dict[int, memoryview]]
Window = tuple[slice, slice]


def _window(image: Image, row: int, col: int) -> Window:
    """The cells of a chunk; tiles reach beyond the image, strips end with it."""
    height, width = image.chunk
    bottom = (row + 1) * height if image.tiled else min((row + 1) * height, image.shape[0])
    return slice(row * height, bottom), slice(col * width, (col + 1) * width)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Blocks of one image that cover a chunk."""

    image: Image
    blocks: list[Block]


def _decoded(parts: list[_Part], data: Data, window: Window, description: Description) -> Raw:
    """A chunk as it is read, of the bytes of its blocks by their start."""
    numbers = _numbers(parts[0], data, window, description)
    alpha = description.alpha
    valid = None
    if description.mask == "mask":
        valid = _mask(parts[1], data, window)
    elif description.mask == "alpha" and alpha is not None:
        own = _numbers(parts[1], data, window, description)[0] if parts[1:] else numbers[alpha]
        valid = own != 0
    if parts[0].image.planes == 1 and alpha is not None:
        numbers = np.delete(numbers, alpha, axis=0)
    return finished(numbers, valid, description)


def finished(numbers: Raw, valid: npt.NDArray[np.bool_] | None, description: Description) -> Raw:
    """Numbers (bands, rows, cols) with the marker where `valid` (rows, cols) is not; read-only."""
    if numbers.dtype != description.dtype:
        raise SourceError(f"a block holds {numbers.dtype}, the file's header says otherwise")
    nodata = description.bands[0].nodata
    if nodata and numbers.dtype.kind == "f" and nodata == nodata:
        numbers = _with_exact(numbers, nodata)
    if valid is not None and description.marker is not None:
        numbers = numbers.astype(description.read_dtype)
        numbers[:, ~valid] = description.marker
    numbers.flags.writeable = False
    return numbers


def _with_exact(numbers: Raw, nodata: float) -> Raw:
    """Floats that are nodata but for rounding made so, within the tolerance that GDAL has.

    It is 4 times the epsilon of float32, of float64 too (ARE_REAL_EQUAL in gdal_priv.h).
    """
    tolerance = 4 * float(np.finfo(np.float32).eps) * abs(nodata)
    near = (numbers > nodata - tolerance) & (numbers < nodata + tolerance)
    if not near.any():
        return numbers
    exact = numbers.copy()
    exact[near] = nodata
    return exact


def _numbers(part: _Part, found: Data, window: Window, description: Description) -> Raw:
    """The numbers (bands, rows, cols) of a window, a block as it is where it is the window."""
    layout, data = part.image.layout, found.get(part.image.entry.key, {})
    fill = description.bands[0].nodata or 0
    rows, cols = window
    if len(part.blocks) == 1 and part.blocks[0].start < part.blocks[0].stop:
        (block,) = part.blocks
        return decode(data[block.start], layout, block.rows)
    shape = (layout.bands, rows.stop - rows.start, cols.stop - cols.start)
    numbers = np.full(shape, fill, description.dtype)
    for block in part.blocks:
        if block.start < block.stop:
            top = block.top - rows.start
            numbers[:, top : top + block.rows] = decode(data[block.start], layout, block.rows)
    return numbers


def _mask(part: _Part, found: Data, window: Window) -> npt.NDArray[np.bool_]:
    """Where a window is valid, of the mask's blocks, which may be others than the data's."""
    data = found.get(part.image.entry.key, {})
    rows, cols = window
    height, width = part.image.layout.shape
    top = min(block.top for block in part.blocks)
    left = min(block.left for block in part.blocks)
    bottom = max(block.top for block in part.blocks) + height
    right = max(block.left for block in part.blocks) + width
    valid = np.zeros((max(bottom, rows.stop) - top, max(right, cols.stop) - left), np.bool_)
    for block in part.blocks:
        if block.start < block.stop:
            y, x = block.top - top, block.left - left
            valid[y : y + block.rows, x : x + width] = decode_mask(
                data[block.start], part.image.layout, block.rows
            )
    inside: npt.NDArray[np.bool_] = valid[rows.start - top :, cols.start - left :]
    return inside[: rows.stop - rows.start, : cols.stop - cols.start]
