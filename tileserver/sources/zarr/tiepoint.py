"""Radar images of EOPF products, which ground control points place: `conditions/gcp`.

Each point has its line and pixel in the image, and a latitude and longitude. Other arrays of a
product, such as calibration vectors, tell in `line` and `pixel` which of the image's they are at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.axis import Floats
from tileserver.errors import CatalogError
from tileserver.grid import Grid
from tileserver.lookup.tiepoint import tie_point_grid
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.cf import packing_of
from tileserver.sources.zarr.hierarchy import Hierarchy, ancestry, is_within, join, parent

GCP = "gcp"
IMAGE = "measurements"
DIMS = ("azimuth_time", "ground_range")
PARTS = ("latitude", "longitude", "line", "pixel")
MOST_POINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class Lattice:
    """Points in rows and columns: lat and lon (n, m) at lines (n,) and pixels (m,), from 0."""

    lat: Floats
    lon: Floats
    lines: Floats
    pixels: Floats

    @classmethod
    def of(cls, lat: Floats, lon: Floats, line: Floats, pixel: Floats) -> Lattice:
        """From points in a lattice or in one list. Raises ValueError where they make none."""
        lines, pixels = np.unique(line), np.unique(pixel)
        shape = (len(lines), len(pixels))
        if lat.shape == shape and line.shape != lat.shape:
            rows, cols = np.argsort(line), np.argsort(pixel)
            return cls(lat[rows][:, cols], lon[rows][:, cols], lines, pixels)
        if not lat.size == lon.size == line.size == pixel.size == shape[0] * shape[1]:
            raise ValueError("they make no lattice of lines and pixels")
        order = np.lexsort((pixel.ravel(), line.ravel()))
        return cls(
            lat.ravel()[order].reshape(shape), lon.ravel()[order].reshape(shape), lines, pixels
        )


@dataclass(frozen=True, slots=True)
class TiePoints:
    """Places arrays by the lattice of their product.

    Args:
        lattices: by the path of the product's group; a text tells why there is none.
        counts: `line` and `pixel` arrays by path.
        points: the paths of the points' own latitudes and longitudes.
    """

    lattices: Mapping[str, Lattice | str]
    counts: Mapping[str, npt.NDArray[Any]]
    points: Set[str]
    _grids: dict[object, Grid] = field(default_factory=dict)

    def place(self, name: str, path: str, array: ZarrArray) -> tuple[ZarrArray, Grid] | None:
        """The array in canonical order and its grid, where its product has points.

        Raises CatalogError where these cannot be used.
        """
        product = next((p for p in reversed(ancestry(parent(path))) if p in self.lattices), None)
        if product is None or not set(DIMS) <= set(array.dims):
            return None
        lattice = self.lattices[product]
        leading = [i for i, dim in enumerate(array.dims) if dim not in DIMS]
        placed = array.ordered((*leading, *(array.dims.index(dim) for dim in DIMS)))
        try:
            if isinstance(lattice, str):
                raise ValueError(lattice)
            return placed, self._grid(lattice, parent(path), placed.shape[-2:])
        except ValueError as error:
            raise CatalogError(
                f"variable {name!r}: its ground control points cannot be used: {error}"
            ) from error

    def _grid(self, lattice: Lattice, group: str, shape: tuple[int, ...]) -> Grid:
        lines, pixels = (
            _position(at, self._counts(join(group, part), size))
            for part, size, at in zip(
                PARTS[2:], shape, (lattice.lines, lattice.pixels), strict=True
            )
        )
        # Polarisations of one image lie on the same cells.
        key = (shape, *(each.tobytes() for each in (lattice.lat, lattice.lon, lines, pixels)))
        if key not in self._grids:
            self._grids[key] = tie_point_grid(
                lattice.lon, lattice.lat, rows=lines, cols=pixels, shape=(shape[0], shape[1])
            )
        return self._grids[key]

    def _counts(self, path: str, size: int) -> Floats:
        told = self.counts.get(path)
        if told is None or told.shape != (size,):
            return np.arange(size, dtype=np.float64)
        return told.astype(np.float64)


def _position(at: Floats, counts: Floats) -> Floats:
    """Positions in an array of lines or pixels that its cells count, also beyond its ends."""
    steps = np.diff(counts)
    if not len(steps) or not (steps > 0).all():
        raise ValueError("lines or pixels do not rise throughout")
    first = np.clip(np.searchsorted(counts, at, side="right") - 1, 0, len(steps) - 1)
    positions: Floats = first + (at - counts[first]) / steps[first] + 0.5
    return positions


async def read_tie_points(
    hierarchy: Hierarchy, arrays: Mapping[str, ZarrArray]
) -> TiePoints | None:
    """The points of all products of a hierarchy, read at once; None where there are none."""
    groups = [parent(path) for path in arrays if path.rpartition("/")[2] == PARTS[0]]
    groups = [g for g in groups if g.rpartition("/")[2] == GCP and _is_complete(g, arrays)]
    if not groups:
        return None
    products = {parent(parent(group)): group for group in groups}
    counted = [path for path in arrays if _counts_image(path, arrays, products)]
    lattices = await asyncio.gather(*(_lattice(hierarchy, group, arrays) for group in groups))
    values = await asyncio.gather(*(arrays[path].values() for path in counted))
    return TiePoints(
        dict(zip(products, lattices, strict=True)),
        dict(zip(counted, values, strict=True)),
        {join(group, part) for group in groups for part in PARTS},
    )


def _is_complete(group: str, arrays: Mapping[str, ZarrArray]) -> bool:
    parts = [arrays.get(join(group, part)) for part in PARTS]
    return all(part is not None and _cells(part) <= MOST_POINTS for part in parts)


def _cells(array: ZarrArray) -> int:
    return int(np.prod([float(size) for size in array.shape]))


def _counts_image(path: str, arrays: Mapping[str, ZarrArray], products: Mapping[str, str]) -> bool:
    """Whether an array tells the lines or pixels of others; the image itself has them all."""
    group, _, name = path.rpartition("/")
    is_image = group.rpartition("/")[2] == IMAGE
    inside = any(is_within(path, product) and product != group for product in products)
    is_small = len(arrays[path].shape) == 1 and _cells(arrays[path]) <= MOST_POINTS
    return name in PARTS[2:] and inside and is_small and not is_image


async def _lattice(
    hierarchy: Hierarchy, group: str, arrays: Mapping[str, ZarrArray]
) -> Lattice | str:
    found = [arrays[join(group, part)] for part in PARTS]
    read = await asyncio.gather(*(array.values() for array in found))
    try:
        decoded = [
            packing_of(array, hierarchy.attrs[array.path]).decode(values).astype(np.float64)
            for array, values in zip(found, read, strict=True)
        ]
        return Lattice.of(*decoded)
    except (ValueError, TypeError) as error:
        return str(error)
