"""What CF attributes say of an array's numbers: packing, missing values, ranges, classes."""

from __future__ import annotations

import base64
import struct
from typing import Any

import numpy as np

from tileserver.cube import Flag, Packing
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.hierarchy import Document

FILLS = ("_FillValue", "missing_value")


def text(value: object) -> str | None:
    """An attribute that is a text and says something."""
    return value.strip() or None if isinstance(value, str) else None


def packing_of(array: ZarrArray, attrs: Document) -> Packing:
    """How stored numbers become physical ones."""
    told = {k: attrs[k] for k in FILLS if k in attrs}
    if array.masks_fill:
        told["_FillValue"] = array.fill_value
    missing = [stored_numbers(value, array.dtype) for value in told.values()]
    known = {v for each in missing for v in each if v == v}
    return Packing(
        scale=float(attrs.get("scale_factor", 1.0)),
        offset=float(attrs.get("add_offset", 0.0)),
        missing=tuple(sorted(known)),
        valid_range=_stored_range(attrs),
    )


def stored_numbers(value: object, dtype: np.dtype[Any]) -> tuple[int | float, ...]:
    """Stored numbers that an attribute names, as the array's type holds them."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            assert isinstance(value, str)
            # Zarr v3 written by xarray holds _FillValue as base64 of a little-endian double.
            value = struct.unpack("<d", base64.standard_b64decode(value))[0]
    numbers = np.atleast_1d(np.asarray(value))
    with np.errstate(all="ignore"):
        return tuple(n.item() for n in numbers.astype(dtype) if dtype.kind == "f" or n == n)


def _stored_range(attrs: Document) -> tuple[float, float] | None:
    if "valid_range" in attrs:
        low, high = (float(v) for v in attrs["valid_range"])
        return (low, high)
    if "valid_min" in attrs or "valid_max" in attrs:
        return (float(attrs.get("valid_min", -np.inf)), float(attrs.get("valid_max", np.inf)))
    return None


def physical_range(packing: Packing) -> tuple[float, float] | None:
    """The declared valid range in physical numbers, if it has two ends."""
    if packing.valid_range is None or not np.isfinite(packing.valid_range).all():
        return None
    ends = [v * packing.scale + packing.offset for v in packing.valid_range]
    return (min(ends), max(ends))


def flags_of(attrs: Document) -> tuple[Flag, ...]:
    """The classes that flag_values and flag_meanings name."""
    values, meanings = attrs.get("flag_values"), attrs.get("flag_meanings")
    if not isinstance(values, list) or not isinstance(meanings, str):
        return ()
    labels = meanings.split()
    if len(labels) != len(values):
        return ()
    return tuple(
        Flag(float(v), text.replace("_", " ")) for v, text in zip(values, labels, strict=True)
    )
