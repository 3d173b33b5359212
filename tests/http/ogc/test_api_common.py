"""OGC API – Common over HTTP: documents, encodings, errors."""

from collections.abc import Iterator

import httpx2 as httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, validate
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

BASE = "http://localhost"
DOCUMENTS = (
    "/ogc",
    "/ogc/",
    "/ogc/conformance",
    "/ogc/api",
    "/ogc/collections",
    "/ogc/collections/sea.sst",
    "/ogc/collections/sea.ice.extent",
    "/ogc/collections/sea.sst/styles",
    "/ogc/collections/sea.sst/map/tiles",
    "/ogc/collections/utm.height/map/tiles/UTM31WGS84Quad",
    "/ogc/collections/sea.sst/styles/viridis:0:7/map/tiles",
    "/ogc/collections/sea.sst/styles/viridis/map/tiles/WorldCRS84Quad",
    "/ogc/tileMatrixSets",
    "/ogc/tileMatrixSets/WebMercatorQuad",
)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog), BASE) as client:
        yield client


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status, and what is said to be wrong."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    assert told["status"] == response.status_code
    return response.status_code, told["detail"]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_encodings(client: TestClient, path: str) -> None:
    """JSON for programs, HTML for browsers; `f` has the last word."""
    json = client.get(path).headers
    assert json["content-type"].startswith("application/")
    assert "json" in json["content-type"]
    assert {"Accept", "Accept-Encoding"} == {each.strip() for each in json["vary"].split(",")}
    by_browser = client.get(path, headers={"Accept": BROWSER})
    assert by_browser.headers["content-type"] == "text/html; charset=utf-8"
    assert by_browser.text.startswith("<!doctype html>")
    assert "script" not in by_browser.headers["content-security-policy"]
    assert client.get(f"{path}?f=html").content == by_browser.content
    again = client.get(f"{path}?f=json", headers={"Accept": BROWSER})
    assert again.headers["content-type"] == json["content-type"]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_errors(client: TestClient, path: str) -> None:
    """Unknown parameters, unknown encodings, and clients that take none of ours."""
    status, detail = problem(client.get(f"{path}?zoom=3"))
    assert (status, "zoom" in detail) == (400, True)
    assert problem(client.get(f"{path}?f=xml"))[0] == 400
    assert problem(client.get(f"{path}?f=json&f=html"))[0] == 400
    status, detail = problem(client.get(path, headers={"Accept": "application/xml"}))
    assert (status, "text/html" in detail) == (406, True)
    assert problem(client.post(path))[0] == 405


@pytest.mark.parametrize("path", DOCUMENTS)
def test_not_modified(client: TestClient, path: str) -> None:
    """Who has a document already is told so."""
    etag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/geo+json, application/json", "application/json"),
        ("text/html;q=0.5, application/json;q=0.4", "text/html"),
        ("application/*", "application/json"),
        ("text/*, application/json;q=0.9", "text/html"),
        ("text/html;q=0, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("", "application/json"),
        ("application/json;profile=x", "application/json"),
    ],
)
def test_accept(client: TestClient, accept: str, media_type: str) -> None:
    """What the client likes most, by the range that tells most closely (RFC 9110, 12.5.1)."""
    answer = client.get("/ogc/conformance", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(media_type)


@pytest.mark.parametrize(
    "accept", ["text/html;q=0", "image/png", "nonsense", ";;,,;q=2", "x" * 9000]
)
def test_accept_that_cannot_be_met(client: TestClient, accept: str) -> None:
    """406, in a few words."""
    status, detail = problem(client.get("/ogc", headers={"Accept": accept}))
    assert status == 406
    assert len(detail) < 300


def followed(client: TestClient, path: str) -> set[str]:
    """The addresses of a document's links, each of which leads to what it says."""
    found: set[str] = set()

    def walk(value: object) -> None:
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, dict | list):
                walk(each)
        if isinstance(value, dict) and "href" in value and not value.get("templated"):
            answer = client.get(value["href"].removeprefix(BASE))
            assert answer.status_code == 200, value
            assert answer.headers["content-type"].partition(";")[0] in value["type"]
            found.add(value["href"])

    walk(client.get(path).json())
    return found


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path != "/ogc/tileMatrixSets"])
def test_links_lead_to_what_they_say(client: TestClient, path: str) -> None:
    """Every one of them, of the media type that it says."""
    links = followed(client, path)
    assert links or path == "/ogc/api"


def test_everything_is_reached_from_the_landing_page(client: TestClient) -> None:
    """Capabilities, definition, collections, matrix sets, by the relations that standards name."""
    links = {each["rel"]: each["href"] for each in client.get("/ogc").json()["links"]}
    ogc = "http://www.opengis.net/def/rel/ogc/1.0"
    assert {"service-desc", "service-doc", "data", f"{ogc}/data", "conformance"} < links.keys()
    assert {f"{ogc}/conformance", f"{ogc}/tiling-schemes", "wmts", "wms"} < links.keys()
    documents = client.get("/ogc/collections").json()["collections"]
    assert len(documents) == 8
    assert {each["id"] for each in documents} > {"sea.flow", "sea.kind", "utm.height"}


