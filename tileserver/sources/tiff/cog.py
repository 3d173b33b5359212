"""A GeoTIFF as a cube: bands are its variables, overviews its levels.

Masked cells, by an internal mask or an alpha band, are read as a number that no cell can hold:
uint8 becomes int16 with -32768, uint16 int32 with -2147483648 and so on, floats are NaN. That
number is in `Packing.missing`, so that no valid value is lost.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import Hashable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tileserver.axis import Axis
from tileserver.cache import ByteCache
from tileserver.cube import Cube, Flag, Level, Packing, Raw, Variable
from tileserver.errors import CatalogError, SourceError
from tileserver.grid import Grid, parse_crs
from tileserver.lookup.affine import affine_grid
from tileserver.plan import ReadPlan
from tileserver.sources.chunk import Coordinates, held_window, read_window
from tileserver.sources.classes import known_classes
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.description import Band, Description
from tileserver.sources.tiff.directory import DAMAGED
from tileserver.sources.tiff.head import Head
from tileserver.sources.tiff.layout import Tiff, read_tiff
from tileserver.sources.tiff.raster import LevelShape, Raster, TiffRaster, fingerprint
from tileserver.sources.tiff.sidecar import NONE, Sidecars, beside
from tileserver.sources.watch import ObjectsWatch, Watch

if TYPE_CHECKING:
    from tileserver.sources.tiff.warped import WarpedRaster

LARGEST_CHUNK_BYTES = 256 * 1024 * 1024
# An image of at most this many cells a side needs no overviews.
SMALL = 1024
REMEDY = "make it a cloud-optimised one: gdal_translate -of COG in.tif out.tif"


@dataclass(frozen=True, slots=True, eq=False)
class CogFile:
    """An open file: what it says of itself, its blocks, and those that are kept.

    `identity` tells its blocks from all others in the cache.
    """

    identity: Hashable
    entry: Entry
    description: Description
    raster: Raster
    cache: ByteCache[Raw]

    @property
    def nbytes(self) -> int:
        """What keeping it open costs, beside its blocks."""
        return self.raster.nbytes

    def layer(self, level: int, band: int) -> Layer:
        """One band at one level, to be read by window; `band` indexes the description's."""
        shape = self.raster.levels[level]
        return Layer(self, level, band, shape.shape, shape.chunk, self.description.read_dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A band at a level as a ChunkedArray (rows, cols); bands stored together share chunks."""

    file: CogFile
    level: int
    band: int
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[np.generic]

    def held(self, coordinates: Coordinates) -> Raw | None:
        """The chunk if it is kept."""
        block = self.file.cache.held(self._key(coordinates))
        return None if block is None else self._of(block)

    async def chunk(self, coordinates: Coordinates) -> Raw:
        """The chunk, read and kept. Raises SourceError."""
        row, col = coordinates

        def read() -> asyncio.Future[Raw]:
            return asyncio.ensure_future(self.file.raster.block(self.level, self.band, row, col))

        return self._of(await self.file.cache.get(self._key(coordinates), read))

    @property
    def _planar(self) -> bool:
        return self.file.raster.levels[self.level].planar

    def _key(self, coordinates: Coordinates) -> Hashable:
        return (self.file.identity, self.level, self.band if self._planar else -1, coordinates)

    def _of(self, block: Raw) -> Raw:
        band: Raw = block[0 if self._planar else self.band]
        return band


@dataclass(frozen=True, slots=True, eq=False)
class CogSource:
    """A single GeoTIFF as a Source."""

    version: str
    cube: Cube
    file: CogFile
    bands: dict[str, int]
    watch: Watch

    def held(self, plan: ReadPlan) -> Raw | None:
        """The same as `read`, if all of it is held."""
        return held_window(self._layer(plan), plan.window)

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers (rows, cols) of the window."""
        return await read_window(self._layer(plan), plan.window)

    def _layer(self, plan: ReadPlan) -> Layer:
        return self.file.layer(plan.level, self.bands[plan.variable])


async def open_cog(
    store: Store, key: str, cache: ByteCache[Raw], pool: Executor, crs: str | None = None
) -> CogSource:
    """The cube of one GeoTIFF.

    Args:
        crs: what the catalogue says, for files that name none.
        cache: keeps decoded blocks, of any number of files.
        pool: decodes them; bounded, and not the one of the event loop.

    Raises CatalogError for a file that cannot be served, SourceError for one that cannot be read.
    """
    entry, sidecars = await asyncio.gather(found(store, key), beside(store, key))
    file = await open_file(store, entry, cache, pool, crs, sidecars)
    objects = [entry, *sidecars.entries]
    variables = variables_of(file, ())
    return CogSource(
        fingerprint(objects),
        Cube(variables, {}, warnings=advice(file), attrs=dict(file.description.tags)),
        file,
        {name: i for i, name in enumerate(variables)},
        ObjectsWatch(store, {each.key: each.stamp for each in objects}),
    )


async def found(store: Store, key: str) -> Entry:
    """The object of a key. Raises CatalogError where there is none, or it is a VRT."""
    check_name(key)
    entry = await store.head(key)
    if entry is None:
        raise CatalogError(f"key={key!r}: no such object")
    return entry


def check_name(key: str) -> None:
    """Raise CatalogError for a VRT."""
    if key.lower().endswith(".vrt"):
        raise CatalogError(
            f"key={key!r}: a VRT may name any file and is not read; list its files as a stack, or "
            "write it out with gdal_translate -of COG"
        )


async def open_file(
    store: Store,
    entry: Entry,
    cache: ByteCache[Raw],
    pool: Executor,
    crs: str | None = None,
    sidecars: Sidecars = NONE,
) -> CogFile:
    """A file with its headers read. Raises as open_cog does."""
    head = Head(store, entry)
    tiff = await read_tiff(head)
    loop = asyncio.get_running_loop()
    description = await loop.run_in_executor(pool, _described, head, loop, crs)
    _check_agreement(tiff, description)
    if sidecars != NONE and description.transform is not None:
        tiff, description = await sidecars.complete(store, tiff, description)
    raster: Raster
    if description.transform is None:
        warp = await loop.run_in_executor(pool, _warped, head, description, pool, loop)
        raster, description = warp, warp.description
    else:
        raster = TiffRaster.over(store, entry, _masked(tiff, description), description, pool)
    head.keep = False
    _check_size(raster, description)
    identity = (store.url, entry.key, fingerprint([entry, *sidecars.entries]))
    return CogFile(identity, entry, description, raster, cache)


# Threads import GDAL, so that the loop does not stand still: see sources/tiff/gdal.py.


def _described(head: Head, loop: asyncio.AbstractEventLoop, crs: str | None) -> Description:
    from tileserver.sources.tiff.gdal import describe

    return describe(head, loop, crs)


def _warped(
    head: Head, description: Description, pool: Executor, loop: asyncio.AbstractEventLoop
) -> WarpedRaster:
    from tileserver.sources.tiff.warped import warped

    return warped(head, description, pool, loop)


def _check_agreement(tiff: Tiff, description: Description) -> None:
    """Both readers of the header must have seen the same image."""
    full, _ = tiff.levels[0]
    bands = len(description.bands) + (description.alpha is not None)
    if (full.shape, full.bands) != (description.shape, bands):
        raise SourceError(DAMAGED)


def _masked(tiff: Tiff, description: Description) -> Tiff:
    """Without the overviews that lack the mask of the full image."""
    if description.mask != "mask":
        return tiff
    if tiff.levels[0][1] is None:
        raise CatalogError("the file's mask has another size than its image")
    return Tiff(tuple(level for level in tiff.levels if level[1] is not None))


def _check_size(raster: Raster, description: Description) -> None:
    largest = max(_chunk_bytes(level, description) for level in raster.levels)
    if largest > LARGEST_CHUNK_BYTES:
        raise CatalogError(
            f"one block of the file decodes to {largest >> 20} MiB, the limit is "
            f"{LARGEST_CHUNK_BYTES >> 20} MiB: {REMEDY}"
        )


def _chunk_bytes(level: LevelShape, description: Description) -> int:
    bands = 1 if level.planar else len(description.bands)
    return level.chunk[0] * level.chunk[1] * bands * description.read_dtype.itemsize


def advice(file: CogFile) -> tuple[str, ...]:
    """What would make the file faster, in words for the catalogue's owner."""
    levels = file.raster.levels
    full = levels[0]
    told = []
    if file.description.transform is None:
        told.append(
            "only ground control points place the image, and it is warped for each tile: warp it "
            "once with gdalwarp -of COG"
        )
    elif full.chunk[1] == full.shape[1] and full.shape[1] > SMALL:
        told.append(f"the file is stored in strips: {REMEDY}")
    if len(levels) == 1 and max(full.shape) > SMALL:
        told.append(f"the file has no overviews: {REMEDY}")
    return tuple(told)


def variables_of(file: CogFile, leading: Sequence[tuple[str, int]]) -> dict[str, Variable]:
    """The variables of a file's bands by id, in the order of the bands.

    Args:
        leading: (name, size) of dimensions before rows and columns, chunks of one step each.
    """
    levels = levels_of(file.raster.levels, file.description, leading)
    dims = tuple(name for name, _ in leading)
    bands = file.description.bands
    return {
        name: _variable(name, band, file.description, dims, levels)
        for name, band in zip(_names(bands), bands, strict=True)
    }


def levels_of(
    shapes: Sequence[LevelShape], description: Description, leading: Sequence[tuple[str, int]]
) -> tuple[Level, ...]:
    """Levels in the CRS of a description. Raises CatalogError."""
    grids = _grids(description, shapes)
    return tuple(
        Level(
            grid,
            (*(1 for _ in leading), *level.chunk),
            (*(size for _, size in leading), *level.shape),
            _chunk_bytes(level, description),
        )
        for level, grid in zip(shapes, grids, strict=True)
    )


def packings_of(description: Description) -> tuple[Packing, ...]:
    """How the numbers that are read of each band become physical ones."""
    return tuple(
        Packing(band.scale, band.offset, _missing(band, description)) for band in description.bands
    )


def _grids(description: Description, levels: Sequence[LevelShape]) -> list[Grid]:
    """The grids of levels; where the image is turned they share the lookup of the finest."""
    crs = parse_crs(description.crs)
    finest = levels[0]
    try:
        first = affine_grid(crs, finest.transform, finest.shape)
        if first.lookup is None:
            others = [Grid.from_affine(crs, each.transform, each.shape) for each in levels[1:]]
            return [first, *others]
    except ValueError as error:
        raise CatalogError(f"the file's geotransform cannot be used: {error}") from error
    grids = [first]
    for level in levels[1:]:
        own = ~finest.transform @ level.transform
        axes = (Axis(0.0, own.a, level.shape[1]), Axis(0.0, own.e, level.shape[0]))
        grids.append(Grid(crs, *axes, lookup=first.lookup))
    return grids


def _names(bands: Sequence[Band]) -> list[str]:
    """Ids: the description made fit for URLs, else the colour, where unique; else b1, b2, …"""
    described = [re.sub(r"[^A-Za-z0-9._-]+", "_", b.description or "").strip("_.-") for b in bands]
    often = Counter(described)
    colors = Counter(b.color for b in bands)
    names = []
    for band, name in zip(bands, described, strict=True):
        if name and often[name] == 1:
            names.append(name)
        elif band.color and colors[band.color] == 1 and band.color not in described:
            names.append(band.color)
        else:
            names.append(f"b{band.index + 1}")
    return names if len(set(names)) == len(names) else [f"b{b.index + 1}" for b in bands]


def _variable(
    name: str,
    band: Band,
    description: Description,
    dims: tuple[str, ...],
    levels: tuple[Level, ...],
) -> Variable:
    return Variable(
        name,
        dims,
        description.read_dtype,
        levels,
        Packing(band.scale, band.offset, _missing(band, description)),
        title=band.description,
        units=band.units,
        valid_range=_range(band, description),
        flags=tuple(Flag(value, str(value), color) for value, color in band.palette)
        or known_classes(name, description.read_dtype),
    )


def _range(band: Band, description: Description) -> tuple[float, float] | None:
    """Of physical values: of bytes that are colours all, of others what the statistics say."""
    limits = band.limits
    if band.color is not None and description.dtype == np.uint8:
        limits = (0.0, 255.0)
    if limits is None:
        return None
    low, high = sorted(limit * band.scale + band.offset for limit in limits)
    return (low, high)


def _missing(band: Band, description: Description) -> tuple[int | float, ...]:
    """The numbers that are not valid; NaN never is, and one that the type lacks cannot be."""
    found = [n for n in (band.nodata, description.marker) if n is not None and n == n]
    if description.dtype.kind == "f":
        limit = float(np.finfo(description.dtype.name).max)
        return tuple(float(description.dtype.type(n)) for n in found if abs(n) <= limit)
    info = np.iinfo(description.read_dtype.name)
    whole = [int(n) for n in found if math.isfinite(n) and float(n).is_integer()]
    return tuple(n for n in whole if info.min <= n <= info.max)
