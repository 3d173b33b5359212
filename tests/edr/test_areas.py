"""Values in boxes, polygons and circles are those of the cells that are touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
import shapely
import xarray as xr

from tests.edr.conftest import Edr, axis, values

GEOD = pyproj.Geod(ellps="WGS84")


def grid(found: dict[str, Any], name: str) -> xr.DataArray:
    """A parameter of a coverage, NaN where it is null."""
    told = found["ranges"][name]
    assert found["domain"]["domainType"] == "Grid"
    numbers = np.array([np.nan if v is None else v for v in told["values"]]).reshape(told["shape"])
    axes = {n: axis(found, n) for n in told["axisNames"]}
    return xr.DataArray(numbers, coords=axes, dims=told["axisNames"])


def test_cube(edr: Edr) -> None:
    """All steps and levels of the cells that a box touches, in the order of the store."""
    found = edr.ask("sea", "cube", bbox="0.1,52.2,1.6,53.4", parameter_name="temp", z="0/20")
    own = grid(found, "temp")
    expected = edr.open("sea").temp.sel(lat=slice(53.4, 52), lon=slice(0, 2), depth=slice(0, 20))
    assert own.dims == ("t", "z", "y", "x")
    np.testing.assert_allclose(own.x, expected.lon)
    np.testing.assert_allclose(own.y, expected.lat)
    np.testing.assert_allclose(own.to_numpy(), expected.to_numpy(), rtol=1e-6)


def test_box_along_the_edges_of_cells(edr: Edr) -> None:
    """Touches none beyond them."""
    found = edr.ask("sea", "cube", bbox="0,52,1,53", parameter_name="floor")
    assert axis(found, "x") == [0.25, 0.75]
    assert axis(found, "y") == [52.75, 52.25]


def test_box_inside_one_cell(edr: Edr) -> None:
    """Has that cell."""
    found = edr.ask("sea", "cube", bbox="0.1,52.1,0.2,52.2", parameter_name="floor")
    assert (axis(found, "x"), axis(found, "y")) == ([0.25], [52.25])
    assert values(found, "floor") == [float(edr.open("sea").floor.sel(lat=52.25, lon=0.25))]


def test_six_numbers(edr: Edr) -> None:
    """Heights in a box are those of z, which goes before them."""
    query = {"parameter_name": "temp", "datetime": "latest"}
    found = edr.ask("sea", "cube", bbox="0,52,10,1,53,50", **query)
    assert axis(found, "z") == [10, 20, 50]
    found = edr.ask("sea", "cube", bbox="0,52,10,1,53,50", **query, z="100")
    assert axis(found, "z") == [100]


def test_polygon(edr: Edr) -> None:
    """Cells that it touches have values, those beside are null."""
    text = "POLYGON((0.1 52.1,4.9 52.1,0.1 54.9,0.1 52.1),(0.6 52.6,0.6 53.4,1.4 52.6,0.6 52.6))"
    found = edr.ask("sea", "area", coords=text, parameter_name="floor")
    own, polygon = grid(found, "floor"), shapely.from_wkt(text)
    expected = edr.open("sea").floor.sel(lat=own.y.to_numpy(), lon=own.x.to_numpy())
    x, y = np.meshgrid(own.x, own.y)
    parts = shapely.intersection(polygon, shapely.box(x - 0.25, y - 0.25, x + 0.25, y + 0.25))
    touched = shapely.area(parts) > 1e-6  # not by an edge alone
    assert touched.any()
    assert not touched.all()
    np.testing.assert_allclose(own, np.where(touched, expected, np.nan))


def test_several_polygons(edr: Edr) -> None:
    """Are one area."""
    text = "MULTIPOLYGON(((0 52,1 52,1 53,0 53,0 52)),((3 52,4 52,4 53,3 53,3 52)))"
    own = grid(edr.ask("sea", "area", coords=text, parameter_name="floor"), "floor")
    assert np.isfinite(own.to_numpy()).sum() == 8
    assert own.shape == (2, 8)


def test_circle(edr: Edr) -> None:
    """Cells whose centre is within the radius have values, those farther off by a cell none."""
    query = {"within": "150", "within_units": "km", "parameter_name": "floor"}
    own = grid(edr.ask("sea", "radius", coords="POINT(3 54)", **query), "floor")
    lon, lat = np.meshgrid(own.x, own.y)
    _, _, distance = GEOD.inv(np.full(lon.shape, 3.0), np.full(lon.shape, 54.0), lon, lat)
    known = np.isfinite(own.to_numpy())
    assert known[distance <= 149_000].all()
    assert not known[distance >= 150_000 + 35_000].any()
    miles = query | {"within": str(150 / 1.609344), "within_units": "mi"}
    same = grid(edr.ask("sea", "radius", coords="POINT(3 54)", **miles), "floor")
    np.testing.assert_array_equal(own, same)


def test_across_the_date_line(edr: Edr) -> None:
    """A box whose west is beyond its east goes on beyond 180°, of a cube on either side of it."""
    for name, parameter in (("crossing", "east"), ("globe", "north")):
        found = edr.ask(
            name, "cube", bbox="175,-5,-175,5", parameter_name=parameter, datetime="latest"
        )
        own = grid(found, parameter).squeeze("t", drop=True)
        cube = edr.open(name)[parameter].isel(time=-1)
        expected = cube.sel(lat=own.y.to_numpy(), lon=own.x.to_numpy())
        assert own.x.min() < 180 < own.x.max()
        np.testing.assert_allclose(own, expected, rtol=1e-6)


def test_across_greenwich(edr: Edr) -> None:
    """Cells from 0 to 360 are joined there, from west to east."""
    found = edr.ask("globe", "cube", bbox="-20,0,20,10", parameter_name="spread", datetime="latest")
    assert axis(found, "x") == [-15, -5, 5, 15]
    expected = edr.open("globe").spread.isel(time=-1).sel(lat=5).to_numpy()[[34, 35, 0, 1]]
    np.testing.assert_allclose(values(found, "spread"), expected, rtol=1e-6)


def test_the_whole_globe(edr: Edr) -> None:
    """Each cell comes once."""
    found = edr.ask(
        "globe", "cube", bbox="-180,-90,180,90", parameter_name="north", datetime="latest"
    )
    own = grid(found, "north")
    assert own.shape == (1, 18, 36)
    assert own.x.to_numpy().tolist() == np.arange(-175.0, 180, 10).tolist()


def _scene(edr: Edr) -> tuple[np.ndarray, Any]:
    with rasterio.open(edr.folder / "scene.tif") as file:
        return file.read(1), file.transform


def test_own_crs(edr: Edr) -> None:
    """In the dataset's own CRS the cells are its own."""
    found = edr.ask(
        "scene", "cube", bbox="600300,5299000,600700,5299400", crs="EPSG:32632", parameter_name="b1"
    )
    band, _ = _scene(edr)
    assert axis(found, "x") == [600350, 600450, 600550, 600650]
    assert axis(found, "y") == [5299350, 5299250, 5299150, 5299050]
    assert values(found, "b1") == band[6:10, 3:7].ravel().tolist()


