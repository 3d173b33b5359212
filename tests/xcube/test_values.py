"""Series and statistics of places."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import xarray as xr
import yaml

from tests.conftest import running
from tests.xcube import cubes

POINT = {"type": "Point", "coordinates": [-120.0, 45.0]}
SERIES, STATISTICS = "/timeseries/globe/north", "/statistics/globe/north"


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A polygon."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: dict[str, Any]) -> dict[str, Any]:
    """With nothing to tell of it."""
    return {"type": "Feature", "geometry": geometry, "properties": {}}


def result(answer: httpx.Response) -> Any:
    """What was found."""
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def test_series_of_a_point(xcube: httpx.Client) -> None:
    """Each step with its time, in the western half of a cube from 0 to 360."""
    found = result(xcube.post(SERIES, json=POINT))
    assert found == [
        {"mean": 45.0 + day, "time": f"2024-01-0{day + 1}T00:00:00Z"} for day in range(4)
    ]


@pytest.mark.parametrize(
    ("methods", "name"), [("median", "median"), ("mean,std", "mean"), ("max", "min")]
)
def test_value_of_a_point_has_the_name_asked_for(
    xcube: httpx.Client, methods: str, name: str
) -> None:
    """As an xcube server names it."""
    found = result(xcube.post(SERIES, params={"aggMethods": methods}, json=POINT))
    assert found[0] == {name: 45.0, "time": cubes.FIRST}


def test_series_of_an_area_weighs_cells(xcube: httpx.Client) -> None:
    """By their area: of cells at 55° and 65° the nearer to the pole counts less."""
    query = {"aggMethods": "mean,std,min,max,median,count"}
    [first, *_] = result(xcube.post(SERIES, params=query, json=box(-10, 50, 10, 70)))
    weights = np.diff(np.sin(np.radians([50, 60, 70])))
    mean = float(np.average([55, 65], weights=weights))
    assert first["mean"] == pytest.approx(mean, rel=1e-9)
    assert first["mean"] < 60
    deviation = math.sqrt(np.average((np.array([55, 65]) - mean) ** 2, weights=weights))
    assert first["std"] == pytest.approx(deviation, rel=1e-9)
    assert (first["min"], first["max"], first["median"]) == (55, 65, 60)
    assert (first["count"], first["count_tot"]) == (4, 4)


def test_steps_without_a_value(xcube: httpx.Client) -> None:
    """Are null; `maxValids` leaves them out, or tells so many of the last of the others."""
    place = box(-10, 60, 10, 90)
    query = {"aggMethods": "mean,count"}
    whole = result(xcube.post(SERIES, params=query, json=place))
    assert len(whole) == 4
    assert whole[-1] == {"mean": None, "count": 0, "time": cubes.LAST, "count_tot": 6}
    valid = result(xcube.post(SERIES, params=query | {"maxValids": -1}, json=place))
    assert valid == whole[:3]
    last = result(xcube.post(SERIES, params=query | {"maxValids": 2}, json=place))
    assert last == whole[1:3]


def test_dates_bound_the_series(xcube: httpx.Client) -> None:
    """Both included; a stretch without steps is empty, not wrong."""

    def times(start: str, end: str) -> list[str]:
        query = {"startDate": start, "endDate": end}
        return [step["time"] for step in result(xcube.post(SERIES, params=query, json=POINT))]

    assert times("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z") == [
        "2024-01-02T00:00:00Z",
        "2024-01-03T00:00:00Z",
    ]
    assert times("2024-01-02 00:00:00", "2024-01-02 00:00:00") == ["2024-01-02T00:00:00Z"]
    assert times("2030-01-01", "2031-01-01") == []


def test_collections_are_lists_of_lists(xcube: httpx.Client) -> None:
    """One for each part, in their order, even of one."""
    features = {"type": "FeatureCollection", "features": [feature(POINT)]}
    single = result(xcube.post(SERIES, json=features))
    assert len(single) == 1
    assert len(single[0]) == 4
    geometries = {"type": "GeometryCollection", "geometries": [POINT, box(0, 0, 20, 10)]}
    both = result(xcube.post(SERIES, json=geometries))
    assert [steps[0]["mean"] for steps in both] == [45.0, 5.0]
    assert result(xcube.post(SERIES, json=feature(POINT))) == single[0]


def test_body_needs_no_content_type(xcube: httpx.Client) -> None:
    """The viewer sends its geometry as plain text."""
    content = '{"type": "Point", "coordinates": [0, 5]}'
    answer = xcube.post(SERIES, content=content, headers={"content-type": "text/plain"})
    assert result(answer)[0]["mean"] == 5


def test_series_of_an_expression(xcube: httpx.Client) -> None:
    """As tiles have them."""
    found = result(xcube.post("/timeseries/globe/half%3Dnorth%2F2", json=POINT))
    assert found[0]["mean"] == 22.5


def test_series_without_times_is_empty(xcube: httpx.Client) -> None:
    """What does not change has no series."""
    assert result(xcube.post("/timeseries/globe/kind", json=POINT)) == []


def test_statistics_of_an_area(xcube: httpx.Client) -> None:
    """With a histogram whose area is 1."""
    found = result(xcube.post(STATISTICS, params={"time": cubes.FIRST}, json=box(-20, 0, 0, 90)))
    assert (found["count"], found["minimum"], found["maximum"]) == (18, 5, 85)
    assert found["mean"] < 45
    assert len(found["histogram"]["values"]) == 100
    assert len(found["histogram"]["edges"]) == 101
    widths = np.diff(found["histogram"]["edges"])
    assert np.dot(widths, found["histogram"]["values"]) == pytest.approx(1)


def test_statistics_of_one_value(xcube: httpx.Client) -> None:
    """An area of equal values has a histogram of some width."""
    found = result(xcube.post(STATISTICS, json=box(-20, 0, 0, 10)))
    assert found["minimum"] == found["maximum"]
    assert sum(found["histogram"]["values"]) > 0


def test_statistics_where_nothing_is(xcube: httpx.Client) -> None:
    """Only that there is nothing."""
    place = box(-20, 70, 0, 80)
    assert result(xcube.post(STATISTICS, params={"time": cubes.LAST}, json=place)) == {"count": 0}
    outside = xcube.post("/statistics/bands/red", json=box(0, 0, 1, 1))
    assert result(outside) == {"count": 0}


def test_statistics_of_a_point(xcube: httpx.Client) -> None:
    """One value, without a histogram; with GET the value alone."""
    query = {"time": cubes.FIRST}
    assert result(xcube.post(STATISTICS, params=query, json=POINT)) == {
        "count": 1, "minimum": 45, "maximum": 45, "mean": 45, "deviation": 0,
    }  # fmt: skip
    place = {"lon": -120, "lat": 45}
    assert result(xcube.get(STATISTICS, params=query | place)) == {"value": 45}
    assert result(xcube.get(STATISTICS, params={"time": cubes.LAST, "lon": 0, "lat": 80})) == {}
    assert result(xcube.get("/statistics/bands/red", params=place)) == {}


@pytest.mark.parametrize("turns", [-2, -1, 1, 3])
def test_places_of_a_map_that_goes_round(xcube: httpx.Client, turns: int) -> None:
    """What is drawn on another copy of the world is the same place."""
    far = [POINT["coordinates"][0] + 360 * turns, 45.0]
    drawn = {"type": "Point", "coordinates": far}
    assert result(xcube.post(SERIES, json=drawn)) == result(xcube.post(SERIES, json=POINT))
    area, query = box(170 + 360 * turns, 0, 190 + 360 * turns, 10), {"time": cubes.FIRST}
    near = result(xcube.post(STATISTICS, params=query, json=box(170, 0, 190, 10)))
    assert result(xcube.post(STATISTICS, params=query, json=feature(area))) == near
    assert near["count"] == 2
    place = {"lon": far[0], "lat": 45, "time": cubes.FIRST}
    assert result(xcube.get(STATISTICS, params=place)) == {"value": 45}


def test_statistics_across_the_antimeridian(xcube: httpx.Client) -> None:
    """Of a box whose longitudes go beyond 180°."""
    found = result(xcube.post("/statistics/crossing/east", json=box(176, -2, 184, 2)))
    assert (found["minimum"], found["maximum"]) == (177, 183)
    assert found["mean"] == pytest.approx(180)


def test_large_area_is_summed_up_from_an_overview(tmp_path: Path) -> None:
    """Where the finest level has more cells than may be read at once; without overviews it is
    refused, with what to do."""
    write_large(tmp_path / "flat.zarr", 1)
    for level, factor in enumerate((1, 8)):
        write_large(tmp_path / "deep.levels" / f"{level}.zarr", factor)
    listed = [
        {"id": name[:4], "url": str(tmp_path / name)} for name in ("flat.zarr", "deep.levels")
    ]
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump({"datasets": listed}))
    with running("--catalog", str(tmp_path / "catalog.yaml")) as url:
        deep, flat = (
            httpx.post(f"{url}/xcube/statistics/{name}/v", json=box(0, 0, 32, 32))
            for name in ("deep", "flat")
        )
    assert result(deep)["count"] == (3200 // 8) ** 2
    assert flat.status_code == 413
    assert "cells" in flat.json()["error"]["message"]


def write_large(folder: Path, factor: int) -> None:
    """32 degrees in cells of a hundredth, or so many times that."""
    step = 0.01 * factor
    centers = np.arange(step / 2, 32, step)
    values = np.broadcast_to(np.uint8(7), (len(centers), len(centers)))
    xr.Dataset(
        {"v": (("lat", "lon"), values)},
        {
            "lat": ("lat", centers[::-1], {"units": "degrees_north"}),
            "lon": ("lon", centers, {"units": "degrees_east"}),
        },
    ).to_zarr(folder, zarr_format=2, encoding={"v": {"chunks": (400, 400)}})


@pytest.mark.parametrize(
    ("method", "path", "query", "body", "status"),
    [
        ("POST", SERIES, {}, "{", 400),
        ("POST", SERIES, {}, "", 400),
        ("POST", SERIES, {}, "[]", 400),
        ("POST", SERIES, {}, '{"type": "LineString", "coordinates": [[0, 0], [1, 1]]}', 400),
        ("POST", SERIES, {}, '{"type": "GeometryCollection", "geometries": 1}', 400),
        ("POST", SERIES, {}, '{"type": "GeometryCollection"}', 400),
        ("POST", SERIES, {}, '{"type": "FeatureCollection", "features": []}', 400),
        ("POST", SERIES, {}, '{"type": "Point", "coordinates": [1e300, 0]}', 400),
        ("POST", SERIES, {}, '{"type": "Point", "coordinates": ["a", 0]}', 400),
        (
            "POST",
            SERIES,
            {},
            '{"type": "Polygon", "coordinates": ' + "[" * 900 + "]" * 900 + "}",
            400,
        ),
        ("POST", SERIES, {"aggMethods": "mode"}, POINT, 400),
        ("POST", SERIES, {"aggMethods": "std"}, POINT, 400),
        ("POST", SERIES, {"maxValids": "0"}, POINT, 400),
        ("POST", SERIES, {"maxValids": "many"}, POINT, 400),
        ("POST", SERIES, {"startDate": "early"}, POINT, 400),
        ("POST", SERIES, {"startDate": "2024-01-03", "endDate": "2024-01-01"}, POINT, 400),
        ("POST", "/timeseries/globe/lacking", {}, POINT, 404),
        ("POST", "/timeseries/bands/rgb", {}, POINT, 400),
        ("POST", STATISTICS, {"time": "late"}, POINT, 400),
        ("POST", STATISTICS, {}, '{"type": "FeatureCollection", "features": []}', 400),
        ("POST", "/statistics/bands/rgb", {}, POINT, 400),
        ("GET", STATISTICS, {"lon": "0"}, None, 400),
        ("GET", STATISTICS, {"lon": "0", "lat": "95"}, None, 400),
        ("GET", SERIES, {}, None, 405),
        ("POST", "/timeseries/vault/north", {}, POINT, 401),
        ("POST", "/statistics/vault/north", {}, POINT, 401),
    ],
)
def test_what_is_wrong_is_told(
    xcube: httpx.Client, method: str, path: str, query: dict[str, str], body: Any, status: int
) -> None:
    """In the words of an xcube server."""
    sent = {"json": body} if isinstance(body, dict) else {"content": body or ""}
    answer = xcube.request(method, path, params=query, **sent)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"] == answer.json()["detail"]
