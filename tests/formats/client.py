"""The application asked in one thread: starlette's own test client changes threads eight times for
a request, which is most of what thousands of small ones take."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """What the application sent."""

    status_code: int
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """The application from its start to its end, with an event loop of its own.

    What it does in the background goes on only while it is asked something, or waited for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._state: dict[str, Any] = {}

    def __enter__(self) -> Client:
        self._runner = asyncio.Runner()
        self._runner.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self._stop())
        finally:
            self._runner.close()

    def get(self, path: str, params: Mapping[str, object] | None = None) -> Answer:
        """The answer to GET."""
        path, _, query = path.partition("?")
        return self._runner.run(self._ask(path, urlencode(params or {}) or query))

    def wait(self, seconds: float) -> None:
        """Let it go on in the background."""
        self._runner.run(asyncio.sleep(seconds))

    async def _start(self) -> None:
        self._wanted: asyncio.Queue[Message] = asyncio.Queue()
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        self._life = asyncio.ensure_future(self._app(scope, self._wanted.get, self._told.put))
        await self._turn("startup")

    async def _stop(self) -> None:
        await self._turn("shutdown")
        await self._life

    async def _turn(self, event: str) -> None:
        await self._wanted.put({"type": f"lifespan.{event}"})
        message = await self._told.get()
        assert message["type"] == f"lifespan.{event}.complete", message

    async def _ask(self, path: str, query: str) -> Answer:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
            "scheme": "http", "path": path, "raw_path": quote(path).encode(),
            "query_string": query.encode(), "root_path": "", "headers": [(b"host", b"testserver")],
            "client": ("testclient", 1), "server": ("testserver", 80),
            "state": dict(self._state),
        }  # fmt: skip
        sent: list[Message] = []
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if not asked:
                await asyncio.Event().wait()  # it never hangs up
            return asked.pop()

        async def send(message: Message) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        body = b"".join(each.get("body", b"") for each in sent[1:])
        return Answer(sent[0]["status"], body)
