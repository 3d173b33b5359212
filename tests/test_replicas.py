"""Replicas that have a Redis in common: what one learns of a dataset the others know."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
import zarr
from starlette.testclient import TestClient

from tests.redis.test_link import linked
from tests.scale.cubes import noisy, write_cube
from tests.servers import RedisServer
from tileserver.app import create_app
from tileserver.redis.facts import FUTURE_NS, FactShelf, Generations
from tileserver.settings import Settings

WITHIN_S = 20.0
ADMIN = {"Authorization": "Bearer secret"}
TILE = "/tiles/sea/t/0/0/0.webp?rescale=200,400"


@pytest.fixture
def catalog(tmp_path: Path) -> str:
    """Of two datasets."""
    for name in ("sea", "land"):
        write_cube(tmp_path / f"{name}.zarr", {"t": noisy(1, 18, 36)}, chunks=(1, 18, 36))
    entries = "{id: sea, url: sea.zarr}, {id: land, url: land.zarr}"
    (tmp_path / "catalog.yaml").write_text(f"datasets: [{entries}]")
    return str(tmp_path / "catalog.yaml")


Start = Callable[..., TestClient]


@pytest.fixture
def start(catalog: str, redis_server: RedisServer) -> Iterator[Start]:
    """Starts a replica that is ready."""
    with ExitStack() as stack:

        def begin(**more: object) -> TestClient:
            settings = Settings.model_validate(
                {"catalog": catalog, "redis": redis_server.url, "admin_token": "secret", **more}
            )
            client = stack.enter_context(TestClient(create_app(settings)))
            until(lambda: client.get("/readyz").status_code == 200)
            return client

        yield begin


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


async def keys(server: RedisServer) -> list[bytes]:
    """What is in a Redis."""
    async with linked(server.url) as link:
        found = await link.ask("KEYS", "*")
        assert isinstance(found, list)
        return [each for each in found if isinstance(each, bytes)]


def rewrite(catalog: str) -> None:
    """Other numbers in the same chunk, which no metadata tell of."""
    group = zarr.open_group(Path(catalog).parent / "sea.zarr", mode="r+")
    array = group["t"]
    assert isinstance(array, zarr.Array)
    array[...] = np.full((1, 18, 36), 300, "f4")


def test_what_is_opened_anew_at_one_is_at_all(start: Start, catalog: str) -> None:
    """Within seconds: nobody is shown what was drawn of data that were written in place since."""
    one, other = start(), start()
    before = one.get(TILE)
    assert other.get(TILE).content == before.content
    rewrite(catalog)
    assert one.post("/datasets/sea/refresh", headers=ADMIN).status_code == 200
    after = one.get(TILE)
    assert after.content != before.content
    until(lambda: other.get(TILE).headers["etag"] == after.headers["etag"])
    assert other.get(TILE).content == after.content


def test_a_replica_that_starts_later_takes_nothing_old(
    start: Start, catalog: str, redis_server: RedisServer
) -> None:
    """Redis still has what was drawn before, under the version of then."""
    one = start()
    before = one.get(TILE)
    rewrite(catalog)
    one.post("/datasets/sea/refresh", headers=ADMIN)
    after = one.get(TILE)
    until(lambda: b"tileserver:generations" in asyncio.run(keys(redis_server)))
    later = start().get(TILE)
    assert later.headers["etag"] == after.headers["etag"] != before.headers["etag"]
    assert later.content == after.content


def test_a_redis_that_forgets_is_told_again(
    start: Start, catalog: str, redis_server: RedisServer
) -> None:
    """By every replica that knows."""
    one = start()
    rewrite(catalog)
    one.post("/datasets/sea/refresh", headers=ADMIN)
    after = one.get(TILE)
    redis_server.kill()
    redis_server.start()
    until(lambda: b"tileserver:generations" in asyncio.run(keys(redis_server)))
    assert start().get(TILE).headers["etag"] == after.headers["etag"]


def test_listings_tell_of_what_others_have_opened(start: Start) -> None:
    """Extents and times of datasets that are not open here; of those that nobody has opened, no."""
    one = start(open_datasets=1)  # so that none is opened before it is asked for
    assert one.get("/datasets/sea").status_code == 200
    listed = one.get("/datasets").json()["datasets"]

    def known(replica: TestClient) -> dict[str, object]:
        found = replica.get("/datasets").json()["datasets"]
        assert [each["status"] for each in found] == ["pending", "pending"]
        return {each["id"]: each.get("bbox") for each in found}

    expected = {each["id"]: each.get("bbox") for each in listed}
    assert expected["sea"] is not None
    assert expected["land"] is None
    other = start(open_datasets=1)
    until(lambda: known(other) == expected)


def test_facts_that_are_damaged_are_none(redis_server: RedisServer) -> None:
    """As if nobody had told."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            shelf = FactShelf(link, age_s=60)
            await shelf.remember("a", {"bbox": [1, 2]})
            await shelf.remember("b", {"bbox": "x" * 100_000})
            assert await shelf.recall(["a", "b", "c"]) == [{"bbox": [1, 2]}, None, None]
            [key] = await link.ask("KEYS", "*:facts:*")
            await link.ask("SETRANGE", key, 12, b"9")
            assert await shelf.recall(["a"]) == [None]
            await link.close()
            assert await shelf.recall(["a"]) == [None]

    asyncio.run(run())


def test_generations_rise_only(redis_server: RedisServer) -> None:
    """Whoever tells, in whatever order; what lies ahead of all clocks is not believed."""

    async def run() -> None:
        now = time.time_ns()
        async with linked(redis_server.url) as link:
            generations = Generations(link)
            await generations.tell({"a": now, "b": 7})
            await generations.tell({"a": now - 1, "b": 10})
            assert await generations.known() == {"a": now, "b": 10}
            await generations.tell({"a": now + 1, "c": now + 2 * FUTURE_NS})
            assert await generations.known() == {"a": now + 1, "b": 10}

    asyncio.run(run())
