"""What a GeoTIFF says of itself, read by GDAL once: bands, grid, nodata, mask, palette."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import uuid4
from weakref import WeakValueDictionary

import numpy as np
import pyproj
import rasterio
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader

from tileserver.errors import CatalogError, SourceError
from tileserver.grid import parse_crs
from tileserver.sources.directory import DAMAGED
from tileserver.sources.head import Head, HeadFile

MaskKind = Literal["none", "mask", "alpha"]
Color = tuple[int, int, int, int]
COLORS = {ColorInterp.red: "red", ColorInterp.green: "green", ColorInterp.blue: "blue"}
# The next wider type holds a marker for masked cells beside every value.
PROMOTED = {
    "uint8": ("int16", -(2**15)),
    "int8": ("int16", -(2**15)),
    "uint16": ("int32", -(2**31)),
    "int16": ("int32", -(2**31)),
    "uint32": ("int64", -(2**63)),
    "int32": ("int64", -(2**63)),
}
# Some of GDAL's errors come as they are, of a class that rasterio does not name in public.
GDAL_ERRORS = (RasterioError, CPLE_BaseError)
CRS_ERRORS = (pyproj.exceptions.CRSError, rasterio.errors.CRSError)
BLACK = (0, 0, 0, 255)


@dataclass(frozen=True, slots=True)
class Band:
    """One band; `index` counts from 0, `color` is red, green, blue or None."""

    index: int
    description: str | None
    color: str | None
    scale: float
    offset: float
    nodata: float | None
    units: str | None
    palette: tuple[tuple[int, Color], ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A file as GDAL describes it.

    Args:
        crs: text that `grid.parse_crs` reads.
        transform: pixel corners to CRS units, or None where only ground control points or a
            rotation place the image.
        bands: without the alpha band.
        dtype: of the stored numbers; those that are read may be wider, see `read_dtype`.
        mask: what tells invalid cells apart beside nodata; `alpha` is its band's index.
        tags: of the file, by name.
    """

    crs: str
    transform: Affine | None
    shape: tuple[int, int]
    dtype: np.dtype[np.generic]
    bands: tuple[Band, ...]
    mask: MaskKind
    alpha: int | None
    tags: tuple[tuple[str, str], ...]

    @property
    def read_dtype(self) -> np.dtype[np.generic]:
        """Of what is read: of masked integers the next wider type."""
        return np.dtype(self._promoted[0])

    @property
    def marker(self) -> float | None:
        """The number read where the mask says invalid; None without a mask."""
        return self._promoted[1]

    @property
    def signature(self) -> tuple[object, ...]:
        """What two files share whose numbers mean the same."""
        bands = tuple((b.index, b.scale, b.offset, _equal_nan(b.nodata)) for b in self.bands)
        return (self.dtype, bands, self.mask, self.alpha)

    @property
    def _promoted(self) -> tuple[str, float | None]:
        if self.mask == "none":
            return self.dtype.name, None
        if self.dtype.kind == "f":
            return self.dtype.name, float("nan")
        return PROMOTED[self.dtype.name]


def _equal_nan(number: float | None) -> float | str | None:
    return "nan" if number is not None and number != number else number


class _Opener:
    """Gives GDAL the files that are being read, by a name that nobody else knows.

    One for the process: GDAL keeps what it registers for an opener, 1 kB, for ever.
    """

    def __init__(self) -> None:
        self.files: WeakValueDictionary[str, HeadFile] = WeakValueDictionary()

    def __call__(self, path: str, mode: str = "rb") -> HeadFile:
        try:
            return self.files[path]
        except KeyError:
            raise FileNotFoundError(path) from None


_OPENER = _Opener()


@contextmanager
def opened(
    head: Head, loop: asyncio.AbstractEventLoop, *, overview: int | None = None
) -> Iterator[DatasetReader]:
    """A GeoTIFF for GDAL, in a thread, its bytes from the store by way of the event loop.

    Neither sidecar files nor other drivers are tried. Raises SourceError.
    """
    name = f"{uuid4().hex}/file.tif"
    file = _OPENER.files[name] = HeadFile(head, loop)
    level = {} if overview is None else {"OVERVIEW_LEVEL": overview}
    try:
        with (
            rasterio.Env(GDAL_DISABLE_READDIR_ON_OPEN="EMPTY_DIR"),
            rasterio.open(name, driver="GTiff", opener=_OPENER, **level) as dataset,
        ):
            yield dataset
            if file.error is not None:
                raise file.error
    except GDAL_ERRORS as error:
        raise file.error or SourceError(DAMAGED) from error
    finally:
        file.close()


