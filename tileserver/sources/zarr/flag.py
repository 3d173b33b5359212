"""The classes of a variable: CF flag_values, flag_masks and flag_meanings (section 3.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from PIL import ImageColor

from tileserver.cube import Flag, Packing
from tileserver.sources.zarr.cf import Number, numbers

Rgba = tuple[int, int, int, int]

COLORS = ("flag_colors", "flag_colours")
LARGEST_MASK = 1 << 53  # above, float64 does not hold every integer, and bits mean nothing


def flags_of(attrs: Mapping[str, Any], packing: Packing) -> tuple[Flag, ...]:
    """The classes that attributes name, none where they do not or cannot be understood.

    Of masks without values each bit is a class of its own. Where a number is of several classes,
    the first is taken: those of the value 0, which mean that nothing is set, are the last.
    """
    try:
        values, masks = (_listed(attrs.get(key)) for key in ("flag_values", "flag_masks"))
    except ValueError:
        return ()
    masks = [_unsigned(mask) for mask in masks]
    if masks and packing.is_plain and all(0 < m < LARGEST_MASK and m == int(m) for m in masks):
        return _masked(attrs, values if len(values) == len(masks) else None, masks)
    labels, colors = _labels(attrs, values), _colors(attrs, len(values))
    known: dict[float, Flag] = {}
    for stored, label, color in zip(values, labels, colors, strict=True):
        value = float(stored * packing.scale + packing.offset)
        if abs(value) < np.inf:
            known.setdefault(value, Flag(value, label, color))
    return tuple(known.values())


def _masked(
    attrs: Mapping[str, Any], values: Sequence[Number] | None, masks: Sequence[Number]
) -> tuple[Flag, ...]:
    labels, colors = _labels(attrs, values or masks), _colors(attrs, len(masks))
    found = []
    for value, mask, label, color in zip(
        values or repeat(None), map(int, masks), labels, colors, strict=False
    ):
        if value is not None:
            found.append(Flag(float(value), label, color, mask))
            continue
        bits = (1 << place for place in range(mask.bit_length()) if mask >> place & 1)
        found += [Flag(float(bit), label, color, bit) for bit in bits]
    return tuple(sorted(found, key=lambda flag: flag.value == 0))


def _unsigned(mask: Number) -> Number:
    """A mask told as a signed number of up to 32 bits: the highest bit makes it negative."""
    width = next((bits for bits in (8, 16, 32) if -(1 << bits - 1) <= mask < 0), None)
    return mask if width is None else mask + (1 << width)


def _listed(value: object) -> list[Number]:
    return [] if value is None else numbers(value)


def _labels(attrs: Mapping[str, Any], values: Sequence[Number]) -> list[str]:
    """A name for each class: its number, where meanings are not told for all of them."""
    told = attrs.get("flag_meanings")
    words = [str(each) for each in told] if isinstance(told, list) else str(told or "").split()
    if len(words) != len(values) and isinstance(told, str):
        words = [word.strip() for word in re.split(r"[,;]", told)]
    if len(words) != len(values):
        return [f"{value:g}" for value in values]
    return [word.strip(" ,;").replace("_", " ") for word in words]


def _colors(attrs: Mapping[str, Any], count: int) -> list[Rgba | None]:
    """A colour for each class, None where they are not told for all of them."""
    told = next((attrs[key] for key in COLORS if key in attrs), None)
    words = re.split(r"[\s;]+", told.strip()) if isinstance(told, str) else told
    if not isinstance(words, list) or len(words) != count:
        return [None] * count
    return [_color(word) for word in words]


def _color(word: object) -> Rgba | None:
    try:
        if isinstance(word, str):
            red, green, blue, alpha = ImageColor.getcolor(word.strip(" ,"), "RGBA")  # type: ignore[misc]
            return (red, green, blue, alpha)
        channels = [round(n * 255) if isinstance(n, float) else n for n in numbers(word)]
    except ValueError:
        return None
    if len(channels) not in (3, 4) or not all(0 <= n <= 255 for n in channels):
        return None
    red, green, blue, alpha = (*channels, 255)[:4]
    return (int(red), int(green), int(blue), int(alpha))
