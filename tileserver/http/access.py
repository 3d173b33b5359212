"""Who may ask from where: CORS on every answer, errors included."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = (
    b"ETag, X-Time, X-Valid-Time, X-Over-Budget, OGCAPI-datetime, Warning, Server-Timing, "
    b"Content-Length, Content-Range, Accept-Ranges, Link-Template, Retry-After, Location, "
    b"WWW-Authenticate, X-Request-ID"
)
ANY_ORIGIN = (b"access-control-allow-origin", b"*")
PREFLIGHT = [
    ANY_ORIGIN,
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE, OPTIONS"),
    # The Fetch standard has `*` stand for every header but this one.
    (b"access-control-allow-headers", b"*, Authorization"),
    (b"access-control-max-age", b"86400"),
]
SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
ALWAYS = [ANY_ORIGIN, (b"access-control-expose-headers", EXPOSED), *SAFE]


def policy(hosts: Iterable[str] = (), embedders: Iterable[str] = ("*",)) -> str:
    """The Content-Security-Policy of our pages: their own files alone, and pictures of some hosts.

    Pictures that are made in the page are blobs and data URLs.

    Args:
        hosts: of pictures.
        embedders: origins whose pages may hold ours in a frame.
    """
    pictures = " ".join(["'self'", "data:", "blob:", *hosts])
    frames = " ".join(embedders) or "'none'"
    return (
        f"default-src 'self'; img-src {pictures}; object-src 'none'; base-uri 'self'; "
        f"form-action 'none'; frame-ancestors {frames}"
    )


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


@dataclass(frozen=True, slots=True)
class Origins:
    """ASGI middleware in front of all: only pages of some origins may read.

    Args:
        origins: such as https://maps.example.org.
    """

    app: ASGIApp
    origins: Collection[bytes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        origin = next((v for k, v in scope["headers"] if k == b"origin"), None)

        async def narrowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [each for each in message["headers"] if each[1] != b"*" or not _any(each)]
                if origin in self.origins:
                    headers.append((b"access-control-allow-origin", origin))
                message = {**message, "headers": [*headers, (b"vary", b"Origin")]}
            await send(message)

        await self.app(scope, receive, narrowed)


def _any(header: tuple[bytes, bytes]) -> bool:
    return bytes.lower(header[0]) == ANY_ORIGIN[0]


def _with_headers(send: Send) -> Send:
    async def forward(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *ALWAYS]}
        await send(message)

    return forward
