"""Blocks of a TIFF from bytes to numbers, equal to what GDAL makes of them.

Deflate, Zstandard and uncompressed blocks of whole bytes are decoded here, in half the time.
All others go to GDAL as a TIFF of one block in memory: every codec that GDAL has works, and no
byte is read twice.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from isal.igzip_lib import IsalError
from numcodecs import zstd

from tileserver.cube import Raw
from tileserver.errors import SourceError
from tileserver.sources.tiff.layout import Layout

# Values of TIFF tags.
UNCOMPRESSED, DEFLATE, OLD_DEFLATE, ZSTANDARD = 1, 8, 32946, 50000
NO_PREDICTOR, HORIZONTAL, FLOATING_POINT = 1, 2, 3
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
BLACK_IS_ZERO, PALETTE, TRANSPARENCY = 1, 3, 4
COLORS = {2: 3, 5: 4, 6: 3, 8: 3}  # samples of RGB, CMYK, YCbCr and CIELab; of all else one

# What decoders raise; isal's type stubs hide that its error is an exception.
DAMAGES: tuple[type[Exception], ...] = (
    ValueError,
    RuntimeError,
    OSError,
    cast("type[Exception]", IsalError),
)

LARGEST_REST = 64 << 20  # bytes beyond a block's own that are looked through
SHORT, LONG, UNDEFINED, DOUBLE = 3, 4, 7, 12
TYPE_FORMATS = {SHORT: "H", LONG: "I", UNDEFINED: "B", DOUBLE: "d"}
Tag = tuple[int, int, Sequence[float]]
Buffer = bytes | memoryview


def decode(data: Buffer, layout: Layout, rows: int) -> Raw:
    """The numbers (bands, rows, cols) of a block, in native byte order and C order.

    Args:
        rows: of this block; a last strip has fewer than the layout says.

    Raises SourceError for bytes that are damaged.
    """
    try:
        if _is_simple(layout):
            return _decoded(data, layout, rows)
        return _decoded_by_gdal(data, layout, rows)
    except DAMAGES as error:
        raise SourceError("a block of the file is damaged and could not be decoded") from error


def decode_mask(data: Buffer, layout: Layout, rows: int) -> npt.NDArray[np.bool_]:
    """Where a block (rows, cols) of a mask says valid."""
    if layout.bits == 1 and layout.compression in (UNCOMPRESSED, DEFLATE, OLD_DEFLATE, ZSTANDARD):
        cols = layout.shape[1]
        width = -(-cols // 8)
        try:
            packed = np.frombuffer(_unpacked(data, layout.compression, rows * width), np.uint8)
        except DAMAGES as error:
            raise SourceError("a block of the file's mask is damaged") from error
        bits = np.unpackbits(packed.reshape(rows, width), axis=1, count=cols)
        return bits.astype(np.bool_)
    valid: npt.NDArray[np.bool_] = decode(data, layout, rows)[0] != 0
    return valid


def _is_simple(layout: Layout) -> bool:
    whole = layout.bits in (8, 16, 32, 64)
    if layout.sample_format == FLOAT:
        whole = layout.bits in (32, 64)
    return (
        whole
        and layout.sample_format in (UNSIGNED, SIGNED, FLOAT)
        and layout.compression in (UNCOMPRESSED, DEFLATE, OLD_DEFLATE, ZSTANDARD)
        and layout.predictor in (NO_PREDICTOR, HORIZONTAL, FLOATING_POINT)
    )


# Few calls, each over a whole block: what runs beside the event loop waits for the interpreter's
# lock after every one, which costs more than what quicker sums in many passes would save.


def _decoded(data: Buffer, layout: Layout, rows: int) -> Raw:
    cols, size = layout.shape[1], layout.bits // 8
    shape = (rows, cols, layout.bands)
    unpacked = _unpacked(data, layout.compression, rows * cols * layout.bands * size)
    kind = {UNSIGNED: "u", SIGNED: "i", FLOAT: "f"}[layout.sample_format]
    if layout.predictor == FLOATING_POINT:
        block = _parted(_float_sums(unpacked, shape, size))
    else:
        words = np.frombuffer(unpacked, f"{layout.byte_order}u{size}").reshape(shape)
        block = _parted(words.astype(words.dtype.newbyteorder("="), copy=False))
        if layout.predictor == HORIZONTAL:
            block = np.cumsum(block, axis=2, dtype=block.dtype)
    # Views of the same width as `kind`: sums wrap as unsigned integers do.
    return block.view(f"{kind}{size}")


def _parted(block: Raw) -> Raw:
    """Bands (bands, rows, cols) of pixels (rows, cols, bands)."""
    rows, cols, bands = block.shape
    if bands == 1:
        return block.reshape(1, rows, cols)
    parted: Raw = np.empty((bands, rows, cols), block.dtype)
    for band in range(bands):  # three times as quick as moving the axis at once
        parted[band] = block[..., band]
    return parted


def _unpacked(data: Buffer, compression: int, size: int) -> Buffer:
    """Exactly `size` bytes; ValueError for fewer, and no memory for more."""
    if compression == UNCOMPRESSED:
        unpacked: Buffer = bytes(memoryview(data)[:size])  # apart from its neighbours
    elif compression == ZSTANDARD:
        unpacked = memoryview(zstd.decompress(data, bytearray(size)))
    else:
        unpacked = _inflated(data, size)
    if len(unpacked) != size:
        raise ValueError("a block is shorter than it should be")
    return unpacked


def _inflated(data: Buffer, size: int) -> Buffer:
    """The first bytes of a stream whose checksum is right: what is beyond them, as in the last
    strip of some writers, is not kept, but the checksum is of all."""
    stream = isal_zlib.decompressobj()
    unpacked: bytes = stream.decompress(data, size + 1)  # at `size` it would not look further
    left = LARGEST_REST
    while not stream.eof:
        beyond = len(stream.decompress(stream.unconsumed_tail, min(left, size + 1)))
        left -= beyond
        if left <= 0 or not (beyond or stream.eof):
            raise ValueError("a block does not end where it should")
    return memoryview(unpacked)[:size]


def _float_sums(
    data: Buffer, shape: tuple[int, int, int], size: int
) -> npt.NDArray[np.unsignedinteger]:
    """Words whose bytes lie apart, the highest first, as differences (TIFF Technical Note 3)."""
    rows, cols, bands = shape
    steps = np.frombuffer(data, np.uint8).reshape(rows, cols * size, bands)
    sums = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(rows, size, cols * bands)
    words = sums[:, 0].astype(f"u{size}")
    for place in range(1, size):
        words <<= 8
        words |= sums[:, place]
    return words.reshape(shape)


def _decoded_by_gdal(data: Buffer, layout: Layout, rows: int) -> Raw:
    from tileserver.sources.tiff.gdal import decode_tiff  # heavy, see there

    return decode_tiff(_one_block_tiff(data, layout, rows))


def _one_block_tiff(data: Buffer, layout: Layout, rows: int) -> bytes:
    """A TIFF whose only strip is the block, with the tags that its codec needs."""
    bands, cols = layout.bands, layout.shape[1]
    extra = max(0, bands - COLORS.get(_photometric(layout), 1))
    tags: list[Tag] = [
        (256, LONG, [cols]),
        (257, LONG, [rows]),
        (258, SHORT, [layout.bits] * bands),
        (259, SHORT, [layout.compression]),
        (262, SHORT, [_photometric(layout)]),
        (273, LONG, [0]),
        (277, SHORT, [bands]),
        (278, LONG, [rows]),
        (279, LONG, [len(data)]),
        (284, SHORT, [1]),
        (317, SHORT, [layout.predictor]),
        (338, SHORT, (layout.extra_samples + (0,) * extra)[:extra]),
        (339, SHORT, [layout.sample_format] * bands),
        (347, UNDEFINED, layout.jpeg_tables),
        (33550, DOUBLE, [1, 1, 0]),  # some place on Earth, or rasterio warns
        (33922, DOUBLE, [0] * 6),
        (50674, LONG, layout.lerc),
    ]
    header = _header([t for t in tags if t[2]], layout.byte_order)
    return b"".join((header, data))


def _photometric(layout: Layout) -> int:
    """Colours matter to codecs that convert them; a palette or mask is read as it is."""
    plain = layout.photometric in (PALETTE, TRANSPARENCY) or layout.bands < 3
    return BLACK_IS_ZERO if plain else layout.photometric


def _header(tags: list[Tag], order: str) -> bytes:
    """The header and directory of a classic TIFF, whose only strip follows right after."""
    mark = b"II" if order == "<" else b"MM"
    values_at = 8 + 2 + 12 * len(tags) + 4
    values = [struct.pack(f"{order}{len(v)}{TYPE_FORMATS[kind]}", *v) for _, kind, v in tags]
    long = [v + b"\0" * (len(v) % 2) if len(v) > 4 else b"" for v in values]
    strip_at = values_at + sum(map(len, long))
    out = [mark, struct.pack(f"{order}HIH", 42, 8, len(tags))]
    for (number, kind, numbers), value, outside in zip(tags, values, long, strict=True):
        if number == 273:
            value = struct.pack(f"{order}I", strip_at)
        elif outside:
            value = struct.pack(f"{order}I", values_at)
            values_at += len(outside)
        out += [struct.pack(f"{order}HHI", number, kind, len(numbers)), value.ljust(4, b"\0")]
    return b"".join([*out, b"\0\0\0\0", *long])
