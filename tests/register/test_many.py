"""Ten thousand registered datasets are served as soon as ten."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import pytest
from sqlalchemy import insert, update
from starlette.testclient import TestClient

from tests.register.test_registration import until, value, write
from tileserver.app import create_app
from tileserver.register import database
from tileserver.register.register import Register
from tileserver.register.schema import DATASET, STATE
from tileserver.settings import Settings

COUNT = 10_000
READY_S = 5.0


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A database of very many datasets, one of which can be opened."""
    write(tmp_path / "sea.zarr", 1.0)
    path = tmp_path / "tiles.db"
    engine = database.connect(str(path))
    database.upgrade(engine)
    entries = [
        {"id": f"d{n}", "url": f"s3://bucket/{n}.zarr", "title": f"Number {n}", "keywords": ["x"]}
        for n in range(COUNT - 1)
    ]
    entries.append({"id": "sea", "url": str(tmp_path / "sea.zarr")})
    rows = [
        {"id": e["id"], "config": orjson.dumps(e).decode(), "revision": 1, "change": n + 1}
        for n, e in enumerate(entries)
    ]
    with engine.begin() as connection:
        connection.execute(insert(DATASET), rows)
        connection.execute(update(STATE).values(change=COUNT))
    engine.dispose()
    return path


def test_very_many_registered_datasets(full: Path) -> None:
    """All are listed, each is opened when it is asked for, and changes are followed."""
    with TestClient(create_app(Settings(database=str(full)))) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/datasets?limit=1").json()["total"] == COUNT
        assert value(client) == 1.0
        register = Register(str(full))
        register.remove("d7", who="ann")
        register.put("new", {"id": "new", "url": "s3://b/x"}, who="ann", expected="nothing")
        register.remove("sea", who="ann")
        register.close()
        assert until(lambda: value(client) == 404)
        assert client.get("/datasets?limit=1").json()["total"] == COUNT - 1


@pytest.mark.paced
def test_start_with_very_many(full: Path) -> None:
    """It is ready within five seconds."""
    begun = time.monotonic()
    with TestClient(create_app(Settings(database=str(full)))) as client:
        assert client.get("/readyz").status_code == 200
    assert time.monotonic() - begun < READY_S
