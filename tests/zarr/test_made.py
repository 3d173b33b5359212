"""Datasets that are not stored as Zarr are read as if they were."""

from __future__ import annotations

import httpx2
import numpy as np
import rasterio
import xarray as xr

from tests.zarr.conftest import Served
from tests.zarr.stores import cube


def test_cog(served: Served) -> None:
    """Bands, packing, gaps, places and the CRS are those that rasterio reads."""
    found = xr.open_zarr(f"{served.url}/zarr/cog", decode_coords="all").compute()
    with rasterio.open(served.folder / "scene.tif") as file:
        for number, name in enumerate(("red", "green")):
            band = file.read(number + 1, masked=True).astype("float64")
            expected = band.filled(np.nan) * file.scales[number] + file.offsets[number]
            np.testing.assert_allclose(found[name].to_numpy(), expected)
        np.testing.assert_allclose(found.x, [file.xy(0, col)[0] for col in range(500)])
        np.testing.assert_allclose(found.y, [file.xy(row, 0)[1] for row in range(300)])
        assert rasterio.CRS.from_wkt(found.spatial_ref.attrs["crs_wkt"]) == file.crs
    assert found.red.dims == ("y", "x")


def test_stack(served: Served) -> None:
    """One step a file."""
    found = xr.open_zarr(f"{served.url}/zarr/stack").compute()
    assert found.time.dt.strftime("%F").to_numpy().tolist() == ["2024-01-01", "2024-01-02"]
    for step in (0, 1):
        with rasterio.open(served.folder / f"day_2024010{step + 1}.tif") as file:
            band = file.read(2, masked=True).astype("float64").filled(np.nan)
        np.testing.assert_allclose(found.green[step].to_numpy(), band)


def test_netcdf(served: Served) -> None:
    """A file of HDF5, as h5netcdf reads it."""
    found = xr.open_zarr(f"{served.url}/zarr/netcdf").compute()
    expected = cube()
    np.testing.assert_allclose(found.t.transpose(*expected.t.dims), expected.t, atol=1e-9)
    np.testing.assert_allclose(found.z, expected.z)
    assert (found.time.to_numpy() == expected.time.to_numpy()).all()
    np.testing.assert_allclose(found.lat, expected.lat)
    assert found.t.attrs["units"] == "degC"


def test_chunks_are_the_file_s(served: Served) -> None:
    """Each is answered alone, in parts too; what lies beyond the last is not there."""
    document = httpx2.get(f"{served.url}/zarr/cog/red/.zarray").json()
    assert (document["shape"], document["chunks"]) == ([300, 500], [128, 128])
    url = f"{served.url}/zarr/cog/red/2.3"
    whole = httpx2.get(url)
    part = httpx2.get(url, headers={"Range": "bytes=-9"})
    assert (part.status_code, part.content) == (206, whole.content[-9:])
    assert httpx2.get(f"{served.url}/zarr/cog/red/3.0").status_code == 404
    assert httpx2.get(f"{served.url}/zarr/cog/blue/0.0").status_code == 404
    assert httpx2.get(f"{served.url}/zarr/cog/zarr.json").status_code == 404
