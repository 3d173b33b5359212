"""What operators and object stores may ask for: datasets to be opened anew."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import InvalidParameter, json_kind
from tileserver.http.body import parse_json, read_body
from tileserver.http.caller import caller_of
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.params import Query
from tileserver.services import notification

log = logging.getLogger(__name__)

LONGEST_LOGGED = 2000
NOT_KEPT = {"Cache-Control": "no-store"}


async def post_refresh(request: Request) -> Response:
    """Open a dataset anew; the answer waits for it."""
    Query(request.query_params.multi_items(), ())
    state, dataset = context(request), request.path_params["dataset"]
    state.everything.entry(dataset)
    generation = None
    if state.follower is not None:
        generation = await state.follower.refresh(dataset, caller_of(request.scope).name)
    found = await state.refresher.refresh(dataset, generation)
    entry = found.entry
    document = {
        "version": entry.dataset.version if entry.dataset else None,
        "changed": found.changed,
        "status": entry.status,
    }
    return _answer(document | ({"error": entry.error} if entry.error else {}))


async def post_event(request: Request) -> Response:
    """Open anew what the objects that a notification names lie in, once no more are named."""
    state = context(request)
    body = await read_body(request, state.largest_body, "send fewer records at once")
    document = _parsed(body)
    address = notification.subscription(document)
    if address is not None:  # following it could lead anywhere
        shown = "".join(c for c in address[:LONGEST_LOGGED] if c.isprintable())
        log.warning("a topic wants its subscription confirmed by opening %s", shown)
        return _answer({"datasets": []}, 202)
    touched = notification.touched(state.everything, notification.objects(document))
    state.refresher.hint(touched)
    return _answer({"datasets": touched}, 202)


def _parsed(body: bytes) -> dict[str, Any]:
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InvalidParameter("body", json_kind(document), notification.EXPECTED)
    return document


def _answer(document: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, NOT_KEPT, media_type="application/json")


ENDPOINTS = (
    Endpoint(
        "/datasets/{dataset}/refresh",
        post_refresh,
        "Open a dataset anew",
        "admin",
        methods=("POST",),
        scope="refresh",
    ),
    Endpoint(
        "/events/s3",
        post_event,
        "A notification of an object store",
        "admin",
        methods=("POST",),
        body="application/json",
        scope="refresh",
        status=202,
    ),
)
