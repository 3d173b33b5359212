"""Cubes of Zarr groups: CF packing, times, dimensions, and where their cells lie."""

import base64
import struct

import affine
import numpy as np
import pyproj
import pytest
import xarray as xr
import zarr

from tileserver.area import locate
from tileserver.errors import CatalogError, InvalidParameter
from tileserver.plan import ReadPlan

from .zarrs import by_xarray, decoded, numbers, opened, read, write

SHAPE = (20, 30)
FORMATS = [2, 3]
MAP = ("lat", "lon")
TIME = {"units": "days since 2024-01-01"}

PACKINGS = {
    "plain": ("f4", {}),
    "scale": ("i2", {"scale_factor": 0.01, "add_offset": 273.15, "_FillValue": 7}),
    "missing_value": ("i2", {"missing_value": 14, "scale_factor": 0.5}),
    "both": ("u1", {"_FillValue": 0, "missing_value": 7}),
    "fill NaN": ("f8", {"_FillValue": float("nan")}),
    "fill of a float": ("f4", {"_FillValue": 7.0, "add_offset": -1.0}),
    "offset alone": ("u2", {"add_offset": -5}),
}


@pytest.mark.parametrize("kind", PACKINGS)
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:variable 'a' has multiple fill values")
def test_packed_values(tmp_path, zarr_format, kind):
    """Scale, offset, fill and missing values are decoded as xarray decodes them."""
    dtype, attrs = PACKINGS[kind]
    fill = attrs.get("_FillValue")
    told = dict(attrs)
    if zarr_format == 2 and fill is not None:
        told.pop("_FillValue")  # xarray takes the array's own fill value for it
    elif isinstance(fill, float):
        told["_FillValue"] = base64.b64encode(struct.pack("<d", fill)).decode()
    path = write(
        tmp_path / "a", numbers(dtype, SHAPE), attrs=told, zarr_format=zarr_format, fill_value=fill
    )
    np.testing.assert_allclose(decoded(path, "a"), by_xarray(path, "a"), rtol=1e-6)


@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:Consolidated metadata")
def test_what_xarray_writes(tmp_path, zarr_format):
    """A packed variable that xarray wrote comes back as xarray reads it."""
    data = np.where(np.arange(600).reshape(SHAPE) % 7 == 0, np.nan, np.arange(600).reshape(SHAPE))
    cube = xr.Dataset(
        {"a": (("lat", "lon"), data)},
        {"lat": np.linspace(60.0, 40.0, 20), "lon": np.arange(30.0)},
    )
    packed = {"dtype": "int16", "scale_factor": 0.1, "add_offset": 10.0, "_FillValue": -999}
    cube.to_zarr(tmp_path / "a", zarr_format=zarr_format, encoding={"a": packed})
    np.testing.assert_allclose(decoded(tmp_path / "a", "a"), data, atol=0.051)
    np.testing.assert_allclose(decoded(tmp_path / "a", "a"), by_xarray(tmp_path / "a", "a"))


def test_valid_range(tmp_path):
    """Stored numbers outside the valid range are missing, and the range is the default style's."""
    attrs = {"valid_range": [10, 50], "scale_factor": 2.0}
    path = write(tmp_path / "a", numbers("i2", SHAPE), attrs=attrs)
    stored = numbers("i2", SHAPE)
    expected = np.where((stored >= 10) & (stored <= 50), stored * 2.0, np.nan)
    np.testing.assert_array_equal(decoded(path, "a"), expected)
    assert opened(path).cube.variables["a"].valid_range == (20.0, 100.0)


