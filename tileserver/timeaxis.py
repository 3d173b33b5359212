"""Instants on a time axis of any CF calendar: parsing, snapping, ISO 8601 text.

An axis counts seconds in its own calendar since 1970-01-01T00:00:00 of that calendar, so that
distances between instants are right in a 360-day year too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from tileserver.civil import GREGORIAN, REFORM_DAY, day_of, first_days, months_of
from tileserver.errors import InvalidParameter

Method = Literal["nearest", "exact"]

EPOCH_UNITS = "seconds since 1970-01-01T00:00:00"
DAY_S = 86_400
REFORM_S = float(REFORM_DAY * DAY_S)
LONGEST_TEXT = 64
NO_YEAR = "0000"  # alone it is rather what stands where a date is not known
WHOLE_S = 0.5  # how near two instants are the same, where steps are not nearer than that

_INSTANT = re.compile(
    r"(?P<year>-?\d{4}|\d{5})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})"
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
    if len(text) > LONGEST_TEXT or match is None or text == NO_YEAR:
        raise NotAnInstant(text)
    part = match.groupdict()
    year, month, day, hour, minute, second = (int(part[k] or d) for k, d in _DEFAULTS)
    if hour > 23 or minute > 59 or second > 59:
        raise NotAnInstant(text)
    try:
        days = day_of(year, month, day, calendar)
    except ValueError:
        raise NotAnInstant(text) from None
    seconds = float(days * DAY_S + hour * 3600 + minute * 60 + second)
    return seconds + float(f"0.{part['fraction'] or 0}") - _zone_seconds(part["zone"])


_DEFAULTS = (("year", 0), ("month", 1), ("day", 1), ("hour", 0), ("minute", 0), ("second", 0))


def _zone_seconds(zone: str | None) -> float:
    if zone is None or zone in "Zz":
        return 0.0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return minutes * (-60.0 if zone[0] == "-" else 60.0)


def format_instants(
    seconds: npt.NDArray[np.float64], calendar: str, *, digits: int = 0
) -> list[str]:
    """`YYYY-MM-DDTHH:MM:SSZ` of seconds since 1970 (n,), to the nearest second or decimal digit."""
    parts = np.rint(seconds * 10**digits).astype(np.int64)
    if calendar in GREGORIAN and (seconds >= REFORM_S).all():
        unit = {0: "s", 3: "ms", 6: "us"}[digits]
        return [f"{text}Z" for text in np.datetime_as_string(parts.astype(f"M8[{unit}]")).tolist()]
    whole, fraction = np.divmod(parts, 10**digits)
    days, clock = np.divmod(whole, DAY_S)
    months, day = months_of(days, calendar)
    fields = (months // 12, months % 12 + 1, day, clock, fraction)
    return [
        f"{y:0{4 + (y < 0)}d}-{m:02d}-{d:02d}T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}"
        f"{f'.{f:0{digits}d}' if digits else ''}Z"
        for y, m, d, s, f in zip(*(each.tolist() for each in fields), strict=True)
    ]


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """The instants of a cube's time dimension.

    Args:
        seconds: (n,) seconds since 1970 in the calendar, in the order of the store; NaN for a
            step without a time, which can then not be asked for.
        calendar: a CF calendar name.
        climatological: whether the steps are those of a typical year, that no one is in.
    """

    seconds: npt.NDArray[np.float64]
    calendar: str = "standard"
    climatological: bool = False

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The steps that have a time, from the earliest to the latest, each instant once: of
        several with the same the first in the store."""
        _, first = np.unique(self.seconds, return_index=True)
        return first[np.isfinite(self.seconds[first])]

    @cached_property
    def _sorted(self) -> npt.NDArray[np.float64]:
        return self.seconds[self.order]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """ISO 8601 text of each step in the order of the store, "" for one without a time."""
        known = np.isfinite(self.seconds)
        texts = iter(format_instants(self.seconds[known], self.calendar, digits=self._digits))
        return tuple(next(texts) if there else "" for there in known)

    def label(self, step: int) -> str:
        """The text of one step, without making those of all."""
        return self.texts(np.array([step]))[0]

    def texts(self, steps: npt.NDArray[np.intp]) -> list[str]:
        """The texts of steps that have a time."""
        seconds = self.seconds[steps]
        if not np.isfinite(seconds).all():
            return [self.labels[step] for step in steps]
        return format_instants(seconds, self.calendar, digits=self._digits)

    def months(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Of each instant, in order of time, its month and the seconds since that began (n,)."""
        days = np.floor(self._sorted / DAY_S)
        months, day = months_of(days.astype(np.int64), self.calendar)
        return months, self._sorted - (days - day + 1) * DAY_S

    @property
    def size(self) -> int:
        """The number of steps that can be asked for."""
        return len(self.order)

    @property
    def first(self) -> str:
        """The earliest instant."""
        return self.label(int(self.order[0]))

    @property
    def last(self) -> str:
        """The latest instant."""
        return self.label(int(self.order[-1]))

    @property
    def default(self) -> int:
        """The step taken where none is asked for: the latest, of a typical year the first."""
        return int(self.order[0 if self.climatological else -1])

    @cached_property
    def _digits(self) -> int:
        """How many digits of a second it takes to tell the steps apart."""
        closest = float(np.diff(self._sorted).min()) if self.size > 1 else 1.0
        return 0 if closest >= WHOLE_S else 3 if closest >= WHOLE_S / 1000 else 6

    @property
    def _same_s(self) -> float:
        return float(WHOLE_S / 10**self._digits)

    @cached_property
    def _margin(self) -> float:
        """How far beyond its ends the axis still answers: one typical step, or a day."""
        return float(np.median(np.diff(self._sorted))) if self.size > 1 else float(DAY_S)

    def find(self, text: str, *, method: Method = "nearest", name: str = "time") -> int:
        """The step (index in the store) for an instant, a date, `latest` or `default`.

        Raises InvalidParameter for text that is no instant, for an instant more than a step
        beyond the axis, and with method="exact" for one that is not a step.
        """
        if self.size == 0:
            raise InvalidParameter(name, text, "the dataset has no valid times")
        if text == "default":
            return self.default
        if text in ("latest", "current"):
            return int(self.order[-1])
        seconds = self._parse(text, name)
        after = int(np.searchsorted(self._sorted, seconds))
        near = [i for i in (after - 1, after) if 0 <= i < self.size]
        best = min(near, key=lambda i: abs(self._sorted[i] - seconds))
        distance = abs(float(self._sorted[best]) - seconds)
        if method == "exact" and distance >= self._same_s:
            nearest = self.label(int(self.order[best]))
            raise InvalidParameter(name, text, f"not a step of the axis; the nearest is {nearest}")
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
        return self.order[
            (self._sorted >= low - self._same_s) & (self._sorted <= high + self._same_s)
        ]

    @property
    def span(self) -> str:
        """The range in words, for messages."""
        return f"{self.first} to {self.last}"

    def is_step(self, text: str, step: int) -> bool:
        """Whether the text names the step's own instant rather than one near it."""
        if text in ("latest", "current", "default"):
            return True
        return abs(self._parse(text, "time") - float(self.seconds[step])) < self._same_s

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
        match = _INSTANT.fullmatch(text.strip())
        if match is None or match["hour"]:
            return 0.0
        if match["day"]:
            return DAY_S - 1.0
        months = 12 * int(match["year"]) + int(match["month"] or 12)
        following = first_days(np.array([months]), self.calendar)
        return float(following[0]) * DAY_S - 1 - parse_instant(text, self.calendar)
