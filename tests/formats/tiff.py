"""Cases of the table: GeoTIFFs, their stacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio.control import GroundControlPoint
from rasterio.enums import ColorInterp, Resampling
from rasterio.merge import merge
from rasterio.shutil import copy
from rasterio.vrt import WarpedVRT

from tests.formats.case import Case, Given, Refused
from tests.formats.stores import numbers
from tests.formats.truth import Rotated, Separable, Truth

SECTION = "GeoTIFF"
STACKS = "Stacks of GeoTIFFs"
TRANSFORM = Affine(1000, 0, 400_000, 0, -1000, 5_600_000)
SHAPE = (70, 90)
SETS = ("WebMercatorQuad", "UTM33WGS84Quad")
MASKS = {"GDAL_TIFF_INTERNAL_MASK": True}


def write_tiff(
    path: Path,
    data: np.ndarray,
    *,
    overviews: tuple[int, ...] = (),
    edit: Callable[[Any], None] | None = None,
    **profile: Any,
) -> Path:
    """Bands (n, rows, cols) in UTM 33, tiled."""
    options = {
        "driver": "GTiff", "tiled": True, "blockxsize": 32, "blockysize": 32, "dtype": data.dtype,
        "crs": "EPSG:32633", "transform": TRANSFORM, **profile,
    }  # fmt: skip
    count, height, width = data.shape
    with (
        rasterio.Env(**MASKS),
        rasterio.open(path, "w", count=count, height=height, width=width, **options) as file,
    ):
        file.write(data)
        if edit:
            edit(file)
    if overviews:
        with rasterio.Env(**MASKS), rasterio.open(path, "r+") as file:
            file.build_overviews(overviews, Resampling.nearest)
    return path


def by_rasterio(path: Path, band: int = 1, level: int = 0) -> Truth:
    """A band at a level (0 is the full resolution): NaN where rasterio masks it."""
    options = {"overview_level": level - 1} if level else {}
    with rasterio.open(path, **options) as file:
        to_crs = file.transform
        crs = file.crs.to_wkt()
        is_turned = bool(to_crs.b or to_crs.d)
        place = (
            Rotated(crs, to_crs, file.shape)
            if is_turned
            else Separable.of_affine(crs, to_crs, file.shape)
        )
        cells = file.read(band, masked=True).astype(np.float64)
        cells = np.ma.filled(cells * file.scales[band - 1] + file.offsets[band - 1], np.nan)
    return Truth(place, lambda _: cells)


def served(
    dtype: str = "i2",
    *,
    bands: int = 1,
    shown: tuple[str, int] = ("b1", 1),
    levels: int = 1,
    cog: Mapping[str, Any] | None = None,
    given: Mapping[str, Any] | None = None,
    **profile: Any,
) -> Any:
    """A file of some profile, of which one band is looked at.

    Args:
        shown: the variable, and the band of the file from 1.
        cog: options of GDAL's COG driver, by which the file is copied.
        given: more of what is expected.
    """

    def make(folder: Path) -> Given:
        data = numbers(dtype, (bands, *profile.pop("size", SHAPE)))
        path = write_tiff(folder / "plain.tif", data, **profile)
        if cog is not None:
            copy(path, folder / "a.tif", driver="COG", **cog)
            path = folder / "a.tif"
        truths = tuple(by_rasterio(path, shown[1], level) for level in range(levels))
        about = {"sets": SETS, "dims": {}, **(given or {})}
        return Given({"url": path.name}, shown[0], truths, **about)

    return make


def _holes(file: Any) -> None:
    """A mask that leaves out every fifth row."""
    mask = np.full(SHAPE, 255, "u1")
    mask[::5] = 0
    file.write_mask(mask)


def _alpha(file: Any) -> None:
    file.colorinterp = (ColorInterp.gray, ColorInterp.alpha)
    alpha = np.full(SHAPE, 255, "u1")
    alpha[:, ::7] = 0
    file.write(alpha, 2)


def _names(file: Any) -> None:
    file.set_band_description(2, "nir")
    file.update_tags(2, units="W")
    file.set_band_unit(2, "W m-2")


def _packed(file: Any) -> None:
    file.scales, file.offsets = (0.01, 0.5), (10.0, -3.0)


def _colors(file: Any) -> None:
    file.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)


PALETTE = {0: (90, 90, 90), 1: (200, 10, 10), 2: (10, 200, 10), 3: (10, 10, 200)}


def _palette(folder: Path) -> Given:
    """Four colours of a palette, which are the classes."""
    data = numbers("u1", (1, *SHAPE)) % 4

    def edit(file: Any) -> None:
        file.write_colormap(1, PALETTE)

    path = write_tiff(folder / "a.tif", data, photometric="palette", edit=edit)
    return Given(
        {"url": "a.tif"}, "b1", (by_rasterio(path),), sets=SETS,
        categories=tuple((value, str(value)) for value in PALETTE),
        colors=tuple("#{:02x}{:02x}{:02x}".format(*color) for color in PALETTE.values()),
    )  # fmt: skip


def _dateline(folder: Path) -> Given:
    """UTM zone 60, whose files go on beyond 180 degrees."""
    crs, to_crs = "EPSG:32660", Affine(2000, 0, 620_000, 0, -2000, 5_600_000)
    path = write_tiff(folder / "a.tif", numbers("i2", (1, *SHAPE)), crs=crs, transform=to_crs)
    return Given({"url": "a.tif"}, "b1", (by_rasterio(path),))


def _stack(folder: Path) -> Given:
    """One file for each day, found by a glob."""
    days = ("2020-01-01", "2020-01-03", "2020-01-04")
    truths = {}
    for number, day in enumerate(days):
        data = numbers("i2", (1, *SHAPE)) + np.int16(1000 * number)
        path = write_tiff(folder / f"v_{day.replace('-', '')}.tif", data, overviews=(2,))
        truths[f"{day}T00:00:00Z"] = [by_rasterio(path, 1, level) for level in (0, 1)]
    times = tuple(truths)

    def truth(level: int) -> Truth:
        place = truths[times[0]][level].place
        return Truth(place, lambda ask: truths[ask.get("time", times[-1])][level].read(ask))

    entry = {"url": "v_*.tif", "time_pattern": r"v_(?P<time>\d{8})\.tif"}
    return Given(
        entry, "b1", (truth(0), truth(1)), asks=({}, {"time": times[0]}), times=times,
        dims={"time": 3}, sets=SETS,
    )  # fmt: skip


def _moved(
    dtype: str, moves: tuple[tuple[int, int], ...], *, together: bool, **profile: Any
) -> Any:
    """Files some cells apart: of one day side by side (the first is on top), or a day each."""

    def make(folder: Path) -> Given:
        paths = []
        for number, (row, col) in enumerate(moves):
            day = 1 if together else number + 1
            paths.append(write_tiff(
                folder / f"v_2020010{day}_{number}.tif",
                numbers(dtype, (1, *SHAPE)) + np.dtype(dtype).type(40 * number),
                transform=TRANSFORM @ Affine.translation(col, row), **profile,
            ))  # fmt: skip
        groups = [paths] if together else [[path] for path in paths]
        west, north = TRANSFORM @ (min(c for _, c in moves), min(r for r, _ in moves))
        east = TRANSFORM.c + 1000 * (SHAPE[1] + max(c for _, c in moves))
        south = TRANSFORM.f - 1000 * (SHAPE[0] + max(r for r, _ in moves))
        days = [f"2020-01-0{number + 1}T00:00:00Z" for number in range(len(groups))]
        cells = {}
        for day, group in zip(days, groups, strict=True):
            data, to_crs = merge(group, bounds=(west, south, east, north), masked=True)
            cells[day] = np.ma.filled(data[0].astype(np.float64), np.nan)
        place = Separable.of_affine("EPSG:32633", to_crs, cells[days[0]].shape)
        entry = {"url": "v_*.tif", "time_pattern": r"v_(?P<time>\d{8})_"}
        truth = Truth(place, lambda ask: cells[ask.get("time", days[-1])])
        asks = tuple({"time": day} for day in days)
        return Given(entry, "b1", (truth,), asks=asks, times=tuple(days), sets=SETS)

    return make


def _unlike(folder: Path) -> Given:
    """Files of another type, nodata and scale each."""
    kinds = (("u1", {"nodata": 40}, 1.0), ("i2", {"nodata": -1}, 1.0), ("f4", {}, 0.5))
    truths = {}
    for number, (dtype, profile, scale) in enumerate(kinds):

        def edit(file: Any, scale: float = scale) -> None:
            file.scales = (scale,)

        data = (numbers("i2", (1, *SHAPE)) % 200).astype(dtype)
        path = write_tiff(folder / f"v_2020010{number + 1}.tif", data, edit=edit, **profile)
        truths[f"2020-01-0{number + 1}T00:00:00Z"] = by_rasterio(path)
    times = tuple(truths)
    truth = Truth(truths[times[0]].place, lambda ask: truths[ask["time"]].read({}))
    entry = {"url": "v_*.tif", "time_pattern": r"v_(?P<time>\d{8})\.tif"}
    return Given(
        entry, "b1", (truth,), asks=tuple({"time": t} for t in times), times=times, sets=SETS
    )


def _listed(folder: Path) -> Given:
    """A list of which one file is not there."""
    path = write_tiff(folder / "a.tif", numbers("i2", (1, *SHAPE)))
    entry = {"url": ["a.tif", "gone.tif"], "times": ["2020-01-01", "2020-01-02"]}
    times = ("2020-01-01T00:00:00Z",)
    return Given(entry, "b1", (by_rasterio(path),), times=times, dims={"time": 1}, sets=SETS)


def _misfit(folder: Path) -> Refused:
    write_tiff(folder / "v_20200101.tif", numbers("i2", (1, *SHAPE)))
    write_tiff(folder / "v_20200102.tif", numbers("i2", (1, *SHAPE)), crs="EPSG:32634")
    entry = {"url": "v_*.tif", "time_pattern": r"v_(?P<time>\d{8})\.tif"}
    return Refused(entry, "key='v_20200102.tif': its CRS differs from the stack's: warp it with "
                   "gdalwarp -t_srs")  # fmt: skip


POINTS = tuple(
    GroundControlPoint(row, col, 10 + col / 50 + row / 500, 50 - row / 50)
    for row in (0, 35, 70) for col in (0, 45, 90)
)  # fmt: skip


def _control_points(folder: Path) -> Given:
    """By GDAL's own warp, nearest cell."""
    data = numbers("i2", (1, *SHAPE))
    path = write_tiff(folder / "a.tif", data, transform=None, crs="EPSG:4326", gcps=POINTS)
    with rasterio.open(path) as file, WarpedVRT(file, add_alpha=True, tolerance=0) as vrt:
        place = Separable.of_affine("EPSG:4326", vrt.transform, vrt.shape)
        cells = np.where(vrt.dataset_mask() != 0, vrt.read(1).astype(np.float64), np.nan)
    return Given({"url": "a.tif"}, "b1", (Truth(place, lambda _: cells),))