def test_valid_min_alone(tmp_path):
    """One end of the valid range leaves the other open."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), attrs={"valid_min": 50})
    assert np.nanmin(decoded(path, "a")) == 50
    assert opened(path).cube.variables["a"].valid_range is None


def test_unsigned_bytes(tmp_path):
    """Signed numbers that CF says are unsigned (_Unsigned) are read so, as xarray does."""
    attrs = {"_Unsigned": "true", "_FillValue": -1, "scale_factor": 0.5}
    data = np.arange(600).reshape(SHAPE).astype("u1").astype("i1")
    path = write(tmp_path / "a", data, attrs=attrs, zarr_format=2, fill_value=-1)
    np.testing.assert_array_equal(decoded(path, "a"), by_xarray(path, "a"))


def test_dimension_order(tmp_path):
    """Dimensions in any order are brought to (others, rows, columns)."""
    data = numbers("i2", (20, 30, 4))
    time = {"time": (np.arange(4), TIME)}
    path = write(tmp_path / "a", data, ("lat", "lon", "time"), chunks=(8, 7, 3), coordinates=time)
    variable = opened(path).cube.variables["a"]
    assert variable.dims == ("time",)
    assert variable.levels[0].chunks == (3, 8, 7)
    np.testing.assert_array_equal(read(path, "a"), data.transpose(2, 0, 1))
    path = write(tmp_path / "b", data.transpose(1, 2, 0), ("lon", "time", "lat"), coordinates=time)
    np.testing.assert_array_equal(read(path, "a"), data.transpose(2, 0, 1))


def test_five_dimensions(tmp_path):
    """Member, time and level before the map, each with its own coordinates."""
    data = numbers("f4", (2, 3, 4, 20, 30))
    path = write(
        tmp_path / "a", data, ("member", "time", "level", "lat", "lon"), chunks=(1, 1, 2, 10, 30),
        coordinates={
            "member": np.array(["control", "perturbed"]),
            "time": (np.arange(3), TIME),
            "level": (np.array([1000.0, 850.0, 500.0, 200.0]), {"units": "hPa"}),
        },
        zarr_format=2,
    )  # fmt: skip
    cube = opened(path).cube
    assert cube.variables["a"].dims == ("member", "time", "level")
    assert cube.dimensions["level"].find("850") == 1
    assert cube.dimensions["member"].find("perturbed") == 1
    window = (slice(1, 2), slice(2, 3), slice(3, 4), slice(0, 20), slice(0, 30))
    np.testing.assert_array_equal(read(path, "a", window), data[window])


def test_dimension_without_coordinates(tmp_path):
    """A dimension that has none is counted from 0."""
    path = write(tmp_path / "a", numbers("f4", (3, 20, 30)), ("band", "lat", "lon"))
    assert opened(path).cube.dimensions["band"].labels() == [0, 1, 2]


def test_one_pixel(tmp_path):
    """A cube of one cell."""
    path = write(tmp_path / "a", numbers("f4", (1, 1)))
    assert opened(path).cube.variables["a"].grid.shape == (1, 1)
    assert read(path, "a").shape == (1, 1)


def test_all_missing(tmp_path):
    """A variable without one valid number is served, all of it missing."""
    path = write(tmp_path / "a", np.full(SHAPE, np.nan, "f4"))
    assert np.isnan(decoded(path, "a")).all()


def test_no_time(tmp_path):
    """A cube without time has no time axis."""
    cube = opened(write(tmp_path / "a", numbers("f4", SHAPE))).cube
    assert cube.time is None
    assert cube.variables["a"].dims == ()


CALENDARS = {
    "standard": ["2024-02-28T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"],
    "noleap": ["2024-02-28T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"],
    "360_day": ["2024-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2024-03-01T00:00:00Z"],
}


@pytest.mark.parametrize("calendar", CALENDARS)
def test_calendars(tmp_path, calendar):
    """Times of every calendar have that calendar's dates."""
    days = np.array([58, 59, 60])
    time = {"time": (days, {**TIME, "calendar": calendar})}
    path = write(
        tmp_path / "a", numbers("f4", (3, *SHAPE)), ("time", "lat", "lon"), coordinates=time
    )
    axis = opened(path).cube.time
    assert list(axis.labels) == CALENDARS[calendar]
    assert axis.find(axis.labels[1]) == 1


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i8"])
def test_times_of_any_type(tmp_path, dtype):
    """Hours as floats or integers; a missing one is a step that cannot be asked for."""
    hours = np.array([0, 6, 12], dtype)
    path = _timed(tmp_path / "a", hours, {"units": "hours since 2024-01-01"})
    assert opened(path).cube.time.labels[1] == "2024-01-01T06:00:00Z"


def test_missing_times(tmp_path):
    """NaN among times (NaT) leaves that step out; the others keep their places."""
    path = _timed(tmp_path / "a", np.array([0.0, np.nan, 2.0]), TIME)
    axis = opened(path).cube.time
    assert axis.size == 2
    assert axis.labels == ("2024-01-01T00:00:00Z", "", "2024-01-03T00:00:00Z")
    assert axis.find("latest") == 2


