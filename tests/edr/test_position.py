"""Values at points are those that xarray names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import rasterio
import xarray as xr

from tests.edr.conftest import Edr, axis, values

HERE = "POINT(3.1 54.6)"


def nearest(cube: xr.Dataset, lon: float = 3.1, lat: float = 54.6) -> xr.Dataset:
    return cube.sel(lon=lon, lat=lat, method="nearest")


def test_series(edr: Edr) -> None:
    """A parameter over time is a PointSeries with every step."""
    found = edr.ask("sea", "position", coords=HERE, parameter_name="level")
    assert found["domain"]["domainType"] == "PointSeries"
    assert (axis(found, "x"), axis(found, "y")) == ([3.1], [54.6])
    expected = nearest(edr.open("sea"))
    assert axis(found, "t") == [f"{t}Z" for t in np.datetime_as_string(expected.time, "s")]
    np.testing.assert_allclose(values(found, "level"), expected.level, rtol=1e-6)


def test_profile(edr: Edr) -> None:
    """At one time over depths it is a VerticalProfile."""
    found = edr.ask(
        "sea", "position", coords=HERE, parameter_name="temp", datetime="2024-01-02T12:00:00Z"
    )
    assert found["domain"]["domainType"] == "VerticalProfile"
    assert axis(found, "z") == [0, 10, 20, 50, 100]
    expected = nearest(edr.open("sea")).temp.sel(time="2024-01-02T12:00")
    np.testing.assert_allclose(values(found, "temp"), expected, rtol=1e-6)


def test_series_of_profiles(edr: Edr) -> None:
    """Times and depths together are a grid of one place."""
    found = edr.ask("sea", "position", coords=HERE, parameter_name="temp")
    assert found["domain"]["domainType"] == "Grid"
    told = found["ranges"]["temp"]
    assert (told["axisNames"], told["shape"]) == (["t", "z", "y", "x"], [6, 5, 1, 1])
    expected = nearest(edr.open("sea")).temp.to_numpy().ravel()
    np.testing.assert_allclose(values(found, "temp"), expected, rtol=1e-6)


def test_point(edr: Edr) -> None:
    """What has neither time nor depth is a Point, with doubles to the last digit."""
    found = edr.ask("sea", "position", coords=HERE, parameter_name="floor")
    assert found["domain"]["domainType"] == "Point"
    assert values(found, "floor") == [float(nearest(edr.open("sea")).floor)]


def test_classes(edr: Edr) -> None:
    """Classes are whole numbers with names, and no unit."""
    found = edr.ask("sea", "position", coords=HERE, parameter_name="kind")
    assert found["ranges"]["kind"]["dataType"] == "integer"
    parameter = found["parameters"]["kind"]
    labels = [each["label"]["en"] for each in parameter["observedProperty"]["categories"]]
    assert labels == ["rock", "sand"]
    assert parameter["categoryEncoding"] == {"1": 1, "2": 2}
    assert values(found, "kind") == [2]


def test_parameters_of_unlike_axes(edr: Edr) -> None:
    """Come in coverages of their own, each parameter once."""
    found = edr.ask("sea", "position", coords=HERE)
    sets = [sorted(each["ranges"]) for each in found["coverages"]]
    assert sorted(sets) == [["floor", "kind", "spread"], ["level"], ["temp"]]
    assert set(found["parameters"]) == {"temp", "level", "floor", "kind", "spread"}


def test_several_points(edr: Edr) -> None:
    """One coverage each, in their order; what lies outside has no values."""
    coords = "MULTIPOINT((3.1 54.6),(9.2 50.3),(80 0))"
    found = edr.ask("sea", "position", coords=coords, parameter_name="level")
    assert found["domainType"] == "PointSeries"
    cube = edr.open("sea")
    for each, place in zip(found["coverages"], [(3.1, 54.6), (9.2, 50.3), None], strict=True):
        if place is None:
            assert values(each, "level") == [None] * 6
        else:
            np.testing.assert_allclose(
                values(each, "level"), nearest(cube, *place).level, rtol=1e-6
            )


@pytest.mark.parametrize(
    ("datetime", "steps"),
    [
        ("2024-01-02T00:00:00Z", [2]),
        ("2024-01-02", [2, 3]),
        ("2024-01-01T05:00:00Z", [0]),
        ("2024-01-01T07:00:00Z", [1]),
        ("latest", [5]),
        ("2024-01-01T12:00:00Z/2024-01-02T12:00:00Z", [1, 2, 3]),
        ("../2024-01-01T12:00:00Z", [0, 1]),
        ("2024-01-03/..", [4, 5]),
        ("2024-01-03T12:00:00Z/latest", [5]),
    ],
)
def test_datetime(edr: Edr, datetime: str, steps: list[int]) -> None:
    """An interval takes what is in it, a date its day, an instant the nearest step."""
    found = edr.ask("sea", "position", coords=HERE, parameter_name="level", datetime=datetime)
    expected = nearest(edr.open("sea")).level.isel(time=steps)
    np.testing.assert_allclose(values(found, "level"), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("z", "rungs"),
    [
        ("20", [2]),
        ("12", [1]),
        ("10/60", [1, 2, 3]),
        ("60/10", [1, 2, 3]),
        ("100,0", [0, 4]),
        ("R3/0/10", [0, 1, 2]),
        ("R20/90/50", [4]),
    ],
)
def test_z(edr: Edr, z: str, rungs: list[int]) -> None:
    """A level, an interval, a list, and a sequence."""
    query: dict[str, Any] = {"coords": HERE, "parameter_name": "temp", "datetime": "latest"}
    found = edr.ask("sea", "position", **query, z=z)
    expected = nearest(edr.open("sea")).temp.isel(time=-1, depth=rungs)
    assert axis(found, "z") == expected.depth.to_numpy().tolist()
    np.testing.assert_allclose(values(found, "temp"), expected, rtol=1e-6)
    if "/" not in z and "," not in z:
        assert edr.ask("sea", "position", **query, depth=z) == found
        there = query | {"coords": f"POINT Z(3.1 54.6 {z})"}
        assert values(edr.ask("sea", "position", **there), "temp") == values(found, "temp")


def test_other_dimensions(edr: Edr) -> None:
    """The first of a dimension that is not asked for, or the one that is."""
    for query, member in (({}, 1), ({"member": 3}, 3)):
        found = edr.ask("sea", "position", coords=HERE, parameter_name="spread", **query)
        expected = nearest(edr.open("sea")).spread.sel(member=member)
        np.testing.assert_allclose(values(found, "spread"), [expected], rtol=1e-6)


@pytest.mark.parametrize("lon", [-100.0, 260.0])
def test_longitudes_beyond_180(edr: Edr, lon: float) -> None:
    """Cells from 0 to 360 are found from the west too."""
    query = {"coords": f"POINT({lon} 42)", "parameter_name": "spread", "datetime": "latest"}
    found = edr.ask("globe", "position", **query)
    expected = edr.open("globe").spread.isel(time=-1).sel(lon=260, lat=42, method="nearest")
    np.testing.assert_allclose(values(found, "spread"), [expected], rtol=1e-6)


def test_calendar(edr: Edr) -> None:
    """Steps of another calendar keep their dates."""
    found = edr.ask("years", "position", coords="POINT(5 5)", datetime="2001-02-30")
    assert axis(found, "t") == ["2001-02-30T00:00:00Z"]
    [system] = [s["system"] for s in found["domain"]["referencing"] if s["coordinates"] == ["t"]]
    assert "360_day" in system["calendar"]
    expected = edr.open("years").rain.isel(time=1).sel(lat=5, lon=5)
    assert values(found, "rain") == [float(expected)]


def test_own_crs(edr: Edr) -> None:
    """Coordinates of the dataset's own CRS name the same cell as degrees do."""
    found = edr.ask("scene", "position", coords="POINT(600150 5299950)", crs="EPSG:32632")
    system = found["domain"]["referencing"][0]["system"]
    assert system == {
        "type": "ProjectedCRS",
        "id": "http://www.opengis.net/def/crs/EPSG/0/32632",
    }
    assert set(found["ranges"]) == {"b1", "b2"}  # composites are no parameters
    with rasterio.open(edr.folder / "scene.tif") as file:
        expected = [float(file.read(band)[0, 1]) for band in (1, 2)]
    assert [values(found, name)[0] for name in ("b1", "b2")] == expected


def test_nothing_there(edr: Edr) -> None:
    """Outside the cells, the times or the levels there is no content."""
    for query in (
        {"coords": "POINT(120 -30)"},
        {"coords": HERE, "datetime": "1999-01-01/2000-01-01", "parameter_name": "level"},
        {"coords": HERE, "datetime": "2030-01-01T00:00:00Z", "parameter_name": "level"},
        {"coords": HERE, "z": "5000/6000", "parameter_name": "temp"},
        {"coords": HERE, "z": "7000", "parameter_name": "temp"},
    ):
        answer = edr.query("sea", "position", **query)
        assert (answer.status_code, answer.content) == (204, b""), query
