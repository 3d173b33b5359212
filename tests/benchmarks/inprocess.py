"""The application itself, called without a server: what a tile costs apart from HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from tests.benchmarks.load import BadAnswer
from tileserver.app import create_app
from tileserver.settings import Settings

READY_WITHIN_S = 60
Scope = dict[str, Any]


class App:
    """The application with its lifespan, in an event loop of the kind that the server has."""

    def __init__(self, runner: asyncio.Runner, catalog: Path) -> None:
        self._runner = runner
        self._app = create_app(Settings(catalog=(str(catalog),)))
        self._state: Scope = {}
        self._events: asyncio.Queue[Scope] = asyncio.Queue()
        self._told: asyncio.Queue[Scope] = asyncio.Queue()
        self._body = b""
        self._status = 0

    async def start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        self._lifespan = asyncio.ensure_future(
            self._app(scope, self._events.get, self._told.put)  # type: ignore[arg-type]
        )
        await self._events.put({"type": "lifespan.startup"})
        told = await asyncio.wait_for(self._told.get(), READY_WITHIN_S)
        if told["type"] != "lifespan.startup.complete":
            raise BadAnswer(str(told))
        until = time.monotonic() + READY_WITHIN_S
        while (await self.get("/readyz"))[0] != 200:
            if time.monotonic() > until:
                raise BadAnswer("the application is not ready")
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        await self._events.put({"type": "lifespan.shutdown"})
        await asyncio.wait_for(self._lifespan, READY_WITHIN_S)

    def scope(self, address: str) -> Scope:
        """Of a GET, as uvicorn makes it."""
        path, _, query = address.partition("?")
        headers = [(b"host", b"127.0.0.1:8080"), (b"accept", b"*/*")]
        return {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1", "server": ("127.0.0.1", 8080), "client": ("127.0.0.1", 5000),
            "scheme": "http", "method": "GET", "root_path": "", "path": path,
            "raw_path": path.encode(), "query_string": query.encode(), "headers": headers,
            "state": self._state.copy(),
        }  # fmt: skip

    async def _send(self, event: Scope) -> None:
        if event["type"] == "http.response.start":
            self._status, self._body = event["status"], b""
        else:
            self._body += event.get("body", b"")

    async def answer(self, scope: Scope) -> float:
        """Seconds that the application took; its answer is kept until the next."""
        begun = time.perf_counter()
        await self._app(scope, never_disconnected(), self._send)  # type: ignore[arg-type]
        return time.perf_counter() - begun

    async def get(self, address: str) -> tuple[int, bytes]:
        await self.answer(self.scope(address))
        return self._status, self._body

    def in_turn(
        self, addresses: Sequence[str], others: Sequence[Callable[[], object]]
    ) -> list[tuple[float, float, bytes]]:
        """Of each address the seconds it took, those of its other job, and its body."""

        async def run() -> list[tuple[float, float, bytes]]:
            taken = []
            for address, other in zip(addresses, others, strict=True):
                seconds = await self.answer(self.scope(address))
                if self._status != 200:
                    raise BadAnswer(f"{self._status} {self._body[:200]!r}")
                body, begun = self._body, time.perf_counter()
                other()
                taken.append((seconds, time.perf_counter() - begun, body))
            return taken

        return self._runner.run(run())


def never_disconnected() -> Callable[[], Any]:
    """The `receive` of a client that has sent its request and waits."""
    sent = False

    async def receive() -> Scope:
        nonlocal sent
        if sent:
            await asyncio.get_running_loop().create_future()
        sent = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


@contextmanager
def running_app(catalog: Path) -> Iterator[App]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        app = App(runner, catalog)
        runner.run(app.start())
        try:
            yield app
        finally:
            runner.run(app.stop())
