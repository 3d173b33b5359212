"""Numbers of a CF time coordinate as seconds (CF conventions 1.12, section 4.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.civil import (
    GREGORIAN,
    WITHOUT_YEAR_ZERO,
    Integers,
    day_of,
    first_days,
    months_of,
)
from tileserver.timeaxis import DAY_S, REFORM_S, NotAnInstant, parse_instant

Floats = npt.NDArray[np.float64]

_UNITS: dict[float, str] = {
    1e-9: "nanoseconds nanosecond nanosecs nanosec ns",
    1e-6: "microseconds microsecond microsecs microsec us",
    1e-3: "milliseconds millisecond millisecs millisec msecs msec ms",
    1.0: "seconds second secs sec s",
    60.0: "minutes minute mins min",
    3600.0: "hours hour hrs hr h",
    86400.0: "days day d",
    604800.0: "weeks week",
    31536000.0: "common_years common_year",
}
SECONDS = {name: seconds for seconds, names in _UNITS.items() for name in names.split()}
# What has no length: UDUNITS takes a twelfth of a tropical year for a month, and nobody means that.
MONTHS = {"months": 1, "month": 1, "years": 12, "year": 12, "yr": 12, "yrs": 12}
LONGEST_S = 10_000 * 366 * 86400.0
NOT_A_TIME = np.iinfo(np.int64).min  # as numpy and xarray write NaT

_SINCE = re.compile(r"\s*(\w+)\s+(?:since|after|from|ref)\b\s*(.*?)\s*", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile(r"\s*(day|month|year) as %Y(?:%m(?:%d)?)?(?:\.%f)?\s*", re.IGNORECASE)
# As UDUNITS reads it: blanks or T before the time, digits that may lack zeros, any zone.
_REFERENCE = re.compile(
    r"(?P<year>[+-]?\d{1,4})(?:[-/]?(?P<month>(?<=[-/])\d{1,2}|\d\d)"
    r"(?:[-/]?(?P<day>(?<=[-/])\d{1,2}|\d\d))?)?"
    r"(?:[T ]\s*(?P<hour>\d{1,2})(?::(?P<minute>\d{1,2})(?::(?P<second>\d{1,2}(?:\.\d*)?))?)?)?"
    r"\s*(?:Z|UTC|GMT|(?P<sign>[+-])(?P<zone_h>\d{1,2}):?(?P<zone_m>\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_DATE = re.compile(
    r"\d{4}-\d\d(?:-\d\d(?:[T ].*)?)?|\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:T.*)?",
    re.ASCII | re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(T.*)?", re.ASCII)


def are_times(units: object) -> bool:
    """Whether units are those of instants."""
    return isinstance(units, str) and bool(_SINCE.fullmatch(units) or _DIGITS.fullmatch(units))


def counts_months(units: str) -> bool:
    """Whether units have no length of their own."""
    match = _SINCE.fullmatch(units)
    return match is not None and match[1].lower() in MONTHS


def decode_times(values: npt.NDArray[Any], units: str, calendar: str) -> Floats:
    """Seconds since 1970 in the calendar of numbers (n,), NaN where they are none.

    A calendar's time is a straight line, whatever its dates: reference + value · unit. Months and
    years are stepped by the calendar: whole numbers keep the day of the month as far as a month
    has it, and parts are parts of the month or year that follows.

    Args:
        units: such as `hours since 1900-01-01 00:00:00`, or `day as %Y%m%d.%f`.

    Raises ValueError for units or a calendar that are none, and times 10 000 years off.
    """
    numbers = np.where(values == NOT_A_TIME, np.nan, values.astype(np.float64))
    digits = _DIGITS.fullmatch(units)
    if digits is not None:
        return _dates_in_digits(numbers, digits[1].lower(), calendar)
    match = _SINCE.fullmatch(units)
    unit = match[1].lower() if match else ""
    if match is None or (unit not in SECONDS and unit not in MONTHS):
        raise ValueError(f"units={units!r}: expected e.g. 'days since 1970-01-01'")
    day, clock = _reference(match[2], calendar)
    length = SECONDS.get(unit, MONTHS.get(unit, 1) * 31.0 * DAY_S)
    with np.errstate(over="ignore"):
        if not (np.isnan(numbers) | (np.abs(numbers * length) < LONGEST_S)).all():
            raise ValueError(f"units={units!r}: values are too large")
    if unit in MONTHS:
        seconds = _stepped(numbers, MONTHS[unit], day, calendar) * DAY_S
    else:
        seconds = numbers * length + day * float(DAY_S)
    # To the microsecond, so that days and hours as floating-point numbers give whole seconds.
    return np.round(seconds + clock, 6)


def _stepped(numbers: Floats, months: int, day: int, calendar: str) -> Floats:
    """Days since 1970 of numbers of so many months each, counted from a day."""
    month, number = (int(each[0]) for each in months_of(np.array([day]), calendar))

    def at(steps: Integers) -> Floats:
        first, following = (first_days(month + steps + i, calendar) for i in (0, 1))
        return np.asarray(first + np.minimum(number, following - first) - 1, np.float64)

    whole = np.floor(np.nan_to_num(numbers))
    steps = whole.astype(np.int64) * months
    start = at(steps)
    days: Floats = start + (numbers - whole) * (at(steps + months) - start)
    return days


def _dates_in_digits(numbers: Floats, unit: str, calendar: str) -> Floats:
    """Of dates written as numbers such as 20200131.5, to the second."""
    known = np.isfinite(numbers) & (np.abs(numbers) < 1e8)
    if not (known | np.isnan(numbers)).all():
        raise ValueError(f"units='{unit} as …': values are too large")
    whole = np.floor(np.where(known, numbers, 19700101 // _PLACES[unit])).astype(np.int64)
    written = whole * _PLACES[unit] + (101 if unit == "year" else 1 if unit == "month" else 0)
    months = written // 10_000 * 12 + written // 100 % 100 - 1
    first, day = first_days(months, calendar), written % 100
    if (
        not np.array_equal(months_of(first + day - 1, calendar)[1], day)
        or ((written // 100 % 100 - 1) // 12 != 0).any()
    ):
        raise ValueError(f"units='{unit} as …': some digits are no date")
    span = {"year": 12, "month": 1, "day": 0}[unit]
    length = first_days(months + span, calendar) - first if span else 1
    days = first + day - 1 + (numbers - whole) * length
    seconds: Floats = np.rint(days * DAY_S)
    return seconds


_PLACES = {"day": 1, "month": 100, "year": 10_000}


def _reference(text: str, calendar: str) -> tuple[int, float]:
    """The day since 1970 and the seconds in it of a reference time."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError(f"reference time {text!r}: expected e.g. 1970-01-01 00:00:00")
    part = match.groupdict()
    year, month, day, hour, minute = (int(part[name] or least) for name, least in _FIELDS)
    if hour > 23 or minute > 59:
        raise ValueError(f"reference time {text!r}: no such time of day")
    # Without a year 0 those before 1 count from -1; a 0 that there is all the same comes before 1.
    counted = year + (year < 0 and calendar in WITHOUT_YEAR_ZERO)
    zone = int(part["zone_h"] or 0) * 3600 + int(part["zone_m"] or 0) * 60
    ahead = -zone if part["sign"] == "-" else zone
    clock = hour * 3600 + minute * 60 + float(part["second"] or 0)
    return day_of(counted, month, day, calendar), clock - ahead