def test_missing_times_of_another_calendar(tmp_path):
    """So in a calendar that numpy lacks."""
    time = {**TIME, "calendar": "360_day"}
    axis = opened(_timed(tmp_path / "a", np.array([0.0, np.nan, 2.0]), time)).cube.time
    assert axis.labels == ("2024-01-01T00:00:00Z", "", "2024-01-03T00:00:00Z")


def test_missing_integer_times(tmp_path):
    """A fill value among integer times is no time either."""
    days = np.array([0, -(2**63), 2], "i8")
    axis = opened(_timed(tmp_path / "a", days, {**TIME, "_FillValue": -(2**63)})).cube.time
    assert axis.labels == ("2024-01-01T00:00:00Z", "", "2024-01-03T00:00:00Z")


def test_descending_and_duplicate_times(tmp_path):
    """Times in any order are told ascending, each once, and found where they are stored."""
    axis = opened(_timed(tmp_path / "a", np.array([2, 1, 1, 0]), TIME)).cube.time
    assert axis.size == 3
    assert axis.find("2024-01-01") == 3
    assert axis.find("latest") == 0


def test_times_that_cannot_be_decoded(tmp_path):
    """Units that are no units are told."""
    path = _timed(tmp_path / "a", np.arange(3), {"units": "fortnights since yesterday"})
    with pytest.raises(CatalogError, match=r"'time'.*cannot be decoded"):
        opened(path)


def test_no_time_step_at_all(tmp_path):
    """A time axis whose every step is missing opens; asking for a time is told why not."""
    cube = opened(_timed(tmp_path / "a", np.full(3, np.nan), TIME)).cube
    with pytest.raises(InvalidParameter, match="no valid times"):
        cube.time.find("2024-01-01")


def _timed(path, values, attrs):
    data = numbers("f4", (len(values), *SHAPE))
    return write(path, data, ("time", "lat", "lon"), coordinates={"time": (values, attrs)})


def test_object_arrays_are_left_out(tmp_path):
    """Text is no map: it is left out with a warning, the others are served."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), zarr_format=2)
    group = zarr.open_group(path)
    text = group.create_array("names", shape=SHAPE, dtype=str)
    text.attrs["_ARRAY_DIMENSIONS"] = ["lat", "lon"]
    cube = opened(path).cube
    assert list(cube.variables) == ["a"]
    assert any("'names'" in w and "cannot be drawn" in w for w in cube.warnings), cube.warnings


@pytest.mark.parametrize("dtype", [str, "<U9", ">U9", "S9"])
@pytest.mark.parametrize("zarr_format", FORMATS)
@pytest.mark.filterwarnings("ignore:The data type")
def test_text_coordinates(tmp_path, zarr_format, dtype):
    """Coordinates that are texts, of fixed or any length, are found by them."""
    data = numbers("f4", (2, *SHAPE))
    path = write(tmp_path / "a", data, ("member", *MAP), zarr_format=zarr_format)
    group = zarr.open_group(path)
    names = {"dimension_names": ("member",)} if zarr_format == 3 else {}
    array = group.create_array("member", shape=(2,), dtype=dtype, **names)
    array.attrs["_ARRAY_DIMENSIONS"] = ["member"]
    array[...] = np.array(["control", "perturbed"]).astype(np.dtype(dtype))
    assert opened(path).cube.dimensions["member"].labels() == ["control", "perturbed"]


def test_no_map_at_all(tmp_path):
    """A store without a map says what it lacks."""
    group = zarr.create_group(tmp_path / "a")
    group.create_array("a", data=numbers("f4", SHAPE), dimension_names=("foo", "bar"))
    with pytest.raises(CatalogError, match=r"nothing here is a map.*foo, bar.*name them lon"):
        opened(tmp_path / "a")


def test_no_crs(tmp_path):
    """Coordinates in metres without a CRS are refused with the remedy, which helps."""
    path = _projected(tmp_path / "a", {})
    with pytest.raises(CatalogError, match=r"no CRS.*set crs of the dataset"):
        opened(path)
    assert opened(path, crs="EPSG:32632").cube.variables["a"].grid.crs.to_epsg() == 32632


UTM = pyproj.CRS.from_epsg(32632)
DESCRIPTIONS = {
    "crs_wkt": {"crs_wkt": UTM.to_wkt()},
    "spatial_ref": {"spatial_ref": UTM.to_wkt()},
    "CF parameters": {k: v for k, v in UTM.to_cf().items() if k != "crs_wkt"},
    "proj:code": {"proj:code": "EPSG:32632"},
    "proj:wkt2": {"proj:wkt2": UTM.to_wkt()},
    "proj:projjson": {"proj:projjson": UTM.to_json_dict()},
}


@pytest.mark.parametrize("kind", DESCRIPTIONS)
def test_crs_by_grid_mapping(tmp_path, kind):
    """A grid mapping may hold WKT, CF parameters or the proj: convention."""
    path = _projected(tmp_path / "a", {"grid_mapping": "mapping"}, DESCRIPTIONS[kind])
    assert _same_place(opened(path).cube.variables["a"].grid.crs)


@pytest.mark.parametrize("kind", ["proj:code", "proj:wkt2", "proj:projjson"])
def test_crs_of_the_variable_or_the_group(tmp_path, kind):
    """The proj: convention on the variable, or on its group."""
    path = _projected(tmp_path / "a", DESCRIPTIONS[kind])
    assert _same_place(opened(path).cube.variables["a"].grid.crs)
    path = _projected(tmp_path / "b", {})
    zarr.open_group(path).attrs.update(DESCRIPTIONS[kind])
    assert _same_place(opened(path).cube.variables["a"].grid.crs)


def test_extended_grid_mapping(tmp_path):
    """CF's long form, crs: x y, names the mapping too."""
    path = _projected(tmp_path / "a", {"grid_mapping": "mapping: x y"}, DESCRIPTIONS["crs_wkt"])
    assert _same_place(opened(path).cube.variables["a"].grid.crs)


