"""Ten times what a server can do: who is served, how fast the others are told, what is left behind.

    python -m tests.benchmarks.overload [--seconds 15] [--factor 10] [--write]

A worker on one core draws tiles of a store with 30 ms a request, each from chunks that it does not
hold. First one client asks, one tile after the other; then as many as the worker can serve; then so
many times that number as wanted come at their times, answered or not, from twenty clients, while
/healthz is asked beside. `--write` puts the table into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import numpy as np
import uvloop

from tests.benchmarks import load, machine
from tests.benchmarks.process import Command, Server, running
from tests.scale.cubes import write_cube

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "docs" / "reliability.md"
LATENCY_S = 0.03
STEPS, HEIGHT, WIDTH, CHUNK = 100, 720, 1440, 90
ZOOM = 4  # where a tile is about as large as a chunk
CLIENTS = 20
ALONE = 200  # tiles, one after the other
IN_FLIGHT = 8  # of one core, as docs/configuration.md has it
CAPACITY_S = 6.0
MOST_CONNECTIONS = 1000  # of all clients; a request beyond waits for one, and its time counts
HEALTH_EVERY_S = 0.05
PAUSE_S = 3.0  # after it, before looking whether all is as it was
MOST_RATIO, MOST_REFUSAL_S, MOST_HEALTH_S, MOST_GROWTH = 3.0, 0.1, 0.1, 1.1
ENDS_WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Answered:
    """One request: what came, and how long after its time."""

    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run showed. Times in seconds."""

    factor: float
    seconds: float
    alone_p95: float
    capacity: float  # tiles a second
    answers: Sequence[Answered]
    health: Sequence[float]
    after_p95: float
    before_bytes: int
    peak_bytes: int
    after_bytes: int

    def of(self, status: int) -> list[float]:
        return [each.seconds for each in self.answers if each.status == status] or [0.0]

    def rows(self) -> Iterator[tuple[str, str, str, bool]]:
        """What was wanted, what came out, and whether it is enough."""
        asked = len(self.answers) / self.seconds
        served, refused = self.of(200), self.of(503)
        others = {a.status for a in self.answers} - {200, 503}
        yield ("asked and served a second", "–",
               f"{asked:.0f} and {len(served) / self.seconds:.0f}, of which {self.capacity:.0f} "
               "are possible", True)  # fmt: skip
        yield ("answers beside 200 and 503", "none", str(sorted(others) or "none"), not others)
        ratio = p95(served) / self.alone_p95
        yield (f"p95 of the served (alone {ms(self.alone_p95)})", f"≤ {MOST_RATIO:g} ×",
               f"{ms(p95(served))}, {ratio:.1f} ×", ratio <= MOST_RATIO)  # fmt: skip
        yield (f"refusals, p50 / p99 / most of {len(refused)}", f"≤ {ms(MOST_REFUSAL_S)}",
               f"{ms(p50(refused))} / {ms(p99(refused))} / {ms(max(refused))}",
               p99(refused) <= MOST_REFUSAL_S)  # fmt: skip
        yield (f"/healthz, p50 / p99 / most of {len(self.health)}", f"≤ {ms(MOST_HEALTH_S)}",
               f"{ms(p50(self.health))} / {ms(p99(self.health))} / {ms(max(self.health))}",
               max(self.health) <= MOST_HEALTH_S)  # fmt: skip
        yield ("p95 of one client afterwards", "as before", ms(self.after_p95),
               self.after_p95 <= 1.5 * self.alone_p95)  # fmt: skip
        grown = self.after_bytes / self.before_bytes
        yield (f"memory, before {mib(self.before_bytes)}, most {mib(self.peak_bytes)}",
               f"≤ {MOST_GROWTH:g} ×", f"{mib(self.after_bytes)} afterwards",
               grown <= MOST_GROWTH)  # fmt: skip

    @property
    def holds(self) -> bool:
        return all(row[3] for row in self.rows())

    def __str__(self) -> str:
        lines = ["| what | wanted | measured | |", "|---|---|---|---|"]
        for what, wanted, found, good in self.rows():
            lines.append(f"| {what} | {wanted} | {found} | {'✓' if good else '✗'} |")
        return "\n".join(lines)


def p50(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100)[-1] if len(values) > 1 else values[0]


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"


def mib(nbytes: int) -> str:
    return f"{nbytes / 2**20:.0f} MiB"


