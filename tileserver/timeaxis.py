"""Instants on a time axis of any CF calendar: parsing, snapping, ISO 8601 text.

An axis counts seconds in its own calendar since 1970-01-01T00:00:00 of that calendar, so that
distances between instants are right in a 360-day year too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import cftime
import numpy as np
import numpy.typing as npt

from tileserver.errors import InvalidParameter

Method = Literal["nearest", "exact"]

EPOCH_UNITS = "seconds since 1970-01-01T00:00:00"
# Calendars that agree with numpy's proleptic Gregorian one from 1582-10-15 on.
GREGORIAN = ("standard", "gregorian", "proleptic_gregorian")
REFORM_S = -12_219_292_800.0
LONGEST_TEXT = 64

_INSTANT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[T ](?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII | re.IGNORECASE,
)


class NotAnInstant(ValueError):
    """A text is no ISO 8601 instant, or a day that the calendar lacks."""


@lru_cache(maxsize=4096)
def parse_instant(text: str, calendar: str = "standard") -> float:
    """Seconds since 1970 in the calendar, of `YYYY[-MM[-DD[THH:MM[:SS[.f]][Z|±HH:MM]]]]`.

    Raises NotAnInstant.
    """
    # A plus sign in a query string arrives as a blank.
    match = _INSTANT.fullmatch(
        re.sub(r" (\d{2}:?\d{2})$", r"+\1", text.strip()) if "T" in text else text.strip()
    )
    if len(text) > LONGEST_TEXT or match is None:
        raise NotAnInstant(text)
    part = match.groupdict()
    fields = [int(part[k] or d) for k, d in _DEFAULTS]
    if fields[0] < 1:
        raise NotAnInstant(text)  # CF calendars have no year 0
    try:
        instant = cftime.datetime(*fields, calendar=calendar)
    except ValueError:
        raise NotAnInstant(text) from None
    seconds = float(cftime.date2num(instant, EPOCH_UNITS, calendar=calendar))
    return seconds + float(f"0.{part['fraction'] or 0}") - _zone_seconds(part["zone"])


_DEFAULTS = (("year", 0), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))


def _zone_seconds(zone: str | None) -> float:
    if zone is None or zone in "Zz":
        return 0.0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return minutes * (-60.0 if zone[0] == "-" else 60.0)


def format_instants(seconds: npt.NDArray[np.float64], calendar: str) -> list[str]:
    """`YYYY-MM-DDTHH:MM:SSZ` of seconds since 1970 (n,), to the nearest second."""
    if calendar in GREGORIAN and (seconds >= REFORM_S).all():
        instants = np.rint(seconds).astype("int64").astype("datetime64[s]")
        return [f"{text}Z" for text in np.datetime_as_string(instants).tolist()]
    dates = np.atleast_1d(cftime.num2date(np.rint(seconds), EPOCH_UNITS, calendar=calendar))
    return [f"{date.strftime('%Y-%m-%dT%H:%M:%S')}Z" for date in dates]


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The instants of a cube's time dimension.

    Args:
        seconds: (n,) seconds since 1970 in the calendar, in the order of the store; NaN for a
            step without a time, which can then not be asked for.
        calendar: a CF calendar name.
    """

    seconds: npt.NDArray[np.float64]
    calendar: str = "standard"

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The steps that have a time, from the earliest to the latest, each instant once."""
        _, first = np.unique(self.seconds, return_index=True)
        return first[np.isfinite(self.seconds[first])]

    @cached_property
    def _sorted(self) -> npt.NDArray[np.float64]:
        return self.seconds[self.order]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """ISO 8601 text of each step in the order of the store, "" for one without a time."""
        known = np.isfinite(self.seconds)
        texts = iter(format_instants(self.seconds[known], self.calendar))
        return tuple(next(texts) if there else "" for there in known)

    @property
    def size(self) -> int:
        """The number of steps that can be asked for."""
        return len(self.order)

    @property
    def first(self) -> str:
        """The earliest instant."""
        return self.labels[int(self.order[0])]

    @property
    def last(self) -> str:
        """The latest instant, which is also the default."""
        return self.labels[int(self.order[-1])]

    @cached_property
    def _margin(self) -> float:
        """How far beyond its ends the axis still answers: one typical step, or a day."""
        return float(np.median(np.diff(self._sorted))) if self.size > 1 else 86400.0

    def find(self, text: str, *, method: Method = "nearest", name: str = "time") -> int:
        """The step (index in the store) for an instant, a date or `latest`.

        Raises InvalidParameter for text that is no instant, for an instant more than a step
        beyond the axis, and with method="exact" for one that is not a step.
        """
        if self.size == 0:
            raise InvalidParameter(name, text, "the dataset has no valid times")
        if text in ("latest", "current", "default"):
            return int(self.order[-1])
        seconds = self._parse(text, name)
        after = int(np.searchsorted(self._sorted, seconds))
        near = [i for i in (after - 1, after) if 0 <= i < self.size]
        best = min(near, key=lambda i: abs(self._sorted[i] - seconds))
        distance = abs(float(self._sorted[best]) - seconds)
        if method == "exact" and distance >= 0.5:
            raise InvalidParameter(
                name,
                text,
                f"not a step of the axis; the nearest is {self.labels[self.order[best]]}",
            )
        outside = not self._sorted[0] <= seconds <= self._sorted[-1]
        if outside and distance > self._margin:
            raise InvalidParameter(name, text, f"expected a time within {self.span}")
        return int(self.order[best])

    def between(self, start: str | None, end: str | None) -> npt.NDArray[np.intp]:
        """The steps from start to end, both included, in order of time.

        An end that is only a date, month or year includes all of it.
        """
        low = -np.inf if start is None else self._parse(start, "start")
        high = np.inf if end is None else self._parse(end, "end", last=True)
        if low > high:
            raise InvalidParameter("end", end, f"expected a time not before start={start}")
        return self.order[(self._sorted >= low - 0.5) & (self._sorted <= high + 0.5)]

    @property
    def span(self) -> str:
        """The range in words, for messages."""
        return f"{self.first} to {self.last}"

    def is_step(self, text: str, step: int) -> bool:
        """Whether the text names the step's own instant rather than one near it."""
        if text in ("latest", "current", "default"):
            return True
        return abs(self._parse(text, "time") - float(self.seconds[step])) < 0.5

    def _parse(self, text: str, name: str, *, last: bool = False) -> float:
        try:
            seconds = parse_instant(text, self.calendar)
            return seconds + self._length(text) if last else seconds
        except NotAnInstant:
            raise InvalidParameter(
                name,
                text,
                f"expected an ISO 8601 time such as {self.last}, or latest, within {self.span}",
            ) from None

    def _length(self, text: str) -> float:
        """Seconds that a date, month or year lasts beyond its first instant."""
        text = text.strip()
        if len(text) == len("YYYY-MM-DD"):
            return 86399.0
        year, month = int(text[:4]), int(text[5:7] or 12) if len(text) <= len("YYYY-MM") else 0
        if not month:
            return 0.0
        following = (year + 1, 1) if month == 12 else (year, month + 1)
        start = parse_instant(f"{following[0]:04d}-{following[1]:02d}", self.calendar)
        return start - 1 - parse_instant(text, self.calendar)
