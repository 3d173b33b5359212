"""Datasets as the server draws them, beside what rasterio and xarray read of the same cells."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from rasterio.windows import Window

from tileserver.axis import Axis
from tileserver.cache import ByteCache
from tileserver.config import DatasetConfig
from tileserver.dataset import make_dataset
from tileserver.drawing import Drawing, StyleChoice
from tileserver.drawing import View as Seen
from tileserver.grid import FULL_CIRCLE_DEG, Grid, is_degrees, parse_crs
from tileserver.layer import find_layer, select
from tileserver.pipeline import Engine
from tileserver.plan import sample
from tileserver.sources.opening import Origin, open_source
from tileserver.style import Colormap

from .reference import Drawn, View

MARGIN = 40  # cells around what the plan reads that the reference sees too

# Cells [rows, cols) of one level as numbers, NaN where missing; and where the level lies.
ReadCells = Callable[[slice, slice], np.ndarray]


@dataclass(frozen=True)
class Original:
    """A level of a variable as another library reads it."""

    grid: Grid
    read: ReadCells


OpenOriginal = Callable[[str, int, dict[str, int]], Original]


@dataclass(frozen=True)
class Shown:
    """A tile as drawn, and the cells of the level that it was drawn from."""

    drawn: Drawn
    grid: Grid
    cells: np.ndarray
    original: Grid
    body: bytes


def show(
    origin: Origin,
    variable: str,
    views: Callable[[Grid], list[View]],
    original: OpenOriginal,
    resampling: str,
    asked: Mapping[str, str] | None = None,
) -> list[tuple[View, Shown]]:
    """The tiles of a variable at the step that is asked for, coloured from 0 to 1."""
    with ThreadPoolExecutor(2) as pool:
        return asyncio.run(_show(origin, variable, views, original, resampling, asked or {}, pool))


async def _show(
    origin: Origin,
    variable: str,
    views: Callable[[Grid], list[View]],
    original: OpenOriginal,
    resampling: str,
    asked: Mapping[str, str],
    pool: ThreadPoolExecutor,
) -> list[tuple[View, Shown]]:
    source = await open_source(
        origin, cache=ByteCache(256 << 20, lambda raw: raw.nbytes), pool=pool
    )
    dataset = make_dataset(DatasetConfig(id="a", url="a"), source)
    engine = Engine(
        tiles=ByteCache(1 << 20, len),
        samplings=ByteCache(32 << 20, lambda sampling: sampling.nbytes),
        pool=pool,
    )
    found = []
    for view in views(dataset.source.cube.variables[variable].grid):
        layer = find_layer(dataset, variable)
        selection = select(dataset.source.cube, layer, asked)
        choice = StyleChoice(Colormap.named("viridis"), (0.0, 1.0))
        seen = Seen(dataset, layer, selection, choice, resampling)
        drawing = Drawing(seen, view.grid)
        values, valid = await engine.pixels(drawing)
        levels = layer.variables[0].levels
        sampling = sample(levels, view.grid, resampling)
        drawn = Drawn(values[0], valid, sampling)
        if sampling is None:
            continue
        level = levels[sampling.level].grid
        steps = dict(selection.indices)
        grid, cells = _around(
            original(variable, sampling.level, steps), sampling.rows, sampling.cols
        )
        body = await engine.tile(drawing)
        found.append((view, Shown(drawn, level, cells, grid, body)))
    return found


def _around(original: Original, rows: slice, cols: slice) -> tuple[Grid, np.ndarray]:
    """The cells of a window and of a margin around it, and their grid; all columns where the
    window goes on across the seam."""
    height, width = original.grid.shape
    if original.grid.y.edges is not None:
        return original.grid, original.read(slice(0, height), slice(0, width))
    rows = slice(max(rows.start - MARGIN, 0), min(rows.stop + MARGIN, height))
    if original.grid.x.wraps:
        cols = slice(0, width)
    else:
        cols = slice(max(cols.start - MARGIN, 0), min(cols.stop + MARGIN, width))
    moved = original.grid.transform @ Affine.translation(cols.start, rows.start)
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    return Grid.from_affine(original.grid.crs, moved, shape), original.read(rows, cols)


def geotiff(path: Path, band: int) -> OpenOriginal:
    """A band of a file as rasterio reads it, its overviews as levels."""

    def open_level(_: str, level: int, __: dict[str, int]) -> Original:
        options = {"overview_level": level - 1} if level else {}
        with rasterio.open(path, **options) as file:
            grid = Grid.from_affine(parse_crs(file.crs.to_wkt()), file.transform, file.shape)
            scale, offset = file.scales[band - 1], file.offsets[band - 1]

        def read(rows: slice, cols: slice) -> np.ndarray:
            window = Window.from_slices(rows, cols)
            with rasterio.open(path, **options) as file:
                cells = file.read(band, window=window, masked=True).astype(np.float64)
            return np.ma.filled(cells * scale + offset, np.nan)

        return Original(grid, read)

    return open_level


def zarr_level(path: Path, crs: str, x: str, y: str) -> OpenOriginal:
    """A variable of a store as xarray decodes it, on the grid that its coordinates make."""

    def open_level(name: str, level: int, steps: dict[str, int]) -> Original:
        assert level == 0, "a plain store has one level"
        with xr.open_dataset(path, engine="zarr", consolidated=False, decode_times=False) as data:
            array = data[name].isel(steps).transpose(y, x)
            low, high = (data[name].attrs.get(k) for k in ("valid_min", "valid_max"))
            period = FULL_CIRCLE_DEG if is_degrees(parse_crs(crs)) else None
            grid = Grid(parse_crs(crs), _axis(data[x].values, period), _axis(data[y].values, None))

        def read(rows: slice, cols: slice) -> np.ndarray:
            cells = array.isel({y: rows, x: cols}).values.astype(np.float64)
            if low is not None and high is not None:
                cells = np.where((cells >= low) & (cells <= high), cells, np.nan)
            return cells

        return Original(grid, read)

    return open_level


def _axis(centers: np.ndarray, period: float | None) -> Axis:
    """Cells around centres, with edges midway; of equal size where the centres are evenly apart."""
    centers = centers.astype(np.float64)
    steps = np.diff(centers)
    step = float((centers[-1] - centers[0]) / (centers.size - 1))
    first = float(centers[0])
    if np.ptp(steps) < 1e-3 * abs(step):
        return Axis(first - step / 2, step, centers.size, period=period)
    middles = (centers[:-1] + centers[1:]) / 2
    edges = np.concatenate([[first - steps[0] / 2], middles, [centers[-1] + steps[-1] / 2]])
    return Axis(float(edges[0]), step, centers.size, edges, centers, period)
