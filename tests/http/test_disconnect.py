"""Clients that go away, and those that come too early."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.services.memory_catalog import catalog as full_catalog
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.cube import Cube, Raw
from tileserver.dataset import Entry, make_dataset
from tileserver.plan import ReadPlan
from tileserver.settings import Settings
from tileserver.sources.source import Source

Receive = Callable[[], Awaitable[dict[str, Any]]]
TILE = "/tiles/sea/sst/0/0/0"


@dataclass
class SlowSource:
    """Reads when it is let, and counts what becomes of its reads."""

    inner: Source
    let: asyncio.Event = field(default_factory=asyncio.Event)
    begun: int = 0
    dropped: int = 0

    @property
    def version(self) -> str:
        return "slow"

    @property
    def cube(self) -> Cube:
        return self.inner.cube

    def held(self, plan: ReadPlan) -> None:
        """Nothing is."""

    async def read(self, plan: ReadPlan) -> Raw:
        self.begun += 1
        try:
            await self.let.wait()
        except asyncio.CancelledError:
            self.dropped += 1
            raise
        return await self.inner.read(plan)


class Server:
    """The app with a slow dataset, spoken to in ASGI."""

    def __init__(self, **settings: float) -> None:
        self.app = create_app(Settings(**settings), self._catalog)

    def _catalog(self, chunks: ByteCache[Raw], pool: Executor) -> Catalog:
        found = full_catalog(chunks, pool)
        sea = found["sea"]
        self.source = SlowSource(sea.source)
        found.entries["sea"] = Entry(
            sea.config, found.entry("sea").origin, dataset=make_dataset(sea.config, self.source)
        )
        return found

    async def get(
        self, receive: Receive, path: str = TILE, query: bytes = b"", method: str = "GET"
    ) -> list[int]:
        """The status of the answer to a request, as far as one was begun."""
        statuses = []

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(),
                 "root_path": "", "query_string": query, "headers": [], "scheme": "http",
                 "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 9), "state": self.state,
                 "http_version": "1.1", "asgi": {"version": "3.0"}}  # fmt: skip
        await self.app(scope, receive, send)
        return statuses

    async def __aenter__(self) -> "Server":
        self.state: dict[str, Any] = {}
        self._stop, started = asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, Any]:
            if started.is_set():
                await self._stop.wait()
                return {"type": "lifespan.shutdown"}
            return {"type": "lifespan.startup"}

        async def send(message: dict[str, Any]) -> None:
            started.set()

        scope = {"type": "lifespan", "state": self.state}
        self._life = asyncio.ensure_future(self.app(scope, receive, send))
        await started.wait()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await self._life


async def stays() -> dict[str, Any]:
    """A client that waits for its answer."""
    await asyncio.Event().wait()
    return {}


async def begun(source: SlowSource) -> None:
    while not source.begun:
        await asyncio.sleep(0)


def test_work_is_dropped_with_its_last_client() -> None:
    """Row 18: nothing is left running, and the next request works."""

    async def run() -> None:
        async with Server() as server:
            leaves = asyncio.Event()

            async def gone() -> dict[str, Any]:
                await leaves.wait()
                return {"type": "http.disconnect"}

            asked = asyncio.ensure_future(server.get(gone))
            await begun(server.source)
            tasks = len(asyncio.all_tasks())
            leaves.set()
            await asked
            await asyncio.sleep(0)
            assert (server.source.begun, server.source.dropped) == (1, 1)
            assert len(asyncio.all_tasks()) < tasks
            server.source.let.set()
            assert await server.get(stays) == [200]

    asyncio.run(run())


def test_posted_work_is_dropped_too() -> None:
    """Once its body is there, nobody waits for what it asks for."""

    async def run() -> None:
        async with Server() as server:
            leaves, place = asyncio.Event(), b'{"type": "Point", "coordinates": [1, 1]}'
            messages = [{"type": "http.request", "body": place, "more_body": False}]

            async def gone() -> dict[str, Any]:
                if messages:
                    return messages.pop()
                await leaves.wait()
                return {"type": "http.disconnect"}

            asked = asyncio.ensure_future(server.get(gone, "/timeseries/sea/sst", method="POST"))
            await begun(server.source)
            tasks = len(asyncio.all_tasks())
            leaves.set()
            await asked
            await asyncio.sleep(0)
            assert server.source.dropped == server.source.begun > 0
            assert len(asyncio.all_tasks()) < tasks

    asyncio.run(run())


def test_work_goes_on_while_another_client_waits() -> None:
    """Equal requests share one reading; one that goes away does not spoil it for the other."""

    async def run() -> None:
        async with Server() as server:
            leaves = asyncio.Event()

            async def gone() -> dict[str, Any]:
                await leaves.wait()
                return {"type": "http.disconnect"}

            first = asyncio.ensure_future(server.get(gone))
            second = asyncio.ensure_future(server.get(stays))
            await begun(server.source)
            leaves.set()
            await first
            server.source.let.set()
            assert await second == [200]
            assert (server.source.begun, server.source.dropped) == (1, 0)

    asyncio.run(run())


def test_client_that_goes_while_it_sends(caplog: pytest.LogCaptureFixture) -> None:
    """Half a body is no mistake of ours: nothing is logged, nothing is left."""

    async def run() -> None:
        async with Server() as server:
            messages = [{"type": "http.request", "body": b'{"type"', "more_body": True}]

            async def gone() -> dict[str, Any]:
                return messages.pop() if messages else {"type": "http.disconnect"}

            assert await server.get(gone, "/timeseries/sea/sst", method="POST") in ([], [499])
            assert (server.source.begun, server.state["context"].gate.in_flight) == (0, 0)

    asyncio.run(run())
    assert caplog.records == []
