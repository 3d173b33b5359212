"""What lies where in the clients' cubes: told by the store and pyproj, not by the server."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pyproj import Transformer

from tests.clients.cubes import GULF

PLACE = (52.9, 25.6)  # of the gulf, in degrees, not on a border of cells


def gulf_value(catalog: Path, time: str, depth: float, place: Sequence[float] = PLACE) -> float:
    """The temperature in the store."""
    with _gulf(catalog) as cube:
        at = {"lon": place[0], "lat": place[1], "time": time, "depth": depth}
        return float(cube["temp"].sel(at, method="nearest"))


def gulf_land(
    catalog: Path, crs: str, bounds: Sequence[float], size: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of the pixels of a map: which show an island or nothing, and of which that is certain, as no
    cell near them is otherwise; each (height, width).

    Args:
        bounds: (west, south, east, north) in the CRS.
        size: (width, height).
    """
    width, height = size
    west, south, east, north = bounds
    x = west + (np.arange(width) + 0.5) * (east - west) / width
    y = north - (np.arange(height) + 0.5) * (north - south) / height
    lon, lat = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True).transform(*np.meshgrid(x, y))
    with _gulf(catalog) as cube:
        values = cube["temp"][0, 0].values
    cells = np.pad(np.isnan(values), 2, constant_values=True)
    rows, cols = np.floor((31 - lat) / 0.25).astype(int), np.floor((lon - 40) / 0.25).astype(int)
    outside = (rows < -1) | (rows > 64) | (cols < -1) | (cols > 80)
    rows, cols = np.clip(rows, -1, 64), np.clip(cols, -1, 80)
    around = [cells[rows + 2 + i, cols + 2 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    land = around[4] | outside
    return land, np.all([each == land for each in around], axis=0) | outside


def _gulf(catalog: Path) -> xr.Dataset:
    return xr.open_zarr(catalog.parent / f"{GULF}.zarr", consolidated=False)
