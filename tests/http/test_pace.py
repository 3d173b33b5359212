"""How often one client may ask: by name or address, whatever others do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.benchmarks import load
from tests.conftest import running
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.http.links import forwarded_for
from tileserver.settings import Settings

TILE = "/tiles/sea/sst/1/0/0"
ADMIN = {"Authorization": "Bearer secret"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A server where each client has three requests, and another after an hour."""
    settings = Settings(
        client_rate=1 / 3600,
        client_burst=3,
        admin_token="secret",
        trusted_proxies="10.0.0.0/8,192.0.2.1",
    )
    app = create_app(settings, catalog)
    with TestClient(app, client=("10.0.0.1", 5)) as client:
        yield client


def of(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def test_too_many_are_429(client: TestClient) -> None:
    """The fourth is refused with when to come back; what is left is told before."""
    answers = [client.get(TILE, headers=of("198.51.100.1")) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    assert [a.headers["ratelimit"].partition(";t=")[0] for a in answers] == [
        f'"client";r={left}' for left in (2, 1, 0, 0)
    ]
    refused = answers[-1]
    assert refused.headers["ratelimit-policy"] == '"client";q=3;w=10800'
    assert 3590 <= int(refused.headers["retry-after"]) <= 3600
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["cache-control"] == "no-store"
    assert refused.headers["access-control-allow-origin"] == "*"
    assert "try again in" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("service", "root", "address"),
    [
        ("WMTS", b"<ExceptionReport", "198.51.100.1"),
        ("WMS", b"<ServiceExceptionReport", "198.51.100.2"),
    ],
)
def test_refusals_of_ogc_services_are_xml(
    client: TestClient, service: str, root: bytes, address: str
) -> None:
    """An exception report in the protocol's own words, as all errors there."""
    url = f"/{service.lower()}?service={service}&request=GetCapabilities"
    refused = [client.get(url, headers=of(address)) for _ in range(4)][-1]
    assert refused.status_code == 429
    assert root in refused.content


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (of("198.51.100.1"), of("198.51.100.2")),
        (of("2001:db8:0:1::1"), of("2001:db8:0:2::1")),
        (of("198.51.100.1"), {**of("198.51.100.1"), **ADMIN}),
        (of("198.51.100.1"), of("10.0.0.9")),
    ],
)
def test_others_are_not_concerned(client: TestClient, first: dict, second: dict) -> None:
    """Another address, another site of IPv6, a caller with a name."""
    for _ in range(4):
        client.get(TILE, headers=first)
    assert client.get(TILE, headers=first).status_code == 429
    assert client.get(TILE, headers=second).status_code == 200


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (of("198.51.100.1"), of("203.0.113.7, 198.51.100.1")),
        (of("198.51.100.1"), of("203.0.113.7, 198.51.100.1, 10.0.0.2")),
        (of("198.51.100.1"), of("::ffff:198.51.100.1")),
        (of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff::9")),
        ({**of("198.51.100.1"), **ADMIN}, {**of("198.51.100.2"), **ADMIN}),
    ],
)
def test_nobody_is_two(client: TestClient, first: dict, second: dict) -> None:
    """By made-up hops, addresses of one site, or from elsewhere with one name."""
    for _ in range(3):
        assert client.get(TILE, headers=first).status_code == 200
    assert client.get(TILE, headers=second).status_code == 429


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/static/main.js"])
def test_watchers_are_free(client: TestClient, path: str) -> None:
    """Health and metrics are answered however often they are asked for."""
    statuses = {client.get(path, headers={**of("198.51.100.1"), **ADMIN}).status_code
                for _ in range(9)}  # fmt: skip
    assert statuses == {200}


PROXIES = ("10.0.0.0/8",)


@pytest.mark.parametrize(
    ("peer", "told", "expected"),
    [
        ("198.51.100.1", ["203.0.113.7"], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7", "203.0.113.8"], "203.0.113.8"),
        ("10.0.0.1", ["1.2.3.4, 203.0.113.8 , 10.2.2.2"], "203.0.113.8"),
        ("10.0.0.1", ["1.2.3.4, nonsense, 10.2.2.2"], "10.2.2.2"),
        ("10.0.0.1", ["10.3.3.3,10.2.2.2"], "10.3.3.3"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7:4711"], "10.0.0.1"),
        ("10.0.0.1", ["\xff, 203.0.113.7"], "203.0.113.7"),
    ],
)
def test_forwarded_address(peer: str, told: list[str], expected: str) -> None:
    """The last hop that no trusted proxy is; what is no address is not believed."""
    headers = [(b"x-forwarded-for", each.encode("latin-1")) for each in told]
    assert forwarded_for({"client": (peer, 5), "headers": headers}, PROXIES) == expected
    assert forwarded_for({"client": (peer, 5), "headers": headers}, ()) == peer
    assert forwarded_for({"client": None, "headers": headers}, PROXIES) == ""


def status(url: str) -> int:
    """Of one request, on a connection of its own."""
    port = int(url.rpartition(":")[2])
    return load.fetch(port, "/datasets", "Connection: close").status


def test_workers_count_together(demo_data: Path) -> None:
    """However connections are dealt to two workers, a client has its burst once."""
    rate = {"TILESERVER_CLIENT_RATE": "0.001", "TILESERVER_CLIENT_BURST": "20"}
    with running("--catalog", str(demo_data), "--workers", "2", **rate) as url:
        assert [status(url) for _ in range(40)] == [200] * 20 + [429] * 20
