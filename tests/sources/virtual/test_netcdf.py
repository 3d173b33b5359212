"""NetCDF and HDF5 files that others write come out as xarray reads them, by few of their bytes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import h5py
import hdf5plugin
import netCDF4
import numpy as np
import pytest
import xarray as xr

from tests.conftest import SHARED
from tests.s3 import S3Server
from tests.sources.virtual.files import LAT, LON, all_decoded, cube, decoded, opened, sample, times
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import Storage


def by_xarray(path: Path, variable: str = "a", **options: Any) -> np.ndarray:
    with xr.open_dataset(path, **options) as data:
        return data[variable].values.astype(np.float64)


@pytest.mark.parametrize(
    "encoding",
    [
        {},
        {"chunksizes": (1, 10, 10)},
        {"zlib": True, "chunksizes": (2, 7, 30), "shuffle": True},
        {"zlib": True, "fletcher32": True, "chunksizes": (5, 24, 30)},
        {"compression": "lzf", "chunksizes": (1, 12, 10)},
        {"dtype": ">i2", "_FillValue": -999, "scale_factor": 0.5, "add_offset": 3.0},
        {"dtype": "i4", "_FillValue": -1, "zlib": True},
        {"dtype": "u1", "_FillValue": 255, "chunksizes": (1, 5, 5)},
        {"dtype": "f8", "_FillValue": -1e30},
    ],
    ids=str,
)
def test_netcdf4_of_h5netcdf(tmp_path: Path, encoding: dict[str, Any]) -> None:
    """Chunked and in one piece, compressed in several ways, packed, big-endian."""
    data = sample()
    data["a"] = data["a"].where(data["a"] != 57)
    path = tmp_path / "a.nc"
    encoding = {"_FillValue": np.nan, **encoding}
    data.to_netcdf(path, engine="h5netcdf", encoding={"a": encoding})
    np.testing.assert_allclose(decoded(path), by_xarray(path, engine="h5netcdf"), rtol=1e-6)
    assert times(path)[-1] == "2020-01-05T00:00:00Z"


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA",
                                  "NETCDF4", "NETCDF4_CLASSIC"])  # fmt: skip
@pytest.mark.parametrize("unlimited", [False, True])
def test_files_of_the_netcdf_library(tmp_path: Path, form: Any, unlimited: bool) -> None:
    """All of its formats; records of several variables lie between each other."""
    path = tmp_path / "a.nc"
    write_library(path, form, unlimited)
    found = all_decoded(path)
    assert set(found) == {"of_i1", "of_i2", "of_f4", "of_f8"}
    for name, values in found.items():
        expected = by_xarray(path, name, engine="netcdf4", decode_times=False)
        np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert times(path)[1] == "2001-01-02T00:00:00Z"


def write_library(path: Path, form: Any, unlimited: bool) -> None:
    with netCDF4.Dataset(path, "w", format=form) as file:
        file.createDimension("time", None if unlimited else 3)
        file.createDimension("lat", len(LAT))
        file.createDimension("lon", len(LON))
        for name, values, units in (
            ("lat", LAT, "degrees_north"),
            ("lon", LON, "degrees_east"),
            ("time", np.arange(3), "days since 2001-01-01"),
        ):
            axis = file.createVariable(name, "f8", (name,))
            axis.units, axis[:] = units, values
        numbers = sample(days=3)["a"].values
        file.createVariable("odd", "i1", ("time",))[:] = np.arange(3)
        for turn, dtype in enumerate(("i1", "i2", "f4", "f8")):
            variable = file.createVariable(f"of_{dtype}", dtype, ("time", "lat", "lon"))
            variable[:] = np.roll(numbers, turn, axis=1).astype(dtype)


def test_one_record_variable_alone_is_not_padded(tmp_path: Path) -> None:
    """As the format's description has it (section "Note on padding")."""
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as file:
        file.createDimension("time", None)
        file.createDimension("lat", 5)
        file.createDimension("lon", 7)
        for name, values in (("lat", LAT[:5]), ("lon", LON[:7])):
            axis = file.createVariable(name, "f8", (name,))
            axis.units, axis[:] = f"degrees_{'north' if name == 'lat' else 'east'}", values
        file.createVariable("a", "i1", ("time", "lat", "lon"))[:] = np.arange(70).reshape(2, 5, 7)
    np.testing.assert_array_equal(decoded(path).ravel(), np.arange(70))


