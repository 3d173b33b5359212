"""A cube on disk, areas over it, and servers that take jobs for it."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from tests.scale.conftest import cluster as cluster  # the fixture
from tests.scale.cubes import noisy, write_cube

LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))
STEPS, HEIGHT, WIDTH = 120, 90, 180
READY_WITHIN_S = 60


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cube `air.zarr` in chunks of a step, and of its catalogue."""
    folder = tmp_path_factory.mktemp("jobs")
    write_cube(folder / "air.zarr", {"t": noisy(STEPS, HEIGHT, WIDTH)}, chunks=(1, 90, 90))
    (folder / "catalog.yaml").write_text("datasets: [{id: air, url: air.zarr}]")
    return folder


@dataclass(frozen=True)
class Server:
    """A server of its own process."""

    url: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """End it as no handler can prevent."""
        self.process.kill()
        self.process.wait(READY_WITHIN_S)


@contextmanager
def serving(
    data: Path, jobs: Path, *flags: str, before: tuple[str, ...] = (), **environment: str
) -> Iterator[Server]:
    """A server of the cube that takes jobs, until the end, unless it is killed.

    Args:
        before: a command that runs it.
    """
    command = [*before, sys.executable, "-m", "tileserver", "serve", "--port", "0", *flags]
    known = {"TILESERVER_CATALOG": str(data / "catalog.yaml"), "TILESERVER_JOBS": str(jobs)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **known, **environment}
    )
    with process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://"), f"the server said {url!r}"
            yield Server(url.rstrip("/"), process)
        finally:
            process.terminate()
            process.wait(READY_WITHIN_S)


def stored(data: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The cube's numbers, by zarr-python."""
    return np.asarray(zarr.open_array(data / "air.zarr" / "t", mode="r")[...])


def areas(count: int, points: int = 0) -> bytes:
    """So many boxes, and then points, as GeoJSON."""
    rng = np.random.default_rng(count)
    features = []
    for number in range(count):
        west, south = rng.uniform(-170, 150), rng.uniform(-80, 70)
        east, north = west + rng.uniform(5, 20), south + rng.uniform(5, 10)
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        geometry: dict[str, Any] = {"type": "Polygon", "coordinates": [ring]}
        properties = {"name": f"area {number}"}
        features.append({"type": "Feature", "id": f"a{number}", "properties": properties,
                         "geometry": geometry})  # fmt: skip
    for number in range(points):
        place = [rng.uniform(-179, 179), rng.uniform(-89, 89)]
        features.append({"type": "Feature", "id": number, "properties": {},
                         "geometry": {"type": "Point", "coordinates": place}})  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def ask(url: str, body: bytes | None = None, method: str | None = None, **headers: str) -> Any:
    """Status and answer: a document where it is JSON."""
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with LOCAL.open(request) as answer:
            status, kind, data = answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as error:
        status, kind, data = error.code, error.headers["content-type"], error.read()
    return status, json.loads(data) if "json" in kind and "ndjson" not in kind else data


def post(url: str, query: str, body: bytes | None) -> dict[str, Any]:
    """A job that is taken."""
    status, job = ask(f"{url}/jobs?{query}", body or b"", "POST")
    assert status == 201, job
    return dict(job)


def until(url: str, job: str, *wanted: str, done: int = 0) -> dict[str, Any]:
    """The job, once it stands so, and so many of its parts are done."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            _, found = ask(f"{url}/jobs/{job}")
        except OSError:  # the worker that was asked has been killed
            continue
        if found["status"] in wanted and found["parts_done"] >= done:
            return dict(found)
        time.sleep(0.05)
    raise AssertionError(f"the job never was {wanted}: {found}")


def result(url: str, job: str) -> bytes:
    """The result's bytes, once they are there."""
    found = until(url, job, "successful", "failed")
    assert found["status"] == "successful", found
    with LOCAL.open(f"{url}/jobs/{job}/result") as answer:
        body: bytes = answer.read()
    return body
