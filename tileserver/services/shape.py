"""Shapes in pixels, and their drawing as PNG and as SVG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from tileserver.colormaps import hex_color

Color = tuple[int, int, int, int]

INK: Color = (32, 36, 40, 255)
FRAME: Color = (96, 100, 104, 255)
SMALLEST_FRAMED_PX = 6
INK_HEX, FRAME_HEX = (hex_color(color)[:7] for color in (INK, FRAME))
FONT_FAMILY = "DejaVu Sans, Verdana, sans-serif"


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle, in pixels."""

    x: float
    y: float
    width: float
    height: float
    color: Color
    framed: bool = False


@dataclass(frozen=True, slots=True)
class Ramp:
    """The colours of a scale, from left to right or from bottom to top."""

    x: int
    y: int
    width: int
    height: int
    colors: npt.NDArray[np.uint8]
    vertical: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; (x, y) is the middle of its left end, or of its middle or right end."""

    x: float
    y: float
    text: str
    size: int
    anchor: Literal["l", "m", "r"] = "l"


Shape = Box | Ramp | Text


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont:
    import matplotlib  # for its font, whose half second of import only legends pay

    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(path, size)


def text_length(text: str, size: int) -> float:
    """The width of a line of text in pixels."""
    return float(_font(size).getlength(text))


def to_png(shapes: Sequence[Shape], size: tuple[int, int]) -> bytes:
    """The shapes, first to last, on a clear PNG of a size (width, height)."""
    image = Image.new("RGBA", size, (255, 255, 255, 0))
    for shape in shapes:
        _draw(image, shape)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _draw(image: Image.Image, shape: Shape) -> None:
    draw = ImageDraw.Draw(image)
    if isinstance(shape, Text):
        draw.text((shape.x, shape.y), shape.text, INK, _font(shape.size), f"{shape.anchor}m")
    elif isinstance(shape, Box):
        x, y = round(shape.x), round(shape.y)
        right = max(x, round(shape.x + shape.width) - 1)
        bottom = max(y, round(shape.y + shape.height) - 1)
        fill = Image.new("RGBA", (right - x + 1, bottom - y + 1), shape.color)
        image.alpha_composite(fill, (x, y))
        if shape.framed:
            draw.rectangle((x, y, right, bottom), outline=FRAME)
    else:
        length = shape.height if shape.vertical else shape.width
        index = (np.arange(length) * len(shape.colors)) // length
        colors = shape.colors[index[::-1] if shape.vertical else index]
        strip = colors[:, None] if shape.vertical else colors[None]
        pixels = np.broadcast_to(strip, (shape.height, shape.width, 4))
        image.alpha_composite(Image.fromarray(np.ascontiguousarray(pixels)), (shape.x, shape.y))
        edges = (shape.x, shape.y, shape.x + shape.width - 1, shape.y + shape.height - 1)
        if min(shape.width, shape.height) >= SMALLEST_FRAMED_PX:
            draw.rectangle(edges, outline=FRAME)


def to_svg(shapes: Sequence[Shape], size: tuple[int, int]) -> str:
    """The shapes as SVG, with nothing from elsewhere."""
    width, height = size
    body = "".join(_svg(shape, number) for number, shape in enumerate(shapes))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{FONT_FAMILY}">{body}</svg>'
    )


def _svg(shape: Shape, number: int) -> str:
    """An element; `number` tells it from the others."""
    if isinstance(shape, Text):
        anchor = {"l": "start", "m": "middle", "r": "end"}[shape.anchor]
        return (
            f'<text x="{shape.x:g}" y="{shape.y:g}" font-size="{shape.size}" fill="{INK_HEX}" '
            f'dominant-baseline="central" text-anchor="{anchor}">{escape(shape.text)}</text>'
        )
    if isinstance(shape, Box):
        frame = f' stroke="{FRAME_HEX}"' if shape.framed else ""
        look = _fill(shape.color) + frame
        return _rectangle(shape.x, shape.y, shape.width, shape.height, look)
    stops = "".join(
        f'<stop offset="{i / (len(shape.colors) - 1):.4f}" {_fill(color, "stop")}/>'
        for i, color in enumerate(shape.colors.tolist())
    )
    way = 'x1="0" y1="1" x2="0" y2="0"' if shape.vertical else 'x1="0" y1="0" x2="1" y2="0"'
    frame = _rectangle(
        shape.x,
        shape.y,
        shape.width,
        shape.height,
        f'fill="url(#ramp{number})" stroke="{FRAME_HEX}"',
    )
    return f'<defs><linearGradient id="ramp{number}" {way}>{stops}</linearGradient></defs>{frame}'


def _rectangle(x: float, y: float, width: float, height: float, look: str) -> str:
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" {look}/>'


def _fill(color: Sequence[int], name: str = "fill") -> str:
    attribute = "stop-color" if name == "stop" else "fill"
    return f'{attribute}="{hex_color(color)[:7]}" {name}-opacity="{color[3] / 255:.3g}"'