def write_hdf5(path: Path, make: Callable[[h5py.File], Any]) -> Path:
    with h5py.File(path, "w", libver="latest") as file:
        for name, values, units in (
            ("lat", LAT, "degrees_north"), ("lon", LON, "degrees_east")
        ):  # fmt: skip
            file[name] = values
            file[name].attrs["units"] = units
            file[name].make_scale(name)
        node = make(file)
        if node is not None:
            node.dims[0].attach_scale(file["lat"])
            node.dims[1].attach_scale(file["lon"])
    return path


NUMBERS = sample(days=1)["a"].values[0]


FILTERS: list[Any] = [
    {"compression": "gzip", "shuffle": True},
    {"compression": "lzf"},
    {"compression": "lzf", "shuffle": True, "fletcher32": True},
    *([{"compression": "szip"}] if h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP) else []),
    {"scaleoffset": 0},
    hdf5plugin.Zstd(),
    hdf5plugin.BZip2(),
    hdf5plugin.LZ4(),
    hdf5plugin.Blosc(cname="lz4", shuffle=hdf5plugin.Blosc.SHUFFLE),
    hdf5plugin.Blosc(cname="zstd"),
    hdf5plugin.Blosc2(),
    hdf5plugin.Bitshuffle(),
    hdf5plugin.Zfp(reversible=True),
]


def test_filters(tmp_path: Path) -> None:
    """Chunks of any filter that HDF5 has, by itself or by hdf5plugin; at the edges too."""

    def make(file: h5py.File) -> None:
        for number, options in enumerate(FILTERS):
            for dtype in ("f4", "i4"):
                if dtype == "f4" and "scaleoffset" in options:
                    continue
                node = file.create_dataset(
                    f"{dtype}_{number}", data=NUMBERS.astype(dtype), chunks=(10, 16), **options
                )
                node.dims[0].attach_scale(file["lat"])
                node.dims[1].attach_scale(file["lon"])

    found = all_decoded(write_hdf5(tmp_path / "a.h5", make))
    assert len(found) == 2 * len(FILTERS) - 1
    for name, values in found.items():
        np.testing.assert_array_equal(values, NUMBERS, err_msg=name)


def test_chunks_that_a_filter_was_not_applied_to(tmp_path: Path) -> None:
    """LZF leaves chunks as they are that it does not make smaller; others may be written so."""
    noise = np.random.default_rng(1).integers(0, 2**31, NUMBERS.shape, np.int32)
    noise[:10] = 7

    def make(file: h5py.File) -> Any:
        node = file.create_dataset("a", data=noise, chunks=(10, 16), compression="lzf")
        assert {node.id.get_chunk_info(i).filter_mask for i in range(6)} == {0, 1}
        return node

    np.testing.assert_array_equal(decoded(write_hdf5(tmp_path / "a.h5", make)), noise)

    def by_hand(file: h5py.File) -> Any:
        node = file.create_dataset(
            "a", shape=(24, 30), dtype="i4", chunks=(24, 30), compression="gzip", shuffle=True
        )
        node.id.write_direct_chunk((0, 0), noise.tobytes(), filter_mask=3)
        return node

    np.testing.assert_array_equal(decoded(write_hdf5(tmp_path / "b.h5", by_hand)), noise)


