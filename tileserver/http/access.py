"""Who may ask from where: CORS on every answer, errors included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = (
    b"ETag, X-Time, X-Valid-Time, X-Over-Budget, OGCAPI-datetime, Warning, Server-Timing, "
    b"Content-Length, Link-Template, Retry-After, Location"
)
ANY_ORIGIN = (b"access-control-allow-origin", b"*")
PREFLIGHT = [
    ANY_ORIGIN,
    (b"access-control-allow-methods", b"GET, HEAD, POST, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"*"),
    (b"access-control-max-age", b"86400"),
]
SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
ALWAYS = [ANY_ORIGIN, (b"access-control-expose-headers", EXPOSED), *SAFE]


def policy(hosts: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of our pages: their own files alone, and pictures of some hosts.

    Pictures that are made in the page are blobs and data URLs.
    """
    pictures = " ".join(["'self'", "data:", "blob:", *hosts])
    return f"default-src 'self'; img-src {pictures}; object-src 'none'; base-uri 'self'"


@dataclass(frozen=True, slots=True)
class Cors:
    """ASGI middleware: any origin may read; OPTIONS is answered here."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": PREFLIGHT})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *ALWAYS]}
        await send(message)

    return forward
