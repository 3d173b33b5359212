"""A server for real clients: QGIS, GDAL, OWSLib, each in the way that its users have it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.cubes import build
from tests.conftest import running


@pytest.fixture(scope="session")
def client_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients' cubes; returns their catalogue."""
    return build(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def client_server(client_data: Path) -> Iterator[str]:
    """A server of the clients' cubes in a process of its own; its address, without a last slash."""
    with running("--catalog", str(client_data)) as url:
        yield url
