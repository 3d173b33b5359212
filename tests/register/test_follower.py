"""A catalogue follows its register, also one whose database misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from tests.servers import PostgresServer
from tests.sources.tiff.geotiffs import new_cache
from tileserver import catalogfile
from tileserver.catalog import Catalog
from tileserver.catalogfile import EntryMaker
from tileserver.register import database
from tileserver.register.follower import Follower
from tileserver.register.patience import Patience
from tileserver.register.register import Register
from tileserver.register.schema import DATASET, STATE

SEA = {"id": "sea", "url": "s3://bucket/sea.zarr"}


def following(url: str, check: Callable[[Follower, Catalog], Awaitable[None]]) -> None:
    """A check on a follower of a database, and the catalogue that it keeps."""

    async def run() -> None:
        with ThreadPoolExecutor(1) as pool:
            catalog = catalogfile.load([], {}, cache=new_cache(), pool=pool)
            register = Register(url)
            follower = Follower(register, EntryMaker.of([], {}, ()), catalog, Patience(1.0))
            try:
                await check(follower, catalog)
            finally:
                register.close()

    asyncio.run(run())


def test_database_that_stands_still(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Row 27: without a word, as when its machine is gone. It is told once, and goes on."""
    with PostgresServer() as server:

        async def check(follower: Follower, catalog: Catalog) -> None:
            assert await follower.catch_up()
            await follower.ask(follower.register.put, "sea", SEA, who="ann", expected="nothing")
            assert await follower.catch_up()
            server.freeze()
            try:
                for _ in range(2):
                    assert not await follower.catch_up()
                assert (list(catalog.entries), follower.is_up) == (["sea"], False)
            finally:
                server.thaw()
            while not await follower.catch_up():
                await asyncio.sleep(0.1)
            assert follower.is_up

        following(server.new_database(), check)
    assert len([r for r in caplog.records if "is served on" in r.getMessage()]) == 1


def test_older_state_in_its_place(tmp_path: Path) -> None:
    """A backup that was put back is shown as it is."""
    url = str(tmp_path / "tiles.db")

    async def check(follower: Follower, catalog: Catalog) -> None:
        await follower.catch_up()
        for name in ("a", "b"):
            follower.register.put(name, SEA | {"id": name}, who="ann", expected="nothing")
        assert await follower.catch_up()
        assert sorted(catalog.entries) == ["a", "b"]
        with database.connect(url).begin() as connection:
            connection.execute(text("DELETE FROM dataset WHERE id = 'b'"))
            connection.execute(text("DELETE FROM audit"))
            connection.execute(update(STATE).values(change=1))
        assert await follower.catch_up()
        assert sorted(catalog.entries) == ["a"]

    following(url, check)


def test_entries_that_are_no_longer_understood(tmp_path: Path) -> None:
    """Are listed with what is wrong, beside the others."""
    url = str(tmp_path / "tiles.db")

    async def check(follower: Follower, catalog: Catalog) -> None:
        await follower.catch_up()
        rows = [
            {"id": "old", "config": '{"id": "old", "url": "s3://b/x", "colour": 1}'},
            {"id": "odd", "config": '{"id": "odd"}'},
            {"id": "sea", "config": '{"id": "sea", "url": "s3://b/x"}'},
        ]
        with database.connect(url).begin() as connection:
            connection.execute(
                insert(DATASET), [row | {"revision": 1, "change": 1} for row in rows]
            )
            connection.execute(update(STATE).values(change=1))
        assert await follower.catch_up()
        errors = {name: entry.error for name, entry in catalog.entries.items()}
        assert errors == {
            "old": "colour: no such key: see docs/configuration.md",
            "odd": "url: it is missing, but needed",
            "sea": None,
        }

    following(url, check)