def test_sampled_in_degrees(edr: Edr) -> None:
    """Cells in UTM come on a grid in degrees, each with the value of the cell at its centre."""
    found = edr.ask("scene", "cube", bbox="10.36,47.80,10.40,47.83", parameter_name="b1")
    own = grid(found, "b1")
    band, transform = _scene(edr)
    x, y = pyproj.Transformer.from_crs(4326, 32632, always_xy=True).transform(
        *np.meshgrid(own.x, own.y)
    )
    cols, rows = ~transform @ (x, y)
    assert own.size > 300
    np.testing.assert_array_equal(own, band[rows.astype(int), cols.astype(int)])
    step = float(own.x[1] - own.x[0])
    assert step == pytest.approx(100 / 74_700, rel=0.05)


def test_around_the_pole(edr: Edr) -> None:
    """A box over the pole of a polar grid has values at every longitude."""
    found = edr.ask("polar", "cube", bbox="-180,84,180,90")
    own = grid(found, "distance")
    assert own.x.min() < -170
    assert own.x.max() > 170
    assert np.isfinite(own.sel(y=slice(89, 85))).all()
    at = pyproj.Transformer.from_crs(4326, 3413, always_xy=True).transform(0, own.y.to_numpy()[-1])
    assert own.to_numpy()[-1].max() == pytest.approx(np.hypot(*at), abs=300_000)


def test_nothing_there(edr: Edr) -> None:
    """Where no cell is there is no content."""
    for query in (
        {"kind": "cube", "bbox": "100,-40,110,-30"},
        {"kind": "area", "coords": "POLYGON((100 0,101 0,101 1,100 0))"},
        {"kind": "radius", "coords": "POINT(100 0)", "within": "1", "within_units": "km"},
    ):
        for name in ("sea", "scene"):
            answer = edr.query(name, **query)
            assert (answer.status_code, answer.content) == (204, b"")


def test_polar_cells_across_the_date_line(edr: Edr) -> None:
    """A narrow box is narrow on a grid made for it too; GeoJSON stays within 180°."""
    found = edr.ask("polar", "cube", bbox="170,70,-170,75")
    own = grid(found, "distance")
    assert 170 < own.x.min() < 180 < own.x.max() < 190
    assert np.isfinite(own.to_numpy()).all()
    answer = edr.query("polar", "cube", bbox="170,70,-170,75", f="GeoJSON").json()
    lons = [feature["geometry"]["coordinates"][0] for feature in answer["features"]]
    assert len(lons) == own.size
    assert all(-180 <= lon <= -170 or 170 <= lon <= 180 for lon in lons)
