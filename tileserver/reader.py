"""What a drawing reads: which cells of its variables, and their stored numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tileserver.cache import ByteCache
from tileserver.cost import Cost, Limits, check_bytes
from tileserver.cube import Packing, Raw, Variable
from tileserver.dataset import Dataset
from tileserver.drawing import Drawing, View
from tileserver.grid import Grid
from tileserver.layer import Layer
from tileserver.plan import ReadPlan, Resampling, Sampling, sample
from tileserver.sources.chunk import planned_bytes, planned_chunks
from tileserver.style import Colormap

REMEDY = "zoom in, or give the dataset overviews: tileserver optimize"
# Resamplings that give no number but those stored.
UNMIXED: tuple[Resampling, ...] = ("nearest", "mode")


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A variable's part in a drawing: where its pixels lie and what to read; None: nowhere."""

    variable: Variable
    packing: Packing
    sampling: Sampling | None
    plan: ReadPlan | None


class Reader:
    """Plans and reads what drawings need, within limits.

    Args:
        samplings: where the pixels of a target lie in a grid.
    """

    def __init__(self, samplings: ByteCache[Sampling], limits: Limits) -> None:
        self.limits = limits
        self._samplings = samplings

    def bands(self, drawing: Drawing) -> list[Band]:
        """A band for each variable of the drawing's layer."""
        view, bands = drawing.view, []
        for each in view.layer.variables:
            variable = each.reaching(view.selection.step)
            found = self._sampling(variable, drawing.reach, view)
            sampling = None if found.is_empty else found
            packing = variable.packing
            if view.choice.nodata is not None:
                packing = replace(packing, missing=(view.choice.nodata,))
            plan = None
            if sampling is not None:
                leading = (slice(i, i + 1) for i in view.selection.of(variable))
                window = (*leading, sampling.rows, sampling.cols)
                plan = ReadPlan(variable.id, sampling.level, window, sampling.chunks)
            bands.append(Band(variable, packing, sampling, plan))
        return bands

    def _sampling(self, variable: Variable, target: Grid, view: View) -> Sampling:
        levels = variable.levels
        shapes = tuple((level.grid.key, level.chunks[-2:]) for level in levels)
        reducer, resampling = _reducer(view, variable), view.resampling
        if view.layer.expression is not None and _has_classes(view.layer, variable):
            resampling = resampling if resampling in UNMIXED else None
        key = (shapes, target.key, resampling, reducer, view.slack)
        known = self._samplings.held(key)
        if known is None:
            known = sample(levels, target, resampling, reducer=reducer, slack=view.slack)
            known = known or Sampling.empty(target.shape)
            self._samplings.put(key, known)
        return known

    def held(self, dataset: Dataset, bands: Sequence[Band]) -> list[Raw | None] | None:
        """The same as `read`, if all of it is held and may be read."""
        if not self.limits.allows(cost_of(bands)):
            return None
        blocks: list[Raw | None] = []
        for band in bands:
            if band.plan is None:
                blocks.append(None)
                continue
            block = dataset.source.held(band.plan)
            if block is None:
                return None
            blocks.append(_flat(block))
        return blocks

    def check(self, dataset: Dataset, bands: Sequence[Band]) -> Cost:
        """What reading the bands takes. Raises OverBudget where it is more than it may."""
        cost = cost_of(bands)
        self.limits.check_tile(cost, dataset.speed, REMEDY)
        return cost

    async def read(self, dataset: Dataset, bands: Sequence[Band]) -> list[Raw | None]:
        """The stored numbers (rows, cols) of each band. Raises SourceError, OverBudget."""
        self.check(dataset, bands)

        async def one(plan: ReadPlan | None) -> Raw | None:
            return None if plan is None else _flat(await dataset.source.read(plan))

        plans = [band.plan for band in bands]
        if len(plans) == 1:
            return [await one(plans[0])]
        return list(await asyncio.gather(*map(one, plans)))

    async def window(self, dataset: Dataset, plan: ReadPlan) -> Raw:
        """Stored numbers of any window. Raises SourceError, PayloadTooLarge."""
        level = dataset.source.cube.variables[plan.variable].stored(plan.level)
        size = planned_bytes(plan, level)
        check_bytes(size, self.limits.series_bytes, "narrow the area or the time range")
        return await dataset.source.read(plan)


def _reducer(view: View, variable: Variable) -> Resampling:
    """What takes the place of nearest where that would leave out cells and nobody asked for it.

    Classes are not averaged; the most frequent is taken where there cannot be too many to count.
    """
    named, colormap = view.layer.style.colormap_name, view.choice.colormap
    if colormap is None and named is not None:
        colormap = Colormap.named(named)
    if not _has_classes(view.layer, variable) and not (colormap and colormap.categories):
        return "average"
    return "mode" if variable.dtype.itemsize == 1 else "nearest"


def _has_classes(layer: Layer, variable: Variable) -> bool:
    """Whether a variable's numbers are classes or bits, between two of which there is none."""
    asked = layer.expression is not None and variable.id in layer.expression.classes
    return bool(variable.flags) or (asked and variable.dtype.kind in "iu")


def cost_of(bands: Sequence[Band]) -> Cost:
    """What reading the bands takes."""
    total = Cost(0, 0)
    for band in bands:
        if band.plan is not None:
            level = band.variable.stored(band.plan.level)
            chunks = planned_chunks(band.plan, level)
            total += Cost(chunks, chunks * level.nbytes)
    return total


def _flat(block: Raw) -> Raw:
    """The rows and columns of a window of one step."""
    return block.reshape(block.shape[-2:])
