"""What the xcube viewer asks of its server itself: what it is, and what it can do."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tileserver import __version__
from tileserver.errors import NotSupported
from tileserver.http import caching
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.errors import PROBLEM
from tileserver.http.xcube.query import ROOT, TAG
from tileserver.services.xcube import expression

APIS = ("datasets", "expressions", "statistics", "styles", "tiles", "timeseries", "viewer")


async def get_server(request: Request) -> Response:
    """Which server this is."""
    service = context(request).catalog.service
    document = {
        "name": service.title,
        "description": service.abstract or service.title,
        "version": __version__,
        "apis": [{"name": name, "version": __version__} for name in APIS],
    }
    return caching.json_answer(request, document)


async def get_root(request: Request) -> Response:
    """The same by the address that clients put other paths behind."""
    return await get_server(request)


async def get_capabilities(request: Request) -> Response:
    """What expressions may be made of."""
    return caching.json_answer(request, expression.capabilities())


async def get_validity(request: Request) -> Response:
    """Whether an expression can be worked out of a dataset's variables."""
    path = request.path_params
    dataset = context(request).catalog[path["dataset"]]
    expression.check(dataset, path["expression"])
    return caching.json_answer(request, {"result": None})


async def get_state(_: Request) -> Response:
    """States of the viewer, which are not kept; it hides its button for them then."""
    raise NotSupported("states of the viewer are not kept here: share a picture, or the address")


async def get_update(request: Request) -> Response:
    """Nothing has to be done: what is new is followed all the time."""
    return caching.json_answer(request, {}, "no-store")


async def get_contributions(request: Request) -> Response:
    """Panels that extensions add to the viewer: none."""
    found: dict[str, Any] = {"extensions": [], "contributions": {}}
    return caching.json_answer(request, {"result": found})


_EXPRESSIONS = f"{ROOT}/expressions"
_STATE = f"{ROOT}/viewer/state"

ENDPOINTS = (
    Endpoint(ROOT, get_server, "Which server this is", TAG),
    Endpoint(f"{ROOT}/", get_root, "Which server this is", TAG),
    Endpoint(f"{_EXPRESSIONS}/capabilities", get_capabilities, "What expressions are made of", TAG),
    Endpoint(f"{_EXPRESSIONS}/validate/{{dataset}}/{{expression:path}}", get_validity,
             "Whether an expression can be worked out", TAG),
    Endpoint(_STATE, get_state, "States of the viewer: not kept", TAG, methods=("GET", "PUT"),
             status=501, answers=(PROBLEM,)),
    Endpoint(f"{ROOT}/maintenance/update", get_update, "The viewer's button to refresh", TAG),
    Endpoint(f"{ROOT}/viewer/ext/contributions", get_contributions, "Panels of extensions", TAG),
)  # fmt: skip
