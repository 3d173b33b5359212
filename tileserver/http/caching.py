"""Conditional requests, Cache-Control, and text bodies compressed."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from typing import Any

import orjson
from isal import isal_zlib
from starlette.requests import Request
from starlette.responses import Response

# A version in the URL pins the answer for good; without one it may change at the next refresh.
PINNED = "public, max-age=31536000, immutable"
SHORT = "public, max-age=60"
SMALLEST_GZIP = 1000
# From here on speed counts for more than size: a tenth of the time for not quite twice the bytes.
LARGE = 1 << 20
_REFUSED = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|$)", re.ASCII)
GZIP_WINDOW = 31  # bits: 32 kB, with a gzip header that has no time


def matches(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names the ETag (RFC 9110, 13.1.2: weak comparison)."""
    if header is None:
        return False
    bare = etag.removeprefix("W/")
    return header.strip() == "*" or bare in (
        part.strip().removeprefix("W/") for part in header.split(",")
    )


def not_modified(headers: Mapping[str, str]) -> Response:
    """304 with the headers that the full answer would have (RFC 9110, 15.4.5)."""
    kept = ("etag", "cache-control", "vary", "x-time", "warning")
    return Response(
        status_code=304, headers={k: v for k, v in headers.items() if k.lower() in kept}
    )


def takes_gzip(request: Request) -> bool:
    """Whether the client reads compressed answers."""
    accepted = request.headers.get("accept-encoding", "")
    return "gzip" in accepted and _REFUSED.search(accepted) is None


def compress(body: bytes) -> bytes:
    """The same bytes, always, for the same body."""
    if len(body) >= LARGE:
        return bytes(isal_zlib.compress(body, 2, GZIP_WINDOW))
    return gzip.compress(body, 6, mtime=0)


def answer(
    request: Request,
    body: bytes,
    media_type: str,
    *,
    etag: str | None = None,
    cache_control: str = SHORT,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A text answer: with a (weak, as it may be compressed) ETag, 304 where the client has it.

    `headers` with Content-Encoding say that the body is compressed already.
    """
    tag = etag or f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    head = {
        "ETag": tag,
        "Cache-Control": cache_control,
        "Vary": "Accept-Encoding",
        **(headers or {}),
    }
    if matches(request.headers.get("if-none-match"), tag):
        return not_modified(head)
    if "Content-Encoding" not in head and len(body) >= SMALLEST_GZIP and takes_gzip(request):
        body = compress(body)
        head["Content-Encoding"] = "gzip"
    return Response(body, headers=head, media_type=media_type)


def json_answer(request: Request, content: Any, cache_control: str = SHORT) -> Response:
    """A JSON answer, NaN as null."""
    body = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)
    return answer(request, body, "application/json", cache_control=cache_control)