_FIELDS = (("year", 0), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0))


def are_dates(texts: Sequence[str]) -> bool:
    """Whether texts begin as dates do, as far as they are not blank."""
    said = [text for text in texts if not _is_blank(text)]
    return bool(said) and all(_DATE.fullmatch(text.strip()) for text in said)


def decode_texts(texts: Sequence[str], calendar: str) -> Floats:
    """Seconds since 1970 of ISO 8601 texts (n,), also without hyphens; NaN of blank ones.

    Raises ValueError.
    """
    plain = [_COMPACT.sub(r"\1-\2-\3\4", text.strip()).removesuffix("Z") for text in texts]
    plain = ["NaT" if _is_blank(text) else text for text in plain]
    if any("+" in text or "-" in text[10:] for text in plain):  # zones, which numpy lacks
        return _parsed(plain, calendar)
    try:
        times = np.array(plain, "M8[us]")
    except ValueError:  # days that its calendar lacks
        return _parsed(plain, calendar)
    seconds = np.where(np.isnat(times), np.nan, times.astype(np.int64) / 1e6)
    if calendar not in GREGORIAN or (seconds < REFORM_S).any():
        return _parsed(plain, calendar)
    return seconds


def _parsed(texts: Sequence[str], calendar: str) -> Floats:
    try:
        known = [np.nan if text == "NaT" else parse_instant(text, calendar) for text in texts]
    except NotAnInstant as error:
        raise ValueError(f"{str(error)!r} is no ISO 8601 time") from None
    return np.array(known, np.float64)


def _is_blank(text: str) -> bool:
    return text.strip().lower() in ("", "nat", "nan", "none")
