"""The ASGI application: settings and catalogue in, one app with its lifespan out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp, Lifespan

from tileserver.budget import Budget
from tileserver.http import (
    admin,
    coverage,
    datasets,
    errors,
    events,
    jobs,
    legend,
    openapi,
    pages,
    tiles,
    values,
)
from tileserver.http.access import Cors
from tileserver.http.endpoint import Context, Endpoint
from tileserver.http.links import Links
from tileserver.http.metrics import ENDPOINTS as METRICS
from tileserver.http.metrics import Metrics
from tileserver.http.ogc import api_definition, qgis, wms, wmts
from tileserver.http.ogc.front import PictureFront
from tileserver.http.ogc.title_case import TitleCase
from tileserver.http.tilefront import TileFront
from tileserver.settings import Settings
from tileserver.worker import CatalogMaker, working

ENDPOINTS: tuple[Endpoint, ...] = (
    *pages.ENDPOINTS,
    *datasets.ENDPOINTS,
    *events.ENDPOINTS,
    *tiles.ENDPOINTS,
    *legend.ENDPOINTS,
    *values.ENDPOINTS,
    *jobs.ENDPOINTS,
    *coverage.ENDPOINTS,
    *admin.ENDPOINTS,
    *wmts.ENDPOINTS,
    *api_definition.ENDPOINTS,
    *qgis.ENDPOINTS,
    *wms.ENDPOINTS,
    *METRICS,
)


class State(TypedDict):
    """What the lifespan hands to every request."""

    context: Context


def create_app(settings: Settings, make_catalog: CatalogMaker | None = None) -> ASGIApp:
    """The application.

    Args:
        make_catalog: makes the catalogue with a chunk cache and threads to decode in; by default
            from the files that the settings name. Raises CatalogError when the app starts.
    """

    registry = CollectorRegistry()
    budget = Budget(settings.memory, settings.workers, bool(settings.shared_tiles))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        async with working(settings, budget, registry, make_catalog) as context:
            yield {"context": context}

    metrics = Metrics(TitleCase(_answering(settings, lifespan)))
    registry.register(metrics)
    pictures = PictureFront(metrics, metrics, budget.answers // 8)
    return TileFront(pictures, metrics, budget.answers * 3 // 8)


def _answering(settings: Settings, lifespan: Lifespan[Starlette]) -> ASGIApp:
    """The routes, with the headers that all answers carry."""
    routed = Starlette(
        routes=[
            *(endpoint.route() for endpoint in ENDPOINTS),
            openapi.route(ENDPOINTS),
            pages.static_route(),
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


def from_environment() -> ASGIApp:
    """For servers that make the app themselves, e.g. one in each of several workers."""
    return create_app(Settings())
