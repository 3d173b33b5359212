"""WMTS by REST: plain HTTP, each part of an address missing or bad, what clients accept."""

import pytest
from starlette.testclient import TestClient

from tests.http.ogc.wmts_client import LATEST, REST, TILE, kvp, problem

LONG = "9" * 4096
PARTS = {
    "layer": "sea.sst",
    "style": "plasma",
    "set": "WebMercatorQuad",
    "matrix": "2",
    "row": "1",
    "col": "3",
}
INFO_PARTS = PARTS | {"j": "20", "i": "10"}
BAD = [
    ("layer", "nothing", 404),
    ("layer", "sea.nothing", 404),
    ("layer", "sea._", 404),
    ("layer", "..%2f..%2fetc", 404),
    ("layer", "%2e%2e", 404),
    ("layer", "sea.sst%00", 404),
    ("layer", "%ed%a0%80", 404),
    ("layer", LONG, 404),
    ("style", "nonesuch", 404),
    ("style", "..%5c", 404),
    ("style", "%00", 404),
    ("style", "viridis:9:1", 400),
    ("set", "Nothing", 404),
    ("set", "UTM31WGS84Quad", 404),
    ("matrix", "99", 404),
    ("matrix", "-1", 404),
    ("matrix", "x", 400),
    ("matrix", "02", 400),
    ("matrix", "1e309", 400),
    ("row", "4", 404),
    ("row", "-1", 404),
    ("row", LONG, 404),
    ("row", "x", 400),
    ("row", "%d9%a3", 400),
    ("col", "4", 404),
    ("col", "1.0", 400),
    ("col", "nan", 400),
]
BAD_INFO = [
    ("j", "256", 404),
    ("j", "-1", 404),
    ("j", "x", 400),
    ("i", "256", 404),
    ("i", LONG, 404),
    ("i", "%d9%a3", 400),
]
QUERIES = [
    "time=Bogus",
    "time=%00",
    "time=2100-01-01",
    "TIME=0000",
    "depth=x",
    "Depth=9999",
    "&".join(f"p{n}=1" for n in range(200)),
]


def address(parts: dict[str, str], suffix: str) -> str:
    return f"/wmts/1.0.0/{'/'.join(parts.values())}.{suffix}"


@pytest.mark.parametrize(("name", "value", "status"), BAD)
def test_bad_tiles(memory: TestClient, name: str, value: str, status: int) -> None:
    """A part of a tile's address that names nothing is 404, one that is none is 400."""
    assert problem(memory.get(address(PARTS | {name: value}, "png"))) == status


@pytest.mark.parametrize(("name", "value", "status"), BAD + BAD_INFO)
def test_bad_infos(memory: TestClient, name: str, value: str, status: int) -> None:
    """So of feature info."""
    assert problem(memory.get(address(INFO_PARTS | {name: value}, "txt"))) == status


@pytest.mark.parametrize("name", PARTS)
def test_missing_parts(memory: TestClient, name: str) -> None:
    """An address that lacks a part, or has it empty, is none."""
    fewer = {k: v for k, v in PARTS.items() if k != name}
    assert problem(memory.get(address(fewer, "png"))) == 404
    assert problem(memory.get(address(PARTS | {name: ""}, "png"))) in (400, 404)


@pytest.mark.parametrize("suffix", ["gif", "jpg", "PNG", "png.exe", ""])
def test_other_formats(memory: TestClient, suffix: str) -> None:
    """A tile has one format, and feature info three."""
    assert problem(memory.get(address(PARTS, suffix))) == 404
    assert problem(memory.get(address(INFO_PARTS, suffix))) == 404


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize(("parts", "suffix"), [(PARTS, "png"), (INFO_PARTS, "json")])
def test_bad_dimensions(memory: TestClient, parts: dict[str, str], suffix: str, query: str) -> None:
    """A coordinate that there is not is 400, and is named."""
    assert problem(memory.get(f"{address(parts, suffix)}?{query}")) == 400


@pytest.mark.parametrize("version", ["1.1.0", "1.0", "2.0.0"])
def test_other_versions(memory: TestClient, version: str) -> None:
    """Only 1.0.0 is there."""
    assert problem(memory.get(f"{REST}.png".replace("1.0.0", version))) == 404
    assert problem(memory.get(f"/wmts/{version}/WMTSCapabilities.xml")) == 404


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("image/png", 200),
        ("IMAGE/PNG", 200),
        ("text/html,image/*;q=0.5", 200),
        ("image/avif,image/webp,*/*;q=0.8", 200),
        ("*/*", 200),
        ("", 200),
        ("text/html", 406),
        ("image/webp", 406),
        ("image/png;q=0, text/html", 406),
        ("image/png;q=0, */*", 406),
        ("*/*;q=0.000", 406),
    ],
)
def test_accept(memory: TestClient, accept: str, status: int) -> None:
    """A client that takes no PNG is told so, also for a tile that was served a moment ago."""
    for _ in range(2):
        assert memory.get(f"{REST}.png").status_code == 200
        assert memory.get(f"{REST}.png", headers={"Accept": accept}).status_code == status
    assert kvp(memory, TILE).status_code == 200


@pytest.mark.parametrize(
    ("suffix", "media_type"), [("txt", "text/plain"), ("json", "application/json")]
)
def test_accept_of_infos(memory: TestClient, suffix: str, media_type: str) -> None:
    """Feature info is told in the format of its address or not at all."""
    path = address(INFO_PARTS, suffix)
    assert memory.get(path, headers={"Accept": media_type}).status_code == 200
    assert problem(memory.get(path, headers={"Accept": "image/png"})) == 406


@pytest.mark.parametrize("path", [f"{REST}.png", f"{REST}/20/10.html"])
def test_methods(memory: TestClient, path: str) -> None:
    """HEAD is as GET without the body, POST is not allowed, OPTIONS tells browsers to go on."""
    get, head = memory.get(path), memory.head(path)
    assert head.status_code == get.status_code == 200
    assert not head.content
    for name in ("content-type", "content-length", "x-time", "cache-control"):
        assert head.headers[name] == get.headers[name]
    post = memory.post(path, content="<a/>")
    assert problem(post) == 405
    assert "GET" in post.headers["allow"]
    assert memory.options(path).status_code == 204


def test_not_modified(memory: TestClient) -> None:
    """A tile that the client has is 304, with the time that it shows; whichever way it came."""
    for first, again in (
        (f"{REST}.png", f"{REST}.png"),
        ("/tiles/sea/sst/2/3/1.png", REST + ".png"),
    ):
        etag = memory.get(first).headers["etag"]
        answer = memory.get(again, headers={"If-None-Match": etag})
        assert answer.status_code == 304
        assert answer.headers["x-time"] == LATEST
        assert "content-type" not in answer.headers


def test_names_of_headers(memory: TestClient) -> None:
    """Names of headers are in title case, of good answers, kept ones, errors and documents."""
    paths = [f"{REST}.png", f"{REST}.png", f"{REST}.gif", f"{REST}/20/10.txt", "/wmts"]
    for path in (*paths, "/wmts/1.0.0/WMTSCapabilities.xml"):
        names = [bytes(name) for name, _ in memory.get(path).headers.raw]
        odd = {b"ETag", b"X-Content-Type-Options", b"server-timing", b"x-request-id"}
        assert b"Content-Type" in names
        assert all(n in odd or n == n.title() for n in names)
