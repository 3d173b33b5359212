"""Small cubes of each kind that an xcube server gets wrong, with values that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

TIMES = pd.date_range("2024-01-01", periods=4, freq="D")
FIRST, LAST = "2024-01-01T00:00:00Z", "2024-01-04T00:00:00Z"
STEP = 10.0
CLASSES = {
    "flag_values": np.array([1, 2, 4], "u1"),
    "flag_meanings": "water land ice",
    "flag_colors": "#0000ff #00ff00 #ffffff",
}
POLAR = pyproj.CRS("EPSG:3413")


def globe() -> xr.Dataset:
    """Cells of 10° from 0 to 360: values are degrees north, plus the day; NaN on the last day
    north of 60°."""
    lat, lon = np.arange(85.0, -90, -STEP), np.arange(5.0, 360, STEP)
    value = np.broadcast_to(lat[:, None], (len(lat), len(lon)))
    stack = np.stack([value + day for day in range(len(TIMES))]).astype("f4")
    stack[-1, lat > 60] = np.nan
    classes = np.select([lat > 60, lat > 0], [4, 1], 2).astype("u1")
    spread = np.power(10.0, value / 30).astype("f4")
    return xr.Dataset(
        {
            "north": (("time", "lat", "lon"), stack, {"units": "degree", "long_name": "Degrees"}),
            "spread": (("time", "lat", "lon"), np.stack([spread] * len(TIMES)), {"units": "1"}),
            "kind": (("lat", "lon"), np.repeat(classes[:, None], len(lon), axis=1), CLASSES),
        },
        {
            "time": TIMES,
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
        {"title": "The globe", "missing": np.nan, "numbers": np.arange(3)},
    )


def polar() -> xr.Dataset:
    """A square around the pole whose corners are at 61° north, without times."""
    side = np.arange(-2_300_000.0, 2_300_001, 200_000)
    values = np.hypot(*np.meshgrid(side, side)).astype("f4")
    return xr.Dataset(
        {"distance": (("y", "x"), values, {"units": "m", "grid_mapping": "crs"})},
        {
            "y": ("y", side[::-1], {"standard_name": "projection_y_coordinate", "units": "m"}),
            "x": ("x", side, {"standard_name": "projection_x_coordinate", "units": "m"}),
            "crs": ((), 0, POLAR.to_cf()),
        },
    )


def crossing() -> xr.Dataset:
    """From 170° east to 170° west."""
    lat, lon = np.arange(9.0, -10, -2), np.arange(171.0, 190, 2)
    values = np.broadcast_to(lon, (len(lat), len(lon))).astype("f4")
    return xr.Dataset(
        {"east": (("time", "lat", "lon"), np.stack([values] * 2), {"units": "degree"})},
        {
            "time": TIMES[:2],
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
    )


def bands() -> xr.Dataset:
    """Red and blue from the west and from the east, in UTM, on one day."""
    east, north = np.arange(600_050.0, 601_000, 100), np.arange(5_300_950.0, 5_300_000, -100)
    ramp = np.broadcast_to(np.linspace(0, 1, len(east)), (1, len(north), len(east))).astype("f4")
    dims = ("time", "y", "x")
    attrs = {"grid_mapping": "crs"}
    return xr.Dataset(
        {
            "red": (dims, ramp, attrs),
            "green": (dims, ramp * 0 + 0.5, attrs),
            "blue": (dims, 1 - ramp, attrs),
        },
        {
            "time": TIMES[:1],
            "y": ("y", north, {"standard_name": "projection_y_coordinate", "units": "m"}),
            "x": ("x", east, {"standard_name": "projection_x_coordinate", "units": "m"}),
            "crs": ((), 0, pyproj.CRS("EPSG:32632").to_cf()),
        },
    )


def write(folder: Path) -> list[dict[str, Any]]:
    """All of them as Zarr, and what a catalogue says of them."""
    for made in (globe, polar, crossing, bands):
        made().to_zarr(folder / f"{made.__name__}.zarr", zarr_format=2)
    styles = {
        "north": {"colormap_name": "viridis", "rescale": [-90, 90]},
        "spread": {"colormap_name": "magma", "rescale": [0.001, 1000], "scale": "log"},
    }
    composite = {"title": "Colours", "bands": ["red", "green", "blue"], "rescale": [0, 1]}
    return [
        {
            "id": "globe",
            "url": str(folder / "globe.zarr"),
            "styles": styles,
            "theme": "Earth",
            "keywords": ["round"],
            "attribution": "Nobody",
        },
        {"id": "polar", "url": str(folder / "polar.zarr")},
        {"id": "crossing", "url": str(folder / "crossing.zarr")},
        {"id": "bands", "url": str(folder / "bands.zarr"), "composites": {"colours": composite}},
        {
            "id": "vault",
            "title": "Kept",
            "url": str(folder / "globe.zarr"),
            "access": {"roles": ["staff"]},
        },
    ]


def reference() -> xr.Dataset:
    """Half a degree from 60° north down, clouded: what an xcube server was asked too."""
    rng = np.random.default_rng(20260101)
    lat, lon = np.arange(59.75, 50, -0.5), np.arange(0.25, 12, 0.5)
    values = rng.gamma(2.0, 3.0, (3, len(lat), len(lon)))
    values[rng.random(values.shape) < 0.3] = np.nan
    values[1, 4:8, 4:12] = np.nan
    return xr.Dataset(
        {"chl": (("time", "lat", "lon"), values, {"units": "mg m-3"})},
        {
            "time": pd.to_datetime(
                ["2020-01-01T10:09:21", "2020-01-02T00:00:00", "2020-02-29T23:59:59"]
            ),
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
    )
