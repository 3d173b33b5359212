"""Cases of the table: containers other than Zarr stores."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - after netCDF4, which has an HDF5 of its own, its Blosc fails
import icechunk
import netCDF4
import numpy as np
import xarray as xr
from kerchunk.hdf import SingleHdf5ToZarr
from obspec_utils.registry import ObjectStoreRegistry
from obstore.store import LocalStore
from virtualizarr import open_virtual_dataset
from virtualizarr.parsers import HDFParser

from tests.formats.case import Case, Given, Refused, shared
from tests.formats.stores import LAT, LON, lonlat, numbers, step
from tests.formats.truth import Separable, Truth, edges_of

SECTION = "NetCDF, HDF5, Kerchunk and Icechunk"
TIMES = tuple(f"2020-01-0{day}T00:00:00Z" for day in (1, 2, 3))
ASKS = ({}, {"time": TIMES[0]})
Open = Callable[[], xr.Dataset]

logging.getLogger("icechunk").setLevel(logging.ERROR)


def _cube(days: int = 3, first: int = 0) -> xr.Dataset:
    data = numbers("f4", (days, len(LAT), len(LON))) + np.float32(31 * first)
    times = np.datetime64("2020-01-01", "ns") + (first + np.arange(days)).astype("timedelta64[D]")
    return xr.Dataset(
        {"a": (("time", "lat", "lon"), np.where(data == 57, np.nan, data), {"units": "K"})},
        {
            "time": times,
            "lat": ("lat", LAT, {"units": "degrees_north"}),
            "lon": ("lon", LON, {"units": "degrees_east"}),
        },
    )


def _netcdf(path: Path, data: xr.Dataset | None = None, **encoding: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    chosen = {"_FillValue": -1.0, "chunksizes": (1, 20, 30), "zlib": True, **encoding}
    (_cube() if data is None else data).to_netcdf(
        path, engine="h5netcdf", encoding={"a": {k: v for k, v in chosen.items() if v is not None}}
    )
    return path


def _given(url: str, read: Open, **options: Any) -> Given:
    """A cube of three days, as other software opens it."""

    @lru_cache
    def loaded() -> xr.DataArray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()["a"].load()

    truth = Truth(
        lonlat(LON, LAT),
        lambda ask: step(loaded(), ask).transpose("lat", "lon").values.astype("f8"),
    )
    entry = {"url": url, **options}
    return Given(entry, "a", (truth,), ASKS, TIMES, variables=("a",), dims={"time": 3}, units="K")


def _by(path: Path, engine: str = "h5netcdf") -> Open:
    return lambda: xr.open_dataset(path, engine=engine)


def _file(**encoding: Any) -> Callable[[Path], Given]:
    def make(folder: Path) -> Given:
        return _given("a.nc", _by(_netcdf(folder / "a.nc", **encoding)))

    return make


def _library(form: Any) -> Callable[[Path], Given]:
    def make(folder: Path) -> Given:
        path = folder / "a.nc"
        _cube().to_netcdf(path, engine="netcdf4", format=form, unlimited_dims=["time"])
        assert netCDF4.Dataset(path).data_model == form
        return _given("a.nc", _by(path, "netcdf4"))

    return make


def _groups(folder: Path) -> Given:
    with h5py.File(folder / "a.h5", "w") as file:
        for name, values, units in (("lat", LAT, "north"), ("lon", LON, "east")):
            file[name] = values
            file[name].attrs["units"] = f"degrees_{units}"
            file[name].make_scale(name)
        node = file.create_dataset(
            "inner/a", data=numbers("i2"), chunks=(10, 10), compression="lzf"
        )
        node.dims[0].attach_scale(file["lat"])
        node.dims[1].attach_scale(file["lon"])
    truth = Truth(lonlat(LON, LAT), lambda _: _hdf5(folder / "a.h5", "inner/a"))
    return Given({"url": "a.h5"}, "inner.a", (truth,), variables=("inner.a",), dims={})


def _hdf5(path: Path, name: str) -> np.ndarray:
    with h5py.File(path) as file:
        return np.asarray(file[name][()], np.float64)


def _stack(folder: Path) -> Given:
    paths = [_netcdf(folder / f"{n}.nc", _cube(1 + n, n)) for n in (0, 1)]
    return _given("*.nc", lambda: xr.concat([_by(path)().load() for path in paths], "time"))


def _named_stack(folder: Path) -> Given:
    whole = _cube()
    for day in range(3):
        step_of_day = whole.isel(time=day, drop=True)
        _netcdf(folder / f"a_2020010{day + 1}.nc", step_of_day, chunksizes=(20, 30))
    return _given("a_*.nc", lambda: whole, time_pattern=r"a_(?P<time>\d{8})\.nc")


def _kerchunk(folder: Path) -> Given:
    path = _netcdf(folder / "a.nc")
    (folder / "a.json").write_text(json.dumps(_references(path)))
    fo = str(folder / "a.json")
    return _given("a.json", lambda: xr.open_dataset(fo, engine="kerchunk"))


def _references(path: Path, url: str | None = None) -> Any:
    with path.open("rb") as file:
        return SingleHdf5ToZarr(file, url or str(path), inline_threshold=50).translate()


def _virtual(path: Path) -> xr.Dataset:
    registry = ObjectStoreRegistry({"file://": LocalStore()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return open_virtual_dataset(
            url=f"file://{path}", parser=HDFParser(), registry=registry, loadable_variables=[]
        )


def _virtualizarr(form: str) -> Callable[[Path], Given]:
    def make(folder: Path) -> Given:
        path = _netcdf(folder / "a.nc")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _virtual(path).vz.to_kerchunk(str(folder / f"a.{form}"), format=form)
        return _given(f"a.{form}", _by(path))

    return make


def _shifted(turn: int) -> xr.Dataset:
    data = _cube()
    data["a"] = data["a"] + turn
    data["a"].attrs["units"] = "K"
    return data


def _icechunk(**state: str) -> Callable[[Path], Given]:
    def make(folder: Path) -> Given:
        repository = icechunk.Repository.create(
            icechunk.local_filesystem_storage(str(folder / "a"))
        )
        for turn, tag in enumerate(("old", "new")):
            session = repository.writable_session("main")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _shifted(turn).to_zarr(session.store, mode="w", consolidated=False, zarr_format=3)
            repository.create_tag(tag, session.commit(tag))
        named = state or {"branch": "main"}

        def read() -> xr.Dataset:
            store = repository.readonly_session(**named).store
            return xr.open_dataset(store, engine="zarr", consolidated=False)

        return _given("a", read, **state)

    return make


def _elsewhere(folder: Path) -> Refused:
    path = _netcdf(folder / "a.nc")
    (folder / "a.json").write_text(json.dumps(_references(path, "s3://archive/a.nc")))
    return Refused(
        {"url": "a.json"},
        "the document points to s3://archive/, which the dataset may not read: add it to the "
        "dataset's references, if it is meant, e.g. references: [s3://archive/]",
    )


def _no_file(folder: Path) -> Refused:
    (folder / "a.nc").write_bytes(b"<html>" * 200)
    return Refused({"url": "a.nc"}, "the file is neither NetCDF nor HDF5: check url")


def _gridmet(_: Path) -> Given:
    path = shared("rioxarray/tmmx_20190121.nc")
    with xr.open_dataset(path, engine="h5netcdf") as data:
        values = data["air_temperature"].load().squeeze()
    place = Separable("EPSG:4326", edges_of(values["lon"].values), edges_of(values["lat"].values))
    truth = Truth(place, lambda _: values.transpose("lat", "lon").values.astype("f8"))
    return Given({"url": str(path)}, "air_temperature", (truth,), units="K")


CASES = [
    Case(SECTION, "NetCDF-4, compressed chunks", _file(shuffle=True, fletcher32=True)),
    Case(SECTION, "NetCDF-4, in one piece", _file(zlib=None, chunksizes=None)),
    Case(SECTION, "NetCDF-4, packed, big-endian",
         _file(dtype=">i2", scale_factor=0.5, add_offset=10.0, _FillValue=-999)),
    Case(SECTION, "NetCDF-4 of the netCDF library, time unlimited", _library("NETCDF4")),
    Case(SECTION, "NetCDF-3, classic, time unlimited", _library("NETCDF3_CLASSIC")),
    Case(SECTION, "NetCDF-3, 64-bit offset", _library("NETCDF3_64BIT_OFFSET")),
    Case(SECTION, "HDF5 with groups, LZF", _groups),
    Case(SECTION, "gridMET, a file of the archive", _gridmet),
    Case(SECTION, "a stack of NetCDF files along their time", _stack),
    Case(SECTION, "a stack of NetCDF files without a time", _named_stack),
    Case(SECTION, "Kerchunk references, JSON", _kerchunk),
    Case(SECTION, "VirtualiZarr references, JSON", _virtualizarr("json")),
    Case(SECTION, "VirtualiZarr references, Parquet", _virtualizarr("parquet")),
    Case(SECTION, "Icechunk, branch main", _icechunk()),
    Case(SECTION, "Icechunk, a tag", _icechunk(tag="old")),
    Case(SECTION, "references that point elsewhere", _elsewhere),
    Case(SECTION, "a file that is neither NetCDF nor HDF5", _no_file),
]  # fmt: skip
