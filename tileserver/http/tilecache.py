"""Tiles that were served a moment ago, answered before the router runs; and 304 with them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.http.caching import matches

Headers = list[tuple[bytes, bytes]]

TILES = "/tiles/"
OVERHEAD_NBYTES = 600  # of an entry beside its body: headers, key, objects


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it went out, and the dataset version that it was made of."""

    version: str
    etag: str
    headers: Headers
    body: bytes

    @property
    def nbytes(self) -> int:
        """What keeping it costs."""
        return len(self.body) + OVERHEAD_NBYTES


class TileCache:
    """ASGI middleware that keeps the good answers below /tiles/.

    The key is the path and the query in any order; an entry of an older dataset version is passed
    over.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._kept: ByteCache[Kept] = ByteCache(limit_bytes, lambda kept: kept.nbytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_tile(scope):
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        query: bytes = scope["query_string"]
        key = (path, b"&".join(sorted(query.split(b"&"))) if b"&" in query else query)
        version = _version(scope["state"]["context"].catalog, path)
        kept = self._kept.held(key)
        if kept is None or version is None or kept.version != version:
            await self._app(scope, receive, _Recorder(send, self._kept, key, version).send)
            return
        await _replay(scope, send, kept)


def _is_tile(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in ("GET", "HEAD")
        and scope["path"].startswith(TILES)
        and not scope["path"].endswith(".json")  # TileJSON depends on the client's address
    )


def _version(catalog: Catalog, path: str) -> str | None:
    entry = catalog.entries.get(path[len(TILES) :].partition("/")[0])
    return entry.dataset.version if entry is not None and entry.dataset is not None else None


async def _replay(scope: Scope, send: Send, kept: Kept) -> None:
    asked = next((v for k, v in scope["headers"] if k == b"if-none-match"), None)
    if asked is not None and matches(asked.decode("latin-1"), kept.etag):
        headers = [(k, v) for k, v in kept.headers if k not in (b"content-length", b"content-type")]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    headers = [*kept.headers, (b"server-timing", b"cache;desc=hit")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": kept.body})


@dataclass(slots=True)
class _Recorder:
    """Keeps an answer while it goes out, if it is a whole good one."""

    forward: Send
    cache: ByteCache[Kept]
    key: tuple[str, bytes]
    version: str | None
    found: Kept | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = dict(message["headers"])
            etag = headers.get(b"etag", b"").decode("latin-1")
            if etag and self.version is not None and b"content-encoding" not in headers:
                lasting = [(k, v) for k, v in message["headers"] if k != b"server-timing"]
                self.found = Kept(self.version, etag, lasting, b"")
        elif message["type"] == "http.response.body" and self.found is not None:
            body = message.get("body", b"")
            if body and not message.get("more_body", False):
                self.cache.put(self.key, replace(self.found, body=body))
        await self.forward(message)