def test_zeros_are_no_missing_data_and_chunks_that_were_never_written_are_fill(
    tmp_path: Path,
) -> None:
    """HDF5 fills with zero, which means nothing; netCDF with a number that means missing."""

    def zeros(file: h5py.File) -> Any:
        node = file.create_dataset("a", (24, 30), "f4", chunks=(12, 30))
        node[:12] = NUMBERS[:12] % 2
        return node

    expected = np.where(np.arange(24)[:, None] < 12, NUMBERS % 2, 0)
    np.testing.assert_array_equal(decoded(write_hdf5(tmp_path / "a.h5", zeros)), expected)
    path = tmp_path / "b.nc"
    write_library(path, "NETCDF4", False)
    with netCDF4.Dataset(path, "a") as file:
        variable = file.createVariable("c", "f4", ("lat", "lon"), chunksizes=(12, 30))
        variable[:12] = NUMBERS[:12]
    found = decoded(path, variable="c")
    assert np.isnan(found[12:]).all()
    np.testing.assert_array_equal(found[:12], NUMBERS[:12])


def test_groups_compact_data_enumerations_and_texts(tmp_path: Path) -> None:
    """What lies in groups sees the coordinates above; names of an enumeration are classes."""

    def make(file: h5py.File) -> Any:
        kind = h5py.enum_dtype({"sea": 0, "dry land": 1}, basetype="u1")
        classes = file.create_group("inner").create_dataset(
            "mask", data=(NUMBERS % 2).astype("u1"), dtype=kind, chunks=(24, 15)
        )
        classes.dims[0].attach_scale(file["lat"])
        classes.dims[1].attach_scale(file["lon"])
        file.create_dataset("names", data=["one", "two"], dtype=h5py.string_dtype())
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((24, 30))
        small = h5py.h5d.create(file.id, b"a", h5py.h5t.NATIVE_INT16, space, plist)
        small.write(h5py.h5s.ALL, h5py.h5s.ALL, NUMBERS.astype("i2"))
        return file["a"]

    path = write_hdf5(tmp_path / "a.h5", make)
    np.testing.assert_array_equal(decoded(path), NUMBERS)
    np.testing.assert_array_equal(decoded(path, variable="inner.mask"), NUMBERS % 2)
    flags = opened(path).cube.variables["inner.mask"].flags
    assert [flag.label for flag in flags] == ["sea", "dry land"]


def test_nothing_outside_the_file_is_read(tmp_path: Path) -> None:
    """External links, external data, virtual datasets and cycles: left out, and said."""
    (tmp_path / "secret.bin").write_bytes(NUMBERS.tobytes())
    write_hdf5(tmp_path / "other.h5", lambda file: file.create_dataset("a", data=NUMBERS))

    def make(file: h5py.File) -> Any:
        file["linked"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "a")
        file["soft"] = h5py.SoftLink("/a")
        group = file.create_group("round")
        group["again"] = group
        away = [(str(tmp_path / "secret.bin"), 0, NUMBERS.nbytes)]
        file.create_dataset("away", (24, 30), "f4", external=away)
        layout = h5py.VirtualLayout((24, 30), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "a", (24, 30))
        file.create_virtual_dataset("virtual", layout)
        return file.create_dataset("a", data=NUMBERS)

    source = opened(write_hdf5(tmp_path / "a.h5", make))
    assert list(source.cube.variables) == ["a"]
    told = "\n".join(source.cube.warnings)
    for name in ("'linked' is a link", "'soft' is a link", "'away': its data is in other files",
                 "'virtual': its data is in other files"):  # fmt: skip
        assert name in told


