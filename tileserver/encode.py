"""From pixels to the bytes of an image file: pure kernels.

PNG is written here rather than by a library: a palette image costs a tenth of what Pillow or GDAL
take for RGBA, because one filter serves all rows and ISA-L deflates (PNG 3rd edition, W3C 2025).
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
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
RGB, PALETTE, RGBA = 2, 3, 6  # colour types
NONE, UP = 0, 2  # filters
# With more indices than this in use they are taken to follow each other as the values do. Of such a
# colour scale "up" saves a third, of a picture of some classes or of few pixels it would add to it.
MOST_CLASSES = 32
# Of the levels 0 to 3 the one whose time and size are near the least of all.
DEFLATE_LEVEL = 1
GZIP_WINDOW = 16 + 15  # zlib's way to ask for a gzip header, and 32 kB
# As libjpeg and libwebp count, of photographs that look alike.
JPEG_QUALITY, WEBP_QUALITY = 80, 75
WHITE = (255, 255, 255)
NPY_MAGIC, NPY_ALIGNMENT = b"\x93NUMPY\x01\x00", 64
BIN_MAGIC, BIN_HEADER = b"TSB1", "<4sHHHHff"
LARGEST_CODE = 65_535


def encode(picture: Indexed | Rgba, format: Format) -> bytes:
    """The picture as a file. Only PNG and WebP keep transparency; JPEG is laid on white."""
    if format == "png":
        return palette_png(picture) if isinstance(picture, Indexed) else rgba_png(picture)
    pixels = picture.rgba() if isinstance(picture, Indexed) else picture
    if format == "jpg":
        return _jpeg(pixels)
    # Colours of a scale are told apart by eye: only photographs may lose a little.
    lossless = isinstance(picture, Indexed)
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(
        out, "WEBP", lossless=lossless, quality=0 if lossless else WEBP_QUALITY, method=0
    )
    return out.getvalue()


def _jpeg(pixels: Rgba) -> bytes:
    if _is_opaque(pixels):
        # The encoder passes over the fourth channel itself: no copy without it is made.
        size = (pixels.shape[1], pixels.shape[0])
        image = Image.frombuffer("RGBX", size, np.ascontiguousarray(pixels), "raw", "RGBX", 0, 1)
    else:
        over = Image.fromarray(pixels, "RGBA")
        image = Image.new("RGB", over.size, WHITE)
        image.paste(over, mask=over.getchannel("A"))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=JPEG_QUALITY)
    return out.getvalue()


def _is_opaque(pixels: Rgba) -> bool:
    return bool(pixels[..., 3].min(initial=255) == 255)


def palette_png(picture: Indexed) -> bytes:
    """An 8-bit palette PNG; the palette ends with the highest index used."""
    height, width = picture.index.shape
    used = int(picture.index.max()) + 1
    palette = picture.palette[:used].tobytes()
    if used == 1:
        return _blank_png(width, height, palette)
    return _palette_file(width, height, palette, _filtered(picture.index, used > MOST_CLASSES))


@lru_cache(maxsize=64)
def _blank_png(width: int, height: int, palette: bytes) -> bytes:
    """Of a tile without data."""
    return _palette_file(width, height, palette, np.zeros((height, width + 1), np.uint8))


def _palette_file(width: int, height: int, palette: bytes, rows: npt.NDArray[np.uint8]) -> bytes:
    return _png(width, height, PALETTE, _palette_chunks(palette), rows)


@lru_cache(maxsize=256)
def _palette_chunks(palette: bytes) -> bytes:
    """PLTE, and tRNS up to the last colour that is not opaque, of RGBA colours."""
    colors = np.frombuffer(palette, np.uint8).reshape(-1, 4)
    alpha = colors[:, 3]
    translucent = int(np.flatnonzero(alpha != 255).max(initial=-1)) + 1
    chunks = _chunk(b"PLTE", colors[:, :3].tobytes())
    return chunks + _chunk(b"tRNS", alpha[:translucent].tobytes()) if translucent else chunks


def rgba_png(pixels: Rgba) -> bytes:
    """A PNG of colours, without alpha where all are opaque; by the filter "up"."""
    height, width = pixels.shape[:2]
    if _is_opaque(pixels):
        # Pillow drops the fourth channel five times as fast as numpy.
        flat = np.asarray(Image.fromarray(pixels, "RGBA").convert("RGB")).reshape(height, -1)
        return _png(width, height, RGB, b"", _filtered(flat, up=True))
    return _png(width, height, RGBA, b"", _filtered(pixels.reshape(height, -1), up=True))


def _filtered(flat: npt.NDArray[np.uint8], up: bool) -> npt.NDArray[np.uint8]:
    """Rows of bytes, each after its filter's number: as they are, or less the row above."""
    rows = np.empty((flat.shape[0], flat.shape[1] + 1), np.uint8)
    rows[:, 0] = UP if up else NONE
    if up:
        rows[0, 1:] = flat[0]
        np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])
    else:
        rows[:, 1:] = flat
    return rows


