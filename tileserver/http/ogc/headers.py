"""What goes with the pictures and values of OGC services."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import Response

from tileserver.http.tileset import headers_of
from tileserver.services.ogc.named_view import NamedView

# What is shown comes from stores' metadata: it is escaped, and were it not it could do nothing.
POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:"}


def named_headers(named: NamedView) -> dict[str, str]:
    """How long an answer keeps, the time that it shows, which coordinates stand in for others."""
    headers = headers_of(named.view, None, pinned=False)
    # A header holds no letters beyond Latin-1, which a dimension's name may.
    used = [f"{quote(name)}={label}" for name, label in named.stand_ins.items()]
    if used:
        headers["Warning"] = f"99 Nearest value used: {', '.join(used)}"
    return headers


def info_answer(body: bytes, media_type: str, headers: Mapping[str, str]) -> Response:
    """Facts about a pixel, their Content-Type equal to the format that was asked for to the letter:
    given as a media type, Starlette adds a charset."""
    return Response(body, headers={**headers, **POLICY, "Content-Type": media_type})