def describe(head: Head, loop: asyncio.AbstractEventLoop) -> Description:
    """What a file says of itself; blocks, for a thread.

    Raises CatalogError for what cannot be served, with the remedy.
    """
    with opened(head, loop) as file:
        crs, transform = _georeference(file)
        dtype = np.dtype(file.dtypes[0])
        mask, alpha = _mask(file)
        bands = tuple(_band(file, i) for i in range(file.count) if i != alpha)
        tags = tuple(sorted(file.tags().items()))
        return served(Description(crs, transform, file.shape, dtype, bands, mask, alpha, tags))


def served(description: Description) -> Description:
    """The description, unless its numbers cannot be served: CatalogError."""
    dtype, masked = description.dtype, description.mask != "none"
    if dtype.kind not in "iuf" or (masked and dtype.kind != "f" and dtype.name not in PROMOTED):
        raise CatalogError(
            f"dtype {dtype}{' with a mask' if masked else ''} cannot be served: convert it, e.g. "
            "gdal_translate -ot Float64"
        )
    return description


def _georeference(file: DatasetReader) -> tuple[str, Affine | None]:
    points, points_crs = file.gcps
    crs = file.crs or (points_crs if points else None)
    if not crs:
        raise CatalogError("the file names no CRS: write one, e.g. gdal_edit.py -a_srs EPSG:4326")
    transform = file.transform
    placed = not transform.is_identity and not (transform.b or transform.d)
    if transform.is_identity and not points:
        raise CatalogError("the file has no geotransform: write one, e.g. gdal_edit.py -a_ullr")
    try:
        return _crs_text(crs.to_wkt(version="WKT2_2019")), transform if placed else None
    except CRS_ERRORS as error:
        raise CatalogError(
            "the file's CRS is none of the Earth's: write one, e.g. gdal_edit.py -a_srs EPSG:4326"
        ) from error


@lru_cache(maxsize=256)
def _crs_text(wkt: str) -> str:
    """The authority's code where it is this very CRS: what others are compared with."""
    crs = pyproj.CRS.from_wkt(wkt)
    if not (crs.is_geographic or crs.is_projected):
        raise pyproj.exceptions.CRSError(crs.type_name)
    authority = crs.to_authority(min_confidence=100)
    if authority is not None:
        named = parse_crs(":".join(authority))
        if named.equals(crs, ignore_axis_order=True):
            return named.srs
    return wkt


def _mask(file: DatasetReader) -> tuple[MaskKind, int | None]:
    """GDAL's order: an internal mask, then nodata, then alpha. The alpha band is no data."""
    alphas = [i for i, c in enumerate(file.colorinterp) if c == ColorInterp.alpha]
    alpha = alphas[0] if alphas and file.count > 1 else None
    flags = file.mask_flag_enums[0 if alpha != 0 else 1]
    if MaskFlags.alpha in flags and alpha is not None:
        return "alpha", alpha
    if MaskFlags.per_dataset in flags:
        return "mask", alpha
    return "none", alpha


def _band(file: DatasetReader, index: int) -> Band:
    color = file.colorinterp[index]
    flags = file.mask_flag_enums[index]
    nodata = file.nodatavals[index] if MaskFlags.nodata in flags else None
    palette = _palette(file, index, nodata) if color == ColorInterp.palette else ()
    return Band(
        index,
        file.descriptions[index] or None,
        COLORS.get(color),
        file.scales[index],
        file.offsets[index],
        nodata,
        file.units[index] or None,
        palette,
    )


def _palette(
    file: DatasetReader, index: int, nodata: float | None
) -> tuple[tuple[int, Color], ...]:
    """The colours that the palette sets: a TIFF fills all others with black."""
    colors: dict[int, Color] = file.colormap(index + 1)
    return tuple(
        (value, color)
        for value, color in sorted(colors.items())
        if value != nodata and (color != BLACK or value == 0)
    )
