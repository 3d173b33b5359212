"""OGC API – Tiles over HTTP: the same pictures as /tiles, by the standard's own words."""

import io
from collections.abc import Iterator
from urllib.parse import quote

import httpx2 as httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

SST = "/ogc/collections/sea.sst"
TILE = f"{SST}/map/tiles/WebMercatorQuad/2/1/3"
DIRECT = "/tiles/sea/sst/2/3/1"  # the same: zoom, column, row
LATEST = "1970-01-05T00:00:00Z"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog), "http://localhost") as client:
        yield client


def problem(response: httpx.Response) -> tuple[int, str | None, str]:
    """The status, the parameter, and what is said to be wrong."""
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    told = response.json()
    assert len(told["detail"]) < 400
    return response.status_code, told.get("parameter"), told["detail"]


@pytest.mark.parametrize(
    ("ours", "direct"),
    [
        (f"{SST}/map/tiles/WebMercatorQuad/2/1/3", "/tiles/sea/sst/2/3/1.png"),
        (f"{SST}/map/tiles/WebMercatorQuad/2/1/3?f=webp", "/tiles/sea/sst/2/3/1.webp"),
        (f"{SST}/map/tiles/WebMercatorQuad/2/1/3?f=jpeg", "/tiles/sea/sst/2/3/1.jpg"),
        (f"{SST}/map/tiles/WorldCRS84Quad/1/0/2", "/tiles/sea/sst/WorldCRS84Quad/1/2/0.png"),
        (f"{SST}/styles/viridis:0:100/map/tiles/WebMercatorQuad/1/0/1",
         "/tiles/sea/sst/1/1/0.png?colormap_name=viridis&rescale=0,100"),
        (f"{SST}/styles/plasma/map/tiles/WebMercatorQuad/1/0/1", "/tiles/sea/sst/1/1/0.png"),
        ("/ogc/collections/sea.flow/map/tiles/WebMercatorQuad/1/0/1", "/tiles/sea/flow/1/1/0.png"),
        ("/ogc/collections/sea.ice.extent/map/tiles/WebMercatorQuad/3/4/7",
         "/tiles/sea.ice/extent/3/7/4.png"),
        ("/ogc/collections/utm.height/map/tiles/UTM31WGS84Quad/9/192/126",
         "/tiles/utm/height/UTM31WGS84Quad/9/126/192.png"),
    ],
)  # fmt: skip
def test_same_picture(client: TestClient, ours: str, direct: str) -> None:
    """Byte for byte, with the same ETag."""
    found, expected = client.get(ours), client.get(direct)
    assert found.status_code == expected.status_code == 200, found.text
    assert found.content == expected.content
    assert found.headers["etag"] == expected.headers["etag"]
    assert found.headers["content-type"] == expected.headers["content-type"]


@pytest.mark.parametrize(
    ("step", "direct"),
    [
        ("datetime=1970-01-02", "time=1970-01-02"),
        ("datetime=1970-01-02T00:00:00Z&subset=depth(10)", "time=1970-01-02&depth=10"),
        ("datetime=latest", ""),
        ("datetime=1970-01-01/1970-01-03", "time=1970-01-03"),
        ("datetime=../1970-01-03", "time=1970-01-03"),
        ("datetime=1970-01-02/..", "time=1970-01-05"),
        ('subset=time("1970-01-02")', "time=1970-01-02"),
        ('subset=datetime("1970-01-02":"1970-01-04")', "time=1970-01-04"),
        ("subset=depth(20:*)", "depth=50"),
        ('subset=depth(5:20),time("1970-01-02")', "time=1970-01-02&depth=10"),
        ("subset=depth(*:*)", ""),
    ],
)
def test_step(client: TestClient, step: str, direct: str) -> None:
    """By `datetime` and `subset`: points, and intervals whose latest step is shown."""
    name, _, value = step.partition("=")
    rest = value.partition("&subset=")
    query = f"{name}={quote(rest[0])}" + (f"&subset={quote(rest[2])}" if rest[2] else "")
    found = client.get(f"{TILE}?{query}")
    assert found.status_code == 200, found.text
    assert found.content == client.get(f"{DIRECT}.png?{direct}").content


