"""The data of the benchmark: made once, seeded, smooth fields with noise and a land mask."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numcodecs
import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
import zarr
from numpy.typing import NDArray
from pyproj import CRS
from rasterio.enums import ColorInterp
from rasterio.transform import from_origin
from zarr.codecs import BloscCodec
from zarr.errors import ZarrUserWarning

from tileserver.demo.coast import land_fraction
from tileserver.demo.noise import make_noise

VERSION = "2"  # of what is written; a folder of another one is made anew
EPOCH = np.datetime64("2021-01-01", "D")
FILL = -32768
SCALE, OFFSET = 0.01, 10.0  # of the packed global cubes
UTM = CRS.from_epsg(32632)
UTM_WEST, UTM_NORTH, UTM_SIZE = 300_000.0, 5_400_000.0, 5490
# What zarr-python 2 took by default, and so most stores have.
CODEC = BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")
CODEC_V2 = numcodecs.Blosc("lz4", clevel=5, shuffle=numcodecs.Blosc.SHUFFLE)
Values = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Cube:
    """A data set of the benchmark.

    Attributes:
        path: of the store or file, below the folder of the data.
        bounds: (west, south, east, north) in degrees of a box that lies inside the data.
        steps: how many time steps, daily from EPOCH; 0 without a time axis.
        masked: whether land is missing.
    """

    name: str
    path: str
    bounds: tuple[float, float, float, float]
    build: Callable[[Path], None]
    steps: int = 0
    masked: bool = False

    def time(self, step: int) -> str:
        """The label of a step, ISO 8601."""
        return f"{EPOCH + np.timedelta64(step, 'D')}T00:00:00"


def build_global(path: Path) -> None:
    """0.25°, 50 steps, chunks of one whole step; packed int16 and float32; Zarr v2."""
    _global(path, zarr_format=2)


def build_global_v3(path: Path) -> None:
    """The same as Zarr v3."""
    _global(path, zarr_format=3)


def _global(path: Path, *, zarr_format: int) -> None:
    shape, steps = (720, 1440), GLOBAL_STEPS
    moving = make_noise(shape, 1, wavelength=160, drift=(0, -1.5), churn=0.05)
    rough = np.random.default_rng(2)
    lat = 90 - 0.25 * (np.arange(shape[0]) + 0.5)
    warm = (28 - 30 * np.sin(np.radians(np.abs(lat))) ** 2)[:, None]
    land = land_fraction(shape) >= 0.5
    field = np.empty((steps, *shape), np.float32)
    for step in range(steps):
        noise = 0.05 * rough.standard_normal(shape, np.float32)
        field[step] = np.where(land, np.nan, warm + 2 * moving.at(step) + noise)
    packed = {"dtype": "int16", "scale_factor": SCALE, "add_offset": OFFSET, "_FillValue": FILL}
    dataset = xr.Dataset(
        {
            "packed": (("time", "lat", "lon"), field, {"units": "degC"}),
            "single": (("time", "lat", "lon"), field, {"units": "degC"}),
        },
        {
            "time": EPOCH + np.arange(steps),
            "lat": ("lat", lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", -180 + 0.25 * (np.arange(shape[1]) + 0.5),
                    {"standard_name": "longitude", "units": "degrees_east"}),
        },
    )  # fmt: skip
    chunks = {"chunks": (1, *shape), "compressors": [CODEC if zarr_format == 3 else CODEC_V2]}
    encoding = {"packed": {**packed, **chunks}, "single": {"_FillValue": np.nan, **chunks}}
    encoding["time"] = {"units": f"days since {EPOCH}", "dtype": "int32"}
    with warnings.catch_warnings():
        # Consolidated metadata is an extension of Zarr v3 that all readers know.
        warnings.simplefilter("ignore", ZarrUserWarning)
        dataset.to_zarr(path, encoding=encoding, zarr_format=zarr_format, consolidated=True)


def build_fine(path: Path) -> None:
    """0.01°, one step, int16, chunks of 1800²; written block by block."""
    side, shape = 1800, (18_000, 36_000)
    group, array = _grid_store(path, shape, (side, side), None)
    detail = make_noise((side, side), 3, wavelength=300, slope=2.2).at()
    broad = make_noise((180, 360), 4, wavelength=60).at()
    land = land_fraction((3600, 7200)) >= 0.5
    for row in range(0, shape[0], side):
        for col in range(0, shape[1], side):
            coarse = _enlarge(broad, row // 100, col // 100, side)
            mask = land[row // 5 : (row + side) // 5, col // 5 : (col + side) // 5]
            values = np.rint(100 * (6 * coarse + detail)).astype(np.int16)
            values[mask.repeat(5, 0).repeat(5, 1)] = FILL
            array[row : row + side, col : col + side] = values
    _coordinates(group, shape, 0.01, west=-180.0, north=90.0)


def build_plain(path: Path) -> None:
    """8192² of 0.01°, int16, chunks of 256²."""
    _regional(path, None)


def build_sharded(path: Path) -> None:
    """The same in shards of 4096²."""
    _regional(path, (4096, 4096))


def _regional(path: Path, shards: tuple[int, int] | None) -> None:
    side = 4096
    group, array = _grid_store(path, (2 * side, 2 * side), (256, 256), shards)
    field = make_noise((side, side), 5, wavelength=500, slope=2.4).at()
    packed = np.rint(400 * field).astype(np.int16)
    for row in (0, side):
        for col in (0, side):
            array[row : row + side, col : col + side] = packed
    _coordinates(group, (2 * side, 2 * side), 0.01, west=-40.0, north=60.0)


def _grid_store(
    path: Path, shape: tuple[int, int], chunks: tuple[int, int], shards: tuple[int, int] | None
) -> tuple[zarr.Group, zarr.Array]:
    """A v3 store of one packed variable on a lat/lon grid, still empty."""
    group = zarr.open_group(path, mode="w", zarr_format=3)
    array = group.create_array(
        "packed", shape=shape, chunks=chunks, shards=shards, dtype="int16", fill_value=FILL,
        dimension_names=("lat", "lon"), compressors=CODEC,
    )  # fmt: skip
    array.attrs.update({"scale_factor": 0.01, "_FillValue": FILL, "units": "1"})
    return group, array


def _coordinates(
    group: zarr.Group, shape: tuple[int, int], size: float, *, west: float, north: float
) -> None:
    axes = (
        ("lat", north - size * (np.arange(shape[0]) + 0.5), "latitude", "degrees_north"),
        ("lon", west + size * (np.arange(shape[1]) + 0.5), "longitude", "degrees_east"),
    )
    for name, values, standard_name, units in axes:
        axis = group.create_array(name, data=values, chunks=values.shape, dimension_names=(name,))
        axis.attrs.update({"standard_name": standard_name, "units": units})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrUserWarning)
        zarr.consolidate_metadata(group.store)


def _enlarge(field: Values, row: int, col: int, side: int) -> Values:
    """`side`² fine pixels of a coarse periodic field, each of its pixels 100 of them, linear."""
    at = np.arange(side) / 100
    low = at.astype(int)
    part = (at - low).astype(np.float32)
    rows, cols = (row + low) % field.shape[0], (col + low) % field.shape[1]
    below, right = (rows + 1) % field.shape[0], (cols + 1) % field.shape[1]
    upper = field[rows] * (1 - part)[:, None] + field[below] * part[:, None]
    enlarged: Values = upper[:, cols] * (1 - part) + upper[:, right] * part
    return enlarged


def build_utm(path: Path) -> None:
    """UTM, 20 m, 5490², uint16, two bands, three steps, chunks of 512²; Zarr v3."""
    shape = (UTM_SIZE, UTM_SIZE)
    ground = make_noise(shape, 6, wavelength=900, slope=2).at()
    rough = np.random.default_rng(7)
    bands = {}
    for name, level in (("b04", 900), ("b08", 2600)):
        steps = [level * (1 + 0.2 * ground) + 20 * s for s in range(UTM_STEPS)]
        noisy = np.stack(steps) + 25 * rough.standard_normal((UTM_STEPS, *shape), np.float32)
        attributes = {"grid_mapping": "spatial_ref", "long_name": f"reflectance {name}"}
        bands[name] = (("time", "y", "x"), noisy.clip(1, 10_000).astype(np.uint16), attributes)
    centre = 20 * (np.arange(UTM_SIZE) + 0.5)
    y, x = ({"units": "m", "standard_name": f"projection_{name}_coordinate"} for name in "yx")
    dataset = xr.Dataset(
        bands,
        {
            "time": EPOCH + np.arange(UTM_STEPS),
            "y": ("y", UTM_NORTH - centre, y),
            "x": ("x", UTM_WEST + centre, x),
            "spatial_ref": ((), 0, UTM.to_cf()),
        },
    )  # fmt: skip
    layout = {"chunks": (1, 512, 512), "compressors": [CODEC], "_FillValue": 0}
    encoding = {name: {**layout} for name in bands}
    encoding["time"] = {"units": f"days since {EPOCH}", "dtype": "int32"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ZarrUserWarning)
        dataset.to_zarr(path, encoding=encoding, zarr_format=3, consolidated=True)


def build_rgb(path: Path) -> None:
    """A COG of three bytes a pixel, 10 m, UTM, 10980², with overviews."""
    half = make_noise((UTM_SIZE, UTM_SIZE), 8, wavelength=700, slope=1.8).at()
    base = np.tile(half, (2, 2))
    rough = np.random.default_rng(9)
    bands = np.empty((3, *base.shape), np.uint8)
    for band, (mean, spread) in zip(bands, ((88, 24), (96, 22), (74, 20)), strict=True):
        noise = 4 * rough.standard_normal(base.shape, np.float32)
        band[:] = (mean + spread * base + noise).clip(1, 255)
    _write_cog(path, bands, 10.0, predictor=2)


def build_dem(path: Path) -> None:
    """A COG of heights in m, float32, 20 m, UTM, 5490², with overviews."""
    heights = 1500 + 600 * make_noise((UTM_SIZE, UTM_SIZE), 10, wavelength=1500, slope=2.1).at()
    _write_cog(path, heights[None], 20.0, predictor=3)


def _write_cog(path: Path, bands: NDArray[np.generic], size_m: float, *, predictor: int) -> None:
    count, height, width = bands.shape
    plain = path.with_suffix(".plain.tif")
    with rasterio.open(
        plain, "w", driver="GTiff", width=width, height=height, count=count, dtype=bands.dtype,
        crs="EPSG:32632", transform=from_origin(UTM_WEST, UTM_NORTH, size_m, size_m), tiled=True,
    ) as file:  # fmt: skip
        file.write(bands)
        if count == 3:
            file.colorinterp = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    rasterio.shutil.copy(
        plain, path, driver="COG", compress="deflate", predictor=predictor, blocksize=512,
        overview_resampling="average", num_threads="all_cpus",
    )  # fmt: skip
    plain.unlink()


GLOBAL_STEPS, UTM_STEPS = 50, 3
WORLD = (-180.0, -60.0, 180.0, 75.0)
ALPS = (6.75, 47.95, 7.55, 48.6)  # well inside the 110 km of the UTM cubes
CUBES = (
    Cube("global", "global.zarr", WORLD, build_global, GLOBAL_STEPS, masked=True),
    Cube("global3", "global3.zarr", WORLD, build_global_v3, GLOBAL_STEPS, masked=True),
    # A part alone, that its decoded chunks fit into memory.
    Cube("fine", "fine.zarr", (-30.0, -40.0, 30.0, 40.0), build_fine, masked=True),
    Cube("plain", "plain.zarr", (-39.0, -20.0, 41.0, 59.0), build_plain),
    Cube("sharded", "sharded.zarr", (-39.0, -20.0, 41.0, 59.0), build_sharded),
    Cube("utm", "utm.zarr", ALPS, build_utm, UTM_STEPS),
    Cube("rgb", "rgb.tif", ALPS, build_rgb),
    Cube("rgb2", "rgb2.tif", ALPS, build_rgb),
    Cube("dem", "dem.tif", ALPS, build_dem),
)
BY_NAME = {cube.name: cube for cube in CUBES}


def make(folder: Path) -> None:
    """Build whatever is not there yet."""
    stamp = folder / ".version"
    if folder.exists() and (not stamp.exists() or stamp.read_text() != VERSION):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(VERSION)
    for cube in CUBES:
        path = folder / cube.path
        if path.exists():
            continue
        print(f"making {cube.path}", flush=True)
        partial = path.with_name(f".partial-{cube.path}")
        if partial.is_dir():
            shutil.rmtree(partial)
        cube.build(partial)
        partial.rename(path)


@cache
def sea() -> NDArray[np.bool_]:
    """(180, 360) cells of 1°, rows from north, from 180 west."""
    return land_fraction((180, 360)) < 0.5
