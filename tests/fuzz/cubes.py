"""Small data of many kinds, and their catalogue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
import yaml
from affine import Affine

SHAPE = (45, 90)
STEPS = 12
# What only the role `staff` may see, in words and numbers that stand nowhere else; no metric is
# below zero.
KEPT_TITLE = "Whale nurseries"
KEPT_VALUE = -4711.8125


def write_cubes(folder: Path) -> Path:
    """A global cube of times and depths, a picture in UTM, two that are not for everybody, one
    that cannot be opened; returns the catalogue."""
    folder.mkdir(exist_ok=True)
    sea(folder / "sea.zarr")
    sea(folder / "kept.zarr", KEPT_VALUE)
    _picture(folder / "utm.tif")
    sea_url, kept_url = str(folder / "sea.zarr"), str(folder / "kept.zarr")
    catalog = {
        "datasets": [
            {
                "id": "sea",
                "url": sea_url,
                "title": "Sea <&> \N{LATIN SMALL LETTER O WITH DIAERESIS}",
                "composites": {"rgb": {"bands": ["sst", "salt", "sst"], "rescale": [0, 40]}},
            },
            {"id": "utm", "url": str(folder / "utm.tif")},
            {"id": "kept", "url": kept_url, "title": KEPT_TITLE, "access": {"roles": ["staff"]}},
            {
                "id": "sleepers",
                "url": kept_url,
                "title": KEPT_TITLE,
                "access": {"roles": ["staff"], "hidden": True},
            },
            {"id": "gone", "url": str(folder / "gone.zarr")},
        ]
    }
    path = folder / "catalog.yaml"
    path.write_text(yaml.safe_dump(catalog))
    return path


def sea(path: Path, value: float | None = None) -> None:
    """Two variables of times and depths on a global grid of 4°; of one value, if it is given."""
    lat, lon = 88 - 4.0 * np.arange(SHAPE[0]), -178 + 4.0 * np.arange(SHAPE[1])
    times = np.datetime64("2024-01-01", "ns") + np.arange(STEPS) * np.timedelta64(1, "D")
    depth = np.array([0.0, 10.0, 50.0])
    shape = (STEPS, depth.size, *SHAPE)
    sst = (np.arange(np.prod(shape)) % 400 / 10).astype("f4").reshape(shape)
    sst[:, :, :5, :9] = np.nan
    sst = sst if value is None else np.full_like(sst, value)
    dims = ("time", "depth", "lat", "lon")
    data = xr.Dataset(
        {"sst": (dims, sst, {"units": "degree_Celsius"}), "salt": (dims, sst / 2)},
        {"time": times, "depth": depth, "lat": lat, "lon": lon},
    )
    chunks = {"chunks": (1, 1, *SHAPE)}
    data.to_zarr(path, zarr_format=2, encoding={"sst": chunks, "salt": chunks})


def _picture(path: Path) -> None:
    values = np.arange(3 * 128 * 128, dtype="uint16").reshape(3, 128, 128)
    with rasterio.open(
        path, "w", driver="GTiff", width=128, height=128, count=3, dtype="uint16", tiled=True,
        blockxsize=64, blockysize=64, crs="EPSG:32633", compress="deflate", nodata=0,
        transform=Affine(100, 0, 4e5, 0, -100, 5.6e6),
    ) as file:  # fmt: skip
        file.write(values)
