"""A zonal job of a thousand areas on threads, on a Dask cluster, and through kills: equal bytes.

    python -m tests.benchmarks.zonal FOLDER [STEPS]

Writes a cube of STEPS × 720 × 1440 float32 in chunks of a step below FOLDER, if it is not there,
and works out mean, std and p90 of 1000 areas, some with holes or of two parts, over all of it:
by threads; by threads where the server is killed at about half and started again; by a cluster of
two processes; by one of which a process is killed at about half.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from distributed import Client, LocalCluster

from tests.jobs.conftest import ask, post, result, serving, until
from tests.scale.cubes import noisy, write_cube

AREAS, HEIGHT, WIDTH = 1000, 720, 1440
QUERY = "dataset=air&variable=t&aggregate=mean,std,p90&f=csv"
LONGEST_S = 600


def ring(rng: np.random.Generator, west: float, south: float, size: float) -> list[list[float]]:
    """A rough circle about a place, closed."""
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    radii = size * rng.uniform(0.6, 1, angles.size)
    points = np.stack([west + radii * np.cos(angles), south + radii * np.sin(angles)], 1).tolist()
    return [*points, points[0]]


def areas() -> bytes:
    """A thousand, of each ten one with a hole and one of two parts."""
    rng = np.random.default_rng(7)
    features: list[dict[str, Any]] = []
    for number in range(AREAS):
        x, y, size = rng.uniform(-160, 160), rng.uniform(-70, 70), rng.uniform(1, 6)
        rings = [[ring(rng, x, y, size)]]
        if number % 10 == 0:
            rings[0].append(ring(rng, x, y, size / 3)[::-1])
        if number % 10 == 1:
            rings.append([ring(rng, x + 3 * size, y, size)])
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        features.append({"type": "Feature", "id": number, "properties": {}, "geometry": geometry})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def done(url: str, key: str) -> tuple[str, str]:
    """The result's hash, and what it took."""
    digest = ""
    ends = time.monotonic() + LONGEST_S
    while not digest and time.monotonic() < ends:
        if ask(f"{url}/jobs/{key}")[1]["status"] in ("successful", "failed"):
            digest = hashlib.blake2b(result(url, key), digest_size=8).hexdigest()
        time.sleep(0.2)
    return digest, ask(f"{url}/jobs/{key}")[1]


def half(url: str, key: str) -> dict[str, Any]:
    """The job once half of its parts are done."""
    parts = ask(f"{url}/jobs/{key}")[1]["estimate"]["parts"]
    return until(url, key, "running", done=parts // 2)


def measure(folder: Path) -> None:
    """One line for each way."""
    body, kept = areas(), folder / "jobs"
    began = time.monotonic()
    with serving(folder, kept) as server:
        key = post(server.url, QUERY, body)["jobID"]
        taken = time.monotonic() - began
        tell("threads", began, *done(server.url, key))
    began = time.monotonic()
    with serving(folder, kept) as server:
        key = post(server.url, QUERY, body)["jobID"]
        half(server.url, key)
        server.kill()
        before = {p.name: p.stat().st_mtime_ns for p in (kept / key / "parts").glob("[0-9]*")}
    with serving(folder, kept) as server:
        until(server.url, key, "running", done=len(before) + 1)
        now = {p.name: p.stat().st_mtime_ns for p in (kept / key / "parts").glob("[0-9]*")}
        again = sum(now[name] != at for name, at in before.items())
        tell(f"killed server, {again} of {len(before)} done twice", began, *done(server.url, key))
    for kill in (False, True):
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0",
                          host="127.0.0.1", silence_logs=logging.CRITICAL) as cluster:  # fmt: skip
            address = cluster.scheduler_address
            with serving(folder, kept, TILESERVER_SCHEDULER=address) as server:
                with Client(address) as client:
                    process = next(iter(client.run(os.getpid).values()))
                began = time.monotonic()
                key = post(server.url, QUERY, body)["jobID"]
                if kill:
                    half(server.url, key)
                    os.kill(process, signal.SIGKILL)
                tell(f"cluster{', killed worker' * kill}", began, *done(server.url, key))
    print(f"server started and job taken after {taken:.1f} s")


def tell(name: str, began: float, digest: str, job: dict[str, Any]) -> None:
    """A line."""
    print(
        f"{name}: {digest} {job['status']} {time.monotonic() - began:.1f} s "
        f"{job['estimate']['parts']} parts {job.get('result_bytes')} bytes",
        flush=True,
    )


def main() -> None:
    """The cube, then all ways."""
    folder = Path(sys.argv[1])
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "catalog.yaml").exists():
        values = {"t": noisy(steps, HEIGHT, WIDTH)}
        write_cube(folder / "air.zarr", values, chunks=(1, HEIGHT, WIDTH))
        (folder / "catalog.yaml").write_text("datasets: [{id: air, url: air.zarr}]")
    measure(folder)


if __name__ == "__main__":
    main()
