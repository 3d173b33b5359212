"""Every server on the same tiles, in turn."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks import load, tiles
from tests.benchmarks.environments import NotInstalled
from tests.benchmarks.machine import Cores
from tests.benchmarks.peers import OURS, Peer
from tests.benchmarks.place import Place
from tests.benchmarks.process import NotStarted, Server, running
from tests.benchmarks.tiles import Layer, Tile, choose

CONCURRENCY = 8
KEPT = 6  # pictures of each case that are decoded
LEAST_OPAQUE = 0.05  # of a picture, or it counts as empty
MOST_DIFFERENCE = 16.0  # levels of 255 between two servers' pictures of the same tile


@dataclass(frozen=True, slots=True)
class Case:
    """Tiles of a layer; `other` is asked for before.

    Attributes:
        rows: of the bars, that it belongs to.
        extra: whether it stands beside the case that decides them.
    """

    name: str
    title: str
    layer: Layer
    other: Layer
    zooms: tuple[int, ...]
    rows: tuple[int, ...]
    extra: bool = False


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Attributes:
        cold: tiles of a case from cold; `many` in that of row 4.
        turns: tiles one at a time.
        rounds: how often with servers started anew, but once for what is extra.
    """

    many: int
    cold: int
    turns: int
    rounds: int


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all cases have in common."""

    place: Place
    effort: Effort
    cores: Cores


FULL, QUICK = Effort(300, 150, 100, 2), Effort(100, 50, 20, 1)
WORLD, ALPS = (1, 2, 3, 4, 5), (10, 11, 12, 13, 14)
CASES = (
    Case("global", "0.25° int16", tiles.SEA, tiles.SEA_FLOAT, WORLD, (3, 4)),
    Case("float", "0.25° float32", tiles.SEA_FLOAT, tiles.SEA, WORLD, (3,), extra=True),
    Case("fine", "0.01° int16, 18000 × 36000", tiles.FINE, tiles.FINE, (7, 8), (3,), extra=True),
    Case(
        "sharded", "0.01° int16, sharded", tiles.SHARDED, tiles.SHARDED, (7, 8, 9), (3,), extra=True
    ),
    Case("utm", "UTM uint16, bilinear", tiles.UTM, tiles.UTM_OTHER, (11, 12, 13), (5,)),
    Case("jpeg", "RGB COG as JPEG", tiles.RGB_JPEG, tiles.RGB_JPEG, ALPS, (6,)),
    Case("webp", "RGB COG as WebP", tiles.RGB_WEBP, tiles.RGB_WEBP, ALPS, (6,)),
    Case("hillshade", "DEM COG, hillshade", tiles.HILLSHADE, tiles.HILLSHADE, (11, 12, 13), (6,)),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one server in one case; times in seconds, memory in bytes.

    Attributes:
        p50, p95: of one request at a time, chunks decoded before by those that keep them.
        rate: tiles a second of CONCURRENCY requests at a time, from cold.
        cpu_s: of one tile of these.
        peak: resident memory.
        difference: from our picture, mean over pixels and channels, in levels of 255.
        failed: why there are no figures.
    """

    p50: float = 0.0
    p95: float = 0.0
    rate: float = 0.0
    cpu_s: float = 0.0
    peak: float = 0.0
    difference: float = 0.0
    failed: str = ""


Table = dict[str, dict[str, Figures]]  # by case, then by server


def compare(cases: Sequence[Case], peers: Sequence[Peer], given: Conditions) -> Table:
    """All cases on all servers that can draw them; what cannot be measured says why."""
    table: Table = {}
    for case in cases:
        print(f"  {case.title}", flush=True)
        corner = Tile(0, 0, 0)
        able = [p for p in (OURS, *peers) if p.path(given.place, case.layer, corner) is not None]
        count = 1 if case.extra else given.effort.rounds
        rounds = [one_round(case, able, given, seed) for seed in range(count)]
        table[case.name] = merge(rounds)
    return table


def one_round(
    case: Case, peers: Sequence[Peer], given: Conditions, seed: int
) -> dict[str, Figures]:
    """One case on servers started for it."""
    failed: dict[str, Figures] = {}
    with contextlib.ExitStack() as stack:
        runners: list[Runner] = []
        for peer in peers:
            try:
                server = stack.enter_context(
                    running(peer.command(given.place), given.cores.servers)
                )
                runners.append(Runner(peer, server, given.place))
            except (NotStarted, NotInstalled, OSError) as error:
                failed[peer.name] = Figures(failed=f"not started: {error}")
        with given.cores.as_client():
            return failed | measure(case, runners, given.effort, seed)