def test_definition(client: TestClient) -> None:
    """OpenAPI 3.0 by its own schema; operations end as OGC 20-057 has them."""
    answer = client.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    validate(document, cls=OpenAPIV30SpecValidator)
    assert document["servers"] == [{"url": f"{BASE}/ogc"}]
    ids = [each["get"]["operationId"] for each in document["paths"].values()]
    for origin in ("collection", "collection.style"):
        for name in ("getTileSetsList", "getTileSet", "getTile"):
            assert sum(each.endswith(f".{origin}.map.{name}") for each in ids) == 1
    tile = document["paths"][
        "/collections/{collectionId}/map/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    ]["get"]
    schemas = {each["name"]: each["schema"] for each in tile["parameters"]}
    assert schemas["tileRow"] == schemas["tileCol"] == {"type": "integer", "minimum": 0}
    assert schemas["tileMatrix"] == {"type": "string"}
    assert {"f", "datetime", "subset"} < schemas.keys()
    assert {"200", "204", "400", "404", "406"} < tile["responses"].keys()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/collections", {}, 200),
        ("/collections/nothing", {}, 404),
        ("/collections?x=1", {}, 400),
        ("/collections", {"Accept": "image/gif"}, 406),
        ("/collections", {"If-None-Match": "*"}, 304),
        ("/collections/broken.sst", {}, 502),
        ("/api?f=html", {}, 307),
        ("/collections/sea.sst/map/tiles/WorldCRS84Quad/0/0/0", {}, 200),
        ("/collections/sea.sst/map/tiles/WorldCRS84Quad/0/0/0?datetime=1900-01-01", {}, 204),
        ("/collections/sea.sst/map/tiles/WorldCRS84Quad/9/0/0", {}, 404),
    ],
)
def test_definition_declares_every_status(
    client: TestClient, path: str, headers: dict[str, str], status: int
) -> None:
    """That a route answers with (OGC 19-072, /req/oas30/completeness)."""
    answer = client.get(f"/ogc{path}", headers=headers, follow_redirects=False)
    assert answer.status_code == status
    paths = client.get("/ogc/api").json()["paths"]
    asked = path.partition("?")[0].split("/")
    [found] = [
        each
        for name, each in paths.items()
        if len(parts := name.split("/")) == len(asked)
        and all(a == p or p.startswith("{") for a, p in zip(asked, parts, strict=True))
    ]
    assert str(status) in found["get"]["responses"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"), ("limit=1e9", "limit"), ("limit=100000", "limit"),
        ("offset=-1", "offset"), ("bbox=1,2,3", "bbox"), ("bbox=nan,0,1,1", "bbox"),
        ("bbox=0,10,10,0", "bbox"),
        ("datetime=Bogus", "datetime"), ("datetime=..", "datetime"), ("q=" + "x" * 5000, "q"),
        ("datetime=" + "9" * 5000, "datetime"), ("q=a%00", "q"), ("LIMIT=3", "LIMIT"),
    ],
)  # fmt: skip
def test_searches_that_cannot_be_met(client: TestClient, query: str, parameter: str) -> None:
    """The parameter is named, its case counts (OGC 19-072, 8.3)."""
    answer = client.get(f"/ogc/collections?{query}")
    assert problem(answer)[0] == 400
    assert answer.json()["parameter"] == parameter


def test_search(client: TestClient) -> None:
    """Box, time and words together, a page at a time."""
    query = "bbox=2,44,3,45&datetime=1970-01-01/..&q=sea&limit=2"
    found = client.get(f"/ogc/collections?{query}").json()
    assert (found["numberMatched"], found["numberReturned"]) == (6, 2)
    [further] = [each["href"] for each in found["links"] if each["rel"] == "next"]
    assert client.get(further.removeprefix(BASE)).json()["numberReturned"] == 2


@pytest.mark.parametrize(
    "path",
    ["/ogc/collections/nothing", "/ogc/collections/sea.nothing", "/ogc/collections/broken.sst",
     "/ogc/collections/sea", "/ogc/collections/sea._", "/ogc/collections/..%2f..%2fetc",
     "/ogc/collections/sea.sst/map/tiles/Nothing",
     "/ogc/collections/sea.sst/map/tiles/UTM31WGS84Quad",
     "/ogc/collections/sea.sst/styles/nothing/map/tiles", "/ogc/tileMatrixSets/Nothing",
     "/ogc/collections/sea.flow/styles/viridis/map/tiles", "/ogc/nothing", "/ogc/collections/",
     "/ogc/collections/" + "a." * 2000],
)  # fmt: skip
def test_what_is_not_there(client: TestClient, path: str) -> None:
    """404; 502 of a dataset that could not be opened."""
    assert problem(client.get(path))[0] == (502 if "broken" in path else 404)


def test_step_is_carried_on(client: TestClient) -> None:
    """What is asked of a collection or a tileset stands in the template of its tiles."""
    step = "datetime=1970-01-02&subset=depth(10)"
    links = client.get(f"/ogc/collections/sea.sst?{step}").json()["links"]
    [tilesets] = [
        each["href"]
        for each in links
        if each["rel"].endswith("tilesets-map") and each["type"] == "application/json"
    ]
    found = client.get(tilesets.removeprefix(BASE)).json()["tilesets"][0]
    tileset = client.get(found["links"][0]["href"].removeprefix(BASE)).json()
    templates = [each["href"] for each in tileset["links"] if each["rel"] == "item"]
    assert all(each.startswith(f"{BASE}/ogc/collections/sea.sst/") for each in templates)
    filled = templates[0].format(tileMatrix=0, tileRow=0, tileCol=0).removeprefix(BASE)
    direct = client.get("/tiles/sea/sst/0/0/0.png?time=1970-01-02&depth=10")
    assert client.get(filled).content == direct.content
    assert problem(client.get("/ogc/collections/sea.sst/map/tiles?subset=Lat(3)"))[0] == 400


def test_links_honour_the_address_of_a_proxy() -> None:
    """By the configured base."""
    with TestClient(create_app(Settings(public_url="https://maps.example/a"), catalog)) as client:
        for path in DOCUMENTS:
            text = client.get(path).text
            assert "https://maps.example/a/" in text
            assert "testserver" not in text
