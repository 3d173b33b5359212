"""Servers that end, and what their clients notice: a balancer that looks at readiness, and load.

python -m tests.endings [--rounds 3]     two replicas, restarted in turn under load
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.process import free_port
from tileserver.demo import build

LOOK_EVERY_S = 0.1
DRAIN_S = 0.5
ENDED_WITHIN_S = 30.0
TILES = [f"/tiles/ocean/sst/{z}/{x}/{y}" for z in (1, 2, 3) for x in range(2) for y in range(2)]


@dataclass
class Replica:
    """A server on a port of its own, which may be ended and started again."""

    catalog: Path
    workers: int = 1
    port: int = field(default_factory=free_port)

    def start(self) -> None:
        command = [sys.executable, "-m", "tileserver", "serve", "--catalog", str(self.catalog),
                   "--port", str(self.port), "--workers", str(self.workers)]  # fmt: skip
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            env={**os.environ, "TILESERVER_DRAIN_S": str(DRAIN_S)},
        )

    def wait(self) -> None:
        """Until it is ready."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(b"http"), line

    def end(self) -> int:
        """As Kubernetes does; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(ENDED_WITHIN_S)
        finally:
            self.process.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@dataclass
class Balancer:
    """Hands TCP connections on to the replicas that say they are ready, in turn.

    It knows nothing of HTTP: a connection that is open stays where it is.
    """

    ports: Sequence[int]
    ready: set[int] = field(default_factory=set)
    port: int = 0
    _turn: int = 0
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        looking = asyncio.ensure_future(self._look())
        try:
            yield
        finally:
            looking.cancel()
            server.close()
            for each in self._connections:
                each.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def until_ready(self) -> None:
        """Until all of them are."""
        while len(self.ready) < len(self.ports):
            await asyncio.sleep(0.02)

    async def _look(self) -> None:
        while True:
            for port in self.ports:
                (self.ready.add if await is_ready(port) else self.ready.discard)(port)
            await asyncio.sleep(LOOK_EVERY_S)

    def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._hand_on(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side closes."""
        self._turn += 1
        ports = sorted(self.ready) or [0]
        with contextlib.closing(writer), contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", ports[self._turn % len(ports)])
            ways = [asyncio.ensure_future(w) for w in (_pass(reader, back), _pass(there, writer))]
            with contextlib.closing(back):
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()


async def is_ready(port: int) -> bool:
    """What a probe finds."""
    try:
        async with asyncio.timeout(1):
            with contextlib.closing(await Client.open(port)) as client:
                return await client.get("/readyz") == 200
    except (OSError, EOFError, TimeoutError):
        return False


@dataclass
class Client:
    """One kept-alive connection; opened anew when the server has said that it closes it."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    is_open: bool = True

    @classmethod
    async def open(cls, port: int) -> Client:
        return cls(port, *await asyncio.open_connection("127.0.0.1", port))

    async def get(self, path: str) -> int:
        """The status of a whole answer."""
        self.writer.write(f"GET {path} HTTP/1.1\r\nhost: here\r\n\r\n".encode())
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        await self.reader.readexactly(length)
        self.is_open = b"connection: close" not in head
        return int(head.split()[1])

    def close(self) -> None:
        self.writer.close()


async def ask(port: int, seen: Counter[object], stop: asyncio.Event, *, fresh: bool) -> None:
    """Tiles, one after the other, each a new picture; count statuses and failed connections.

    Args:
        fresh: on a connection each, else on one that is kept.
    """
    client: Client | None = None
    while not stop.is_set():
        low = random.uniform(-1, 1)
        path = f"{random.choice(TILES)}.webp?rescale={low},{low + 30}"
        try:
            if client is None:
                client = await Client.open(port)
            seen[await client.get(path)] += 1
        except (OSError, EOFError) as error:
            seen[type(error).__name__] += 1
            if client is not None:
                client.close()
            client = None
            await asyncio.sleep(0.01)
            continue
        if fresh or not client.is_open:
            client.close()
            client = None
        await asyncio.sleep(0.002)
    if client is not None:
        client.close()


async def rolling_restart(catalog: Path, clients: int = 4, rounds: int = 1) -> Counter[object]:
    """What clients were answered while each of two replicas was ended and started again."""
    replicas = [Replica(catalog), Replica(catalog)]
    for replica in replicas:
        replica.start()
    seen: Counter[object] = Counter()
    stop = asyncio.Event()
    balancer = Balancer([replica.port for replica in replicas])
    try:
        async with balancer.running():
            await balancer.until_ready()
            load = [
                asyncio.ensure_future(ask(balancer.port, seen, stop, fresh=number % 2 == 0))
                for number in range(clients)
            ]
            for replica in replicas * rounds:
                await asyncio.sleep(0.5)
                code = await asyncio.to_thread(replica.end)
                assert code == 0, code
                replica.start()
                await asyncio.to_thread(replica.wait)
                await balancer.until_ready()
            await asyncio.sleep(0.5)
            stop.set()
            await asyncio.gather(*load)
    finally:
        for replica in replicas:
            replica.end()
    return seen


async def kill_worker(catalog: Path, clients: int = 8) -> Counter[object]:
    """What clients were answered while one of two workers was killed: at most one failure each,
    where an answer was under way."""
    replica = Replica(catalog, workers=2)
    replica.start()
    seen: Counter[object] = Counter()
    stop = asyncio.Event()
    try:
        await asyncio.to_thread(replica.wait)
        load = [
            asyncio.ensure_future(ask(replica.port, seen, stop, fresh=number % 2 == 0))
            for number in range(clients)
        ]
        await asyncio.sleep(1)
        os.kill(workers_of(replica.process)[0], signal.SIGKILL)
        await asyncio.sleep(2)
        stop.set()
        await asyncio.gather(*load)
    finally:
        replica.end()
    return seen


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes of a server that answer requests."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(c) for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--folder", type=Path, default=Path("build/endings"))
    given = parser.parse_args()
    catalog = build(given.folder, small=True)
    began = time.monotonic()
    print("rolling restarts:", dict(asyncio.run(
        rolling_restart(catalog, given.clients, given.rounds))))  # fmt: skip
    print("a worker killed:", dict(asyncio.run(kill_worker(catalog, given.clients))))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
