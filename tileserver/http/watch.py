"""In front of all else: each request gets an id and a trail, and is told of when it is over."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from itertools import count
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.http.requestlog import RequestLog
from tileserver.http.route import route_of
from tileserver.secrecy import masked
from tileserver.trail import TRAIL, Trail

HEADER = b"x-request-id"
CLIENT_GONE = 499  # before there was an answer; as nginx counts them
_SANE = re.compile(rb"[\w.:=+/@-]{1,128}", re.ASCII)
_FIRST = secrets.token_hex(4)  # of all ids that this process makes
_NUMBERS = count(1)


class Counts(Protocol):
    """Of requests by route."""

    def count(self, route: str, status: int, trail: Trail) -> None: ...


class Tracer(Protocol):
    """Tells a collector of traces."""

    def begin(self, scope: Scope, trail: Trail) -> object: ...

    def end(self, span: object, scope: Scope, trail: Trail) -> None: ...


class Watch:
    """ASGI app in front of all others.

    Args:
        counts: all requests.
        log: some of them, or none.
        tracer: those that it chooses; None costs nothing.
    """

    def __init__(
        self, app: ASGIApp, counts: Counts, log: RequestLog | None, tracer: Tracer | None
    ) -> None:
        self._app, self._counts, self._log, self._tracer = app, counts, log, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trail = Trail(_request_id(scope["headers"]))
        before = TRAIL.set(trail)
        span = None if self._tracer is None else self._tracer.begin(scope, trail)
        try:
            await self._app(scope, receive, _noting(trail, send))
        finally:
            if not trail.status:
                trail.status, trail.seconds = CLIENT_GONE, time.perf_counter() - trail.begun
            self._counts.count(route_of(scope), trail.status, trail)
            if self._log is not None:
                self._log.note(scope, trail)
            if self._tracer is not None:
                self._tracer.end(span, scope, trail)
            TRAIL.reset(before)


def _noting(trail: Trail, send: Send) -> Send:
    """`send` that names the request in the answer, and notes what becomes of it."""

    async def noted(message: Message) -> None:
        if message["type"] == "http.response.start":
            trail.status = message["status"]
            trail.seconds = time.perf_counter() - trail.begun
            headers = [*message["headers"], (HEADER, trail.id.encode())]
            message = {**message, "headers": headers}
        else:
            trail.nbytes += len(message.get("body", b""))
        await send(message)

    return noted


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The one that a proxy or client has given it, if that may stand in a log; else a new one."""
    for name, value in headers:
        if name == HEADER and _SANE.fullmatch(value):
            given = value.decode()
            if masked(given) == given:
                return given
    return f"{_FIRST}{next(_NUMBERS):08x}"
