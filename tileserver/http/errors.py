"""Errors as RFC 9457 problem details: what is wrong, with which parameter, and what to do."""

from __future__ import annotations

import logging
from http import HTTPStatus

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import (
    DeadlineExceeded,
    InvalidParameter,
    NotFound,
    Overloaded,
    SourceUnavailable,
    TileserverError,
)

log = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
RETRY_AFTER_S = 2
TRANSIENT = (DeadlineExceeded, Overloaded, SourceUnavailable)


def problem(
    status: int, title: str, detail: str, headers: dict[str, str] | None = None, **more: str
) -> Response:
    """A problem document; no error is kept by caches."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    kept = {"Cache-Control": "no-store", **(headers or {})}
    return Response(orjson.dumps(body), status, kept, media_type=PROBLEM)


async def told(_: Request, error: Exception) -> Response:
    """One of our errors, in its own words."""
    assert isinstance(error, TileserverError)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if isinstance(error, TRANSIENT) else None
    more = {"parameter": error.name} if isinstance(error, InvalidParameter | NotFound) else {}
    return problem(error.status, error.title, str(error), headers, **more)


async def routed(request: Request, error: Exception) -> Response:
    """What the router refuses: no such path, method not allowed."""
    assert isinstance(error, HTTPException)
    detail = {
        404: "no such path; /docs lists them",
        405: f"{request.method} is not allowed here",
    }.get(error.status_code, error.detail)
    headers = dict(error.headers or {})
    return problem(error.status_code, HTTPStatus(error.status_code).phrase, detail, headers)


async def unforeseen(request: Request, error: Exception) -> Response:
    """A mistake of ours: logged with its traceback, told without."""
    log.error("unforeseen error at %s", request.url.path, exc_info=error)
    return problem(500, "Internal error", "the server made a mistake; it is in its log")


HANDLERS = {TileserverError: told, HTTPException: routed, Exception: unforeseen}
