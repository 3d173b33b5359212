"""Row 7: a store that takes its time to answer, and tiles of one and of four chunks."""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks import addresses, bare, load
from tests.benchmarks.bars import Bar
from tests.benchmarks.machine import Cores
from tests.benchmarks.place import Place
from tests.benchmarks.process import Command, Server, running
from tests.benchmarks.tiles import PLAIN, SHARDED, Layer, Tile, candidates

LATENCY_S = 0.030
MOST_MS = {1: 4, 4: 7}  # beyond the latency, by chunks of a tile
CHUNK, SHARD = 256, 4096
ROOT = Path(__file__).parents[2]  # where `tests` is imported from
ZOOMS = (8, 9, 10)
Block = tuple[int, int]


def slow_store(place: Place, cores: Cores, *, quick: bool) -> list[Bar]:
    """p50 of tiles none of whose chunks were read before; the shards' indexes were."""
    count = 12 if quick else 40
    with store_and_server(place, cores) as (store, server), cores.as_client():
        key = "/bench/plain.zarr/packed/zarr.json"
        asked = [load.request(store.port, key)] * 20
        bare_s = median(read(store.port, asked))
        bars = []
        for layer, title in ((PLAIN, "unsharded"), (SHARDED, "sharded, index known")):
            draw = random.Random(11)
            used = warm(place, server, layer)
            for chunks in MOST_MS:
                chosen = unread(layer, chunks, count, used, draw)
                paths = [addresses.tileserver(place, layer, tile) for tile in chosen]
                taken = load.in_turn(
                    [[load.request(server.port, path) for path in paths]], [server.port]
                )[0]  # fmt: skip
                if taken.failed:
                    raise load.BadAnswer(taken.failed)
                bars.append(bar(title, chunks, median(taken.latencies), bare_s))
        return bars


def bar(title: str, chunks: int, seconds: float, bare_s: float) -> Bar:
    most = LATENCY_S * 1e3 + MOST_MS[chunks]
    figure = f"{seconds * 1e3:.1f} ms (a bare read of the store {bare_s * 1e3:.1f} ms)"
    case = f"store with 30 ms a request, {title}, {chunks} chunk{'s' * (chunks > 1)}"
    return Bar(7, case, f"p50 ≤ {most:.0f} ms", figure, seconds * 1e3 <= most)


@contextlib.contextmanager
def store_and_server(place: Place, cores: Cores) -> Iterator[tuple[Server, Server]]:
    """The slow store, and our server with a catalogue that reads from it."""
    words = (
        sys.executable, str(place.apps / "slow_store.py"), str(place.data), "{port}",
        str(LATENCY_S),
    )  # fmt: skip
    store_command = Command("store", words, {"PYTHONPATH": str(ROOT)}, place.logs)
    with running(store_command, cores.clients) as store:
        endpoint = f"http://127.0.0.1:{store.port}"
        storage = {"slow": {"endpoint": endpoint, "anonymous": True, "allow_http": True}}
        datasets = [
            {"id": name, "url": f"s3://bench/{name}.zarr", "storage": "slow"}
            for name in ("plain", "sharded")
        ]
        catalog = place.folder / "slow.json"
        catalog.write_text(json.dumps({"storage": storage, "datasets": datasets}))
        serve = (
            sys.executable, "-m", "tileserver", "serve", "--catalog", str(catalog),
            "--port", "{port}",
        )  # fmt: skip
        command = Command("tileserver-slow", serve, {}, place.logs, ready="/readyz")
        with running(command, cores.servers) as server:
            yield store, server


def read(port: int, asked: list[bytes]) -> list[float]:
    """Seconds of plain reads, one at a time."""
    with contextlib.closing(load.Connection(port)) as connection:
        taken = []
        for data in asked:
            begun = time.perf_counter()
            connection.get(data)
            taken.append(time.perf_counter() - begun)
        return taken


def warm(place: Place, server: Server, layer: Layer) -> set[Block]:
    """A tile in each shard, so that its index is known; the chunks that they read."""
    used: set[Block] = set()
    shards: set[Block] = set()
    for tile in candidates(layer.cube, ZOOMS[:1]):
        needed = blocks(tile, CHUNK)
        touched = blocks(tile, SHARD)
        if not touched <= shards and len(touched) == 1:
            shards |= touched
            used |= needed
            load.check(load.fetch(server.port, addresses.tileserver(place, layer, tile)))
    return used


def unread(
    layer: Layer, chunks: int, count: int, used: set[Block], draw: random.Random
) -> list[Tile]:
    """Tiles of so many chunks each, none of which is in `used`; adds theirs to it."""
    every = candidates(layer.cube, ZOOMS)
    draw.shuffle(every)
    chosen: list[Tile] = []
    for tile in every:
        needed = blocks(tile, CHUNK)
        if len(needed) == chunks and not needed & used and len(blocks(tile, SHARD)) == 1:
            used |= needed
            chosen.append(tile)
            if len(chosen) == count:
                break
    return chosen


def blocks(tile: Tile, side: int) -> set[Block]:
    """The chunks or shards of `side`² that a tile's pixels, and one more all round, lie in."""
    rows, cols = bare.cells(tile, bare.REGION)
    down = range((int(rows.min()) - 1) // side, (int(rows.max()) + 1) // side + 1)
    across = range((int(cols.min()) - 1) // side, (int(cols.max()) + 1) // side + 1)
    return {(row, col) for row in down for col in across}
