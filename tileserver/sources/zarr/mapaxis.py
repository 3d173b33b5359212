"""The axes of a map from 1-D coordinates: their units, and where their cells begin and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj

from tileserver.axis import REGULAR_TOLERANCE, Axis, Floats
from tileserver.grid import FULL_CIRCLE_DEG, is_degrees
from tileserver.sources.zarr.crs import unit_factor
from tileserver.sources.zarr.hierarchy import Document

POLE_DEG = 90.0


@dataclass(frozen=True, slots=True)
class Coordinate:
    """A 1-D coordinate as it is stored.

    Args:
        values: (n,).
        bounds: (n, 2), of each cell, where the store tells them.
    """

    values: npt.NDArray[Any]
    attrs: Document
    bounds: npt.NDArray[Any] | None = None


def map_axes(x: Coordinate, y: Coordinate, crs: pyproj.CRS) -> tuple[Axis, Axis]:
    """The axes of columns and rows. ValueError for coordinates that make none.

    One cell alone, of which no bounds are told, is as long as those along the other axis.
    """
    period = FULL_CIRCLE_DEG if is_degrees(crs) else None
    found = _Numbers.of(x, crs, period), _Numbers.of(y, crs, None)
    steps = [each.axis(1.0).step if each.centers.size > 1 else None for each in found]
    wide, high = steps
    return found[0].axis(abs(high or wide or 1.0)), found[1].axis(abs(wide or high or 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """Centres (n,) and edges (n, 2) of cells in units of the CRS, of the stored precision."""

    centers: npt.NDArray[Any]
    bounds: npt.NDArray[Any] | None
    period: float | None

    @classmethod
    def of(cls, coordinate: Coordinate, crs: pyproj.CRS, period: float | None) -> _Numbers:
        """From stored numbers: unpacked, and in the units of the CRS."""
        if coordinate.values.dtype.kind not in "iuf":
            raise ValueError("they are not numbers")
        attrs = coordinate.attrs
        scale = _number(attrs.get("scale_factor"), 1.0)
        offset = _number(attrs.get("add_offset"), 0.0)
        factor = unit_factor(attrs.get("units"), crs)

        def unpacked(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            if (scale, offset, factor) == (1.0, 0.0, 1.0):
                return values
            physical = (values * scale + offset) * factor
            # Packed or scaled, they are no more exact than they were.
            return physical.astype(values.dtype) if values.dtype == np.float32 else physical

        bounds = coordinate.bounds
        usable = bounds is not None and bounds.dtype.kind in "iuf"
        return cls(
            unpacked(coordinate.values),
            unpacked(bounds) if usable and bounds is not None else None,
            period,
        )

    def axis(self, default_step: float) -> Axis:
        """The axis with the edges that are told, if they fit, else midway between centres."""
        plain = Axis.from_centers(self.centers, period=self.period, default_step=default_step)
        edges = self._edges(plain)
        if edges is None:
            return plain
        step = abs(plain.step)
        inner = np.abs(edges - plain.cell_edges()) <= REGULAR_TOLERANCE * step
        # Cells that end at a pole are drawn no farther in any case.
        inner[[0, -1]] |= np.abs(np.abs(edges[[0, -1]]) - POLE_DEG) < REGULAR_TOLERANCE * step
        if len(edges) > 2 and inner.all():
            return plain
        middles = (edges[:-1] + edges[1:]) / 2
        assert self.bounds is not None
        even = Axis.from_centers(
            middles.astype(self.bounds.dtype) if self.bounds.dtype.kind == "f" else middles,
            period=self.period,
            default_step=float(edges[1] - edges[0]),
        )
        if even.edges is None and abs(even.start - edges[0]) <= 0.01 * abs(even.step):
            return even
        centers = plain.cell_centers()
        within = (np.abs(centers - middles) < np.abs(np.diff(edges)) / 2).all()
        return Axis(
            float(edges[0]), float(edges[-1] - edges[0]) / len(middles), len(middles),
            edges=edges, centers=centers if within else middles, period=self.period,
        )  # fmt: skip

    def _edges(self, plain: Axis) -> Floats | None:
        """The edges (n + 1,) that bounds tell, None where they are of other cells, or have gaps."""
        if self.bounds is None or self.bounds.shape != (plain.size, 2):
            return None
        bounds = np.sort(self.bounds.astype(np.float64), axis=1)
        if not np.isfinite(bounds).all():
            return None
        centers = plain.cell_centers()
        if self.period is not None:
            turns = np.round((bounds.mean(axis=1) - centers) / self.period) * self.period
            bounds = bounds - turns[:, None]
        slack = 0.01 * abs(plain.step)
        held = (bounds[:, 0] <= centers + slack) & (centers - slack <= bounds[:, 1])
        if plain.step < 0:
            bounds = bounds[:, ::-1]
        joined = np.abs(bounds[1:, 0] - bounds[:-1, 1]) <= slack
        edges = np.append(bounds[:, 0], bounds[-1, 1])
        steps = np.diff(edges)
        monotonic = (steps > 0).all() or (steps < 0).all()
        return edges if held.all() and joined.all() and monotonic else None


def _number(value: object, default: float) -> float:
    """An attribute that should be a number, maybe alone in a list."""
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 1:
        value = value[0]
    if value is None:
        return default
    return float(value)  # type: ignore[arg-type]
