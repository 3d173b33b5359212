"""What goes with the pictures and values of OGC services."""

from __future__ import annotations

from urllib.parse import quote

from tileserver.http.tileset import headers_of
from tileserver.services.ogc.named_view import NamedView


def named_headers(named: NamedView) -> dict[str, str]:
    """How long an answer keeps, the time that it shows, which coordinates stand in for others."""
    headers = headers_of(named.view, None, pinned=False)
    # A header holds no letters beyond Latin-1, which a dimension's name may.
    used = [f"{quote(name)}={label}" for name, label in named.stand_ins.items()]
    if used:
        headers["Warning"] = f"99 Nearest value used: {', '.join(used)}"
    return headers
