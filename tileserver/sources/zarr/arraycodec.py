"""Codecs that know of numbers and shapes: between arrays, and from bytes to arrays.

Public: `unpacker` and `is_unpacker` for those from bytes, `array_filter` for those between arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from zarr.core.dtype import get_data_type_from_json, get_data_type_from_native_dtype

from tileserver.errors import CatalogError
from tileserver.sources.zarr.compression import IMAGECODECS, Config, Step, find_codec

Shape = tuple[int, ...]

# Of imagecodecs, those whose object tells the shape of an array.
IMAGES = ("apng", "avif", "bmp", "gif", "heif", "htj2k", "jpeg", "jpeg2k", "jpegls", "jpegxl",
          "jpegxr", "jpegxs", "lerc", "ljpeg", "pcodec", "png", "qoi", "sperr", "spng", "sz3",
          "tiff", "webp", "zfp")  # fmt: skip
TEXTS = ("vlen-utf8", "vlen-bytes")
ZFP_PADDING = 4096


def is_unpacker(kind: str) -> bool:
    """Whether a codec of this name makes arrays of bytes, or texts."""
    if kind.startswith(IMAGECODECS):
        return kind.removeprefix(IMAGECODECS) in IMAGES
    return kind in TEXTS or kind in ("pcodec", "zfpy")


def unpacker(kind: str, config: Config, dtype: np.dtype[Any], shape: Shape) -> Step:
    """A step from bytes to the array of a chunk, and no larger one."""
    codec = find_codec({"id": kind} if kind in TEXTS else {**config, "id": kind})
    if kind in TEXTS:
        return lambda data: codec.decode(_counted(data, math.prod(shape))).reshape(shape)
    if kind == "zfpy":
        return lambda data: codec.decode(_padded_zfp(memoryview(data), shape))
    if kind == "pcodec":
        return lambda data: _from_pcodec(data, np.empty(shape, dtype))
    return lambda data: codec.decode(data, out=np.empty(shape, dtype))


def _counted(data: Any, count: int) -> Any:
    """Texts, if they are as many as there should be: room is made for as many as they say."""
    found = int.from_bytes(bytes(memoryview(data)[:4]), "little")
    if found != count:
        raise ValueError(f"a chunk holds {found} texts instead of {count}")
    return data


def _from_pcodec(data: Any, out: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """All of an array; numcodecs does not look whether all of it was there."""
    from pcodec import standalone  # a package that may be absent

    progress = standalone.simple_decompress_into(bytes(data), out.reshape(-1))
    if not progress.finished or progress.n_processed != out.size:
        raise ValueError(f"a chunk holds {progress.n_processed} values instead of {out.size}")
    return out


def _padded_zfp(data: memoryview, shape: Shape) -> bytes:
    """A zfp stream of this shape, with so much behind it that a cut one is not read beyond.

    The header (zfp 1.0, High-Level C API, ZFP_HEADER_META) has two bits for the type, two for the
    count of dimensions, and 48 for their sizes, the last dimension first.
    """
    bits = int.from_bytes(data[4:12], "little")
    count = (bits >> 2 & 3) + 1
    width = 48 // count
    sizes = [(bits >> 4 + width * i & (1 << width) - 1) + 1 for i in range(count)]
    if tuple(reversed(sizes)) != shape:
        raise ValueError(f"a chunk has the shape {sizes[::-1]} instead of {shape}")
    blocks = math.prod(-(-n // 4) * 4 for n in shape)
    return bytes(data) + bytes(16 * blocks + ZFP_PADDING)


def array_filter(
    kind: str, config: Config, dtype: np.dtype[Any], shape: Shape
) -> tuple[Step, np.dtype[Any], Shape]:
    """A step that undoes a filter of arrays; the type and the shape of what it stores."""
    if kind == "transpose":
        return _transposed(config["order"], dtype, shape)
    if kind == "scale_offset":
        return _scaled(config, dtype), dtype, shape
    if kind == "cast_value":
        stored = get_data_type_from_json(config["data_type"], zarr_format=3).to_native_dtype()
        return _cast(config, stored, dtype), stored, shape
    settings = {**config, "id": kind}
    for key in KINDS_OF_TYPES.get(kind, ()):
        if not settings.get(key):
            settings[key] = dtype.newbyteorder("=").str
    codec = find_codec(settings)
    stored = np.dtype(config.get("astype") or config.get("encode_dtype") or dtype)
    stored_shape = shape
    if kind == "packbits":  # a byte that counts the spare bits, and eight cells a byte
        stored, stored_shape = np.dtype("|u1"), (1 + -(-math.prod(shape) // 8),)
    return (
        (lambda array: codec.decode(np.ascontiguousarray(_native(array))).reshape(shape)),
        stored,
        stored_shape,
    )


# Settings that zarr-python takes from the array where they are left out.
KINDS_OF_TYPES = {
    "fixedscaleoffset": ("dtype",),
    "quantize": ("dtype",),
    "astype": ("decode_dtype",),
}


def _native(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """numcodecs' filters take bytes to be in the machine's order."""
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _transposed(
    order: Any, dtype: np.dtype[Any], shape: Shape
) -> tuple[Step, np.dtype[Any], Shape]:
    if order in ("C", "F"):  # as the codec was before the specification was final
        order = range(len(shape))[:: 1 if order == "C" else -1]
    if sorted(order) != list(range(len(shape))):
        raise CatalogError(f"codecs: transpose by {list(order)} does not fit {len(shape)} dims")
    inverse = tuple(np.argsort(order))
    return (lambda array: array.transpose(inverse)), dtype, tuple(shape[i] for i in order)


def _scaled(config: Config, dtype: np.dtype[Any]) -> Step:
    """Undoes `scale_offset`, in the type of the array (zarr-extensions, codecs/scale_offset)."""
    scalar = get_data_type_from_native_dtype(dtype)
    scale, offset = (
        dtype.type(scalar.from_json_scalar(value, zarr_format=3))
        for value in (config.get("scale", 1), config.get("offset", 0))
    )
    if dtype.kind == "f":
        return lambda array: array / scale + offset
    return lambda array: array // scale + offset  # without a rest, or it was not written


def _cast(config: Config, stored: np.dtype[Any], dtype: np.dtype[Any]) -> Step:
    """Undoes `cast_value` (zarr-extensions, codecs/cast_value), to types that hold all of it."""
    if stored.kind not in "iuf" or not (dtype.kind == "f" or np.can_cast(stored, dtype)):
        raise CatalogError(
            f"codecs: cast_value from {stored} to {dtype} is not read: rewrite the array"
        )
    pairs = (config.get("scalar_map") or {}).get("decode") or []
    mapped = [(np.asarray(a, np.float64).astype(stored), dtype.type(b)) for a, b in pairs]

    def step(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        out = array.astype(dtype)
        for old, new in mapped:
            out[array == old if old == old else array != array] = new
        return out

    return step
