"""Legends of one-band layers: PNG of an exact size, SVG, JSON.

A legend is laid out once, as boxes, ramps and texts in pixels, measured with the font that it is
drawn in, so that nothing is clipped: what has no room is thinned out, shortened or left out. PNG
and SVG draw the same layout.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from tileserver.colormaps import hex_color
from tileserver.errors import InvalidParameter
from tileserver.services import shape
from tileserver.services.shape import FRAME, Box, Color, Ramp, Shape, Text, text_length
from tileserver.style import Category, Interval, Style

Orientation = Literal["vertical", "horizontal"]

LARGEST_PX = 4096
MARGIN_PX = 8
GAP_PX = 5
BAR_PX = 16
TITLE_PX, LABEL_PX = 13, 11
LINE_HEIGHT = 1.25
SMALLEST_BAR_PX = 6
PANEL: Color = (255, 255, 255, 235)


@dataclass(frozen=True, slots=True)
class Legend:
    """What a legend shows, and how large it is; None takes what `default_size` says.

    Args:
        label: whether title and units are shown.
        ticks: how many at the most; None: as many as there is room for.
    """

    style: Style
    title: str
    units: str | None = None
    orientation: Orientation = "vertical"
    width: int | None = None
    height: int | None = None
    label: bool = True
    ticks: int | None = None

    def __post_init__(self) -> None:
        for name, size in (("width", self.width), ("height", self.height)):
            if size is not None and not 1 <= size <= LARGEST_PX:
                raise InvalidParameter(name, size, f"expected 1 to {LARGEST_PX} pixels")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        width, height = default_size(self.style, self.orientation)
        return (self.width or width, self.height or height)

    @property
    def heading(self) -> str:
        """Title and units, or nothing."""
        if not self.label:
            return ""
        return f"{self.title} [{self.units}]" if self.units else self.title


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on the scale: its text, and where it stands, 0 to 1."""

    value: float
    label: str
    position: float


def default_size(style: Style, orientation: Orientation) -> tuple[int, int]:
    """(width, height) in pixels of a legend of which no size is asked."""
    if style.colormap.classified:
        return (220, round(len(style.colormap.classes) * 18 + 2 * MARGIN_PX + 22))
    return (120, 260) if orientation == "vertical" else (320, 62)


def to_dict(legend: Legend) -> dict[str, Any]:
    """The legend as JSON, for clients that draw their own."""
    style = legend.style
    found: dict[str, Any] = {
        "title": legend.title,
        "units": legend.units,
        "type": "categorical" if style.colormap.classified else "continuous",
        "min": style.rescale[0],
        "max": style.rescale[1],
        "scale": style.scale,
        "colormap_name": style.colormap.name,
        "colors": [hex_color(color) for color in style.colormap.lut.tolist()],
        "ticks": [],
    }
    if style.colormap.classified:
        found["categories"] = [
            {"value": getattr(c, "value", getattr(c, "low", None)), "label": c.label}
            | {"color": hex_color(c.color)}
            for c in style.colormap.classes
        ]
        return found
    found["ticks"] = [
        {"value": t.value, "label": t.label, "position": t.position}
        for t in ticks(style, legend.ticks or 6)
    ]
    return found


def ticks(style: Style, most: int) -> list[Tick]:
    """Round values within the style's range, at most so many."""
    low, high = style.rescale
    values = _decades(low, high, most) if style.scale == "log" else []
    if style.scale == "symlog":
        values = _signed_decades(low, high, most)
    if len(values) < 2:
        values = _rounded(low, high, most)
    positions = style.position(np.array(values, np.float64)).tolist()
    labels = _labels(values)
    return [Tick(*each) for each in zip(values, labels, positions, strict=True)]


