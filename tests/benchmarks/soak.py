"""A long run of random tiles: does the server's memory stay within its budget, and flat?

    python -m tests.benchmarks.soak [--tiles 200000] [--memory-mib 512] [--folder build/soak]

Eight cubes of six kinds, whose decoded chunks are many times the budget; every request has another
cube, variable, time, place, style and format, so that every cache is full and turned over.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import random
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import load
from tests.benchmarks.process import Command, Server, running
from tileserver.demo import build
from tileserver.demo.model import build_model
from tileserver.demo.ocean import build_ocean

ROOT = Path(__file__).parents[2]
TILES, QUICK_TILES = 200_000, 20_000
CONNECTIONS = 8
BLOCK = 500  # requests between two looks at the memory
BESIDE_BYTES = 300 << 20  # of interpreter, libraries and work in flight, beside the budget
FLAT = 0.02  # what memory may grow from the third quarter of the run to the last, in parts
DEEPEST = 7
STYLES = ("sst", "viridis", "rdbu_r", "greys", "ndvi", "tab20", "speed", "turbo")
FORMATS = ("png", "png", "png", "webp", "jpg", "npy")
RESAMPLINGS = ("nearest", "nearest", "bilinear", "average")


@dataclass(frozen=True, slots=True)
class Soak:
    """What a run showed; all in bytes.

    Attributes:
        memory: the budget of the caches.
        start, most: resident when ready, and at the worst moment.
        third, last: medians of the third and the last quarter of the run.
    """

    tiles: int
    memory: int
    start: int
    most: int
    third: int
    last: int

    @property
    def is_bounded(self) -> bool:
        return self.most <= self.memory + BESIDE_BYTES

    @property
    def is_flat(self) -> bool:
        return self.last <= self.third * (1 + FLAT)

    @property
    def holds(self) -> bool:
        return self.is_bounded and self.is_flat

    def __str__(self) -> str:
        start, most, third, last, memory = (
            round(n / 2**20) for n in (self.start, self.most, self.third, self.last, self.memory)
        )
        return (
            f"most {most} MiB of {memory} + {BESIDE_BYTES >> 20}; at the start {start}, in the "
            f"third quarter {third}, in the last {last} MiB"
        )


@dataclass(frozen=True, slots=True)
class Layer:
    """What random requests choose from: a variable's path, extent and steps."""

    path: str
    bounds: Sequence[float]
    times: Sequence[str]
    others: Sequence[tuple[str, Sequence[float]]]


def run(
    tiles: int = TILES,
    memory_bytes: int = 512 << 20,
    *,
    folder: Path = ROOT / "build" / "soak",
    quick: bool = False,
) -> Soak:
    """Draw so many random tiles of a server with this budget, in a process of its own."""
    count = QUICK_TILES if quick else tiles
    command = Command(
        "soak",
        (sys.executable, "-m", "tileserver", "serve", "--port", "{port}",
         "--catalog", str(make_cubes(folder))),
        {"TILESERVER_MEMORY": str(memory_bytes)},
        folder,
        "/readyz",
    )  # fmt: skip
    with running(command) as server:
        start = server.resident_bytes()
        seen = list(_watch(server, count))
        most = max(*seen, server.peak_bytes())
    quarter = len(seen) // 4
    third, last = seen[2 * quarter : 3 * quarter], seen[3 * quarter :]
    return Soak(count, memory_bytes, start, most, int(median(third)), int(median(last)))


def _watch(server: Server, count: int) -> Iterator[int]:
    """Resident bytes after each block of requests."""
    layers = list(find_layers(server.port))
    choice = random.Random(9)
    with (
        contextlib.ExitStack() as stack,
        ThreadPoolExecutor(CONNECTIONS) as pool,
    ):
        connections = [
            stack.enter_context(contextlib.closing(load.Connection(server.port)))
            for _ in range(CONNECTIONS)
        ]
        for done in range(0, count, BLOCK):
            paths = [make_path(layers, choice) for _ in range(BLOCK)]
            parts = [paths[n::CONNECTIONS] for n in range(CONNECTIONS)]
            list(pool.map(_draw, connections, parts))
            resident = server.resident_bytes()
            if done % (20 * BLOCK) == 0:
                print(f"{done + BLOCK} tiles, {resident >> 20} MiB", flush=True)
            yield resident


