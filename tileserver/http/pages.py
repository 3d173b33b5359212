"""The viewer, the API's description, health."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from tileserver.http import caching
from tileserver.http.access import policy
from tileserver.http.caller import caller_of
from tileserver.http.ending import is_ending
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.errors import problem
from tileserver.http.params import Query
from tileserver.http.webfiles import WebFiles
from tileserver.services import viewer
from tileserver.web import DIRECTORY

FILES = WebFiles(DIRECTORY)


async def get_viewer(request: Request) -> Response:
    """The viewer."""
    return await _page(request, "index.html")


async def get_docs(request: Request) -> Response:
    """The API's description, to read."""
    return await _page(request, "docs.html")


async def _page(request: Request, name: str) -> Response:
    body = await asyncio.to_thread(FILES.page, name)
    state = context(request)
    headers = {"Content-Security-Policy": policy(state.catalog.viewer.hosts, state.embedders)}
    return caching.answer(request, body, "text/html", cache_control="no-cache", headers=headers)


async def get_viewer_configuration(request: Request) -> Response:
    """What the viewer is called, how it looks, and which maps lie below."""
    Query(request.query_params.multi_items(), ())
    state = context(request)
    document = viewer.document(state.catalog) | {"sign_in": state.identity.is_on}
    return caching.json_answer(request, document)


async def get_caller(request: Request) -> Response:
    """Who asks: whether a key is taken, and what it opens."""
    Query(request.query_params.multi_items(), ())
    caller = caller_of(request.scope)
    document = {
        "name": caller.name,
        "roles": sorted(caller.roles),
        "scopes": sorted(caller.scopes),
    }
    return caching.json_answer(request, document, "no-store")


async def get_health(request: Request) -> Response:
    """Alive."""
    return caching.json_answer(request, {"status": "alive"}, "no-store")


async def get_readiness(request: Request) -> Response:
    """Whether the configured datasets were tried, and it is not about to end."""
    if is_ending():
        return problem(503, "Not ready", "this server is about to end", {"Retry-After": "1"})
    catalog = context(request).everything
    statuses = [entry.status for entry in catalog.entries.values()]
    counts = {status: statuses.count(status) for status in ("ready", "error", "pending")}
    if counts["pending"] and not catalog.is_lazy:
        detail = f"{counts['pending']} datasets are still being opened"
        return problem(503, "Not ready", detail, {"Retry-After": "1"})
    return caching.json_answer(request, {"status": "ready", "datasets": counts}, "no-store")


ENDPOINTS = (
    Endpoint("/", get_viewer, "The viewer", "pages", answers=("text/html",)),
    Endpoint("/viewer", get_viewer_configuration, "The viewer's configuration", "pages"),
    Endpoint("/caller", get_caller, "Who asks", "pages"),
    Endpoint("/docs", get_docs, "This description, to read", "pages", answers=("text/html",)),
    Endpoint("/healthz", get_health, "Alive", "health"),
    Endpoint("/readyz", get_readiness, "Ready", "health"),
)


def static_route() -> Mount:
    """The viewer's files below /static/."""
    return Mount("/static", FILES)