def _png(
    width: int, height: int, color_type: int, palette: bytes, rows: npt.NDArray[np.uint8]
) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    data = isal_zlib.compress(rows, DEFLATE_LEVEL)
    return b"".join(
        (SIGNATURE, _chunk(b"IHDR", header), palette, _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = isal_zlib.crc32(body, isal_zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


def npy(values: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_]) -> bytes:
    """Bands (band, row, col) as a float32 .npy file, NaN where there is no data."""
    out = values.astype("<f4")
    if not valid.all():
        # All bits set are a NaN; choosing one by one takes longer where data come and go.
        bits = out.view("<i4")
        bits |= np.subtract(valid.view(np.int8), 1, dtype=np.int32)
    return b"".join((_npy_header(out.shape), out.data))


@lru_cache(maxsize=64)
def _npy_header(shape: tuple[int, ...]) -> bytes:
    """Version 1.0 of numpy.lib.format, padded so that the numbers are aligned."""
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
    padding = -(len(NPY_MAGIC) + 2 + len(text) + 1) % NPY_ALIGNMENT
    text += b" " * padding + b"\n"
    return NPY_MAGIC + struct.pack("<H", len(text)) + text


def compact(values: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_]) -> bytes:
    """Bands (band, row, col) as gzip of a header and 16-bit codes, for colouring by the client.

    Header, little-endian: b"TSB1", then uint16 width, height, bands, 0, float32 scale, offset.
    Then of each band the high bytes, then the low bytes, of its codes; each code less the one to
    its left, modulo 65536. Code 0 is no data, else value = offset + scale * code.
    """
    low, high = _ends(values, valid)
    scale = np.float32((high - low) / (LARGEST_CODE - 1)) or np.float32(1.0)
    offset = np.float32(low - float(scale))
    steps = np.empty(values.shape, np.float32)
    with np.errstate(invalid="ignore", over="ignore"):  # of what is not valid
        np.subtract(values, values.dtype.type(offset), out=steps, casting="same_kind")
        steps *= 1 / scale
        steps += np.float32(0.5)
        codes = np.clip(steps, 1, LARGEST_CODE, out=steps).astype(np.uint16)
    return _coded(codes, valid, scale, offset)


def compact_stored(
    raw: npt.NDArray[np.number], valid: npt.NDArray[np.bool_], scale: float, offset: float
) -> bytes:
    """As `compact`, of stored integers of up to 16 bits: their steps are the codes' steps.

    Nothing is lost, and what is stored coarsely, as it mostly is, takes less than half the bytes.

    Args:
        scale, offset: value = offset + scale * raw.
    """
    low, high = (int(end) for end in _ends(raw, valid))
    if high - low >= LARGEST_CODE:
        return compact(offset + scale * raw.astype(np.float64), valid)
    codes = raw.astype(np.uint16)
    codes -= np.uint16((low - 1) % (LARGEST_CODE + 1))
    return _coded(codes, valid, np.float32(scale), np.float32(offset + scale * (low - 1)))


def _ends(numbers: npt.NDArray[np.number], valid: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """The least and the greatest valid number; zeros where there is none."""
    if not valid.all():
        numbers = numbers.reshape(len(numbers), -1).compress(valid.ravel(), axis=1)
    return (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)


def _coded(
    codes: npt.NDArray[np.uint16],
    valid: npt.NDArray[np.bool_],
    scale: np.float32,
    offset: np.float32,
) -> bytes:
    """The file that `compact` describes, of codes (band, row, col) of any value where not valid."""
    bands, height, width = codes.shape
    codes *= valid
    codes[:, :, 1:] -= codes[:, :, :-1].copy()
    planes = np.empty((bands, 2, height, width), np.uint8)
    np.copyto(planes[:, 0], codes >> 8, casting="unsafe")
    np.copyto(planes[:, 1], codes, casting="unsafe")
    header = struct.pack(BIN_HEADER, BIN_MAGIC, width, height, bands, 0, scale, offset)
    # Its gzip header has no time: equal tiles are equal bytes.
    return isal_zlib.compress(b"".join((header, planes.data)), DEFLATE_LEVEL, GZIP_WINDOW)
