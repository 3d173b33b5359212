"""HEALPix in Zarr: cells in one dimension, read as the stacked faces of `tileserver.healpix`."""

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
from tileserver.healpix import FACES, LARGEST_NSIDE, Index, nested, ring
from tileserver.sources.chunk import Coordinates
from tileserver.sources.zarr.array import ZarrArray
from tileserver.sources.zarr.hierarchy import Document

Order = Literal["nested", "ring"]

ORDERS: dict[str, Order] = {"nested": "nested", "nest": "nested", "ring": "ring"}
# Sides of the square blocks that are read as chunks: of nested order a block is a run of cells,
# of ring order its cells are strewn over as many rings as it has diagonals.
LARGEST_SIDE: dict[Order, int] = {"nested": 512, "ring": 128}
# The names that conventions have for one thing: CF 1.13, easy.gems, xdggs, the DGGS of Zarr.
LEVELS = ("refinement_level", "level", "depth", "resolution", "healpix_order_level")
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
    for names, found in ((NSIDES, lambda n: n), (LEVELS, lambda n: 2**n)):
        for value in (attrs[name] for name in names if name in attrs):
            number = _whole(value)
            nside = found(number) if 0 <= number <= LARGEST_NSIDE else 0
            if 1 <= nside <= LARGEST_NSIDE and nside & (nside - 1) == 0:
                return nside
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
