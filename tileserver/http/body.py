"""Bodies of requests, read no further than a limit."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import Request

from tileserver.errors import InvalidParameter, PayloadTooLarge

MOST_PARTS, MOST_MEMBERS = 300_000, 600_000


async def read_body(request: Request, limit: int, remedy: str) -> bytes:
    """The whole body; from then on it is noticed when the client goes. Raises PayloadTooLarge."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise PayloadTooLarge(f"body: more than {limit} bytes: {remedy}")
        parts.append(part)
    whole_event(request).set()
    return b"".join(parts)


def parse_json(body: bytes) -> Any:
    """What a body of JSON has in it. Raises InvalidParameter, PayloadTooLarge.

    Nothing else runs while it is parsed: a megabyte of empty lists takes as long as ten of text.
    """
    if body.count(b"[") + body.count(b"{") > MOST_PARTS or body.count(b":") > MOST_MEMBERS:
        raise PayloadTooLarge(
            f"body: more than {MOST_PARTS} lists and objects, or {MOST_MEMBERS} members: send less"
        )
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidParameter("body", body[:40].decode("utf-8", "replace"), f"{error}") from None


def whole_event(request: Request) -> asyncio.Event:
    """Set once a request has come whole."""
    found: asyncio.Event = request.scope.setdefault("tileserver.whole", asyncio.Event())
    return found
