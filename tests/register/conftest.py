"""Databases to register in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty one."""
    if request.param == "sqlite":
        return str(tmp_path / "tiles.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()
