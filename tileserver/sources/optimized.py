"""A source and the copies of it that are laid out for other ways of reading, as one.

levels of the source              of the source
levels that come after them       of the overviews
the finest level along time       of the time series' segments, beyond the last of the source
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from tileserver.cache import ByteCache
from tileserver.cube import TIME, Cube, Level, Raw, Reduction, Variable
from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.plan import ReadPlan
from tileserver.sources.manifest import NAME, Manifest, Overviews, Reduced, TimeSeries, state_of
from tileserver.sources.source import Source
from tileserver.sources.storage.store import Store
from tileserver.sources.watch import AllWatches, Watch, digest
from tileserver.sources.zarr.cube import Opening, open_zarr
from tileserver.sources.zarr.shardindex import learn_shards

REMEDY = "run tileserver optimize anew"
LARGEST_MANIFEST = 64 << 20
SELDOM = 10
Find = Callable[[str], Store | None]  # the store of a folder beside the manifest, if it is there


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some steps of the time series, from start to stop, and the source that has them."""

    source: Source
    start: int
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class OptimizedSource:
    """A source with copies.

    Args:
        overviews: the variables of the copies, by id: their source, and their id there.
        series: in order of time.
    """

    version: str
    cube: Cube
    watch: Watch
    source: Source
    overviews: Mapping[str, tuple[Source, str]]
    series: Sequence[Part] = ()

    def held(self, plan: ReadPlan) -> Raw | None:
        """The same as `read`, if all of it is held."""
        blocks = []
        for source, own in self._runs(plan):
            block = source.held(own)
            if block is None:
                return None
            blocks.append(block)
        return self._joined(plan, blocks)

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers of the window. Raises SourceError."""
        runs = self._runs(plan)
        if len(runs) == 1:
            return await runs[0][0].read(runs[0][1])
        blocks = await asyncio.gather(*(source.read(own) for source, own in runs))
        return self._joined(plan, blocks)

    def _runs(self, plan: ReadPlan) -> list[tuple[Source, ReadPlan]]:
        """What to read of which source; of several in order of the steps."""
        own = len(self.source.cube.variables[plan.variable].levels)
        if plan.level < own:
            return [(self.source, plan)]
        if plan.level < len(self.cube.variables[plan.variable].levels):
            source, name = self.overviews[plan.variable]
            return [(source, replace(plan, variable=name, level=plan.level - own))]
        return self._series_runs(plan)

    def _series_runs(self, plan: ReadPlan) -> list[tuple[Source, ReadPlan]]:
        axis = self.cube.variables[plan.variable].dims.index(TIME)
        wanted = plan.window[axis]
        end = self.series[-1].stop
        rest = Part(self.source, end, max(end, wanted.stop))
        runs = []
        for part in (*self.series, rest):
            start, stop = max(wanted.start, part.start), min(wanted.stop, part.stop)
            if start < stop:
                first = 0 if part is rest else part.start
                window = list(plan.window)
                window[axis] = slice(start - first, stop - first)
                runs.append((part.source, replace(plan, level=0, window=tuple(window))))
        return runs

    def _joined(self, plan: ReadPlan, blocks: Sequence[Raw]) -> Raw:
        if len(blocks) == 1:
            return blocks[0]
        axis = self.cube.variables[plan.variable].dims.index(TIME)
        return np.concatenate(blocks, axis=axis)


@dataclass(slots=True, eq=False)
class ManifestWatch:
    """Looks whether a manifest is the one that was read, or still is not there.

    Where there was none, seldom: most datasets never have one, and who has made one may ask for
    the dataset to be opened anew.

    Args:
        stamp: of its `Entry`; "" where there was none.
        looks: that were wanted so far.
    """

    find: Find
    stamp: str
    looks: int = 0

    async def is_current(self) -> bool:
        """One HEAD request, or none."""
        self.looks += 1
        if not self.stamp and self.looks % SELDOM:
            return True
        return await _stamp(self.find("")) == self.stamp


async def with_copies(source: Source, find: Find, cache: ByteCache[Raw], pool: Executor) -> Source:
    """The source with the copies that a manifest names, as far as they are of its state.

    Raises SourceUnavailable. What is wrong with copies becomes a warning.

    Args:
        find: opens stores of the manifest's folder.
    """
    stamp, manifest, warnings = await _read_manifest(find(""))
    watch = AllWatches((source.watch, ManifestWatch(find, stamp)))
    if manifest is None:
        cube = replace(source.cube, warnings=(*source.cube.warnings, *warnings))
        return _Watched(source, cube, watch)
    joining = _Joining(source, manifest, find, Opening(cache, pool))
    return await joining.join(watch, stamp)


@dataclass(frozen=True, slots=True, eq=False)
class _Watched:
    """A source that may get copies."""

    source: Source
    cube: Cube
    watch: Watch

    @property
    def version(self) -> str:
        return self.source.version

    def held(self, plan: ReadPlan) -> Raw | None:
        return self.source.held(plan)

    async def read(self, plan: ReadPlan) -> Raw:
        return await self.source.read(plan)


async def _read_manifest(store: Store | None) -> tuple[str, Manifest | None, list[str]]:
    """Its stamp, what it says, and what is wrong with it."""
    if store is None:
        return "", None, []
    try:
        with store.noting() as noted:
            data = await store.get(NAME, most=LARGEST_MANIFEST)
        if data is None:
            return "", None, []
        return noted.versions[NAME], Manifest.parse(data), []
    except SourceUnavailable:
        raise
    except SourceError:  # some stores deny what is not there
        return "", None, []
    except CatalogError as error:
        return await _stamp(store), None, [str(error)]


async def _stamp(store: Store | None) -> str:
    try:
        entry = None if store is None else await store.head(NAME)
    except SourceUnavailable:
        raise
    except SourceError:
        return ""
    return "" if entry is None else entry.stamp


class _Joining:
    """Puts a source and its copies together."""

    def __init__(self, source: Source, manifest: Manifest, find: Find, opening: Opening) -> None:
        self.source, self.manifest, self.find, self.opening = source, manifest, find, opening
        self.cube = source.cube
        self.warnings: list[str] = []

    async def join(self, watch: Watch, stamp: str) -> Source:
        """The whole."""
        overviews = self.manifest.overviews
        levels = {} if overviews is None else await self._overviews(overviews)
        told = self.manifest.time_series
        parts, series = ([], {}) if told is None else await self._series(told)
        variables = {
            name: replace(
                variable,
                levels=(*variable.levels, *(levels[name][2] if name in levels else ())),
                series=series.get(name),
            )
            for name, variable in self.cube.variables.items()
        }
        cube = replace(
            self.cube, variables=variables, warnings=(*self.cube.warnings, *self.warnings)
        )
        sources = {name: (source, own) for name, (source, own, _) in levels.items()}
        version = digest([self.source.version, stamp])
        return OptimizedSource(version, cube, watch, self.source, sources, parts)

    async def _overviews(self, told: Overviews) -> dict[str, tuple[Source, str, tuple[Level, ...]]]:
        """By variable: the source, its id there, its levels."""
        if not self._is_usable("overviews", told.version, told.steps):
            return {}
        source = await self._open(told.store)
        found = {}
        for name, reduced in told.variables.items():
            variable = self.cube.variables.get(name)
            own = None if source is None else source.cube.find(name)
            if source is None or own is None or variable is None:
                continue
            if reduced.state != state_of(self.cube, variable, told.steps):
                self._warn(f"overviews of {name}", "they are of another state of the data")
                continue
            levels = _levels(variable, own, reduced, told.steps)
            if levels is None:
                self._warn(f"overviews of {name}", "their shapes are not what the manifest says")
                continue
            found[name] = (source, own.id, levels)
        if source is not None and found:
            await learn_shards(source, told.steps)
        return found

    async def _series(self, told: TimeSeries) -> tuple[list[Part], dict[str, Level]]:
        """The segments, and by variable the level that they are."""
        if not told.segments or not self._is_usable("time series", told.version, told.steps):
            return [], {}
        opened = await asyncio.gather(*(self._open(each.store) for each in told.segments))
        parts = [
            Part(source, each.start, each.stop)
            for source, each in zip(opened, told.segments, strict=True)
            if source is not None
        ]
        if len(parts) < len(told.segments):
            return [], {}
        found = {}
        for name, state in told.variables.items():
            variable = self.cube.variables.get(name)
            if variable is None or any(name not in part.source.cube.variables for part in parts):
                continue
            if state != state_of(self.cube, variable, told.steps):
                self._warn(f"time series of {name}", "it is of another state of the data")
                continue
            if not all(_fits(variable, part) for part in parts):
                self._warn(f"time series of {name}", "its shapes are not what the manifest says")
                continue
            finest = variable.levels[0]
            stored = parts[0].source.cube.variables[name].levels[0]
            steps = None if told.steps == _steps(self.cube) else told.steps
            found[name] = replace(finest, chunks=stored.chunks, nbytes=stored.nbytes, steps=steps)
        if found:
            await asyncio.gather(*(learn_shards(p.source, p.stop - p.start) for p in parts))
        return parts, found

    def _is_usable(self, what: str, version: str, steps: int | None) -> bool:
        """Whether copies are of this state of the source, or of one that it has grown from."""
        now = _steps(self.cube)
        if version == self.source.version or (steps is not None and now > steps):
            return True
        self._warn(what, "they are of another state of the data")
        return False

    async def _open(self, name: str) -> Source | None:
        store = self.find(name)
        try:
            if store is not None:
                return await open_zarr(store, self.opening)
            self._warn(name, "it is not there")
        except SourceUnavailable:
            raise
        except (CatalogError, SourceError) as error:
            self._warn(name, str(error))
        return None

    def _warn(self, what: str, why: str) -> None:
        self.warnings.append(f"{what}: not used, as {why}: {REMEDY}")


def _fits(variable: Variable, part: Part) -> bool:
    """Whether a segment holds a variable's steps in its order and type."""
    own = part.source.cube.variables[variable.id]
    sizes = zip(variable.dims, variable.levels[0].shape, strict=False)
    lead = tuple(part.stop - part.start if dim == TIME else size for dim, size in sizes)
    shape = (*lead, *variable.levels[0].shape[-2:])
    return (own.dims, own.dtype, own.levels[0].shape) == (variable.dims, variable.dtype, shape)


