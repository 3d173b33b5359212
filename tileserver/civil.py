"""Dates of every CF calendar, many at once: days counted from 1970-01-01 of the calendar itself.

Years are those of ISO 8601, in which 0 comes before 1.

cftime makes an object for each date, which at a hundred thousand steps takes half a second.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

# Calendars that agree with numpy's proleptic Gregorian one from 1582-10-15 on.
MIXED = ("standard", "gregorian")
GREGORIAN = (*MIXED, "proleptic_gregorian")
CALENDARS = (*GREGORIAN, "julian", "noleap", "365_day", "all_leap", "366_day", "360_day")
# In these CF writes 1 BC as -1, in all others as 0.
WITHOUT_YEAR_ZERO = (*MIXED, "julian")
REFORM_DAY = -141_427  # 1582-10-15
BEHIND_DAYS = 13  # of the Julian calendar in 1970
EPOCH_MONTH = 1970 * 12
# From 0000-03-01, the first day of years whose leap day is the last, to 1970-01-01, both Julian.
JULIAN_EPOCH = 719_483

_LENGTHS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_LEAP = np.where(_LENGTHS == 28, 29, _LENGTHS)
_FIXED = {
    "noleap": _LENGTHS,
    "365_day": _LENGTHS,
    "all_leap": _LEAP,
    "366_day": _LEAP,
    "360_day": np.full(12, 30),
}


def day_of(year: int, month: int, day: int, calendar: str) -> int:
    """The day of a date. Raises ValueError where the calendar has none such, or is none."""
    if calendar not in CALENDARS:
        raise ValueError(f"calendar={calendar!r}: expected one of {', '.join(CALENDARS)}")
    months = np.array([12 * year + month - 1])
    days = first_days(months, calendar) + day - 1
    if calendar in MIXED and (year, month) == (1582, 10) and day >= 15:
        days -= 10  # after the 4th came the 15th
    told = months_of(days, calendar)
    if not 1 <= month <= 12 or told[0] != months or told[1] != day:
        raise ValueError(f"no date {year}-{month}-{day} in the calendar {calendar}")
    return int(days[0])


def first_days(months: Integers, calendar: str) -> Integers:
    """The first day of months (n,), which count from January of the year 0: 12 year + month - 1."""
    if calendar in _FIXED:
        starts, length = _starts(calendar)
        return (months // 12 - 1970) * length + starts[months % 12]
    if calendar == "julian":
        return _julian_days(months)
    gregorian = (months - EPOCH_MONTH).astype("datetime64[M]").astype("datetime64[D]")
    days = gregorian.astype(np.int64)
    if calendar == "proleptic_gregorian":
        return days
    return np.where(days < REFORM_DAY, _julian_days(months) + BEHIND_DAYS, days)


def months_of(days: Integers, calendar: str) -> tuple[Integers, Integers]:
    """The month (n,) of each day (n,), as `first_days` counts them, and the day in it from 1."""
    if calendar in _FIXED:
        starts, length = _starts(calendar)
        month = np.searchsorted(starts, days % length, side="right") - 1
        return (days // length + 1970) * 12 + month, days % length - starts[month] + 1
    if calendar == "julian":
        return _julian_months(days)
    dates = days.astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    told = month.astype(np.int64) + EPOCH_MONTH, (dates - month).astype(np.int64) + 1
    old = days < REFORM_DAY
    if calendar == "proleptic_gregorian" or not old.any():
        return told
    julian = _julian_months(days - BEHIND_DAYS)
    return np.where(old, julian[0], told[0]), np.where(old, julian[1], told[1])


def _starts(calendar: str) -> tuple[Integers, int]:
    """The first day of each month in a year of fixed length (13,), counted from 0."""
    lengths = _FIXED[calendar]
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]), int(lengths.sum())


def _julian_days(months: Integers) -> Integers:
    """As `first_days`; in years that begin with March, whose months 3 to 14 last 153 days in 5."""
    year, month = np.divmod(months - 2, 12)
    days: Integers = 365 * year + year // 4 + (153 * month + 2) // 5 - JULIAN_EPOCH
    return days


def _julian_months(days: Integers) -> tuple[Integers, Integers]:
    since = days + JULIAN_EPOCH
    year = (4 * since + 3) // 1461
    day = since - 1461 * year // 4
    month = (5 * day + 2) // 153
    return 12 * year + month + 2, day - (153 * month + 2) // 5 + 1
