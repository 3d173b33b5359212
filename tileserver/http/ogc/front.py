"""Pictures of OGC services that were served a moment ago, answered before the router runs.

A map or a tile takes the router and its parameters a fifth of a millisecond to find, although it is
kept. What an address was answered with is remembered here as it goes by: its headers, and by its
ETag the engine's picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.cache import ByteCache
from tileserver.dataset import Dataset
from tileserver.http import caching
from tileserver.http.endpoint import Context
from tileserver.http.links import below_root
from tileserver.http.route import matched, route_of

SERVICES = ("wms", "wmts", "ogc", "xcube")
SHOWN = "shown"  # in the scope of a request: the datasets that its answer shows
ANSWER_BYTES = 3000  # of one that is kept: its key, headers, objects
LONGEST_QUERY = 2000
HIT = (b"server-timing", b"cache;desc=hit")
_OF_BODIES = (b"content-length", b"content-type")

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Picture:
    """The head of a good answer, whose body is the engine's picture of that ETag."""

    datasets: tuple[Dataset, ...]
    etag: str
    headers: RawHeaders
    route: str


def shows(request: Request, *datasets: Dataset) -> None:
    """Say that a good answer to this request is the picture of its ETag, whatever headers but
    Accept come with it, as long as these datasets are as they are."""
    request.scope[SHOWN] = datasets


class PictureFront:
    """ASGI app in front of the router.

    Args:
        app: for all that is not answered here.
        limit_bytes: for what is kept beside the pictures.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._known: ByteCache[Picture] = ByteCache(limit_bytes, lambda _: ANSWER_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = _service(scope)
        if service is None:
            await self._app(scope, receive, send)
            return
        asked = {name: value for name, value in scope["headers"] if name in _HEADERS}
        # In the order in which it is written: of equal names the first counts.
        key = (scope["path"], scope["query_string"], asked.get(b"accept"))
        picture = self._known.held(key)
        body = None if picture is None else _body(scope, picture)
        if picture is None or body is None:
            await self._app(scope, receive, self._remembering(scope, key, send))
            return
        status, headers = 200, [*picture.headers, HIT]
        if caching.matches(asked.get(b"if-none-match", b"").decode("latin-1"), picture.etag):
            status, body = 304, b""
            headers = [each for each in headers if _name(each) not in _OF_BODIES]
        matched(scope, picture.route, picture.datasets[0].id)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _remembering(self, scope: Scope, key: object, send: Send) -> Send:
        """`send` that keeps the head of the answer, if it is said to be a picture."""

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                datasets = scope.get(SHOWN)
                headers = [each for each in message["headers"] if _name(each) != HIT[0]]
                etag = next((each[1] for each in headers if _name(each) == b"etag"), None)
                if datasets and etag:
                    self._known.put(key, Picture(datasets, etag.decode(), headers, route_of(scope)))
            await send(message)

        return noted


_HEADERS = (b"accept", b"if-none-match")


def _name(header: tuple[bytes, bytes]) -> bytes:
    """In lower case, however it is to be sent."""
    return bytes.lower(header[0])


def _service(scope: Scope) -> str | None:
    """The service that a request may ask a picture of."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return None
    service = below_root(scope)[1:].partition("/")[0]
    if service not in SERVICES or len(scope["query_string"]) > LONGEST_QUERY:
        return None
    return service


def _body(scope: Scope, picture: Picture) -> bytes | None:
    """The picture, if it is kept and all that it shows is as it was."""
    context: Context = scope["state"]["context"]
    if not all(map(context.catalog.has, picture.datasets)):
        return None
    return context.engine.tiles.held(picture.etag)