class Connection(asyncio.Protocol):
    """One kept-alive connection: a request, then its answer."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.left = -1
        self.status = 0
        self.asked: float | None = None

    def ask(self, request: bytes, asked: float) -> None:
        self.asked, self.left = asked, -1
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            head, _, data = data.partition(b"\r\n\r\n")
            self.status = int(head[9:12])
            self.left = load.body_length(head)
        self.left -= len(data)
        if self.left <= 0 and self.asked is not None:
            self._done(self.status)

    def connection_lost(self, _: Exception | None) -> None:
        if self.asked is not None:
            self._done(0)
        with contextlib.suppress(ValueError):
            self.crowd.idle.remove(self)

    def _done(self, status: int) -> None:
        assert self.asked is not None
        seconds = asyncio.get_running_loop().time() - self.asked
        self.asked = None
        self.crowd.under_way -= 1
        self.crowd.answers.append(Answered(status, seconds))
        if status:
            self.crowd.idle.append(self)
        self.crowd.answered.set()


@dataclass
class Crowd:
    """Connections to one port, of which as many are opened as are needed."""

    port: int
    idle: list[Connection] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    under_way: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, request: bytes, at: float) -> None:
        """Send a request whose time was `at`."""
        self.under_way += 1
        if not self.idle:
            loop = asyncio.get_running_loop()
            _, opened = await loop.create_connection(
                lambda: Connection(self), "127.0.0.1", self.port
            )
            self.idle.append(opened)
        self.idle.pop().ask(request, at)

    async def end(self) -> None:
        """Until all is answered."""
        async with asyncio.timeout(ENDS_WITHIN_S):
            while self.under_way:
                self.answered.clear()
                await self.answered.wait()
        for each in self.idle:
            each.transport.close()

    async def closed_loop(self, requests: Iterator[bytes], at_once: int, seconds: float) -> None:
        """So many at once, each followed by the next."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            while self.under_way < at_once:
                await self.ask(next(requests), loop.time())
            self.answered.clear()
            await self.answered.wait()
        await self.end()

    async def open_loop(self, requests: Iterator[bytes], rate: float, seconds: float) -> None:
        """So many a second, whatever becomes of them."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        opening: set[asyncio.Task[None]] = set()
        for number in range(int(rate * seconds)):
            at = began + number / rate
            if (wait_s := at - loop.time()) > 0.0005:
                await asyncio.sleep(wait_s)
            while not self.idle and self.under_way >= MOST_CONNECTIONS:
                self.answered.clear()
                await self.answered.wait()
            if self.idle:
                await self.ask(next(requests), at)
            else:
                task = loop.create_task(self.ask(next(requests), at))
                opening.add(task)
                task.add_done_callback(opening.discard)
        if opening:
            await asyncio.wait(opening)
        await self.end()


async def watch_health(port: int, seen: list[float]) -> None:
    """How long /healthz takes, on a connection of its own, until cancelled."""
    crowd = Crowd(port)
    request = load.request(port, "/healthz")
    loop = asyncio.get_running_loop()
    while True:
        await crowd.ask(request, loop.time())
        await crowd.answered.wait()
        crowd.answered.clear()
        answer = crowd.answers.pop()
        seen.append(answer.seconds if answer.status == 200 else ENDS_WITHIN_S)
        await asyncio.sleep(HEALTH_EVERY_S)


def tiles(port: int, seed: int) -> Iterator[bytes]:
    """Tiles in an order by chance, from twenty clients in turn; each step and place once."""
    places = [(t, x, y) for t in range(STEPS) for x in range(2**ZOOM) for y in range(1, 15)]
    random.Random(seed).shuffle(places)
    first = np.datetime64("2020-01-01")
    for number, (t, x, y) in enumerate(itertools.cycle(places)):
        path = f"/tiles/sea/sst/{ZOOM}/{x}/{y}?time={first + t}&rescale=0,{1000 + number % 97}"
        yield load.request(port, path, f"X-Forwarded-For: 198.51.100.{number % CLIENTS}")


async def attack(server: Server, factor: float, seconds: float) -> Outcome:
    """Load one worker, see what comes of it."""
    requests = tiles(server.port, 5)
    for request in itertools.islice(requests, ALONE):  # until all that is imported late is there
        one_answer(server.port, request)
    alone = [one_answer(server.port, r).seconds for r in itertools.islice(requests, ALONE)]
    crowd = Crowd(server.port)
    await crowd.closed_loop(requests, IN_FLIGHT, CAPACITY_S)
    capacity = sum(each.status == 200 for each in crowd.answers) / CAPACITY_S
    await asyncio.sleep(1)
    before = server.resident_bytes()
    server.forget_peak()
    health: list[float] = []
    watching = asyncio.ensure_future(watch_health(server.port, health))
    crowd = Crowd(server.port)
    await crowd.open_loop(requests, factor * capacity, seconds)
    watching.cancel()
    peak = server.peak_bytes()
    await asyncio.sleep(PAUSE_S)
    after = [one_answer(server.port, r).seconds for r in itertools.islice(requests, ALONE)]
    return Outcome(
        factor=factor,
        seconds=seconds,
        alone_p95=p95(alone),
        capacity=capacity,
        answers=crowd.answers,
        health=health,
        after_p95=p95(after),
        before_bytes=before,
        peak_bytes=peak,
        after_bytes=server.resident_bytes(),
    )


_kept: dict[int, load.Connection] = {}


def one_answer(port: int, request: bytes) -> Answered:
    """On the one connection of a client that waits for each."""
    connection = _kept.get(port) or _kept.setdefault(port, load.Connection(port))
    began = time.perf_counter()
    answer = connection.get(request)
    if answer.status != 200:
        raise load.BadAnswer(f"{answer.status}: {answer.body[:200]!r}")
    return Answered(answer.status, time.perf_counter() - began)


@contextlib.contextmanager
def store_and_server(folder: Path, cores: machine.Cores) -> Iterator[Server]:
    """The slow store, and a worker that reads from it."""
    store_words = (sys.executable, str(Path(__file__).parent / "apps" / "slow_store.py"),
                   str(folder), "{port}", str(LATENCY_S))  # fmt: skip
    store_command = Command("store", store_words, {"PYTHONPATH": str(ROOT)}, folder / "logs")
    with running(store_command, cores.clients) as store:
        storage = {"slow": {"endpoint": f"http://127.0.0.1:{store.port}", "anonymous": True,
                            "allow_http": True}}  # fmt: skip
        datasets = [{"id": "sea", "url": "s3://bench/sea.zarr", "storage": "slow"}]
        catalog = folder / "catalog.json"
        catalog.write_text(json.dumps({"storage": storage, "datasets": datasets}))
        words = (sys.executable, "-m", "tileserver", "serve", "--catalog", str(catalog),
                 "--port", "{port}")  # fmt: skip
        settings = {
            "TILESERVER_MEMORY": "32MiB",
            "TILESERVER_IN_FLIGHT": str(IN_FLIGHT),
            "TILESERVER_TRUSTED_PROXIES": "127.0.0.1",
        }
        command = Command("tileserver", words, settings, folder / "logs", ready="/readyz")
        with running(command, cores.servers) as server:
            yield server


def make_cube(folder: Path) -> None:
    """Numbers that differ from step to step, in chunks of a tile each."""
    if (folder / "sea.zarr").exists():
        return
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    wave = (500 + 400 * np.sin(x / 40) * np.cos(y / 40)).astype(np.int16)
    values = np.stack([np.roll(wave, 7 * t, axis=1) for t in range(STEPS)])
    write_cube(folder / "sea.tmp", {"sst": values}, chunks=(1, CHUNK, CHUNK))
    (folder / "sea.tmp").rename(folder / "sea.zarr")


def write(outcome: Outcome) -> None:
    """Between the marks of the report."""
    text = REPORT.read_text()
    told = (
        f"<!-- overload -->\n{outcome.factor:g} times what a worker can do, for "
        f"{outcome.seconds:g} s, {CLIENTS} clients; {machine.describe()}.\n\n{outcome}\n"
        "<!-- /overload -->"
    )
    REPORT.write_text(re.sub(r"<!-- overload -->.*<!-- /overload -->", told, text, flags=re.S))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--factor", type=float, default=10)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "overload")
    parser.add_argument("--write", action="store_true", help="into docs/reliability.md")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    make_cube(given.folder)
    cores = machine.share(2, 1)
    with store_and_server(given.folder, cores) as server, cores.as_client():
        outcome = uvloop.run(attack(server, given.factor, given.seconds))
    print(outcome)
    if given.write:
        write(outcome)
    sys.exit(not outcome.holds)


if __name__ == "__main__":
    main()
