"""Building overviews, anew or for steps that were added, and what a build takes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import orjson
import zarr

from tileserver.cube import TIME, Cube, Variable
from tileserver.errors import CatalogError
from tileserver.scale import overview
from tileserver.scale.cfstore import (
    CRS_NAME,
    add_dimension,
    add_map,
    add_variable,
    title_attributes,
)
from tileserver.scale.overview import Build, cut_of
from tileserver.scale.overviewplan import factors_of
from tileserver.scale.reading import State
from tileserver.scale.reduction import METHODS
from tileserver.scale.target import Target
from tileserver.scale.task import Estimate, Executor, Found, Journal, Report, Task, run_tasks
from tileserver.sources.manifest import Overviews, Reduced, place_of, state_of

ENOUGH_LEVELS_CELLS = 512  # along a side of the coarsest level that a source has itself


@dataclass(frozen=True, slots=True)
class Plan:
    """A build of overviews: of which variables, which steps, into which store.

    Args:
        steps: along time, of the source; those before are there. (0, 0) where no variable has time.
        states: `state_of` each variable, of all steps up to the last.
        methods: of each variable.
    """

    store: str
    steps: tuple[int, int]
    states: Mapping[str, str]
    methods: Mapping[str, str]

    @property
    def work(self) -> str:
        """The folder of what lasts only as long as the build."""
        return f"work-{self.store.removesuffix('.zarr')}-{self.steps[0]}-{self.steps[1]}"

    def to_json(self) -> bytes:
        """For the work folder."""
        told = {"store": self.store, "steps": self.steps, "states": dict(self.states)}
        return orjson.dumps({**told, "methods": dict(self.methods)})


def plan_overviews(
    source: State,
    methods: Mapping[str, str],
    known: Overviews | None,
    taken: Container[str] = (),
) -> Plan | None:
    """What is to be built; None where all that a source has is there.

    Args:
        methods: as wanted; all other variables' follow from what they are.
        known: what is published, if it is of the data as they are now.
        taken: names of stores that readers use.

    Raises CatalogError for variables and methods that are none.
    """
    cube, origin = source.cube, source.origin
    _check_methods(cube, methods)
    variables = coarsenable(cube)
    chosen = overview.methods_of(variables, methods)
    steps = _steps(cube, variables)
    states = {v.id: state_of(cube, v, steps) for v in variables}
    if known is not None and _goes_on(cube, variables, chosen, known):
        before = known.steps or 0
        if before == steps:
            return None
        return Plan(known.store, (before, steps), states, chosen)
    first = [state_of(cube, v, min(1, steps)) for v in variables]
    parts = [*origin.urls, origin.group, *map(str, sorted(chosen.items())), *first]
    store = _store_name(parts)
    while store in taken:  # another takes its place
        store = _store_name([store, *states.values()])
    return Plan(store, (0, steps), states, chosen)


def _store_name(parts: Sequence[str]) -> str:
    digest = hashlib.blake2b("\n".join(parts).encode(), digest_size=6).hexdigest()
    return f"overviews-{digest}.zarr"


def build_overviews(
    plan: Plan,
    source: State,
    target: Target,
    executor: Executor,
    *,
    known: Overviews | None = None,
    report: Report = lambda done, total: None,
) -> Overviews:
    """Write what is planned; what it finds done, it leaves. Nothing is published yet.

    Raises CatalogError, SourceError.
    """
    build = Build(source, target, plan.store, plan.work)
    cube = source.cube
    variables = [cube.variables[name] for name in plan.methods]
    _lay_out(build, plan, variables)
    journal = Journal(target, plan.work)
    told = run_tasks(tasks_of(build, plan, variables), journal, executor, report)
    target.consolidate(plan.store)
    reduced = {v.id: _reduced(v, plan, told, known) for v in variables}
    return Overviews(plan.store, source.version, plan.steps[1] or None, reduced)


def tasks_of(build: Build, plan: Plan, variables: Sequence[Variable]) -> list[list[Task]]:
    """All that is done: first what reads the source, then what joins."""
    steps = range(*plan.steps)
    new = [
        (base, variable)
        for base, alike in _by_grid(variables).items()
        for variable in alike
        if TIME in variable.dims or plan.steps[0] == 0
    ]
    reading: list[Task] = []
    joining: list[Task] = []
    for base, variable in new:
        reading += overview.blocks(build, base, variable, plan.methods[variable.id], steps)
        joining += overview.shards(build, base, variable, steps)
    return [reading, joining]


def coarsenable(cube: Cube) -> list[Variable]:
    """The variables that need overviews: neither small nor with levels of their own, and with cells
    that follow axes."""
    return [v for v in cube.variables.values() if _needs_levels(v)]


def _check_methods(cube: Cube, methods: Mapping[str, str]) -> None:
    for name, method in methods.items():
        if name not in cube.variables:
            raise CatalogError(f"method={name}={method}: {cube.no_such(name)}")
        if method not in METHODS:
            expected = ", ".join(METHODS)
            raise CatalogError(f"method={name}={method}: expected one of {expected}")


def _needs_levels(variable: Variable) -> bool:
    coarsest = variable.levels[-1]
    has_own = len(variable.levels) > 1 and max(coarsest.shape[-2:]) <= ENOUGH_LEVELS_CELLS
    return not has_own and coarsest.grid.lookup is None and bool(factors_of(variable.grid))


def _steps(cube: Cube, variables: Sequence[Variable]) -> int:
    """Along the stored time dimension."""
    sizes = {
        size
        for v in variables
        for dim, size in zip(v.dims, v.levels[0].shape, strict=False)
        if dim == TIME
    }
    return max(sizes, default=0)


def _goes_on(
    cube: Cube, variables: Sequence[Variable], methods: Mapping[str, str], known: Overviews
) -> bool:
    """Whether what is published is of the same data, as far as it goes."""
    if set(known.variables) != {v.id for v in variables}:
        return False
    return all(
        known.variables[v.id].method == methods[v.id]
        and known.variables[v.id].state == state_of(cube, v, known.steps)
        for v in variables
    )


def _lay_out(build: Build, plan: Plan, variables: Sequence[Variable]) -> None:
    """Groups, coordinates and empty arrays; arrays that are there are made longer."""
    root = build.target.group(plan.store, mode="a")
    root.update_attributes(title_attributes(build.cube))
    for base, alike in _by_grid(variables).items():
        folder = root.require_group(base) if base else root
        deepest = len(cut_of(alike[0], 1).factors)
        for number in range(deepest):
            group = folder.require_group(str(number + 1))
            for variable in alike:
                _lay_out_level(build.cube, group, variable, number)
        folder.update_attributes(_multiscales(deepest))
    build.target.put(f"{plan.work}/plan.json", plan.to_json())


def groups_of(variables: Sequence[Variable]) -> dict[str, str]:
    """The group of a store that holds the levels of each variable, by its id."""
    return {v.id: base for base, alike in _by_grid(variables).items() for v in alike}


def _by_grid(variables: Sequence[Variable]) -> dict[str, list[Variable]]:
    """Variables by the group that holds their levels: those of one grid share it."""
    places: dict[str, list[Variable]] = {}
    for variable in variables:
        places.setdefault(place_of(variable.grid), []).append(variable)
    return {f"grid{n + 1}" if n else "": alike for n, alike in enumerate(places.values())}


def _lay_out_level(cube: Cube, group: zarr.Group, variable: Variable, number: int) -> None:
    cut = cut_of(variable, 1)
    level = variable.levels[0]
    ones = [1] * len(variable.dims)
    shape = (*level.shape[:-2], *cut.shape(number))
    add_variable(
        group,
        variable,
        shape,
        chunks=(*ones, *cut.chunk(number)),
        shards=(*ones, *cut.shard(number)),
    )
    array = group[variable.id]
    assert isinstance(array, zarr.Array)
    if array.shape != shape:
        array.resize(shape)
    if CRS_NAME not in group:
        add_map(group, variable.grid.coarsened(cut.factors[number]))
    for name in variable.dims:
        add_dimension(group, cube.dimensions[name])


def _multiscales(deepest: int) -> dict[str, object]:
    """Which groups are levels, by the multiscales convention that GeoZarr takes up."""
    layout: list[dict[str, object]] = []
    for number in range(1, deepest + 1):
        item: dict[str, object] = {"asset": str(number)}
        if number > 1:
            item["derived_from"] = str(number - 1)
        layout.append(item)
    return {"multiscales": {"layout": layout}}


def _reduced(
    variable: Variable, plan: Plan, told: Mapping[str, Found], known: Overviews | None
) -> Reduced:
    """With the lowest and highest value and the most partial cells, those of earlier steps too."""
    prefix = f"blocks/{variable.id}/"
    found = [each for key, each in told.items() if key.startswith(prefix)]
    earlier = known.variables.get(variable.id) if known and plan.steps[0] else None
    if earlier is not None:
        before = {"low": earlier.low, "high": earlier.high, "partial": {"": earlier.partial}}
        found.append(before)
    lows = [each["low"] for each in found if each["low"] is not None]
    highs = [each["high"] for each in found if each["high"] is not None]
    return Reduced(
        plan.states[variable.id],
        plan.methods[variable.id],
        cut_of(variable, 1).factors,
        min(lows, default=None),
        max(highs, default=None),
        _most_partial([each["partial"] for each in found]),
    )


def _most_partial(told: Sequence[Mapping[str, Sequence[int]]]) -> tuple[int, ...]:
    """Of each level the most partial cells of a map: of all blocks of a step together."""
    steps: dict[str, list[int]] = {}
    for blocks in told:
        for step, counts in blocks.items():
            known = steps.setdefault(step, [0] * len(counts))
            steps[step] = [a + b for a, b in zip(known, counts, strict=True)]
    return tuple(map(max, zip(*steps.values(), strict=False)))  # () if any is not known


def estimate_overviews(plan: Plan, source: State, target: Target) -> Estimate:
    """Of what is planned."""
    build = Build(source, target, plan.store, plan.work)
    variables = [source.cube.variables[name] for name in plan.methods]
    tasks = sum(map(len, tasks_of(build, plan, variables)))
    read = write = 0
    for variable in variables:
        if TIME not in variable.dims and plan.steps[0] > 0:
            continue
        level = variable.levels[0]
        sizes = zip(variable.dims, level.shape[:-2], strict=True)
        count = math.prod(plan.steps[1] - plan.steps[0] if d == TIME else n for d, n in sizes)
        cut = cut_of(variable, 1)
        read += count * math.prod(level.shape[-2:]) * variable.dtype.itemsize
        cells = sum(math.prod(cut.shape(n)) for n in range(len(cut.factors)))
        write += count * cells * variable.dtype.itemsize
    return Estimate(tasks, read, write)
