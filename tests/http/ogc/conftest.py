from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.http.ogc import wmts_cubes
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings


@pytest.fixture(scope="module")
def memory() -> Iterator[TestClient]:
    """A client of the datasets in memory."""
    with TestClient(create_app(Settings(), catalog), "http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[wmts_cubes.Stores]:
    """A client of stores with dimensions of all kinds, and their datasets as xarray wrote them."""
    folder = tmp_path_factory.mktemp("stores")
    datasets, settings = wmts_cubes.write(folder)
    with TestClient(create_app(settings), "http://localhost") as client:
        for name in datasets:
            assert client.get(f"/datasets/{name}").json()["status"] == "ready", name
        yield wmts_cubes.Stores(client, datasets)
