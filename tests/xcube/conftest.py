"""A server of small cubes, one of which is kept to staff."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2 as httpx
import pytest
import yaml

from tests.conftest import running
from tests.xcube import cubes
from tileserver.access.key import new_key
from tileserver.access.keyfile import written

KEY, KEPT = new_key("anna", roles=["staff"])


@pytest.fixture(scope="session")
def xcube_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address, without `/xcube`."""
    folder = tmp_path_factory.mktemp("xcube")
    catalog, keys = folder / "catalog.yaml", folder / "keys.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": cubes.write(folder)}))
    keys.write_text(written(KEPT))
    flags = ("--catalog", str(catalog), "--keys", str(keys))
    with running(*flags, TILESERVER_SIGNING_KEYS="an unguessable sentence of tests") as url:
        yield url


@pytest.fixture(scope="session")
def xcube(xcube_server: str) -> Iterator[httpx.Client]:
    """A client of its API that shows no key."""
    with httpx.Client(base_url=f"{xcube_server}/xcube") as client:
        yield client
