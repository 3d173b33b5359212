"""`python -m tests.benchmarks.longseries [--xcube PROGRAM]`: series of a cube in map-shaped chunks.

A cube of the shape of SeasFire's, 200 of its steps, lies on an S3 server that takes 30 ms for each
answer. Series at points and means over boxes of 10° are asked of its source, of the copy along time
that `tileserver optimize` makes, and of an xcube server. Each place is asked once, so that no chunk
that it needs is held; the medians count. What xcube says of boxes differs: it does not weigh cells.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from tests.s3.server import S3Server

STEPS, HEIGHT, WIDTH = 200, 720, 1440
LATENCY_S = 0.030
READY_WITHIN_S = 60


def make(folder: Path) -> Path:
    """The cube, its fields smooth with noise, as weather's are."""
    rng = np.random.default_rng(0)
    lat = 90 - (np.arange(HEIGHT) + 0.5) * 180 / HEIGHT
    lon = -180 + (np.arange(WIDTH) + 0.5) * 360 / WIDTH
    noise = rng.integers(0, 64, (HEIGHT, WIDTH)) / 64
    season = 10 * np.cos(np.arange(STEPS) * 2 * np.pi / 46)[:, None, None]
    values = 280 + 20 * np.cos(np.radians(lat))[None, :, None] + season + noise[None]
    cube = xr.Dataset(
        {"t2m": (("time", "lat", "lon"), values.astype(np.float32))},
        {
            "time": np.datetime64("2001-01-01", "ns") + np.arange(STEPS) * np.timedelta64(8, "D"),
            "lat": ("lat", lat, {"units": "degrees_north"}),
            "lon": ("lon", lon, {"units": "degrees_east"}),
        },
    )
    path = folder / "bucket" / "cube.zarr"
    chunks = {"t2m": {"chunks": (1, HEIGHT, WIDTH)}}
    cube.to_zarr(path, zarr_format=2, consolidated=True, encoding=chunks)
    return path


@contextmanager
def running(command: list[str], ready: str, environment: dict[str, str]) -> Iterator[None]:
    """A server, once its address answers."""
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            for _ in range(READY_WITHIN_S * 5):
                try:
                    with urllib.request.urlopen(ready):
                        break
                except OSError:
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()


def asked(url: str, body: dict[str, Any] | None = None) -> tuple[float, dict[str, Any]]:
    """Seconds, and the answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=300) as answer:
        told = json.loads(answer.read())
    return time.perf_counter() - begun, told


def places(count: int) -> list[tuple[float, float]]:
    chance = random.Random(2)
    return [(chance.uniform(-170, 160), chance.uniform(-80, 70)) for _ in range(count)]


def box(lon: float, lat: float) -> dict[str, Any]:
    """10° to each side."""
    east, north = lon + 10, lat + 10
    corners = [[lon, lat], [east, lat], [east, north], [lon, north], [lon, lat]]
    return {"type": "Polygon", "coordinates": [corners]}


def ours(base: str, dataset: str, count: int) -> dict[str, tuple[float, list[Any]]]:
    """Medians for points and boxes, with the numbers."""
    found = {"point": [], "box": []}
    for lon, lat in places(count):
        found["point"].append(asked(f"{base}/timeseries/{dataset}/t2m?lon={lon}&lat={lat}"))
        edges = f"{lon},{lat},{lon + 10},{lat + 10}"
        found["box"].append(asked(f"{base}/timeseries/{dataset}/t2m?bbox={edges}&aggregate=mean"))
    return {
        kind: (
            statistics.median(seconds for seconds, _ in each),
            [next(iter(told["values"].values())) for _, told in each],
        )
        for kind, each in found.items()
    }


def xcube(base: str, count: int) -> dict[str, tuple[float, list[Any]]]:
    """The same of xcube's server."""
    url = f"{base}/timeseries/cube/t2m?aggMethods=mean"
    found = {"point": [], "box": []}
    for lon, lat in places(count):
        found["point"].append(asked(url, {"type": "Point", "coordinates": [lon, lat]}))
        found["box"].append(asked(url, box(lon, lat)))
    return {
        kind: (
            statistics.median(seconds for seconds, _ in each),
            [[step["mean"] for step in told["result"]] for _, told in each],
        )
        for kind, each in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xcube", help="the program `xcube` of an environment that has it")
    parser.add_argument("--count", type=int, default=5, help="places")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        with S3Server(folder, anonymous=True) as s3:
            found = {**of_ours(folder, s3, args.count)}
            if args.xcube:
                found["xcube, source"] = of_xcube(args.xcube, folder, s3, args.count)
        report(found)


def of_ours(folder: Path, s3: S3Server, count: int) -> dict[str, dict[str, Any]]:
    storage = {"endpoint": s3.url, "credentials": "env:BENCH_", "allow_http": True}
    keys = {
        "BENCH_ACCESS_KEY_ID": s3.credentials.access_key,
        "BENCH_SECRET_ACCESS_KEY": s3.credentials.secret_key,
    }
    datasets = [
        {"id": "copy", "url": "s3://bucket/cube.zarr", "storage": "lab"},
        {"id": "source", "url": "s3://bucket/cube.zarr", "storage": "lab", "optimized": False},
    ]
    catalog = folder / "catalog.json"
    catalog.write_text(json.dumps({"storage": {"lab": storage}, "datasets": datasets}))
    program = [sys.executable, "-m", "tileserver"]
    optimize = [*program, "optimize", "copy", "--time-series", "--catalog", str(catalog)]
    begun = time.perf_counter()
    subprocess.run(optimize, check=True, env={**os.environ, **keys})
    print(f"the copy was made in {time.perf_counter() - begun:.1f} s")
    command = [*program, "serve", "--catalog", str(catalog)]
    # So little memory that no map is held from one place to the next.
    command += ["--port", "8843", "--memory", "16MiB"]
    base = "http://127.0.0.1:8843"
    with running(command, f"{base}/readyz", keys):
        s3.latency_s = LATENCY_S
        found = {f"ours, {name}": ours(base, name, count) for name in ("source", "copy")}
        s3.latency_s = 0
    return found


def of_xcube(program: str, folder: Path, s3: S3Server, count: int) -> dict[str, Any]:
    options = {"anon": True, "client_kwargs": {"endpoint_url": s3.url}}
    store = {
        "Identifier": "lab",
        "StoreId": "s3",
        "StoreParams": {"root": "bucket", "storage_options": options},
        "Datasets": [{"Path": "cube.zarr", "Identifier": "cube"}],
    }
    config = folder / "xcube.json"
    config.write_text(json.dumps({"DataStores": [store]}))
    command = [program, "serve", "-c", str(config), "-a", "127.0.0.1", "-p", "8844"]
    base = "http://127.0.0.1:8844"
    with running(command, f"{base}/datasets/cube", {"AWS_DEFAULT_REGION": "us-east-1"}):
        s3.latency_s = LATENCY_S
        found = xcube(base, count)
        s3.latency_s = 0
    return found


def report(found: dict[str, dict[str, Any]]) -> None:
    """Seconds, ratios, and whether all say the same."""
    best = found["ours, copy"]
    for name, each in found.items():
        for kind, (seconds, numbers) in each.items():
            ratio = seconds / best[kind][0]
            apart = max(
                abs(a - b)
                for mine, other in zip(best[kind][1], numbers, strict=True)
                for a, b in zip(mine, other, strict=True)
            )
            print(f"{name:14} {kind:6} {seconds:8.3f} s  {ratio:6.1f} ×  differs by {apart:.2g}")


if __name__ == "__main__":
    main()
