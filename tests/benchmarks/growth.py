"""Rows 8 to 10: more workers, a long run, the start."""

from __future__ import annotations

import random
import time
from statistics import median

from tests.benchmarks import addresses, clients, load, machine, tiles
from tests.benchmarks.bars import Bar, unmeasured
from tests.benchmarks.peers import ours
from tests.benchmarks.place import Place
from tests.benchmarks.process import Command, running
from tests.benchmarks.soak import QUICK_TILES, TILES
from tests.benchmarks.soak import run as run_soak
from tests.benchmarks.tiles import Tile
from tileserver.demo import build

LEAST_TIMES = 1.7
CONNECTIONS = 32  # many, so that the kernel deals them out evenly
MOST_START_S = 3.0
MOST_ZARR_BYTES = 250 << 20
STARTS = 3
STEPS = 8  # few, so that each worker has decoded their chunks in the first block


def workers(place: Place, *, quick: bool) -> list[Bar]:
    """Row 8: distinct tiles of held chunks, by two workers and by one on the same two cores."""
    case = f"2 workers against 1, distinct tiles, {CONNECTIONS} connections"
    bar = f"≥ {LEAST_TIMES}× tiles/s"
    if machine.count_cores() < 2:
        return [unmeasured(8, case, bar, "needs 2 cores")]
    cores = machine.share(clients=2, servers=2)
    count, rounds = (1000, 3) if quick else (4000, 5)
    blocks = distinct(count, 2 * rounds + 1)
    rates: dict[int, list[float]] = {1: [], 2: []}
    with (
        running(ours(place, workers=1), cores.servers) as one,
        running(ours(place, workers=2), cores.servers) as two,
        clients.running_clients(2, cores.clients) as pool,
    ):
        for number, wanted in enumerate(blocks):
            for server, count_workers in ((one, 1), (two, 2)):
                asked = [
                    load.request(server.port, addresses.tileserver(place, tiles.SEA, tile))
                    for tile in wanted
                ]
                rate = pool.at_once(asked, server.port, CONNECTIONS).rate
                if number:  # the first block decodes the chunks
                    rates[count_workers].append(rate)
    times = median(rates[2]) / median(rates[1])
    figure = f"{times:.2f}× ({median(rates[1]):.0f} → {median(rates[2]):.0f} tiles/s)"
    if not cores.clients:
        figure += "; the client had no cores of its own"
    return [Bar(8, case, bar, figure, times >= LEAST_TIMES)]


def distinct(count: int, blocks: int) -> list[list[Tile]]:
    """Blocks of tiles, no tile twice, of the first steps."""
    places = tiles.candidates(tiles.SEA.cube, (4, 5, 6, 7))
    every = [Tile(t.z, t.x, t.y, step) for t in places for step in range(STEPS)]
    drawn = random.Random(8).sample(every, count * blocks)
    return [drawn[n * count : (n + 1) * count] for n in range(blocks)]


def soak(place: Place, *, quick: bool) -> list[Bar]:
    """Row 9: memory over many random tiles, by its own module."""
    case = f"{QUICK_TILES if quick else TILES} random tiles over 8 cubes"
    bar = "memory ≤ budget + 300 MiB, flat over the second half"
    outcome = run_soak(folder=place.folder / "soak", quick=quick)
    return [Bar(9, case, bar, str(outcome), outcome.holds)]


def start(place: Place) -> list[Bar]:
    """Row 10: from the command to the first answer of /readyz, and what a Zarr tile costs."""
    catalog = build(place.folder / "soak" / "large")
    command = ours(place)
    words = [str(catalog) if word.endswith("catalog.json") else word for word in command.words]
    demo_command = Command("demo", words, {}, place.logs, command.ready)
    seconds = []
    for _ in range(STARTS + 1):
        begun = time.perf_counter()
        with running(demo_command):
            seconds.append(time.perf_counter() - begun)
    ready = median(seconds[1:])  # the first one warms the disk
    with running(demo_command) as server:
        for x in range(4):
            path = f"/tiles/ocean/sst/2/{x}/1.png"
            load.check(load.fetch(server.port, path))
        resident = server.resident_bytes()
    return [
        Bar(10, "start to ready, demo catalogue, warm disk", f"≤ {MOST_START_S:g} s",
            f"{ready:.2f} s", ready <= MOST_START_S),
        Bar(10, "a worker that has served only Zarr", "≤ 250 MiB",
            f"{resident / 2**20:.0f} MiB", resident <= MOST_ZARR_BYTES),
    ]  # fmt: skip
