"""The ASGI application: settings and catalogue in, one app with its lifespan out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan

from tileserver.budget import Budget
from tileserver.errors import CatalogError
from tileserver.http import (
    admin,
    coverage,
    datasets,
    discovery,
    errors,
    events,
    jobs,
    legend,
    openapi,
    pages,
    registration,
    signing,
    status,
    tiles,
    values,
)
from tileserver.http.access import Cors, Origins
from tileserver.http.adapters import ADAPTERS, adapted
from tileserver.http.endpoint import Context, Endpoint
from tileserver.http.guard import Guard
from tileserver.http.links import Links, forwarded_for
from tileserver.http.metrics import ENDPOINTS as METRICS
from tileserver.http.ogc import api_definition, qgis, wms, wmts
from tileserver.http.ogc.front import PictureFront
from tileserver.http.ogc.title_case import TitleCase
from tileserver.http.pace import Pace
from tileserver.http.requestlog import RequestLog
from tileserver.http.tilefront import TileFront
from tileserver.http.watch import Watch
from tileserver.http.xcube import viewer
from tileserver.monitoring.requests import RequestCollector
from tileserver.settings import Settings
from tileserver.worker import CatalogMaker, working

if TYPE_CHECKING:
    from tileserver.http.trace import Traces

NATIVE: tuple[Endpoint, ...] = (
    *pages.ENDPOINTS,
    *datasets.ENDPOINTS,
    *events.ENDPOINTS,
    *tiles.ENDPOINTS,
    *legend.ENDPOINTS,
    *values.ENDPOINTS,
    *jobs.ENDPOINTS,
    *coverage.ENDPOINTS,
    *signing.ENDPOINTS,
    *registration.ENDPOINTS,
    *discovery.ENDPOINTS,
    *admin.ENDPOINTS,
    *status.ENDPOINTS,
    *wmts.ENDPOINTS,
    *api_definition.ENDPOINTS,
    *qgis.ENDPOINTS,
    *wms.ENDPOINTS,
    *METRICS,
)
ENDPOINTS = (*NATIVE, *adapted(ADAPTERS))

# Of queries, beside the parameters that endpoints declare: as most datasets have them.
DIMENSIONS = {"time", "depth", "elevation", "level", "version"}


class State(TypedDict):
    """What the lifespan hands to every request."""

    context: Context


def create_app(settings: Settings, make_catalog: CatalogMaker | None = None) -> ASGIApp:
    """The application.

    Args:
        make_catalog: makes the catalogue with a chunk cache and threads to decode in; by default
            from the files that the settings name. Raises CatalogError when the app starts.
    """

    requests, traces = RequestCollector(), _traces(settings)
    budget = Budget(settings.memory, settings.workers, bool(settings.shared_tiles))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        async with working(settings, budget, requests, make_catalog) as context:
            yield {"context": context}
        if traces is not None:
            await asyncio.to_thread(traces.close)

    routed = TitleCase(_answering(settings, lifespan))
    pictures = PictureFront(routed, budget.answers // 8)
    tiles_first = TileFront(pictures, budget.answers * 3 // 8)
    guarded = Guard(Pace(tiles_first, settings.trusted_proxies))
    served = Watch(guarded, requests, _request_log(settings), traces)
    if "*" in settings.origins:
        return served
    return Origins(served, frozenset(origin.encode() for origin in settings.origins))


def _traces(settings: Settings) -> Traces | None:
    """What sends traces, if any are."""
    if not settings.traces:
        return None
    try:
        from tileserver.http.trace import Traces  # an extra
    except ImportError as error:
        raise CatalogError(
            "traces: they cannot be sent from here: pip install 'tileserver[otel]'"
        ) from error
    return Traces()


def _request_log(settings: Settings) -> RequestLog | None:
    """What writes requests down, if any are."""
    if settings.log_requests == "none":
        return None
    known = {parameter.name.lower() for each in ENDPOINTS for parameter in each.parameters}
    client_of = partial(forwarded_for, trusted_proxies=settings.trusted_proxies)
    return RequestLog(
        settings.log_requests,
        settings.log_slow_s,
        known | DIMENSIONS,
        client_of if settings.log_clients else None,
    )


def _answering(settings: Settings, lifespan: Lifespan[Starlette]) -> ASGIApp:
    """The routes, with the headers that all answers carry."""
    endpoints = (*NATIVE, *adapted(settings.adapters))
    routed = Starlette(
        routes=[
            *(endpoint.route() for endpoint in endpoints),
            openapi.route(endpoints),
            pages.static_route(),
            *_xcube_viewer(settings),
        ],
        exception_handlers=errors.HANDLERS,
        lifespan=lifespan,
    )
    routed.router.redirect_slashes = False  # a path is what it is, or it is not there
    # Outermost, so that errors carry the headers too.
    return Cors(
        Links(
            routed,
            public_url=settings.public_url,
            allowed_hosts=settings.allowed_hosts,
            trusted_proxies=settings.trusted_proxies,
        )
    )


def _xcube_viewer(settings: Settings) -> list[BaseRoute]:
    """The viewer beside the routes that it asks, if it is there. Raises CatalogError."""
    if not settings.xcube_viewer or "xcube" not in settings.adapters:
        return []
    return viewer.routes(Path(settings.xcube_viewer))


def from_environment() -> ASGIApp:
    """For servers that make the app themselves, e.g. one in each of several workers."""
    return create_app(Settings())
