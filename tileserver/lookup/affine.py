"""Images that are turned or sheared in their CRS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyproj
from affine import Affine

from tileserver.axis import Axis, Floats
from tileserver.grid import Bounds, Grid, is_degrees


@dataclass(frozen=True)
class AffineLookup:
    """Cells that an affine transform places: exact both ways.

    Args:
        transform: from columns and rows to CRS units, of pixel corners; not degenerate.
        shape: (height, width) in cells of the finest level.
    """

    transform: Affine
    shape: tuple[int, int]
    in_degrees: bool = False

    @property
    def is_continuous(self) -> bool:
        """It is, all over."""
        return True

    @cached_property
    def bounds(self) -> Bounds:
        """(west, south, east, north) of all cells in CRS units."""
        height, width = self.shape
        x, y = self.points(np.array([0.0, width, 0, width]), np.array([0.0, 0, height, height]))
        return (float(x.min()), float(y.min()), float(x.max()), float(y.max()))

    def positions(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Positions along columns and rows of points, also of such outside the image."""
        if self.in_degrees:
            west, _, east, _ = self.bounds
            x = x - 360.0 * np.round((x - (west + east) / 2) / 360.0)
        return _applied(~self.transform, x, y)

    def points(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """The points at positions."""
        return _applied(self.transform, cols, rows)


def _applied(transform: Affine, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    a, b, c, d, e, f = transform[:6]
    return a * x + b * y + c, d * x + e * y + f


def affine_grid(crs: pyproj.CRS, transform: Affine, shape: tuple[int, int]) -> Grid:
    """The grid of a raster, by a lookup where its transform turns or shears it.

    Coarser levels of the same: `Grid(crs, Axis(0, 2, w), Axis(0, 2, h), lookup=grid.lookup)`.
    Raises ValueError for a transform that leaves no area.
    """
    if transform.is_degenerate:
        raise ValueError("its transform leaves cells no area")
    if not (transform.b or transform.d):
        return Grid.from_affine(crs, transform, shape)
    lookup = AffineLookup(transform, shape, is_degrees(crs))
    return Grid(crs, Axis(0.0, 1.0, shape[1]), Axis(0.0, 1.0, shape[0]), lookup=lookup)