def test_headers(client: TestClient) -> None:
    """The time that is shown, how long it keeps, what it hangs on."""
    found = client.get(TILE).headers
    assert found["ogcapi-datetime"] == found["x-time"] == LATEST
    assert found["cache-control"] == "public, max-age=60"
    assert "Accept" in found["vary"]
    assert "warning" not in found
    nearest = client.get(f"{TILE}?datetime=1970-01-02T05:00:00Z").headers
    assert nearest["ogcapi-datetime"] == "1970-01-02T00:00:00Z"
    assert nearest["warning"] == "99 Nearest value used: time=1970-01-02T00:00:00Z"
    no_times = client.get("/ogc/collections/utm.height/map/tiles/WorldCRS84Quad/0/0/1").headers
    assert "ogcapi-datetime" not in no_times
    exposed = found["access-control-expose-headers"]
    assert "OGCAPI-datetime" in exposed


def test_not_modified(client: TestClient) -> None:
    """304 to a client that has the tile, before and after it is kept; HEAD has no body."""
    etag = client.get(f"{DIRECT}.png?time=1970-01-03").headers["etag"]
    for _ in range(2):
        answer = client.get(f"{TILE}?datetime=1970-01-03", headers={"If-None-Match": etag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
    assert client.get(f"{TILE}?datetime=1970-01-03").headers["etag"] == etag
    head = client.head(TILE)
    assert (head.status_code, head.content) == (200, b"")
    assert problem(client.post(TILE))[0] == 405


def test_kept_tiles_are_as_new_ones(client: TestClient) -> None:
    """Asked for again with another Accept header, a tile is in another format."""
    for _ in range(3):
        for format, media_type in (("PNG", "image/png"), ("WEBP", "image/webp")):
            answer = client.get(f"{TILE}?datetime=1970-01-04", headers={"Accept": media_type})
            assert answer.headers["content-type"] == media_type
            assert Image.open(io.BytesIO(answer.content)).format == format


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("image/webp", "image/webp"),
        ("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/png"),
        ("image/png, image/jpeg", "image/png"),
        ("image/jpeg, image/png;q=0.5", "image/jpeg"),
        ("image/*", "image/png"),
        ("*/*", "image/png"),
    ],
)
def test_accept(client: TestClient, accept: str, media_type: str) -> None:
    """PNG where the client likes others no better: it keeps transparency."""
    found = client.get(TILE, headers={"Accept": accept})
    assert found.headers["content-type"] == media_type
    again = client.get(f"{TILE}?f=jpeg", headers={"Accept": accept})
    assert again.headers["content-type"] == "image/jpeg"


def test_accept_that_cannot_be_met(client: TestClient) -> None:
    """406 names what there is."""
    status, _, detail = problem(client.get(TILE, headers={"Accept": "image/tiff"}))
    assert (status, "image/png, image/jpeg, image/webp" in detail) == (406, True)


