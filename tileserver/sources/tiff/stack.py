"""Opening a stack of GeoTIFFs: a few of its files are looked at to know what all have in common."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from posixpath import dirname

import numpy as np

from tileserver.cache import ByteCache
from tileserver.cube import TIME, Cube, Dimension, Raw, Variable
from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.cog import (
    CogFile,
    advice,
    check_name,
    levels_of,
    packings_of,
    variables_of,
)
from tileserver.sources.tiff.description import Description
from tileserver.sources.tiff.filetime import WILDCARD, Time, glob_expression, parse_time
from tileserver.sources.tiff.harmony import Common, common_of
from tileserver.sources.tiff.placement import Frame, Place, frame_of
from tileserver.sources.tiff.raster import fingerprint
from tileserver.sources.tiff.stacked import (
    Member,
    StackSource,
    Step,
    check_crs,
    opened,
    place_of,
    told,
)
from tileserver.sources.watch import (
    AllWatches,
    ListingWatch,
    ObjectsWatch,
    Watch,
    digest,
    of_entries,
)
from tileserver.timeaxis import TimeAxis

# So few files are looked up one by one; more by listing their folder.
FEW = 16
# So many headers are read to see what files have in common.
SAMPLED = 16
SAMPLED_PLACED = 4  # where their places are known
# So many where extents differ, so that each tells its own; several at once.
MOST_PLACED = 1024
AT_ONCE = 32
Files = dict[int, CogFile]


async def open_stack(
    store: Store,
    entries: Sequence[tuple[str, Time]],
    cache: ByteCache[Raw],
    pool: Executor,
    patterns: Sequence[str] = (),
    crs: str | None = None,
) -> StackSource:
    """The cube of files that lie in one store.

    Args:
        crs: what the catalogue says, for files that name none.
        patterns: those of `match_times` that found them, and that may find more.
        entries: key and time of each, in any order: seconds since 1970, or text in one of the
            forms that `match_times` reads. Those that are not there are left out with a warning.
        cache, pool: as for `open_cog`.

    Raises CatalogError for a stack that cannot be served, SourceError where it cannot be read.
    """
    if not entries:
        raise CatalogError("the stack has no files")
    objects = await objects_of(store, [key for key, _ in entries])
    there = [
        (entry, float(time) if isinstance(time, int | float) else parse_time(str(time)))
        for entry, (_, time) in zip(objects, entries, strict=True)
        if entry is not None
    ]
    gone = [key for entry, (key, _) in zip(objects, entries, strict=True) if entry is None]
    if not there:
        raise CatalogError(f"key={gone[0]!r}: no such object")
    warnings = [_told_gone(gone)] if gone else []
    found_entries = [entry for entry, _ in there]
    members = [Member(i, store, e.key, e, crs=crs) for i, e in enumerate(found_entries)]
    stack = Stack(
        steps_of(list(zip(members, (seconds for _, seconds in there), strict=True))),
        fingerprint(sorted(found_entries, key=lambda entry: entry.key)),
        watch_of(store, found_entries, patterns),
        tuple(warnings),
    )
    return await stack.open(cache, pool, check=_check_versions)


def steps_of(members: Sequence[tuple[Member, float]]) -> tuple[Step, ...]:
    """Files with their times as steps, the earliest first; those of one time in the order given."""
    ordered = sorted(members, key=lambda each: each[1])
    groups = [(at, [m for m, _ in each]) for at, each in groupby(ordered, key=lambda m: m[1])]
    labels = TimeAxis(np.array([seconds for seconds, _ in groups])).labels
    return tuple(
        Step(seconds, label, tuple(each))
        for (seconds, each), label in zip(groups, labels, strict=True)
    )


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Files that are to be a source.

    Args:
        version: of what named the files.
        watch: of all files; else those whose headers are read at opening are watched.
    """

    steps: tuple[Step, ...]
    version: str
    watch: Watch | None
    warnings: tuple[str, ...] = ()

    async def open(
        self,
        cache: ByteCache[Raw],
        pool: Executor,
        check: Callable[[Sequence[Step]], None] = lambda _: None,
    ) -> StackSource:
        """The source, after a look at some of its files. Raises CatalogError, SourceError.

        Args:
            check: of the steps, the places of their files known; raises CatalogError.
        """
        key = object()
        pairs = [(step, member) for step in self.steps for member in step.members]
        files, faults = await _read(_sampled(pairs), cache, pool)
        if not files:
            raise faults[0]
        if _extents_differ(pairs, files):
            rest = [pair for pair in pairs if pair[1].place is None and pair[1].number not in files]
            _check_count(len(rest))
            more, more_faults = await _read(rest, cache, pool)
            files, faults = files | more, faults + more_faults
        steps = _placed(self.steps, files)
        check(steps)
        order = [m.number for step in steps for m in step.members if m.number in files]
        first = files[order[0]]
        frame = _frame(steps, files, first)
        steps = _cornered(steps, frame)
        common = _common(steps, files, first, gaps=bool(frame.factors))
        for number, file in files.items():
            cache.put((key, number), file)  # type: ignore[arg-type] # see StackSource._files
        told_faults = [f"a file cannot be read: {fault}" for fault in faults[:3]]
        cube = Cube(
            _variables(first, frame, common, len(steps)),
            {TIME: Dimension(TIME, TimeAxis(np.array([step.seconds for step in steps])))},
            attrs=dict(first.description.tags),
            warnings=(*self.warnings, *advice(first), *_dropped(frame, first), *told_faults),
        )
        version, watch = self.version, self.watch
        if watch is None:
            version, watch = _of_files(version, steps, files)
        return StackSource(
            version, cube, key, steps, first.description.crs, frame, common, cache, pool, watch
        )


