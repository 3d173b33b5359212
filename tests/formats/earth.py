"""Cases of the table: where on the Earth cells lie."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.formats.case import Case, Given
from tests.formats.stores import by_zarr, lonlat, numbers, write
from tests.formats.truth import Truth

SECTION = "Grids and coordinate reference systems"


def _degrees(lon: np.ndarray, lat: np.ndarray, **more: Any) -> Any:
    """A grid of these longitudes and latitudes."""

    def make(folder: Path) -> Given:
        data = numbers("f4", (len(lat), len(lon)))
        path = write(folder / "a.zarr", data, coordinates={"lon": lon, "lat": lat})
        return Given({"url": "a.zarr"}, "a", (Truth(lonlat(lon, lat), by_zarr(path)),), **more)

    return make


CASES = [
    Case(
        SECTION,
        "global, longitudes from -180",
        _degrees(-178.5 + 3 * np.arange(120), 88.5 - 3 * np.arange(60)),
    ),
    Case(
        SECTION,
        "global, longitudes from 0",
        _degrees(1.5 + 3 * np.arange(120), 88.5 - 3 * np.arange(60)),
    ),
    Case(SECTION, "south at the top", _degrees(5 + 0.5 * np.arange(61), 40 + 0.5 * np.arange(41))),
]
