"""Physical values of a layer's cells: planned, read, decoded, combined as an expression says."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from weakref import ref

import numpy as np
import numpy.typing as npt

from tileserver.axis import Axis, Floats
from tileserver.cube import Level, Raw, Variable
from tileserver.errors import InvalidParameter
from tileserver.grid import LONLAT, Grid
from tileserver.layer import Layer, Selection
from tileserver.plan import ReadPlan, choose_level
from tileserver.projection import axis_coordinates, reprojected

Read = Callable[[ReadPlan], Awaitable[Raw]]
Values = npt.NDArray[np.floating]
Index = npt.NDArray[np.intp]
Numbers = tuple[int, int, int, int]
Across = tuple[slice, slice, Index]

MOST_KEPT_CELLS = 1 << 19  # 4 MB


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Where the cells of one variable lie that belong to a window of the layer's grid.

    Args:
        rows, cols: of the variable's own level, to read.
        row_of, col_of: for each row and column of the layer's window the one in the part that
            holds its centre, -1 where there is none; None where the grids are the same.
        cell_of: the same for each cell (rows, cols), of the flattened part, where rows and columns
            alone do not tell.
    """

    variable: Variable
    level: int
    rows: slice
    cols: slice
    row_of: Index | None = None
    col_of: Index | None = None
    cell_of: Index | None = None

    @property
    def stored(self) -> Level:
        """The level that is read."""
        return self.variable.stored(self.level)

    def plan(self, selection: Selection, steps: slice) -> ReadPlan:
        """What to read at the steps of the time dimension and the selected of all others."""
        return ReadPlan(self.variable.id, self.level, self.window(selection, steps))

    def window(self, selection: Selection, steps: slice) -> tuple[slice, ...]:
        """One slice for each dimension."""
        indices = zip(self.variable.dims, selection.of(self.variable), strict=True)
        leading = (steps if dim == selection.time else slice(i, i + 1) for dim, i in indices)
        return (*leading, self.rows, self.cols)

    def decode(self, raw: Raw) -> Values:
        """Physical values (steps, rows, cols) of the layer's window; NaN where there are none."""
        raw = raw.reshape(-1, *raw.shape[-2:])
        if self.cell_of is not None:
            # Of a window much is not wanted where there is no coarse level: it is not decoded.
            flat = raw.reshape(len(raw), -1)
            taken = self.variable.packing.decode(flat.take(self.cell_of, axis=1, mode="clip"))
            taken[:, self.cell_of < 0] = np.nan
            return taken
        values = self.variable.packing.decode(raw)
        if self.row_of is None or self.col_of is None:
            return values
        taken = values.take(self.row_of, axis=1).take(self.col_of, axis=2)
        taken[:, self.row_of < 0, :] = np.nan
        taken[:, :, self.col_of < 0] = np.nan
        return taken


def check_single(layer: Layer) -> None:
    """Refuse a picture of three bands, which has no one value. Raises InvalidParameter."""
    if layer.bands != 1:
        names = ", ".join(v.id for v in layer.variables)
        raise InvalidParameter(
            "variable",
            layer.id,
            f"a picture of three bands has no one value: ask for one of {names}",
        )


def finest(layer: Layer) -> Variable:
    """The variable whose grid is the layer's: that with the smallest cells."""
    grids = [variable.grid for variable in layer.variables]
    alike = len({grid.crs.srs for grid in grids}) == 1 and all(g.lookup is None for g in grids)
    return min(layer.variables, key=lambda v: _cell_area(v.grid, alike))


def _cell_area(grid: Grid, in_own_units: bool) -> float:
    """Of a cell in the middle, to compare; with others in other units in square degrees."""
    if in_own_units:
        return grid.resolution[0] * grid.resolution[1]
    lon, lat = reprojected(grid.crs, LONLAT, *grid.middle())
    across, down = (np.diff(v[[0, 1, 0, 2]])[::2] for v in (lon, lat))
    across = (across + 180) % 360 - 180
    area = abs(across[0] * down[1] - across[1] * down[0]) * math.cos(math.radians(lat[0]))
    return float(area) if math.isfinite(area) else math.inf


def place(layer: Layer, level: int, rows: slice, cols: slice) -> tuple[Part, ...]:
    """The parts of all the layer's variables for a window of a level of the finest.

    Variables on other grids give the value of the cell that holds each centre.
    """
    own = finest(layer)
    return tuple(
        Part(variable, level, rows, cols)
        if variable is own
        else _beside(own, variable, level, rows, cols)
        for variable in layer.variables
    )


def _beside(own: Variable, variable: Variable, level: int, rows: slice, cols: slice) -> Part:
    grid = own.levels[level].grid
    if level < len(variable.levels) and variable.levels[level].grid is grid:
        return Part(variable, level, rows, cols)
    if variable.grid.crs.srs != grid.crs.srs or variable.grid.lookup is not grid.lookup:
        return _across(own, variable, level, rows, cols)
    footprint = (grid.resolution[1], grid.resolution[0])
    number = choose_level(variable.levels, footprint)
    other = variable.levels[number].grid
    y = grid.y.cell_centers()[rows]
    x = grid.x.cell_centers()[np.arange(cols.start, cols.stop) % grid.x.size]
    own_rows, row_of = _cells(other.y, y)
    own_cols, col_of = _cells(other.x, x)
    return Part(variable, number, own_rows, own_cols, row_of, col_of)