@pytest.mark.parametrize(
    "query",
    ["datetime=1950-01-01", "datetime=2050-01-01/..", "datetime=../1950-01-01",
     "datetime=1970-01-02T01:00:00Z/1970-01-02T02:00:00Z", "subset=depth(1000)",
     "subset=depth(11:12)", 'subset=time("1950-01-01")', "subset=depth(1e300)"],
)  # fmt: skip
def test_nothing_there(client: TestClient, query: str) -> None:
    """204 where the collection has nothing at the coordinates (/req/rc-subset-definition C)."""
    name, _, value = query.partition("=")
    answer = client.get(f"{TILE}?{name}={quote(value)}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-type" not in answer.headers
    assert answer.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("datetime=Bogus", "datetime"), ("datetime=2024-13-45", "datetime"),
        ("datetime=", "datetime"), ("datetime=" + "1" * 10_000, "datetime"),
        ("datetime=1970-01-03/1970-01-01", "datetime"), ("datetime=1970-02-30", "datetime"),
        ("datetime=a&datetime=b", "datetime"), ("subset=Lat(3)", "subset"),
        ("subset=depth", "subset"), ("subset=depth(a)", "depth"), ("subset=depth(nan)", "depth"),
        ("subset=depth(0:inf)", "depth"), ("subset=depth(1),depth(2)", "subset"),
        ("subset=" + "(" * 10_000, "subset"), ("subset=" + "depth(1)," * 5_000, "subset"),
        ("subset=time(1970-01-01T00:00:00Z)", "subset"),
        ("datetime=1970-01-01&subset=time(%221970-01-01%22)", "subset"),
        ("subset=depth(\0)", "depth"), ("f=gif", "f"), ("f=npy", "f"), ("F=png", "F"),
        ("time=1970-01-01", "time"), ("depth=10", "depth"),
        ("colormap_name=viridis", "colormap_name"), ("bbox=1,2,3,4", "bbox"),
        ("width=512", "width"),
    ],
)  # fmt: skip
def test_bad_parameters(client: TestClient, query: str, parameter: str) -> None:
    """400 names the parameter; what this route does not know is an error too."""
    answer = client.get(f"{TILE}?{query.replace(chr(0), '%00')}")
    assert problem(answer)[:2] == (400, parameter)


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("0/0/0", 200), ("2/3/3", 200), ("2/0/0", 200), ("2/4/0", 404), ("2/0/4", 404),
        ("3/0/0", 404), ("99/0/0", 404), ("2/-1/0", 404), ("2/0/99999999999999999999", 404),
        ("a/0/0", 400), ("2/1e3/0", 400), ("2/0/3.png", 400), ("2/٣/0", 400), ("2/%00/0", 400),
        ("2/0/" + "9" * 4000, 404),
    ],
)  # fmt: skip
def test_limits(client: TestClient, place: str, status: int) -> None:
    """Inside the limits of the tileset there is a tile, beyond them 404 (/req/core/tc-error)."""
    answer = client.get(f"{SST}/map/tiles/WebMercatorQuad/{place}")
    assert answer.status_code == status
    if status != 200:
        problem(answer)


@pytest.mark.parametrize("collection", ["sea.ice.extent", "utm.height", "sea.sst"])
def test_every_limit_holds(client: TestClient, collection: str) -> None:
    """The corners of every matrix are there, one tile beyond them is not."""
    lists = client.get(f"/ogc/collections/{collection}/map/tiles").json()["tilesets"]
    for listed in lists:
        tileset = client.get(listed["links"][0]["href"].removeprefix("http://localhost")).json()
        base = tileset["links"][0]["href"].removeprefix("http://localhost").partition("?")[0]
        for limit in tileset["tileMatrixSetLimits"][::3]:
            rows, cols = (
                (limit[f"minTile{axis}"], limit[f"maxTile{axis}"]) for axis in ("Row", "Col")
            )
            corners = {(row, col): 200 for row in rows for col in cols}
            beyond = {(rows[0] - 1, cols[0]): 404, (rows[0], cols[1] + 1): 404}
            for (row, col), status in (corners | beyond).items():
                answer = client.get(f"{base}/{limit['tileMatrix']}/{row}/{col}")
                assert answer.status_code == status, (base, limit, row, col)


def test_tiles_are_as_large_as_the_matrix_set_says(client: TestClient) -> None:
    """As many pixels as its tiles have (/req/core/tc-success C)."""
    matrices = client.get("/ogc/tileMatrixSets/WebMercatorQuad").json()["tileMatrices"]
    size = (matrices[2]["tileWidth"], matrices[2]["tileHeight"])
    assert Image.open(io.BytesIO(client.get(TILE).content)).size == size


def test_a_layer_without_times_has_any_datetime(client: TestClient) -> None:
    """It is associated with no time (/req/collections/rc-datetime-response B)."""
    path = "/ogc/collections/utm.height/map/tiles/WorldCRS84Quad/0/0/1"
    assert client.get(f"{path}?datetime=1999-01-01").content == client.get(path).content
    assert problem(client.get(f"{path}?subset=time(%221999-01-01%22)"))[:2] == (400, "subset")


def test_template_in_the_headers(client: TestClient) -> None:
    """The tileset's Link-Template (RFC 9652) leads to its tiles."""
    header = client.get(f"{SST}/map/tiles/WebMercatorQuad").headers["link-template"]
    template, *parameters = header.split("; ")
    assert parameters == ['rel="item"', 'type="image/png"']
    address = template.strip('"').format(tileMatrix=2, tileRow=1, tileCol=3)
    assert client.get(address.removeprefix("http://localhost")).content == client.get(TILE).content
