"""Stacks of NetCDF files come out as xarray puts them together, or say which file differs."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tests.sources.virtual.files import LAT, cube, decoded, sample, times
from tileserver.errors import CatalogError

CHUNKS = {"a": {"chunksizes": (1, 10, 16), "zlib": True}}


def write(path: Path, data: xr.Dataset, **encoding: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    data.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


@pytest.mark.parametrize("encoding", [{}, CHUNKS], ids=["one piece", "chunks"])
def test_along_a_time_dimension(tmp_path: Path, encoding: Any) -> None:
    """Files of unequal lengths that count from days of their own, named in any order."""
    for name, first, days in (("b", 0, 2), ("a", 2, 3), ("c", 5, 1)):
        own = {"time": {"units": f"hours since 2020-01-{first + 1:02d}"}}
        write(tmp_path / f"{name}.nc", sample(days=days, first=first), **own, **encoding)
    files = [xr.load_dataset(path, engine="h5netcdf") for path in tmp_path.glob("*.nc")]
    data = xr.concat(files, "time").sortby("time")
    expected = data["a"].values
    labels = [f"{np.datetime_as_string(t, 's')}Z" for t in data["time"].values]
    np.testing.assert_array_equal(decoded(tmp_path / "*.nc"), expected)
    assert times(tmp_path / "*.nc") == labels


def test_files_without_a_time_dimension(tmp_path: Path) -> None:
    """Their names tell it, or the catalogue."""
    data = sample(days=3)
    for day in range(3):
        step = data.isel(time=day, drop=True)
        write(tmp_path / f"x_2020010{3 - day}.nc", step, a={"chunksizes": (10, 16)})
    expected = data["a"].values[::-1]
    pattern = r"x_(?P<time>\d{8})\.nc"
    found = decoded(tmp_path / "x_*.nc", time_pattern=pattern)
    np.testing.assert_array_equal(found, expected)
    assert times(tmp_path / "x_*.nc", time_pattern=pattern)[0] == "2020-01-01T00:00:00Z"
    files = [tmp_path / f"x_2020010{n}.nc" for n in (2, 1)]
    found = decoded(*files, times=("2021-01-02", "2021-01-01"))
    np.testing.assert_array_equal(found, expected[[0, 1]])
    with pytest.raises(CatalogError, match=r"time_pattern: the files have no time dimension"):
        decoded(tmp_path / "x_*.nc")


@pytest.mark.parametrize(
    ("other", "encoding", "message"),
    [
        (sample("float64", days=1, first=5), {}, "key='b.nc': dtype of variable 'a' differs"),
        (sample(days=1, first=5).isel(lat=slice(9)), {}, "key='b.nc': 'lat' differs"),
        (
            sample(days=1, first=5).assign_coords(lat=("lat", LAT + 0.1)), {},
            "key='b.nc': 'lat' differs",
        ),
        (sample(days=1, first=5).rename(a="b"), {}, "key='b.nc' lacks variable 'a'"),
        (
            sample(days=1, first=5).assign(a=lambda d: d["a"].assign_attrs(units="degC")), {},
            "key='b.nc': units of variable 'a' differs",
        ),
    ],
)  # fmt: skip
def test_a_file_that_differs_is_named(
    tmp_path: Path, other: xr.Dataset, encoding: Any, message: str
) -> None:
    """Nothing is put together that does not belong together."""
    write(tmp_path / "a.nc", sample())
    write(tmp_path / "b.nc", other, **encoding)
    with pytest.raises(CatalogError, match=message):
        decoded(tmp_path / "*.nc")


def test_chunks_that_do_not_fit_together(tmp_path: Path) -> None:
    """Months of unequal lengths, each in chunks of its own: other sizes, other compression."""
    own = [(2, 24, 30), (3, 10, 7), None, (2, 10, 16)]
    first = 0
    for number, (days, chunks) in enumerate(zip((3, 4, 2, 5), own, strict=True)):
        data = sample(days=days, first=first)
        data["a"] = data["a"].where(data["a"] != 57)
        encoding = {"chunksizes": chunks, "zlib": True} if chunks else {}
        write(tmp_path / f"{number}.nc", data, a={"_FillValue": -1.0, **encoding})
        first += days
    files = [xr.load_dataset(path, engine="h5netcdf") for path in sorted(tmp_path.glob("*.nc"))]
    expected = xr.concat(files, "time")["a"].values
    np.testing.assert_array_equal(decoded(tmp_path / "*.nc"), expected)


def test_a_new_file_is_seen(tmp_path: Path) -> None:
    """By one listing."""
    write(tmp_path / "a.nc", sample())

    async def run() -> None:
        async with cube(tmp_path / "*.nc") as source, cube(tmp_path / "*.nc") as again:
            assert source.version == again.version
            assert await source.watch.is_current()
            write(tmp_path / "b.nc", sample(days=1, first=5))
            assert not await source.watch.is_current()

    asyncio.run(run())
