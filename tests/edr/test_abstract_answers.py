"""The abstract tests of EDR 1.1 (OGC 19-086r6, annex A) of what queries take and answer."""

from __future__ import annotations

import pytest

from tests.edr.conftest import COVERAGEJSON, Edr
from tests.edr.good import (
    BY_COORDS,
    GOOD,
    POINT,
    STEP,
    definition,
    kinds,
    levels,
    times,
)


@kinds
def test_valid_query_params(edr: Edr, kind: str) -> None:
    """/conf/{position,radius,area,cube,trajectory,locations}/valid-query-params: only what matches
    all parameters comes back."""
    found = edr.ask("sea", kind, **GOOD[kind], datetime=STEP, parameter_name="temp,level", z="0/20",
                    crs="OGC:CRS84", f="CoverageJSON")  # fmt: skip
    assert set(found["parameters"]) == {"temp", "level"}
    assert times(found) == {STEP}


@pytest.mark.parametrize("kind", BY_COORDS)
def test_coords_definition(edr: Edr, kind: str) -> None:
    """/conf/edr/rc-coords-definition-{position,radius,area,trajectory}."""
    told = definition(edr, kind)["coords"]
    assert told["required"]
    assert told["schema"]["type"] == "string"


@kinds
def test_definitions(edr: Edr, kind: str) -> None:
    """/conf/edr/rc-z-definition-*, /conf/core/datetime-definition-*,
    /conf/edr/REQ_rc-crs-definition-*, /conf/edr/rc-f-definition-*: texts that may be left out."""
    for name in ("z", "datetime", "crs", "f"):
        told = definition(edr, kind)[name]
        assert (told["in"], told["schema"]["type"]) == ("query", "string")
        assert not told.get("required", False)
        assert (told["style"], told["explode"]) == ("form", False)


@kinds
def test_parameter_name_definition(edr: Edr, kind: str) -> None:
    """/conf/collections/REQ_rc-parameter-name-definition-*."""
    told = definition(edr, kind)["parameter-name"]
    assert told["schema"] == {"type": "array", "minItems": 1, "items": {"type": "string"}}
    assert not told.get("required", False)


def test_bbox_definition(edr: Edr) -> None:
    """/req/core/rc-bbox-definition: four numbers or six."""
    told = definition(edr, "cube")["bbox"]
    assert [each["minItems"] for each in told["schema"]["oneOf"]] == [4, 6]


@kinds
def test_coords_response(edr: Edr, kind: str) -> None:
    """/conf/edr/rc-coords-response-*: nothing comes back that lies elsewhere."""
    found = edr.ask("sea", kind, **GOOD[kind], parameter_name="floor")
    axes = found["domain"]["axes"]
    places = axes["composite"]["values"] if "composite" in axes else None
    x = [p[-2] for p in places] if places else axes["x"]["values"]
    y = [p[-1] for p in places] if places else axes["y"]["values"]
    west, south, east, north = {
        "position": (3.1, 54.6, 3.1, 54.6),
        "radius": (2, 54, 4.3, 55.3),
        "locations/helgoland": (7.9, 54.2, 7.9, 54.2),
        "locations/bight": (6, 53, 9, 55.5),
    }.get(kind, (0, 52, 2, 54.001))
    slack = 1e-9
    assert west - slack <= min(x) <= max(x) <= east + slack
    assert south - slack <= min(y) <= max(y) <= north + slack


@kinds
def test_z_response(edr: Edr, kind: str) -> None:
    """/conf/edr/rc-z-response-*: only levels that are asked for."""
    query = {**GOOD[kind], "parameter_name": "temp", "datetime": STEP}
    for z, known in (("10", {10}), ("10/50", {10, 20, 50}), ("0,100", {0, 100}),
                     ("R3/0/10", {0, 10, 20})):  # fmt: skip
        assert levels(edr.ask("sea", kind, **query, z=z)) == known
    assert levels(edr.ask("sea", kind, **query)) == {0, 10, 20, 50, 100}
    for wrong in ("a", "1/2/3", "R0/1/1", "Rx/1/1", "1,,2", "nan"):
        assert edr.fails("sea", kind, **query, z=wrong).startswith("z=")


@kinds
def test_datetime_response(edr: Edr, kind: str) -> None:
    """/conf/core/datetime-response-*: only times that are asked for; what has none always."""
    query = {**GOOD[kind], "parameter_name": "level"}
    for datetime, count in (
        (STEP, 1),
        ("2024-01-01T12:00:00Z/2024-01-02T12:00:00Z", 3),
        ("../2024-01-01T12:00:00Z", 2),
        ("2024-01-03T00:00:00Z/..", 2),
    ):
        assert len(times(edr.ask("sea", kind, **query, datetime=datetime))) == count
    assert len(times(edr.ask("sea", kind, **query))) == 6
    for wrong in ("yesterday", "2024-13-01", "a/b", "2024-01-02/2024-01-01", "../..", "1/2/3"):
        assert edr.query("sea", kind, **query, datetime=wrong).status_code == 400, wrong
    still = {**GOOD[kind], "parameter_name": "floor", "datetime": "1999-01-01T00:00:00Z"}
    edr.ask("sea", kind, **still)


