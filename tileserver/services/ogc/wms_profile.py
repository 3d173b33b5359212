"""What of WMS 1.3.0 (OGC 06-042) and 1.1.1 (OGC 01-068r3) is spoken here: documents and requests
both read it from here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from tileserver.encode import Format

NEWEST, OLDEST = VERSIONS = ("1.3.0", "1.1.1")

# Media type → the format of the picture, in order of preference.
MAP_FORMATS: Mapping[str, Format] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/png; mode=8bit": "png",  # as a picture of one band is anyway
}
# QGIS takes the last that it knows as features: GeoJSON.
# Those of several times one after another, by Pillow's names.
ANIMATIONS: Mapping[str, Literal["GIF", "PNG"]] = {"image/gif": "GIF", "image/apng": "PNG"}
INFO_FORMATS = ("text/plain", "text/html", "application/vnd.ogc.gml", "application/json")
LEGEND_FORMATS = ("image/png", "image/svg+xml", "application/json")

# The ways in which each version lets a client be told of an error, its default first.
EXCEPTIONS: Mapping[str, tuple[str, ...]] = {
    "1.3.0": ("XML", "INIMAGE", "BLANK"),
    "1.1.1": (
        "application/vnd.ogc.se_xml",
        "application/vnd.ogc.se_inimage",
        "application/vnd.ogc.se_blank",
    ),
}

LAYER_LIMIT = 10  # layers in one map
FRAME_LIMIT = 200  # times in one animation
LONGEST_SIDE_PX = 16_383  # of a WebP picture


def largest_side(map_pixels: int) -> int:
    """The side of the largest square map of at most so many pixels."""
    return min(math.isqrt(map_pixels), LONGEST_SIDE_PX)
