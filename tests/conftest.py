"""Fixtures that bring up the real thing: the demo cubes and a server of its own process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hdf5plugin  # noqa: F401 - before netCDF4, which has an HDF5 of its own, lest Blosc fails
import pytest

from tests.servers import PostgresServer, RedisServer
from tileserver.demo import build

SHARED = Path(__file__).parents[1].parent / "shared"
READY_WITHIN_S = 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for minutes, for the network most of all, begins first."""
    items.sort(key=lambda item: "ship/test_image.py" not in item.nodeid)


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo cubes, coarse; returns their catalogue."""
    return build(tmp_path_factory.mktemp("demo"), small=True)


@pytest.fixture(scope="session")
def demo_server(demo_data: Path) -> Iterator[str]:
    """A server of the demo cubes; its address, without the last slash."""
    with running("--catalog", str(demo_data)) as url:
        yield url


@contextmanager
def running(*flags: str, **environment: str) -> Iterator[str]:
    """`tileserver serve` on a free port in a process of its own."""
    command = [sys.executable, "-m", "tileserver", "serve", "--port", "0", *flags]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
    ) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), f"the server said {url!r}"
            yield url.rstrip("/")
        finally:
            process.terminate()
            process.wait(READY_WITHIN_S)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real third-party data beside the checkout; tests that need it are skipped without."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared here: nothing to try on real third-party data")
    return SHARED


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL; `new_database()` is a test's own. Who stops it starts it again."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, with nothing in it."""
    with RedisServer() as server:
        yield server
