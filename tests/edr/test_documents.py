"""Landing page, conformance, collections and the definition are as EDR 1.1 has them."""

from __future__ import annotations

from typing import Any

import pytest
from edr_pydantic.capabilities import ConformanceModel, LandingPageModel
from edr_pydantic.collections import Collection, Collections
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.edr.conftest import Edr

DATASETS = ("sea", "scene", "globe", "polar", "crossing")


def documents(edr: Edr) -> dict[str, Any]:
    """All collections, by id."""
    found = edr.get("/collections").json()["collections"]
    return {each["id"]: each for each in found}


def test_landing_page(edr: Edr) -> None:
    """edr-pydantic takes it, and all its links lead somewhere."""
    for path in ("", "/"):
        answer = edr.get(path)
        page = LandingPageModel.model_validate_json(answer.content)
        assert {link.rel for link in page.links} >= {"service-desc", "conformance", "data", "self"}
    for link in page.links:
        assert edr.client.get(link.href, follow_redirects=True).status_code == 200, link.href


def test_conformance(edr: Edr) -> None:
    """edr-pydantic takes it."""
    found = ConformanceModel.model_validate_json(edr.get("/conformance").content)
    assert "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core" in found.conformsTo


@pytest.mark.parametrize("name", DATASETS)
def test_collection(edr: Edr, name: str) -> None:
    """edr-pydantic takes each, and it is the one that the listing has."""
    answer = edr.get(f"/collections/{name}")
    Collection.model_validate_json(answer.content)
    assert answer.json() == documents(edr)[name]
    for link in answer.json()["links"]:
        if link["rel"] != "data":
            assert edr.client.get(link["href"]).status_code == 200, link["href"]


def test_collections(edr: Edr) -> None:
    """All datasets; edr-pydantic takes them where Python has their dates."""
    listed = edr.get("/collections").json()
    assert {each["id"] for each in listed["collections"]} == {*DATASETS, "years", "long"}
    listed["collections"] = [each for each in listed["collections"] if each["id"] != "years"]
    Collections.model_validate(listed, strict=False)


def test_extent(edr: Edr) -> None:
    """Where, when and how deep, with all that may be asked for."""
    found = documents(edr)
    sea = found["sea"]["extent"]
    assert sea["spatial"]["bbox"] == [[-5, 50, 10, 60]]
    assert sea["temporal"]["interval"] == [["2024-01-01T00:00:00Z", "2024-01-03T12:00:00Z"]]
    assert len(sea["temporal"]["values"]) == 6
    assert sea["vertical"]["values"] == ["0", "10", "20", "50", "100"]
    assert sea["vertical"]["interval"] == [["0", "100"]]
    [member] = sea["custom"]
    assert (member["id"], member["values"]) == ("member", [1, 2, 3])
    assert found["crossing"]["extent"]["spatial"]["bbox"][0][0] == -180
    assert "temporal" not in found["polar"]["extent"]
    assert found["years"]["extent"]["temporal"]["interval"][0][0] == "2001-01-30T00:00:00Z"


def test_parameters(edr: Edr) -> None:
    """Variables are parameters, composites are none; classes have names in place of a unit."""
    found = documents(edr)
    assert set(found["scene"]["parameter_names"]) == {"b1", "b2"}
    temp = found["sea"]["parameter_names"]["temp"]
    assert temp["unit"] == {"label": "degC", "symbol": "degC"}
    assert temp["observedProperty"]["id"].endswith("/sea_water_temperature/")
    kind = found["sea"]["parameter_names"]["kind"]
    assert [each["label"] for each in kind["observedProperty"]["categories"]] == ["rock", "sand"]
    assert "unit" not in kind


def test_queries(edr: Edr) -> None:
    """Where names are given, locations may be asked for; CRS have their text."""
    found = documents(edr)
    usual = {"position", "radius", "area", "cube", "trajectory"}
    assert set(found["sea"]["data_queries"]) == usual | {"locations"}
    assert set(found["scene"]["data_queries"]) == usual
    assert found["scene"]["crs"] == ["OGC:CRS84", "EPSG:32632"]
    assert found["sea"]["data_queries"]["cube"]["link"]["variables"]["height_units"] == ["m"]


def test_definition(edr: Edr) -> None:
    """Is valid OpenAPI 3.0, and has every route in the standard's words."""
    answer = edr.get("/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    OpenAPIV30SpecValidator(document).validate()
    paths = document["paths"]
    of_collection = "/collections/{collectionId}"
    names = ("position", "radius", "area", "cube", "trajectory", "locations",
             "locations/{locationId}")  # fmt: skip
    assert set(paths) == {
        *("/", "/conformance", "/api", "/collections", of_collection),
        *(f"{of_collection}/{name}" for name in names),
    }
    told = {p["name"]: p for p in paths[f"{of_collection}/position"]["get"]["parameters"]}
    assert told["coords"]["required"]
    assert (told["parameter-name"]["style"], told["parameter-name"]["explode"]) == ("form", False)


def test_pages(edr: Edr) -> None:
    """Documents are pages for browsers."""
    for path in ("", "/conformance", "/collections", "/collections/sea"):
        answer = edr.client.get(path, headers={"Accept": "text/html"})
        assert answer.headers["content-type"].startswith("text/html"), path
        assert b"<h1>" in answer.content
        assert b'/edr?f=html">EDR</a>' in answer.content


def test_links_begin_with_the_public_address(edr: Edr) -> None:
    """Those of all documents do."""
    base = str(edr.client.base_url).rstrip("/")
    for path in ("", "/collections", "/collections/sea", "/collections/sea/locations"):
        assert base in edr.get(path).text


def test_ogc_api_leads_here(edr: Edr) -> None:
    """Its landing page does, to STAC too."""
    base = str(edr.client.base_url).rstrip("/").removesuffix("/edr")
    links = edr.client.get(f"{base}/ogc?f=json").json()["links"]
    related = {link["href"] for link in links if link["rel"] == "related"}
    assert {f"{base}/edr", f"{base}/stac"} <= related
    assert all(edr.client.get(href).status_code == 200 for href in related)
