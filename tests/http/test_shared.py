"""What workers and servers share: what one has made, the other need not."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.http.test_tilefront import App
from tests.servers import RedisServer
from tileserver.errors import CatalogError
from tileserver.sources.memory import MemorySource

SLOW = "/tiles/sea/sst/1/0/0.webp"
LEGEND = "/legend/sea/_.json?expression=sst%2B1"  # whose range is taken from the data


def reads(app: App) -> int:
    source = app.catalog["sea"].source
    assert isinstance(source, MemorySource)
    return len(source.reads)


def answers_without_reading(first: App, second: App) -> None:
    with TestClient(first.app) as client:
        made = client.get(SLOW)
        assert reads(first) > 0
    with TestClient(second.app) as client:
        found = client.get(SLOW)
        assert reads(second) == 0
    assert (found.status_code, found.content) == (200, made.content)
    assert found.headers["etag"] == made.headers["etag"]


def test_second_worker_reads_nothing(tmp_path: Path) -> None:
    """It answers with the picture of the first."""
    folder = str(tmp_path / "tiles")
    answers_without_reading(App(shared_tiles=folder), App(shared_tiles=folder))


def test_damaged_picture_is_made_anew(tmp_path: Path) -> None:
    """Nobody is served half a file."""
    first, second = (App(shared_tiles=str(tmp_path)) for _ in range(2))
    with TestClient(first.app) as client:
        made = client.get(SLOW)
    [file] = [path for path in tmp_path.glob("*/*") if len(path.name) == 32]
    file.write_bytes(file.read_bytes()[:-5])
    with TestClient(second.app) as client:
        assert client.get(SLOW).content == made.content
        assert reads(second) > 0


def test_second_server_reads_nothing(redis_server: RedisServer) -> None:
    """It answers with the picture of the first, which it has from Redis."""
    url = redis_server.url
    answers_without_reading(App(redis=url), App(redis=url))


def test_second_server_takes_no_range(redis_server: RedisServer) -> None:
    """Default colours take samples of the data once for all servers."""
    first, second = (App(redis=redis_server.url) for _ in range(2))
    with TestClient(first.app) as client:
        legend = client.get(LEGEND).json()
        assert reads(first) > 0
    with TestClient(second.app) as client:
        assert client.get(LEGEND).json() == legend
        assert reads(second) == 0


def test_folder_and_redis_together(tmp_path: Path, redis_server: RedisServer) -> None:
    """The folder is asked first, and given what came from Redis."""
    folder = str(tmp_path)
    first, second = App(redis=redis_server.url), App(redis=redis_server.url, shared_tiles=folder)
    third = App(shared_tiles=folder)
    for app, reading in ((first, True), (second, False), (third, False)):
        with TestClient(app.app) as client:
            assert client.get(SLOW).status_code == 200
            assert (reads(app) > 0) == reading


def test_servers_without_their_redis(redis_server: RedisServer) -> None:
    """They start, draw and end as others do."""
    redis_server.kill()
    app = App(redis=redis_server.url)
    with TestClient(app.app) as client:
        assert client.get(SLOW).status_code == 200
        assert client.get("/readyz").status_code == 200


def test_url_that_is_none_is_told() -> None:
    """In one line, without what may be a password."""
    with (
        pytest.raises(CatalogError, match=r"^redis: expected redis://") as refusal,
        TestClient(App(redis="redis://me:secret@host:port").app),
    ):
        pass
    assert "secret" not in str(refusal.value)


def test_what_redis_does_is_told(redis_server: RedisServer) -> None:
    """Whether it is there, what it was asked, and what came of it."""
    first, second = (App(redis=redis_server.url) for _ in range(2))
    for app in (first, second):
        with TestClient(app.app) as client:
            client.get(SLOW)
            told = client.get("/metrics").text
    assert "tileserver_redis_up 1.0\n" in told
    assert 'tileserver_redis_items_total{kind="tile",result="hits"} 1.0\n' in told
    assert 'tileserver_redis_items_total{kind="tile",result="misses"} 0.0\n' in told
    assert "tileserver_redis_seconds_count 0.0\n" not in told


def test_limits_of_a_client_hold_for_all_servers(redis_server: RedisServer) -> None:
    """However its requests are dealt to them; without Redis each counts for itself."""
    limits = {"redis": redis_server.url, "client_rate": "0.001", "client_burst": "4"}
    with TestClient(App(**limits).app) as one, TestClient(App(**limits).app) as other:
        answers = [client.get(LEGEND) for client in (one, other, one, other, one, other)]
        assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
        assert 900 < int(answers[-1].headers["retry-after"]) <= 1000
        redis_server.kill()
        assert one.get(LEGEND).status_code == 200
