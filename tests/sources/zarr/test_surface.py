"""2-D coordinates in Zarr: which arrays they are, and which cells they place."""

from pathlib import Path

import numpy as np
import pyproj
import pytest
import xarray as xr
import zarr

from tests.lookup import meshes
from tests.sources.zarr.zarrs import opened
from tileserver.area import locate
from tileserver.errors import CatalogError
from tileserver.grid import LONLAT
from tileserver.sources.zarr.array import ZarrSource

LON, LAT, RLON, RLAT = meshes.rotated(24)


def written(path: Path, data: xr.Dataset, **options) -> ZarrSource:
    data.to_zarr(path, zarr_format=2, consolidated=True, **options)
    return opened(path)


def swath(lon: str, lat: str, dims=("y", "x"), about=({}, {}), **more) -> xr.Dataset:
    """A variable on 2-D coordinates of these names and attributes."""
    return xr.Dataset(
        {"v": (("time", *dims), np.ones((2, *LON.shape), np.float32)), **more},
        {
            lon: (dims, LON, about[0]),
            lat: (dims, LAT, about[1]),
            "time": np.array(["2020-01-01", "2020-01-02"], "datetime64[ns]"),
        },
    )


def cell(source: ZarrSource, row: int, col: int, variable: str = "v"):
    """The cell that is found at the centre of another."""
    return locate(source.cube.variables[variable].grid, float(LON[row, col]), float(LAT[row, col]))


@pytest.mark.parametrize(
    ("names", "dims"),
    [
        (("lon", "lat"), ("y", "x")),
        (("longitude", "latitude"), ("j", "i")),
        (("nav_lon", "nav_lat"), ("y", "x")),
        (("lon_rho", "lat_rho"), ("eta_rho", "xi_rho")),
        (("XLONG", "XLAT"), ("south_north", "west_east")),
        (("TLONG", "TLAT"), ("nlat", "nlon")),
        (("glamt", "gphit"), ("y", "x")),
    ],
)
def test_names_of_models(tmp_path, names, dims):
    """Coordinates that tell neither standard names nor units are known by their names."""
    source = written(tmp_path / "a.zarr", swath(*names, dims))
    assert list(source.cube.variables) == ["v"]
    grid = source.cube.variables["v"].grid
    assert grid.crs == LONLAT
    assert grid.lookup is not None
    assert cell(source, 5, 7) == (5, 7)


@pytest.mark.parametrize(
    "about",
    [
        ({"standard_name": "longitude"}, {"standard_name": "latitude"}),
        ({"units": "degrees_east"}, {"units": "degrees_north"}),
    ],
)
def test_attributes_tell_more_than_names(tmp_path, about):
    """The standard name or the units say what an array is, however it is called."""
    source = written(tmp_path / "a.zarr", swath("a", "b", about=about))
    assert cell(source, 5, 7) == (5, 7)


def test_coordinates_that_nobody_names_are_found_beside(tmp_path):
    """Without a coordinates attribute, arrays beside on the same dimensions are taken."""
    data = swath("nav_lon", "nav_lat").reset_coords(["nav_lon", "nav_lat"])
    source = written(tmp_path / "a.zarr", data)
    assert list(source.cube.variables) == ["v"]
    assert cell(source, 5, 7) == (5, 7)


def test_staggered_grids_have_their_own(tmp_path):
    """Each variable takes the pair on its own dimensions."""
    data = xr.Dataset(
        {
            "t": (("eta_rho", "xi_rho"), np.ones(LON.shape)),
            "u": (("eta_u", "xi_u"), np.ones((18, 23))),
        },
        {
            "lon_rho": (("eta_rho", "xi_rho"), LON), "lat_rho": (("eta_rho", "xi_rho"), LAT),
            "lon_u": (("eta_u", "xi_u"), (LON[:, 1:] + LON[:, :-1]) / 2),
            "lat_u": (("eta_u", "xi_u"), (LAT[:, 1:] + LAT[:, :-1]) / 2),
        },
    )  # fmt: skip
    source = written(tmp_path / "a.zarr", data)
    assert source.cube.variables["t"].grid.shape == (18, 24)
    assert source.cube.variables["u"].grid.shape == (18, 23)
    assert cell(source, 5, 7, "t") == (5, 7)


def test_variables_share_the_index(tmp_path):
    """One index serves all variables on the same coordinates."""
    data = swath("lon", "lat", w=(("y", "x"), np.ones(LON.shape)))
    variables = written(tmp_path / "a.zarr", data).cube.variables
    assert variables["v"].grid is variables["w"].grid


def test_the_model_s_own_axes_are_preferred(tmp_path):
    """rlon and rlat with their grid mapping are exact; the 2-D ones are not read."""
    data = swath("lon", "lat", ("rlat", "rlon"))
    data = data.assign_coords(
        rlon=("rlon", RLON, {"standard_name": "grid_longitude", "units": "degrees"}),
        rlat=("rlat", RLAT, {"standard_name": "grid_latitude", "units": "degrees"}),
    )
    data["rotated_pole"] = ((), 0, meshes.ROTATED_POLE)
    data["v"].attrs["grid_mapping"] = "rotated_pole"
    source = written(tmp_path / "a.zarr", data)
    assert source.cube.variables["v"].grid.lookup is None
    assert cell(source, 5, 7) == (5, 7)


