"""Header names as OWS clients spell them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.http.links import below_root

RawHeaders = list[tuple[bytes, bytes]]

_SPELLINGS = {b"etag": b"ETag", b"www-authenticate": b"WWW-Authenticate"}


class TitleCased(bytes):
    """A header name that stays in title case where a server lower-cases what it sends."""

    __slots__ = ()

    def lower(self) -> bytes:
        """Itself: uvicorn writes names as `name.lower()`."""
        return self


class _Compared(TitleCased):
    """One that uvicorn compares with lower case, to know how the body is parted from what follows.
    All could be it, but each comparison costs a call."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, bytes) and bytes.lower(self) == bytes.lower(other)

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


@lru_cache(maxsize=256)
def titled(name: bytes) -> bytes:
    """A header name in title case."""
    lowered = bytes.lower(name)
    spelt = _SPELLINGS.get(lowered) or b"-".join(part.capitalize() for part in lowered.split(b"-"))
    is_compared = lowered in (b"content-length", b"transfer-encoding", b"connection")
    return _Compared(spelt) if is_compared else TitleCased(spelt)


def titled_headers(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Headers with their names in title case."""
    return [(titled(name), value) for name, value in headers]


class TitleCase:
    """ASGI middleware: below some paths, names of headers are sent in title case.

    HTTP knows no case in header names, but the OGC compliance tests do, and QGIS 3.22 where it
    takes features from WMS. It has to stand outside of any other middleware that looks at headers,
    since those compare with lower case.
    """

    def __init__(self, app: ASGIApp, paths: Sequence[str] = ("/wmts", "/wms")) -> None:
        self.app, self.paths = app, frozenset(path.strip("/") for path in paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the names changed where the path is one of ours."""
        if scope["type"] != "http" or not self._is_below(scope):
            await self.app(scope, receive, send)
            return

        async def send_titled(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": titled_headers(message.get("headers", ()))}
            await send(message)

        await self.app(scope, receive, send_titled)

    def _is_below(self, scope: Scope) -> bool:
        return below_root(scope)[1:].partition("/")[0] in self.paths