def _told_crs(folder: Path) -> Given:
    """The catalogue says what the file does not."""
    path = write_tiff(folder / "plain.tif", numbers("i2", (1, *SHAPE)))
    write_tiff(folder / "a.tif", numbers("i2", (1, *SHAPE)), crs=None)
    return Given({"url": "a.tif", "crs": "EPSG:32633"}, "b1", (by_rasterio(path),), sets=SETS)


def _beside(folder: Path) -> Given:
    """Overviews and a mask in files of their own."""
    path = write_tiff(folder / "a.tif", numbers("i2", (1, *SHAPE)))
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False, TIFF_USE_OVR=True),
        rasterio.open(path, "r+") as file,
    ):
        _holes(file)
        file.build_overviews((2,), Resampling.nearest)
    assert {each.suffix for each in folder.iterdir()} >= {".msk", ".ovr"}
    truths = tuple(by_rasterio(path, 1, level) for level in (0, 1))
    return Given({"url": "a.tif"}, "b1", truths, sets=SETS)


def _statistics(folder: Path) -> Given:
    def edit(file: Any) -> None:
        file.update_tags(1, STATISTICS_MINIMUM="0", STATISTICS_MAXIMUM="90")

    path = write_tiff(folder / "a.tif", numbers("i2", (1, *SHAPE)), edit=edit)
    return Given({"url": "a.tif"}, "b1", (by_rasterio(path),), sets=SETS, legend_range=(0, 90))


