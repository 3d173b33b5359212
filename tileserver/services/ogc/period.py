"""Periods of time in requests: `start/end`, with a step or without, and with a duration for an end.

An end is an instant, a date, a duration such as `P1M` (ISO 8601-1, clause 5.5.2), or open: nothing
or `..`. What begins at an instant and lasts a month ends just before that day of the next; what
lasts a month up to an instant begins just after that day of the last.
"""

from __future__ import annotations

import re

import numpy as np

from tileserver.civil import first_days, months_of
from tileserver.timeaxis import DAY_S, NotAnInstant, format_instants, parse_instant

OPEN = ("", "..")
LONGEST_TEXT = 200
_DURATION = re.compile(
    r"P(?=[\dT])(?:(?P<years>\d{1,4})Y)?(?:(?P<months>\d{1,5})M)?(?:(?P<weeks>\d{1,6})W)?"
    r"(?:(?P<days>\d{1,7})D)?(?:T(?=\d)(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,9})M)?"
    r"(?:(?P<seconds>\d{1,10}(?:[.,]\d{1,6})?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_DATE = re.compile(r"(?P<month>-?\d{4,5}-\d{2}-)(?P<day>\d{2})(?P<clock>.*)", re.ASCII)
_SECONDS = {"weeks": 7 * DAY_S, "days": DAY_S, "hours": 3600, "minutes": 60, "seconds": 1}


def parse_period(text: str, calendar: str = "standard") -> tuple[str | None, str | None]:
    """The first and last instant or date of a period, both of it; None is an open end.

    Raises NotAnInstant for text that is no period.
    """
    parts = [part.strip() for part in text.split("/")] if len(text) <= LONGEST_TEXT else []
    if not 2 <= len(parts) <= 3 or (parts[0] in OPEN and parts[1] in OPEN):
        raise NotAnInstant(text)
    if len(parts) == 3 and parts[2] and not _DURATION.fullmatch(parts[2]):
        raise NotAnInstant(text)
    lengths = [_DURATION.fullmatch(part) for part in parts[:2]]
    start, end = (
        None if part in OPEN or length else fitted(part, calendar)
        for part, length in zip(parts[:2], lengths, strict=True)
    )
    if lengths[0] is not None:
        if end is None:
            raise NotAnInstant(text)
        return _moved(end, lengths[0], -1, calendar), end
    if lengths[1] is not None:
        if start is None:
            raise NotAnInstant(text)
        return start, _moved(start, lengths[1], 1, calendar)
    return start, end


def fitted(text: str, calendar: str) -> str:
    """An instant that the calendar has: of a day that it lacks the last before it in that month,
    since clients count days as people do. Raises NotAnInstant."""
    try:
        parse_instant(text, calendar)
    except NotAnInstant:
        parse_instant(text)  # a day of the usual calendar at least
        match = _DATE.fullmatch(text.strip())
        if match is None:
            raise
        earlier = (
            f"{match['month']}{int(match['day']) - days:02d}{match['clock']}" for days in (1, 2, 3)
        )
        found = next((each for each in earlier if _is_instant(each, calendar)), None)
        if found is None:
            raise
        return found
    return text


def _is_instant(text: str, calendar: str) -> bool:
    try:
        parse_instant(text, calendar)
    except NotAnInstant:
        return False
    return True


def _moved(text: str, length: re.Match[str], direction: int, calendar: str) -> str:
    """The instant so much later or earlier, but for a second: that very instant is not in it."""
    told = {
        name: float((value or "0").replace(",", ".")) for name, value in length.groupdict().items()
    }
    seconds = parse_instant(text, calendar)
    day, clock = divmod(seconds, DAY_S)
    month, day_of_month = months_of(np.array([int(day)]), calendar)
    if told["years"] or told["months"]:
        month = month + direction * int(12 * told["years"] + told["months"])
        lengths = first_days(month + 1, calendar) - first_days(month, calendar)
        day = int(first_days(month, calendar)[0] + min(day_of_month[0], lengths[0]) - 1)
    rest = sum(told[name] * unit for name, unit in _SECONDS.items())
    moved = day * DAY_S + clock + direction * (rest - 1)
    return format_instants(np.array([moved]), calendar)[0]
