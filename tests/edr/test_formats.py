"""The same values in every format, read by what reads it."""

from __future__ import annotations

import io
import tempfile
from typing import Any

import numpy as np
import pandas as pd
import pyproj
import pytest
import xarray as xr
from geojson_pydantic import FeatureCollection

from tests.edr.conftest import COVERAGEJSON, Edr, axis, values

CUBE: dict[str, Any] = {"bbox": "0.1,52.2,1.6,53.4", "parameter_name": "temp,level", "z": "0/20"}
TYPES = {
    "CoverageJSON": COVERAGEJSON,
    "GeoJSON": "application/geo+json",
    "CSV": "text/csv; charset=utf-8",
    "NetCDF": "application/x-netcdf",
}


def opened(answer: Any) -> xr.Dataset:
    """A NetCDF answer, as xarray reads it by the library of Unidata."""
    assert answer.headers["content-type"] == TYPES["NetCDF"], answer.text
    # From a file: in memory the library opens some small ones as if they were none.
    with tempfile.NamedTemporaryFile(suffix=".nc") as file:
        file.write(answer.content)
        file.flush()
        return xr.load_dataset(file.name, engine="netcdf4")


@pytest.mark.parametrize("name", TYPES)
def test_format(edr: Edr, name: str) -> None:
    """By `f`, in any case, and by the Accept header."""
    query = {"coords": "POINT(3 54)", "parameter_name": "level"}
    found = edr.query("sea", "position", **query, f=name)
    assert found.headers["content-type"] == TYPES[name]
    lower = edr.query("sea", "position", **query, f=name.lower())
    assert lower.headers["content-type"] == TYPES[name]
    bare = TYPES[name].partition(";")[0]
    told = {k.replace("_", "-"): v for k, v in query.items()}
    accepted = edr.client.get(
        "/collections/sea/position", params=told, headers={"Accept": f"{bare}, text/x;q=0.1"}
    )
    assert accepted.headers["content-type"] == TYPES[name]
    if name != "GeoJSON":  # which has its own address in it
        assert accepted.content == found.content


def test_format_that_nobody_has(edr: Edr) -> None:
    """Is 406 by the header."""
    answer = edr.client.get(
        "/collections/sea/position",
        params={"coords": "POINT(3 54)"},
        headers={"Accept": "image/png"},
    )
    assert answer.status_code == 406


def test_netcdf_of_a_cube(edr: Edr) -> None:
    """Has the dimensions of the cube, and CF's metadata."""
    found = opened(edr.query("sea", "cube", **CUBE, f="NetCDF"))
    expected = edr.open("sea").sel(lat=slice(53.4, 52), lon=slice(0, 2), depth=slice(0, 20))
    for name in ("temp", "level"):
        assert found[name].dims == expected[name].dims
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6)
    for name in ("time", "depth", "lat", "lon"):
        np.testing.assert_array_equal(found[name], expected[name])
    assert found.attrs["Conventions"].startswith("CF-1")
    assert found.temp.attrs["standard_name"] == "sea_water_temperature"
    assert found.temp.attrs["units"] == "degC"
    assert found.lat.attrs["units"] == "degrees_north"


def test_netcdf_of_points(edr: Edr) -> None:
    """Has a dimension of points, with their places as coordinates."""
    coords = "MULTIPOINT((3.1 54.6),(9.2 50.3))"
    found = opened(edr.query("sea", "position", coords=coords, f="NetCDF"))
    assert found.temp.dims == ("time", "depth", "point")
    assert (found.lon.dims, found.lon.to_numpy().tolist()) == (("point",), [3.1, 9.2])
    cube = edr.open("sea")
    expected = cube.sel(lat=54.6, lon=3.1, method="nearest")
    np.testing.assert_allclose(found.temp.isel(point=0), expected.temp, rtol=1e-6)
    assert found.floor.dims == ("point",)
    assert "lon" in found.temp.coords


def test_netcdf_of_a_path(edr: Edr) -> None:
    """Each point has a time and a depth of its own."""
    text = "LINESTRING ZM(0.3 53.2 0 1704067200,5.3 55.2 100 1704283200)"
    query = {"coords": text, "parameter_name": "temp"}
    found = opened(edr.query("sea", "trajectory", **query, f="NetCDF"))
    own = edr.ask("sea", "trajectory", **query)
    np.testing.assert_allclose(
        found.temp.to_numpy().ravel(), np.array(values(own, "temp"), float), rtol=1e-6
    )
    places = own["domain"]["axes"]["composite"]["values"]
    assert found.depth.to_numpy().tolist() == [each[3] for each in places]
    assert np.datetime_as_string(found.time, "s").tolist() == [each[0][:-1] for each in places]


