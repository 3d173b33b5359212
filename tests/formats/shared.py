"""Cases of the table: real data that others made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from rasterio.enums import MaskFlags
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from tests.formats.case import Case, Given
from tests.formats.case import shared as path_of
from tests.formats.stores import by_xarray
from tests.formats.truth import DEGREES, Separable, Truth, edges_of

SECTION = "Real data of others"
MOST_CELLS = 1_500_000  # of a window; a level that a tile would show more of is not the right one
FEW_POINTS = 64  # are read one by one
PART = 256  # cells: windows begin and end at multiples


@dataclass(frozen=True)
class File(Truth):
    """A band of a level of a file, of which no more is read by rasterio than is looked at."""

    path: str = ""
    band: int = 1
    level: int = 0

    @classmethod
    def opened(cls, path: Path, band: int, level: int) -> File:
        with rasterio.open(path, **_level(level)) as file:
            place = Separable.of_affine(file.crs.to_wkt(), file.transform, file.shape)
            coarsest = level + len(file.overviews(band))

        def read(_: Mapping[str, str]) -> np.ndarray:
            with rasterio.open(path, **_level(coarsest)) as file:
                return _window(str(path), band, coarsest, (0, 0, *file.shape))

        return cls(place, read, str(path), band, level)

    def picked(self, row: np.ndarray, col: np.ndarray, ask: Mapping[str, str]) -> np.ndarray:
        if row.size <= FEW_POINTS:
            points = np.broadcast_arrays(row, col)
            each = [self._cell(int(r), int(c)) for r, c in zip(*map(np.ravel, points), strict=True)]
            return np.array(each).reshape(1, *row.shape)
        top, left = int(row.min()) // PART * PART, int(col.min()) // PART * PART
        height, width = self.place.shape
        bottom = min(height, (int(row.max()) // PART + 1) * PART)
        right = min(width, (int(col.max()) // PART + 1) * PART)
        if (bottom - top) * (right - left) > MOST_CELLS:
            return np.full((1, *row.shape), np.inf)
        cells = _window(self.path, self.band, self.level, (top, left, bottom, right))
        return cells[None, row - top, col - left]

    def _cell(self, row: int, col: int) -> float:
        part = _window(self.path, self.band, self.level, (row, col, row + 1, col + 1))
        return float(part[0, 0])


def _level(level: int) -> dict[str, Any]:
    return {"overview_level": level - 1} if level else {}


@lru_cache(maxsize=64)
def _window(path: str, band: int, level: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """Physical values (rows, cols), NaN where rasterio masks them."""
    top, left, bottom, right = box
    with rasterio.open(path, **_level(level)) as file:
        window = Window(left, top, right - left, bottom - top)
        cells = file.read(band, window=window, masked=True).astype(np.float64)
        cells = np.ma.filled(cells * file.scales[band - 1] + file.offsets[band - 1], np.nan)
    return np.asarray(cells)


def _file(name: str, variable: str = "b1", band: int = 1, **more: Any) -> Any:
    def make(_: Path) -> Given:
        path = path_of(name)
        with rasterio.open(path) as file:
            levels = range(len(file.overviews(band)) + 1)
        found = tuple(File.opened(path, band, level) for level in levels)
        return Given({"url": str(path)}, variable, found, **more)

    return make


def _palette(folder: Path) -> Given:
    """Classes with the colours of the palette, by rasterio."""
    given = _file("rio-tiler/cog_cmap.tif")(folder)
    with rasterio.open(path_of("rio-tiler/cog_cmap.tif")) as file:
        colors = file.colormap(1)
        assert file.mask_flag_enums[0] == [MaskFlags.nodata]
    shown = {k: v for k, v in colors.items() if k != 0 and v[:3] != (0, 0, 0)}
    return replace(
        given,
        categories=tuple((value, str(value)) for value in shown),
        colors=tuple("#{:02x}{:02x}{:02x}".format(*color[:3]) for color in shown.values()),
    )


def _control_points(_: Path) -> Given:
    """As GDAL's warper places it: north-up in the CRS of the points."""
    path = path_of("rio-tiler/cog_gcps.tif")
    levels = []
    for level in range(4):
        with (
            rasterio.open(path, **_level(level)) as file,
            WarpedVRT(file, crs="EPSG:4326", add_alpha=True, tolerance=0) as warped,
        ):
            place = Separable.of_affine(warped.crs.to_wkt(), warped.transform, warped.shape)
            cells = np.where(warped.dataset_mask() != 0, warped.read(1).astype(float), np.nan)
        levels.append(Truth(place, lambda _, cells=cells: cells))
    return Given({"url": str(path)}, "b1", tuple(levels))


