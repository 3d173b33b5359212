"""A place of faults for each test, over one bucket that none of them changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.faults.place import SCENE, SEA, Place, answers, write_bucket
from tests.s3 import S3Server
from tests.s3.proxy import FaultProxy


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, S3Server]]:
    """The folder of a bucket, and the server of it."""
    root = tmp_path_factory.mktemp("faults")
    (root / "data").mkdir()
    write_bucket(root / "data")
    with S3Server(root, anonymous=True) as s3:
        yield root / "data", s3


@pytest.fixture
def place(store: tuple[Path, S3Server], tmp_path: Path) -> Iterator[Place]:
    """With a proxy of the test's own."""
    bucket, s3 = store
    with FaultProxy(s3.url) as proxy:
        yield Place(bucket, proxy, tmp_path)


@pytest.fixture
def client(place: Place) -> Iterator[TestClient]:
    """A server that has opened all, and has read nothing else."""
    with place.client() as client:
        yield client


@pytest.fixture(scope="session")
def sound(
    store: tuple[Path, S3Server], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """The answers without any fault, by their paths."""
    bucket, s3 = store
    paths = [*SEA, *SCENE]
    with FaultProxy(s3.url) as proxy:
        calm = Place(bucket, proxy, tmp_path_factory.mktemp("sound"))
        with calm.client() as client:
            return dict(zip(paths, answers(client, paths), strict=True))