def test_damaged_crs(tmp_path):
    """A CRS that cannot be understood is told with the remedy."""
    path = _projected(tmp_path / "a", {"proj:code": "EPSG:999999"})
    with pytest.raises(CatalogError, match=r"CRS cannot be understood.*set crs"):
        opened(path)


def _same_place(crs: pyproj.CRS) -> bool:
    """Where the CRS puts a point of Innsbruck, to a millimetre of UTM 32."""
    there = pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(11.4, 47.26)
    return np.allclose(
        there,
        pyproj.Transformer.from_crs("OGC:CRS84", UTM, always_xy=True).transform(11.4, 47.26),
        atol=1e-3,
    )


def _projected(path, attrs, mapping=None):
    coordinates = {"y": 5_000_000.0 - 10 * np.arange(20), "x": 500_000.0 + 10 * np.arange(30)}
    write(path, numbers("f4", SHAPE), ("y", "x"), attrs, coordinates=coordinates)
    if mapping is not None:
        zarr.open_group(path).create_array("mapping", data=np.int32(0)).attrs.update(mapping)
    return path


TRANSFORMS = {
    "spatial:transform": {"spatial:transform": [10.0, 0.0, 500_000.0, 0.0, -10.0, 5_000_000.0]},
    "GeoTransform": {"GeoTransform": "500000 10 0 5000000 0 -10"},
}


@pytest.mark.parametrize("kind", TRANSFORMS)
def test_transform_alone(tmp_path, kind):
    """Without coordinates the variable's transform places the cells."""
    group = zarr.create_group(tmp_path / "a")
    array = group.create_array("a", data=numbers("f4", SHAPE), dimension_names=("y", "x"))
    array.attrs.update({"proj:code": "EPSG:32632", **TRANSFORMS[kind]})
    grid = opened(tmp_path / "a").cube.variables["a"].grid
    assert grid.bounds == (500_000.0, 4_999_800.0, 500_300.0, 5_000_000.0)


def test_transform_of_the_grid_mapping(tmp_path):
    """GDAL's GeoTransform on the grid mapping, whatever it is called."""
    group = zarr.create_group(tmp_path / "a")
    array = group.create_array("a", data=numbers("f4", SHAPE), dimension_names=("y", "x"))
    array.attrs["grid_mapping"] = "mapping"
    mapping = group.create_array("mapping", data=np.int32(0))
    mapping.attrs.update({"crs_wkt": UTM.to_wkt(), **TRANSFORMS["GeoTransform"]})
    grid = opened(tmp_path / "a").cube.variables["a"].grid
    assert grid.bounds == (500_000.0, 4_999_800.0, 500_300.0, 5_000_000.0)


