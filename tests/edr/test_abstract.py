"""The abstract tests of EDR 1.1 (OGC 19-086r6, annex A) that apply, by their ids.

Those of instances, corridors and items do not: cubes have none of them, and none is claimed.
"""

from __future__ import annotations

import pyproj
import pytest
from shapely import wkt

from tests.edr.conftest import Edr, axis
from tests.edr.good import (
    AREA,
    BY_COORDS,
    GOOD,
    PATH,
    POINT,
    STEP,
    levels,
    times,
)


def test_root(edr: Edr) -> None:
    """/conf/core/root-op and root-success: the landing page links to definition, conformance and
    collections."""
    answer = edr.get("/")
    assert answer.status_code == 200
    links = {link["rel"]: link for link in answer.json()["links"]}
    assert {"service-desc", "service-doc", "conformance", "data"} <= set(links)


def test_api_definition(edr: Edr) -> None:
    """/conf/core/api-definition and api-definition-success: what the landing page links to is
    there, of the type that the link says."""
    for link in edr.get("/").json()["links"]:
        if link["rel"] in ("service-desc", "service-doc"):
            answer = edr.client.get(link["href"], follow_redirects=True)
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(link["type"])


def test_conformance(edr: Edr) -> None:
    """/conf/core/conformance and conformance-success: the classes of the core are among those."""
    found = edr.get("/conformance").json()["conformsTo"]
    assert {
        "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
        "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
        "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core",
    } <= set(found)


def test_collections(edr: Edr) -> None:
    """/conf/collections/rc-md-op, rc-md-success and src-md-op, src-md-success: each collection is
    there, and alike in both documents."""
    answer = edr.get("/collections")
    assert answer.status_code == 200
    for each in answer.json()["collections"]:
        own = edr.get(f"/collections/{each['id']}")
        assert own.status_code == 200
        for member in ("id", "title", "description", "extent"):
            assert own.json()[member] == each[member]


def test_links(edr: Edr) -> None:
    """/conf/core/rc-collection-info-links and /conf/edr/rc-md-query-links: to itself, to its other
    encodings, to a query; each with rel and type."""
    answer = edr.get("/collections").json()
    for document in (answer, *answer["collections"]):
        assert all(link["rel"] and link["type"] for link in document["links"])
        assert {"self", "alternate"} <= {link["rel"] for link in document["links"]}
    for each in answer["collections"]:
        hrefs = [query["link"]["href"] for query in each["data_queries"].values()]
        linked = {link["href"] for link in each["links"] if link["rel"] == "data"}
        assert linked == set(hrefs)


def test_collection_info(edr: Edr) -> None:
    """/conf/edr/rc-collection-info: identifiers, links, extent, queries, parameters."""
    found = edr.get("/collections").json()["collections"]
    assert len({each["id"] for each in found}) == len(found)
    for each in found:
        needed = ("links", "extent", "data_queries", "parameter_names", "crs", "output_formats")
        assert all(each[member] for member in needed)


def test_extent(edr: Edr) -> None:
    """/conf/core/rc-extent: holds all that there is in space, time and height."""
    told = edr.get("/collections/sea").json()["extent"]
    west, south, east, north = told["spatial"]["bbox"][0]
    found = edr.ask("sea", "cube", bbox=f"{west},{south},{east},{north}", parameter_name="temp")
    assert west <= min(axis(found, "x")) <= max(axis(found, "x")) <= east
    assert south <= min(axis(found, "y")) <= max(axis(found, "y")) <= north
    [[first, last]] = told["temporal"]["interval"]
    assert (min(times(found)), max(times(found))) == (first, last)
    [[low, high]] = told["vertical"]["interval"]
    assert (min(levels(found)), max(levels(found))) == (float(low), float(high))


def test_queries_and_their_variables(edr: Edr) -> None:
    """/conf/edr/rc-data-queries, rc-common-query-type, rc-common-variables, rc-radius-variables and
    rc-cube-variables: links with what may be asked, formats, CRS and units."""
    for each in edr.get("/collections").json()["collections"]:
        for name, query in each["data_queries"].items():
            link = query["link"]
            told = link["variables"]
            assert link["href"]
            assert link["rel"]
            assert told["query_type"] == name
            assert told["default_output_format"] in told["output_formats"]
            assert all(set(crs) == {"crs", "wkt"} for crs in told["crs_details"])
        queries = each["data_queries"]
        assert queries["radius"]["link"]["variables"]["within_units"] == each["distanceunits"]
        assert isinstance(queries["cube"]["link"]["variables"]["height_units"], list)


def test_crs(edr: Edr) -> None:
    """/conf/edr/rc-crs: unique names, and WKT that is one."""
    for each in edr.get("/collections").json()["collections"]:
        told = each["data_queries"]["position"]["link"]["variables"]["crs_details"]
        assert [crs["crs"] for crs in told] == each["crs"]
        assert len(set(each["crs"])) == len(each["crs"])
        for crs in told:
            assert pyproj.CRS.from_wkt(crs["wkt"]) == pyproj.CRS(crs["crs"])


