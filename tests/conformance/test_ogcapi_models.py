"""Documents of OGC API against what others wrote of them: TiTiler's models, which are made of the
OGC's schemas, morecantile's of tile matrix sets, and the schemas themselves, where they are at hand
beside the project."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import morecantile
import pytest
from openapi_schema_validator import OAS30Validator
from pyproj import CRS
from starlette.testclient import TestClient
from titiler.core.models.OGC import Conformance, Landing, TileMatrixSetList, TileSet, TileSetList

from tests.services import memory_catalog
from tests.services.ogc.cubes import hard_catalog
from tileserver.app import create_app
from tileserver.settings import Settings

SCHEMAS = Path(__file__).parents[3] / "shared" / "data" / "ogcapi"
COMMON, TILES = "ogcapi-common-2.bundled.json", "ogcapi-tiles-1.bundled.json"
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0"


@pytest.fixture(scope="module", params=[memory_catalog.catalog, hard_catalog])
def client(request: pytest.FixtureRequest) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), request.param), "http://localhost") as client:
        yield client


def get(client: TestClient, path: str) -> dict[str, Any]:
    answer = client.get(path.removeprefix("http://localhost"))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def own(document: dict[str, Any]) -> str:
    """The address of a document, as it says."""
    [found] = [each["href"] for each in document["links"] if each["rel"] == "self"]
    return str(found)


@cache
def validator(bundle: str, name: str) -> OAS30Validator:
    """Of one schema of an OpenAPI bundle of the OGC."""
    if not (SCHEMAS / bundle).is_file():
        pytest.skip(f"the OGC's schemas are not at ../shared/data/ogcapi/{bundle}")
    components = json.loads((SCHEMAS / bundle).read_text(encoding="utf-8"))["components"]
    return OAS30Validator({"$ref": f"#/components/schemas/{name}", "components": components})


def collections(client: TestClient) -> list[dict[str, Any]]:
    found = get(client, "/ogc/collections?limit=1000")
    return [get(client, own(each)) for each in found["collections"]]


def tilesets(client: TestClient) -> Iterator[dict[str, Any]]:
    """All tilesets of all collections."""
    for each in collections(client):
        lists = get(client, f"/ogc/collections/{each['id']}/map/tiles")
        TileSetList.model_validate(lists)
        yield from (get(client, own(item)) for item in lists["tilesets"])


def test_landing_page_and_conformance(client: TestClient) -> None:
    """By TiTiler's models."""
    Landing.model_validate(get(client, "/ogc"))
    classes = Conformance.model_validate(get(client, "/ogc/conformance")).conformsTo
    assert len(classes) == len(set(classes))
    assert "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset" in classes


def test_tilesets(client: TestClient) -> None:
    """By TiTiler's models; each with a template, a matrix set that morecantile reads, and limits
    within it."""
    count = 0
    for found in tilesets(client):
        count += 1
        tileset = TileSet.model_validate(found)
        links = {each["rel"]: each for each in found["links"] if each["type"] != "text/html"}
        tms = morecantile.TileMatrixSet.model_validate(
            get(client, links[f"{OGC_REL}/tiling-scheme"]["href"])
        )
        assert links["item"]["templated"] is True
        assert CRS(tms.crs.srs) == CRS(tileset.crs.srs)
        for limit in tileset.tileMatrixSetLimits or ():
            matrix = tms.matrix(int(limit.tileMatrix))
            assert 0 <= limit.minTileRow <= limit.maxTileRow < matrix.matrixHeight
            assert 0 <= limit.minTileCol <= limit.maxTileCol < matrix.matrixWidth
    assert count >= 2 * len(collections(client)) > 0


def test_tile_matrix_sets(client: TestClient) -> None:
    """All that are listed are read by morecantile, and are those that it has of the same id."""
    listed = get(client, "/ogc/tileMatrixSets")
    TileMatrixSetList.model_validate(listed)
    known = set(morecantile.tms.list())
    for each in listed["tileMatrixSets"][:16]:
        ours = morecantile.TileMatrixSet.model_validate(get(client, own(each)))
        if each["id"] in known:
            theirs = morecantile.tms.get(each["id"])
            assert CRS(ours.crs.srs) == CRS(theirs.crs.srs)
            for mine, its in zip(ours.tileMatrices, theirs.tileMatrices, strict=True):
                assert mine.matrixWidth == its.matrixWidth
                assert mine.cellSize == pytest.approx(its.cellSize)


def test_limits_hold_the_data(client: TestClient) -> None:
    """The tiles that morecantile names for the corners of a collection are within the limits."""
    for each in collections(client):
        west, south, east, north = each["extent"]["spatial"]["bbox"][0]
        found = get(client, f"/ogc/collections/{each['id']}/map/tiles/WorldCRS84Quad")
        tms = morecantile.tms.get("WorldCRS84Quad")
        for limit in found["tileMatrixSetLimits"]:
            zoom, hair = int(limit["tileMatrix"]), 1e-7
            first = tms.tile(west + hair, north - hair, zoom)
            last = tms.tile(east - hair, south + hair, zoom)
            assert (limit["minTileCol"], limit["minTileRow"]) == (first.x, first.y)
            assert (limit["maxTileCol"], limit["maxTileRow"]) == (last.x, last.y)


@pytest.mark.parametrize(
    ("path", "bundle", "schema"),
    [
        ("/ogc", COMMON, "landingPage"),
        ("/ogc", TILES, "landingPage"),
        ("/ogc/conformance", COMMON, "confClasses"),
        ("/ogc/collections", COMMON, "collections"),
    ],
)
def test_schemas_of_documents(client: TestClient, path: str, bundle: str, schema: str) -> None:
    """By the schemas of the OGC."""
    validator(bundle, schema).validate(get(client, path))


def test_schemas_of_collections(client: TestClient) -> None:
    """By those of OGC API – Common; the Tiles bundle has a draft of them that no extent meets."""
    for each in collections(client):
        validator(COMMON, "collectionDesc").validate(each)


def test_schemas_of_tilesets(client: TestClient) -> None:
    """Of the lists and of each tileset."""
    for found in tilesets(client):
        validator(TILES, "tileSet").validate(found)
    for each in collections(client):
        for item in get(client, f"/ogc/collections/{each['id']}/map/tiles")["tilesets"]:
            validator(TILES, "tileSet-item").validate(item)


def test_schemas_of_tile_matrix_sets(client: TestClient) -> None:
    """Of the list and of each set."""
    for each in get(client, "/ogc/tileMatrixSets")["tileMatrixSets"][:16]:
        validator(TILES, "tileMatrixSet-item").validate(each)
        validator(TILES, "tileMatrixSet").validate(get(client, own(each)))


def test_problems_are_exceptions_by_the_schema(client: TestClient) -> None:
    """As OGC API has them (RFC 7807 and its successor)."""
    for path in ("/ogc?x=1", "/ogc/collections/nothing"):
        validator(COMMON, "exception").validate(client.get(path).json())