def _across(own: Variable, variable: Variable, level: int, rows: slice, cols: slice) -> Part:
    """As _beside, between grids of which no axis is the other's."""
    grid = own.levels[level].grid
    number = choose_level(variable.levels, _footprint(grid, variable.grid))
    other = variable.levels[number].grid
    window = (rows.start, rows.stop, cols.start, cols.stop)
    if (rows.stop - rows.start) * (cols.stop - cols.start) > MOST_KEPT_CELLS:
        own_rows, own_cols, cell_of = _cells_across(grid, other, window)
    else:
        own_rows, own_cols, cell_of = _kept_across(ref(grid), ref(other), window)
    return Part(variable, number, own_rows, own_cols, cell_of=cell_of)


def _footprint(grid: Grid, other: Grid) -> tuple[float, float]:
    """The size (y, x) of a cell in the middle of a grid, in units of the other's axes."""
    x, y = reprojected(grid.crs, other.crs, *grid.middle())
    if other.lookup is not None:
        x, y = other.lookup.positions(x, y)
    sizes = [math.hypot(v[1] - v[0], v[2] - v[0]) for v in (y, x)]
    return (sizes[0], sizes[1]) if math.isfinite(sum(sizes)) else (0.0, 0.0)


@lru_cache(maxsize=16)
def _kept_across(grid: ref[Grid], other: ref[Grid], window: Numbers) -> Across:
    """As _cells_across. A series asks again for each batch; grids are not kept for it."""
    known, beside = grid(), other()
    assert known is not None
    assert beside is not None
    return _cells_across(known, beside, window)


def _cells_across(grid: Grid, other: Grid, window: Numbers) -> Across:
    """The rows and columns of the other grid to read for a window, and which cell in them holds the
    centre of each (rows, cols), -1 where none does."""
    part = Grid(
        grid.crs,
        _part(grid.x, slice(*window[2:])),
        _part(grid.y, slice(*window[:2])),
        lookup=grid.lookup,
    )
    x, y = axis_coordinates(part, other)
    found_rows, row_of = _cells(other.y, y)
    found_cols, col_of = _cells(other.x, x)
    width = found_cols.stop - found_cols.start
    lost = (row_of < 0) | (col_of < 0)
    return found_rows, found_cols, np.where(lost, -1, row_of * width + col_of)


def _part(axis: Axis, window: slice) -> Axis:
    """The cells of a window, which on an axis that wraps may go on beyond its end."""
    size = window.stop - window.start
    start = axis.start + window.start * axis.step
    if axis.edges is None or axis.centers is None:
        return Axis(start, axis.step, size)
    turns = np.arange(window.start, window.stop + 1) // axis.size * (axis.period or 0.0)
    at = np.arange(window.start, window.stop) % axis.size
    edges = axis.edges[np.append(at, at[-1] + 1)] + np.append(turns[:-1], turns[-2])
    centers = axis.centers[at] + turns[:-1]
    return Axis(float(edges[0]), axis.step, size, edges=edges, centers=centers)


def _cells(axis: Axis, centers: Floats) -> tuple[slice, Index]:
    """The cells to read for some coordinates, and which of them is each one's."""
    positions = axis.positions(centers)
    known = np.isfinite(positions)
    if not known.any():
        return slice(0, 1), np.full(centers.shape, -1)
    cells = np.floor(np.where(known, positions, 0)).astype(np.intp)
    first, last = int(cells[known].min()), int(cells[known].max())
    return slice(first, last + 1), np.where(known, cells - first, -1)


def sampled(layer: Layer, grid: Grid) -> tuple[Part, ...]:
    """The parts of all the layer's variables for the cells of any other grid.

    Each shows the value of the cell that holds its centre, of the coarsest level as fine as it.
    """
    height, width = grid.shape
    parts = []
    for variable in layer.variables:
        number = choose_level(variable.levels, _footprint(grid, variable.grid))
        other = variable.levels[number].grid
        rows, cols, cell_of = _cells_across(grid, other, (0, height, 0, width))
        cells = np.broadcast_to(cell_of, grid.shape)
        parts.append(Part(variable, number, rows, cols, cell_of=cells))
    return tuple(parts)


def traced(layer: Layer, lon: Floats, lat: Floats) -> tuple[Part, ...]:
    """As `sampled`, at points (n,) along a line in degrees: a window of one row."""
    parts = []
    for variable in layer.variables:
        x, y = _positions(variable.grid, lon, lat)
        steps = np.hypot(np.diff(x), np.diff(y))
        known = np.sort(steps[np.isfinite(steps)])
        apart = float(known[known.size // 2]) if known.size else 0.0
        number = choose_level(variable.levels, (apart, apart))
        other = variable.levels[number].grid
        x, y = _positions(other, lon, lat)
        rows, row_of = _cells(other.y, y)
        cols, col_of = _cells(other.x, x)
        lost = (row_of < 0) | (col_of < 0)
        cell_of = np.where(lost, -1, row_of * (cols.stop - cols.start) + col_of)
        parts.append(Part(variable, number, rows, cols, cell_of=cell_of[None, :]))
    return tuple(parts)


def _positions(grid: Grid, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Points in degrees, on the axes of a grid."""
    x, y = reprojected(LONLAT, grid.crs, lon, lat)
    return (x, y) if grid.lookup is None else grid.lookup.positions(x, y)


async def read_blocks(
    read: Read, parts: Sequence[Part], selection: Selection, steps: slice
) -> list[Raw]:
    """Stored numbers of all parts, read together. Raises SourceError."""
    return await asyncio.gather(*(read(part.plan(selection, steps)) for part in parts))


def combine(layer: Layer, parts: Sequence[Part], blocks: Sequence[Raw]) -> Values:
    """Physical values (steps, rows, cols) of a layer of one band, NaN where there are none.

    Where no variable has the time dimension there is one step.
    """
    decoded = {p.variable.id: p.decode(raw) for p, raw in zip(parts, blocks, strict=True)}
    if layer.expression is None:
        return decoded[layer.variables[0].id]
    combined: Values = layer.expression.evaluate(decoded)[0]
    return combined
