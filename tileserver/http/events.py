"""What happens to a dataset, as server-sent events for as long as a client listens.

Every worker sees a change within half a second of the one that found it, so each tells those who
listen to it. The id of an event is that of the state it tells: who comes back with it, to whichever
worker, is told only what is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from time import monotonic

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tileserver.catalog import Catalog
from tileserver.dataset import Entry
from tileserver.errors import DatasetNotFound, Forbidden, Overloaded, Unauthenticated
from tileserver.http.caller import caller_of
from tileserver.http.ending import is_ending
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.params import Query
from tileserver.services.feed import News, first, gone, news, state_of

MOST = 1000  # that listen to one worker
LOOK_EVERY_S = 0.25
BEAT_S = 15.0  # proxies close what is silent for a minute
RETRY_MS = 2000  # until a client comes back
MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HELLO = f"retry: {RETRY_MS}\n\n".encode()
BEAT = b": here\n\n"


class Listeners:
    """Those who listen to this process, a bounded number."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self.count = most, 0

    async def get_events(self, request: Request) -> Response:
        """The events of one dataset."""
        Query(request.query_params.multi_items(), ())
        everything, caller = context(request).everything, caller_of(request.scope)
        dataset: str = request.path_params["dataset"]

        def look() -> Entry:  # each time anew: it may have become another's meanwhile
            return everything.seen_by(caller).entry(dataset)

        look()
        if self.count >= self._most:
            raise Overloaded(f"{self._most} clients listen already: ask for the dataset instead")
        known = request.headers.get("last-event-id")
        body = self._counted(stream(everything, look, known))
        return StreamingResponse(body, media_type=MEDIA_TYPE, headers=HEADERS)

    async def _counted(self, parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.count += 1
        try:
            async for part in parts:
                yield part
        finally:
            self.count -= 1


async def stream(
    catalog: Catalog, look: Callable[[], Entry], known: str | None
) -> AsyncIterator[bytes]:
    """Events until the server stops listening, or the dataset is gone.

    Args:
        look: the dataset as it is now. Raises where there is none, or it may not be seen any more.
        known: the id of the last event that the client has.
    """
    yield HELLO
    entry = look()
    state, seen = state_of(entry), _seen(entry)
    if known is None:
        yield written(first(state))
    elif known != state.mark:
        yield written(news(None, state))
    beaten = monotonic()
    while not is_ending():
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            entry = look()
        except (DatasetNotFound, Unauthenticated, Forbidden):
            yield written(gone(state))
            return
        await _keep_open(catalog, entry)
        if seen != _seen(entry) and entry.status != "pending":
            before, state, seen = state, state_of(entry), _seen(entry)
            if state.mark != before.mark:
                beaten = monotonic()
                yield written(news(before, state))
        if monotonic() - beaten > BEAT_S:
            beaten = monotonic()
            yield BEAT


def written(event: News) -> bytes:
    """An event as it is sent."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        event.mark.encode(),
        event.kind.encode(),
        orjson.dumps(event.document),
    )


def _seen(entry: Entry) -> tuple[object, ...]:
    """What differs whenever there may be news: cheap to look at."""
    return entry.dataset, entry.error, entry.trouble


async def _keep_open(catalog: Catalog, entry: Entry) -> None:
    """Of very many datasets only those are watched that are in use."""
    if catalog.is_lazy:
        await catalog.settle(entry.config.id)
        if entry.dataset is not None:
            catalog.has(entry.dataset)


ENDPOINTS = (
    Endpoint(
        "/datasets/{dataset}/events",
        Listeners().get_events,
        "What happens to a dataset, as server-sent events",
        "datasets",
        answers=(MEDIA_TYPE,),
    ),
)
