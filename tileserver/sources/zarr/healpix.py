"""HEALPix in Zarr: cells in one dimension, read as the stacked faces of `lookup.healpix`."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.errors import CatalogError
from tileserver.grid import Bounds, Grid
from tileserver.lookup.healpix import (
    FACES,
    LARGEST_NSIDE,
    SPHERE,
    Faces,
    Index,
    face_grid,
    nested,
    places,
    ring,
    sphere,
)
from tileserver.sources.chunk import Coordinates
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.cf import packing_of
from tileserver.sources.zarr.georeference import Coordinate
from tileserver.sources.zarr.hierarchy import Document
from tileserver.sources.zarr.scope import Names

Order = Literal["nested", "ring"]

ORDERS: dict[str, Order] = {"nested": "nested", "nest": "nested", "ring": "ring"}
# Sides of the square blocks that are read as chunks: of nested order a block is a run of cells,
# of ring order its cells are strewn over as many rings as it has diagonals.
LARGEST_SIDE: dict[Order, int] = {"nested": 512, "ring": 128}
NAME = "healpix"
MOST_BOUNDED = 2_000_000  # cells around which a box is drawn
CORNER = 1e-9
# The names that conventions have for one thing: CF 1.13, easy.gems, xdggs, the DGGS of Zarr.
LEVELS = ("refinement_level", "level", "depth", "resolution")
NSIDES = ("healpix_nside", "nside")
SCHEMES = ("indexing_scheme", "healpix_order", "order")


@dataclass(frozen=True, slots=True)
class Healpix:
    """How cells are numbered.

    Args:
        ellipsoidal: latitudes are geodetic, cells of equal area on WGS 84.
    """

    nside: int
    order: Order
    ellipsoidal: bool = False

    @property
    def size(self) -> int:
        """The number of cells on the whole sphere."""
        return FACES * self.nside**2

    @classmethod
    def parse(cls, attrs: Document) -> Healpix:
        """From the attributes of a grid mapping or of the cells' coordinate.

        Raises CatalogError where they do not tell the refinement, or a numbering that is not read.
        """
        scheme = str(next((attrs[k] for k in SCHEMES if k in attrs), "nested")).lower()
        if scheme not in ORDERS:
            raise CatalogError(
                f"indexing_scheme={scheme!r}: expected nested or ring: renumber the cells"
            )
        ellipsoid = attrs.get("ellipsoid", "sphere")
        name = ellipsoid.get("name", "") if isinstance(ellipsoid, Mapping) else ellipsoid
        is_round = str(name).lower() in ("sphere", "unitsphere", "unit_sphere", "")
        return cls(_nside(attrs), ORDERS[scheme], not is_round)


def _nside(attrs: Document) -> int:
    for name in (name for name in (*NSIDES, *LEVELS) if name in attrs):
        value = attrs[name]
        number = _whole(value)
        if name in LEVELS:
            number = 2**number if 0 <= number < 64 else 0
        if 1 <= number <= LARGEST_NSIDE and number & (number - 1) == 0:
            return number
        raise CatalogError(
            f"HEALPix refinement {value!r}: expected an nside that is a power of two, or its "
            "level, as a whole number"
        )
    raise CatalogError(
        "HEALPix without its refinement: add refinement_level or healpix_nside to its mapping"
    )


def _whole(value: object) -> int:
    """An attribute that is a whole number, also in a list of one; -1 for all else."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    usable = isinstance(value, int) and not isinstance(value, bool) and value <= LARGEST_NSIDE
    return int(value) if usable else -1  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Where the cells of a store that holds some of them are: their numbers in rising order, and
    the place of each along the dimension."""

    numbers: Index
    places: Index

    @classmethod
    def of(cls, values: npt.NDArray[Any], pixels: Healpix) -> Cells | None:
        """From the coordinate (n,); None where it only counts all cells.

        Raises CatalogError for numbers that are none.
        """
        if values.dtype.kind not in "iuf" or not np.isfinite(values).all():
            raise CatalogError("the numbers of the HEALPix cells are not whole numbers")
        numbers = values.astype(np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < pixels.size:
            raise CatalogError(
                f"the numbers of the HEALPix cells go beyond nside {pixels.nside}: expected 0 to "
                f"{pixels.size - 1}"
            )
        if numbers.size == pixels.size and (numbers == np.arange(pixels.size)).all():
            return None
        places = np.argsort(numbers, kind="stable")
        return cls(numbers[places], places)

    def bounds(self, pixels: Healpix) -> Bounds:
        """(west, south, east, north) of all cells in degrees; east may go on beyond 180.

        Of cells in ring order, or of very many, those of the sphere.
        """
        if pixels.order == "ring" or not 0 < len(self.numbers) <= MOST_BOUNDED:
            return SPHERE
        row, col = places(self.numbers, pixels.nside)
        inset = (CORNER, 1 - CORNER)  # on the edge itself another face may begin
        corners = [
            ((col + x) / pixels.nside, (row + y) / pixels.nside) for x in inset for y in inset
        ]
        points = [sphere(*corner, ellipsoidal=pixels.ellipsoidal) for corner in corners]
        lon, lat = (np.concatenate(part) for part in zip(*points, strict=True))
        turned = np.sort(np.mod(lon, 360.0))
        gaps = np.diff(turned, append=turned[0] + 360.0)
        widest = int(gaps.argmax())
        south, north = float(lat.min()), float(lat.max())
        if gaps[widest] * pixels.nside < 180.0:
            return (-180.0, south, 180.0, north)
        west = float(turned[(widest + 1) % len(turned)])
        west = west - 360.0 if west >= 180.0 else west
        return (west, south, west + 360.0 - float(gaps[widest]), north)

    def find(self, numbers: Index) -> Index:
        """The places of cells by their numbers, -1 for those that are not stored."""
        at = np.searchsorted(self.numbers, numbers)
        at[at == len(self.numbers)] = 0
        return np.where(self.numbers[at] == numbers, self.places[at], -1)


@dataclass(frozen=True, eq=False)
class HealpixArray:
    """An array whose last dimension counts cells, as one of stacked faces (…, rows, cols).

    Args:
        stored: its dimensions in canonical order, that of the cells last.
        cells: None where all are there.
        missing: what is read where a cell is not stored.
    """

    stored: ZarrArray
    pixels: Healpix
    cells: Cells | None
    missing: float | int

    @property
    def dims(self) -> tuple[str, ...]:
        """As of any other array."""
        return (*self.stored.dims[:-1], "y", "x")

    @property
    def shape(self) -> tuple[int, ...]:
        """As of any other array."""
        nside = self.pixels.nside
        return (*self.stored.shape[:-1], FACES * nside, nside)

    @cached_property
    def chunks(self) -> tuple[int, ...]:
        """Square blocks of about as many cells as a stored chunk."""
        side = 1 << max(0, int(math.log2(max(1, self.stored.chunks[-1]))) // 2)
        side = min(side, LARGEST_SIDE[self.pixels.order], self.pixels.nside)
        return (*self.stored.chunks[:-1], side, side)

    @property
    def dtype(self) -> np.dtype[Any]:
        """As it is stored, or wider where some cells are not."""
        if self.cells is None or isinstance(self.missing, int):
            return self.stored.dtype
        return np.result_type(self.stored.dtype, np.float32)

    @property
    def nbytes(self) -> int:
        """The size of one decoded chunk."""
        return math.prod(self.chunks) * self.dtype.itemsize

    @property
    def _cache(self) -> ByteCache[Raw]:
        return self.stored.supply.cache

    def held(self, coordinates: Coordinates) -> Raw | None:
        """A block that is kept."""
        return self._cache.held((self, coordinates))

    async def chunk(self, coordinates: Coordinates) -> Raw:
        """A block, gathered once however many ask for it. Raises SourceError."""
        return await self._cache.get((self, coordinates), lambda: self._gather(coordinates))

    async def _gather(self, coordinates: Coordinates) -> Raw:
        *leading, row, col = coordinates
        places = self._places(row, col)
        size = self.stored.chunks[-1]
        wanted = np.unique(places[places >= 0] // size).tolist()
        chunks = await asyncio.gather(*(self.stored.chunk((*leading, n)) for n in wanted))
        out: Raw = np.full((*self.chunks[:-2], *places.shape), self.missing, self.dtype)
        for number, chunk in zip(wanted, chunks, strict=True):
            inside = (places >= number * size) & (places < (number + 1) * size)
            cut = tuple(slice(0, n) for n in chunk.shape[:-1])  # a last chunk may be cut
            out[(*cut, inside)] = chunk[..., places[inside] - number * size]
        out.flags.writeable = False
        return out

    def _places(self, row: int, col: int) -> Index:
        """Where the cells of a block (side, side) lie along the stored dimension."""
        side = self.chunks[-1]
        rows = (row * side + np.arange(side, dtype=np.int64))[:, None]
        cols = (col * side + np.arange(side, dtype=np.int64))[None, :]
        numbers = (nested if self.pixels.order == "nested" else ring)(rows, cols, self.pixels.nside)
        return numbers if self.cells is None else self.cells.find(numbers)


MapArray = ZarrArray | HealpixArray


def numbers_cells(attrs: Document) -> bool:
    """Whether a coordinate holds the numbers of HEALPix cells (xdggs; CF 1.13)."""
    return attrs.get("grid_name") == NAME or attrs.get("standard_name") == "healpix_index"


@dataclass(frozen=True, slots=True)
class Pixels:
    """What is told of the cells along one dimension of an array.

    Args:
        dim: its name.
        numbers: those of the cells, where they are stored.
    """

    dim: str
    about: Healpix
    numbers: Coordinate | None

    @classmethod
    def find(
        cls, array: ZarrArray, own: Document, names: Names, numbers: Mapping[str, Coordinate]
    ) -> Pixels | None:
        """From an array's attributes and those that it sees; None where it has no such cells.

        Args:
            numbers: coordinates of cells by dimension.

        Raises CatalogError.
        """
        known = next(((dim, numbers[dim]) for dim in array.dims if dim in numbers), None)
        mapping = names.get(str(own.get("grid_mapping", "")).split(":")[0], {})
        group = names.get("", {}).get("dggs")
        if mapping.get("grid_mapping_name") == NAME:
            attrs = mapping
        elif isinstance(group, dict) and group.get("name") == NAME:
            attrs = group
        elif known is not None and known[1].attrs.get("grid_name") == NAME:
            attrs = known[1].attrs
        else:
            return None
        about = Healpix.parse(attrs)
        if known is not None:
            return cls(known[0], about, known[1])
        sized = [d for d, n in zip(array.dims, array.shape, strict=True) if n == about.size]
        told = attrs.get("spatial_dimension")
        dim = told if told in array.dims else sized[0] if sized else None
        return None if dim is None else cls(dim, about, None)

    def place(self, array: ZarrArray, own: Document) -> tuple[HealpixArray, Grid]:
        """The array as stacked faces, and their grid. Raises CatalogError."""
        last = array.dims.index(self.dim)
        ordered = array.ordered((*(i for i in range(len(array.dims)) if i != last), last))
        cells = None if self.numbers is None else Cells.of(self.numbers.values, self.about)
        if cells is None and ordered.shape[-1] != self.about.size:
            raise CatalogError(
                f"variable {array.path!r}: {ordered.shape[-1]} cells along {self.dim}, expected "
                f"the {self.about.size} of nside {self.about.nside}, or their numbers in a "
                "coordinate (cell_ids)"
            )
        if cells is not None and len(cells.numbers) != ordered.shape[-1]:
            raise CatalogError(
                f"variable {array.path!r}: {ordered.shape[-1]} cells along {self.dim}, whose "
                f"coordinate has {len(cells.numbers)} numbers: rewrite the one that is wrong"
            )
        missing = packing_of(array, own).missing
        found = HealpixArray(ordered, self.about, cells, missing[0] if missing else math.nan)
        return found, face_grid(self.about.nside, self._lookup(cells))

    def _lookup(self, cells: Cells | None) -> Faces:
        if cells is None or not cells.numbers.size:
            return Faces(self.about.ellipsoidal)
        return Faces(self.about.ellipsoidal, cells.bounds(self.about))
