"""Pictures that are answered before the router: just as the router answers them."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from starlette.testclient import TestClient

from tests.http.changing import App
from tests.http.ogc.wms_client import MAP
from tileserver.dataset import make_dataset
from tileserver.sources.memory import MemorySource

ADDRESS = f"/wms?{urlencode(MAP | {'LAYERS': 'sea.sst,sea.kind'})}"


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def client(app: App) -> Iterator[TestClient]:
    with TestClient(app.app, "http://localhost") as client:
        yield client


def is_hit(answer: object) -> bool:
    return answer.headers.get("server-timing") == "cache;desc=hit"  # type: ignore[attr-defined]


def test_a_picture_is_remembered(client: TestClient) -> None:
    """Not before it was asked for once; not for another query, nor another Accept."""
    assert not is_hit(client.get(ADDRESS))
    assert is_hit(client.get(ADDRESS))
    assert not is_hit(client.get(f"{ADDRESS}&x=1"))
    assert not is_hit(client.get(ADDRESS, headers={"Accept": "image/png"}))
    assert is_hit(client.get(ADDRESS, headers={"Accept": "image/png"}))


def test_all_else_is_not(client: TestClient) -> None:
    """Neither errors nor documents, facts and legends, whose bodies the engine has not."""
    info = {"REQUEST": "GetFeatureInfo", "QUERY_LAYERS": "sea.sst", "I": "1", "J": "1"}
    addresses = [
        ADDRESS.replace("sea.kind", "nothing"),
        "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
        "/wms?REQUEST=GetLegendGraphic&LAYER=sea.sst",
        f"/wms?{urlencode(MAP | info | {'INFO_FORMAT': 'text/plain'})}",
        "/wms",
    ]
    for address in addresses:
        answers = [client.get(address) for _ in range(3)]
        assert not any(map(is_hit, answers)), address
        assert len({answer.content for answer in answers}) == 1


def test_other_data_are_another_picture(app: App, client: TestClient) -> None:
    """A dataset that was opened anew is not answered by what it was; the others are."""
    other = f"/wms?{urlencode(MAP | {'LAYERS': 'utm.height'})}"
    old = [client.get(address) for address in (ADDRESS, ADDRESS, other, other)]
    assert is_hit(old[1])
    assert is_hit(old[3])
    entry = app.catalog.entries["sea"]
    assert entry.dataset is not None
    source = entry.dataset.source
    assert isinstance(source, MemorySource)
    arrays = {name: tuple(a + 1 for a in each) for name, each in source.arrays.items()}
    changed = MemorySource(source.cube, arrays, version="another")
    entry.dataset = make_dataset(entry.config, changed)
    new = client.get(ADDRESS)
    assert not is_hit(new)
    assert new.headers["etag"] != old[0].headers["etag"]
    assert new.content != old[0].content
    assert is_hit(client.get(ADDRESS))
    assert is_hit(client.get(other))


def test_long_queries_are_not_kept(client: TestClient) -> None:
    """They would cost more than they save."""
    address = f"{ADDRESS}&x={'y' * 2000}"
    assert not any(is_hit(client.get(address)) for _ in range(3))


def test_below_a_root(app: App) -> None:
    """Behind a proxy that mounts the server below a path."""
    with TestClient(app.app, "http://localhost", root_path="/maps") as client:
        client.get(f"/maps{ADDRESS}")
        assert is_hit(client.get(f"/maps{ADDRESS}"))


def test_hits_are_counted(client: TestClient) -> None:
    """With the other answers of the service."""
    for _ in range(3):
        client.get(ADDRESS)
    counted = 'tileserver_requests_total{route="/wms",status="200"} 3.0'
    assert counted in client.get("/metrics").text
