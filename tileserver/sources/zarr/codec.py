"""From a stored Zarr chunk to its array: the codecs of v2 and v3, one after another.

Public: `decoder_v2` and `decoder_v3`, made once when a store is opened; what they give is pure and
may run in any thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.errors import CatalogError, SourceError
from tileserver.sources.zarr.arraycodec import TEXTS, array_filter, is_unpacker, unpacker
from tileserver.sources.zarr.compression import Config, Step, decompressor, find_codec

Decode = Callable[[memoryview], npt.NDArray[Any]]

NO_FIXED_SIZE = "OT"  # kinds of numpy types
LARGEST_TEXTS_NBYTES = 1 << 26  # of one chunk
SLACK_NBYTES = 1 << 16  # for headers and checksums in a chunk
WIDENING = ("astype", "encode_dtype", "data_type")  # settings of filters: the type that is stored
WIDEST_NBYTES = 16
# Decoded sizes up to which codecs take an eighth of a millisecond or so: to hand that to a thread
# costs as much again, and waits for the interpreter's lock twice. Above it threads win together.
QUICK_NBYTES = {"bytes": 1 << 20, "crc32c": 1 << 20, "blosc": 1 << 20, "transpose": 1 << 19,
                "zstd": 1 << 18, "gzip": 1 << 16, "zlib": 1 << 16,
            "hdf5": -1}  # fmt: skip  # never on the loop: its library locks itself
OTHERS_QUICK_NBYTES = 1 << 15
OF_BYTES = ("adler32", "base64", "blosc", "bz2", "crc32", "crc32c", "fletcher32", "gzip",
            "jenkins_lookup3", "lz4", "lzma", "shuffle", "zlib", "zstd")  # fmt: skip


def native(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array in the machine's byte order; bools as uint8."""
    if array.dtype.kind == "b":
        return array.view(np.uint8)
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    return array


def is_quick(codecs: Iterable[str], nbytes: int) -> bool:
    """Whether a chunk of so many bytes, by codecs of these names, is decoded in no time."""
    return all(nbytes <= QUICK_NBYTES.get(name, OTHERS_QUICK_NBYTES) for name in codecs)


def bare(name: str) -> str:
    """The name of a codec of v3 as numcodecs has it."""
    return name.removeprefix("numcodecs.")


def decoder_v2(document: Config, dtype: np.dtype[Any]) -> Decode:
    """The decoder of an array's chunks from its `.zarray` document.

    Raises CatalogError for a codec that is not known.
    """
    shape, order = tuple(document["chunks"]), document.get("order", "C")
    config, filters = document.get("compressor"), document.get("filters") or []
    largest = _largest(shape, dtype, filters)
    steps = [_filter_v2(each, largest, shape, dtype) for each in filters]
    if config:
        steps.append(_step_of_bytes(config["id"], config, largest, shape, dtype))
    steps.reverse()

    def decode(data: memoryview) -> npt.NDArray[Any]:
        buffer: Any = data
        for step in steps:
            buffer = step(buffer)
        return _shaped(buffer, dtype, shape, order)

    return decode


def _filter_v2(config: Config, largest: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Step:
    if config["id"] in TEXTS:
        return unpacker(config["id"], config, dtype, (math.prod(shape),))
    if config["id"] in OF_BYTES:
        return decompressor(config["id"], config, largest)
    decode: Step = find_codec(config).decode
    return decode


def _step_of_bytes(
    kind: str, config: Config, largest: int, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> Step:
    """A compressor of v2, which may be one that knows of shapes."""
    if is_unpacker(kind):
        return unpacker(kind, config, dtype, shape)
    return decompressor(kind, config, largest)


def _shaped(
    buffer: Any, dtype: np.dtype[Any], shape: tuple[int, ...], order: str = "C"
) -> npt.NDArray[Any]:
    if dtype.kind in NO_FIXED_SIZE:
        array = np.asarray(buffer)
        if array.dtype.kind not in "OTUS":
            raise SourceError(f"a chunk holds {array.dtype} instead of texts")
    elif isinstance(buffer, np.ndarray):
        array = np.ascontiguousarray(buffer).reshape(-1).view(dtype)
    else:
        array = np.frombuffer(buffer, np.uint8).view(dtype)
    if array.size != math.prod(shape):
        raise SourceError(f"a chunk holds {array.size} values instead of {math.prod(shape)}")
    return array.reshape(shape, order="F" if order == "F" else "C")


def decoder_v3(codecs: Sequence[Config], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Decode:
    """The decoder of chunks of this shape from the `codecs` of a `zarr.json` document.

    Raises CatalogError for a codec that is not known.
    """
    to_arrays: list[Step] = []
    to_bytes: list[Step] = []
    unpack: Step | None = None
    largest = _largest(shape, dtype, [codec.get("configuration") or {} for codec in codecs])
    for codec in codecs:
        name, settings = codec["name"], codec.get("configuration") or {}
        kind = bare(name)
        if unpack is not None:
            to_bytes.append(_byte_step_v3(name, settings, largest, dtype))
        elif kind in ("bytes", "endian"):
            stored = dtype.newbyteorder(">" if settings.get("endian") == "big" else "<")
            unpack = _unpack_bytes(stored, shape)
        elif is_unpacker(kind):
            unpack = unpacker(kind, settings, dtype, shape)
        elif kind in OF_BYTES:
            raise CatalogError(f"codecs: {name!r} has no bytes before it; the metadata is damaged")
        else:
            step, dtype, shape = array_filter(kind, settings, dtype, shape)
            to_arrays.append(step)
    if unpack is None:
        raise CatalogError("codecs: no codec turns arrays into bytes; the metadata is damaged")
    steps = [*reversed(to_bytes), unpack, *reversed(to_arrays)]

    def decode(data: memoryview) -> npt.NDArray[Any]:
        value: Any = data
        for step in steps:
            value = step(value)
        return np.asarray(value)

    return decode


def _unpack_bytes(stored: np.dtype[Any], shape: tuple[int, ...]) -> Step:
    if stored.kind in NO_FIXED_SIZE:
        raise CatalogError("codecs: texts are no bytes; the metadata is damaged")
    return lambda data: _shaped(data, stored, shape)


def _byte_step_v3(name: str, settings: Config, largest: int, dtype: np.dtype[Any]) -> Step:
    if name == "crc32c":
        settings = {"location": "end"}
    if bare(name) == "shuffle" and not settings.get("elementsize"):
        settings = {"elementsize": dtype.itemsize}
    return decompressor(bare(name), settings, largest)


def _largest(shape: tuple[int, ...], dtype: np.dtype[Any], settings: Iterable[Config]) -> int:
    """What a chunk may have in bytes before its filters are undone: twice the widest type."""
    if dtype.kind in NO_FIXED_SIZE:
        return LARGEST_TEXTS_NBYTES
    kinds = [each.get(key) for each in settings for key in WIDENING]
    stored = [np.dtype(kind).itemsize for kind in kinds if isinstance(kind, str)]
    widest = max(dtype.itemsize, min(max(stored, default=1), WIDEST_NBYTES))
    return 2 * math.prod(shape) * widest + SLACK_NBYTES
