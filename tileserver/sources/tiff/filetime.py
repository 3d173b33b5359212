"""Which files a stack has, and the time of each by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import dirname

import numpy as np

from tileserver.errors import CatalogError, shown
from tileserver.sources.storage.store import Store
from tileserver.timeaxis import NotAnInstant, TimeAxis, parse_instant

COMPACT = re.compile(
    r"(?P<year>\d{4})(?:[-_./]?(?P<month>\d{2})(?:[-_./]?(?P<day>\d{2})"
    r"(?:[T_ -]?(?P<hour>\d{2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?Z?)?)?)?",
    re.ASCII,
)
YEAR_DAY = re.compile(r"(?P<year>\d{4})-?(?P<day>\d{3})", re.ASCII)
WILDCARD = r"[*?[]"
FORMATS = "YYYYMMDD, YYYY-MM-DD, YYYYMMDDTHHMMSS, YYYYDDD, YYYYMM, YYYY or ISO 8601"
Time = float | str


async def match_times(
    store: Store, keys: Sequence[str], time_pattern: str
) -> list[tuple[str, str]]:
    """The objects of a stack and their times as ISO 8601 text, the earliest first.

    Args:
        keys: keys, or patterns of such: `*` and `?` stand for any characters of a name, `[ab]`
            for one of several, `**` for any folders too.
        time_pattern: a regular expression, found anywhere in a key, whose group `time` is a time.

    Raises CatalogError that names the pattern, an example and the remedy.
    """
    pattern = _time_pattern(time_pattern)
    names = sorted({name for key in keys for name in await matching(store, key)})
    if not names:
        raise CatalogError(f"url: no object matches {', '.join(map(shown, keys))}")
    timed = [(_time_of(name, pattern), name) for name in names]
    labels = TimeAxis(np.array([seconds for seconds, _ in timed])).labels
    pairs = zip(timed, labels, strict=True)
    return [(name, label) for (_, name), label in sorted(pairs)]


def _time_pattern(text: str) -> re.Pattern[str]:
    example = r"e.g. 'ndvi_(?P<time>\d{8})\.tif'"
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise CatalogError(
            f"time_pattern={shown(text)!r}: not a regular expression ({error}): {example}"
        ) from error
    if "time" not in pattern.groupindex:
        raise CatalogError(f"time_pattern={shown(text)!r}: expected a group (?P<time>…), {example}")
    return pattern


async def matching(store: Store, key: str) -> list[str]:
    """The objects that a pattern stands for. Raises CatalogError where they cannot be listed."""
    wild = re.search(WILDCARD, key)
    if wild is None:
        return [key]
    if store.url.startswith("http"):
        raise CatalogError(
            f"url={shown(key)!r}: http(s) files cannot be listed: name each in urls, with times"
        )
    pattern = re.compile(glob_expression(key))
    entries = await store.entries(dirname(key[: wild.start()]))
    return [entry.key for entry in entries if pattern.fullmatch(entry.key)]


def glob_expression(glob: str) -> str:
    """A pattern of keys as a regular expression, to be matched in full."""
    parts = re.findall(r"\*\*/|\*\*|\*|\?|\[!?[^]/]+\]|.", glob, re.DOTALL)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part) or _literal(part) for part in parts)


def _literal(part: str) -> str:
    if len(part) == 1:
        return re.escape(part)
    inside = part[1:-1].replace("\\", "\\\\")
    return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"


def _time_of(key: str, pattern: re.Pattern[str]) -> float:
    match = pattern.search(key)
    if match is None or match["time"] is None:
        raise CatalogError(
            f"time_pattern={shown(pattern.pattern)!r} finds no time in {shown(key)!r}: change it, "
            "or the url, so that all files have a time"
        )
    try:
        return parse_time(match["time"])
    except CatalogError as error:
        raise CatalogError(
            f"time_pattern={shown(pattern.pattern)!r} in {shown(key)!r}: {error}"
        ) from error


def parse_time(text: str) -> float:
    """Seconds since 1970 of a time as it stands in names of files. Raises CatalogError."""
    try:
        day = YEAR_DAY.fullmatch(text)
        if day is not None:
            return _day_of_year(day["year"], int(day["day"]))
        compact = COMPACT.fullmatch(text)
        return parse_instant(text if compact is None else _iso(compact))
    except NotAnInstant:
        raise CatalogError(f"time={shown(text)!r}: expected {FORMATS}") from None


def _iso(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second = match.groups()
    date = "-".join(part for part in (year, month, day) if part)
    return f"{date}T{hour}:{minute or '00'}:{second or '00'}Z" if hour else date


def _day_of_year(year: str, day: int) -> float:
    seconds = parse_instant(year) + (day - 1) * 86400.0
    if day < 1 or seconds >= parse_instant(f"{int(year) + 1:04d}"):
        raise NotAnInstant(f"{year}{day:03d}")
    return seconds
