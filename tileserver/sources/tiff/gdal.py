"""GeoTIFFs by way of GDAL: opening, describing, decoding a block.

GDAL and rasterio cost 25 MB and a third of a second to import, which a server of Zarr saves: what
needs this module imports it when the first TIFF is opened, in a thread.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from uuid import uuid4
from weakref import WeakValueDictionary

import numpy as np
import pyproj
import rasterio
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, MemoryFile

from tileserver.cube import Raw
from tileserver.errors import CatalogError, SourceError, shown
from tileserver.grid import parse_crs
from tileserver.sources.tiff.description import Band, Color, Description, MaskKind, served
from tileserver.sources.tiff.directory import DAMAGED
from tileserver.sources.tiff.head import Head, HeadFile

COLORS = {ColorInterp.red: "red", ColorInterp.green: "green", ColorInterp.blue: "blue"}
# Some of GDAL's errors come as they are, of a class that rasterio does not name in public.
GDAL_ERRORS = (RasterioError, CPLE_BaseError)
CRS_ERRORS = (pyproj.exceptions.CRSError, rasterio.errors.CRSError)
BLACK = (0, 0, 0, 255)


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


def describe(head: Head, loop: asyncio.AbstractEventLoop, crs: str | None = None) -> Description:
    """What a file says of itself; blocks, for a thread.

    Args:
        crs: of a file that names none.

    Raises CatalogError for what cannot be served, with the remedy.
    """
    with opened(head, loop) as file:
        named, transform = _georeference(file, crs)
        dtype = np.dtype(file.dtypes[0])
        mask, alpha = _mask(file)
        bands = tuple(_band(file, i) for i in range(file.count) if i != alpha)
        tags = tuple(sorted(file.tags().items()))
        return served(Description(named, transform, file.shape, dtype, bands, mask, alpha, tags))


def decode_tiff(data: bytes) -> Raw:
    """All numbers (bands, rows, cols) of a TIFF in memory. Raises ValueError for a damaged one."""
    try:
        with MemoryFile(data) as memory, memory.open() as file:
            block: Raw = file.read()
    except GDAL_ERRORS as error:
        raise ValueError(str(error)) from error
    return block


def _georeference(file: DatasetReader, told: str | None) -> tuple[str, Affine | None]:
    """CRS and transform; none where only control points place the image."""
    points, points_crs = file.gcps
    crs = file.crs or (points_crs if points else None)
    transform = file.transform
    is_placed = not transform.is_identity
    if not is_placed and not points and file.rpcs is not None:
        raise CatalogError(
            "only rational polynomials (RPC) place the image, which takes a height model: warp it "
            "with gdalwarp -rpc -to RPC_DEM=… -of COG"
        )
    text = _crs(crs, told)
    if not is_placed and not points:
        raise CatalogError("the file has no geotransform: write one, e.g. gdal_edit.py -a_ullr")
    return text, transform if is_placed else None


def _crs(own: rasterio.crs.CRS | None, told: str | None) -> str:
    """The CRS of a file, or what is told of one that has none of the Earth."""
    try:
        if own:
            return _crs_text(own.to_wkt(version="WKT2_2019"))
        problem = "the file names no CRS"
    except CRS_ERRORS:
        problem = "the file's CRS is none of the Earth's"
    if told is None:
        raise CatalogError(
            f"{problem}: set the dataset's crs in the catalogue, or write one, e.g. gdal_edit.py "
            "-a_srs EPSG:4326"
        )
    try:
        return _crs_text(pyproj.CRS.from_user_input(told).to_wkt())
    except CRS_ERRORS as error:
        raise CatalogError(f"crs={shown(told)!r}: expected one such as EPSG:32632") from error


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
        _limits(file.tags(index + 1)),
    )


def _limits(tags: Mapping[str, str]) -> tuple[float, float] | None:
    """What GDAL's statistics say, if they are of all cells."""
    try:
        low, high = (float(tags[f"STATISTICS_{name}"]) for name in ("MINIMUM", "MAXIMUM"))
    except (KeyError, ValueError):
        return None
    is_exact = tags.get("STATISTICS_APPROXIMATE", "NO").upper() == "NO"
    return (low, high) if is_exact and -math.inf < low < high < math.inf else None


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