def _rounded(low: float, high: float, most: int) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten."""
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(s for s in (1, 2, 2.5, 5, 10, 20) if s * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)][:most]


def _decades(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1,)):
        values = [f * 10.0**e for e in range(first, last + 1) for f in factors]
        values = [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]
        if len(values) <= most:
            return values
    every = -(-len(values) // most)
    return values[::every]


def _signed_decades(low: float, high: float, most: int) -> list[float]:
    largest = max(abs(low), abs(high))
    powers = [10.0 ** (math.floor(math.log10(largest)) - i) for i in range(3)]
    values = sorted({0.0, *powers, *(-p for p in powers)})
    values = [v for v in values if low <= v <= high]
    every = -(-len(values) // max(2, most))
    return values[::every]


def _labels(values: Sequence[float]) -> list[str]:
    """The shortest texts that tell the values apart."""
    return [f"{v:.3g}" if v and not 1e-4 <= abs(v) < 1e6 else f"{v:.10g}" for v in values]


def layout(legend: Legend) -> list[Shape]:
    """All shapes of a legend, first to last as they are drawn."""
    width, height = legend.size
    margin = min(MARGIN_PX, width // 8, height // 8)
    shapes: list[Shape] = [Box(0, 0, width, height, PANEL)]
    room = height - 2 * margin
    lines = _wrapped(legend.heading, width - 2 * margin, room * 0.45)
    top = float(margin)
    for line in lines:
        shapes.append(Text(margin, top + TITLE_PX * LINE_HEIGHT / 2, line, TITLE_PX))
        top += TITLE_PX * LINE_HEIGHT
    top += GAP_PX if lines else 0
    frame = (margin, round(top), width - 2 * margin, height - margin - round(top))
    if legend.style.colormap.classified:
        return shapes + _classes(legend, frame)
    if legend.orientation == "vertical":
        return shapes + _upright(legend, frame)
    return shapes + _lying(legend, frame)


Frame = tuple[int, int, int, int]  # x, y, width, height


def _upright(legend: Legend, frame: Frame) -> list[Shape]:
    x, y, width, height = frame
    half = round(LABEL_PX * LINE_HEIGHT / 2)
    if height < 4 * half:
        return [_ramp(legend, x, y, width, height)]
    y, height = y + half, height - 2 * half
    most = min(legend.ticks or 99, max(2, int(height / (LABEL_PX * LINE_HEIGHT * 1.9)) + 1))
    found = ticks(legend.style, most)
    longest = max((text_length(t.label, LABEL_PX) for t in found), default=0)
    bar = round(min(max(BAR_PX, width * 0.28), width - longest - GAP_PX - 4))
    if bar < SMALLEST_BAR_PX:
        return [_ramp(legend, x, y - half, width, height + 2 * half)]
    shapes: list[Shape] = [_ramp(legend, x, y, bar, height)]
    for tick in found:
        at = y + (1 - tick.position) * height
        shapes.append(Box(x + bar, at - 0.5, 4, 1, FRAME))
        shapes.append(Text(x + bar + GAP_PX + 2, at, tick.label, LABEL_PX))
    return shapes


def _lying(legend: Legend, frame: Frame) -> list[Shape]:
    x, y, width, height = frame
    line = round(LABEL_PX * LINE_HEIGHT)
    bar = height - line - 4
    if bar < SMALLEST_BAR_PX:
        return [_ramp(legend, x, y, width, height)]
    shapes: list[Shape] = [_ramp(legend, x, y, width, bar)]
    for tick in _spaced(legend, width):
        at = x + tick.position * width
        half = text_length(tick.label, LABEL_PX) / 2
        shapes.append(Box(at - 0.5, y + bar, 1, 4, FRAME))
        middle = min(max(at, x + half - 2), x + width - half + 2)
        shapes.append(Text(middle, y + bar + 4 + line / 2, tick.label, LABEL_PX, "m"))
    return shapes


def _spaced(legend: Legend, width: int) -> list[Tick]:
    """The most ticks whose labels have room beside each other."""
    for most in range(min(legend.ticks or 12, 12), 1, -1):
        found = ticks(legend.style, most)
        ends = [(t.position * width, text_length(t.label, LABEL_PX) / 2 + 4) for t in found]
        apart = all(b[0] - a[0] >= a[1] + b[1] for a, b in pairwise(ends))
        if apart and all(2 * half <= width for _, half in ends):
            return found
    return []


def _ramp(legend: Legend, x: int, y: int, width: int, height: int) -> Ramp:
    vertical = legend.orientation == "vertical"
    colors = legend.style.palette()[1:]
    return Ramp(x, y, max(1, width), max(1, height), colors, vertical)


def _classes(legend: Legend, frame: Frame) -> list[Shape]:
    """Swatches with names, in as many columns as it takes, the last of them summing up the rest."""
    x, y, width, height = frame
    entries: Sequence[Category | Interval] = legend.style.colormap.classes
    line = min(18.0, max(LABEL_PX * LINE_HEIGHT, height / len(entries)))
    rows = max(1, int(height / line))
    columns = max(1, min(-(-len(entries) // rows), width // 60))
    shown = entries[: rows * columns]
    column = width / columns
    swatch = int(min(12.0, line - 3, column))
    shapes: list[Shape] = []
    for number, entry in enumerate(shown):
        left, top = x + number // rows * column, y + number % rows * line
        last = number == len(shown) - 1 and len(shown) < len(entries)
        text = f"… {len(entries) - len(shown) + 1} more" if last else entry.label
        box = round(top + (line - swatch) / 2)
        shapes.append(Box(round(left), box, swatch, swatch, entry.color, framed=True))
        room = column - swatch - GAP_PX - 4
        text = _shortened(text, room, LABEL_PX)
        shapes.append(Text(left + swatch + GAP_PX, top + line / 2, text, LABEL_PX))
    return shapes


def _wrapped(text: str, width: float, height: float) -> list[str]:
    """The text in lines that fit, the last one shortened."""
    most = int(height / (TITLE_PX * LINE_HEIGHT))
    words, lines = text.split(), [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if text_length(longer, TITLE_PX) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most > 0:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    fitting = [_shortened(line, width, TITLE_PX) for line in lines[: max(0, most)]]
    return [line for line in fitting if line]


def _shortened(text: str, width: float, size: int) -> str:
    if text_length(text, size) <= width:
        return text
    for end in range(len(text) - 1, 0, -1):
        if text_length(text[:end] + "…", size) <= width:
            return text[:end].rstrip() + "…"
    return ""


def to_png(legend: Legend) -> bytes:
    """The legend as PNG of exactly its size."""
    return shape.to_png(layout(legend), legend.size)


def to_svg(legend: Legend) -> str:
    """The legend as SVG."""
    return shape.to_svg(layout(legend), legend.size)
