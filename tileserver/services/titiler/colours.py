"""A layer's colours in the form that rio-tiler has for them."""

from __future__ import annotations

from tileserver.drawing import default_colormap
from tileserver.layer import Layer


class Colours(dict[int, tuple[int, int, int, int]]):
    """A dataset's own, which pictures have and files of values do not."""


def colours_of(layer: Layer, *, is_drawn: bool) -> Colours | None:
    """RGBA by number: of each class, or 256 from low to high where the layer has a look."""
    if layer.flags and all(flag.color and flag.mask is None for flag in layer.flags):
        return Colours({int(flag.value): flag.color for flag in layer.flags if flag.color})
    if not is_drawn or layer.flags:
        return None
    return Colours(enumerate(map(tuple, default_colormap(layer).lut.tolist())))
