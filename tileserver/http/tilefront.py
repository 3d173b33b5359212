"""Tiles that need no waiting, answered before the router runs.

A tile that was served a moment ago, a 304, a new tile whose numbers are all held: these are
answered here from the bytes of the request, in tens of microseconds where routing alone takes a
hundred. All else, and whatever is wrong with a request, goes on to the router, whose answers are
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from tileserver.cache import ByteCache
from tileserver.dataset import Dataset
from tileserver.encode import MEDIA_TYPES
from tileserver.errors import Overloaded, TileserverError
from tileserver.http import access, caching
from tileserver.http.endpoint import Context
from tileserver.http.guard import refusal
from tileserver.http.links import below_root
from tileserver.http.picture import server_timing
from tileserver.http.route import matched
from tileserver.http.tileset import TILE, TILE_OF_SET, Address, TilePath, ordered
from tileserver.trail import Stages

TILES = "/tiles/"
# What is kept of an answer beside its body, which the engine keeps: the key, headers, objects.
ANSWER_BYTES = 2000
_TEMPLATES = {template.count("/"): template for template in (TILE, TILE_OF_SET)}
HIT = (b"server-timing", b"cache;desc=hit")

RawHeaders = list[tuple[bytes, bytes]]
Query = tuple[str, bytes]  # a tile's path, and its parameters in order


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of a good answer; its body is the engine's picture of that ETag."""

    dataset: Dataset
    etag: str
    headers: RawHeaders

    def not_modified(self) -> RawHeaders:
        """The head of a 304."""
        dropped = (b"content-length", b"content-type")
        return [header for header in self.headers if header[0] not in dropped]


Found = tuple[Answer, bytes, tuple[bytes, bytes]]  # with its body and its Server-Timing


class TileFront:
    """ASGI app in front of the router.

    The key of an answer is the path and the query in any order; the answers for a dataset that was
    opened anew since are passed over.

    Args:
        app: for all that is not answered here.
        limit_bytes: for what is kept beside the pictures.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._answers: ByteCache[Answer] = ByteCache(limit_bytes, lambda _: ANSWER_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = _tile_path(scope)
        try:
            found = None if path is None else self._find(scope, path)
        except Overloaded as error:
            assert path is not None
            matched(scope, _TEMPLATES[path.count("/")], path.split("/")[2])
            await refusal(scope, error)(scope, receive, send)
            return
        if found is None:
            await self._app(scope, receive, send)
            return
        answer, body, timing = found
        status, headers = 200, [*answer.headers, timing]
        if _is_known(scope, answer.etag):
            status, headers, body = 304, answer.not_modified(), b""
        assert path is not None
        matched(scope, _TEMPLATES[path.count("/")], answer.dataset.id)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _find(self, scope: Scope, path: str) -> Found | None:
        """What can be answered at once. Raises Overloaded."""
        context: Context = scope["state"]["context"]
        key = (path, ordered(scope["query_string"]))
        answer = self._answers.held(key)
        if answer is not None and context.catalog.has(answer.dataset):
            body = context.engine.tiles.held(answer.etag)
            if body is not None:
                return answer, body, HIT
        return self._draw(scope, context, key)

    def _draw(self, scope: Scope, context: Context, key: Query) -> Found | None:
        """A picture that can be had at once, none if the client has it; the router tells what is
        wrong with a request."""
        stages = Stages()
        path = TilePath.split(key[0])
        try:
            if path is None:
                return None
            tileset = context.tilesets.find(context.catalog, path, key[1])
            drawing = tileset.drawing(Address.parse(path))
            stages.mark("parse")
            is_known = _is_known(scope, drawing.etag)
            body = b"" if is_known else context.engine.at_once(drawing, stages)
        except (TileserverError, ValueError):
            return None
        if body is None:
            context.engine.check_room(drawing)
            return None
        media_type = MEDIA_TYPES[drawing.format].encode()
        headers = _raw(tileset.headers, drawing.etag, len(body), media_type)
        answer = Answer(tileset.view.dataset, drawing.etag, headers)
        if not is_known:
            self._answers.put(key, answer)
        return answer, body, (b"server-timing", server_timing(stages).encode())


def _tile_path(scope: Scope) -> str | None:
    """The path below the root, if it is a tile's that is asked for."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    path = below_root(scope)
    # TileJSON depends on the address that the client used.
    return path if path.startswith(TILES) and not path.endswith(".json") else None


def _is_known(scope: Scope, etag: str) -> bool:
    for name, value in scope["headers"]:
        if name == b"if-none-match":
            return caching.matches(value.decode("latin-1"), etag)
    return False


def _raw(headers: Mapping[str, str], etag: str, length: int, media_type: bytes) -> RawHeaders:
    """Headers as the router's answers have them."""
    return [
        *((name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()),
        (b"etag", etag.encode()),
        (b"content-length", str(length).encode()),
        (b"content-type", media_type),
        *access.ALWAYS,
    ]
