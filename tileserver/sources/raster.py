"""Decoded blocks of one raster file, each read once and kept in the cache of decoded chunks."""

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
from tileserver.sources.codec import decode, decode_mask
from tileserver.sources.geotiff import Description
from tileserver.sources.store import Entry, Store
from tileserver.sources.tiff import Image, Tiff


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
    """A north-up TIFF, its blocks fetched by their byte ranges and decoded in a thread."""

    store: Store
    key: str
    tiff: Tiff
    description: Description
    levels: tuple[LevelShape, ...]
    pool: Executor

    @classmethod
    def over(
        cls, store: Store, key: str, tiff: Tiff, description: Description, pool: Executor
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
        return cls(store, key, tiff, description, levels, pool)

    @property
    def nbytes(self) -> int:
        """What keeping the tables of its blocks costs."""
        return 4096 + self.tiff.nbytes

    async def block(self, level: int, band: int, row: int, col: int) -> Raw:
        """One request for the ranges of data and mask, one job in a thread."""
        image, mask = self.tiff.levels[level]
        plane = self.description.bands[band].index if image.planes > 1 else 0
        parts = [_Part(image, list(image.blocks(plane, row, col)))]
        if self.description.mask == "mask" and mask is not None:
            parts.append(_Part(mask, list(mask.blocks(0, row, col))))
        elif self.description.mask == "alpha" and image.planes > 1:
            parts.append(_Part(image, list(image.blocks(self.description.alpha or 0, row, col))))
        data = await self._fetch(parts)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, _decoded, parts, data, self.description)

    async def _fetch(self, parts: list[_Part]) -> dict[int, bytes]:
        """The bytes of the blocks that were written, by their start."""
        blocks = [block for part in parts for block in part.blocks]
        ranges = sorted({(start, stop) for start, stop, _ in blocks if stop > start})
        if not ranges:
            return {}
        found = await self.store.get_ranges(self.key, ranges)
        return {start: data for (start, _), data in zip(ranges, found, strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The blocks of one image, from top to bottom: (start, stop, rows)."""

    image: Image
    blocks: list[tuple[int, int, int]]


def _decoded(parts: list[_Part], data: dict[int, bytes], description: Description) -> Raw:
    """A chunk as it is read, of the bytes of its blocks by their start."""
    numbers = _numbers(parts[0], data, description)
    alpha = description.alpha
    valid = None
    if description.mask == "mask":
        valid = _mask(parts[1], data)
    elif description.mask == "alpha" and alpha is not None:
        valid = _numbers(parts[1], data, description)[0] != 0 if parts[1:] else numbers[alpha] != 0
    if parts[0].image.planes == 1 and alpha is not None:
        numbers = np.delete(numbers, alpha, axis=0)
    return finished(numbers, valid, description)


def finished(numbers: Raw, valid: npt.NDArray[np.bool_] | None, description: Description) -> Raw:
    """Numbers (bands, rows, cols) with the marker where `valid` (rows, cols) is not; read-only."""
    if numbers.dtype != description.dtype:
        raise SourceError(f"a block holds {numbers.dtype}, the file's header says otherwise")
    if valid is not None and description.marker is not None:
        numbers = numbers.astype(description.read_dtype)
        numbers[:, ~valid] = description.marker
    numbers.flags.writeable = False
    return numbers


def _numbers(part: _Part, data: dict[int, bytes], description: Description) -> Raw:
    layout = part.image.layout
    fill = description.bands[0].nodata or 0
    strips: list[Raw] = [
        decode(data[start], layout, rows)
        if stop > start
        else np.full((layout.bands, rows, layout.shape[1]), fill, description.dtype)
        for start, stop, rows in part.blocks
    ]
    return strips[0] if len(strips) == 1 else np.concatenate(strips, axis=1)


def _mask(part: _Part, data: dict[int, bytes]) -> npt.NDArray[np.bool_]:
    layout = part.image.layout
    return np.concatenate(
        [
            decode_mask(data[start], layout, rows)
            if stop > start
            else np.zeros((rows, layout.shape[1]), np.bool_)
            for start, stop, rows in part.blocks
        ]
    )
