"""Cubes for real clients: small, of what is hard for them, with values that are known by place."""

from pathlib import Path

import numpy as np
import xarray as xr
import yaml
from pyproj import CRS

GULF = "gulf.v2"  # ids may hold dots
DAYS = np.arange("2024-03-01", "2024-03-07", dtype="datetime64[D]").astype("datetime64[ns]")
DEPTHS = [0.0, 10.0, 50.0]
COVER = {"water": "#2166ac", "forest": "#1b7837", "rock_and_ice": "#b2abd2"}

DATASETS = [
    {
        "id": GULF,
        "title": "Gulf & <bay> Ω",
        "description": 'Temperature "by" depth & day',
        "attribution": "© Made-up & Sons",
        "styles": {"temp": {"colormap_name": "viridis", "rescale": [0, 40]}},
    },
    {
        "id": "valley",
        "title": "Valley",
        "composites": {"colour": {"bands": ["red", "green", "blue"], "rescale": [0, 1]}},
        "styles": {"red": {"colormap_name": "gray", "rescale": [0, 1]}},
    },
    {
        "id": "ice",
        "title": "Sea ice",
        "styles": {"thickness": {"colormap_name": "plasma", "rescale": [0, 80]}},
    },
    {"id": "hours", "title": "Hours", "styles": {"count (h)": {"rescale": [0, 200]}}},
    {"id": "belt", "title": "Belt", "styles": {"relief": {"rescale": [-100, 100]}}},
]


def build(folder: Path) -> Path:
    """All cubes in a folder; returns their catalogue."""
    makers = {GULF: gulf, "valley": valley, "ice": ice, "hours": hours, "belt": belt}
    for dataset in DATASETS:
        name = str(dataset["id"])
        makers[name]().to_zarr(folder / f"{name}.zarr", zarr_format=3, consolidated=False)
    listed = [{**each, "url": f"{each['id']}.zarr"} for each in DATASETS]
    catalog = folder / "catalog.yaml"
    service = {"title": "Clients' cubes", "abstract": "For tests & clients"}
    catalog.write_text(yaml.safe_dump({"service": service, "datasets": listed}))
    return catalog


def gulf() -> xr.Dataset:
    """Six days and three depths on a regional grid of a quarter degree, an island in it."""
    lon, lat = np.arange(40.125, 60, 0.25), np.arange(30.875, 15, -0.25)
    x, y = np.meshgrid(lon, lat)
    days = 4.0 * np.arange(len(DAYS))[:, None, None, None]
    depth = np.array(DEPTHS)[:, None, None] / 10
    values = 10 + 5 * np.sin(x / 2) + 4 * np.cos(y) + days - depth
    values[..., np.hypot(x - 52, y - 22) < 1.5] = np.nan
    return xr.Dataset(
        {
            "temp": (
                ("time", "depth", "lat", "lon"),
                values.astype("f4"),
                {"long_name": "Temperature", "units": "degC"},
            )
        },
        {
            "time": ("time", DAYS),
            "depth": ("depth", DEPTHS, {"units": "m", "axis": "Z", "positive": "down"}),
            "lat": ("lat", lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", lon, {"standard_name": "longitude", "units": "degrees_east"}),
        },
    )


def valley() -> xr.Dataset:
    """Three bands and classes, without time, in UTM 32N, cells of 40 m."""
    x, y = np.arange(660_020.0, 672_000, 40), np.arange(5_247_980.0, 5_236_000, -40)
    u, v = np.meshgrid(np.linspace(0, 1, len(x)), np.linspace(0, 1, len(y)))
    stripes = 0.5 + 0.5 * np.sin(40 * u * v)
    bands = {"red": u, "green": v, "blue": stripes}
    cover = np.digitize(stripes, [0.35, 0.75]).astype("u1") + np.uint8(1)
    classes = {
        "long_name": "Land cover",
        "flag_values": np.array([1, 2, 3], "u1"),
        "flag_meanings": " ".join(COVER),
        "flag_colors": " ".join(COVER.values()),
        "grid_mapping": "crs",
    }
    return xr.Dataset(
        {
            **{k: (("y", "x"), b.astype("f4"), {"grid_mapping": "crs"}) for k, b in bands.items()},
            "cover": (("y", "x"), cover, classes),
            "crs": ((), 0, CRS("EPSG:32632").to_cf()),
        },
        _projected(x, y),
    )


def ice() -> xr.Dataset:
    """Three months round the north pole, polar stereographic, cells of 50 km."""
    x = np.arange(-2_975_000, 3_000_000, 50_000.0)
    ring = np.hypot(*np.meshgrid(x, -x)) / 3e6
    values = 50 * ring + 10.0 * np.arange(3)[:, None, None]
    values[:, ring > 0.98] = np.nan
    months = np.array(["2024-01-01", "2024-02-01", "2024-03-01"], "datetime64[ns]")
    attributes = {"long_name": "Thickness", "units": "cm", "grid_mapping": "crs"}
    return xr.Dataset(
        {
            "thickness": (("time", "y", "x"), values.astype("f4"), attributes),
            "crs": ((), 0, CRS("EPSG:3413").to_cf()),
        },
        {"time": ("time", months), **_projected(x, -x)},
    )


def hours() -> xr.Dataset:
    """A hundred thousand hours, which no client could list, by a name that has to be quoted."""
    size = (100_000, 2, 4)
    values = np.arange(np.prod(size), dtype="u4").reshape(size) % 200
    time = np.datetime64("2010-01-01T00", "ns") + np.arange(size[0]) * np.timedelta64(1, "h")
    return xr.Dataset(
        {"count (h)": (("time", "lat", "lon"), values.astype("u1"))},
        {
            "time": ("time", time),
            "lat": ("lat", [45.0, -45.0], {"units": "degrees_north"}),
            "lon": ("lon", [-135.0, -45, 45, 135], {"units": "degrees_east"}),
        },
    )


def belt() -> xr.Dataset:
    """All around the equator, on a grid of a tenth of a degree."""
    lon, lat = np.arange(-179.95, 180, 0.1), np.arange(9.95, -10, -0.1)
    waves = 50 * np.sin(np.radians(3 * lon)) + 50 * np.sin(np.radians(40 * lat))[:, None]
    attributes = {"long_name": "Relief", "units": "m"}
    return xr.Dataset(
        {"relief": (("lat", "lon"), waves.astype("i2"), attributes)},
        {
            "lat": ("lat", lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", lon, {"standard_name": "longitude", "units": "degrees_east"}),
        },
    )


def _projected(x: np.ndarray, y: np.ndarray) -> dict[str, tuple]:
    return {
        "y": ("y", y, {"standard_name": "projection_y_coordinate", "units": "m"}),
        "x": ("x", x, {"standard_name": "projection_x_coordinate", "units": "m"}),
    }