def test_parameters(edr: Edr) -> None:
    """/conf/edr/rc-parameters: each with a type, and an observed property with id and label."""
    for each in edr.get("/collections").json()["collections"]:
        for name, parameter in each["parameter_names"].items():
            assert (parameter["id"], parameter["type"]) == (name, "Parameter")
            assert parameter["observedProperty"]["id"]
            assert parameter["observedProperty"]["label"]


@pytest.mark.parametrize("kind", [kind for kind in GOOD if "/" not in kind])
def test_no_query_params(edr: Edr, kind: str) -> None:
    """/conf/{position,radius,area,cube,trajectory}/no-query-params."""
    edr.fails("sea", kind)


@pytest.mark.parametrize("kind", BY_COORDS)
def test_no_coords_param(edr: Edr, kind: str) -> None:
    """/conf/{position,radius,area,trajectory}/no-coords-param."""
    query = {name: value for name, value in GOOD[kind].items() if name != "coords"}
    told = edr.fails("sea", kind, **query, datetime=STEP)
    assert told.startswith("coords is missing")


def test_no_bbox_param(edr: Edr) -> None:
    """/conf/cube/no-bbox-param."""
    assert edr.fails("sea", "cube", datetime=STEP).startswith("bbox is missing")


@pytest.mark.parametrize("kind", BY_COORDS)
@pytest.mark.parametrize(
    "coords",
    [
        "",
        "POINT",
        "POINT(1",
        "POINT(a b)",
        "POINT(0 0)\0",
        "POINT(1e400 0)",
        "POINT EMPTY",
        "GEOMETRYCOLLECTION EMPTY",
        "3,4",
    ],
)
def test_coords_param_invalid(edr: Edr, kind: str, coords: str) -> None:
    """/conf/{position,radius,area}/coords-param-invalid and
    /conf/trajectory/coords-param-invalid-linestring."""
    assert "coords" in edr.fails("sea", kind, **GOOD[kind] | {"coords": coords})


@pytest.mark.parametrize("kind", BY_COORDS)
def test_coords_of_another_kind(edr: Edr, kind: str) -> None:
    """/conf/{position,radius,area}/coords-param-invalid: only the geometries of a query are."""
    own = wkt.loads(GOOD[kind]["coords"]).geom_type
    for other in (POINT, AREA, PATH):
        if wkt.loads(other).geom_type != own:
            assert "coords" in edr.fails("sea", kind, **GOOD[kind] | {"coords": other})


@pytest.mark.parametrize("bbox", ["", "1,2,3", "a,b,c,d", "0,54,2,52", "1,1,1,1", "0,0,0,0,0"])
def test_bbox_param_invalid(edr: Edr, bbox: str) -> None:
    """/conf/cube/bbox-param-invalid."""
    assert "bbox" in edr.fails("sea", "cube", bbox=bbox)


@pytest.mark.parametrize("missing", ["within", "within_units"])
def test_no_within_param(edr: Edr, missing: str) -> None:
    """/conf/radius/no-within-param and no-within-units-param."""
    query = {name: value for name, value in GOOD["radius"].items() if name != missing}
    assert missing.replace("_", "-") in edr.fails("sea", "radius", **query)


def test_within_units_that_are_none(edr: Edr) -> None:
    """/conf/edr/REQ_rc-within-units-response: only those of the metadata."""
    assert "within-units" in edr.fails("sea", "radius", **GOOD["radius"] | {"within_units": "ell"})


@pytest.mark.parametrize(
    "coords",
    [
        "LINESTRING M(0 53,2 54)",
        "LINESTRING M(0 53 x,2 54 y)",
        "LINESTRING Z(0 53,2 54)",
        "LINESTRING Z(0 53 x,2 54 y)",
        "LINESTRING ZM(0 53 1 2,2 54 1)",
        "LINESTRING ZM(0 53 0 x,2 54 0 y)",
        "LINESTRING(0 53)",
        "LINESTRING(0 53,0 53)",
    ],
)
def test_coords_param_invalid_lines(edr: Edr, coords: str) -> None:
    """/conf/trajectory/coords-param-invalid-linestringm, -linestringz and -linestringzm."""
    assert "coords" in edr.fails("sea", "trajectory", coords=coords)


@pytest.mark.parametrize("text", ["Z(0 53 0,2 54 0)", "ZM(0 53 0 1704100000,2 54 0 1704110000)"])
def test_coords_param_separate_z(edr: Edr, text: str) -> None:
    """/conf/trajectory/coords-param-separate-z-linestringz and -linestringzm."""
    told = edr.fails("sea", "trajectory", coords=f"LINESTRING {text}", z="10")
    assert told.startswith("z=")


@pytest.mark.parametrize("m", [0, 4_000_000_000])
def test_coords_param_invalid_time(edr: Edr, m: int) -> None:
    """/conf/trajectory/coords-param-invalid-time: no time that the collection has."""
    assert "coords" in edr.fails("sea", "trajectory", coords=f"LINESTRING M(0 53 {m},2 54 {m})")


def test_time_in_coords_and_beside(edr: Edr) -> None:
    """/conf/trajectory/coords-param-invalid-time: and not told twice."""
    path = "LINESTRING M(0 53 1704067200,2 54 1704067200)"
    assert edr.fails("sea", "trajectory", coords=path, datetime=STEP).startswith("datetime=")
