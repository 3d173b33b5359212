"""What caches of a tile server hold on to: a simulation of viewers over a large catalogue.

    python -m tests.benchmarks.cachesim            prints its tables
    python -m tests.benchmarks.cachesim --write    puts them into docs/scaling.md

Viewers choose a layer, a place and a time, each by Zipf's law (of the times the newest is the most
frequent), and a zoom of a bell over the pyramid, or begin with the world as the page opens; then
they pan, zoom, step or play, a screen of tiles each time. Each tile is first looked for in a CDN,
then in the server's tile cache, and is drawn of the chunks of its level, which are looked for in
the worker's chunk cache and read from the store. All caches are LRU by bytes; figures are those of
the second half of a run. The same seed gives the same tables.
"""

from __future__ import annotations

import argparse
from collections import Counter, OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

DOCUMENT = Path(__file__).parents[2] / "docs" / "scaling.md"
BEGIN, END = "<!-- cachesim -->", "<!-- /cachesim -->"
MB, GB = 1 << 20, 1 << 30
REQUESTS = 3_000_000
SEED = 7

Tile = tuple[int, int, int, int, int]  # layer, step, z, x, y


@dataclass(frozen=True, slots=True)
class World:
    """What there is to be looked at, and how uneven the choices are."""

    layers: int = 1000
    steps: int = 10_000
    places: int = 20_000
    layer_zipf: float = 1.2
    step_zipf: float = 1.5
    place_zipf: float = 1.0
    landing: float = 0.3  # of visits that begin with the world
    zoom: float = 5.0  # the most frequent, of 0 to 10
    zoom_spread: float = 2.0
    screen: tuple[int, int] = (5, 4)  # tiles
    actions: int = 8  # of a visit on average
    play_share: float = 0.03  # of actions, each of so many steps
    played: int = 20


@dataclass(slots=True)
class Cache:
    """LRU by bytes; counts from the half of the run on, when it is warm."""

    nbytes: int
    held: OrderedDict[object, int] = field(default_factory=OrderedDict)
    size: int = 0
    asked: int = 0
    found: int = 0

    def get(self, key: object, nbytes: int, counts: bool) -> bool:
        """Whether it is there; it is afterwards."""
        known = key in self.held
        if counts:
            self.asked += 1
            self.found += known
        if known:
            self.held.move_to_end(key)
            return True
        if nbytes > self.nbytes:
            return False
        self.held[key] = nbytes
        self.size += nbytes
        while self.size > self.nbytes:
            self.size -= self.held.popitem(last=False)[1]
        return False


@dataclass(frozen=True, slots=True)
class Plan:
    """The caches of a row: bytes of the CDN, of tiles and of chunks of each worker."""

    cdn: int
    tiles: int
    chunks: int
    sticks: bool = False  # whether all of a visit goes to one worker
    workers: int = 8