def test_rotated_transform(tmp_path):
    """A turned grid is looked up as it lies."""
    group = zarr.create_group(tmp_path / "a")
    array = group.create_array("a", data=numbers("f4", SHAPE), dimension_names=("y", "x"))
    transform = affine.Affine(9, 1, 5e5, 1, -9, 5e6)
    array.attrs.update({"proj:code": "EPSG:32632", "spatial:transform": list(transform[:6])})
    to_lonlat = pyproj.Transformer.from_crs("EPSG:32632", "OGC:CRS84", always_xy=True)
    grid = opened(tmp_path / "a").cube.variables["a"].grid
    assert locate(grid, *to_lonlat.transform(*(transform * (2.5, 1.5)))) == (1, 2)


def test_neither_coordinates_nor_transform(tmp_path):
    """A map without a place says what to add."""
    group = zarr.create_group(tmp_path / "a")
    group.create_array("a", data=numbers("f4", SHAPE), dimension_names=("lat", "lon"))
    with pytest.raises(CatalogError, match=r"add 1-D coordinate arrays"):
        opened(tmp_path / "a")


@pytest.mark.parametrize("values", [[1.0, np.nan, 3.0], [1.0, 3.0, 2.0], [1.0, 1.0, 2.0]])
def test_coordinates_that_cannot_be(tmp_path, values):
    """Coordinates with gaps or turns are told of."""
    path = write(tmp_path / "a", numbers("f4", (3, 30)), coordinates={"lat": np.array(values)})
    with pytest.raises(CatalogError, match=r"coordinates lon and lat"):
        opened(path)


def test_axes_by_attributes(tmp_path):
    """Dimensions of any name are the map's by their standard names."""
    coordinates = {
        "rows": (np.linspace(50.0, 40.0, 20), {"standard_name": "latitude"}),
        "cells": (np.arange(30.0), {"units": "degrees_east"}),
    }
    path = write(tmp_path / "a", numbers("f4", SHAPE), ("rows", "cells"), coordinates=coordinates)
    assert opened(path).cube.variables["a"].grid.shape == SHAPE


def test_auxiliary_arrays_are_no_variables(tmp_path):
    """Bounds, grid mappings and listed coordinates are not offered as maps."""
    path = write(tmp_path / "a", numbers("f4", SHAPE), attrs={"coordinates": "height"})
    group = zarr.open_group(path)
    group.create_array("height", data=numbers("f4", SHAPE), dimension_names=("lat", "lon"))
    group["lat"].attrs["bounds"] = "lat_edges"
    group.create_array("lat_edges", data=numbers("f4", (20, 2)), dimension_names=("lat", "n"))
    assert list(opened(path).cube.variables) == ["a"]


def test_classes(tmp_path):
    """flag_values and flag_meanings become classes."""
    attrs = {"flag_values": [0, 1, 2], "flag_meanings": "no_data land sea_ice"}
    flags = (
        opened(write(tmp_path / "a", numbers("u1", SHAPE), attrs=attrs)).cube.variables["a"].flags
    )
    assert [(f.value, f.label) for f in flags] == [(0, "no data"), (1, "land"), (2, "sea ice")]


def test_variables_on_the_same_axes_share_a_grid(tmp_path):
    """What was worked out for one variable's grid serves the others."""
    path = write(tmp_path / "a", numbers("f4", SHAPE))
    group = zarr.open_group(path)
    group.create_array("b", data=numbers("f4", SHAPE), dimension_names=("lat", "lon"))
    cube = opened(path).cube
    assert cube.variables["a"].grid is cube.variables["b"].grid


def test_windows_across_the_seam(tmp_path):
    """Columns beyond the last one are the first ones."""
    data = numbers("i2", (18, 36))
    coordinates = {"lon": np.arange(0.0, 360.0, 10.0), "lat": np.arange(85.0, -90.0, -10.0)}
    path = write(tmp_path / "a", data, chunks=(7, 10), coordinates=coordinates)
    plan = ReadPlan("a", 0, (slice(3, 12), slice(30, 45)))
    expected = np.concatenate([data[3:12, 30:], data[3:12, :9]], axis=1)
    np.testing.assert_array_equal(read(path, "a", plan.window), expected)