def measure(case: Case, runners: Sequence[Runner], effort: Effort, seed: int) -> dict[str, Figures]:
    count = effort.many if 4 in case.rows else effort.cold
    chosen = choose(case.layer.cube, case.zooms, count + effort.turns + 1, seed)
    first, cold, turns = chosen[:1], chosen[1 : count + 1], chosen[count + 1 :]
    failed: dict[str, Figures] = {}
    blocks: dict[str, Block] = {}
    for runner in runners:
        try:
            # Two layers, so that what is compiled at first use is compiled for both.
            runner.draw(case.other, first)
            runner.draw(case.layer, first)
            blocks[runner.name] = runner.block(case.layer, cold)
            if runner.peer.keeps_chunks:
                runner.draw(case.layer.primer(), turns)
        except (load.BadAnswer, OSError) as error:
            failed[runner.name] = Figures(failed=str(error))
    able = [runner for runner in runners if runner.name not in failed]
    alone = load.in_turn(
        [runner.requests(case.layer, turns) for runner in able],
        [runner.server.port for runner in able],
        KEPT,
    )
    results = dict(zip((runner.name for runner in able), alone, strict=True))
    return failed | {
        name: figures(blocks[name], result, results.get(OURS.name))
        for name, result in results.items()
    }


@dataclass(frozen=True, slots=True)
class Block:
    """Of distinct tiles from cold: the answers, CPU seconds of a tile, peak bytes."""

    result: load.Result
    cpu_s: float
    peak: int


@dataclass(frozen=True, slots=True)
class Runner:
    """A peer that runs."""

    peer: Peer
    server: Server
    place: Place

    @property
    def name(self) -> str:
        return self.peer.name

    def requests(self, layer: Layer, wanted: Sequence[Tile]) -> list[bytes]:
        paths = (self.peer.path(self.place, layer, tile) for tile in wanted)
        return [load.request(self.server.port, path) for path in paths if path is not None]

    def draw(self, layer: Layer, wanted: Sequence[Tile]) -> None:
        """For what it leaves in the server's caches."""
        load.at_once(self.requests(layer, wanted), self.server.port, CONCURRENCY)

    def block(self, layer: Layer, wanted: Sequence[Tile]) -> Block:
        requests = self.requests(layer, wanted)
        self.server.forget_peak()
        before = self.server.cpu_s()
        result = load.at_once(requests, self.server.port, CONCURRENCY)
        cpu_s = (self.server.cpu_s() - before) / len(requests)
        return Block(result, cpu_s, self.server.peak_bytes())


def figures(cold: Block, alone: load.Result, ours: load.Result | None) -> Figures:
    """Raises nothing: pictures that are empty or another's are told in `failed`."""
    if alone.failed:
        return Figures(failed=alone.failed)
    shown = {number: decode(body) for number, body in alone.bodies.items()}
    if min(opaque(picture) for picture in shown.values()) < LEAST_OPAQUE:
        return Figures(failed="an empty picture")
    same = 0.0
    if ours is not None and not ours.failed:
        same = median(difference(decode(ours.bodies[n]), p) for n, p in shown.items())
    p50, p95 = median(alone.latencies), quantiles(alone.latencies, n=20)[-1]
    return Figures(p50, p95, cold.result.rate, cold.cpu_s, cold.peak, same)


def decode(body: bytes) -> NDArray[np.uint8]:
    """(height, width, 4)."""
    return np.asarray(Image.open(io.BytesIO(body)).convert("RGBA"))


def opaque(picture: NDArray[np.uint8]) -> float:
    return float(np.mean(picture[..., 3] > 0))


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean over the channels of the pixels that both have, in levels; 255 if sizes differ."""
    if one.shape != other.shape:
        return 255.0
    both = (one[..., 3] > 0) & (other[..., 3] > 0)
    apart = np.abs(one[both][:, :3].astype(int) - other[both][:, :3])
    return float(apart.mean()) if apart.size else 255.0


def merge(rounds: Sequence[dict[str, Figures]]) -> dict[str, Figures]:
    """The median of each figure over the rounds that have it."""
    merged = {}
    for name in rounds[0]:
        each = [found[name] for found in rounds if name in found]
        good = [found for found in each if not found.failed]
        if not good:
            merged[name] = each[0]
            continue
        merged[name] = Figures(
            median(f.p50 for f in good), median(f.p95 for f in good),
            median(f.rate for f in good), median(f.cpu_s for f in good),
            max(f.peak for f in good), max(f.difference for f in good),
        )  # fmt: skip
    return merged
