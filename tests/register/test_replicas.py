"""Two servers of two workers each on one PostgreSQL: all of them follow, whatever becomes of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.conftest import running
from tests.register.test_registration import write
from tests.servers import PostgresServer

TOKEN = "of-the-operator"
ASKED = 12  # times, each on a connection of its own, so that every worker has a turn
PROMISED_S = 2.0
POLLED_S = 0.5  # that asking all of them may take itself
WITHIN_S = 30


def ask(url: str, method: str = "GET", body: Any = None) -> tuple[int, Any]:
    """Status and document."""
    data = None if body is None else json.dumps(body).encode()
    head = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    try:
        with urlopen(Request(url, data, head, method=method), timeout=20) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except HTTPError as error:
        return error.code, error.read().decode()


def took(what: Callable[[], bool]) -> float:
    """How long it takes until something holds."""
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < WITHIN_S
        time.sleep(0.05)
    return time.monotonic() - begun


def says(servers: list[str], status: int, value: float | None = None) -> bool:
    """Whether all workers of all servers say the same of the sea."""
    for server in servers:
        for _ in range(ASKED):
            said, document = ask(f"{server}/point/sea/sst?lon=0&lat=0")
            if said != status or (value is not None and document["value"] != value):
                return False
    return True


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.mark.paced
def test_all_workers_follow(database: PostgresServer, tmp_path: Path) -> None:
    """Within two seconds; served on while the database is down; nobody asked meanwhile fails."""
    write(tmp_path / "sea.zarr", 1.0)
    write(tmp_path / "other.zarr", 2.0)
    environment = {
        "TILESERVER_DATABASE": database.new_database(),
        "TILESERVER_ADMIN_TOKEN": TOKEN,
        "TILESERVER_ALLOWED_URLS": str(tmp_path),
    }
    with ExitStack() as stack:
        start = running("--workers", "2", **environment), running("--workers", "2", **environment)
        one, two = servers = [stack.enter_context(each) for each in start]
        assert says(servers, 404)
        entry = {"id": "sea", "url": str(tmp_path / "sea.zarr")}
        assert ask(f"{one}/datasets", "POST", entry)[0] == 201
        assert took(lambda: says(servers, 200, 1.0)) < PROMISED_S + POLLED_S

        other = {"url": str(tmp_path / "other.zarr")}
        assert ask(f"{two}/datasets/sea", "PUT", other)[0] == 428
        database.kill()
        assert ask(f"{two}/datasets/sea", "DELETE")[0] == 503
        time.sleep(1.5)
        assert says(servers, 200, 1.0)
        database.start()
        took(lambda: ask(f"{two}/audit")[0] == 200)

        assert ask(f"{two}/datasets/sea", "DELETE")[0] == 204
        assert took(lambda: says(servers, 404)) < PROMISED_S + POLLED_S
