"""Limits of what titiler.core takes in any size."""

from __future__ import annotations

from starlette.datastructures import QueryParams
from starlette.requests import Request

from tileserver.errors import InvalidParameter

# The largest number of each, or of several that are parted by commas how many.
MOST = {
    "histogram_bins": 1000,
    "cover_scale": 100,
    "buffer": 256,
    "padding": 256,
    "p": 100,
    "minzoom": 30,
    "maxzoom": 30,
}
COVER_SCALE = 10  # titiler.core's default
COVER_PIXELS = 8  # of the mask that weighs cells, for each pixel that a map may have


def check_sizes(query: QueryParams) -> None:
    """Refuse what would take much memory for nothing. Raises InvalidParameter."""
    for name, most in MOST.items():
        for text in query.getlist(name):
            size = text.count(",") + 1 if "," in text else number(text)
            if not 0 <= size <= most:
                raise InvalidParameter(name, text, f"expected 0 to {most}")


def most_pixels(request: Request, of_map: int) -> int:
    """Of one answer: fewer where each is parted to weigh it by how much a geometry covers."""
    if request.method != "POST" or not request.url.path.endswith("/statistics"):
        return of_map
    scale = number(request.query_params.get("cover_scale", "")) or COVER_SCALE
    return int(of_map * COVER_PIXELS / max(1, scale) ** 2)


def number(text: str) -> float:
    """0 for what is none: that is told by who reads it."""
    try:
        return float(text)
    except ValueError:
        return 0