def _netcdf(name: str, variable: str, crs: str, *, is_told: bool = False) -> Any:
    """A file of one map, as xarray reads it by way of h5netcdf."""

    def make(_: Path) -> Given:
        path = path_of(name)
        with xr.open_dataset(path, engine="h5netcdf") as data:
            place = Separable(crs, edges_of(data.x.values), edges_of(data.y.values))
            cells = data[variable].transpose("y", "x").values.astype(np.float64)
        truth = Truth(place, lambda _: cells)
        entry = {"url": str(path), **({"crs": crs} if is_told else {})}
        return Given(entry, variable, (truth,), dims={})

    return make


MODIS = "+proj=sinu +lon_0=0 +a=6371007.181 +b=6371007.181 +units=m +no_defs"


def _ocean(variable: str, units: str | None) -> Any:
    """The ocean-colour cube as xarray reads it."""

    def make(_: Path) -> Given:
        path = path_of("xcube/cube-1-250-250.zarr")
        with xr.open_dataset(path, engine="zarr") as data:
            times = data.time.dt.round("s").values
            labels = tuple(f"{t}Z" for t in np.datetime_as_string(times, unit="s"))
        return Given(
            {"url": str(path)}, variable, (_ocean_truth(path, variable),),
            asks=({"time": "2017-01-28"}, {"time": labels[1]}), times=labels, units=units,
            spots=((1.6, 51.55), (0.9, 50.4)),
            dims={"time": 5}, box=(2.0, 51.0, 2.1003, 51.0777),
        )  # fmt: skip

    return make


def _ocean_flags(folder: Path) -> Given:
    """Bits of 32, the highest of which the attributes write as a negative number."""
    with xr.open_zarr(path_of("xcube/cube-1-250-250.zarr"), decode_times=False) as data:
        attrs = data["quality_flags"].attrs
    named = zip(attrs["flag_masks"], attrs["flag_meanings"].split(), strict=True)
    bits = tuple((float(mask % 2**32), name.replace("_", " ")) for mask, name in named)
    return replace(_ocean("quality_flags", None)(folder), categories=bits)


def _ocean_truth(store: Path, variable: str) -> Truth:
    with xr.open_dataset(store, engine="zarr") as data:
        place = Separable(DEGREES, edges_of(data.lon.values), edges_of(data.lat.values))
        low, high = (data[variable].attrs.get(name) for name in ("valid_min", "valid_max"))
    stored = by_xarray(store, variable)

    def read(ask: Mapping[str, str]) -> np.ndarray:
        cells = stored(ask)
        if low is None:
            return cells
        return np.where((cells >= low) & (cells <= high), cells, np.nan)

    return Truth(place, read)


CASES = [
    Case(SECTION, "world, seven levels, 8 bit", _file("rio-tiler/cog_world.tif")),
    Case(SECTION, "UTM across the date line", _file("rio-tiler/cog_dateline.tif")),
    Case(SECTION, "global, 64-bit floats", _file("rio-tiler/cog_fullearth.tif")),
    Case(SECTION, "int16 with nodata", _file("rio-tiler/cog_int16.tif")),
    Case(SECTION, "radar backscatter, a described band",
         _file("rio-tiler/cog_nodata_nan.tif", "Gamma0_VV")),
    Case(SECTION, "scale and offset, first band", _file("rio-tiler/cog_scale_epsg4326.tif")),
    Case(SECTION, "scale and offset, second band",
         _file("rio-tiler/cog_scale_epsg4326.tif", "b2", 2)),
    Case(SECTION, "a palette", _palette),
    Case(SECTION, "placed by ground control points alone", _control_points),
    Case(SECTION, "Albers equal area", _file("rioxarray/cog.tif")),
    Case(SECTION, "Sentinel-2 RGB, the green band",
         _file("xcube/sample-cog.tif", "green", 2, legend_range=(0, 255))),
    Case(SECTION, "NetCDF on MODIS' sinusoidal grid, its CRS an attribute",
         _netcdf("rioxarray/MODIS_ARRAY.nc", "__xarray_dataarray_variable__", MODIS)),
    Case(SECTION, "NetCDF whose CRS the catalogue tells",
         _netcdf("rio-tiler/dataset_2d.nc", "dataset", "EPSG:4326", is_told=True)),
    Case(SECTION, "ocean colour, chlorophyll", _ocean("conc_chl", "mg m^-3")),
    Case(SECTION, "ocean colour, flags", _ocean_flags),
]  # fmt: skip
