"""Rows that need no peer: the tile cache, a tile in process, the store, workers, the start."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from functools import partial
from statistics import median

import numpy as np
import zarr

from tests.benchmarks import addresses, bare, clients, cubes, inprocess, load, machine, tiles
from tests.benchmarks.bars import Bar
from tests.benchmarks.compare import decode, difference
from tests.benchmarks.peers import catalog, ours
from tests.benchmarks.place import Place
from tests.benchmarks.process import Command, running
from tests.benchmarks.tiles import Layer, Tile, choose

LEAST_PART = 0.8
MOST_TIMES_BARE = 1.5
MOST_UTM_S = 1e-3
SAME_PICTURE = 2.0  # levels, between our tile and the bare kernel's
HELD_STEPS = 4


def tile_cache(place: Place, *, quick: bool) -> list[Bar]:
    """Row 1: what the cache answers, and 304s, against an app that answers the same bytes."""
    requests, rounds = (1500, 5) if quick else (6000, 9)
    tile = choose(tiles.SEA.cube, (3,), 1, seed=1)[0]
    path, cores = addresses.tileserver(place, tiles.SEA, tile), machine.share(clients=2, servers=1)
    with running(ours(place), cores.servers) as server:
        load.fetch(server.port, path)
        answer = load.fetch(server.port, path)
        unless = f"If-None-Match: {answer.header('etag')}"
        unchanged = load.fetch(server.port, path, unless)
        given = place.folder / "bare.json"
        given.write_text(json.dumps(
            {"body": answer.body.hex(), "200": headers(answer), "304": headers(unchanged)}
        ))  # fmt: skip
        script = str(place.apps / "bare_app.py")
        command = Command("bare", (sys.executable, script, "{port}", str(given)), {}, place.logs)
        kinds = (
            ("a tile from the tile cache", 200, load.request(server.port, path), "/"),
            ("304", 304, load.request(server.port, path, unless), "/304"),
        )
        with (
            running(command, cores.servers) as other,
            clients.running_clients(2, cores.clients) as pool,
        ):
            bars = []
            for title, status, asked, bare_path in kinds:
                rates: tuple[list[float], list[float]] = ([], [])
                for _ in range(rounds):
                    pairs = ((asked, server), (load.request(other.port, bare_path), other))
                    for (data, target), kept in zip(pairs, rates, strict=True):
                        block = [data] * requests
                        kept.append(pool.at_once(block, target.port, 8, status).rate)
                part = median(rates[0]) / median(rates[1])
                figure = f"{part:.0%} ({median(rates[0]):.0f} req/s)"
                bar = f"≥ {LEAST_PART:.0%} of a raw app's req/s"
                bars.append(Bar(1, title, bar, figure, part >= LEAST_PART))
            return bars


def headers(answer: load.Answer) -> list[tuple[str, str]]:
    """All of an answer's but `date`, which the server software adds to both."""
    lines = answer.head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(": ")[::2] for line in lines)
    return [(name, value) for name, value in pairs if name.lower() != "date"]


def in_process(place: Place, *, quick: bool) -> list[Bar]:
    """Rows 2 and 5: new tiles of held chunks, the application called directly."""
    count = 60 if quick else 400
    with inprocess.running_app(catalog(place)) as app:
        return [lat_lon(app, place, count), utm(app, place, count)]


def lat_lon(app: inprocess.App, place: Place, count: int) -> Bar:
    """In turn with the bare kernel and the bare PNG of the same tile."""
    held, chosen = held_tiles(tiles.SEA, (1, 2, 3, 4, 5), count)
    store = zarr.open_array(place.path(tiles.SEA) / "packed", mode="r")
    chunks = {tile.step: np.asarray(store[tile.step]) for tile in held}
    table = bare.color_table(cubes.SCALE, cubes.OFFSET, tiles.SEA.low, tiles.SEA.high)
    colors = bare.palette()

    def drawn(tile: Tile) -> Callable[[], bytes]:
        rows, cols = bare.cells(tile, bare.WORLD)
        chunk = chunks[tile.step]
        return lambda: bare.encode(bare.draw(chunk, rows, cols, table), colors)

    jobs = [drawn(tile) for tile in chosen]
    address = partial(addresses.tileserver, place, tiles.SEA)
    app.in_turn([address(tile) for tile in held], [drawn(tile) for tile in held])
    taken = app.in_turn([address(tile) for tile in chosen], jobs)
    apart = median(
        difference(decode(body), decode(job()))
        for (_, _, body), job in list(zip(taken, jobs, strict=True))[:10]
    )
    whole, least = median(t[0] for t in taken), median(t[1] for t in taken)
    figure = f"{whole / least:.2f}× ({whole * 1e3:.3f} ms, bare {least * 1e3:.3f} ms)"
    if apart > SAME_PICTURE:
        figure += f"; its picture differs by {apart:.1f} levels"
    case = "lat/lon tile from decoded chunks, nearest, in process"
    bar = f"≤ {MOST_TIMES_BARE}× bare kernel + bare PNG"
    return Bar(2, case, bar, figure, whole / least <= MOST_TIMES_BARE and apart <= SAME_PICTURE)


def utm(app: inprocess.App, place: Place, count: int) -> Bar:
    """All chunks of one step are decoded before, by its tiles at the coarsest zoom."""
    every = [Tile(t.z, t.x, t.y) for t in tiles.candidates(tiles.UTM.cube, (11,))]
    some = tiles.candidates(tiles.UTM.cube, (12, 13))
    chosen = random.Random(5).sample(some, min(count, len(some)))
    address = partial(addresses.tileserver, place, tiles.UTM)
    app.in_turn([address(tile) for tile in every], [nothing] * len(every))
    taken = app.in_turn([address(tile) for tile in chosen], [nothing] * len(chosen))
    seconds = median(t[0] for t in taken)
    case = "UTM uint16, bilinear, decoded, in process"
    return Bar(5, case, "≤ 1 ms", f"{seconds * 1e3:.2f} ms", seconds <= MOST_UTM_S)


def nothing() -> None:
    pass


def held_tiles(layer: Layer, zooms: tuple[int, ...], count: int) -> tuple[list[Tile], list[Tile]]:
    """One tile of each of a few steps, and others of the same steps."""
    places = tiles.candidates(layer.cube, zooms)
    draw = random.Random(3)
    every = [Tile(t.z, t.x, t.y, step) for t in places for step in range(HELD_STEPS)]
    chosen = draw.sample(every, min(count + HELD_STEPS, len(every)))
    first = {tile.step: tile for tile in reversed(chosen)}
    return list(first.values()), [tile for tile in chosen if tile not in first.values()]
