"""Values along paths, which may climb and take time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyproj
import xarray as xr

from tests.edr.conftest import Edr, axis, values

GEOD = pyproj.Geod(ellps="WGS84")


def columns(found: dict[str, Any]) -> pd.DataFrame:
    """The points of a path."""
    told = found["domain"]["axes"]["composite"]
    assert found["domain"]["domainType"] in ("Trajectory", "MultiPoint")
    return pd.DataFrame(told["values"], columns=told["coordinates"])


def test_line(edr: Edr) -> None:
    """One path for each step; its points lie on the geodesic, about a cell apart."""
    text = "LINESTRING(-1 51,3 53,8 58)"
    found = edr.ask("sea", "trajectory", coords=text, parameter_name="level")
    assert (found["type"], len(found["coverages"])) == ("CoverageCollection", 6)
    cube = edr.open("sea")
    for step, each in enumerate(found["coverages"]):
        path = columns(each)
        expected = cube.level.isel(time=step).sel(
            lat=path.y.to_xarray(), lon=path.x.to_xarray(), method="nearest"
        )
        np.testing.assert_allclose(values(each, "level"), expected, rtol=1e-6)
        assert (pd.to_datetime(path.t.unique()).tz_convert(None) == cube.time[step].values).all()
    _, _, apart = GEOD.inv(path.x[:-1], path.y[:-1], path.x[1:], path.y[1:])
    assert apart.max() < 33_000
    corners = path[np.isclose(path.x, 3) & np.isclose(path.y, 53)]
    assert len(corners) == 1
    whole = GEOD.line_length([-1, 3, 8], [51, 53, 58])
    np.testing.assert_allclose(apart.sum(), whole)


def test_climbing_through_time(edr: Edr) -> None:
    """Each point has the step and the level nearest to its own."""
    start = pd.Timestamp("2024-01-01", tz="UTC").timestamp()
    end = pd.Timestamp("2024-01-03T12:00", tz="UTC").timestamp()
    text = f"LINESTRING ZM(0.3 53.2 0 {start},5.3 55.2 100 {end})"
    path_of = edr.ask("sea", "trajectory", coords=text, parameter_name="temp")
    path = columns(path_of)
    assert list(path) == ["t", "x", "y", "z"]
    _, _, before = GEOD.inv([0.3] * len(path), [53.2] * len(path), path.x, path.y)
    part = before / before.max()
    cube = edr.open("sea").temp
    at = (pd.to_datetime(start + part * (end - start), unit="s")).to_numpy()
    places = {"time": at, "depth": part * 100, "lat": path.y, "lon": path.x}
    points = {name: xr.DataArray(np.asarray(each), dims="point") for name, each in places.items()}
    expected = cube.sel(**points, method="nearest")
    assert path.z.tolist() == expected.depth.to_numpy().tolist()
    assert [t[:-1] for t in path.t] == np.datetime_as_string(expected.time, "s").tolist()
    np.testing.assert_allclose(values(path_of, "temp"), expected, rtol=1e-6)


def test_climbing(edr: Edr) -> None:
    """With Z alone there is one path for each step."""
    query = {"parameter_name": "temp", "datetime": "2024-01-01/2024-01-01"}
    found = edr.ask("sea", "trajectory", coords="LINESTRING Z(0 53 0,5 55 50)", **query)
    assert len(found["coverages"]) == 2
    assert set(columns(found["coverages"][0]).z) == {0, 10, 20, 50}


def test_levels(edr: Edr) -> None:
    """Without Z there is one for each level that is asked for."""
    query = {"parameter_name": "temp", "datetime": "latest", "z": "0/20"}
    found = edr.ask("sea", "trajectory", coords="LINESTRING(0 53,5 55)", **query)
    heights = [set(columns(each).z) for each in found["coverages"]]
    assert heights == [{0}, {10}, {20}]


def test_several_lines(edr: Edr) -> None:
    """Are paths of their own; one that misses all cells is left out."""
    text = "MULTILINESTRING((0 53,1 54),(100 0,101 1),(2 53,3 54))"
    found = edr.ask("sea", "trajectory", coords=text, parameter_name="floor")
    starts = [columns(each).x[0] for each in found["coverages"]]
    np.testing.assert_allclose(starts, [0, 2], atol=1e-9)
    gone = edr.query("sea", "trajectory", coords="LINESTRING(100 0,101 1)")
    assert gone.status_code == 204


def test_partly_outside(edr: Edr) -> None:
    """Points beyond the cells have no values."""
    found = edr.ask("sea", "trajectory", coords="LINESTRING(8 55,14 55)", parameter_name="floor")
    path = columns(found)
    known = np.array([each is not None for each in values(found, "floor")])
    np.testing.assert_array_equal(known, path.x < 10)


def test_across_the_date_line(edr: Edr) -> None:
    """The short way."""
    query = {"coords": "LINESTRING(175 1,-175 1)", "datetime": "latest"}
    found = edr.ask("crossing", "trajectory", **query)
    path = columns(found)
    np.testing.assert_allclose(values(found, "east"), np.floor(path.x % 360 / 2) * 2 + 1)


def test_own_crs(edr: Edr) -> None:
    """In the dataset's own CRS."""
    query = {"crs": "EPSG:32632", "parameter_name": "b1"}
    found = edr.ask(
        "scene", "trajectory", coords="LINESTRING(600150 5299950,600150 5299050)", **query
    )
    path = columns(found)
    np.testing.assert_allclose([path.x.min(), path.x.max()], 600_150, atol=0.01)
    np.testing.assert_allclose([path.y.max(), path.y.min()], [5_299_950, 5_299_050], atol=0.01)
    assert axis({"domain": {"axes": {"x": {"values": values(found, "b1")}}}}, "x")
    assert None not in values(found, "b1")


def test_moving_through_a_long_series(edr: Edr) -> None:
    """Has as many values as points, however many steps there are between."""
    start, end = 946_684_800, 946_684_800 + 4999 * 86_400
    places = [(4.6 + n / 1000, 54, start + n * (end - start) / 799) for n in range(800)]
    text = ",".join(f"{lon} {lat} {m}" for lon, lat, m in places)
    path = f"LINESTRING M({text})"
    found = edr.ask("long", "trajectory", coords=path, parameter_name="v")
    told = values(found, "v")
    assert len(told) >= 800
    assert (told[0], told[-1]) == (0, 4999)
    assert (np.diff(told) >= 0).all()
