"""Bodies of requests, read no further than a limit."""

from __future__ import annotations

from starlette.requests import Request

from tileserver.errors import PayloadTooLarge


async def read_body(request: Request, limit: int, remedy: str) -> bytes:
    """The whole body. Raises PayloadTooLarge."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise PayloadTooLarge(f"body: more than {limit} bytes: {remedy}")
        parts.append(part)
    return b"".join(parts)
