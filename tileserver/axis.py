"""One axis of a grid: edges and centres of cells, regular or not, and positions on it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Centres may stray from a regular spacing by this part of a cell before the axis counts as
# irregular: a thousandth of a cell moves no pixel that anybody could see.
REGULAR_TOLERANCE = 1e-3
EDGE = 1e-9  # of a cell
FLOAT32_BITS = 23  # of the significand; coordinates stored so stray by their rounding


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """One axis of a grid, `size` cells from the edge `start` in steps of `step` CRS units.

    Args:
        edges: the size + 1 cell edges where cells are irregular, strictly monotonic; else None.
        centers: the size cell centres of an irregular axis.
        period: 360 for a longitude axis in degrees, whose coordinates repeat; else None.
    """

    start: float
    step: float
    size: int
    edges: Floats | None = None
    centers: Floats | None = None
    period: float | None = None

    def __post_init__(self) -> None:
        if self.size < 1 or not math.isfinite(self.start) or not math.isfinite(self.step):
            raise ValueError(f"an axis needs at least one cell and finite edges, got {self}")
        if self.step == 0:
            raise ValueError("an axis needs a step other than 0")

    @classmethod
    def from_centers(
        cls, centers: npt.ArrayLike, *, period: float | None = None, default_step: float = 1.0
    ) -> Axis:
        """The axis whose cells have these centres (size,), in CRS units.

        Edges lie midway between centres. Longitudes that jump by a turn (… 179, -179 …) are
        unrolled. Raises ValueError for centres that are not finite or not strictly monotonic.
        """
        raw = np.atleast_1d(np.asarray(centers))
        values = raw.astype(np.float64)
        if not np.isfinite(values).all():
            raise ValueError("coordinates hold NaN or infinity")
        if values.size == 1:
            return cls(float(values[0]) - default_step / 2, default_step, 1, period=period)
        if period is not None:
            values = np.unwrap(values, period=period)
        steps = np.diff(values)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError("coordinates do not rise or fall throughout")
        step = (values[-1] - values[0]) / (values.size - 1)
        if _is_regular(values, step, raw.dtype):
            return cls(float(values[0] - step / 2), float(step), values.size, period=period)
        middles = (values[:-1] + values[1:]) / 2
        first, last = values[0] - steps[0] / 2, values[-1] + steps[-1] / 2
        edges = np.concatenate([[first], middles, [last]])
        return cls(
            float(first), float(step), values.size, edges=edges, centers=values, period=period
        )

    @property
    def stop(self) -> float:
        """The outer edge of the last cell."""
        if self.edges is not None:
            return float(self.edges[-1])
        return self.start + self.step * self.size

    @property
    def low(self) -> float:
        """The smallest coordinate that the cells cover."""
        return min(self.start, self.stop)

    @property
    def high(self) -> float:
        """The largest coordinate that the cells cover."""
        return max(self.start, self.stop)

    @property
    def wraps(self) -> bool:
        """Whether the cells go round the globe, so that the last neighbours the first."""
        if self.period is None:
            return False
        return abs(self.high - self.low - self.period) < abs(self.step) / 2

    def padded(self, cells: int) -> Axis:
        """The same with so many more cells at both ends; ValueError for an irregular axis."""
        if self.edges is not None:
            raise ValueError("only a regular axis goes on beyond its ends")
        return replace(self, start=self.start - cells * self.step, size=self.size + 2 * cells)

    def coarsened(self, factor: int) -> Axis:
        """Cells that each hold so many of these.

        Where they do not divide, the last one goes on beyond the end, of irregular cells it holds
        fewer.
        """
        size = -(-self.size // factor)
        if self.edges is None:
            return replace(self, step=self.step * factor, size=size)
        edges = np.append(self.edges[:-1:factor], self.edges[-1])
        return replace(
            self,
            step=float(edges[-1] - edges[0]) / size,
            size=size,
            edges=edges,
            centers=(edges[:-1] + edges[1:]) / 2,
        )

    def cell_centers(self) -> Floats:
        """The cell centres (size,), in CRS units."""
        if self.centers is not None:
            return self.centers
        return self.start + (np.arange(self.size, dtype=np.float64) + 0.5) * self.step

    def cell_edges(self) -> Floats:
        """The cell edges (size + 1,), in CRS units."""
        if self.edges is not None:
            return self.edges
        return self.start + np.arange(self.size + 1, dtype=np.float64) * self.step

    def positions(self, coords: Floats, *, clamp: bool = False) -> Floats:
        """Positions of coordinates in CRS units; outside the axis NaN, or its end with `clamp`."""
        x = self._rolled(coords)
        if self.edges is None:
            positions: Floats = (x - self.start) / self.step
        else:
            counts = np.arange(self.size + 1, dtype=np.float64)
            if clamp:
                x = np.clip(x, self.low, self.high)
            positions = _interpolated(x, self.edges, counts)
        if clamp:
            return np.clip(positions, 0, self.size)
        # A coordinate on an outer edge, as rounding leaves it, belongs to the cell inside.
        inside = (positions >= -EDGE) & (positions <= self.size + EDGE)
        return np.where(inside, np.clip(positions, 0, self.size - EDGE), np.nan)

    def centered(self, positions: Floats) -> Floats:
        """Positions that count from the first cell's centre (0.0), to interpolate between cells.

        Positions beyond one turn, on an axis that wraps, stay so.
        """
        if self.centers is None or self.edges is None:
            return positions - 0.5
        turns = np.floor(positions / self.size) * self.size
        x = _interpolated(positions - turns, np.arange(self.size + 1.0), self.edges)
        inner = _interpolated(x, self.centers, np.arange(float(self.size)))
        return np.where(np.isnan(inner), positions - 0.5, inner + turns)

    def _rolled(self, coords: Floats) -> Floats:
        """Coordinates brought into the axis' own turn, e.g. -90 to 270 on a 0 to 360 axis."""
        if self.period is None:
            return coords
        low = (self.low + self.high - self.period) / 2
        # Only what lies outside is turned, so that no rounding touches what fits already.
        turned = low + np.mod(coords - low, self.period)
        return np.where((coords >= self.low) & (coords <= self.high), coords, turned)


def _interpolated(x: Floats, known: Floats, values: Floats) -> Floats:
    """Linear interpolation over a rising or falling axis; NaN outside it."""
    if known[0] > known[-1]:
        known, values = known[::-1], values[::-1]
    return np.interp(x, known, values, left=np.nan, right=np.nan)


def _is_regular(values: Floats, step: float, dtype: np.dtype[np.generic]) -> bool:
    ideal = values[0] + np.arange(values.size) * step
    tolerance = REGULAR_TOLERANCE * abs(step)
    if dtype.kind == "f" and dtype.itemsize < 8:
        rounding = 2.0 ** (1 - FLOAT32_BITS) * float(np.abs(values).max())
        tolerance = max(tolerance, min(rounding, 0.25 * abs(step)))
    return bool(np.abs(values - ideal).max() <= tolerance)
