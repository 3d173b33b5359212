"""A map from the pictures of its parts and layers: pure functions of PNG files.

Parts are drawn as tiles are, and come as their files: they are small, and kept like tiles. Of one
layer in palette colours the map is such a picture again.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from tileserver.encode import Format, encode
from tileserver.render import Indexed, Rgba
from tileserver.services.shape import Box, Text, to_png

Color = tuple[int, int, int]

# Of an error that is drawn.
TEXT_PX, LINE_PX, CHARACTER_PX, MOST_LINES = 11, 14, 7, 20
PANEL = (255, 255, 255, 235)


@dataclass(frozen=True, slots=True)
class Piece:
    """The PNG files of one part of a map, from the lowest layer to the highest.

    Args:
        row, col: of its left upper pixel.
    """

    row: int
    col: int
    bodies: tuple[bytes, ...]


def assemble(
    pieces: Sequence[Piece], shape: tuple[int, int], background: Color | None, format: Format
) -> bytes:
    """The pieces side by side and each one's layers over one another, as a file.

    Args:
        shape: (height, width) of the map.
        background: what shows where no layer does; None: nothing.
    """
    return encode(picture(pieces, shape, background), format)


def picture(
    pieces: Sequence[Piece], shape: tuple[int, int], background: Color | None
) -> Indexed | Rgba:
    """The pixels of `assemble`."""
    if all(len(piece.bodies) == 1 for piece in pieces):
        found = _indexed(pieces, shape)
        if found is not None:
            return found if background is None else _laid(found, background)
    return _blended(pieces, shape, background)


def _indexed(pieces: Sequence[Piece], shape: tuple[int, int]) -> Indexed | None:
    """One layer in palette colours; None where any piece is not. A file holds its palette up to the
    last colour in use: the longest is that of all."""
    index = np.zeros(shape, np.uint8)
    palette = np.zeros((1, 4), np.uint8)
    for piece in pieces:
        image = Image.open(io.BytesIO(piece.bodies[0]))
        if image.mode != "P":
            return None
        pixels = np.asarray(image)
        image.apply_transparency()  # else its palette is opaque
        height, width = pixels.shape
        index[piece.row : piece.row + height, piece.col : piece.col + width] = pixels
        colors = np.array(image.getpalette("RGBA"), np.uint8).reshape(-1, 4)
        palette = colors if len(colors) > len(palette) else palette
    return Indexed(index, palette)


def _laid(picture: Indexed, background: Color) -> Indexed:
    """The colours of a palette over a background."""
    colors = picture.palette.astype(np.uint32)
    alpha = colors[:, 3:]
    mixed = (colors[:, :3] * alpha + np.array(background, np.uint32) * (255 - alpha) + 127) // 255
    opaque: npt.NDArray[np.uint8] = np.insert(mixed, 3, 255, axis=1).astype(np.uint8)
    return Indexed(picture.index, opaque)


def _blended(pieces: Sequence[Piece], shape: tuple[int, int], background: Color | None) -> Rgba:
    fill = (0, 0, 0, 0) if background is None else (*background, 255)
    canvas = Image.new("RGBA", (shape[1], shape[0]), fill)
    for piece in pieces:
        for body in piece.bodies:
            image = Image.open(io.BytesIO(body)).convert("RGBA")
            canvas.alpha_composite(image, (piece.col, piece.row))
    return np.asarray(canvas)


def error_picture(
    text: str, size: tuple[int, int], background: Color | None, format: Format
) -> bytes:
    """A text, in as many lines as fit, on a picture of (width, height); a blank one of no text."""
    width, height = size
    most = min(MOST_LINES, height // LINE_PX)
    lines = textwrap.wrap(text, max(1, width // CHARACTER_PX))[:most]
    pieces = [Piece(0, 0, (_panel(lines, width),))] if lines else []
    return assemble(pieces, (height, width), background, format)


def _panel(lines: Sequence[str], width: int) -> bytes:
    height = len(lines) * LINE_PX
    middles = [(number + 0.5) * LINE_PX for number in range(len(lines))]
    texts = [Text(2, y, line, TEXT_PX) for y, line in zip(middles, lines, strict=True)]
    return to_png([Box(0, 0, width, height, PANEL), *texts], (width, height))
