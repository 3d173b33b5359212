"""Bodies of requests, read no further than a limit."""

from __future__ import annotations

import asyncio

from starlette.requests import Request

from tileserver.errors import PayloadTooLarge


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


def whole_event(request: Request) -> asyncio.Event:
    """Set once a request has come whole."""
    found: asyncio.Event = request.scope.setdefault("tileserver.whole", asyncio.Event())
    return found