def _draw(connection: load.Connection, paths: Sequence[str]) -> None:
    for path in paths:
        answer = connection.get(load.request(connection.port, path))
        if answer.status != 200:
            raise load.BadAnswer(f"{path}: {answer.status} {answer.body[:200]!r}")


def make_path(layers: Sequence[Layer], choice: random.Random) -> str:
    """A random tile that touches its layer's extent."""
    layer = choice.choice(layers)
    west, south, east, north = layer.bounds
    z = choice.randint(0, DEEPEST)
    x, y = tile_at(choice.uniform(west, east), choice.uniform(south, north), z)
    low = choice.choice((-10, 0, 0.01))
    query = [
        f"colormap_name={choice.choice(STYLES)}",
        f"rescale={low},{low + choice.choice((0.3, 1, 40))}",
        f"resampling={choice.choice(RESAMPLINGS)}",
        f"time={choice.choice(layer.times)}",
        *(f"{name}={choice.choice(values)}" for name, values in layer.others),
    ]
    return f"{layer.path}/{z}/{x}/{y}.{choice.choice(FORMATS)}?{'&'.join(query)}"


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """The column and row of Web Mercator's tile at a place in degrees."""
    up = math.asinh(math.tan(math.radians(max(-85.0, min(85.0, lat))))) / math.pi
    n = 2**z
    return min(n - 1, int((lon + 180) / 360 * n)), min(n - 1, int((1 - up) / 2 * n))


def find_layers(port: int) -> Iterator[Layer]:
    """All variables that the server has."""
    for dataset in _ask(port, "/datasets")["datasets"]:
        name = dataset["id"]
        whole = _ask(port, f"/datasets/{name}")
        has_time = "time" in whole["dimensions"]
        path = f"/datasets/{name}/dimensions/time?limit=1000"
        times = _ask(port, path)["values"] if has_time else []
        for variable in whole["variables"]:
            if variable.get("kind", "variable") == "variable":
                others = [
                    (dim, whole["dimensions"][dim]["values"])
                    for dim in variable["dims"]
                    if dim not in ("time", "y", "x")
                ]
                yield Layer(f"/tiles/{name}/{variable['id']}", dataset["bbox"], times, others)


def _ask(port: int, path: str) -> dict[str, Any]:
    answer = load.fetch(port, path)
    if answer.status != 200:
        raise load.BadAnswer(f"{path}: {answer.status} {answer.body[:200]!r}")
    found: dict[str, Any] = json.loads(answer.body)
    return found


def make_cubes(folder: Path) -> Path:
    """The catalogue of eight cubes: the demo's three in both sizes, and two of them once more."""
    build(folder / "large")
    build(folder / "small", small=True)
    for name, write in (("ocean.zarr", build_ocean), ("model.zarr", build_model)):
        if not (folder / name).exists():
            write(folder / f".{name}", small=True, progress=lambda *_: None)
            (folder / f".{name}").rename(folder / name)
    pattern = r"s2_(?P<time>\d{8})\.tif"
    datasets: list[dict[str, str]] = []
    for size in ("large", "small"):
        base = folder.resolve() / size
        datasets += [{"id": f"{kind}-{size}", "url": f"{base}/{kind}.zarr"} for kind in
                     ("ocean", "model")]  # fmt: skip
        datasets.append({"id": f"s2-{size}", "url": f"{base}/s2/*.tif", "time_pattern": pattern})
    datasets += [{"id": kind, "url": f"{folder.resolve()}/{kind}.zarr"} for kind in
                 ("ocean", "model")]  # fmt: skip
    catalog = folder / "catalog.json"
    catalog.write_text(json.dumps({"datasets": datasets}))
    return catalog


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tiles", type=int, default=TILES)
    parser.add_argument("--memory-mib", type=int, default=512)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "soak")
    given = parser.parse_args()
    outcome = run(given.tiles, given.memory_mib << 20, folder=given.folder)
    print(outcome)
    sys.exit(not outcome.holds)


if __name__ == "__main__":
    main()
