"""Dimensions beside those of the map: times, numbers and texts, from CF coordinates."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from tileserver.cube import TIME, Dimension, Packing
from tileserver.errors import CatalogError
from tileserver.sources.zarr.cf import FILLS, stored_numbers, text
from tileserver.sources.zarr.cftimes import decode_times
from tileserver.sources.zarr.georeference import Coordinate
from tileserver.timeaxis import TimeAxis


def time_name(coordinates: Mapping[str, Coordinate]) -> str | None:
    """The coordinate that becomes `time`: the one called so, or else the only one with times."""
    found = [name for name, c in coordinates.items() if _is_time(c)]
    return TIME if TIME in found else found[0] if found else None


def _is_time(coordinate: Coordinate) -> bool:
    units = coordinate.attrs.get("units", "")
    return coordinate.values.dtype.kind == "M" or (isinstance(units, str) and " since " in units)


def dimension(dim: str, size: int, coordinate: Coordinate | None, time: str | None) -> Dimension:
    """A dimension of so many steps; `time` names the one that is the time axis."""
    if coordinate is None:
        return Dimension(dim, np.arange(size, dtype=np.float64))
    attrs, values = coordinate.attrs, coordinate.values
    title, units = text(attrs.get("long_name")), text(attrs.get("units"))
    if dim == time:
        return Dimension(TIME, _time_axis(dim, coordinate), title=title)
    if _is_time(coordinate):
        return Dimension(dim, _time_axis(dim, coordinate).labels, title=title)
    if values.dtype.kind in "iufb":
        return Dimension(dim, values.astype(np.float64), units=units, title=title)
    texts = (v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values.tolist())
    return Dimension(dim, tuple(str(v) for v in texts), title=title)


def _time_axis(dim: str, coordinate: Coordinate) -> TimeAxis:
    values, attrs = coordinate.values, coordinate.attrs
    if values.dtype.kind == "M":
        seconds = values.astype("datetime64[us]").astype(np.int64) / 1e6
        return TimeAxis(np.where(np.isnat(values), np.nan, seconds))
    calendar = str(attrs.get("calendar", "standard")).lower()
    scale, offset = float(attrs.get("scale_factor", 1.0)), float(attrs.get("add_offset", 0.0))
    seconds = np.full(values.shape, np.nan)
    known = _known(coordinate)
    try:
        numbers = values[known].astype(np.float64) * scale + offset
        seconds[known] = decode_times(numbers, str(attrs["units"]), calendar)
    except (ValueError, OverflowError) as error:
        raise CatalogError(f"dimension {dim!r}: its times cannot be decoded ({error})") from error
    return TimeAxis(seconds, calendar)


def _known(coordinate: Coordinate) -> npt.NDArray[np.bool_]:
    """Where a coordinate holds a number rather than NaN or a fill value."""
    values, attrs = coordinate.values, coordinate.attrs
    missing = [stored_numbers(attrs[k], values.dtype) for k in FILLS if k in attrs]
    return Packing(missing=tuple(v for each in missing for v in each if v == v)).valid(values)