def test_netcdf_of_another_calendar(edr: Edr) -> None:
    """Keeps it."""
    found = opened(edr.query("years", "position", coords="POINT(5 5)", f="NetCDF"))
    assert found.time.dt.calendar == "360_day"
    assert (found.time == edr.open("years").time).all()


def test_netcdf_in_its_own_crs(edr: Edr) -> None:
    """Has a grid mapping that pyproj reads."""
    query = {"bbox": "600300,5299000,600700,5299400", "crs": "EPSG:32632", "f": "NetCDF"}
    found = opened(edr.query("scene", "cube", **query))
    assert "crs" in (found.b1.attrs | found.b1.encoding)["grid_mapping"]
    assert pyproj.CRS.from_cf(found.crs.attrs).to_epsg() == 32632
    assert found.x.to_numpy().tolist() == [600350, 600450, 600550, 600650]


def test_csv(edr: Edr) -> None:
    """A line for each time, level and place; a parameter without levels has lines of its own."""
    answer = edr.query("sea", "cube", **CUBE, f="CSV")
    found = pd.read_csv(io.BytesIO(answer.content), parse_dates=["time"])
    assert list(found) == ["time", "depth", "lon", "lat", "temp", "level"]
    expected = edr.open("sea").sel(lat=slice(53.4, 52), lon=slice(0, 2), depth=slice(0, 20))
    warm = found[found.temp.notna()]
    assert len(warm) == expected.temp.size
    for row in warm.iloc[:: len(warm) // 20].itertuples():
        there = expected.temp.sel(
            time=row.time.tz_convert(None), depth=row.depth, lat=row.lat, lon=row.lon
        )
        assert row.temp == pytest.approx(float(there), abs=1e-4)
    assert found[found.level.notna()].depth.isna().all()


def test_csv_of_points(edr: Edr) -> None:
    """Tells the coordinates that were asked for, and all steps."""
    query = {"coords": "MULTIPOINT((3.1 54.6),(80 0))", "parameter_name": "level"}
    found = pd.read_csv(io.BytesIO(edr.query("sea", "position", **query, f="CSV").content))
    assert len(found) == 12
    assert set(found.lon) == {3.1, 80}
    assert found[found.lon == 80].level.isna().all()


def test_geojson(edr: Edr) -> None:
    """Features that have a value, each with what EDR wants of it."""
    query = {"coords": "POLYGON((0 52,2 52,0 54,0 52))", "parameter_name": "level,floor"}
    answer = edr.query("sea", "area", **query, datetime="2024-01-02", f="GeoJSON")
    FeatureCollection.model_validate_json(answer.content)
    found = answer.json()
    own = edr.ask("sea", "area", **query, datetime="2024-01-02")
    known = [v for each in own["coverages"] for n in each["ranges"] for v in values(each, n)]
    assert len(found["features"]) == found["numberReturned"] == sum(v is not None for v in known)
    for feature in found["features"]:
        told = feature["properties"]
        assert {"datetime", "label", "parameter-name", "edrqueryendpoint"} <= set(told)
        # An address is as long as its geometry, and the features may be 50 000.
        assert told["edrqueryendpoint"] == str(answer.url).partition("?")[0]
        [name] = told["parameter-name"]
        lon, lat = feature["geometry"]["coordinates"]
        there = edr.open("sea")[name].sel(lat=lat, lon=lon)
        if name == "level":
            there = there.sel(time=told["datetime"][:-1])
        assert told[name] == pytest.approx(float(there), rel=1e-6)
    assert {each["id"] for each in found["parameters"]} == {"level", "floor"}
    [link] = found["links"]
    assert edr.client.get(link["href"]).json() == found


def test_geojson_is_in_degrees(edr: Edr) -> None:
    """Whatever the CRS of the query is."""
    query = {"coords": "POINT(600150 5299950)", "crs": "EPSG:32632", "f": "GeoJSON"}
    [feature] = edr.query("scene", "position", **query).json()["features"]
    lon, lat = feature["geometry"]["coordinates"]
    assert (lon, lat) == pytest.approx((10.337, 47.845), abs=0.01)


def test_axes_agree(edr: Edr) -> None:
    """CoverageJSON has the axes of the file."""
    own = edr.ask("sea", "cube", **CUBE | {"parameter_name": "temp"})
    found = opened(edr.query("sea", "cube", **CUBE | {"parameter_name": "temp"}, f="NetCDF"))
    assert axis(own, "x") == found.lon.to_numpy().tolist()
    assert axis(own, "z") == found.depth.to_numpy().tolist()
    assert values(own, "temp") == pytest.approx(found.temp.to_numpy().ravel().tolist(), nan_ok=True)
