"""In which encoding a resource of OGC API is wanted: by `f`, else by the Accept header."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import shown
from tileserver.http import caching
from tileserver.http.access import policy
from tileserver.http.links import base_url
from tileserver.http.params import Parameter, Query, choice
from tileserver.services.ogc.link import MEDIA_TYPES, Encoding
from tileserver.services.ogc.page import HOME, page

Name = TypeVar("Name", bound=str)

VARY = "Accept, Accept-Encoding"
_QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.ASCII)


def _format(*names: str) -> Parameter[Any]:
    return Parameter(
        "f", choice(names), {"type": "string", "enum": list(names)},
        "The encoding of the answer; without it the Accept header tells.", None, names[0],
    )  # fmt: skip


F = _format("json", "html")
F_IMAGE = _format("png", "jpeg", "webp")


def encoding(request: Request, query: Query) -> Encoding:
    """Whether a document is wanted as JSON or HTML. Raises InvalidParameter, HTTPException."""
    found: Encoding | None = query(F)
    return found or negotiated(request, MEDIA_TYPES)


def negotiated(request: Request, offered: Mapping[Name, str]) -> Name:
    """The name of the media type that the client likes most, the first of equals.

    Raises HTTPException (406) where it takes none.
    """
    header = request.headers.get("accept") or "*/*"
    liked = {name: _quality(header, media_type) for name, media_type in offered.items()}
    best = max(liked, key=lambda name: liked[name])
    if not liked[best]:
        names = ", ".join(offered.values())
        raise HTTPException(406, f"Accept={shown(header)!r}: expected one of {names}")
    return best


def _quality(header: str, media_type: str) -> float:
    """How much a client likes a media type: by the range that tells of it most closely
    (RFC 9110, 12.5.1)."""
    closeness = {"*/*": 0, f"{media_type.partition('/')[0]}/*": 1, media_type: 2}
    found = (-1, 0.0)
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name in closeness:
            weights = [m[1] for m in map(_QUALITY.fullmatch, parameters) if m]
            found = max(found, (closeness[name], float(weights[0]) if weights else 1.0))
    return found[1]


def document_answer(
    request: Request,
    document: Mapping[str, Any],
    shown_as: Encoding,
    home: tuple[str, str] = HOME,
) -> Response:
    """A document as JSON or as a page."""
    body = written(document, shown_as, base_url(request.scope), home)
    return written_answer(request, body, shown_as)


def written(
    document: Mapping[str, Any], shown_as: Encoding, base: str, home: tuple[str, str] = HOME
) -> bytes:
    """A document in an encoding."""
    if shown_as == "json":
        return orjson.dumps(document)
    title = document.get("title") or document["links"][0]["title"].removesuffix(" as JSON")
    return page(title, document, base, home)


def written_answer(request: Request, body: bytes, shown_as: Encoding) -> Response:
    """The answer with a document that is written already."""
    head = {"Vary": VARY, **({"Content-Security-Policy": policy()} if shown_as == "html" else {})}
    return caching.answer(request, body, MEDIA_TYPES[shown_as], headers=head)