def _geographic(west: float) -> Any:
    """All longitudes but a few, from some western edge."""
    return served(crs="EPSG:4326", transform=Affine(3.9, 0, west, 0, -1.5, 52),
                  given={"sets": ("WebMercatorQuad", "WorldCRS84Quad")})  # fmt: skip


def _refused(message: str, url: str = "a.tif", dtype: str = "", **profile: Any) -> Any:
    def make(folder: Path) -> Refused:
        if profile or dtype:
            data = numbers("i2", (1, *SHAPE)).astype(dtype or "i2")
            write_tiff(folder / url, data, **profile)
        else:
            (folder / url).write_text("<VRTDataset rasterXSize='1' rasterYSize='1'/>")
        return Refused({"url": url}, message)

    return make


NO_CRS = (
    ": set the dataset's crs in the catalogue, or write one, e.g. gdal_edit.py -a_srs EPSG:4326"
)

BYTES = {"legend_range": (0, 255)}  # of red, green and blue

CASES = [
    *(Case(SECTION, name, make) for name, make in {
        "one band, no overviews": served(),
        "two overviews": served(overviews=(2, 4), levels=3),
        "by the COG driver, its own overviews": served(
            size=(600, 700), cog={"BLOCKSIZE": 128, "OVERVIEW_RESAMPLING": "NEAREST"}, levels=4),
        "strips": served(tiled=False, blockxsize=90, blockysize=8),
        "bands by pixel": served(bands=3, interleave="pixel", shown=("b2", 2)),
        "bands one after the other": served(bands=3, interleave="band", shown=("b3", 3)),
        "BigTIFF": served(BIGTIFF="YES"),
        "big-endian": served(ENDIANNESS="BIG"),
        "a mask inside": served(edit=_holes),
        "a mask inside, with overviews": served(edit=_holes, overviews=(2,), levels=2),
        "an alpha band": served("u1", bands=2, edit=_alpha),
        "nodata": served(nodata=7),
        "nodata of NaN": served("f4", nodata=float("nan")),
        "a palette": _palette,
        "scale and offset of each band": served(bands=2, edit=_packed, shown=("b2", 2)),
        "bands by their descriptions and units": served(
            bands=2, edit=_names, shown=("nir", 2), given={"units": "W m-2"}),
        "red, green and blue by their colours": served(
            "u1", bands=3, edit=_colors, photometric="RGB", shown=("green", 2), given=BYTES),
        "a rotated image": served(
            transform=TRANSFORM @ Affine.rotation(30), given={"sets": ("WebMercatorQuad",)}),
        "rows from south to north": served(transform=Affine(1000, 0, 4e5, 0, 1000, 5.5e6)),
        "across 180 degrees": _dateline,
        "a sheared image, with overviews": served(
            transform=TRANSFORM @ Affine.shear(15, 5), overviews=(2,), levels=2,
            given={"sets": ("WebMercatorQuad",)}),
        "longitudes from 0 to 360": _geographic(2.0),
        "longitudes from -190": _geographic(-190.0),
        "placed by ground control points only": _control_points,
        "without a CRS, which the catalogue says": _told_crs,
        "overviews and a mask in files beside it": _beside,
        "exact statistics": _statistics,
        "blocks that were never written": served(sparse_ok=True, nodata=0),
        "no CRS": _refused(f"the file names no CRS{NO_CRS}", crs=None),
        "a local CRS": _refused(
            f"the file's CRS is none of the Earth's{NO_CRS}",
            crs='LOCAL_CS["site",UNIT["metre",1]]'),
        "complex numbers": _refused(
            "dtype complex64 cannot be served: convert it, e.g. gdal_translate -ot Float64",
            dtype="complex64"),
        "a VRT": _refused(
            "url: VRT files are refused, as they can name any file: list the COGs", "a.vrt"),
        "a VRT by another name": _refused(
            "the file is not a GeoTIFF, or its header is damaged", "a.tif"),
    }.items()),
    *(Case(SECTION, f"numbers of type {dtype}", served(dtype))
      for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64",
                    "float32", "float64")),
    *(Case(SECTION, f"{bits} bits", served("u1" if bits < 9 else "u2", nbits=bits))
      for bits in (7, 12)),
    *(Case(SECTION, f"compressed by {name}", served("u1", compress=name))
      for name in ("deflate", "lzw", "zstd", "packbits", "lzma", "lerc", "lerc_zstd")),
    *(Case(SECTION, f"{name} with predictor {number}",
           served("f4" if number == 3 else "i2", compress=name, predictor=number))
      for name in ("deflate", "lzw", "zstd") for number in (2, 3)),
    Case(SECTION, "compressed by JPEG", served("u1", compress="jpeg")),
    Case(SECTION, "compressed by JPEG, YCbCr", served(
        "u1", bands=3, compress="jpeg", photometric="YCbCr", interleave="pixel",
        shown=("red", 1), given=BYTES)),
    Case(SECTION, "compressed by WebP without loss", served(
        "u1", bands=3, compress="webp", WEBP_LOSSLESS=True, interleave="pixel", edit=_colors,
        shown=("red", 1), given=BYTES)),
    Case(STACKS, "found by a glob, with overviews", _stack),
    *(Case(STACKS, name, make) for name, make in {
        "extents that differ by whole cells": _moved(
            "i2", ((0, 0), (3, -5), (0, 8)), together=False, nodata=-1),
        "extents that differ, without nodata": _moved("u1", ((0, 0), (3, -5)), together=False),
        "several files for a time": _moved("i2", ((0, 0), (0, 80), (50, 40)), together=True),
        "types, nodata and scales that differ": _unlike,
        "a listed file that is not there": _listed,
        "CRS that differ": _misfit,
    }.items()),
]  # fmt: skip
