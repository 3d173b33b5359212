"""What operators and object stores may ask for: datasets to be opened anew."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import InvalidParameter
from tileserver.http.body import read_body
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.params import Query
from tileserver.services import notification

log = logging.getLogger(__name__)

# SNS knows no other way than a password; it wants to be asked for one.
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="tileserver", Basic realm="tileserver"'}
LONGEST_LOGGED = 2000
NOT_KEPT = {"Cache-Control": "no-store"}


async def post_refresh(request: Request) -> Response:
    """Open a dataset anew; the answer waits for it."""
    check_token(request)
    Query(request.query_params.multi_items(), ())
    found = await context(request).refresher.refresh(request.path_params["dataset"])
    entry = found.entry
    document = {
        "version": entry.dataset.version if entry.dataset else None,
        "changed": found.changed,
        "status": entry.status,
    }
    return _answer(document | ({"error": entry.error} if entry.error else {}))


async def post_event(request: Request) -> Response:
    """Open anew what the objects that a notification names lie in, once no more are named."""
    check_token(request)
    state = context(request)
    body = await read_body(request, state.largest_body, "send fewer records at once")
    document = _parsed(body)
    address = notification.subscription(document)
    if address is not None:  # following it could lead anywhere
        shown = "".join(c for c in address[:LONGEST_LOGGED] if c.isprintable())
        log.warning("a topic wants its subscription confirmed by opening %s", shown)
        return _answer({"datasets": []}, 202)
    touched = notification.touched(state.catalog, notification.objects(document))
    state.refresher.hint(touched)
    return _answer({"datasets": touched}, 202)


def check_token(request: Request) -> None:
    """Refuse who does not have the token: as a bearer token, or as the password of any user."""
    token = context(request).admin_token.encode()
    if not token:
        raise HTTPException(403, "the server has no TILESERVER_ADMIN_TOKEN: set one to do this")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        given = _password(given)
    elif scheme.lower() != "bearer":
        given = ""
    if not hmac.compare_digest(given.strip().encode(), token):
        raise HTTPException(401, "Authorization: expected Bearer and the admin token", CHALLENGE)


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidParameter("body", body[:40].decode("utf-8", "replace"), f"{error}") from None
    if not isinstance(document, dict):
        raise InvalidParameter("body", type(document).__name__, notification.EXPECTED)
    return document


def _answer(document: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, NOT_KEPT, media_type="application/json")


ENDPOINTS = (
    Endpoint(
        "/datasets/{dataset}/refresh",
        post_refresh,
        "Open a dataset anew (with the admin token)",
        "admin",
        methods=("POST",),
    ),
    Endpoint(
        "/events/s3",
        post_event,
        "A notification of an object store (with the admin token)",
        "admin",
        methods=("POST",),
        body="application/json",
    ),
)
