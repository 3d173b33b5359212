"""Dimensions beside those of the map: times, numbers and texts, from CF coordinates."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tileserver.civil import CALENDARS
from tileserver.cube import TIME, Dimension
from tileserver.errors import CatalogError
from tileserver.sources.zarr.cf import packing, text
from tileserver.sources.zarr.cftimes import (
    SECONDS,
    are_dates,
    are_times,
    counts_months,
    decode_texts,
    decode_times,
)
from tileserver.sources.zarr.georeference import Coordinate
from tileserver.timeaxis import TimeAxis

Floats = npt.NDArray[np.float64]

REFERENCE_TIME = "forecast_reference_time"  # a standard name: when a forecast was begun
AHEAD = ("forecast_period", "step", "lead_time", "leadtime", "lead", "prediction_timedelta")
READABLE = ("hours", "minutes", "seconds")  # units of times ahead that are stored in finer ones
NO_CALENDAR = ("none", "")
MEASURED_MONTH = 2 * 12  # of the year 2: nothing is from before, save typical years


def time_name(coordinates: Mapping[str, Coordinate]) -> str | None:
    """The coordinate that becomes `time`: the one called so, else the best of those with times.

    Of a forecast's two that is the time for which it is made, not the one at which it was.
    """
    found = [name for name, c in coordinates.items() if _is_time(c)]
    if TIME in coordinates:
        return TIME if TIME in found else None
    return min(found, key=lambda name: _rank(name, coordinates[name]), default=None)


def _rank(name: str, coordinate: Coordinate) -> int:
    standard = coordinate.attrs.get("standard_name")
    if name.lower() == TIME or standard == TIME:
        return 0
    if standard == REFERENCE_TIME or "ref" in name.lower() or "init" in name.lower():
        return 3
    return 1 if str(coordinate.attrs.get("axis", "")).upper() == "T" else 2


def _is_time(coordinate: Coordinate) -> bool:
    if coordinate.values.dtype.kind in "OSU":
        return are_dates(_texts(coordinate))
    return coordinate.values.dtype.kind == "M" or tells_time(coordinate.attrs)


def tells_time(attrs: Mapping[str, object]) -> bool:
    """Whether attributes are those of a time coordinate in a calendar."""
    calendar = str(attrs.get("calendar", "standard")).strip().lower()
    return are_times(attrs.get("units")) and calendar not in NO_CALENDAR


def dimension(dim: str, size: int, coordinate: Coordinate | None, time: str | None) -> Dimension:
    """A dimension of so many steps; `time` names the one that is the time axis.

    Raises CatalogError for times and numbers that cannot be decoded.
    """
    if coordinate is None:
        return Dimension(dim, np.arange(size, dtype=np.float64))
    what = "times" if _is_time(coordinate) else "coordinates"
    try:
        return _dimension(dim, coordinate, time)
    except (TypeError, ValueError, OverflowError, struct.error) as error:
        raise CatalogError(f"dimension {dim!r}: its {what} cannot be decoded ({error})") from error


def _dimension(dim: str, coordinate: Coordinate, time: str | None) -> Dimension:
    title = text(coordinate.attrs.get("long_name"))
    if _is_time(coordinate):
        axis, notes = _time_axis(coordinate)
        told = tuple(f"dimension {dim!r}: {note}" for note in notes)
        return Dimension(TIME if dim == time else dim, axis, title=title, notes=told)
    if coordinate.values.dtype.kind in "iufbm":
        return _of_numbers(dim, coordinate, title)
    return Dimension(dim, tuple(_texts(coordinate)), title=title)


def _of_numbers(dim: str, coordinate: Coordinate, title: str | None) -> Dimension:
    attrs, values = coordinate.attrs, _numbers(coordinate)
    units = text(attrs.get("units"))
    if coordinate.values.dtype.kind == "m":
        units = np.datetime_data(coordinate.values.dtype)[0]
    unit_s = SECONDS.get(str(units).lower())
    if unit_s is not None and unit_s < 1:
        values, units, unit_s = _readable(np.round(values * unit_s, 9))
    ahead = attrs.get("standard_name") in AHEAD or dim.lower() in AHEAD
    return Dimension(dim, values, units=units, title=title, unit_s=unit_s if ahead else None)


def _readable(seconds: Floats) -> tuple[Floats, str, float]:
    """Times ahead in the longest unit of which they are all multiples."""
    known = seconds[np.isfinite(seconds)]
    units = next(
        (u for u in READABLE if np.array_equal(np.rint(known / SECONDS[u]) * SECONDS[u], known)),
        READABLE[-1],
    )
    return seconds / SECONDS[units], units, SECONDS[units]


def _numbers(coordinate: Coordinate) -> Floats:
    """Physical numbers, NaN where there are none."""
    values = coordinate.values
    if values.dtype.kind == "m":
        return np.where(np.isnat(values), np.nan, values.astype(np.int64).astype(np.float64))
    if values.dtype.kind == "b":
        return values.astype(np.float64)
    found: Floats = packing(coordinate.attrs, values.dtype).decode(values).astype(np.float64)
    return found


def _texts(coordinate: Coordinate) -> list[str]:
    values: Sequence[object] = coordinate.values.tolist()
    decoded = (v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in values)
    return [str(v).rstrip("\0") for v in decoded]


def _time_axis(coordinate: Coordinate) -> tuple[TimeAxis, list[str]]:
    """The instants, and what is odd about them. Raises ValueError."""
    attrs = coordinate.attrs
    calendar = str(attrs.get("calendar", CALENDARS[0])).strip().lower()
    notes = []
    if coordinate.values.dtype.kind == "M":
        times = coordinate.values.astype("M8[us]")
        seconds = np.where(np.isnat(times), np.nan, times.astype(np.int64) / 1e6)
        calendar = CALENDARS[0]
    elif coordinate.values.dtype.kind in "OSU":
        seconds = decode_texts(_texts(coordinate), calendar)
    else:
        units = str(attrs["units"])
        seconds = decode_times(_numbers(coordinate), units, calendar)
        if counts_months(units) and calendar != "360_day":
            notes.append(f"units={units!r} are counted by the calendar: write days since instead")
    axis = TimeAxis(seconds, calendar)
    if "climatology" in attrs or (axis.size and axis.months()[0][-1] < MEASURED_MONTH):
        axis = replace(axis, climatological=True)
    return axis, notes + _oddities(axis)


def _oddities(axis: TimeAxis) -> list[str]:
    notes, known = [], int(np.isfinite(axis.seconds).sum())
    if known < axis.seconds.size:
        notes.append(f"{axis.seconds.size - known} steps have no time and cannot be asked for")
    if axis.size < known:
        notes.append(f"{known - axis.size} steps repeat a time, of which the first is served")
    return notes
