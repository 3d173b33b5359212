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
LONGEST_HEADING = 300  # characters that are looked at: metadata may hold whole paragraphs
MARGIN_PX = 8
GAP_PX = 5
BAR_PX = 16
TITLE_PX, LABEL_PX = 13, 11
LINE_HEIGHT = 1.25
SMALLEST_BAR_PX = 6
SMALLEST_COLUMN_PX = 60  # of a class's swatch and name
SMALLEST_STEP_PX = 24  # between ticks, however short their labels
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
        """Title and units on one line, without what cannot be printed, or nothing."""
        if not self.label:
            return ""
        text = f"{self.title} [{self.units}]" if self.units else self.title
        text = "".join(c if c.isprintable() else " " for c in text[:LONGEST_HEADING])
        return " ".join(text.split())


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
        found["categories"] = [_entry(entry) for entry in style.colormap.classes]
        return found
    found["ticks"] = [
        {"value": t.value, "label": t.label, "position": t.position}
        for t in ticks(style, legend.ticks or 6)
    ]
    return found


def _entry(entry: Category | Interval) -> dict[str, Any]:
    """A class; one of an interval has its lower bound for a value, and its range."""
    about = {"label": entry.label, "color": hex_color(entry.color)}
    if isinstance(entry, Interval):
        return {"value": entry.low, "range": [entry.low, entry.high], **about}
    mask = {} if entry.mask is None else {"mask": entry.mask}
    return {"value": entry.value, **about, **mask}


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
    """Multiples of 1, 2, 2.5 or 5 times a power of ten: the closest that are not too many."""
    power = 10.0 ** math.floor(math.log10((high - low) / max(1, most - 1)))
    for factor in (1, 2, 2.5, 5, 10, 20):
        step = factor * power
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            break
    return [float(f"{i * step:.12g}") for i in range(first, last + 1)]


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
    """Zero and, on both sides of it, powers of ten from the largest down."""
    largest = math.floor(math.log10(max(abs(low), abs(high))))
    for count in (3, 2, 1):
        powers = [10.0 ** (largest - i) for i in range(count)]
        values = sorted({0.0, *powers, *(-power for power in powers)})
        values = [value for value in values if low <= value <= high]
        if len(values) <= most:
            return values
    return [values[0], values[-1]]


def _labels(values: Sequence[float]) -> list[str]:
    """The shortest texts that tell the values apart."""
    for digits in range(3, 17):
        labels = [_label(value, digits) for value in values]
        if len(set(labels)) == len(values) and _exact(labels, values):
            break
    return labels


def _exact(labels: Sequence[str], values: Sequence[float]) -> bool:
    largest = max((abs(value) for value in values), default=0.0)
    pairs = zip(labels, values, strict=True)
    return all(abs(float(label) - value) <= 1e-9 * largest for label, value in pairs)


def _label(value: float, digits: int) -> str:
    """So many significant digits, as `0.0001`, `20000` or `2e-7`."""
    text = f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    if exponent and 1e-4 <= abs(value) < 1e6:
        return f"{float(text):.0f}"
    return f"{mantissa}e{int(exponent)}" if exponent else text


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
    found = _spaced(legend, height)
    longest = max((text_length(t.label, LABEL_PX) for t in found), default=0)
    bar = round(min(max(BAR_PX, width * 0.28), width - longest - GAP_PX - 4))
    if bar < SMALLEST_BAR_PX or not found:
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
        at = x + min(tick.position * width, width - 0.5)
        start, end = _span(legend, tick, width)
        shapes.append(Box(at - 0.5, y + bar, 1, 4, FRAME))
        middle = x + (start + end) / 2
        shapes.append(Text(middle, y + bar + 4 + line / 2, tick.label, LABEL_PX, "m"))
    return shapes


def _spaced(legend: Legend, length: int) -> list[Tick]:
    """The most ticks whose labels have room beside each other along a bar of so many pixels."""
    for most in range(legend.ticks or max(2, length // SMALLEST_STEP_PX), 1, -1):
        found = ticks(legend.style, most)
        spans = [_span(legend, tick, length) for tick in found]
        widest = max(end - start for start, end in spans)
        apart = all(below[1] <= above[0] for below, above in pairwise(spans))
        if apart and widest <= length + 2 * GAP_PX:
            return found
    return []


def _span(legend: Legend, tick: Tick, length: int) -> tuple[float, float]:
    """From where to where along the bar the label of a tick reaches, with the room around it."""
    at = tick.position * length
    if legend.orientation == "vertical":
        return at - LABEL_PX * LINE_HEIGHT / 2, at + LABEL_PX * LINE_HEIGHT / 2
    half = text_length(tick.label, LABEL_PX) / 2
    at = min(max(at, half), length - half)
    return at - half - GAP_PX, at + half + GAP_PX


def _ramp(legend: Legend, x: int, y: int, width: int, height: int) -> Ramp:
    vertical = legend.orientation == "vertical"
    style = legend.style
    colors = style.colormap.lut if style.colormap.classified else style.palette()[1:]
    return Ramp(x, y, max(1, width), max(1, height), colors, vertical)


def _classes(legend: Legend, frame: Frame) -> list[Shape]:
    """Swatches with names, in as many columns as it takes, the last of them counting the rest;
    where not even one name has room, the colours alone."""
    x, y, width, height = frame
    entries: Sequence[Category | Interval] = legend.style.colormap.classes
    line = min(18.0, max(LABEL_PX * LINE_HEIGHT, height / len(entries)))
    if height < line or width < SMALLEST_COLUMN_PX:
        return [_ramp(legend, x, y, width, height)]
    rows = int(height / line)
    columns = max(1, min(-(-len(entries) // rows), width // SMALLEST_COLUMN_PX))
    shown = entries[: rows * columns]
    column = width / columns
    shapes: list[Shape] = []
    for number, entry in enumerate(shown):
        at = (x + number // rows * column, y + number % rows * line)
        last = number == len(shown) - 1
        rest = len(entries) - len(shown) + 1 if last and len(shown) < len(entries) else 0
        shapes += _swatch(entry, f"… +{rest}" if rest else entry.label, at, (column, line))
    return shapes


def _swatch(
    entry: Category | Interval, text: str, at: tuple[float, float], room: tuple[float, float]
) -> list[Shape]:
    """A class in a cell whose left upper corner is `at`, of (width, height) `room`."""
    (left, top), (width, height) = at, room
    side = int(min(12.0, height - 3))
    box = Box(round(left), round(top + (height - side) / 2), side, side, entry.color, framed=True)
    text = _shortened(text, width - side - 2 * GAP_PX, LABEL_PX)
    return [box, Text(left + side + GAP_PX, top + height / 2, text, LABEL_PX)]


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
