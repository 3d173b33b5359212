"""Which files belong together, as their names differ by a time alone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tileserver.errors import CatalogError
from tileserver.sources.tiff.filetime import parse_time
from tileserver.timeaxis import parse_instant

DATE = r"\d{4}-\d{2}-\d{2}|\d{4}/\d{2}/\d{2}|\d{4}_\d{2}_\d{2}|\d{8}"
CLOCK = r"[T_]\d{2}:?\d{2}:?\d{2}Z?|[T_]\d{4}Z?|\d{6}"
# The most telling first: a day, a day of the year, a month, a year.
TIMES = [
    re.compile(rf"(?<!\d)(?:{text})(?!\d)", re.ASCII)
    for text in (rf"(?:{DATE})(?:{CLOCK})?", r"\d{7}", r"\d{4}[-_/]\d{2}|\d{6}", r"\d{4}")
]
EARLIEST, LATEST = parse_instant("1850"), parse_instant("2300")
WILDCARDS = re.compile(r"[*?\[\]]")
DIGIT = "[0-9]"
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Series:
    """Files with one name but for their times; or a single one.

    Args:
        glob: exactly them, as a catalogue's url.
        time_pattern: None of a single file.
        name: what they have in common.
    """

    glob: str
    time_pattern: str | None
    name: str


def series_of(keys: Iterable[str]) -> list[Series]:
    """Files, by their keys, as series: several times of one name are one."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if not WILDCARDS.search(key):  # which a url with such a name would not mean
            groups[_likeness(key)].append(key)
    parted = (part for members in groups.values() for part in _by_folder(members))
    return [
        _series(members) if len(members) > 1 else Series(members[0], None, _stem(members[0]))
        for members in parted
    ]


def _by_folder(members: list[str]) -> list[list[str]]:
    """All as one, unless a time is there twice: then numbers of folders mean something else."""
    times = {key[slice(*_times(key)[0])] for key in members if _times(key)}
    if len(times) == len(members) or len(members) == 1:
        return [members]
    folders: dict[str, list[str]] = defaultdict(list)
    for key in members:
        folders[key.rpartition("/")[0]].append(key)
    return list(folders.values())


def _times(key: str) -> list[Span]:
    """Where times stand in a key: in its name, else across folders and name."""
    name = key.rfind("/") + 1
    for start in (name, 0) if name else (0,):
        for pattern in TIMES:
            spans = [m.span() for m in pattern.finditer(key, start) if _is_time(m[0])]
            if spans:
                return spans
    return []


def _is_time(text: str) -> bool:
    try:
        return EARLIEST <= parse_time(text) < LATEST
    except CatalogError:
        return False


def _likeness(key: str) -> str:
    """What the files of a series share: the key without the digits of its times, and of folders
    that are named by numbers, such as years and months. Files without a time are alone."""
    spans = _times(key)
    if not spans:
        return key
    free = _places([*spans, *_numbered(key)])
    return "".join("\0" if n in free and c.isdecimal() else c for n, c in enumerate(key))


def _numbered(key: str) -> list[Span]:
    """Where folders are named by numbers alone."""
    return [match.span() for match in re.finditer(r"(?:(?<=/)|^)[0-9]+(?=/)", key)]


def _places(spans: Iterable[Span]) -> set[int]:
    return {n for start, end in spans for n in range(start, end)}


def _series(members: list[str]) -> Series:
    """Digits of times stand for any, and those of folders that differ or are years and below."""
    first = members[0]
    differing = {n for n, letters in enumerate(zip(*members, strict=True)) if len({*letters}) > 1}
    spans = _times(first)
    start, end = spans[0]
    others, is_dated = [], False
    for each in _numbered(first):
        is_dated = is_dated or first[slice(*each)] == first[start : start + 4]
        if is_dated or not differing.isdisjoint(range(*each)):
            others.append(each)
    free = _places([*spans, *others])
    glob = "".join(DIGIT if n in free and c.isdecimal() else c for n, c in enumerate(first))
    time = _expression(first[start:end], set(range(end - start)))
    # The time's own neighbours tell it from other numbers.
    before, after = first[:start].rpartition("/")[2], first[end:].partition("/")[0]
    tail = _expression(after, _places((a - end, b - end) for a, b in spans[1:]))
    pattern = f"{re.escape(before)}(?P<time>{time}){tail}"
    return Series(glob, pattern, _stem(_without(first, spans)))


def _expression(text: str, free: set[int]) -> str:
    """A text as a regular expression, with any digits where others stand at some places."""
    marked = "".join("\0" if n in free and c.isdecimal() else c for n, c in enumerate(text))
    return re.sub(
        "\0+", lambda run: rf"\d{{{len(run[0])}}}", re.escape(marked).replace("\\\0", "\0")
    )


def _without(key: str, spans: Sequence[Span]) -> str:
    for start, end in reversed(spans):
        key = key[:start] + key[end:]
    return key


def _stem(key: str) -> str:
    """A key without its ending, and without folders that are named by numbers."""
    *folders, name = key.split("/")
    stem = name.rpartition(".")[0] if "." in name else name
    return "/".join([*(each for each in folders if not each.isdecimal()), stem]).strip("/")
