"""What a route is: its path, its handler, and what the API's description says of it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive

from tileserver.access.caller import Scope
from tileserver.access.identity import Identity
from tileserver.bucket import Buckets
from tileserver.catalog import Catalog
from tileserver.errors import DeadlineExceeded, SourceChanged
from tileserver.gate import Gate
from tileserver.http.body import whole_event
from tileserver.http.caller import need_scope
from tileserver.http.params import Parameter
from tileserver.http.tileset import Tilesets
from tileserver.jobs.office import Office
from tileserver.monitoring.figures import Figures
from tileserver.pipeline import Engine
from tileserver.refresh import Refresher
from tileserver.register.follower import Follower
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.named_layer import dataset_ids

Handler = Callable[[Request], Awaitable[Response]]

MOST_LAYERS = 100  # of a map
WITH_BODY = ("POST", "PUT")
CLIENT_GONE = 499  # as nginx counts them; nobody reads it


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route and its declaration.

    Args:
        parameters: of the query; with `dims`, any dimension of the dataset by its name too.
        answers: media types of a good answer.
        body: media type of a request body, if one is read.
        queued: whether answers take long, so that only some are worked on at once.
        scope: what a caller must be allowed to do; whoever may read sees what their roles show.
        status: of a good answer.
        empty: statuses of good answers that have no body.
    """

    path: str
    handler: Handler
    summary: str
    tag: str
    parameters: tuple[Parameter[Any], ...] = ()
    dims: bool = False
    answers: tuple[str, ...] = ("application/json",)
    methods: tuple[str, ...] = ("GET",)
    body: str | None = None
    queued: bool = False
    scope: Scope = "read"
    status: int = 200
    empty: tuple[int, ...] = ()

    def route(self) -> Route:
        """For the router."""
        return Route(self.path, self._answer, methods=list(self.methods))

    async def _answer(self, request: Request) -> Response:
        if self.scope != "read":
            need_scope(request, self.scope)
        await _settle(request)
        if not self.queued:
            return await _while_connected(renewing(self.handler), request)
        state = context(request)
        try:
            async with state.gate, asyncio.timeout(state.answer_s):
                return await _while_connected(renewing(self.handler), request)
        except TimeoutError:
            raise DeadlineExceeded(
                f"this took longer than {state.answer_s:g} s: ask for less at once, or for a job"
            ) from None


async def _settle(request: Request) -> None:
    """Wait for the datasets that a request names, of very many also by layers."""
    catalog = context(request).catalog
    dataset = request.path_params.get("dataset", "")
    await catalog.settle(dataset)
    if version := request.query_params.get("version"):
        await context(request).refresher.catch_up(dataset, version)
    if not catalog.is_lazy:
        return
    texts = [*map(str, request.path_params.values()), *request.query_params.values()]
    names = [name for text in texts for name in text.split(",")[:MOST_LAYERS]]
    found = dict.fromkeys(d for name in names for d in dataset_ids(catalog, name))
    await asyncio.gather(*(catalog.settle(dataset) for dataset in found))


def renewing(handler: Handler) -> Handler:
    """The handler, called again where what it read had been written anew underneath."""

    @functools.wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except SourceChanged:
            if request.method in WITH_BODY:  # it was read
                raise
            await context(request).refresher.renewed()
            return await handler(request)

    return answer


async def _while_connected(handler: Handler, request: Request) -> Response:
    """The answer; its work is dropped when the client goes away, unless others wait for it."""
    work = asyncio.current_task()
    assert work is not None
    whole = whole_event(request)
    if request.method not in WITH_BODY:
        whole.set()
    watch = asyncio.ensure_future(_hang_up(request.receive, work, whole))
    try:
        return await handler(request)
    except asyncio.CancelledError:
        if not watch.done():  # the server itself stops
            raise
        work.uncancel()
        return Response(status_code=CLIENT_GONE)
    finally:
        watch.cancel()


async def _hang_up(receive: Receive, work: asyncio.Task[Any], whole: asyncio.Event) -> None:
    await whole.wait()  # the handler itself reads the body
    while (await receive())["type"] != "http.disconnect":
        pass
    work.cancel()


@dataclass(frozen=True, slots=True)
class Context:
    """What handlers work with, made in the lifespan.

    Args:
        catalog: as far as who asks may see it.
        everything: the same whole, for what only operators may do.
    """

    catalog: Catalog
    everything: Catalog
    identity: Identity
    tilesets: Tilesets
    engine: Engine
    fragments: Fragments
    gate: Gate  # of what is queued; pictures have the engine's
    map_gate: Gate  # of maps that consist of several pictures
    buckets: Buckets | None  # of what each client may ask for; None without a limit
    answer_s: float  # the longest until an answer begins of what is queued
    map_pixels: int  # the most that a map may have
    has_pattern: bool  # in place of pictures that would read too much
    refresher: Refresher
    largest_body: int
    figures: Figures
    are_metrics_private: bool  # for administrators alone
    jobs: Office | None  # None where the server takes none
    follower: Follower | None  # None where nothing is registered beside files
    signed_s: float  # the longest that a signed address may hold
    embedders: Sequence[str]  # origins whose pages may hold ours in a frame


def context(request: Request) -> Context:
    """The context of the app that a request came to."""
    found: Context = request.state.context
    return found
