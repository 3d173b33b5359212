"""Any CRS that attributes tell, and axes in their units, against pyproj and GDAL."""

import json
from pathlib import Path

import numpy as np
import pyproj
import pytest
import rasterio.crs
import zarr
from rasterio.warp import transform as gdal_transform

from tests.sources.zarr.zarrs import numbers, opened
from tileserver.area import locate
from tileserver.errors import CatalogError
from tileserver.grid import Grid
from tileserver.sources.zarr.crs import crs_of

SHARED = Path(__file__).parents[4] / "shared/data/eopf/projjson_examples"
SHAPE = (12, 16)
UTM = "EPSG:32632"
SPHERE = {"earth_radius": 6371229.0}
PLACE = {
    "latitude_of_projection_origin": 50.0,
    "longitude_of_projection_origin": 10.0,
}
# CF grid mappings, and the PROJ string that means the same to GDAL.
MAPPINGS = {
    "lambert_conformal_conic": (
        {
            "standard_parallel": [30.0, 60.0],
            "latitude_of_projection_origin": 40.0,
            "longitude_of_central_meridian": 10.0,
        },
        "+proj=lcc +lat_0=40 +lon_0=10 +lat_1=30 +lat_2=60 +datum=WGS84",
    ),
    "lambert_conformal_conic, one parallel in a list, numbers as texts": (
        {
            "standard_parallel": [50.0],
            "latitude_of_projection_origin": "50.0",
            "longitude_of_central_meridian": "10",
            "earth_radius": ["6371229.0"],
        },
        "+proj=lcc +lat_0=50 +lon_0=10 +lat_1=50 +R=6371229",
    ),
    "lambert_conformal_conic, parallels as a text": (
        {
            "standard_parallel": "30.0, 60.0",
            "latitude_of_projection_origin": 40,
            "longitude_of_central_meridian": 10,
        },
        "+proj=lcc +lat_0=40 +lon_0=10 +lat_1=30 +lat_2=60 +datum=WGS84",
    ),
    "lambert_azimuthal_equal_area": (PLACE, "+proj=laea +lat_0=50 +lon_0=10 +datum=WGS84"),
    "azimuthal_equidistant": (
        {**PLACE, **SPHERE},
        "+proj=aeqd +lat_0=50 +lon_0=10 +R=6371229",
    ),
    "stereographic": (
        {**PLACE, "scale_factor_at_projection_origin": 0.9999},
        "+proj=sterea +lat_0=50 +lon_0=10 +k=0.9999 +datum=WGS84",
    ),
    "orthographic": (PLACE, "+proj=ortho +lat_0=50 +lon_0=10 +datum=WGS84"),
    "albers_conical_equal_area": (
        {
            "standard_parallel": [40.0, 60.0],
            "latitude_of_projection_origin": 50.0,
            "longitude_of_central_meridian": 10.0,
        },
        "+proj=aea +lat_0=50 +lon_0=10 +lat_1=40 +lat_2=60 +datum=WGS84",
    ),
    "mercator": (
        {"longitude_of_projection_origin": 10.0, "standard_parallel": 20.0},
        "+proj=merc +lon_0=10 +lat_ts=20 +datum=WGS84",
    ),
    "transverse_mercator": (
        {
            "longitude_of_central_meridian": 9.0,
            "latitude_of_projection_origin": 0.0,
            "scale_factor_at_central_meridian": 0.9996,
            "false_easting": 500000.0,
        },
        "+proj=utm +zone=32 +datum=WGS84",
    ),
    "lambert_cylindrical_equal_area": (
        {"longitude_of_central_meridian": 10.0, "standard_parallel": 30.0},
        "+proj=cea +lon_0=10 +lat_ts=30 +datum=WGS84",
    ),
    "sinusoidal": (
        {"longitude_of_central_meridian": 0.0, "earth_radius": 6371007.181},
        "+proj=sinu +R=6371007.181",
    ),
    "sinusoidal, of a major axis alone": (
        {"longitude_of_projection_origin": 0.0, "semi_major_axis": 6371007.181},
        "+proj=sinu +R=6371007.181",
    ),
    "polar_stereographic": (
        {
            "straight_vertical_longitude_from_pole": -45.0,
            "standard_parallel": 70.0,
            "latitude_of_projection_origin": 90.0,
        },
        "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84",
    ),
    "polar_stereographic, by its origin's longitude": (
        {
            "longitude_of_projection_origin": -45.0,
            "standard_parallel": 70.0,
            "latitude_of_projection_origin": 90.0,
        },
        "+proj=stere +lat_0=90 +lat_ts=70 +lon_0=-45 +datum=WGS84",
    ),
    "polar_stereographic, of a scale": (
        {
            "straight_vertical_longitude_from_pole": 0.0,
            "scale_factor_at_projection_origin": 0.994,
            "latitude_of_projection_origin": 90.0,
        },
        "+proj=stere +lat_0=90 +lon_0=0 +k=0.994 +datum=WGS84",
    ),
    "geostationary": (
        {
            "perspective_point_height": 35785831.0,
            "longitude_of_projection_origin": 0.0,
            "semi_major_axis": 6378169.0,
            "semi_minor_axis": 6356583.8,
            "sweep_angle_axis": "y",
        },
        "+proj=geos +h=35785831 +a=6378169 +b=6356583.8 +sweep=y",
    ),
    "geostationary, of a fixed axis": (
        {
            "perspective_point_height": 35786023.0,
            "longitude_of_projection_origin": 0.0,
            "fixed_angle_axis": "y",
        },
        "+proj=geos +h=35786023 +sweep=x +datum=WGS84",
    ),
    "geostationary, of no axis": (
        {"perspective_point_height": 35786023.0, "longitude_of_projection_origin": 0.0},
        "+proj=geos +h=35786023 +sweep=y +datum=WGS84",
    ),
    "vertical_perspective": (
        {**PLACE, "perspective_point_height": 2e6},
        "+proj=nsper +lat_0=50 +lon_0=10 +h=2000000 +datum=WGS84",
    ),
}


