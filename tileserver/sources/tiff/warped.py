"""Files that only ground control points place: warped north-up by GDAL."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from tileserver.cube import Raw
from tileserver.sources.tiff.description import Description, served
from tileserver.sources.tiff.gdal import opened
from tileserver.sources.tiff.head import Head
from tileserver.sources.tiff.raster import LevelShape, finished

CHUNK = 512  # rows and columns that are warped together


@dataclass(frozen=True, slots=True, eq=False)
class WarpedRaster:
    """A file whose levels are warps of it and of its overviews into its CRS, nearest cell.

    Cells that lie outside the image are masked.
    """

    head: Head
    description: Description
    levels: tuple[LevelShape, ...]
    pool: Executor

    @property
    def nbytes(self) -> int:
        """What keeping its header costs."""
        return 4096 + self.head.nbytes

    async def block(self, level: int, band: int, row: int, col: int) -> Raw:
        """A chunk of all bands, read by GDAL in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, self._read, level, row, col, loop)

    def _read(self, level: int, row: int, col: int, loop: asyncio.AbstractEventLoop) -> Raw:
        height, width = self.levels[level].shape
        window = Window(
            col * CHUNK,
            row * CHUNK,
            min(CHUNK, width - col * CHUNK),
            min(CHUNK, height - row * CHUNK),
        )
        indexes = [band.index + 1 for band in self.description.bands]
        overview = level - 1 if level else None
        with (
            opened(self.head, loop, overview=overview) as file,
            _warped(file, self.description) as vrt,
        ):
            numbers: Raw = vrt.read(indexes, window=window)
            masked = self.description.mask != "none"
            valid = vrt.dataset_mask(window=window) != 0 if masked else None
        return finished(numbers, valid, self.description)


def _warped(file: DatasetReader, description: Description) -> WarpedVRT:
    # With a grid of our choice rasterio 1.4 forgets the control points: GDAL suggests each.
    return WarpedVRT(
        file,
        crs=description.crs,
        add_alpha=description.mask != "none" and description.alpha is None,
        resampling=Resampling.nearest,
        tolerance=0.0,
    )


def warped(
    head: Head, description: Description, pool: Executor, loop: asyncio.AbstractEventLoop
) -> WarpedRaster:
    """The warp of a file of this description; blocks, for a thread."""
    warp = _warped_description(description)
    return WarpedRaster(head, warp, _warped_levels(head, warp, loop), pool)


def _warped_description(description: Description) -> Description:
    """Of the warp: cells outside the image are masked, or nodata where there is such a number."""
    if all(band.nodata is not None for band in description.bands):
        return description
    return served(replace(description, mask="alpha"))


def _warped_levels(
    head: Head, description: Description, loop: asyncio.AbstractEventLoop
) -> tuple[LevelShape, ...]:
    """The grids that GDAL suggests for the file and its overviews; blocks, for a thread."""
    with opened(head, loop) as file:
        count = len(file.overviews(1))
    levels = []
    for overview in (None, *range(count)):
        with opened(head, loop, overview=overview) as file, _warped(file, description) as vrt:
            levels.append(LevelShape(vrt.transform, vrt.shape, (CHUNK, CHUNK), False))
    return tuple(levels)