PLANS = (
    Plan(0, 0, GB),
    Plan(0, 0, GB, sticks=True),
    Plan(0, GB // 2, GB, sticks=True),
    Plan(0, 2 * GB, GB // 4, sticks=True),
    Plan(0, 2 * GB, GB, sticks=True),
    Plan(0, 16 * GB, 4 * GB, sticks=True),
    Plan(10 * GB, 2 * GB, GB, sticks=True),
    Plan(100 * GB, 2 * GB, GB, sticks=True),
)
TILE_BYTES = 20_000  # on average
CHUNK_BYTES = 256 * 256 * 4


def cumulated(count: int, exponent: float) -> np.ndarray:
    """(count,) what share falls on the first, the first two, …, by Zipf's law."""
    weights = 1.0 / np.arange(1, count + 1) ** exponent
    return np.asarray(np.cumsum(weights) / weights.sum())


def requests(world: World, count: int, seed: int = SEED) -> Iterator[tuple[int, Tile]]:
    """The tiles that viewers ask for, each with the number of its visit, one visit after the other.

    Visits are not mixed, as caches hold many times what is looked at in one.
    """
    rng = np.random.default_rng(seed)
    layers = cumulated(world.layers, world.layer_zipf)
    steps = cumulated(world.steps, world.step_zipf)
    places = cumulated(world.places, world.place_zipf)
    centres = rng.uniform((0.0, 0.2), (1.0, 0.8), (world.places, 2))
    given = visit = 0
    while given < count:
        visit += 1
        layer = int(np.searchsorted(layers, rng.random()))
        x, y = centres[int(np.searchsorted(places, rng.random()))]
        step = int(np.searchsorted(steps, rng.random()))
        z = int(np.clip(round(rng.normal(world.zoom, world.zoom_spread)), 0, 10))
        if rng.random() < world.landing:
            x, y, z, step = 0.5, 0.5, 2, 0
        for _ in range(rng.geometric(1 / world.actions)):
            kind = rng.random()
            played = world.played if kind < world.play_share else 1
            for moment in range(step, min(step + played, world.steps)):
                for tile in screen(world, x, y, z):
                    given += 1
                    yield visit, (layer, moment, z, *tile)
            if kind > 0.7:
                z = int(np.clip(z + rng.choice((-1, 1)), 0, 10))
            elif kind > 0.4:
                x, y = np.array((x, y)) + rng.normal(0, 2, 2) / 2**z
            else:
                step = min(world.steps - 1, max(0, step + int(rng.choice((-1, 1)))))


def screen(world: World, x: float, y: float, z: int) -> Iterator[tuple[int, int]]:
    """The tiles of a screen round a place, of a world that is once there."""
    across = 2**z
    width, height = (min(n, across) for n in world.screen)
    left = int(x * across - (width - 1) / 2)
    top = min(max(0, int(y * across - (height - 1) / 2)), across - height)
    for row in range(top, top + height):
        for column in range(left, left + width):
            yield column % across, row


def tile_bytes(tile: Tile) -> int:
    """Of an encoded tile: from a tenth to twice the average, always the same for the same."""
    return TILE_BYTES // 10 + hash(tile) % (TILE_BYTES * 9 // 5)


def chunks_of(tile: Tile) -> Iterator[Tile]:
    """Chunks are as large as tiles, and lie across them."""
    layer, step, z, x, y = tile
    for row in (y, y + 1):
        for column in (x, x + 1):
            yield layer, step, z, column % (2**z + 1), row


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the warm half of a run."""

    plan: Plan
    asked: int
    to_server: int
    drawn: int
    without_store: int
    reads: int


def run(plan: Plan, world: World, count: int) -> Outcome:
    """One row: all caches in turn, and the workers dealt evenly."""
    cdn, tiles = Cache(plan.cdn), Cache(plan.tiles)
    workers = [Cache(plan.chunks) for _ in range(plan.workers)]
    asked = to_server = drawn = without = reads = 0
    for number, (visit, tile) in enumerate(requests(world, count)):
        counts = number >= count // 2
        asked += counts
        if plan.cdn and cdn.get(tile, tile_bytes(tile), counts):
            continue
        to_server += counts
        if plan.tiles and tiles.get(tile, tile_bytes(tile), counts):
            continue
        drawn += counts
        worker = workers[((visit if plan.sticks else number) * 2654435761 >> 7) % plan.workers]
        missing = sum(not worker.get(key, CHUNK_BYTES, counts) for key in chunks_of(tile))
        reads += missing * counts
        without += counts * (not missing)
    return Outcome(plan, asked, to_server, drawn, without, reads)


def table(outcomes: list[Outcome]) -> str:
    """As Markdown."""
    head = (
        "| CDN | tiles of the server | chunks of each of 8 workers | visits stay with a worker "
        "| asked of the server | drawn | drawn without the store | store requests |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for one in outcomes:
        sizes = (one.plan.cdn, one.plan.tiles, one.plan.chunks)
        shares = (
            "yes" if one.plan.sticks else "no",
            f"{one.to_server / one.asked:.0%}",
            f"{one.drawn / one.asked:.0%}",
            f"{one.without_store / max(1, one.drawn):.0%} of these",
            f"{1000 * one.reads / one.asked:.0f} of 1000 tiles",
        )
        lines.append("| " + " | ".join([*map(_size, sizes), *shares]) + " |")
    return "\n".join(lines)


def _size(nbytes: int) -> str:
    if not nbytes:
        return "–"
    return f"{nbytes // GB} GiB" if nbytes >= GB else f"{nbytes // MB} MiB"


def concentration(world: World, count: int) -> str:
    """How uneven it all is, to be held against what others have logged."""
    asked = Counter(tile for _, tile in requests(world, count))
    counts = np.sort(np.fromiter(asked.values(), np.int64))[::-1]
    tenth, fifth = (counts[: len(counts) // n].sum() / counts.sum() for n in (10, 5))
    return (
        f"{count / 1e6:.1f} million requests of {len(counts) / 1e6:.1f} million different tiles: "
        f"{tenth:.0%} of them go to a tenth, {fifth:.0%} to a fifth of these."
    )


def main() -> None:
    """Print the table, or put it into the document."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = table([run(plan, World(), given.requests) for plan in PLANS])
    made = f"{concentration(World(), given.requests)}\n\n{rows}"
    print(made)
    if given.write:
        text = DOCUMENT.read_text()
        before, rest = text.split(BEGIN)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{made}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
