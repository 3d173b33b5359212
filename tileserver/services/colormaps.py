"""The colour tables that can be asked for: the list, one of them, a picture of one."""

from __future__ import annotations

import functools
import io
from typing import Any

import numpy as np
from PIL import Image

from tileserver import colormaps
from tileserver.style import Colormap


@functools.cache
def listing(*, colors: bool = False) -> dict[str, Any]:
    """All tables by name; `_r` reverses any of them and is not listed.

    Args:
        colors: with their 256 colours and classes, for clients that colour by themselves.
    """
    return {"colormaps": [describe(n) if colors else _head(n) for n in colormaps.names()]}


def _head(name: str) -> dict[str, Any]:
    table = colormaps.table(name)
    return {
        "name": table.name,
        "title": table.title,
        "family": table.family,
        "category": table.category,
    }


def describe(name: str) -> dict[str, Any]:
    """One table with its 256 colours and, if it has some, its classes.

    Raises InvalidParameter for an unknown name.
    """
    colormap = Colormap.named(name)
    lowered = name.lower()
    original = lowered if lowered in colormaps.names() else lowered.removesuffix("_r")
    found = _head(original) | {
        "name": colormap.name,
        "colors": [colormaps.hex_color(color) for color in colormap.lut],
    }
    if colormap.categories:
        found["classes"] = [
            {"value": c.value, "label": c.label, "color": colormaps.hex_color(c.color)}
            for c in colormap.categories
        ]
    return found


def preview_png(name: str, *, width: int, height: int) -> bytes:
    """The colours from left to right. Raises InvalidParameter for an unknown name."""
    lut = Colormap.named(name).lut
    row = lut[np.arange(width) * len(lut) // width]
    pixels = np.broadcast_to(row, (height, width, 4))
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG")
    return out.getvalue()