def test_nominal_axes_are_not_believed(tmp_path):
    """Where 1-D degrees and 2-D ones differ, those that hold in the Arctic too are taken."""
    data = swath("geolon", "geolat", ("yh", "xh")).assign_coords(
        xh=("xh", np.linspace(-40, 60, 24), {"units": "degrees_east", "axis": "X"}),
        yh=("yh", np.linspace(20, 70, 18), {"units": "degrees_north", "axis": "Y"}),
    )
    assert cell(written(tmp_path / "a.zarr", data), 5, 7) == (5, 7)


def test_axes_that_say_the_same_are_taken(tmp_path):
    """A regular grid stays one, though it has 2-D coordinates too."""
    lon, lat = np.linspace(0, 23, 24), np.linspace(60, 43, 18)
    mesh = np.meshgrid(lon, lat)
    data = xr.Dataset(
        {"v": (("lat", "lon"), np.ones((18, 24)), {"coordinates": "lon2 lat2"})},
        {"lon": lon, "lat": lat},
    )
    data["lon2"], data["lat2"] = (("lat", "lon"), mesh[0]), (("lat", "lon"), mesh[1])
    source = written(tmp_path / "a.zarr", data)
    assert source.cube.variables["v"].grid.lookup is None


def test_coordinates_with_a_time_step(tmp_path):
    """As WRF writes them: the same at all times, or they are refused."""
    data = swath("lon", "lat")
    for name, values in (("lon", LON), ("lat", LAT)):
        data[name] = (("time", "y", "x"), np.stack([values, values]))
    assert cell(written(tmp_path / "a.zarr", data), 5, 7) == (5, 7)
    data["lon"] = (("time", "y", "x"), np.stack([LON, LON + 1]))
    with pytest.raises(CatalogError, match="move with time"):
        written(tmp_path / "b.zarr", data)


def test_packed_coordinates_with_fill_values(tmp_path):
    """Scale, offset and fill value hold for coordinates too; -999 is no place."""
    lat = LAT.copy()
    lat[3, 3] = np.nan
    data = swath("lon", "lat")
    data["lat"] = (("y", "x"), lat)
    packing = {"dtype": "i4", "scale_factor": 1e-5, "add_offset": 10.0, "_FillValue": -(2**31)}
    source = written(tmp_path / "a.zarr", data, encoding={"lat": packing})
    assert cell(source, 5, 7) == (5, 7)
    assert cell(source, 3, 3) is None
    data["lat"] = (("y", "x"), np.where(np.isnan(lat), -999, lat))
    source = written(tmp_path / "b.zarr", data)
    assert cell(source, 3, 3) is None


def test_corners_of_the_store(tmp_path):
    """lon_bnds and lat_bnds are read where coordinates name them."""
    edges = [
        np.linspace(v[0] - (v[1] - v[0]) / 2, v[-1] + (v[1] - v[0]) / 2, v.size + 1)
        for v in (RLON, RLAT)
    ]
    to_lonlat = pyproj.Transformer.from_crs(
        pyproj.CRS.from_cf(meshes.ROTATED_POLE), 4326, always_xy=True
    )
    corners = to_lonlat.transform(*np.meshgrid(*edges))
    parts = np.s_[:-1, :-1], np.s_[:-1, 1:], np.s_[1:, 1:], np.s_[1:, :-1]
    bounds = [np.stack([c[part] for part in parts], -1) for c in corners]
    data = swath("lon", "lat", about=({"bounds": "lon_bnds"}, {"bounds": "lat_bnds"}))
    for name, values in zip(("lon_bnds", "lat_bnds"), bounds, strict=True):
        data[name] = (("y", "x", "vertices"), values)
    source = written(tmp_path / "a.zarr", data)
    assert list(source.cube.variables) == ["v"]
    x, y = to_lonlat.transform(edges[0][9] + 1e-3, edges[1][4] + 1e-3)
    assert locate(source.cube.variables["v"].grid, x, y) == (4, 9)
    x, y = to_lonlat.transform(edges[0][0] + 1e-3, edges[1][0] + 1e-3)
    assert locate(source.cube.variables["v"].grid, x, y) == (0, 0)


def test_more_cells_than_are_looked_up(tmp_path):
    """Are refused before they are read, with the remedy."""
    group = zarr.create_group(tmp_path / "a")
    for name in ("v", "lon", "lat"):
        group.create_array(
            name, shape=(8000, 8000), chunks=(1000, 1000), dtype="f4", dimension_names=("y", "x")
        )
    group["v"].attrs["coordinates"] = "lon lat"
    with pytest.raises(CatalogError, match=r"64000000 cells, at most 50000000 .* regrid"):
        opened(tmp_path / "a")


def test_fluxes_are_no_coordinates(tmp_path):
    """Longwave radiation and latent heat have names that begin alike."""
    maps = {name: (("y", "x"), np.ones(LON.shape)) for name in ("longwave", "latent_heat")}
    with pytest.raises(CatalogError, match="no CRS"):
        written(tmp_path / "a.zarr", xr.Dataset(maps))
