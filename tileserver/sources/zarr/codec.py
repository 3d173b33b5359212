"""From a stored Zarr chunk to its array: the codecs of v2 and v3 through numcodecs.

Public: `decoder_v2`, `decoder_v3` and `ShardIndex`, all made once when a store is opened; what they
give is pure and may run in any thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numcodecs
import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from tileserver.errors import CatalogError, SourceError

Decode = Callable[[memoryview], npt.NDArray[Any]]
Step = Callable[[Any], Any]
Config = Mapping[str, Any]

TEXTS = "OT"  # kinds of numpy types whose values have no fixed size
# Decoded sizes up to which codecs take an eighth of a millisecond or so: to hand that to a thread
# costs as much again, and waits for the interpreter's lock twice. Above it threads win together.
QUICK_NBYTES = {"bytes": 1 << 20, "crc32c": 1 << 20, "blosc": 1 << 20, "transpose": 1 << 19,
                "zstd": 1 << 18, "gzip": 1 << 16, "zlib": 1 << 16}  # fmt: skip
OTHERS_QUICK_NBYTES = 1 << 15
WRAPPINGS = {"gzip": 31, "zlib": 15}  # zlib's window bits, with which header
NOT_STORED = 2**64 - 1  # in both words of a shard index (Zarr v3, sharding_indexed 1.0)


def native(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array in the machine's byte order; bools as uint8."""
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    return array


def is_quick(codecs: Iterable[str], nbytes: int) -> bool:
    """Whether a chunk of so many bytes, by codecs of these names, is decoded in no time."""
    names = [name.removeprefix("numcodecs.") for name in codecs]
    return all(nbytes <= QUICK_NBYTES.get(name, OTHERS_QUICK_NBYTES) for name in names)


def decoder_v2(document: Config, dtype: np.dtype[Any]) -> Decode:
    """The decoder of an array's chunks from its `.zarray` document.

    Raises CatalogError for a codec that numcodecs does not know.
    """
    shape, order = tuple(document["chunks"]), document.get("order", "C")
    config = document.get("compressor")
    decompress = _decompressor(config["id"], config, _largest(shape, dtype)) if config else None
    filters = [_codec(config) for config in document.get("filters") or []]

    def decode(data: memoryview) -> npt.NDArray[Any]:
        buffer: Any = decompress(data) if decompress else data
        for each in reversed(filters):
            buffer = each.decode(buffer)
        return _shaped(buffer, dtype, shape, order)

    return decode


def _codec(config: Config) -> Any:
    try:
        return numcodecs.get_codec(dict(config))
    except (ValueError, TypeError, KeyError) as error:
        raise CatalogError(
            f"codec {config.get('id')!r} is not known: rewrite the array with blosc, zstd or gzip"
        ) from error


def _shaped(
    buffer: Any, dtype: np.dtype[Any], shape: tuple[int, ...], order: str = "C"
) -> npt.NDArray[Any]:
    array = (
        np.asarray(buffer) if dtype.kind in TEXTS else np.frombuffer(buffer, np.uint8).view(dtype)
    )
    if array.size != int(np.prod(shape)):
        raise SourceError(f"a chunk holds {array.size} values instead of {np.prod(shape)}")
    return array.reshape(shape, order="F" if order == "F" else "C")


