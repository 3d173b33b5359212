"""Numbers of a CF time coordinate as seconds (CF conventions 1.12, section 4.4)."""

from __future__ import annotations

import re
from typing import Any

import cftime
import numpy as np
import numpy.typing as npt

from tileserver.timeaxis import EPOCH_UNITS

# Seconds in each unit; months, years and all else whose length varies are refused.
_UNITS: dict[float, str] = {
    1e-9: "nanoseconds nanosecond nanosecs nanosec",
    1e-6: "microseconds microsecond microsecs microsec",
    1e-3: "milliseconds millisecond millisecs millisec msecs msec ms",
    1.0: "seconds second secs sec s",
    60.0: "minutes minute mins min",
    3600.0: "hours hour hrs hr h",
    86400.0: "days day d",
}
SECONDS = {name: seconds for seconds, names in _UNITS.items() for name in names.split()}
LONGEST_S = 10_000 * 366 * 86400.0
MONTH_S = 30 * 86400.0  # of the 360-day calendar, the only one in which it has a length
NOT_A_TIME = np.iinfo(np.int64).min  # as numpy and xarray write NaT

# As UDUNITS reads it: blanks or T before the time, digits that may lack zeros, any zone.
_REFERENCE = re.compile(
    r"(?P<year>[+-]?\d{1,4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?)?"
    r"(?:[T ]\s*(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}(?:\.\d*)?))?)?)?"
    r"\s*(?:Z|UTC|GMT|(?P<sign>[+-])(?P<zone_h>\d{1,2}):?(?P<zone_m>\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)


def decode_times(values: npt.NDArray[Any], units: str, calendar: str) -> npt.NDArray[np.float64]:
    """Seconds since 1970 in the calendar of numbers (n,), NaN where they are none.

    A calendar's time is a straight line, whatever its dates: reference + value · unit.

    Args:
        units: such as `hours since 1900-01-01 00:00:00`.

    Raises ValueError for units or a calendar that are none, and times 10 000 years off.
    """
    before, _, reference = units.partition(" since ")
    unit = before.strip().lower()
    known = {**SECONDS, "months": MONTH_S, "month": MONTH_S} if calendar == "360_day" else SECONDS
    if unit not in known:
        raise ValueError(f"units={units!r}: expected e.g. 'days since 1970-01-01'")
    start = _reference_seconds(reference.strip(), calendar)
    # To the microsecond, so that days and hours as floating-point numbers give whole seconds.
    numbers = np.where(values == NOT_A_TIME, np.nan, values.astype(np.float64))
    seconds = np.round(start + numbers * known[unit], 6)
    if not (np.isnan(seconds) | (np.abs(seconds) < LONGEST_S)).all():
        raise ValueError(f"units={units!r}: values are too large")
    return seconds


def _reference_seconds(text: str, calendar: str) -> float:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"reference time {text!r}: expected e.g. 1970-01-01 00:00:00")
    part = match.groupdict()
    fields = [int(part[name] or least) for name, least in _FIELDS]
    minute = cftime.datetime(*fields, calendar=calendar)
    zone = int(part["zone_h"] or 0) * 3600.0 + int(part["zone_m"] or 0) * 60.0
    ahead = -zone if part["sign"] == "-" else zone
    seconds = float(cftime.date2num(minute, EPOCH_UNITS, calendar=calendar))
    return seconds + float(part["second"] or 0) - ahead


_FIELDS = (("year", 0), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0))
