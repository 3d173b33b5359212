"""What CF attributes say of an array's numbers: packing, missing values, ranges."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from tileserver.cube import Packing
from tileserver.errors import InvalidParameter
from tileserver.sources.zarr.hierarchy import Document
from tileserver.style import check_range

FILLS = ("_FillValue", "missing_value")
Number = int | float
Range = tuple[float, float]

WIDE_BITS = 16  # from here on a valid range of nearly all numbers says nothing of the values
NEARLY = 0.99
DEEPEST = 3  # of lists in lists
LARGEST = 1 << 64  # of integers
ROUNDING = 1e-6  # of a step: what working out stored numbers from physical ones may be off

_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)


def text(value: object) -> str | None:
    """An attribute that is a text and says something."""
    return value.strip() or None if isinstance(value, str) else None


def number(value: object) -> Number:
    """An attribute that is a number, maybe in a list of one or as a text. Raises ValueError."""
    found = numbers(value)
    if len(found) != 1:
        raise ValueError(f"{value!r}: expected one number")
    return found[0]


def numbers(value: object, depth: int = DEEPEST) -> list[Number]:
    """An attribute that is one number or several, maybe as texts. Raises ValueError."""
    if isinstance(value, (list, tuple)) and depth:
        return [each for part in value for each in numbers(part, depth - 1)]
    if isinstance(value, str):
        return [_parsed(word) for word in re.split(r"[\s,;()[\]]+", value) if word]
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST):
        return [value]
    raise ValueError(f"a value of type {type(value).__name__}: expected a number")


def _parsed(word: str) -> Number:
    """A number as CDL writes it: `1b`, `0x10`, `2.5f`, or plain."""
    plain = (
        word.rstrip("bBsSlLuUfF") if not word.lower().startswith(("0x", "inf", "-inf")) else word
    )
    if word.lower().startswith("0x"):
        return int(word[:18], 16)
    return int(plain) if _INTEGER.fullmatch(plain) else float(plain or word)


class Stored(Protocol):
    """What an array is, as far as its packing goes; `masks_fill` says that fill is missing."""

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def fill_value(self) -> Any: ...
    @property
    def masks_fill(self) -> bool: ...


def packing_of(array: Stored, attrs: Document) -> Packing:
    """How stored numbers become physical ones."""
    fill = array.fill_value if array.masks_fill else None
    return packing(attrs, array.dtype, fill)


def packing(attrs: Mapping[str, Any], dtype: np.dtype[Any], fill: object = None) -> Packing:
    """The same for numbers of a type.

    Args:
        fill: what marks missing data in place of _FillValue.

    Raises ValueError for attributes that cannot be used.
    """
    told = {key: attrs[key] for key in FILLS if key in attrs}
    if fill is not None:
        told["_FillValue"] = fill
    scale = float(number(attrs.get("scale_factor", 1.0)))
    offset = float(number(attrs.get("add_offset", 0.0)))
    missing = {n for value in told.values() for n in _stored(value, dtype, attrs)}
    return Packing(scale, offset, tuple(sorted(missing)), _stored_range(attrs, dtype))


def _stored(value: Any, dtype: np.dtype[Any], attrs: Mapping[str, Any]) -> Iterator[Number]:
    """The stored numbers that an attribute names; nothing that the type does not hold, nor NaN."""
    for each in _fills(value):
        held = _held(each, dtype, attrs)
        if held is not None:
            yield held


def _fills(value: object) -> list[Number]:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.item()
    if value is None:
        return []
    try:
        return numbers(value)
    except ValueError:
        if not isinstance(value, str):
            raise
        # Zarr v3 written by xarray holds _FillValue as base64 of a little-endian double.
        return [struct.unpack("<d", base64.standard_b64decode(value))[0]]


def _held(value: Number, dtype: np.dtype[Any], attrs: Mapping[str, Any]) -> Number | None:
    """The number as the type holds it, None where it does not, or where it is NaN."""
    if value != value:
        return None
    if dtype.kind not in "iu":
        with np.errstate(over="ignore"):
            return float(dtype.type(value)) if dtype.kind == "f" else value
    if value != np.rint(value) or abs(value) == np.inf:
        return None
    whole, info = int(value), np.iinfo(dtype)
    if "_Unsigned" in attrs and not info.min <= whole <= info.max:
        # Numbers told in the type as stored, which is the other one.
        whole += (1 << info.bits) * (1 if whole < 0 else -1)
    return whole if info.min <= whole <= info.max else None


def _stored_range(attrs: Mapping[str, Any], dtype: np.dtype[Any]) -> Range | None:
    """The valid range in stored numbers.

    It is of stored numbers, unless these are integers and it is of the floating type of
    scale_factor or add_offset: then of physical ones (NetCDF Users Guide, attribute conventions).
    """
    if "valid_range" in attrs:
        low, high = numbers(attrs["valid_range"])
    elif "valid_min" in attrs or "valid_max" in attrs:
        low, high = number(attrs.get("valid_min", -np.inf)), number(attrs.get("valid_max", np.inf))
    else:
        return None
    factors = [number(attrs[key]) for key in ("scale_factor", "add_offset") if key in attrs]
    floating = [isinstance(n, float) for n in (low, high) if abs(n) != np.inf]
    low, high = (end if low != low else low for low, end in ((low, -np.inf), (high, np.inf)))
    scale = float(number(attrs.get("scale_factor", 1.0)))
    if (
        dtype.kind in "iu"
        and any(floating)
        and scale
        and any(isinstance(f, float) for f in factors)
    ):
        offset = float(number(attrs.get("add_offset", 0.0)))
        ends = sorted(((low - offset) / scale, (high - offset) / scale))
        return (float(np.ceil(ends[0] - ROUNDING)), float(np.floor(ends[1] + ROUNDING)))
    wrapped = (
        (low, high)
        if dtype.kind == "f"
        else (_wrapped(low, dtype, attrs), _wrapped(high, dtype, attrs))
    )
    return (float(wrapped[0]), float(wrapped[1]))


def _wrapped(end: Number, dtype: np.dtype[Any], attrs: Mapping[str, Any]) -> Number:
    held = _held(end, dtype, attrs) if "_Unsigned" in attrs else None
    return end if held is None else held


def physical_range(
    packing: Packing, attrs: Mapping[str, Any], dtype: np.dtype[Any]
) -> Range | None:
    """The range of physical values that the metadata declare, if it says something of them."""
    ends = _declared(packing, dtype)
    if ends is None and "actual_range" in attrs:
        try:
            low, high = numbers(attrs["actual_range"])
        except ValueError:
            return None
        ends = [float(low), float(high)]
    if ends is None:
        return None
    try:
        check_range(min(ends), max(ends))
    except InvalidParameter:
        return None
    return (min(ends), max(ends))


def _declared(packing: Packing, dtype: np.dtype[Any]) -> list[float] | None:
    if packing.valid_range is None:
        return None
    low, high = packing.valid_range
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        low, high = max(low, info.min), min(high, info.max)
        if info.bits >= WIDE_BITS and high - low >= NEARLY * (float(info.max) - info.min):
            return None
    if not np.isfinite([low, high]).all() or low > high:
        return None
    return [end * packing.scale + packing.offset for end in (low, high)]
