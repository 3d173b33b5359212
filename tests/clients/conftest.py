"""A server for real clients: QGIS, GDAL, OWSLib, each in the way that its users have it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml

from tests.clients.cubes import GULF, build
from tests.conftest import running
from tileserver.access.key import new_key
from tileserver.access.keyfile import written


@pytest.fixture(scope="session")
def client_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clients' cubes; returns their catalogue."""
    return build(tmp_path_factory.mktemp("clients"))


@pytest.fixture(scope="session")
def client_server(client_data: Path) -> Iterator[str]:
    """A server of the clients' cubes in a process of its own; its address, without a last slash."""
    with running("--catalog", str(client_data)) as url:
        yield url


@dataclass(frozen=True, slots=True)
class PrivateServer:
    """A server of the clients' cubes that shows them to staff alone.

    Args:
        key: of who is staff.
        other: a key of who is not.
        signed: below which the gulf may be seen without a key.
    """

    url: str
    key: str
    other: str
    signed: str


@pytest.fixture(scope="session")
def private_server(
    client_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrivateServer]:
    """One that takes two keys, and signs addresses."""
    folder = tmp_path_factory.mktemp("private")
    listed = yaml.safe_load(client_data.read_text())
    for each in listed["datasets"]:
        each |= {"url": str(client_data.parent / each["url"]), "access": {"roles": ["staff"]}}
    (folder / "catalog.yaml").write_text(yaml.safe_dump(listed))
    (key, kept), (other, other_kept) = new_key("anna", roles=["staff"]), new_key("berta")
    (folder / "keys.yaml").write_text(written(kept) + written(other_kept))
    flags = ("--catalog", str(folder / "catalog.yaml"), "--keys", str(folder / "keys.yaml"))
    with running(*flags, TILESERVER_SIGNING_KEYS="an unguessable sentence of tests") as url:
        bearer = {"Authorization": f"Bearer {key}"}
        answer = httpx.post(f"{url}/datasets/{GULF}/sign", headers=bearer, trust_env=False)
        yield PrivateServer(url, key, other, answer.json()["base"])
