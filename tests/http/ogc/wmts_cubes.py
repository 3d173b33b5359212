"""Stores with dimensions of all kinds, written by xarray, for the tests of WMTS."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyproj
import xarray as xr
import yaml
from starlette.testclient import TestClient

from tileserver.settings import Settings

LAT, LON = np.linspace(60.0, 40.5, 40), np.arange(60) / 2
DAYS = "days since 2001-01-01"
MANY = 100_000  # hours
ODD = "größe & <b>"  # a name that needs escaping everywhere
DATASETS = {
    "levels": {
        "composites": {
            "mix": {"bands": ["red", "green", "blue"], "rescale": [0, 100], "title": "Mix"},
            "ratio": {"expression": "red / blue", "units": "1", "rescale": [0, 2]},
        },
        "styles": {"sst": {"colormap_name": "plasma", "rescale": [0, 40_000]}},
    },
    "long": {}, "short_year": {}, "typical": {}, "fractions": {}, "two": {}, "odd": {},
    "polar": {}, "utm": {},
}  # fmt: skip


@dataclass(frozen=True)
class Stores:
    """What is served, and what it was written from."""

    client: TestClient
    datasets: dict[str, xr.Dataset]


def write(folder: Path) -> tuple[dict[str, xr.Dataset], Settings]:
    """All stores in a folder, and the settings to serve them with."""
    made = {
        "levels": _levels(),
        "long": _numbered({"time": np.arange(MANY)}, {"time": "hours since 2000-01-01"}, lat=2),
        "short_year": _numbered({"time": np.arange(59, 64)}, {"time": DAYS}, calendar="360_day"),
        "typical": _numbered({"time": 15 + 30 * np.arange(12)}, {"time": DAYS}),
        "fractions": _numbered(
            {"time": np.array([0, 100, 250])}, {"time": "milliseconds since 2001-01-01"}
        ),
        "two": _numbered(
            {"reference": np.array([0, 1]), "time": np.array([1, 2, 3])},
            {"reference": DAYS, "time": DAYS},
        ),
        "odd": _numbered({ODD: np.array([1.5, 2.5, 10.0])}, {ODD: "m/s <&>"}),
        "polar": _projected("EPSG:3413", -1e6, 1e6, 50_000),
        "utm": _projected("EPSG:32631", 4e5, 5e6, 1000),
    }
    made["typical"]["time"].attrs["climatology"] = "bounds"
    made["two"]["reference"].attrs["standard_name"] = "forecast_reference_time"
    entries = []
    for name, dataset in made.items():
        dataset.to_zarr(folder / f"{name}.zarr", zarr_format=2, consolidated=True)
        entries.append({"id": name, "url": f"{name}.zarr", **DATASETS[name]})
    path = folder / "catalog.yaml"
    path.write_text(yaml.safe_dump({"datasets": entries}))
    return made, Settings(catalog=str(path))


def _levels() -> xr.Dataset:
    """Four times × three depths, every number another; classes; bands of a picture."""
    values = np.arange(4 * 3 * 40 * 60, dtype="f4").reshape(4, 3, 40, 60)
    values[:, :, 0, 0] = np.nan
    time = xr.Variable("time", np.array([0, 1, 2, 4]), {"units": DAYS})
    depth = xr.Variable("depth", [0.5, 10.0, 50.0], {"units": "m", "positive": "down"})
    flags = {"flag_values": np.array([0, 1, 2], "i1"), "flag_meanings": "land sea lake"}
    kind = (np.add.outer(np.arange(40), np.arange(60)) % 3).astype("i1")
    bands = {
        name: (("time", "lat", "lon"), values[:, n] % 97, {"long_name": name.title(), "units": "1"})
        for n, name in enumerate(("red", "green", "blue"))
    }
    sst = {"units": "K", "long_name": "Temperature <of the sea> & more"}
    return _georeferenced(
        xr.Dataset(
            {
                "sst": (("time", "depth", "lat", "lon"), values, sst),
                "kind": (("lat", "lon"), kind, flags),
                **bands,
            },
            {"time": time, "depth": depth},
        )
    )


def _numbered(
    coordinates: dict[str, np.ndarray], units: dict[str, str], *, calendar: str = "", lat: int = 40
) -> xr.Dataset:
    """A variable `a` of which each step holds its number."""
    shape = tuple(map(len, coordinates.values()))
    steps = np.arange(np.prod(shape), dtype="f4").reshape(shape)
    rows = LAT[:: 40 // lat]
    cols = LON[:: 60 // (2 * lat if lat < 40 else 60)]
    whole = np.broadcast_to(steps[..., None, None], (*shape, len(rows), len(cols)))
    found = xr.Dataset({"a": ((*coordinates, "lat", "lon"), whole)})
    for name, values in coordinates.items():
        attrs = {"units": units[name]} | ({"calendar": calendar} if calendar else {})
        found = found.assign_coords({name: xr.Variable(name, values, attrs)})
    return _georeferenced(found.assign_coords(lat=rows, lon=cols))


def _georeferenced(dataset: xr.Dataset) -> xr.Dataset:
    if "lat" not in dataset.coords:
        dataset = dataset.assign_coords(lat=LAT, lon=LON)
    dataset["lat"].attrs["units"] = "degrees_north"
    dataset["lon"].attrs["units"] = "degrees_east"
    return dataset


def _projected(crs: str, left: float, top: float, cell: float) -> xr.Dataset:
    """Forty cells each way, every number another, in a CRS of its own."""
    x, y = left + cell * (np.arange(40) + 0.5), top - cell * (np.arange(40) + 0.5)
    values = np.arange(1600, dtype="f4").reshape(40, 40)
    found = xr.Dataset({"a": (("y", "x"), values, {"grid_mapping": "crs"})}, {"x": x, "y": y})
    found["x"].attrs.update(standard_name="projection_x_coordinate", units="m")
    found["y"].attrs.update(standard_name="projection_y_coordinate", units="m")
    return found.assign(crs=xr.Variable((), 0, pyproj.CRS(crs).to_cf()))
