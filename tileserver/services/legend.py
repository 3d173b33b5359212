"""Legends of layers: PNG of an exact size, SVG, JSON.

A legend is laid out once, as boxes, ramps and texts in pixels, measured with the font that it is
drawn in, so that nothing is clipped: what has no room is thinned out, shortened or left out. PNG
and SVG draw the same layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from tileserver.colormaps import Lut, hex_color
from tileserver.dataset import Dataset
from tileserver.drawing import StyleChoice
from tileserver.errors import InvalidParameter
from tileserver.gate import in_thread
from tileserver.layer import Layer
from tileserver.pipeline import Engine
from tileserver.services import band, shape
from tileserver.services.shape import FRAME, Box, Color, Ramp, Shape, Text, text_length
from tileserver.services.tick import Tick, ticks
from tileserver.services.unit import printed
from tileserver.style import Category, Colormap, Interval, Style

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
CHANNELS = {"Red": (255, 0, 0), "Green": (0, 255, 0), "Blue": (0, 0, 255)}
PICTURE_SIZE = (220, 148)  # of the legend of a picture of three bands


@dataclass(frozen=True, slots=True)
class Legend:
    """What a legend shows, and how large it is; None takes what `default_size` says.

    Args:
        label: whether title and units are shown.
        ticks: how many at the most; None: as many as there is room for.
        bands: of a picture of red, green and blue their titles; of the style the range alone
            counts then, and the orientation does not.
    """

    style: Style
    title: str
    units: str | None = None
    orientation: Orientation = "vertical"
    width: int | None = None
    height: int | None = None
    label: bool = True
    ticks: int | None = None
    bands: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, size in (("width", self.width), ("height", self.height)):
            if size is not None and not 1 <= size <= LARGEST_PX:
                raise InvalidParameter(name, size, f"expected 1 to {LARGEST_PX} pixels")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        standard = default_size(self.style, self.orientation)
        width, height = PICTURE_SIZE if self.bands else standard
        return (self.width or width, self.height or height)

    @property
    def vertical(self) -> bool:
        """Whether values rise from the bottom to the top."""
        return self.orientation == "vertical" and not self.bands

    @property
    def heading(self) -> str:
        """Title and units on one line, without what cannot be printed, or nothing."""
        if not self.label:
            return ""
        units = printed(self.units)
        text = f"{self.title} [{units}]" if units else self.title
        return _printable(text)


def _printable(text: str) -> str:
    """The text on one line, without what cannot be printed."""
    text = "".join(c if c.isprintable() else " " for c in text[:LONGEST_HEADING])
    return " ".join(text.split())


async def layer_legend(
    engine: Engine, dataset: Dataset, layer: Layer, choice: StyleChoice
) -> Legend:
    """The legend of a layer drawn in a style. Raises InvalidParameter, SourceError."""
    if layer.bands == 1:
        shown = choice.algorithm or layer
        return Legend(await engine.style(dataset, layer, choice), shown.title, shown.units)
    if choice.colormap is not None:
        name, remedy = choice.colormap.name, "a picture of three bands takes none"
        raise InvalidParameter("colormap_name", name, remedy)
    rescale = choice.rescale or await engine.value_range(dataset, layer)
    named = band.bands(layer)
    shared = {each.units for each in named}
    return Legend(
        Style(Colormap.named("gray"), rescale),
        layer.title,
        layer.units or (shared.pop() if len(shared) == 1 else None),
        bands=tuple(each.title for each in named),
    )


def default_size(style: Style, orientation: Orientation) -> tuple[int, int]:
    """(width, height) in pixels of a legend of which no size is asked."""
    if style.colormap.classified:
        return (220, round(len(style.colormap.classes) * 18 + 2 * MARGIN_PX + 22))
    return (120, 260) if orientation == "vertical" else (320, 62)


def to_dict(legend: Legend) -> dict[str, Any]:
    """The legend as JSON, for clients that draw their own."""
    style = legend.style
    classified = style.colormap.classified
    kind = "composite" if legend.bands else "categorical" if classified else "continuous"
    found: dict[str, Any] = {
        "title": legend.title,
        "units": legend.units,
        "type": kind,
        "min": style.rescale[0],
        "max": style.rescale[1],
        "scale": style.scale,
    }
    if legend.bands:
        found["bands"] = [
            {"channel": name.lower(), "title": title, "color": hex_color((*color, 255))}
            for (name, color), title in zip(CHANNELS.items(), legend.bands, strict=True)
        ]
    else:
        found["colormap_name"] = style.colormap.name
        found["colors"] = [hex_color(color) for color in style.colormap.lut.tolist()]
    found["ticks"] = []
    if classified:
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
    if legend.bands:
        return shapes + _channels(legend, frame)
    if legend.style.colormap.classified:
        return shapes + _classes(legend, frame)
    if legend.vertical:
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
    return [_ramp(legend, x, y, width, bar), *_scale(legend, x, y + bar, width)]


def _scale(legend: Legend, x: int, y: int, width: int) -> list[Shape]:
    """Ticks below a bar, and under them their labels."""
    shapes: list[Shape] = []
    line = round(LABEL_PX * LINE_HEIGHT)
    for tick in _spaced(legend, width):
        at = x + min(tick.position * width, width - 0.5)
        start, end = _span(legend, tick, width)
        shapes.append(Box(at - 0.5, y, 1, 4, FRAME))
        middle = x + (start + end) / 2
        shapes.append(Text(middle, y + 4 + line / 2, tick.label, LABEL_PX, "m"))
    return shapes


def _channels(legend: Legend, frame: Frame) -> list[Shape]:
    """A bar from black to each of red, green and blue, its band's title above it, and the range
    that they share below; with little room the bars alone."""
    x, y, width, height = frame
    line = round(LABEL_PX * LINE_HEIGHT)
    foot = line + 4 if height - line - 4 >= 3 * SMALLEST_BAR_PX else 0
    is_told = height - foot >= 3 * (line + SMALLEST_BAR_PX + GAP_PX)
    head, gap = (line, GAP_PX) if is_told else (0, 0)
    step = (height - foot + gap) / 3
    shapes: list[Shape] = []
    for number, ((name, color), title) in enumerate(
        zip(CHANNELS.items(), legend.bands, strict=True)
    ):
        top, bottom = (round(y + n * step) for n in (number, number + 1))
        text = _shortened(_printable(f"{name}: {title}"), width, LABEL_PX)
        if head and text:
            shapes.append(Text(x, top + head / 2, text, LABEL_PX))
        bar = max(1, bottom - gap - top - head)
        shapes.append(Ramp(x, min(top + head, y + height - bar), width, bar, _shades(color), False))
    return shapes + (_scale(legend, x, y + height - foot, width) if foot else [])


def _shades(color: tuple[int, int, int]) -> Lut:
    """From black to a colour (256, 4)."""
    shades = np.full((256, 4), 255, np.uint8)
    shades[:, :3] = np.linspace((0, 0, 0), color, 256).round()
    return shades


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
    if legend.vertical:
        return at - LABEL_PX * LINE_HEIGHT / 2, at + LABEL_PX * LINE_HEIGHT / 2
    half = text_length(tick.label, LABEL_PX) / 2
    at = min(max(at, half), length - half)
    return at - half - GAP_PX, at + half + GAP_PX


def _ramp(legend: Legend, x: int, y: int, width: int, height: int) -> Ramp:
    style = legend.style
    colors = style.colormap.lut if style.colormap.classified else style.palette()[1:]
    return Ramp(x, y, max(1, width), max(1, height), colors, legend.vertical)


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


async def drawn_png(engine: Engine, legend: Legend) -> bytes:
    """The legend as PNG, kept, and drawn in a thread: that takes milliseconds, in which others
    want their tiles."""
    return await engine.tiles.get(legend, lambda: in_thread(engine.pool, to_png, legend))


def to_png(legend: Legend) -> bytes:
    """The legend as PNG of exactly its size."""
    return shape.to_png(layout(legend), legend.size)


def to_svg(legend: Legend) -> str:
    """The legend as SVG."""
    return shape.to_svg(layout(legend), legend.size)
