"""Stores of one cube in the forms in which Zarr is written, and files of other kinds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pandas as pd
import rasterio
import xarray as xr
import zarr
from rasterio.transform import from_origin

LAT, LON = np.arange(45.0, 39.0, -0.25), np.arange(-10.0, 2.0, 0.25)


def cube(days: int = 3) -> xr.Dataset:
    """Packed temperatures with gaps, and a height of floats."""
    shape = days, len(LAT), len(LON)
    values = np.random.default_rng(1).integers(-900, 900, shape) / 100.0
    values[:, :5, :7] = np.nan
    times = pd.date_range("2024-01-01", periods=days)
    told = {"units": "degC", "long_name": "Temperature", "standard_name": "air_temperature"}
    return xr.Dataset(
        {
            "t": (("time", "lat", "lon"), values, told),
            "z": (("lat", "lon"), np.float32(np.hypot.outer(LAT, LON)), {"units": "m"}),
        },
        {
            "time": times,
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
        {"title": "Hills"},
    )


def encoding(**more: Any) -> dict[str, dict[str, Any]]:
    """How they are packed, in chunks that the arrays do not fill."""
    packed = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 1.0, "_FillValue": -32768}
    return {"t": {**packed, "chunks": (1, 10, 20), **more}, "z": {"chunks": (10, 20)}}


@contextmanager
def unasked() -> Iterator[None]:
    """Without being told that no specification of Zarr 3 knows of consolidated metadata."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def _zarr(**options: Any) -> Callable[[Path], str]:
    def write(path: Path) -> str:
        with unasked():
            cube().to_zarr(path, encoding=encoding(), **options)
        return str(path)

    return write


def _sharded(path: Path) -> str:
    told = encoding(chunks=(1, 5, 10), shards=(1, 10, 20))
    cube().to_zarr(path, encoding=told, zarr_format=3, consolidated=False)
    return str(path)


def _icechunk(path: Path) -> str:
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(path)))
    session = repository.writable_session("main")
    cube().to_zarr(session.store, encoding=encoding(), zarr_format=3, consolidated=False)
    session.commit("written")
    return str(path)


STORED = {
    "v2": _zarr(zarr_format=2, consolidated=True),
    "v2-parts": _zarr(zarr_format=2, consolidated=False),
    "v3": _zarr(zarr_format=3, consolidated=True),
    "v3-parts": _zarr(zarr_format=3, consolidated=False),
    "sharded": _sharded,
    "icechunk": _icechunk,
}


def write_group(path: Path, zarr_format: Any) -> None:
    """A hierarchy, consolidated at its root alone; what is served is `deep/cube`."""
    zarr.create_group(path, zarr_format=zarr_format, attributes={"title": "Root"})
    cube().to_zarr(path, group="deep/cube", encoding=encoding(), zarr_format=zarr_format,
                   consolidated=False)  # fmt: skip
    with unasked():
        zarr.consolidate_metadata(path, zarr_format=zarr_format)


def write_cog(path: Path, value: float = 0.0) -> None:
    """Two bands of int16 in UTM, packed, with missing values."""
    data = np.random.default_rng(2).integers(-100, 100, (2, 300, 500)).astype("int16")
    data[:, :40, :60] = -9999
    profile = {
        "driver": "GTiff", "height": 300, "width": 500, "count": 2, "dtype": "int16",
        "crs": "EPSG:32632", "transform": from_origin(500000, 5200000, 20, 20), "nodata": -9999,
        "tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "deflate",
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as file:
        file.write(data + np.int16(value))
        file.descriptions = ("red", "green")
        file.scales, file.offsets = (0.5, 1.0), (2.0, 0.0)


def write_netcdf(path: Path) -> None:
    """The cube in HDF5."""
    told = {name: {k: v for k, v in each.items() if k != "chunks"} | {"chunksizes": each["chunks"]}
            for name, each in encoding().items()}  # fmt: skip
    cube().to_netcdf(path, engine="h5netcdf", encoding=told)
