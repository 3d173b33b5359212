"""Holding copies to their source: some cells of each, worked out anew."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tileserver.cube import TIME, Cube, Raw, Variable
from tileserver.errors import CatalogError
from tileserver.plan import ReadPlan
from tileserver.scale.cfstore import empty_of
from tileserver.scale.overviewbuild import groups_of
from tileserver.scale.reading import State
from tileserver.scale.reduction import reduce_block
from tileserver.scale.target import Target
from tileserver.sources.manifest import Overviews, Segment, TimeSeries, state_of

MANY, FEW = 16, 4  # samples of each variable: of a whole copy, of what was added to one
CELLS = 4  # along a side of a sample
LARGEST_CELLS = 1 << 24  # of the finest level that a sample reads
TOLERANCE = 1e-6


def check_overviews(
    source: State, target: Target, built: Overviews, steps: tuple[int, int], *, samples: int = MANY
) -> None:
    """Raises CatalogError where some cells are not what follows from the source."""
    cube = source.cube
    _check_states(cube, {n: r.state for n, r in built.variables.items()}, built.steps)
    groups = groups_of([cube.variables[name] for name in built.variables])
    for name, reduced in built.variables.items():
        variable = cube.variables[name]
        if TIME in variable.dims and steps[0] >= steps[1]:
            continue
        chance = random.Random(f"{built.store} {name} {steps}")
        for _ in range(samples):
            level = chance.randrange(len(reduced.factors))
            factor = reduced.factors[level]
            lead = _lead(variable, steps, chance)
            cells = max(1, min(CELLS, int(LARGEST_CELLS**0.5) // factor[0]))
            wanted, window = _recomputed(
                source, variable, reduced.method, factor, lead, cells, chance
            )
            path = "/".join(filter(None, (built.store, groups[name], str(level + 1))))
            array: Any = target.group(path)[name]
            _compare(name, array[(*lead, *window)], wanted)


def check_series(
    source: State, target: Target, built: TimeSeries, segment: Segment, *, samples: int = MANY
) -> None:
    """Raises CatalogError where some cells are not the source's."""
    cube = source.cube
    _check_states(cube, built.variables, built.steps)
    for name in built.variables:
        variable = cube.variables[name]
        chance = random.Random(f"{segment.store} {name}")
        array: Any = target.group(segment.store)[name]
        axis = variable.dims.index(TIME)
        for _ in range(samples):
            lead = list(_lead(variable, (segment.start, segment.stop), chance))
            window = [_some(size, CELLS, chance) for size in variable.levels[0].shape[-2:]]
            slices = (*(slice(i, i + 1) for i in lead), *window)
            wanted = source.read(ReadPlan(name, 0, slices))
            lead[axis] -= segment.start
            found = array[(*(slice(i, i + 1) for i in lead), *window)]
            _compare(name, found, wanted)


def _check_states(cube: Cube, states: Mapping[str, str], steps: int | None) -> None:
    for name, state in states.items():
        variable = cube.variables.get(name)
        if variable is None or state_of(cube, variable, steps) != state:
            raise CatalogError(f"variable {name!r}: the source has another by now")


def _recomputed(
    source: State,
    variable: Variable,
    method: str,
    factor: tuple[int, int],
    lead: Sequence[int],
    cells: int,
    chance: random.Random,
) -> tuple[Raw, tuple[slice, slice]]:
    """Some cells of a level from the source, and where they are."""
    sizes = variable.levels[0].shape[-2:]
    rows, cols = (
        _some(-(-size // f), cells, chance) for size, f in zip(sizes, factor, strict=True)
    )
    finest = [
        slice(w.start * f, min(w.stop * f, size))
        for w, f, size in zip((rows, cols), factor, sizes, strict=True)
    ]
    window = (*(slice(i, i + 1) for i in lead), *finest)
    raw = source.read(ReadPlan(variable.id, 0, window))
    block = raw.reshape(raw.shape[-2:])
    [level] = reduce_block(block, variable.packing, method, [factor], empty_of(variable))
    return level, (rows, cols)


def _lead(variable: Variable, steps: tuple[int, int], chance: random.Random) -> tuple[int, ...]:
    sizes = zip(variable.dims, variable.levels[0].shape, strict=False)
    return tuple(
        chance.randrange(*steps) if dim == TIME else chance.randrange(size) for dim, size in sizes
    )


def _some(size: int, most: int, chance: random.Random) -> slice:
    length = min(size, most)
    start = chance.randrange(size - length + 1)
    return slice(start, start + length)


def _compare(name: str, found: Raw, wanted: Raw) -> None:
    if not np.allclose(found, wanted, rtol=TOLERANCE, atol=0, equal_nan=True):
        raise CatalogError(
            f"variable {name!r}: the copy is not what the source holds, which changed meanwhile or "
            "is being written: run tileserver optimize again"
        )
