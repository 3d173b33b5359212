"""Tiles of real files are what rasterio warps of the cells that rasterio and xarray read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.vrt import WarpedVRT

from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.matrixset import matrix_set
from tileserver.tms import native_zoom

from .agreement import check, origin
from .datasets import Original, geotiff, show, zarr_level
from .reference import assert_nearest, gdal, views

SHARED = Path(__file__).parents[3] / "shared" / "data"
MERCATOR = "WebMercatorQuad"
SET = matrix_set(MERCATOR)

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="no ../shared here: nothing to try on real third-party data"
)

# file: (band, its variable, another matrix set, points amid its data)
TIFFS = {
    "rio-tiler/cog_dateline.tif": (1, "b1", "WorldCRS84Quad", ((179.8, 51.6), (-179.9, 51.5))),
    "rio-tiler/cog_scale_epsg4326.tif": (1, "b1", "WorldCRS84Quad", ((127.3, 37.4),)),
    "rio-tiler/cog_fullearth.tif": (1, "b1", "WGS1984Quad", ((10.0, 50.0), (-100.0, -20.0))),
    "rio-tiler/cog_int16.tif": (1, "b1", "UPSArcticWGS84Quad", ((-56.8, 73.4),)),
    "rio-tiler/cog_nodata_nan.tif": (1, "Gamma0_VV", "WorldCRS84Quad", ((-122.2, 47.3),)),
    "rio-tiler/cog_world.tif": (1, "b1", "EuropeanETRS89_LAEAQuad", ((10.0, 50.0),)),
    "rio-tiler/cog_cmap.tif": (1, "b1", "WorldCRS84Quad", ((-79.38, 39.85),)),
    "xcube/sample-cog.tif": (2, "green", "WorldCRS84Quad", ((-105.5, 35.6),)),
    "rioxarray/cog.tif": (1, "b1", "WGS1984Quad", ((-74.1, 44.9),)),
}


@pytest.mark.parametrize("name", TIFFS)
def test_geotiff(name: str) -> None:
    """Every GeoTIFF, in Web Mercator and another matrix set."""
    band, variable, other, points = TIFFS[name]
    path = SHARED / name
    check(origin(path), variable, geotiff(path, band), (MERCATOR, other), points)


def test_ground_control_points() -> None:
    """A file that only control points place: the tiles warp what the source gives north-up."""
    path = SHARED / "rio-tiler/cog_gcps.tif"
    with (
        rasterio.open(path) as file,
        WarpedVRT(file, crs="EPSG:4326", add_alpha=True, tolerance=0) as warped,
    ):
        grid = Grid.from_affine(LONLAT, warped.transform, warped.shape)
        cells = np.where(warped.dataset_mask() != 0, warped.read(1).astype(np.float64), np.nan)

    def original(_: str, level: int, __: dict[str, int]) -> Original:
        assert level == 0
        return Original(grid, lambda rows, cols: cells[rows, cols])

    middle = (grid.x.low + grid.x.high) / 2, (grid.y.low + grid.y.high) / 2
    deep = [v for v in views(MERCATOR, grid, (middle,)) if v.zoom >= native_zoom(SET, grid)]
    for view, shown in show(origin(path), "b1", lambda _: deep, original, "nearest"):
        expected = gdal(shown.cells, shown.original, view.grid, "nearest")
        assert assert_nearest(shown.drawn, expected, shown.grid, view.grid) > 10_000


MODIS = ((-92.56, 45.21),)
XCUBE = [
    "cube-1-250-250.zarr",
    "cube-1-250-250.levels/0.zarr",
    "cube-1-250-250.levels/1.zarr",
    "cube-1-250-250.levels/2.zarr",
]


@pytest.mark.parametrize("name", XCUBE)
@pytest.mark.parametrize("variable", ["conc_chl", "quality_flags"])
def test_zarr(name: str, variable: str) -> None:
    """The ocean-colour cube and each level of its pyramid."""
    path = SHARED / "xcube" / name
    points = ((1.6, 51.55), (0.9, 50.4))
    check(
        origin(path),
        variable,
        zarr_level(path, "OGC:CRS84", "lon", "lat"),
        (MERCATOR, "UTM31WGS84Quad"),
        points,
        {"time": "2017-01-28"},
    )


def test_sinusoidal_netcdf(tmp_path: Path) -> None:
    """MODIS on its sinusoidal grid, the CRS by grid_mapping."""
    with xr.open_dataset(SHARED / "rioxarray/MODIS_ARRAY.nc", engine="h5netcdf") as data:
        old = data["__xarray_dataarray_variable__"]
        crs = str(old.attrs["crs"])
        new = old.rename("ndvi").drop_attrs().to_dataset()
        new["ndvi"].attrs["grid_mapping"] = "modis"
        new["modis"] = xr.DataArray(0, attrs={"crs_wkt": parse_crs(crs).to_wkt()})
        new.to_zarr(tmp_path / "a.zarr", zarr_format=2, consolidated=True)
    original = zarr_level(tmp_path / "a.zarr", crs, "x", "y")
    check(origin(tmp_path / "a.zarr"), "ndvi", original, (MERCATOR, "WGS1984Quad"), MODIS)


def test_degrees_netcdf(tmp_path: Path) -> None:
    """gridMET, packed, with its grid_mapping and its time as a scalar."""
    with xr.open_dataset(SHARED / "rioxarray/tmmx_20190121.nc", engine="h5netcdf") as data:
        data.drop_encoding().to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
    original = zarr_level(tmp_path / "a.zarr", "EPSG:4326", "lon", "lat")
    points = ((-100.0, 40.0), (-120.0, 45.0))
    sets = (MERCATOR, "WorldCRS84Quad")
    check(origin(tmp_path / "a.zarr"), "air_temperature", original, sets, points)


def test_netcdf_without_crs(tmp_path: Path) -> None:
    """A file with x and y alone, whose CRS the catalogue tells."""
    with xr.open_dataset(SHARED / "rio-tiler/dataset_2d.nc", engine="h5netcdf") as data:
        data.drop_encoding().to_zarr(tmp_path / "a.zarr", zarr_format=3, consolidated=False)
    original = zarr_level(tmp_path / "a.zarr", "EPSG:4326", "x", "y")
    asked = origin(tmp_path / "a.zarr", crs="EPSG:4326")
    check(asked, "dataset", original, (MERCATOR, "WorldCRS84Quad"), ((10.0, 50.0), (-60.0, -20.0)))
