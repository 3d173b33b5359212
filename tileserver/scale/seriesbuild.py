"""Building the copy along time: a first segment, one for added steps, larger ones of several."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass

from tileserver.cube import TIME, Cube, Variable
from tileserver.scale import series
from tileserver.scale.cfstore import add_dimension, add_map, add_variable, title_attributes
from tileserver.scale.reading import State
from tileserver.scale.series import Build
from tileserver.scale.seriesplan import Cut, cut
from tileserver.scale.target import Target
from tileserver.scale.task import Estimate, Executor, Journal, Report, Task, run_tasks
from tileserver.sources.manifest import Segment, TimeSeries, place_of, state_of


@dataclass(frozen=True, slots=True)
class Plan:
    """A segment that is to be built.

    Args:
        folder: of the target, for all segments of this copy.
        before: the segments that stay.
        merged: those that it takes the place of, if it is no new one.
        variables: their ids.
    """

    folder: str
    segment: Segment
    before: tuple[Segment, ...]
    merged: tuple[Segment, ...]
    variables: tuple[str, ...]

    @property
    def work(self) -> str:
        """The folder of what lasts only as long as the build."""
        return f"work-{self.segment.store.replace('/', '-').removesuffix('.zarr')}"


def plan_series(source: State, known: TimeSeries | None, taken: Container[str] = ()) -> Plan | None:
    """What is to be built next; None where there is nothing more to do.

    Steps that were added come first; then segments are merged whose sizes have become alike.

    Args:
        known: what is published, if it is of the data as they are now.
        taken: names of folders that readers use.
    """
    cube, origin = source.cube, source.origin
    variables = timed(cube)
    steps = _steps(variables[0])
    ids = tuple(v.id for v in variables)
    if known is not None and goes_on(cube, variables, known):
        folder = known.segments[0].store.rpartition("/")[0]
        if known.steps < steps:
            segment = _segment(folder, known.steps, steps)
            return Plan(folder, segment, known.segments, (), ids)
        return _merging(folder, known.segments, ids)
    first = [state_of(cube, v, 1) for v in variables]
    folder = _folder_name([*origin.urls, origin.group, *first])
    while folder in taken:  # another takes its place
        folder = _folder_name([folder, *(state_of(cube, v, steps) for v in variables)])
    return Plan(folder, _segment(folder, 0, steps), (), (), ids)


def build_series(
    plan: Plan,
    source: State,
    target: Target,
    executor: Executor,
    *,
    report: Report = lambda done, total: None,
) -> TimeSeries:
    """Write what is planned; what it finds done, it leaves. Nothing is published yet.

    Raises CatalogError, SourceError.
    """
    build = Build(source, target, plan.segment, plan.work, plan.merged)
    cube = source.cube
    variables = [cube.variables[name] for name in plan.variables]
    _lay_out(build, variables)
    run_tasks(tasks_of(build, variables), Journal(target, plan.work), executor, report)
    target.consolidate(plan.segment.store)
    states = {v.id: state_of(cube, v, plan.segment.stop) for v in variables}
    return TimeSeries((*plan.before, plan.segment), source.version, states)


def tasks_of(build: Build, variables: Sequence[Variable]) -> list[list[Task]]:
    """All that is done: first what is put aside of the source, then what joins."""
    reading: list[Task] = []
    joining: list[Task] = []
    for variable in variables:
        own = _cut(build, variable)
        if not (own.is_direct or build.merged):
            reading += series.slabs(build, variable, own)
        joining += series.shards(build, variable, own)
    return [reading, joining]


def goes_on(cube: Cube, variables: Sequence[Variable], known: TimeSeries) -> bool:
    """Whether what is published is of the same data, as far as it goes."""
    if set(known.variables) != {v.id for v in variables} or known.steps > _steps(variables[0]):
        return False
    return all(known.variables[v.id] == state_of(cube, v, known.steps) for v in variables)


def timed(cube: Cube) -> list[Variable]:
    """The variables that a copy along time holds: of the first grid with several steps."""
    found = [
        v
        for v in cube.variables.values()
        if TIME in v.dims and _steps(v) > 1 and v.grid.lookup is None and v.dtype.kind in "iuf"
    ]
    return [v for v in found if place_of(v.grid) == place_of(found[0].grid)]


def _merging(folder: str, segments: tuple[Segment, ...], ids: tuple[str, ...]) -> Plan | None:
    """The last segments, from the first that is no longer than twice all behind it."""
    for number, segment in enumerate(segments[:-1]):
        behind = segments[-1].stop - segment.stop
        if segment.stop - segment.start < 2 * behind:
            merged = _segment(folder, segment.start, segments[-1].stop)
            return Plan(folder, merged, segments[:number], segments[number:], ids)
    return None


def _segment(folder: str, start: int, stop: int) -> Segment:
    return Segment(f"{folder}/{start}-{stop}.zarr", start, stop)


def _folder_name(parts: Sequence[str]) -> str:
    return f"time-series-{hashlib.blake2b(chr(10).join(parts).encode(), digest_size=6).hexdigest()}"


def _steps(variable: Variable) -> int:
    return variable.levels[0].shape[variable.dims.index(TIME)]


def _cut(build: Build, variable: Variable) -> Cut:
    return cut(variable, build.segment.stop - build.segment.start)


def _lay_out(build: Build, variables: Sequence[Variable]) -> None:
    """The segment's group with its coordinates and empty arrays."""
    root = build.target.group(build.segment.store, mode="a")
    root.update_attributes(title_attributes(build.cube))
    steps = slice(build.segment.start, build.segment.stop)
    dims = dict.fromkeys(dim for v in variables for dim in v.dims)
    for name in dims:
        dimension = build.cube.dimensions[name]
        add_dimension(root, dimension, steps if name == TIME else slice(None))
    add_map(root, variables[0].grid)
    for variable in variables:
        own = _cut(build, variable)
        shape, chunks, shards = series.layout(variable, own, build.segment)
        add_variable(root, variable, shape, chunks=chunks, shards=shards)
        if not (own.is_direct or build.merged):
            series.add_slabs(build, variable, own)


def estimate(plan: Plan, source: State, target: Target) -> Estimate:
    """What a build takes."""
    build = Build(source, target, plan.segment, plan.work, plan.merged)
    variables = [build.cube.variables[name] for name in plan.variables]
    nbytes = sum(
        math.prod(series.segment_shape(v, plan.segment)) * v.dtype.itemsize for v in variables
    )
    return Estimate(sum(map(len, tasks_of(build, variables))), nbytes, nbytes)
