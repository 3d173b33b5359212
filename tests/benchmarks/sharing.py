"""What a new replica is spared by what others have put into Redis.

    python -m tests.benchmarks.sharing FOLDER [--latency-ms 30]

Makes the demo cubes below FOLDER, serves them from an S3 server that takes its time, and asks new
servers for the same maps, eight tiles at once: one that is alone, the first and the second of two
that share a Redis, one whose Redis hangs, three at the same time that share one, and three that do
not. Every body must be that of the first server.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from tests.conftest import running
from tests.s3 import S3Server
from tests.servers import RedisServer
from tileserver.demo import build, catalog_s3

BUCKET = "demo"
AT_ONCE = 8
STEPS = 12
# A layer, and the tiles of a map: zoom, first and last column, first and last row; of some steps.
MAPS = (
    ("ocean/sst", (3, 2, 5, 2, 5)),
    ("model/t", (2, 0, 3, 0, 3)),
    ("s2/true_color", (12, 2172, 2177, 1434, 1438)),
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one server took for all tiles, and what it read for them."""

    bodies: list[bytes]
    latencies: list[float]
    seconds: float
    reads: int

    def __str__(self) -> str:
        ranked = sorted(self.latencies)
        return (
            f"{self.seconds:6.2f} s, p50 {median(ranked) * 1000:6.1f} ms, "
            f"p95 {ranked[int(len(ranked) * 0.95)] * 1000:6.1f} ms, "
            f"{self.reads} requests to the bucket"
        )


def tiles(url: str) -> list[str]:
    """The tiles of some maps, step after step, as a page that is played asks for them."""
    paths = []
    for layer, (z, west, east, north, south) in MAPS:
        steps = f"{url}/datasets/{layer.partition('/')[0]}/dimensions/time?limit={STEPS}"
        with urlopen(steps, timeout=60) as answer:
            times = json.load(answer)["values"]
        paths += [
            f"/tiles/{layer}/{z}/{x}/{y}.webp?time={time}"
            for time in times
            for x in range(west, east + 1)
            for y in range(north, south + 1)
        ]
    return paths


def run(catalog: Path, store: S3Server, *, servers: int = 1, **environment: str) -> Run:
    """New servers, each of which is asked for all tiles at the same time."""
    with ExitStack() as stack:
        urls = [
            stack.enter_context(running("--catalog", str(catalog), **environment))
            for _ in range(servers)
        ]
        paths = tiles(urls[0])
        store.log.clear()

        def ask(path: str) -> tuple[list[bytes], float]:
            began = time.perf_counter()
            bodies = list(each.map(fetch, [url + path for url in urls]))
            return bodies, time.perf_counter() - began

        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(AT_ONCE * servers) as each:
            found = list(pool.map(ask, paths))
        seconds = time.perf_counter() - began
        reads = len(store.log)
    bodies, latencies = zip(*found, strict=True)
    if any(body != others[0] for others in bodies for body in others):
        raise SystemExit("servers differ")
    return Run([first for first, *_ in bodies], list(latencies), seconds, reads)


def fetch(url: str) -> bytes:
    with urlopen(url, timeout=60) as answer:
        body: bytes = answer.read()
    return body


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency-ms", type=float, default=30)
    options = parser.parse_args(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    build(options.folder)
    directory = options.folder.resolve()
    key, secret = "demo", secrets.token_hex(16)
    keys = {"DEMO_ACCESS_KEY_ID": key, "DEMO_SECRET_ACCESS_KEY": secret}
    with (
        S3Server(directory, access_key=key, secret_key=secret, buckets={BUCKET: directory}) as s3,
        RedisServer() as redis,
        RedisServer() as hanging,
        RedisServer() as empty,
    ):
        s3.latency_s = options.latency_ms / 1000
        catalog = catalog_s3(directory, endpoint=s3.url, bucket=BUCKET)
        alone = run(catalog, s3, **keys)
        print(f"{len(alone.bodies)} tiles\nalone             {alone}")
        shared = {**keys, "TILESERVER_REDIS": redis.url}
        hanging.freeze()
        for name, servers, environment in (
            ("first of two", 1, shared),
            ("second of two", 1, shared),
            ("Redis hangs", 1, {**keys, "TILESERVER_REDIS": hanging.url}),
            ("three at once", 3, {**keys, "TILESERVER_REDIS": empty.url}),
            ("three alone", 3, keys),
        ):
            found = run(catalog, s3, servers=servers, **environment)
            if found.bodies != alone.bodies:
                raise SystemExit(f"{name}: other bodies")
            print(f"{name:17} {found}")
        hanging.thaw()


if __name__ == "__main__":
    main(sys.argv[1:])
