"""Styles as WMS clients write them: ids of ours, and `name/palette` as those of ncWMS do."""

from __future__ import annotations

import re

# What a layer is drawn by there; of these all are pixels in colours here.
FAMILIES = ("default", "default-scalar", "default-vector", "raster", "boxfill", "areafill")
# Sequential, diverging … : how palettes are grouped there.
_GROUP = re.compile(r"(seq|div|psu|x)-")
INVERSE = "-inv"


def style_text(text: str) -> str:
    """The style id of a style of STYLES; what is drawn in another way is no style of ours."""
    family, slash, palette = text.partition("/")
    if family not in FAMILIES:
        return text
    return palette_text(palette) if slash else ""


def palette_text(text: str) -> str:
    """The style id of a palette: `seq-Blues-inv` is `Blues_r`."""
    name = _GROUP.sub("", text, count=1) if _GROUP.match(text) else text
    if name.endswith(INVERSE):
        name = f"{name.removesuffix(INVERSE)}_r"
    return "" if name == "default" else name
