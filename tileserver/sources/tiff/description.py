"""What a GeoTIFF says of itself: bands, grid, nodata, mask, palette."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from affine import Affine

from tileserver.errors import CatalogError

MaskKind = Literal["none", "mask", "alpha"]
Color = tuple[int, int, int, int]
# The next wider type holds a marker for masked cells beside every value.
PROMOTED = {
    "uint8": ("int16", -(2**15)),
    "int8": ("int16", -(2**15)),
    "uint16": ("int32", -(2**31)),
    "int16": ("int32", -(2**31)),
    "uint32": ("int64", -(2**63)),
    "int32": ("int64", -(2**63)),
}


@dataclass(frozen=True, slots=True)
class Band:
    """One band; `index` counts from 0, `color` is red, green, blue or None; `limits` are the least
    and the largest stored number, if the file knows them exactly."""

    index: int
    description: str | None
    color: str | None
    scale: float
    offset: float
    nodata: float | None
    units: str | None
    palette: tuple[tuple[int, Color], ...]
    limits: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Description:
    """A file as GDAL describes it.

    Args:
        crs: text that `grid.parse_crs` reads.
        transform: pixel corners to CRS units, or None where only ground control points place the
            image.
        bands: without the alpha band.
        dtype: of the stored numbers; those that are read may be wider, see `read_dtype`.
        mask: what tells invalid cells apart beside nodata; `alpha` is its band's index.
        tags: of the file, by name.
    """

    crs: str
    transform: Affine | None
    shape: tuple[int, int]
    dtype: np.dtype[np.generic]
    bands: tuple[Band, ...]
    mask: MaskKind
    alpha: int | None
    tags: tuple[tuple[str, str], ...]

    @property
    def read_dtype(self) -> np.dtype[np.generic]:
        """Of what is read: of masked integers the next wider type."""
        return np.dtype(self._promoted[0])

    @property
    def marker(self) -> float | None:
        """The number read where the mask says invalid; None without a mask."""
        return self._promoted[1]

    @property
    def signature(self) -> tuple[object, ...]:
        """What two files share whose numbers mean the same."""
        bands = tuple((b.index, b.scale, b.offset, _equal_nan(b.nodata)) for b in self.bands)
        return (self.dtype, bands, self.mask, self.alpha)

    @property
    def _promoted(self) -> tuple[str, float | None]:
        if self.mask == "none":
            return self.dtype.name, None
        if self.dtype.kind == "f":
            return self.dtype.name, float("nan")
        return PROMOTED[self.dtype.name]


def _equal_nan(number: float | None) -> float | str | None:
    return "nan" if number is not None and number != number else number


def served(description: Description) -> Description:
    """The description, unless its numbers cannot be served: CatalogError."""
    dtype, masked = description.dtype, description.mask != "none"
    if dtype.kind not in "iuf" or (masked and dtype.kind != "f" and dtype.name not in PROMOTED):
        raise CatalogError(
            f"dtype {dtype}{' with a mask' if masked else ''} cannot be served: convert it, e.g. "
            "gdal_translate -ot Float64"
        )
    return description
