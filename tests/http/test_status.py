"""What administrators are told of the server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.servers import PostgresServer, RedisServer
from tests.test_freshness import until
from tileserver import __version__
from tileserver.app import create_app
from tileserver.settings import Settings

ADMIN = {"Authorization": "Bearer secret"}


@pytest.fixture(scope="module")
def client(demo_data: Path) -> Iterator[TestClient]:
    catalog = demo_data.parent / "broken.yaml"
    catalog.write_text("datasets: [{id: gone, url: gone.zarr, title: Went away}]")
    settings = Settings(catalog=(str(demo_data), str(catalog)), admin_token="secret")
    with TestClient(create_app(settings)) as client:
        while client.get("/readyz").status_code != 200:
            pass
        yield client


def test_status(client: TestClient) -> None:
    """Workers, requests, caches and storages."""
    before = client.get("/status", headers=ADMIN).json()
    for _ in range(3):
        client.get("/tiles/ocean/sst/1/0/0.png")
    client.get("/tiles/gone/sst/1/0/0.png")
    answer = client.get("/status", headers=ADMIN)
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["version"] == __version__
    assert before["time"] <= told["time"]
    assert told["started"] <= told["time"]
    [worker] = told["workers"]
    assert worker["worker"] == 1
    assert worker["memory_bytes"] > 1 << 20
    assert {"pid", "started", "in_flight", "waiting", "open_files", "lag_ms"} <= worker.keys()
    assert told["requests"]["total"] == before["requests"]["total"] + 5
    assert told["requests"]["errors"] == before["requests"]["errors"] + 1
    assert told["requests"]["by_status"]["502"] == 1
    caches = {cache["name"]: cache for cache in told["caches"]}
    assert caches["pictures"]["items"] == 1
    assert caches["pictures"]["hits"] >= 2
    assert caches["chunks"]["bytes"] <= caches["chunks"]["limit"]
    [disk] = told["storages"]
    assert (disk["name"], disk["datasets"]) == ("disk", told["datasets"]["total"])
    assert disk["requests"] > 0
    assert disk["latency_ms"] > 0
    assert told["services"] == []


def test_those_in_trouble_come_first(client: TestClient) -> None:
    """With what is wrong; numbers are of all."""
    told = client.get("/status?limit=2", headers=ADMIN).json()["datasets"]
    first, second = told["items"]
    assert first["id"] == "gone"
    assert (first["status"], first["title"], first["version"]) == ("error", "Went away", None)
    assert first["error"]
    assert second["status"] == "ready"
    assert first["looked"] is None
    assert second["looked"] is not None
    assert (second["origin"], second["private"]) == ("file", False)
    assert "error" not in second
    assert told["error"] == 1
    assert told["ready"] == told["total"] - 1


@pytest.mark.parametrize(
    ("query", "found"),
    [("q=went", ["gone"]), ("status=error", ["gone"]), ("q=ocean global", ["ocean"]),
     ("q=nothing", []), ("offset=100", [])],
)  # fmt: skip
def test_datasets_are_found(client: TestClient, query: str, found: list[str]) -> None:
    """By words in id and title, by status, by page."""
    told = client.get(f"/status?{query}", headers=ADMIN).json()["datasets"]
    assert [item["id"] for item in told["items"]] == found


def test_parameters_are_checked(client: TestClient) -> None:
    """As everywhere."""
    for query in ("status=fine", "limit=0", "nonsense=1"):
        assert client.get(f"/status?{query}", headers=ADMIN).status_code == 400


def test_nobody_else_is_told(client: TestClient) -> None:
    """It takes the scope admin."""
    assert client.get("/status").status_code == 401


def test_services_are_told(
    demo_data: Path, postgres_server: PostgresServer, redis_server: RedisServer
) -> None:
    """The database and Redis, where there are some, also when they go away and come back; a
    dataset that is registered says so."""
    database = postgres_server.new_database()
    settings = Settings(
        catalog=(str(demo_data),), admin_token="secret", database=database, redis=redis_server.url
    )
    with TestClient(create_app(settings)) as client:

        def services() -> dict[str, str]:
            told = client.get("/status", headers=ADMIN).json()["services"]
            return {each["name"]: each["status"] for each in told}

        assert services() == {"database": "ready", "redis": "ready"}
        entry = {"id": "added", "url": "https://nowhere.invalid/nothing.zarr"}
        made = client.post("/datasets?check=false", json=entry, headers=ADMIN)
        assert made.status_code == 201, made.text
        items = client.get("/status?q=added", headers=ADMIN).json()["datasets"]["items"]
        assert [(item["id"], item["origin"]) for item in items] == [("added", "database")]
        redis_server.stop()
        postgres_server.stop()
        try:
            until(lambda: services() == {"database": "trouble", "redis": "trouble"})
        finally:
            postgres_server.start()
        redis_server.start()
        until(lambda: services() == {"database": "ready", "redis": "ready"})
