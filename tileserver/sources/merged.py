"""Variables of several sources as one cube with a common time axis."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tileserver.cube import TIME, Cube, Dimension, Level, Raw, Variable
from tileserver.errors import CatalogError
from tileserver.plan import ReadPlan
from tileserver.sources.source import Source
from tileserver.sources.tiff.description import PROMOTED
from tileserver.sources.watch import Watch
from tileserver.timeaxis import TimeAxis

ABSENT = -1  # the step of a time that a part lacks
Steps = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A variable as its source has it.

    Args:
        steps: of each time of the cube the source's own step, or ABSENT; None where they are the
            same.
        fill: the number where there is no step.
    """

    source: Source
    variable: str
    steps: Steps | None = None
    fill: float = 0


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Steps that are read together, or are empty together; the plan is the source's own."""

    plan: ReadPlan
    is_empty: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class MergedSource:
    """Variables of several sources as a Source; steps that one lacks are empty."""

    version: str
    cube: Cube
    parts: Mapping[str, Part]
    watch: Watch

    def held(self, plan: ReadPlan) -> Raw | None:
        """The same as `read`, if all of it is held."""
        part, blocks = self.parts[plan.variable], []
        for run in self._runs(plan):
            block = self._empty(plan, run) if run.is_empty else part.source.held(run.plan)
            if block is None:
                return None
            blocks.append(block)
        return self._joined(plan, blocks)

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers of the window. Raises SourceError."""
        part = self.parts[plan.variable]

        async def one(run: Run) -> Raw:
            return self._empty(plan, run) if run.is_empty else await part.source.read(run.plan)

        runs = self._runs(plan)
        if len(runs) == 1:
            return self._joined(plan, [await one(runs[0])])
        return self._joined(plan, await asyncio.gather(*map(one, runs)))

    def _runs(self, plan: ReadPlan) -> list[Run]:
        """What to read of the part, in the order of the cube's times."""
        part = self.parts[plan.variable]
        own = replace(plan, variable=part.variable)
        if part.steps is None:
            return [Run(own)]
        axis = self._axis(plan)
        steps = part.steps[plan.window[axis]]
        runs = []
        for run in [steps] if len(steps) == 1 else _parted(steps):
            window = list(plan.window)
            window[axis] = slice(int(run[0]), int(run[0]) + len(run))
            runs.append(Run(replace(own, window=tuple(window)), int(run[0]) == ABSENT))
        return runs

    def _axis(self, plan: ReadPlan) -> int:
        return self.cube.variables[plan.variable].dims.index(TIME)

    def _empty(self, plan: ReadPlan, run: Run) -> Raw:
        dtype = self.cube.variables[plan.variable].dtype
        return np.full(run.plan.shape, self.parts[plan.variable].fill, dtype)

    def _joined(self, plan: ReadPlan, blocks: Sequence[Raw]) -> Raw:
        dtype = self.cube.variables[plan.variable].dtype
        if len(blocks) == 1:
            return blocks[0].astype(dtype, copy=False)
        return np.concatenate([b.astype(dtype, copy=False) for b in blocks], axis=self._axis(plan))


def _parted(steps: Steps) -> list[Steps]:
    """Steps in parts that follow one another, or are all absent."""
    is_next = (np.diff(steps) == 1) & (steps[:-1] != ABSENT)
    return np.split(steps, np.flatnonzero(~(is_next | (np.diff(steps) == 0))) + 1)


def merge(
    named: Sequence[tuple[Source, Mapping[str, str]]], version: str, watch: Watch
) -> MergedSource:
    """One cube of sources, each with the ids of its variables by those in the cube.

    Their times are put together. Raises CatalogError where they cannot be.
    """
    axis = _common_axis([source for source, _ in named])
    variables: dict[str, Variable] = {}
    parts: dict[str, Part] = {}
    dimensions: dict[str, Dimension] = {}
    for source, ids in named:
        steps = None if axis is None else _steps(source.cube.time, axis)
        for name, own in ids.items():
            variable = replace(source.cube.variables[own], id=name)
            there = steps if TIME in variable.dims else None
            variables[name], parts[name] = _extended(variable, Part(source, own, there), axis)
        dimensions |= source.cube.dimensions
    if axis is not None:
        dimensions[TIME] = Dimension(TIME, axis)
    warnings = dict.fromkeys(text for source, _ in named for text in source.cube.warnings)
    return MergedSource(
        version, Cube(variables, dimensions, warnings=tuple(warnings)), parts, watch
    )


def _common_axis(sources: Sequence[Source]) -> TimeAxis | None:
    axes = [source.cube.time for source in sources if source.cube.time is not None]
    if not axes:
        return None
    calendars = {axis.calendar for axis in axes}
    if len(calendars) > 1:
        raise CatalogError(
            f"time: calendars differ ({', '.join(sorted(calendars))}): register each apart"
        )
    seconds = np.unique(np.concatenate([axis.seconds for axis in axes]))
    return TimeAxis(seconds[np.isfinite(seconds)], axes[0].calendar)


def _steps(own: TimeAxis | None, axis: TimeAxis) -> Steps | None:
    """Of each time of an axis the step of another; None where they are the same."""
    if own is None or np.array_equal(own.seconds, axis.seconds):
        return None
    known = {float(own.seconds[step]): int(step) for step in own.order}
    return np.array([known.get(second, ABSENT) for second in axis.seconds.tolist()], np.intp)


def _extended(variable: Variable, part: Part, axis: TimeAxis | None) -> tuple[Variable, Part]:
    """A variable on the common axis, with a number for steps that it lacks."""
    if part.steps is None or axis is None:
        return variable, part
    place = variable.dims.index(TIME)
    levels = tuple(_longer(level, place, axis.seconds.size) for level in variable.levels)
    variable = replace(variable, levels=levels)
    if not (part.steps == ABSENT).any():
        return variable, part
    if variable.dtype.kind == "f":
        return variable, replace(part, fill=float("nan"))
    if variable.packing.missing:
        return variable, replace(part, fill=variable.packing.missing[0])
    if variable.dtype.name not in PROMOTED:
        raise CatalogError(
            f"{variable.id}: it lacks some times, and no number of {variable.dtype} says that "
            "there is none: declare a nodata value"
        )
    name, fill = PROMOTED[variable.dtype.name]
    packing = replace(variable.packing, missing=(int(fill),))
    return (
        replace(variable, dtype=np.dtype(name), packing=packing),
        replace(part, fill=int(fill)),
    )


def _longer(level: Level, place: int, size: int) -> Level:
    shape = list(level.shape)
    shape[place] = size
    return replace(level, shape=tuple(shape))