def written(path: Path, axes: dict, attrs: dict, **more: dict) -> Path:
    """A variable `a` on axes y and x, by name (values, attributes), with other arrays of none."""
    group = zarr.create_group(path)
    for name, (values, about) in axes.items():
        array = group.create_array(name, data=np.asarray(values), dimension_names=(name,))
        array.attrs.update(about)
    dims = tuple(axes) or ("y", "x")
    shape = tuple(len(values) for values, _ in axes.values()) or SHAPE
    group.create_array("a", data=numbers("f4", shape), dimension_names=dims).attrs.update(attrs)
    for name, about in more.items():
        group.create_array(name, data=np.array(0)).attrs.update(about)
    return path


def grid_of(path: Path) -> Grid:
    return opened(path).cube.variables["a"].grid


def around(x: float, y: float, step: float = 1000.0, **about: str) -> dict:
    """Axes of SHAPE around a point in CRS units."""
    return {
        "y": (y - step * (np.arange(SHAPE[0]) - 6), about),
        "x": (x + step * (np.arange(SHAPE[1]) - 8), about),
    }


@pytest.mark.parametrize("kind", MAPPINGS)
def test_grid_mappings_are_gdals(tmp_path, kind):
    """Each cell lies where GDAL puts its centre."""
    attrs, proj = MAPPINGS[kind]
    crs = rasterio.crs.CRS.from_string(proj)
    [x], [y] = gdal_transform("EPSG:4326", crs, [10.3], [50.2])
    mapping = {"grid_mapping_name": kind.split(",")[0], **attrs}
    path = written(tmp_path / "a", around(x, y), {"grid_mapping": "m"}, m=mapping)
    grid = grid_of(path)
    for row, col in ((0, 0), (3, 11), (11, 15)):
        spot = [x + 1000 * (col - 8) + 400], [y - 1000 * (row - 6) - 400]
        [lon], [lat] = gdal_transform(crs, "EPSG:4326", *spot)
        assert locate(grid, lon, lat) == (row, col)


@pytest.mark.parametrize("units", ["km", "kilometers", "m", "metre", "ft", "US_survey_foot"])
def test_axes_in_other_units(tmp_path, units):
    """Coordinates are brought to the units of the CRS."""
    metres = {"km": 1000, "kilometers": 1000, "ft": 0.3048, "US_survey_foot": 1200 / 3937}
    factor = metres.get(units, 1)
    axes = {k: (v / factor, a) for k, (v, a) in around(6e5, 5.5e6, units=units).items()}
    grid = grid_of(written(tmp_path / "a", axes, {"proj:code": UTM}))
    assert grid.x.edges is None
    np.testing.assert_allclose(grid.bounds, (591500, 5494500, 607500, 5506500), rtol=1e-9)


def test_a_crs_in_kilometres(tmp_path):
    """Axes in metres of a CRS in kilometres are divided."""
    attrs = {"spatial_ref": "+proj=laea +lat_0=50 +lon_0=10 +units=km"}
    grid = grid_of(written(tmp_path / "a", around(0, 0, units="m"), attrs))
    np.testing.assert_allclose(grid.resolution, (1, 1))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2"])
