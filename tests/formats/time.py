"""Cases of the table: time and other dimensions, packing, classes."""

from pathlib import Path
from typing import Any

import xarray as xr

from tests.formats.case import Case, Given
from tests.formats.stores import LAT, LON, by_xarray, lonlat, numbers
from tests.formats.truth import Truth

SECTION = "Time, dimensions, values"


def _dated(calendar: str, first: str) -> Any:
    """Five days of a calendar as xarray writes them."""

    def make(folder: Path) -> Given:
        times = xr.date_range(first, periods=5, freq="D", calendar=calendar, use_cftime=True)
        data = xr.DataArray(
            numbers("f4", (5, 41, 61)), {"time": times, "lat": LAT, "lon": LON}, name="a"
        )
        data.to_dataset().to_zarr(folder / "a.zarr", zarr_format=3, consolidated=False)
        labels = tuple(f"{t.strftime('%Y-%m-%dT%H:%M:%S')}Z" for t in times.values)
        read = by_xarray(folder / "a.zarr")
        return Given({"url": "a.zarr"}, "a", (Truth(lonlat(LON, LAT), read),), times=labels,
                     asks=({}, {"time": labels[1]}), dims={"time": 5})  # fmt: skip

    return make


CASES = [
    Case(SECTION, f"calendar {calendar}", _dated(calendar, "2001-02-26"))
    for calendar in ("standard", "noleap")
]
