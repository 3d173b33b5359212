"""A stack of GeoTIFFs, one for each time, as a cube with a time axis."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from posixpath import dirname
from typing import cast

import numpy as np

from tileserver.cache import ByteCache
from tileserver.cube import TIME, Cube, Dimension, Raw
from tileserver.errors import CatalogError, SourceError, shown
from tileserver.grid import parse_crs
from tileserver.plan import ReadPlan
from tileserver.sources.chunk import held_window, read_window
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.cog import CogFile, Layer, advice, found, open_file, variables_of
from tileserver.sources.tiff.raster import fingerprint
from tileserver.sources.watch import ListingWatch, ObjectsWatch, Watch, of_entries
from tileserver.timeaxis import NotAnInstant, TimeAxis, parse_instant

# So few files are looked up one by one; more by listing their folder.
FEW = 16
# Grids are the same while no cell strays by more than this part of one.
SAME_GRID_CELLS = 0.01
COMPACT = re.compile(
    r"(?P<year>\d{4})(?:[-_./]?(?P<month>\d{2})(?:[-_./]?(?P<day>\d{2})"
    r"(?:[T_ -]?(?P<hour>\d{2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?Z?)?)?)?",
    re.ASCII,
)
YEAR_DAY = re.compile(r"(?P<year>\d{4})-?(?P<day>\d{3})", re.ASCII)
WILDCARD = r"[*?[]"
FORMATS = "YYYYMMDD, YYYY-MM-DD, YYYYMMDDTHHMMSS, YYYYDDD, YYYYMM, YYYY or ISO 8601"
Time = float | str


@dataclass(frozen=True, slots=True)
class Step:
    """One file of a stack: its object, seconds since 1970 and ISO 8601 text."""

    entry: Entry
    seconds: float
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class StackSource:
    """Files of one grid and the same bands, in the order of their times, as a Source.

    The first was opened with the stack, the others are when they are first read.
    """

    version: str
    cube: Cube
    store: Store
    steps: tuple[Step, ...]
    first: CogFile
    cache: ByteCache[Raw]
    pool: Executor
    watch: Watch

    def held(self, plan: ReadPlan) -> Raw | None:
        """Stored numbers of a window of one time, if its file is open and all of it is held."""
        times, *window = plan.window
        single = times.stop - times.start == 1
        file = self._files.held((self, times.start)) if single else None
        if file is None:
            return None
        block = held_window(self._layer(file, plan.variable, plan.level), window)
        return None if block is None else block[np.newaxis]

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers (times, rows, cols) of the window; files are read together.

        Raises SourceError that names the time of a file that cannot be read or does not fit.
        """
        times, *window = plan.window
        if times.stop - times.start == 1:
            return (await self._read(times.start, plan, window))[np.newaxis]
        out: Raw = np.empty(plan.shape, self.cube.variables[plan.variable].dtype)

        async def fill(step: int) -> None:
            out[step - times.start] = await self._read(step, plan, window)

        tasks = [asyncio.ensure_future(fill(step)) for step in range(times.start, times.stop)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return out

    @property
    def _files(self) -> ByteCache[CogFile]:
        """What the headers of files say is kept with their chunks, by one budget."""
        return cast("ByteCache[CogFile]", self.cache)

    def _layer(self, file: CogFile, variable: str, level: int) -> Layer:
        """A band of one of the files, at the level that the first file has."""
        shape = self.first.raster.levels[level].shape
        own = next(i for i, each in enumerate(file.raster.levels) if each.shape == shape)
        return file.layer(own, list(self.cube.variables).index(variable))

    async def _read(self, number: int, plan: ReadPlan, window: Sequence[slice]) -> Raw:
        step = self.steps[number]
        try:
            file = await self._files.get((self, number), lambda: self._open(step))
            return await read_window(self._layer(file, plan.variable, plan.level), window)
        except SourceError as error:
            raise type(error)(f"time={step.label}: {error}") from error
        except CatalogError as error:
            raise SourceError(f"time={step.label}: {error}") from error

    async def _open(self, step: Step) -> CogFile:
        if step is self.steps[0]:
            return self.first
        file = await open_file(self.store, step.entry, self.cache, self.pool)
        check_fits(file, self.first)
        return file


async def open_stack(
    store: Store,
    entries: Sequence[tuple[str, Time]],
    cache: ByteCache[Raw],
    pool: Executor,
    patterns: Sequence[str] = (),
) -> StackSource:
    """The cube of files that lie in one store.

    Args:
        patterns: those of `match_times` that found them, and that may find more.
        entries: key and time of each, in any order: seconds since 1970, or text in one of the
            forms that `match_times` reads.
        cache, pool: as for `open_cog`.

    Raises CatalogError for a stack that cannot be served, SourceError where it cannot be read.
    """
    steps = await _steps(store, entries)
    try:
        first = await open_file(store, steps[0].entry, cache, pool)
    except (CatalogError, SourceError) as error:
        raise type(error)(f"time={steps[0].label}: {error}") from error
    axis = TimeAxis(np.array([step.seconds for step in steps]))
    cube = Cube(
        variables_of(first, [(TIME, len(steps))]),
        {TIME: Dimension(TIME, axis)},
        attrs=dict(first.description.tags),
        warnings=advice(first),
    )
    objects = [step.entry for step in steps]
    watch = _watch(store, objects, patterns)
    return StackSource(fingerprint(objects), cube, store, steps, first, cache, pool, watch)


def _watch(store: Store, entries: Sequence[Entry], patterns: Sequence[str]) -> Watch:
    """By listing the folder, as new files are seen only so; a few files that are named one by one,
    and those of servers that list nothing."""
    named = not any(re.search(WILDCARD, key) for key in patterns)
    if named and (len(entries) <= FEW or store.url.startswith("http")):
        return ObjectsWatch(store, {entry.key: entry.stamp for entry in entries})
    if named:
        keys = [entry.key for entry in entries]
        return ListingWatch(store, _folder(keys), of_entries(entries), set(keys).__contains__)
    folder = _folder([re.split(WILDCARD, key)[0] for key in patterns])
    pattern = re.compile("|".join(map(glob_expression, patterns)))
    return ListingWatch(store, folder, of_entries(entries), pattern.fullmatch)


async def _steps(store: Store, entries: Sequence[tuple[str, Time]]) -> tuple[Step, ...]:
    if not entries:
        raise CatalogError("the stack has no files")
    times = [
        float(time) if isinstance(time, int | float) else parse_time(str(time))
        for _, time in entries
    ]
    labels = TimeAxis(np.array(times)).labels
    label, count = Counter(labels).most_common(1)[0]
    if count > 1:
        same = [key for (key, _), each in zip(entries, labels, strict=True) if each == label]
        raise CatalogError(
            f"time={label}: {same[0]!r} and {same[1]!r} have the same time: narrow the pattern to "
            "one file a time"
        )
    objects = await _objects(store, [key for key, _ in entries])
    steps = map(Step, objects, times, labels)
    return tuple(sorted(steps, key=lambda step: step.seconds))


async def _objects(store: Store, keys: Sequence[str]) -> list[Entry]:
    """The objects of the keys; those of a big stack by listing their folder, where that works."""
    if len(keys) > FEW and not store.url.startswith("http"):
        listed = {entry.key: entry for entry in await store.entries(_folder(keys))}
        missing = [key for key in keys if key not in listed]
        if not missing:
            return [listed[key] for key in keys]
        raise CatalogError(f"key={missing[0]!r}: no such object")
    return list(await asyncio.gather(*(found(store, key) for key in keys)))


def _folder(keys: Sequence[str]) -> str:
    """The deepest folder that holds all keys, "" for the root."""
    folder = dirname(keys[0])
    while folder and not all(key.startswith(f"{folder}/") for key in keys):
        folder = dirname(folder)
    return folder


def check_fits(file: CogFile, first: CogFile) -> None:
    """Raise SourceError where a file differs from the first of its stack, saying in what."""
    mine, other = file.description, first.description
    if mine.crs != other.crs and not parse_crs(mine.crs).equals(parse_crs(other.crs)):
        raise SourceError("its CRS differs from the stack's: warp it with gdalwarp -t_srs")
    sizes = [level.shape for level in file.raster.levels]
    shape = first.raster.levels[0].shape
    if sizes[0] != shape or _stray(file, first) > SAME_GRID_CELLS:
        raise SourceError(
            f"its grid ({sizes[0][0]} × {sizes[0][1]} cells) differs from the stack's ({shape[0]} "
            f"× {shape[1]}): warp it with gdalwarp -te … -ts {shape[1]} {shape[0]}"
        )
    for level in first.raster.levels:
        if level.shape not in sizes:
            raise SourceError(
                f"it lacks the overview of {level.shape[0]} × {level.shape[1]} cells that the "
                "stack has: add it with gdaladdo"
            )
    if mine.signature != other.signature:
        raise SourceError(
            "its bands (number, type, scale, offset, nodata or mask) differ from the stack's: "
            "write it alike, e.g. with gdal_translate -ot … -a_nodata …"
        )


def _stray(file: CogFile, first: CogFile) -> float:
    """How far the corners of two grids of one shape lie apart, in cells."""
    level, other = file.raster.levels[0], first.raster.levels[0]
    a, b = level.transform, other.transform
    rows, cols = level.shape
    return max(
        abs(a.c - b.c) / abs(b.a),
        abs(a.f - b.f) / abs(b.e),
        abs(a.c + cols * a.a - b.c - cols * b.a) / abs(b.a),
        abs(a.f + rows * a.e - b.f - rows * b.e) / abs(b.e),
    )


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
    names = sorted({name for key in keys for name in await _matching(store, key)})
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


async def _matching(store: Store, key: str) -> list[str]:
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