def test_a_satellite_s_angles(tmp_path, dtype):
    """x and y in radians, packed maybe, are those of the instrument."""
    angle = 56e-6 * (np.arange(20) - 10 + 0.5)
    packed = {"scale_factor": 56e-6, "add_offset": 28e-6} if dtype == "i2" else {}
    stored = (np.arange(20) - 10 if packed else angle).astype(dtype)
    about = {"units": "rad", **packed}
    axes = {
        "y": (
            -stored if not packed else stored,
            {**about, "standard_name": "projection_y_angular_coordinate"},
        ),
        "x": (stored, {**about, "standard_name": "projection_x_angular_coordinate"}),
    }
    mapping = {
        "grid_mapping_name": "geostationary",
        "perspective_point_height": 35786023.0,
        "longitude_of_projection_origin": -75.0,
        "sweep_angle_axis": "x",
    }
    grid = grid_of(written(tmp_path / "a", axes, {"grid_mapping": "g"}, g=mapping))
    geos = pyproj.Transformer.from_crs(
        "+proj=geos +h=35786023 +lon_0=-75 +sweep=x", "OGC:CRS84", always_xy=True
    )
    sign = 1 if packed else -1
    lon, lat = geos.transform(angle[3] * 35786023, sign * angle[5] * 35786023)
    assert locate(grid, lon, lat) == (5, 3)
    assert grid.x.edges is None


def test_a_rotated_pole_in_degrees(tmp_path):
    """rlon and rlat, with the units `degrees`."""
    mapping = {
        "grid_mapping_name": "rotated_latitude_longitude",
        "grid_north_pole_latitude": 39.25,
        "grid_north_pole_longitude": -162.0,
    }
    axes = {
        "rlat": (np.linspace(-5, 5, 21), {"standard_name": "grid_latitude", "units": "degrees"}),
        "rlon": (np.linspace(-8, 8, 33), {"standard_name": "grid_longitude", "units": "degrees"}),
    }
    grid = grid_of(written(tmp_path / "a", axes, {"grid_mapping": "pole"}, pole=mapping))
    gdal = rasterio.crs.CRS.from_string(
        "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 "
        "+to_meter=0.0174532925199433"
    )
    [lon], [lat] = gdal_transform(gdal, "EPSG:4326", [-8 + 0.5 * 7], [-5 + 0.5 * 4])
    assert locate(grid, lon, lat) == (4, 7)


WORDS = {
    "code": {"proj:code": UTM},
    "number": {"proj:epsg": 32632},
    "wkt2": {"proj:wkt2": pyproj.CRS(UTM).to_wkt("WKT2_2019")},
    "projjson": {"proj:projjson": pyproj.CRS(UTM).to_json_dict()},
    "crs_wkt": {"crs_wkt": pyproj.CRS(UTM).to_wkt("WKT1_GDAL")},
    "spatial_ref": {"spatial_ref": pyproj.CRS(UTM).to_wkt("WKT1_GDAL")},
    "esri": {"esri_pe_string": pyproj.CRS(UTM).to_wkt("WKT1_ESRI")},
    "proj4": {"proj4": "+proj=utm +zone=32 +datum=WGS84 +units=m +no_defs"},
    "old init": {"crs": "+init=epsg:32632"},
    "epsg_code": {"epsg_code": "EPSG:32632"},
    "compound": {"spatial_ref": pyproj.CRS("EPSG:32632+5773").to_wkt()},
}


@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("where", ["variable", "mapping", "unnamed mapping"])
def test_words_for_a_crs(tmp_path, kind, where):
    """Whichever attribute tells it, of the variable or of its grid mapping."""
    attrs = WORDS[kind] if where == "variable" else {}
    more = {} if where == "variable" else {"spatial_ref": WORDS[kind]}
    named = {"grid_mapping": "spatial_ref"} if where == "mapping" else {}
    path = written(tmp_path / "a", around(6e5, 5.5e6), {**attrs, **named}, **more)
    to_lonlat = pyproj.Transformer.from_crs(UTM, "OGC:CRS84", always_xy=True)
    assert locate(grid_of(path), *to_lonlat.transform(6e5 + 2400, 5.5e6 - 3400)) == (9, 10)


