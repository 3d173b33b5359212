"""The range of a layer's colours where nobody names one: from the metadata, else from the data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import numpy as np

from tileserver.axis import Axis
from tileserver.dataset import Dataset
from tileserver.drawing import Drawing, View
from tileserver.errors import SourceError, SourceUnavailable
from tileserver.grid import Grid
from tileserver.layer import Layer, Selection, select
from tileserver.reader import Reader, cost_of
from tileserver.stretch import percentile_stretch
from tileserver.warp import Valid, Values

SAMPLE_PX = 256  # a default range is taken from so many pixels squared, at up to three times
SAMPLE_BYTES = 64 << 20
# Where a map is looked at that is too large for a whole look: parts of its width and height.
PLACES = ((0.5, 0.5), (0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
LARGEST_PART, SMALLEST_PART = 0.25, 1e-3
PARTS_DEPTH = 2  # of damaged data sixteenths of the map are tried for a range

Pixels = Callable[[Drawing], Awaitable[tuple[Values, Valid]]]


def declared_range(layer: Layer) -> tuple[float, float] | None:
    """What the catalogue or the metadata say."""
    if layer.style.rescale is not None:
        return layer.style.rescale
    ranges = [v.valid_range for v in layer.variables]
    return ranges[0] if layer.expression is None and all(ranges) else None


@dataclass(frozen=True, slots=True)
class Sampler:
    """Takes a range from samples of the data.

    Args:
        pixels: gives the values (band, row, col) of a drawing, and where there are any.
    """

    reader: Reader
    pixels: Pixels

    async def measure(self, dataset: Dataset, layer: Layer) -> tuple[float, float]:
        """2–98 % of what the coarsest level holds at the first, the middle and the last time, as
        far as it is not damaged. Raises SourceError."""
        values, damages = [], []
        # Places of each step: the newest may have no overviews yet, so that less is sampled.
        drawings = (Drawing(v, g) for v in _views(dataset, layer) for g in self._grids(v))
        for drawing in drawings:
            try:
                values += await self._sound_values(drawing, PARTS_DEPTH)
            except SourceUnavailable:
                raise
            except SourceError as damage:
                damages.append(damage)
        if damages and not values:
            raise damages[0]
        return percentile_stretch(np.concatenate(values))

    async def _sound_values(self, drawing: Drawing, depth: int) -> list[Values]:
        """The values (n,) of a drawing, where chunks are damaged those of its sound quarters.

        Raises SourceError if there are none.
        """
        try:
            found, valid = await self.pixels(drawing)
            return [found[:, valid].ravel()]
        except SourceUnavailable:
            raise
        except SourceError:
            quarters = _quarters(drawing.target) if depth else []
            values = []
            for target in quarters:
                try:
                    values += await self._sound_values(replace(drawing, target=target), depth - 1)
                except SourceUnavailable:
                    raise
                except SourceError:
                    continue
            if not values:
                raise
            return values

    def _grids(self, view: View) -> list[Grid]:
        """The whole extent, or where that is more than SAMPLE_BYTES or the limits, parts of it."""
        whole = _part(view, (0.5, 0.5), 1.0)
        if self._fits(view, whole, SAMPLE_BYTES):
            return [whole]
        return [self._fitting(view, at) for at in PLACES]

    def _fitting(self, view: View, at: tuple[float, float]) -> Grid:
        """The largest part around a place that is within its share."""
        part = LARGEST_PART
        while not self._fits(view, _part(view, at, part), SAMPLE_BYTES // len(PLACES)):
            part /= 2
            if part < SMALLEST_PART:
                break
        return _part(view, at, part)

    def _fits(self, view: View, target: Grid, nbytes: int) -> bool:
        cost = cost_of(self.reader.bands(Drawing(view, target)))
        return cost.nbytes <= nbytes and self.reader.limits.allows(cost)


def _views(dataset: Dataset, layer: Layer) -> list[View]:
    """The layer at its first, middle and last time; the default step of all other dimensions."""
    selection = select(dataset.source.cube, layer, {})
    axis = selection.axis(dataset.source.cube)
    selections: list[Selection] = [selection]
    if axis is not None and axis.size:
        steps = {int(axis.order[i]) for i in (0, axis.size // 2, axis.size - 1)}
        selections = [selection.replace(selection.time, step) for step in sorted(steps)]
    return [View(dataset, layer, each, resampling="nearest") for each in selections]


def _part(view: View, at: tuple[float, float], part: float) -> Grid:
    """SAMPLE_PX cells each way over a part of the extent, around a place of it."""
    grid = view.layer.variables[0].grid
    x, y = (_stretch(axis, each, part) for axis, each in zip((grid.x, grid.y), at, strict=True))
    return Grid(grid.crs, x, y, lookup=grid.lookup)


def _stretch(axis: Axis, at: float, part: float) -> Axis:
    size = min(SAMPLE_PX, axis.size)
    whole = axis.stop - axis.start
    return Axis(axis.start + whole * (at - part / 2), whole * part / size, size)


def _quarters(grid: Grid) -> list[Grid]:
    """The four parts of a regular grid."""
    halves = [
        [Axis(a.start + i * a.step * a.size / 2, a.step, max(1, a.size // 2)) for i in (0, 1)]
        for a in (grid.x, grid.y)
    ]
    return [Grid(grid.crs, x, y, lookup=grid.lookup) for x in halves[0] for y in halves[1]]
