"""From pixels to the bytes of an image file: pure kernels.

PNG is written here rather than by a library: a palette image costs a tenth of what Pillow or GDAL
take for RGBA, because the filter is "none" and ISA-L deflates (PNG 3rd edition, W3C 2025).
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import Literal

import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from PIL import Image

from tileserver.render import Indexed, Rgba

Format = Literal["png", "webp", "jpg", "npy"]

MEDIA_TYPES: dict[Format, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "npy": "application/x-npy",
}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE, RGBA = 3, 6  # colour types
DEFLATE_LEVEL = 1
QUALITY = 80
WHITE = (255, 255, 255)


def encode(picture: Indexed | Rgba, format: Format) -> bytes:
    """The picture as a file. Only PNG and WebP keep transparency; JPEG is laid on white."""
    if format == "png":
        return palette_png(picture) if isinstance(picture, Indexed) else rgba_png(picture)
    pixels = picture.rgba() if isinstance(picture, Indexed) else picture
    image, out = Image.fromarray(pixels, "RGBA"), io.BytesIO()
    if format == "webp":
        # Colours of a scale are told apart by eye: only photographs may lose a little.
        lossless = isinstance(picture, Indexed)
        image.save(out, "WEBP", lossless=lossless, quality=0 if lossless else QUALITY, method=0)
    else:
        ground = Image.new("RGB", image.size, WHITE)
        ground.paste(image, mask=image.getchannel("A"))
        ground.save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def palette_png(picture: Indexed) -> bytes:
    """An 8-bit palette PNG; the palette ends with the highest index used."""
    height, width = picture.index.shape
    used = int(picture.index.max()) + 1
    colors = picture.palette[:used]
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = picture.index
    alpha = colors[:, 3]
    translucent = int(np.flatnonzero(alpha != 255).max(initial=-1)) + 1
    chunks = [(b"PLTE", np.ascontiguousarray(colors[:, :3]).tobytes())]
    if translucent:
        chunks.append((b"tRNS", alpha[:translucent].tobytes()))
    return _png(width, height, PALETTE, chunks, rows)


def rgba_png(pixels: Rgba) -> bytes:
    """An RGBA PNG, each row by the filter "up", which imagery compresses well with."""
    height, width = pixels.shape[:2]
    flat = pixels.reshape(height, width * 4)
    rows = np.full((height, width * 4 + 1), 2, np.uint8)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    return _png(width, height, RGBA, [], rows)


def _png(
    width: int,
    height: int,
    color_type: int,
    chunks: list[tuple[bytes, bytes]],
    rows: npt.NDArray[np.uint8],
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    data = isal_zlib.compress(rows, DEFLATE_LEVEL)
    parts = [SIGNATURE]
    for kind, body in [(b"IHDR", header), *chunks, (b"IDAT", data), (b"IEND", b"")]:
        parts += [
            struct.pack(">I", len(body)), kind, body,
            struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))),
        ]  # fmt: skip
    return b"".join(parts)


def npy(values: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_]) -> bytes:
    """Bands (band, row, col) as a float32 .npy file, NaN where there is no data."""
    out = io.BytesIO()
    np.save(out, np.where(valid, values, np.nan).astype(np.float32))
    return out.getvalue()
