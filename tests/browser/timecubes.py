"""Cubes whose values tell their step of time, on axes of all kinds."""

from pathlib import Path

import cftime
import numpy as np
import xarray as xr
import yaml

LAT, LON = np.arange(-78.75, 90, 22.5), np.arange(-168.75, 180, 22.5)
LONG = 100_000
STEPS = 12


def write_cubes(folder: Path) -> Path:
    """
    The catalogue of: `flat`, twelve days; `gaps`, days 1 to 10 and 20 to 30 of January; `hours`, a
    hundred thousand; `model`, a calendar of months of 30 days; `years`, two centuries; `single`.
    """
    hours = np.datetime64("2010-01-01T00", "ns") + np.arange(LONG) * np.timedelta64(1, "h")
    day = np.timedelta64(1, "D").item()
    days = [cftime.Datetime360Day(2001, 2, 1) + i * day for i in range(60)]
    axes = {
        "flat": dates("2024-03-01", STEPS),
        "gaps": np.concatenate([dates("2024-01-01", 10), dates("2024-01-20", 11)]),
        "hours": hours,
        "model": xr.CFTimeIndex(days),
        "years": np.arange("1850", "2050", dtype="datetime64[Y]").astype("datetime64[ns]"),
        "single": dates("2024-03-01", 1),
    }
    for name, times in axes.items():
        cube(times).to_zarr(folder / f"{name}.zarr", zarr_format=3, consolidated=False)
    listed = [
        {
            "id": name,
            "title": f"Cube of {name}",
            "attribution": "Made for tests",
            "url": str(folder / f"{name}.zarr"),
            "styles": {"step": {"colormap_name": "viridis", "rescale": [0, STEPS - 1]}},
        }
        for name in axes
    ]
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": listed}))
    return catalog


def dates(start: str, count: int) -> np.ndarray:
    """So many days."""
    return np.datetime64(start, "ns") + np.arange(count) * np.timedelta64(1, "D")


def cube(times: np.ndarray | xr.CFTimeIndex) -> xr.Dataset:
    """Every cell of a step holds the step's number."""
    steps = np.arange(len(times), dtype="f4")
    values = np.broadcast_to(steps[:, None, None], (len(times), LAT.size, LON.size))
    named = {"long_name": "Number of the step", "units": "1"}
    chunks = (min(len(times), 5000), LAT.size, LON.size)
    data = xr.Dataset(
        {"step": (("time", "lat", "lon"), values, named, {"chunks": chunks})},
        {
            "time": ("time", times),
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
    )
    data["time"].encoding = {"chunks": (len(times),)}
    return data
