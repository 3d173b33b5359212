"""The way of a tile: plan → read → warp → colour → encode, each step once.

    find the layer, the step and the target grid           layer, tms, drawing   (by the caller)
    which cells, and where in them the pixels lie          plan.py               kept per grid
    read them, by chunk, each chunk once                   sources/              kept decoded
    pixels, colours, bytes                                 warp, render, encode  in one go

The engine keeps what is worth keeping and lets equal requests share one making. It knows no HTTP.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np

from tileserver import encode, render
from tileserver.cache import ByteCache
from tileserver.catalog import Dataset
from tileserver.cube import TIME, Packing, Raw, Variable
from tileserver.drawing import Drawing, StyleChoice, default_colormap
from tileserver.errors import (
    InvalidParameter,
    PayloadTooLarge,
    SourceError,
    SourceUnavailable,
)
from tileserver.grid import Axis, Grid
from tileserver.layer import Layer, Selection, select
from tileserver.plan import ReadPlan, Resampling, Sampling, sample
from tileserver.sources.chunk import count_chunks
from tileserver.stretch import percentile_stretch
from tileserver.style import Style
from tileserver.warp import Valid, Values, warp

SAMPLE_PX = 256  # a default range is taken from so many pixels squared, at up to three times
SAMPLE_BYTES = 64 << 20
PARTS_DEPTH = 2  # of damaged data sixteenths of the map are tried for a range


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may read, in decoded bytes."""

    tile_bytes: int = 512 << 20
    series_bytes: int = 8 << 30


@dataclass(slots=True)
class Stages:
    """How long each stage took, in seconds, for Server-Timing."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def mark(self, stage: str) -> None:
        """The time since the last mark belongs to this stage."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """A variable's part in a drawing: where its pixels lie and what to read; None: nowhere."""

    variable: Variable
    packing: Packing
    sampling: Sampling | None
    plan: ReadPlan | None


