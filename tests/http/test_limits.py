"""What would cost too much is refused before anything is read; areas are repaired or refused."""

import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.cube import Raw
from tileserver.settings import Settings

made: list[Catalog] = []


def kept(cache: ByteCache[Raw], pool: object) -> Catalog:
    made.append(catalog(cache))
    return made[-1]


@pytest.fixture
def tight() -> Iterator[TestClient]:
    """A server that may read next to nothing."""
    settings = Settings(tile_read_bytes=1000, series_read_bytes=1000, body_bytes=5000)
    with TestClient(create_app(settings, kept)) as client:
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


def polygon(*points: tuple[float, float]) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": [[list(p) for p in points]]}


@pytest.mark.parametrize(
    "url",
    [
        "/tiles/sea/sst/0/0/0",
        "/tiles/sea/flow/1/0/0.jpg",
        "/timeseries/sea/sst?bbox=-180,-90,180,90",
        "/timeseries/sea/sst?lon=1&lat=1",
        "/statistics/sea/sst",
    ],
)
def test_too_much_is_refused_before_any_read(tight: TestClient, url: str) -> None:
    """Row 12: 413 with the estimate and the limit, and the source was not asked."""
    answer = tight.get(url)
    assert answer.status_code == 413, answer.text
    detail = answer.json()["detail"]
    assert "would read" in detail
    assert "the limit is" in detail
    assert made[-1]["sea"].source.reads == []


@pytest.mark.parametrize("route", ["timeseries", "statistics"])
def test_body_over_the_limit_is_not_parsed(tight: TestClient, route: str) -> None:
    """Row 10: 413, whatever it holds."""
    answer = tight.post(f"/{route}/sea/sst", content=b"[" * 6000)
    assert (answer.status_code, "5000 bytes" in answer.json()["detail"]) == (413, True)


def test_xml_is_not_parsed(client: TestClient) -> None:
    """Row 15: 415, a DTD is never looked at."""
    body = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    answer = client.post(
        "/timeseries/sea/sst", content=body, headers={"content-type": "application/xml"}
    )
    assert answer.status_code == 415


def test_bow_tie_is_repaired(client: TestClient) -> None:
    """Row 11: a polygon that crosses itself covers its two halves."""
    tie = polygon((0, 0), (20, 20), (20, 0), (0, 20), (0, 0))
    answer = client.post("/timeseries/sea/sst?aggregate=count", json=tie)
    assert answer.status_code == 200
    assert min(answer.json()["values"]["count"]) > 0


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(polygon()),
        json.dumps(polygon((0, 0), (1, 1))),
        '{"type":"Polygon","coordinates":[[[0,0],[1,NaN],[1,1],[0,0]]]}',
        json.dumps(polygon((0, 0), (0, 99), (1, 1), (0, 0))),
        json.dumps({"type": "Circle"}),
        json.dumps({"type": "FeatureCollection", "features": []}),
        "[]",
        "",
    ],
)
def test_unusable_area_says_what(client: TestClient, body: str) -> None:
    """Row 11: 400 that names the body."""
    answer = client.post("/timeseries/sea/sst", content=body)
    assert answer.status_code == 400, answer.text
    assert "body" in answer.json()["detail"]


def test_area_across_180_is_the_same_however_written(client: TestClient) -> None:
    """Row 11: beyond 180, with a jump, and as a box with west > east."""
    beyond = polygon((170, -20), (190, -20), (190, 20), (170, 20), (170, -20))
    jump = polygon((170, -20), (-170, -20), (-170, 20), (170, 20), (170, -20))
    url = "/timeseries/sea/sst?aggregate=mean,count"
    answers = [client.post(url, json=area).json()["values"] for area in (beyond, jump)]
    answers.append(client.get(f"{url}&bbox=170,-20,-170,20").json()["values"])
    assert answers[0]["count"][0] > 0
    for other in answers[1:]:
        assert other["count"] == answers[0]["count"]
        assert other["mean"] == pytest.approx(answers[0]["mean"])
