"""What takes the place of a picture that would read more than it may: hatching, and what to do."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tileserver import encode
from tileserver.encode import Format
from tileserver.render import Rgba

WORDS = "Zoom in"
STRIPE_PX = 16  # from one line to the next, of a tile's width as one walks along an edge
LINE = (110, 118, 128, 70)
INK, HALO = (60, 66, 74, 235), (255, 255, 255, 200)
LARGEST_TEXT_PX, SMALLEST_TEXT_PX = 28, 9


@lru_cache(maxsize=16)
def pattern(height: int, width: int, format: Format) -> bytes:
    """An encoded picture (height, width): hatching that goes on from tile to tile, and words."""
    image = Image.fromarray(_hatching(height, width))
    size = min(width // 10, height // 5, LARGEST_TEXT_PX)
    if size >= SMALLEST_TEXT_PX:
        draw = ImageDraw.Draw(image)
        font = ImageFont.load_default(size)
        middle = (width / 2, height / 2)
        draw.text(middle, WORDS, INK, font, anchor="mm", stroke_width=2, stroke_fill=HALO)
    pixels: Rgba = np.asarray(image)
    return encode.encode(pixels, format)


def _hatching(height: int, width: int) -> Rgba:
    """Thin lines from the lower left to the upper right."""
    rows, cols = np.ogrid[:height, :width]
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[(rows + cols) % STRIPE_PX < 1] = LINE
    return pixels