class Engine:
    """Draws and reads layers of open datasets.

    Args:
        tiles: encoded pictures by ETag.
        samplings: where the pixels of a target lie in a grid.
        pool: threads for kernels that take longer than a thread's start.
    """

    def __init__(
        self,
        *,
        tiles: ByteCache[bytes],
        samplings: ByteCache[Sampling],
        pool: Executor,
        limits: Limits | None = None,
    ) -> None:
        self.tiles = tiles
        self.limits = limits or Limits()
        self._samplings = samplings
        self._ranges: ByteCache[tuple[float, float]] = ByteCache(1 << 20, lambda _: 128)
        self.pool = pool

    async def tile(self, drawing: Drawing, stages: Stages | None = None) -> bytes:
        """The encoded picture. Raises SourceError, PayloadTooLarge, InvalidParameter."""
        stages = stages or Stages()
        body = await self.tiles.get(drawing.etag, lambda: self._draw(drawing, stages))
        stages.mark("wait")
        return body

    async def _draw(self, drawing: Drawing, stages: Stages) -> bytes:
        styles = await self._styles(drawing)
        bands = self._bands(drawing)
        stages.mark("plan")
        blocks = await self._read(drawing.dataset, bands, self.limits.tile_bytes)
        stages.mark("read")
        job = (drawing, bands, blocks, styles)
        if len(bands) == 1 and drawing.resampling == "nearest" and drawing.format == "png":
            body = _paint(*job)
        else:
            body = await asyncio.get_running_loop().run_in_executor(self.pool, _paint, *job)
        stages.mark("draw")
        return body

    async def pixels(self, drawing: Drawing) -> tuple[Values, Valid]:
        """Physical values (band, row, col) of the target and where there are any (row, col)."""
        bands = self._bands(drawing)
        blocks = await self._read(drawing.dataset, bands, self.limits.tile_bytes)
        return await asyncio.get_running_loop().run_in_executor(
            self.pool, _pixels, drawing, bands, blocks
        )

    async def read(self, dataset: Dataset, plan: ReadPlan) -> Raw:
        """Stored numbers of a window. Raises SourceError, PayloadTooLarge."""
        level = dataset.source.cube.variables[plan.variable].levels[plan.level]
        nbytes = count_chunks(plan.window, level.shape, level.chunks) * level.nbytes
        check_bytes(nbytes, self.limits.series_bytes, "narrow the area or the time range")
        return await dataset.source.read(plan)

    async def style(self, dataset: Dataset, layer: Layer, choice: StyleChoice) -> Style:
        """The style of a one-band layer: as asked, else as the catalogue says, else by its data."""
        config = layer.style
        colormap = choice.colormap or default_colormap(layer)
        scale = choice.scale or config.scale
        rescale = choice.rescale or config.rescale
        if rescale is None and not colormap.classified:
            rescale = await self.value_range(dataset, layer)
            if scale == "log" and rescale[0] <= 0:
                rescale = (rescale[1] / 1000, rescale[1]) if rescale[1] > 0 else (0.001, 1.0)
        return Style(colormap, rescale or (0.0, 1.0), scale, choice.opacity)

    async def value_range(self, dataset: Dataset, layer: Layer) -> tuple[float, float]:
        """The default range: by the catalogue, the metadata, else 2–98 % of what the coarsest
        level holds at the first, the middle and the last time, as far as it is not damaged."""
        if layer.style.rescale is not None:
            return layer.style.rescale
        ranges = [v.valid_range for v in layer.variables]
        if layer.expression is None and all(ranges):
            return ranges[0] or (0.0, 1.0)
        key = (dataset.version, layer.key)
        return await self._ranges.get(key, lambda: self._measure(dataset, layer))

    async def _measure(self, dataset: Dataset, layer: Layer) -> tuple[float, float]:
        selection = select(dataset.source.cube, layer, {})
        selections = [selection]
        axis = dataset.source.cube.time
        if selection.index(TIME) is not None and axis is not None and axis.size:
            steps = {int(axis.order[i]) for i in (0, axis.size // 2, axis.size - 1)}
            selections = [selection.replace(TIME, step) for step in sorted(steps)]
        target = self._sample_grid(dataset, layer, selection)
        values, damages = [], []
        for each in selections:
            drawing = Drawing(dataset, layer, each, target)
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

    def _sample_grid(self, dataset: Dataset, layer: Layer, selection: Selection) -> Grid:
        """The whole extent, or the part around its middle that is within SAMPLE_BYTES."""
        grid = layer.variables[0].grid
        part = 1.0
        while True:
            target = Grid(grid.crs, _middle(grid.x, part), _middle(grid.y, part))
            bands = self._bands(Drawing(dataset, layer, selection, target))
            if _nbytes(bands) <= SAMPLE_BYTES or part < 1e-3:
                return target
            part /= 2

    async def _styles(self, drawing: Drawing) -> Sequence[Style] | Sequence[tuple[float, float]]:
        """The style of one band, or the range of each of three."""
        if drawing.format in encode.RAW:
            return ()
        if drawing.layer.bands == 1:
            return (await self.style(drawing.dataset, drawing.layer, drawing.choice),)
        if drawing.choice.colormap is not None:
            raise InvalidParameter(
                "colormap_name", drawing.choice.colormap.name, "a picture of three bands takes none"
            )
        rescale = drawing.choice.rescale or await self.value_range(drawing.dataset, drawing.layer)
        return (rescale,) * 3

    def _bands(self, drawing: Drawing) -> list[_Band]:
        bands = []
        for variable in drawing.layer.variables:
            sampling = self._sampling(variable, drawing.target, drawing.resampling)
            packing = variable.packing
            if drawing.choice.nodata is not None:
                packing = replace(packing, missing=(drawing.choice.nodata,))
            plan = None
            if sampling is not None:
                leading = (slice(i, i + 1) for i in drawing.selection.of(variable))
                window = (*leading, sampling.rows, sampling.cols)
                plan = ReadPlan(variable.id, sampling.level, window)
            bands.append(_Band(variable, packing, sampling, plan))
        return bands

    def _sampling(
        self, variable: Variable, target: Grid, resampling: Resampling
    ) -> Sampling | None:
        levels = variable.levels
        shapes = tuple((level.grid.key, level.chunks[-2:]) for level in levels)
        key = (shapes, target.key, resampling)
        known = self._samplings.held(key)
        if known is None:
            known = sample(levels, target, resampling)
            if known is not None:
                self._samplings.put(key, known)
        return known

    async def _read(self, dataset: Dataset, bands: Sequence[_Band], limit: int) -> list[Raw | None]:
        check_bytes(_nbytes(bands), limit, "zoom in, or give the dataset overviews")
        plans = [band.plan for band in bands]
        if len(plans) == 1:
            return [None if plans[0] is None else _flat(await dataset.source.read(plans[0]))]

        async def read(plan: ReadPlan | None) -> Raw | None:
            return None if plan is None else _flat(await dataset.source.read(plan))

        return list(await asyncio.gather(*map(read, plans)))


def check_bytes(nbytes: int, limit: int, remedy: str) -> None:
    """Refuse a request before it reads. Raises PayloadTooLarge with limit and estimate."""
    if nbytes > limit:
        raise PayloadTooLarge(
            f"this would read {nbytes / 1e6:,.0f} MB, the limit is {limit / 1e6:,.0f} MB: {remedy}"
        )


def _nbytes(bands: Sequence[_Band]) -> int:
    total = 0
    for band in bands:
        if band.plan is not None:
            level = band.variable.levels[band.plan.level]
            total += count_chunks(band.plan.window, level.shape, level.chunks) * level.nbytes
    return total


def _flat(block: Raw) -> Raw:
    """The rows and columns of a window of one step."""
    return block.reshape(block.shape[-2:])


def _middle(axis: Axis, part: float) -> Axis:
    """SAMPLE_PX cells over the middle part of an axis."""
    size = min(SAMPLE_PX, axis.size)
    length = (axis.stop - axis.start) * part
    start = axis.start + (axis.stop - axis.start - length) / 2
    return Axis(start, length / size, size)


def _quarters(grid: Grid) -> list[Grid]:
    """The four parts of a regular grid."""
    halves = [
        [Axis(a.start + i * a.step * a.size / 2, a.step, max(1, a.size // 2)) for i in (0, 1)]
        for a in (grid.x, grid.y)
    ]
    return [Grid(grid.crs, x, y) for x in halves[0] for y in halves[1]]


def _pixels(
    drawing: Drawing, bands: Sequence[_Band], blocks: Sequence[Raw | None]
) -> tuple[Values, Valid]:
    """Warp, and evaluate the expression: values (band, row, col) and validity (row, col)."""
    shape = drawing.target.shape
    found: list[Values] = []
    there: list[Valid] = []
    for band, block in zip(bands, blocks, strict=True):
        if band.sampling is None or block is None:
            return np.zeros((drawing.layer.bands, *shape), np.float32), np.zeros(shape, np.bool_)
        values, valid = warp(block, band.sampling, band.packing)
        found.append(values)
        there.append(valid)
    if drawing.layer.expression is None:
        return np.stack(found), np.logical_and.reduce(there)
    named = {
        band.variable.id: np.where(valid, values, np.nan)
        for band, values, valid in zip(bands, found, there, strict=True)
    }
    computed = drawing.layer.expression.evaluate(named)
    known: Valid = np.logical_and.reduce(np.isfinite(computed), axis=0)
    return computed, known


def _paint(
    drawing: Drawing,
    bands: Sequence[_Band],
    blocks: Sequence[Raw | None],
    styles: Sequence[Style] | Sequence[tuple[float, float]],
) -> bytes:
    """Warp, colour and encode in one go."""
    values, valid = _pixels(drawing, bands, blocks)
    if drawing.format == "npy":
        return encode.npy(values, valid)
    if drawing.format == "bin":
        return encode.compact(values, valid)
    first = styles[0]
    if isinstance(first, Style):
        return encode.encode(render.colorize(values[0], valid, first), drawing.format)
    ranges = [each for each in styles if isinstance(each, tuple)]
    rgba = render.compose(list(values), valid, ranges, drawing.choice.opacity)
    return encode.encode(rgba, drawing.format)
