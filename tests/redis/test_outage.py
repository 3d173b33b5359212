"""Two servers and their Redis, which dies, hangs and comes back while they serve."""

import re
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.conftest import running
from tests.scale.cubes import noisy, write_cube
from tests.servers import RedisServer
from tileserver.app import create_app
from tileserver.settings import Settings

ROUNDS = 20  # of tiles that nobody has asked for before, in each state of Redis
WITHIN_S = 20.0
HITS = 'tileserver_redis_items_total{kind="tile",result="hits"}'


def get(url: str) -> bytes:
    """A body; any other answer than a good one raises."""
    with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:
        body = answer.read()
        assert isinstance(body, bytes)
        return body


def figure(server: str, name: str) -> float:
    """One of its metrics."""
    found = re.search(rf"(?m)^{re.escape(name)} (.*)$", get(f"{server}/metrics").decode())
    assert found is not None
    return float(found[1])


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    """Of a small cube."""
    write_cube(tmp_path / "sea.zarr", {"sst": noisy(1, 90, 180)}, chunks=(1, 90, 180))
    (tmp_path / "catalog.yaml").write_text("datasets: [{id: sea, url: sea.zarr}]")
    return str(tmp_path / "catalog.yaml")


def test_every_tile_is_right_whatever_becomes_of_redis(
    catalog: str, redis_server: RedisServer
) -> None:
    """Dead, hanging, back with nothing in it: no answer fails, and each is that of a server that
    has no Redis; what is shared is shared again by itself."""
    numbers = count(1)
    environment = {"TILESERVER_REDIS": redis_server.url}
    with (
        TestClient(create_app(Settings(catalog=(catalog,)))) as alone,
        running("--catalog", catalog, **environment) as one,
        running("--catalog", catalog, **environment) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        servers = one, other

        def are_right() -> bool:
            limits = islice(numbers, ROUNDS)
            paths = [f"/tiles/sea/sst/1/0/0.webp?rescale=200,{400 + each}" for each in limits]
            found = [list(pool.map(get, [each + path for each in servers])) for path in paths]
            return found == [[alone.get(path).content] * 2 for path in paths]

        def all_tell(value: float) -> bool:
            return all(figure(each, "tileserver_redis_up") == value for each in servers)

        def hits() -> float:
            return sum(figure(server, HITS) for server in servers)

        assert are_right()
        shared = hits()
        assert shared >= ROUNDS / 2  # who asks while Redis is late draws itself
        for deed, remedy in (
            (redis_server.kill, redis_server.start),
            (redis_server.freeze, redis_server.thaw),
        ):
            doing = threading.Timer(0.1, deed)
            doing.start()
            assert are_right()
            doing.join()
            assert are_right()  # in any case while it is away
            until(lambda: all_tell(0))
            remedy()
            until(lambda: all_tell(1))
        assert are_right()
        assert hits() > shared