def decoder_v3(codecs: Sequence[Config], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Decode:
    """The decoder of chunks of this shape from the `codecs` of a `zarr.json` document.

    Raises CatalogError for a codec that is not known.
    """
    to_arrays: list[Step] = []
    bytes_steps: list[Step] = []
    unpack: Step | None = None
    largest = _largest(shape, dtype)
    for codec in codecs:
        name, settings = codec["name"], codec.get("configuration") or {}
        if unpack is not None:
            bytes_steps.append(_bytes_step(name, settings, largest))
        elif name in ("bytes", "vlen-utf8"):
            unpack = _unpack(name, settings, dtype, shape)
        elif name == "transpose":
            order = tuple(settings["order"])
            shape = tuple(shape[i] for i in order)
            to_arrays.append(_untranspose(order))
        else:
            step, dtype, shape = _array_step(name, settings, dtype, shape)
            to_arrays.append(step)
    if unpack is None:
        raise CatalogError("codecs: no codec turns arrays into bytes; the metadata is damaged")
    steps = [*reversed(bytes_steps), unpack, *reversed(to_arrays)]

    def decode(data: memoryview) -> npt.NDArray[Any]:
        value: Any = data
        for step in steps:
            value = step(value)
        return np.asarray(value)

    return decode


def _unpack(name: str, settings: Config, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Step:
    if name == "vlen-utf8":
        strings = numcodecs.VLenUTF8()
        return lambda data: strings.decode(data).reshape(shape)
    stored = dtype.newbyteorder(">" if settings.get("endian") == "big" else "<")
    return lambda data: _shaped(data, stored, shape)


def _untranspose(order: tuple[int, ...]) -> Step:
    inverse = tuple(np.argsort(order))
    return lambda array: array.transpose(inverse)


def _bytes_step(name: str, settings: Config, largest: int) -> Step:
    if name == "crc32c":
        return _checked_crc32c
    kind = name.removeprefix("numcodecs.")
    # Settings are for writing, and those of v3 are not all known to numcodecs.
    config = {"id": kind} if name in ("blosc", "zstd", "gzip") else {"id": kind, **settings}
    return _decompressor(kind, config, largest)


def _largest(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """What a chunk may have in bytes before its filters are undone, of which none needs so much."""
    return 8 * math.prod(shape) * max(8, dtype.itemsize) + 65536


def _decompressor(kind: str, config: Config, largest: int) -> Step:
    """Decodes what one codec of bytes made, but no more than `largest` bytes of it.

    Codecs other than Blosc, Zstandard, gzip and zlib are not held to that.
    """
    if kind in WRAPPINGS:
        return partial(_inflated, wrapping=WRAPPINGS[kind], largest=largest)
    decode: Step = _codec(config).decode
    if kind not in ("blosc", "zstd"):
        return decode
    declared = _blosc_size if kind == "blosc" else _zstd_size

    def step(data: Any) -> Any:
        if declared(memoryview(data)) > largest:
            raise ValueError(f"a chunk would have more than {largest} bytes")
        return decode(data)

    return step


def _blosc_size(data: memoryview) -> int:
    """What a Blosc 1 header says (blosc/README_CHUNK_FORMAT.rst: nbytes)."""
    return int.from_bytes(data[4:8], "little")


def _zstd_size(data: memoryview) -> int:
    """What the header of a Zstandard frame says, 0 if nothing (RFC 8878, section 3.1.1.1)."""
    descriptor = data[4]
    flag, single = descriptor >> 6, descriptor >> 5 & 1
    size = (single, 2, 4, 8)[flag]
    start = 5 + (1 - single) + (0, 1, 2, 4)[descriptor & 3]
    return int.from_bytes(data[start : start + size], "little") + (256 if flag == 1 else 0)


def _inflated(data: Any, wrapping: int, largest: int) -> Any:
    """One or several gzip members or zlib streams; ISA-L takes 60 % of the time of zlib."""
    parts, rest, left = [], data, largest
    while len(rest):
        stream = isal_zlib.decompressobj(wbits=wrapping)
        part = stream.decompress(rest, left + 1)
        left -= len(part)
        if left < 0:
            raise ValueError(f"a chunk would have more than {largest} bytes")
        if not stream.eof:
            raise ValueError("a chunk is cut off")
        parts.append(part)
        rest = stream.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _checked_crc32c(data: bytes) -> bytes:
    return bytes(numcodecs.CRC32C(location="end").decode(data))


def _array_step(
    name: str, settings: Config, dtype: np.dtype[Any], shape: tuple[int, ...]
) -> tuple[Step, np.dtype[Any], tuple[int, ...]]:
    """A filter of arrays, and the type and shape of what it stores."""
    codec = _numcodecs_v3(name, settings)
    stored = np.dtype(settings.get("astype") or settings.get("encode_dtype") or dtype)
    stored_shape = shape
    if name.endswith("packbits"):  # a byte that counts the spare bits, and eight cells a byte
        stored, stored_shape = np.dtype("|u1"), (1 + -(-math.prod(shape) // 8),)
    return (
        (lambda array: codec.decode(np.ascontiguousarray(array)).reshape(shape)),
        stored,
        stored_shape,
    )


def _numcodecs_v3(name: str, settings: Config) -> Any:
    return _codec({"id": name.removeprefix("numcodecs."), **settings})


@dataclass(frozen=True, slots=True)
class Sharding:
    """How inner chunks lie in a shard object (Zarr v3, sharding_indexed).

    Args:
        shape: of an inner chunk.
        grid: inner chunks per shard along each dimension.
        codecs: of an inner chunk.
        index_codecs: of the index, whose encoded size is `index_nbytes`.
        at_end: where the index lies.
    """

    shape: tuple[int, ...]
    grid: tuple[int, ...]
    codecs: Sequence[Config]
    index_codecs: Sequence[Config]
    at_end: bool

    @classmethod
    def parse(cls, codec: Config, shard_shape: tuple[int, ...]) -> Sharding:
        """From the configuration of a `sharding_indexed` codec."""
        settings = codec["configuration"]
        shape = tuple(settings["chunk_shape"])
        if any(c["name"] == "sharding_indexed" for c in settings["codecs"]):
            raise CatalogError("codecs: shards within shards are not supported: rewrite the array")
        return cls(
            shape,
            tuple(s // c for s, c in zip(shard_shape, shape, strict=True)),
            settings["codecs"],
            settings.get("index_codecs") or ({"name": "bytes"}, {"name": "crc32c"}),
            settings.get("index_location", "end") == "end",
        )

    @property
    def index_nbytes(self) -> int:
        """The encoded size of the index: two words for each inner chunk, and a checksum."""
        checksums = sum(4 for c in self.index_codecs if c["name"] == "crc32c")
        return 16 * int(np.prod(self.grid)) + checksums

    def read_index(self, data: memoryview) -> npt.NDArray[np.uint64]:
        """Offsets and lengths (…grid, 2) of the inner chunks."""
        decode = decoder_v3(self.index_codecs, np.dtype(np.uint64), (*self.grid, 2))
        return native(decode(data))