def _levels(
    variable: Variable, stored: Variable, reduced: Reduced, steps: int | None
) -> tuple[Level, ...] | None:
    """The levels of a variable's overviews, on grids that follow from the source's."""
    found: list[Level] = []
    for factor, level in zip(reduced.factors, stored.levels, strict=False):
        grid = variable.grid.coarsened(factor)
        shape = (*level.shape[:-2], *grid.shape)
        if level.shape != shape:
            return None
        finest = variable.levels[0].shape
        lacks = TIME in variable.dims and steps != finest[variable.dims.index(TIME)]
        whole = (*finest[:-2], *grid.shape)
        partial = reduced.partial[len(found)] if reduced.partial else None
        own = Reduction(reduced.method, factor, reduced.low, reduced.high, partial)
        covered = steps if lacks else None
        found.append(Level(grid, level.chunks, whole, level.nbytes, covered, own))
    coarsest = variable.levels[-1].grid.resolution
    coarser = [each for each in found if each.grid.resolution > coarsest]
    is_whole = len(coarser) == len(found) == len(reduced.factors)
    return tuple(found) if is_whole else None


def _steps(cube: Cube) -> int:
    """Along the stored time dimension."""
    return 0 if cube.time is None else len(cube.time.seconds)


def original(source: Source) -> Source:
    """The source without its copies."""
    while isinstance(source, OptimizedSource | _Watched):
        source = source.source
    return source