def test_the_extended_form(tmp_path):
    """Of several grid mappings that is taken which is told for the axes."""
    degrees, metres = {"grid_mapping_name": "latitude_longitude"}, WORDS["crs_wkt"]
    told = {"grid_mapping": "geo: lat lon utm: x y"}
    path = written(tmp_path / "a", around(6e5, 5.5e6), told, geo=degrees, utm=metres)
    assert grid_of(path).crs.equals(pyproj.CRS(UTM))


def test_a_mapping_that_nobody_names(tmp_path):
    """A grid mapping beside the variable is taken where there is no other word."""
    path = written(
        tmp_path / "a",
        around(0, 0),
        {},
        polar={"grid_mapping_name": "polar_stereographic", **MAPPINGS["polar_stereographic"][0]},
    )
    assert "stereographic" in grid_of(path).crs.coordinate_operation.method_name.lower()


TRANSFORMS = {
    "spatial:transform": {"spatial:transform": [1000.0, 0.0, 6e5, 0.0, -1000.0, 5.5e6]},
    "GeoTransform": {"GeoTransform": "600000 1000 0 5500000 0 -1000"},
    "GeoTransform with commas": {"GeoTransform": "600000.0,1000.0,0.0,5500000.0,0.0,-1000.0"},
    "GeoTransform as numbers": {"GeoTransform": [6e5, 1000.0, 0.0, 5.5e6, 0.0, -1000.0]},
    "bbox": {"spatial:bbox": [6e5, 5488000.0, 616000.0, 5.5e6]},
    "node": {
        "spatial:transform": [1000.0, 0.0, 600500.0, 0.0, -1000.0, 5499500.0],
        "spatial:registration": "node",
    },
    "bbox of nodes": {
        "spatial:bbox": [600500.0, 5488500.0, 615500.0, 5499500.0],
        "spatial:registration": "node",
    },
}


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_places_without_coordinates(tmp_path, kind):
    """Pixel corners, or nodes amid the cells."""
    grid = grid_of(written(tmp_path / "a", {}, {"proj:code": UTM, **TRANSFORMS[kind]}))
    assert grid.bounds == (6e5, 5488000.0, 616000.0, 5.5e6)


def test_one_row_or_column(tmp_path):
    """One cell alone is as long as the others are wide."""
    axes = around(6e5, 5.5e6)
    axes["y"] = ([5.5e6], {})
    assert grid_of(written(tmp_path / "a", axes, {"proj:code": UTM})).y.size == 1
    assert grid_of(tmp_path / "a").resolution == (1000, 1000)


def test_another_prime_meridian(tmp_path):
    """Longitudes from Paris are not those from Greenwich."""
    axes = {"lat": (50 - np.arange(10.0), {}), "lon": (np.arange(12.0), {})}
    path = written(
        tmp_path / "a", axes, {"grid_mapping": "m"}, m={"crs_wkt": pyproj.CRS("EPSG:4807").to_wkt()}
    )
    grid = grid_of(path)
    paris = pyproj.Transformer.from_crs("EPSG:4807", "OGC:CRS84", always_xy=True)
    lon, lat = paris.transform(5.2, 45.2)
    assert locate(grid, lon, lat) == (5, 5)
    west = paris.transform(-0.5, 45)[0]
    assert abs(grid.lonlat_bounds()[0] - west) < 0.05


@pytest.mark.parametrize(
    ("attrs", "reason"),
    [
        ({"proj:code": "EPSG:5773"}, "not one of a map"),
        ({"proj:code": "EPSG:4978"}, "not one of a map"),
        ({"proj:code": "IAU_2015:30100"}, "cannot be brought to WGS 84"),
        ({"proj:wkt2": "nonsense"}, "none that PROJ knows"),
        ({"spatial_ref": "+proj=longlat +nadgrids=/etc/hostname"}, "files of its own"),
        ({"grid_mapping_name": "geostationary"}, "lacks perspective_point_height"),
        ({"grid_mapping_name": "moebius"}, "cannot be used"),
    ],
)
def test_what_is_no_crs_of_a_map(tmp_path, attrs, reason):
    """Is told, with the remedy."""
    path = written(tmp_path / "a", around(0, 0), attrs)
    with pytest.raises(CatalogError, match=rf"{reason}.*set crs"):
        opened(path)


def test_projjson_examples():
    """All kinds are read, or are no CRS."""
    if not SHARED.exists():
        pytest.skip("no ../shared/data/eopf here")
    refused = []
    for file in sorted(SHARED.glob("*.json")):
        try:
            assert crs_of({"proj:projjson": json.loads(file.read_text())}) is not None
        except ValueError:
            refused.append(file.stem)
    assert refused == ["transformation"]
