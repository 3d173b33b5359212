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

Format = Literal["png", "webp", "jpg", "npy", "bin"]
# Those that hold values, not colours.
RAW: tuple[Format, ...] = ("npy", "bin")

MEDIA_TYPES: dict[Format, str] = {
    "png": "image/png",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "npy": "application/x-npy",
    "bin": "application/octet-stream",
}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE, RGBA = 3, 6  # colour types
DEFLATE_LEVEL = 1
GZIP_WINDOW = 16 + 15  # zlib's way to ask for a gzip header, and 32 kB
QUALITY = 80
WHITE = (255, 255, 255)
BIN_MAGIC, BIN_HEADER = b"TSB1", "<4sHHHHff"
LARGEST_CODE = 65_535


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


def compact(values: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_]) -> bytes:
    """Bands (band, row, col) as gzip of a header and 16-bit codes, for colouring by the client.

    Header, little-endian: b"TSB1", then uint16 width, height, bands, 0, float32 scale, offset.
    Then of each band the high bytes, then the low bytes, of its codes; each code less the one to
    its left, modulo 65536. Code 0 is no data, else value = offset + scale * code.
    """
    bands, height, width = values.shape
    known = values[:, valid]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    scale = np.float32((high - low) / (LARGEST_CODE - 1) or 1.0)
    offset = np.float32(low - float(scale))
    quantised = np.where(valid, np.rint((values - offset) / scale), 0)
    codes = np.clip(quantised, np.where(valid, 1, 0), LARGEST_CODE).astype(np.uint16)
    codes[:, :, 1:] -= codes[:, :, :-1].copy()
    planes = np.stack([codes >> 8, codes & 255], axis=1).astype(np.uint8)
    header = struct.pack(BIN_HEADER, BIN_MAGIC, width, height, bands, 0, scale, offset)
    return _gzip(header + planes.tobytes())


def _gzip(data: bytes) -> bytes:
    """A gzip file without a time, so that equal tiles are equal bytes."""
    packer = isal_zlib.compressobj(DEFLATE_LEVEL, isal_zlib.DEFLATED, GZIP_WINDOW)
    return bytes(packer.compress(data) + packer.flush())
