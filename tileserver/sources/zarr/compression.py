"""Codecs from bytes to bytes: none may give more than a chunk can have.

Public: `find_codec`, numcodecs' codec of a configuration, and `decompressor`, a step of decoding.
"""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numcodecs
import numpy as np
from isal import isal_zlib

from tileserver.errors import CatalogError, shown

Step = Callable[[Any], Any]
Config = Mapping[str, Any]

REFUSED = {
    "pickle": "can run any program: rewrite the array with vlen-utf8 or json2",
    "vlen-array": "holds an array in each cell, which is no map: rewrite the array",
}
PACKAGES = {"pcodec": "pcodec", "zfpy": "zfpy", "msgpack2": "msgpack"}  # that numcodecs asks for
IMAGECODECS = "imagecodecs_"
LARGEST_LZMA_NBYTES = 1 << 28  # of memory while it decodes: its strongest preset takes a quarter
LARGEST_ZSTD_BLOCK = 1 << 17  # RFC 8878, section 3.1.1.2.4


def find_codec(config: Config) -> Any:
    """numcodecs' codec. Raises CatalogError for one that is not known, or not to be run."""
    kind = str(config.get("id"))
    if kind in REFUSED:
        raise CatalogError(f"codec {kind!r} {REFUSED[kind]}")
    if kind.startswith(IMAGECODECS):
        _register_imagecodecs(kind)
    try:
        return numcodecs.get_codec(dict(config))
    except (ValueError, TypeError, KeyError) as error:
        if kind in PACKAGES:
            raise _absent(kind, PACKAGES[kind]) from error
        raise CatalogError(
            f"codec {shown(kind)!r} is not known: rewrite the array with blosc, zstd or gzip"
        ) from error


def _register_imagecodecs(kind: str) -> None:
    try:
        # Only here: it is 60 MB, and few stores need it.
        from imagecodecs import numcodecs as images
    except ImportError as error:
        raise _absent(kind, "imagecodecs") from error
    images.register_codecs(codecs=[kind], verbose=False)


def _absent(kind: str, package: str) -> CatalogError:
    return CatalogError(
        f"codec {shown(kind)!r} needs the package {package}: install it, or rewrite"
    )


def decompressor(kind: str, config: Config, largest: int) -> Step:
    """Decodes what one codec of bytes made, but no more than `largest` bytes of it.

    Codecs of other packages than numcodecs and imagecodecs are not held to that.
    """
    if kind in STREAMS:
        return partial(_streamed, make=partial(STREAMS[kind], config), largest=largest)
    # Settings are for writing, and those of v3 are not all known to numcodecs.
    codec = find_codec({"id": kind} if kind in SIZES else {**config, "id": kind})
    if kind.startswith(IMAGECODECS):
        return lambda data: codec.decode(data, out=np.empty(largest, np.uint8))
    decode: Step = codec.decode
    declared = SIZES.get(kind)
    if declared is None:
        return decode

    def step(data: Any) -> Any:
        if declared(memoryview(data)) > largest:
            raise _too_large(largest)
        return decode(data)

    return step


def _too_large(largest: int) -> ValueError:
    return ValueError(f"a chunk would have more than {largest} bytes")


def blosc_size(data: memoryview) -> int:
    """What a Blosc 1 header says (blosc/README_CHUNK_FORMAT.rst: nbytes)."""
    return int.from_bytes(data[4:8], "little")


def lz4_size(data: memoryview) -> int:
    """What numcodecs puts before an LZ4 block."""
    return int.from_bytes(data[:4], "little")


def zstd_size(data: memoryview) -> int:
    """What the header of a Zstandard frame says (RFC 8878, section 3.1.1.1), or else a bound."""
    descriptor = data[4]
    flag, single = descriptor >> 6, descriptor >> 5 & 1
    size = (single, 2, 4, 8)[flag]
    start = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3]
    if size == 0:
        return _zstd_bound(data, start)
    return int.from_bytes(data[start : start + size], "little") + (256 if flag == 1 else 0)


def _zstd_bound(data: memoryview, at: int) -> int:
    """What the blocks of a frame can have at most, as writers that stream do not say it.

    A block of a length given counts as that, a compressed one as the largest that there is
    (RFC 8878, section 3.1.1.2).
    """
    total, last = 0, 0
    while not last and at < len(data):
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        total += LARGEST_ZSTD_BLOCK if kind == 2 else size
        at += 3 + (1 if kind == 1 else size)
    return total


SIZES: Mapping[str, Callable[[memoryview], int]] = {
    "blosc": blosc_size,
    "zstd": zstd_size,
    "lz4": lz4_size,
}


def _xz(config: Config) -> lzma.LZMADecompressor:
    kind = config.get("format", lzma.FORMAT_XZ)
    if kind == lzma.FORMAT_RAW:
        return lzma.LZMADecompressor(kind, filters=config.get("filters"))
    return lzma.LZMADecompressor(kind, memlimit=LARGEST_LZMA_NBYTES)


STREAMS: Mapping[str, Callable[[Config], Any]] = {
    "gzip": lambda _: isal_zlib.decompressobj(wbits=31),
    "zlib": lambda _: isal_zlib.decompressobj(wbits=15),
    "bz2": lambda _: bz2.BZ2Decompressor(),
    "lzma": _xz,
}


def _streamed(data: Any, make: Callable[[], Any], largest: int) -> Any:
    """One or several streams one after another; ISA-L takes 60 % of the time of zlib."""
    parts, rest, left = [], data, largest
    while len(rest):
        stream = make()
        part = stream.decompress(rest, left + 1)
        left -= len(part)
        if left < 0:
            raise _too_large(largest)
        if not stream.eof:
            raise ValueError("a chunk is cut off")
        parts.append(part)
        rest = stream.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)