@kinds
def test_parameter_name_response(edr: Edr, kind: str) -> None:
    """/conf/edr/rc-parameter-name-response-*: only those that are named, all where none is."""
    found = edr.ask("sea", kind, **GOOD[kind], parameter_name="level", datetime=STEP)
    assert set(found["parameters"]) == {"level"}
    found = edr.ask("sea", kind, **GOOD[kind], datetime=STEP)
    assert set(found["parameters"]) == {"temp", "level", "floor", "kind", "spread"}
    assert "parameter-name" in edr.fails("sea", kind, **GOOD[kind], parameter_name="level,salt")


@kinds
def test_crs_response(edr: Edr, kind: str) -> None:
    """/conf/edr/REQ_rc-crs-response-*: all of the metadata are taken, no others."""
    query = {**GOOD[kind], "datetime": STEP}
    for crs in edr.get("/collections/sea").json()["crs"]:
        found = edr.ask("sea", kind, **query, parameter_name="level", crs=crs)
        [system] = [s for s in found["domain"]["referencing"] if s["coordinates"] == ["x", "y"]]
        assert system["system"]["id"].endswith("CRS84")
    for crs in ("EPSG:4326", "EPSG:32632", "CRS85", ""):
        assert edr.fails("sea", kind, **query, crs=crs).startswith("crs=")


@kinds
def test_f_response(edr: Edr, kind: str) -> None:
    """/conf/collections/rc-f-response-*: all of the metadata are taken, no others."""
    query = {**GOOD[kind], "datetime": STEP, "parameter_name": "level"}
    formats = edr.get("/collections/sea").json()["output_formats"]
    types = {edr.query("sea", kind, **query, f=f).headers["content-type"] for f in formats}
    assert len(types) == len(formats)
    assert edr.query("sea", kind, **query).headers["content-type"] == COVERAGEJSON
    assert edr.fails("sea", kind, **query, f="GRIB").startswith("f=")


def test_locations(edr: Edr) -> None:
    """/conf/locations/no-query-params: all that there are, as GeoJSON."""
    answer = edr.get("/collections/sea/locations")
    assert answer.headers["content-type"] == "application/geo+json"
    found = {each["id"]: each for each in answer.json()["features"]}
    assert set(found) == {"helgoland", "bight", "far away"}
    assert found["helgoland"]["geometry"] == {"type": "Point", "coordinates": [7.9, 54.2]}
    for name, status in (("helgoland", 200), ("bight", 200), ("far away", 204)):
        answer = edr.client.get(found[name]["properties"]["edrqueryendpoint"])
        assert answer.status_code == status
    assert edr.get("/collections/scene/locations").json()["features"] == []


@pytest.mark.parametrize("name", ["nowhere", "Helgoland"])
def test_location_identifier_invalid(edr: Edr, name: str) -> None:
    """/conf/locations/location-identifier-invalid."""
    answer = edr.query("sea", f"locations/{name}")
    assert answer.status_code == 404
    assert "helgoland" in answer.json()["detail"]


def test_no_data(edr: Edr) -> None:
    """/req/edr/query_type/no-data: queries of what does not exist have no content."""
    for kind, query in GOOD.items():
        if "/" not in kind:
            answer = edr.query("crossing", kind, **query)
            assert (answer.status_code, answer.content) == (204, b"")


@kinds
def test_exception_codes(edr: Edr, kind: str) -> None:
    """/conf/oas30/exceptions-codes: the definition names the codes of errors, as they are sent."""
    path = "locations/{locationId}" if "/" in kind else kind
    told = edr.get("/api").json()["paths"][f"/collections/{{collectionId}}/{path}"]["get"]
    assert {"200", "204", "400", "404", "413"} <= set(told["responses"])
    for answer in (
        edr.query("sea", kind, nonsense="1"),
        edr.query("none", kind, **GOOD[kind]),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert str(answer.status_code) in told["responses"]


def test_types(edr: Edr) -> None:
    """/conf/covjson/definition, /conf/geojson/definition and /conf/edr-geojson/definition: data are
    of their types, all else is JSON."""
    assert edr.query("sea", "position", coords=POINT).headers["content-type"] == COVERAGEJSON
    for path in ("", "/collections", "/collections/sea", "/conformance"):
        assert edr.get(path).headers["content-type"] == "application/json"
