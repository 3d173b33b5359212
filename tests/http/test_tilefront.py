"""Tiles that are answered before the router: just as the router answers them."""

from collections.abc import Iterator

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from tests.http.changing import App
from tests.services.memory_catalog import sea
from tileserver.dataset import make_dataset
from tileserver.http.tileset import TILE
from tileserver.sources.memory import MemorySource

ROUTED = "/tiles/sea/sst/1/0/0.webp"  # takes longer than a moment: the first time by the router
AT_ONCE = "/tiles/sea/sst/1/0/0.png"


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    with TestClient(app.app) as client:
        yield client


def lasting(answer: Response) -> dict[str, str]:
    """The headers that do not tell how the answer was made."""
    return {k: v for k, v in answer.headers.items() if k not in ("server-timing", "x-request-id")}


def is_hit(answer: Response) -> bool:
    return answer.headers.get("server-timing") == "cache;desc=hit"


@pytest.mark.parametrize("query", ["", "?time=1970-01-02T05:00:00Z", "?tilesize=512&depth=10"])
def test_answer_is_the_routers(client: TestClient, query: str) -> None:
    """Status, body and headers of what was kept are those of what the router answered."""
    first, *again = (client.get(f"{ROUTED}{query}") for _ in range(3))
    assert not is_hit(first)
    assert is_hit(again[1])
    for answer in again:
        assert (answer.status_code, answer.content) == (200, first.content)
        assert lasting(answer) == lasting(first)


def test_new_picture_has_the_same_headers(client: TestClient) -> None:
    """One that is drawn before the router differs in what is its own only."""
    routed, drawn = client.get(ROUTED), client.get(AT_ONCE)
    assert "draw;dur=" in drawn.headers["server-timing"]
    assert "wait;dur=" not in drawn.headers["server-timing"]
    assert routed.headers.keys() == drawn.headers.keys()
    own = ("etag", "content-type", "content-length")
    assert {k: v for k, v in lasting(routed).items() if k not in own} == {
        k: v for k, v in lasting(drawn).items() if k not in own
    }
    assert drawn.headers["content-length"] == str(len(drawn.content))


@pytest.mark.parametrize("path", [ROUTED, AT_ONCE])
def test_known_picture_is_304(client: TestClient, path: str) -> None:
    """Whether it is kept or not, with the headers that the router's 304 has."""
    etag = client.get(path).headers["etag"]
    kept = client.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    pinned = f"{path}?method=nearest"  # another address of the same picture
    fresh = client.get(pinned, headers={"If-None-Match": etag})
    for answer in (kept, fresh):
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "content-length" not in answer.headers
        assert "content-type" not in answer.headers


def test_known_picture_is_not_drawn(app: App, client: TestClient) -> None:
    """A 304 takes no reading: not of a picture that was made before the server started."""
    etag = client.get(AT_ONCE).headers["etag"]
    started = App()
    with TestClient(started.app) as other:
        source = started.catalog["sea"].source
        assert isinstance(source, MemorySource)
        assert other.get(AT_ONCE, headers={"If-None-Match": etag}).status_code == 304
        assert source.reads == []
        assert other.get(AT_ONCE).status_code == 200


def test_order_of_parameters_is_no_matter(client: TestClient) -> None:
    """Nor the order in which they are kept."""
    first = client.get(f"{AT_ONCE}?depth=10&opacity=0.5&time=1970-01-03")
    other = client.get(f"{AT_ONCE}?time=1970-01-03&depth=10&opacity=0.5")
    assert is_hit(other)
    assert other.content == first.content


def test_head_has_no_body(client: TestClient) -> None:
    """But the headers of GET."""
    answer = client.get(AT_ONCE)
    assert lasting(client.head(AT_ONCE)) == lasting(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/tiles/sea/sst/1/0/2.png",
        "/tiles/sea/sst/1/0/0.gif",
        "/tiles/nowhere/sst/1/0/0.png",
        "/tiles/sea/none/1/0/0.png",
        "/tiles/sea/sst/NoSuchQuad/1/0/0.png",
        "/tiles/sea/sst/1/0/0.png?colour=red",
        "/tiles/sea/sst/1/0/0.png?time=1970-01-02&time=1970-01-03",
        "/tiles/sea/sst/1/0/0.png?time=%FF%FE",
        "/tiles/sea/flow/1/0/0.png?algorithm=hillshade",
        "/tiles/sea/sst/1/0",
        "/tiles/sea/sst/a/b/c/d/e",
        "/tiles/",
    ],
)
def test_what_is_wrong_is_told_by_the_router(client: TestClient, path: str) -> None:
    """The same problem the first and the second time; nothing of it is kept."""
    first, second = (client.get(path, headers={"X-Request-ID": "same"}) for _ in range(2))
    assert 400 <= first.status_code < 500
    assert first.headers["content-type"] == "application/problem+json"
    assert (second.status_code, second.content) == (first.status_code, first.content)


def test_dataset_opened_anew_is_drawn_anew(app: App, client: TestClient) -> None:
    """An answer of an older version is passed over, its ETag no longer known."""
    old = client.get(AT_ONCE)
    entry = app.catalog.entries["sea"]
    source = sea().source
    assert isinstance(source, MemorySource)
    negative = {name: tuple(250 - a for a in arrays) for name, arrays in source.arrays.items()}
    entry.dataset = make_dataset(entry.config, MemorySource(source.cube, negative, version="1"))
    new = client.get(AT_ONCE, headers={"If-None-Match": old.headers["etag"]})
    assert new.status_code == 200
    assert new.headers["etag"] != old.headers["etag"]
    assert new.content != old.content


def test_below_a_root_path() -> None:
    """Behind a proxy that mounts the server below a path, tiles are answered at once too."""
    with TestClient(App(root_path="/maps").app, root_path="/maps") as client:
        first = client.get(f"/maps{AT_ONCE}")
        assert (first.status_code, is_hit(first)) == (200, False)
        assert is_hit(client.get(f"/maps{AT_ONCE}"))


def test_answers_are_counted(client: TestClient) -> None:
    """Kept or not, tiles stand in the metrics."""
    for _ in range(3):
        client.get(AT_ONCE)
    etag = client.get(AT_ONCE).headers["etag"]
    client.get(AT_ONCE, headers={"If-None-Match": etag})
    lines = client.get("/metrics").text.splitlines()
    route = f'route="{TILE}"'
    assert f'tileserver_requests_total{{{route},status="200"}} 4.0' in lines
    assert f'tileserver_requests_total{{{route},status="304"}} 1.0' in lines
    assert f"tileserver_request_seconds_count{{{route}}} 5.0" in lines