def test_a_large_file_is_not_downloaded(tmp_path: Path) -> None:
    """Of 1000 steps of 1000 × 1000 cells 1 MB is read to open it, and for a tile the chunks."""
    (tmp_path / "data").mkdir()
    with h5py.File(tmp_path / "data" / "a.nc", "w") as file:
        for name, count, units in (
            ("time", 1000, "hours since 2020-01-01"),
            ("lat", 1000, "degrees_north"),
            ("lon", 1000, "degrees_east"),
        ):
            file[name] = np.arange(count) / (1 if name == "time" else 20)
            file[name].attrs["units"] = units
            file[name].make_scale(name)
        node = file.create_dataset("a", (1000, 1000, 1000), "f4", chunks=(1, 500, 500))
        for i, name in enumerate(("time", "lat", "lon")):
            node.dims[i].attach_scale(file[name])
        block = np.zeros((1, 500, 500), "f4") + 5
        for step in range(0, 1000, 4):  # sparse: 1 GB
            node.id.write_direct_chunk((step, 500, 0), block.tobytes())
    size = (tmp_path / "data" / "a.nc").stat().st_size
    assert size > 200e6

    async def run(url: str) -> tuple[int, int]:
        storage = Storage(
            endpoint=url, access_key_id="access-key", secret_access_key="secret-key",
            allow_http=True,
        )  # fmt: skip
        traffic = storage.traffic()
        async with cube("s3://data/a.nc", storage=storage, traffic=traffic) as source:
            at_opening = traffic.bytes
            window = (slice(8, 9), slice(600, 700), slice(100, 300))
            assert (await source.read(ReadPlan("a", 0, window)) == 5).all()
            return at_opening, traffic.bytes - at_opening

    with S3Server(tmp_path) as server:
        at_opening, for_tile = asyncio.run(run(server.url))
    assert at_opening < 4e6
    assert for_tile == 1e6


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "neither NetCDF nor HDF5"),
        (b"<html>not found</html>" * 100, "neither NetCDF nor HDF5"),
        (b"\x0e\x03\x13\x01" + bytes(100), "HDF4 files are not read"),
        (b"CDF\x01" + b"\xff" * 100, "header is damaged"),
        (b"CDF\x07" + b"\xff" * 100, "NetCDF of version 7"),
        (b"\x89HDF\r\n\x1a\n" + b"\xff" * 1000, "the HDF5 file cannot be read"),
    ],
)
def test_what_is_no_file_of_the_kind(tmp_path: Path, data: bytes, message: str) -> None:
    """Is said in a line."""
    (tmp_path / "a.nc").write_bytes(data)
    with pytest.raises(CatalogError, match=message):
        opened(tmp_path / "a.nc")


def test_a_server_that_gives_no_parts(tmp_path: Path) -> None:
    """Would have to send whole files: it is refused."""
    sample().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        storage = Storage(allow_private=True, allow_http=True)
        with pytest.raises(CatalogError, match="gives no parts of files"):
            opened(f"http://127.0.0.1:{server.server_port}/a.nc", storage=storage)
        server.shutdown()
        thread.join()


def test_damaged_files_end_in_a_line(tmp_path: Path) -> None:
    """Cut off or changed anywhere in its metadata: an error or a cube, never a crash or a hang."""
    path = tmp_path / "a.nc"
    sample().to_netcdf(path, engine="h5netcdf", encoding={"a": {"chunksizes": (1, 10, 10)}})
    whole = path.read_bytes()
    random = np.random.default_rng(3)
    for turn in range(12):
        damaged = bytearray(whole[: len(whole) // 2] if turn == 0 else whole)
        for at in random.integers(0, min(len(damaged), 8000), 40 if turn else 0):
            damaged[at] = random.integers(0, 256)
        path.write_bytes(damaged)
        with suppress(CatalogError, SourceError):
            decoded(path)


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no ../shared/data here")
@pytest.mark.parametrize(
    ("name", "variable", "crs"),
    [
        ("rioxarray/tmmx_20190121.nc", "air_temperature", None),
        ("rioxarray/MODIS_ARRAY.nc", "__xarray_dataarray_variable__", None),
        ("rio-tiler/dataset_2d.nc", "dataset", "OGC:CRS84"),
    ],
)
def test_files_of_others(name: str, variable: str, crs: str | None) -> None:
    """As xarray reads them, but for what is outside the valid range."""
    path = SHARED / "data" / name
    found, expected = decoded(path, variable=variable, crs=crs), by_xarray(path, variable)
    known = np.isfinite(found)
    np.testing.assert_allclose(found[known], expected[..., :, :][known], rtol=1e-5)
    assert known.mean() > 0.3
