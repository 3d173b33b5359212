"""Coordinates that OGC API requests ask for: `datetime` and `subset` (OGC 20-057, clause 13).

A tile shows one coordinate of each dimension. A point means the nearest one, as everywhere here; of
an interval the latest time within is taken, and of other dimensions the default if it is within,
else the first. Where nothing lies within, the tile has no content.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tileserver.cube import TIME, Dimension
from tileserver.errors import InvalidParameter
from tileserver.services.ogc.dimension import choose
from tileserver.timeaxis import NotAnInstant, TimeAxis, parse_instant

DATETIME = "datetime"  # any layer's time, whatever its dimension is called
LONGEST_SUBSET = 1024
LATEST = "latest"
OPEN = ("", "..")
# What a request may name, as an instant may in any calendar: days to 31, or months of 30 days.
CALENDARS = ("standard", "360_day")

_POINT = r'\s*("[^"]*"|[^\s"(),:]+)\s*'
_AXIS = re.compile(rf"\s*([^\s\"(),:]+)\s*\({_POINT}(?::{_POINT})?\)\s*(?:,(?=.)|$)")
_REMEDY = (
    'expected axis(point) or axis(low:high), times in quotes, e.g. depth(10),time("2024-07-01")'
)


@dataclass(frozen=True, slots=True)
class Interval:
    """All from start to end; None is an open end. Of a point both are the same text."""

    start: str | None
    end: str | None
    is_point: bool = False

    @classmethod
    def at(cls, text: str) -> Interval:
        """A point."""
        return cls(text, text, is_point=True)


def parse_datetime(text: str) -> Interval:
    """An instant, or an interval `start/end` whose ends may be open. Raises InvalidParameter."""
    ends = [None if part in OPEN else part for part in text.split("/", 2)]
    first, last = ends[0], ends[-1]
    if len(ends) > 2 or first is last is None or not all(map(_is_time, ends)):
        remedy = "expected a time (RFC 3339), latest, or an interval such as 2024-07-01/.."
        raise InvalidParameter(DATETIME, text, remedy)
    return Interval(first, last, is_point=len(ends) == 1)


def _is_time(text: str | None) -> bool:
    return text in (None, LATEST) or any(_instant(text or "", each) for each in CALENDARS)


def _instant(text: str, calendar: str) -> bool:
    try:
        parse_instant(text, calendar)
    except NotAnInstant:
        return False
    return True


def parse_subset(text: str) -> dict[str, Interval]:
    """Intervals by the names of axes, of `axis(point),axis(low:high)`. Raises InvalidParameter."""
    found: dict[str, Interval] = {}
    place = 0
    while place < len(text):
        match = _AXIS.match(text, place) if len(text) <= LONGEST_SUBSET else None
        if match is None or match[1] in found:
            raise InvalidParameter("subset", text, _REMEDY)
        low, high = (
            None if end == "*" else end.strip('"') for end in (match[2], match[3] or match[2])
        )
        found[match[1]] = Interval(low, high, is_point=match[3] is None and low is not None)
        place = match.end()
    return found


def by_dimension(
    dimensions: Sequence[Dimension], subset: Mapping[str, Interval], time: Interval | None
) -> dict[str, Interval]:
    """Intervals by the names of dimensions; a `datetime` matches a layer without times.

    Raises InvalidParameter for an axis that there is not, or that is asked for twice.
    """
    known = {dimension.name: dimension.name for dimension in dimensions}
    times = [dimension.name for dimension in dimensions if dimension.kind == "time"]
    if times:  # the first is the one called time, if any is
        known |= {DATETIME: times[0], TIME: times[0]}
    found: dict[str, Interval] = {}
    if time is not None and times:
        found[times[0]] = time
    for axis, interval in subset.items():
        name = known.get(axis)
        if name is None or name in found:
            remedy = "asked for twice" if name else f"expected one of {', '.join(known) or 'none'}"
            raise InvalidParameter("subset", axis, remedy)
        found[name] = interval
    return found


def coordinate(dimension: Dimension, interval: Interval) -> str | None:
    """What to ask the dimension for; None where it has nothing there.

    Raises InvalidParameter.
    """
    if interval.is_point and interval.start is not None:
        return interval.start if _has(dimension, interval.start) else None
    if isinstance(dimension.values, TimeAxis):
        return _latest_within(dimension.values, interval)
    if isinstance(dimension.values, np.ndarray):
        return _number_within(dimension, dimension.values, interval)
    raise InvalidParameter(dimension.name, f"{interval.start}:{interval.end}", "expected one value")


def _has(dimension: Dimension, point: str) -> bool:
    """Whether the dimension has the point, or one near it; False for one beyond it."""
    try:
        choose(dimension, point)
    except InvalidParameter:
        axis = dimension.values
        if isinstance(axis, TimeAxis):
            if _instant(point, axis.calendar):
                return False
            raise InvalidParameter(DATETIME, point, f"expected a time within {axis.span}") from None
        if isinstance(axis, np.ndarray) and math.isfinite(_number(dimension, point)):
            return False
        raise
    return True


def _latest_within(axis: TimeAxis, interval: Interval) -> str | None:
    try:
        steps = axis.between(interval.start, interval.end)
    except InvalidParameter as error:
        text = f"{interval.start or '..'}/{interval.end or '..'}"
        remedy = f"expected times, the first not after the last, e.g. {axis.first}/{axis.last}"
        raise InvalidParameter(DATETIME, text, remedy) from error
    return axis.label(int(steps[-1])) if len(steps) else None


def _number_within(
    dimension: Dimension, values: np.ndarray[tuple[int], np.dtype[np.float64]], interval: Interval
) -> str | None:
    low = -math.inf if interval.start is None else _number(dimension, interval.start)
    high = math.inf if interval.end is None else _number(dimension, interval.end)
    within = np.flatnonzero((values >= low) & (values <= high) & np.isfinite(values))
    if not len(within):
        return None
    default = dimension.default()
    return dimension.label(default if default in within else int(within[0]))


def _number(dimension: Dimension, text: str) -> float:
    try:
        found = float(text) if text.isascii() else math.nan
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise InvalidParameter(dimension.name, text, "expected a number")
    return found
