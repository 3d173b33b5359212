"""Physical values of a layer's cells: planned, read, decoded, combined as an expression says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.cube import TIME, Level, Raw, Variable
from tileserver.errors import InvalidParameter
from tileserver.grid import Axis, Floats
from tileserver.layer import Layer, Selection
from tileserver.plan import ReadPlan, choose_level

Read = Callable[[ReadPlan], Awaitable[Raw]]
Values = npt.NDArray[np.floating]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Where the cells of one variable lie that belong to a window of the layer's grid.

    Args:
        rows, cols: of the variable's own level, to read.
        row_of, col_of: for each row and column of the layer's window the one in the part that
            holds its centre, -1 where there is none; None where the grids are the same.
    """

    variable: Variable
    level: int
    rows: slice
    cols: slice
    row_of: Index | None = None
    col_of: Index | None = None

    @property
    def stored(self) -> Level:
        """The level that is read."""
        return self.variable.levels[self.level]

    def plan(self, selection: Selection, steps: slice) -> ReadPlan:
        """What to read at the steps of the time dimension and the selected of all others."""
        return ReadPlan(self.variable.id, self.level, self.window(selection, steps))

    def window(self, selection: Selection, steps: slice) -> tuple[slice, ...]:
        """One slice for each dimension."""
        indices = zip(self.variable.dims, selection.of(self.variable), strict=True)
        leading = (steps if dim == TIME else slice(i, i + 1) for dim, i in indices)
        return (*leading, self.rows, self.cols)

    def decode(self, raw: Raw) -> Values:
        """Physical values (steps, rows, cols) of the layer's window; NaN where there are none."""
        values = self.variable.packing.decode(raw.reshape(-1, *raw.shape[-2:]))
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
    return min(layer.variables, key=lambda v: v.grid.resolution[0] * v.grid.resolution[1])


def place(layer: Layer, level: int, rows: slice, cols: slice) -> tuple[Part, ...]:
    """The parts of all the layer's variables for a window of a level of the finest.

    Variables on coarser grids give the value of the cell that holds each centre. Raises
    InvalidParameter where they lie in another CRS, and where a variable has no cell there.
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
    if variable.grid.crs.srs != grid.crs.srs:
        raise InvalidParameter(
            "expression", f"{own.id}, {variable.id}", "expected variables in one CRS"
        )
    footprint = (grid.resolution[1], grid.resolution[0])
    number = choose_level(variable.levels, footprint)
    other = variable.levels[number].grid
    y = grid.y.cell_centers()[rows]
    x = grid.x.cell_centers()[np.arange(cols.start, cols.stop) % grid.x.size]
    own_rows, row_of = _cells(other.y, y)
    own_cols, col_of = _cells(other.x, x)
    return Part(variable, number, own_rows, own_cols, row_of, col_of)


def _cells(axis: Axis, centers: Floats) -> tuple[slice, Index]:
    """The cells to read for some coordinates, and which of them is each one's."""
    positions = axis.positions(centers)
    known = np.isfinite(positions)
    if not known.any():
        return slice(0, 1), np.full(len(centers), -1)
    cells = np.floor(np.where(known, positions, 0)).astype(np.intp)
    first, last = int(cells[known].min()), int(cells[known].max())
    return slice(first, last + 1), np.where(known, cells - first, -1)


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
