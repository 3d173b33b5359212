"""Small cubes whose values tell where, when and how deep they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import rasterio
import xarray as xr
from rasterio.transform import from_origin

from tests.xcube import cubes

TIMES = pd.date_range("2024-01-01", periods=6, freq="12h")
DEPTHS = np.array([0.0, 10.0, 20.0, 50.0, 100.0])
LAT, LON = np.arange(59.75, 50, -0.5), np.arange(-4.75, 10, 0.5)


def sea() -> xr.Dataset:
    """Temperatures by time, depth and place, packed; a level at the surface, and a still floor."""
    shape = (len(TIMES), len(DEPTHS), len(LAT), len(LON))
    when, deep, north, east = np.meshgrid(range(len(TIMES)), DEPTHS, LAT, LON, indexing="ij")
    warm = np.round(when + north / 10 - deep / 50 + east / 100, 2)
    warm[:, 3:, LAT < 52, :] = np.nan
    assert warm.shape == shape
    level = np.sin(east[:, 0] + when[:, 0]).astype("f4")
    floor = (deep[0, 0] + north[0, 0] * 10).astype("f8")
    kind = np.where(north[0, 0] > 55, 1, 2).astype("u1")
    members = np.stack([level[0], level[0] + 100, level[0] + 200])
    flags = {"flag_values": np.array([1, 2], "u1"), "flag_meanings": "rock sand"}
    named = {"units": "degC", "standard_name": "sea_water_temperature", "long_name": "Temperature"}
    return xr.Dataset(
        {
            "temp": (("time", "depth", "lat", "lon"), warm, named),
            "level": (("time", "lat", "lon"), level, {"units": "m"}),
            "floor": (("lat", "lon"), floor, {"units": "m"}),
            "kind": (("lat", "lon"), kind, flags),
            "spread": (("member", "lat", "lon"), members, {"units": "m"}),
        },
        {
            "time": TIMES,
            "depth": ("depth", DEPTHS, {"units": "m", "positive": "down", "axis": "Z"}),
            "member": ("member", [1.0, 2.0, 3.0]),
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
        {"title": "A sea"},
    )


def years() -> xr.Dataset:
    """Months of years of 360 days."""
    lat, lon = np.arange(85.0, -90, -10), np.arange(5.0, 360, 10)
    times = xr.date_range("2001-01-30", periods=6, freq="30D", calendar="360_day", use_cftime=True)
    values = np.arange(6 * len(lat) * len(lon), dtype="f4").reshape(6, len(lat), len(lon))
    return xr.Dataset(
        {"rain": (("time", "lat", "lon"), values, {"units": "mm"})},
        {
            "time": times,
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
    )


def long() -> xr.Dataset:
    """Five thousand steps of one cell, and as many as 120 levels."""
    return xr.Dataset(
        {
            "v": (("time", "lat", "lon"), np.arange(5000, dtype="f4").reshape(-1, 1, 1)),
            "w": (("depth", "lat", "lon"), np.arange(120, dtype="f4").reshape(-1, 1, 1)),
        },
        {
            "depth": ("depth", np.arange(120.0), {"units": "m", "positive": "down", "axis": "Z"}),
            "time": pd.date_range("2000-01-01", periods=5000, freq="D"),
            "lat": ("lat", [54.0], {"units": "degrees_north"}),
            "lon": ("lon", [5.0], {"units": "degrees_east"}),
        },
    )


def write_cog(path: Path) -> None:
    """A scene of two bands in UTM, with cells of 100 m."""
    rng = np.random.default_rng(5)
    profile = {
        "driver": "GTiff",
        "width": 200,
        "height": 150,
        "count": 2,
        "dtype": "uint16",
        "crs": "EPSG:32632",
        "transform": from_origin(600_000, 5_300_000, 100, 100),
        "nodata": 0,
        "tiled": True,
        "blockxsize": 64,
        "blockysize": 64,
    }
    with rasterio.open(path, "w", **profile) as file:
        file.write(rng.integers(1, 5000, (2, 150, 200)).astype("u2"))


LOCATIONS = {"helgoland": [7.9, 54.2], "bight": [6, 53, 9, 55.5], "far away": [120.0, -30.0]}


def write(folder: Path) -> list[dict[str, Any]]:
    """All of them, and what a catalogue says of them."""
    packed = {"dtype": "i2", "scale_factor": 0.01, "_FillValue": -32768}
    chunks = {"level": {"chunks": (2, 10, 15)}, "temp": {"chunks": (2, 3, 10, 15), **packed}}
    sea().to_zarr(folder / "sea.zarr", zarr_format=2, encoding=chunks)
    years().to_zarr(folder / "years.zarr", zarr_format=2)
    long().to_zarr(folder / "long.zarr", zarr_format=2)
    for made in (cubes.globe, cubes.polar, cubes.crossing):
        made().to_zarr(folder / f"{made.__name__}.zarr", zarr_format=2)
    write_cog(folder / "scene.tif")
    zarrs = [
        {"id": name, "url": str(folder / f"{name}.zarr")}
        for name in ("years", "long", "globe", "polar", "crossing")
    ]
    composite = {"bands": ["b1", "b2", "b1"], "rescale": [0, 5000]}
    return [
        {
            "id": "sea",
            "url": str(folder / "sea.zarr"),
            "locations": LOCATIONS,
            "keywords": ["salt"],
        },
        {"id": "scene", "url": str(folder / "scene.tif"), "composites": {"picture": composite}},
        *zarrs,
    ]
