"""Errors as RFC 9457 problem details: what is wrong, with which parameter, and what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Scope

from tileserver.errors import (
    DeadlineExceeded,
    InvalidParameter,
    NotFound,
    Overloaded,
    SourceUnavailable,
    TileserverError,
)
from tileserver.http.links import below_root
from tileserver.trail import TRAIL

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
RETRY_AFTER_S = 2
CLIENT_GONE = 499  # as nginx counts them
TRANSIENT = (DeadlineExceeded, Overloaded, SourceUnavailable)


def problem(
    status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: object
) -> Response:
    """A problem document, with the request that it is about; no error is kept by caches."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    if (trail := TRAIL.get()) is not None:
        body["request_id"] = trail.id
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(body), status, kept, media_type=PROBLEM)


async def told(request: Request, error: Exception) -> Response:
    """One of our errors, as the router hands it on."""
    assert isinstance(error, TileserverError)
    return told_problem(error, request.scope)


def told_problem(error: TileserverError, scope: Scope | None = None) -> Response:
    """One of our errors, in its own words."""
    headers = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, TRANSIENT) else None
    more = {} if scope is None else also(scope, str(error))
    if isinstance(error, InvalidParameter | NotFound):
        more["parameter"] = error.name
    return problem(error.status, error.title, str(error), headers, **more)


def also(scope: Scope, detail: str) -> dict[str, object]:
    """What the clients of a protocol look for in a problem, beside its own members."""
    is_xcube = below_root(scope).startswith("/xcube")
    return {"error": {"message": detail}} if is_xcube else {}


async def routed(request: Request, error: Exception) -> Response:
    """What the router refuses: no such path, method not allowed."""
    assert isinstance(error, HTTPException)
    detail = {
        404: "no such path; /docs lists them",
        405: f"{request.method} is not allowed here",
    }.get(error.status_code, error.detail)
    headers = dict(error.headers or {})
    title, more = HTTPStatus(error.status_code).phrase, also(request.scope, detail)
    return problem(error.status_code, title, detail, headers, **more)


async def unforeseen(request: Request, error: Exception) -> Response:
    """A mistake of ours: logged with its traceback, told without."""
    log.error("unforeseen error at %s", below_root(request.scope), exc_info=error)
    detail = "the server made a mistake; it is in its log"
    return problem(500, "Internal error", detail, None, **also(request.scope, detail))


async def gone(_: Request, __: Exception) -> Response:
    """The client went away in the middle of its request: nobody reads this."""
    return Response(status_code=CLIENT_GONE)


HANDLERS = {
    TileserverError: told,
    HTTPException: routed,
    ClientDisconnect: gone,
    Exception: unforeseen,
}