Pairs = Sequence[tuple[Step, Member]]


def _sampled(pairs: Pairs) -> list[tuple[Step, Member]]:
    """The first file of each hint, and some spread over all: few where their places are known."""
    hints: dict[object, int] = {}
    for i, (_, member) in enumerate(pairs):
        hints.setdefault(member.hint, i)
    known = all(member.place is not None for _, member in pairs)
    most = min(len(pairs), SAMPLED_PLACED if known else SAMPLED)
    spread = np.linspace(0, len(pairs) - 1, most).round().astype(int).tolist()
    return [pairs[i] for i in sorted({*list(hints.values())[:SAMPLED], *spread})]


async def _read(
    pairs: Pairs, cache: ByteCache[Raw], pool: Executor
) -> tuple[Files, list[SourceError]]:
    """Headers of files, by number, and why others cannot be read."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(step: Step, member: Member) -> CogFile:
        async with slots:
            with told(step, member):
                return await opened(member, cache, pool)

    found = await asyncio.gather(*(one(*pair) for pair in pairs), return_exceptions=True)
    files, faults = {}, []
    for (_, member), each in zip(pairs, found, strict=True):
        if isinstance(each, CogFile):
            files[member.number] = each
        elif isinstance(each, SourceError) and not isinstance(each, SourceUnavailable):
            faults.append(each)
        else:  # a store that does not answer may do so in a moment
            raise each
    return files, faults


def _extents_differ(pairs: Pairs, files: Files) -> bool:
    several = any(len(step.members) > 1 for step, _ in pairs)
    places = {(place_of(file).transform, place_of(file).shape) for file in files.values()}
    return several or len(places) > 1


def _check_count(files: int) -> None:
    if files > MOST_PLACED:
        raise CatalogError(
            f"the files differ in their extents, and so many more ({files}) are not looked at: "
            "warp them to one extent with gdalwarp -te …, or register STAC items with "
            "proj:transform and proj:shape"
        )


def _placed(steps: Sequence[Step], files: Files) -> tuple[Step, ...]:
    """The steps, with the places of files whose headers were read."""

    def placed(member: Member) -> Member:
        file = files.get(member.number)
        return member if file is None else replace(member, place=place_of(file))

    return tuple(replace(step, members=tuple(map(placed, step.members))) for step in steps)


def _cornered(steps: Sequence[Step], frame: Frame) -> tuple[Step, ...]:
    """The steps, with the corners of files whose place is known."""

    def cornered(member: Member) -> Member:
        return (
            member if member.place is None else replace(member, corner=frame.corner(member.place))
        )

    return tuple(replace(step, members=tuple(map(cornered, step.members))) for step in steps)


def _check_versions(steps: Sequence[Step]) -> None:
    """Two files of one time and place are rather two kinds of file."""
    for step in steps:
        seen: dict[Place, Member] = {}
        for member in step.members:
            if member.place is not None:
                other = seen.setdefault(member.place, member)
                if other is not member:
                    raise CatalogError(
                        f"time={step.label}: {other.key!r} and {member.key!r} have the same time "
                        "and place: narrow the pattern to one of them"
                    )


def _frame(steps: Sequence[Step], files: Files, first: CogFile) -> Frame:
    places = []
    for step in steps:
        for member in step.members:
            with _misfit(member):
                if member.number in files:
                    check_crs(files[member.number], first.description.crs)
                if member.place is not None:
                    member.place.corner_in(place_of(first))
                    places.append(member.place)
    return frame_of(first.raster.levels, [file.raster.levels for file in files.values()], places)


def _common(steps: Sequence[Step], files: Files, first: CogFile, *, gaps: bool) -> Common:
    alike = {first.description.signature: first.description}
    for step in steps:
        for member in step.members:
            own = files[member.number].description if member.number in files else None
            if own is not None and own.signature not in alike:
                with _misfit(member):
                    _common_of([first.description, own], gaps=gaps)
                alike[own.signature] = own
    return _common_of(list(alike.values()), gaps=gaps)


def _common_of(descriptions: Sequence[Description], *, gaps: bool) -> Common:
    try:
        return common_of(descriptions, [packings_of(each) for each in descriptions], gaps=gaps)
    except SourceError as error:
        raise CatalogError(str(error)) from error


@contextmanager
def _misfit(member: Member) -> Iterator[None]:
    """Errors with the name of the file that does not fit."""
    try:
        yield
    except (SourceError, CatalogError) as error:
        raise CatalogError(f"key={member.key!r}: {error}") from error


def _variables(first: CogFile, frame: Frame, common: Common, steps: int) -> dict[str, Variable]:
    leading = [(TIME, steps)]
    # The statistics of one file say nothing of the others.
    bands = tuple(replace(band, limits=None) for band in first.description.bands)
    first = replace(first, description=replace(first.description, bands=bands))
    levels = levels_of(frame.levels, first.description, leading)
    named = variables_of(first, leading)
    return {
        name: replace(each, dtype=common.dtype, packing=packing, levels=levels)
        for (name, each), packing in zip(named.items(), common.packings, strict=True)
    }


def _dropped(frame: Frame, first: CogFile) -> tuple[str, ...]:
    """What is said of overviews that cannot be used."""
    lost = len(first.raster.levels) - len(frame.levels)
    if not lost:
        return ()
    why = (
        "their extents are no whole number of its cells apart" if frame.factors else "some lack it"
    )
    return (
        f"{lost} of the files' overviews cannot be used, as {why}: warp all to one extent with "
        "gdalwarp -te … -of COG",
    )


def _of_files(version: str, steps: Sequence[Step], files: Files) -> tuple[str, Watch]:
    """The version and watch of a stack by the files whose headers were read."""
    stamps: dict[Store, dict[str, str]] = {}
    for step in steps:
        for member in step.members:
            if member.number in files:
                stamp = files[member.number].entry.stamp
                stamps.setdefault(member.store, {})[member.key] = stamp
    watches = [ObjectsWatch(store, known) for store, known in stamps.items()]
    return digest([version, *(watch.fingerprint for watch in watches)]), AllWatches(watches)


def _told_gone(keys: Sequence[str]) -> str:
    shown = ", ".join(map(repr, keys[:3])) + (", …" if len(keys) > 3 else "")
    return f"{len(keys)} of the files are not there and are left out: {shown}"


def watch_of(store: Store, entries: Sequence[Entry], patterns: Sequence[str]) -> Watch:
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


async def objects_of(store: Store, keys: Sequence[str]) -> list[Entry | None]:
    """The objects of the keys; those of a big stack by listing their folder, where that works."""
    for key in keys:
        check_name(key)
    if len(keys) > FEW and not store.url.startswith("http"):
        listed = {entry.key: entry for entry in await store.entries(_folder(keys))}
        return [listed.get(key) for key in keys]
    return list(await asyncio.gather(*map(store.head, keys)))


def _folder(keys: Sequence[str]) -> str:
    """The deepest folder that holds all keys, "" for the root."""
    folder = dirname(keys[0])
    while folder and not all(key.startswith(f"{folder}/") for key in keys):
        folder = dirname(folder)
    return folder
