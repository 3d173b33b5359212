"""Numbers of files that were written differently, brought to one type and packing, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tileserver.cube import Packing, Raw
from tileserver.errors import SourceError
from tileserver.sources.tiff.description import PROMOTED, Description

ALIKE = "write it alike, e.g. with gdal_translate -ot … -a_nodata …"


@dataclass(frozen=True, slots=True)
class Common:
    """How the bands of all files of a stack are read.

    Args:
        signature: of files whose numbers are read as they are; None where those of none are.
        dtype: of what is read.
        packings: of each band.
        fills: of each band the number where there is no file, or None where that cannot be.
        physical: whether numbers are scaled when they are read, as files differ in their scale.
    """

    signature: tuple[object, ...] | None
    dtype: np.dtype[np.generic]
    packings: tuple[Packing, ...]
    fills: tuple[float | None, ...]
    physical: bool = False

    def check(self, own: Sequence[Packing], description: Description) -> None:
        """Raise SourceError for a file whose numbers cannot be brought to these."""
        if self.signature == description.signature:
            return
        alike = self.signature is None and len(own) == len(self.packings)
        if alike and not self.physical:
            alike = all(
                (a.scale, a.offset) == (b.scale, b.offset)
                for a, b in zip(own, self.packings, strict=True)
            )
        if not alike or not _is_exact(description.read_dtype, self.dtype):
            raise SourceError(
                "its bands (number, type, scale, offset, nodata or mask) differ from the stack's: "
                + ALIKE
            )

    def of(self, raw: Raw, band: int, own: Packing, description: Description) -> Raw:
        """Numbers of a file's band as those of the stack."""
        if self.signature == description.signature and raw.dtype == self.dtype:
            return raw
        fill = self.fills[band]
        assert fill is not None  # numbers are only changed where there is one
        numbers = own.physical(raw) if self.physical else raw
        out: Raw = numbers.astype(self.dtype)
        out[~own.valid(raw)] = fill
        return out


def common_of(
    descriptions: Sequence[Description], packings: Sequence[Sequence[Packing]], *, gaps: bool
) -> Common:
    """What files have in common, without loss; SourceError where that is too little.

    Args:
        packings: of each file, of each of its bands.
        gaps: whether there are cells that no file has.
    """
    first, own = descriptions[0], packings[0]
    if len({description.signature for description in descriptions}) == 1:
        marked = [_fill(packing, first.read_dtype) for packing in own]
        if not gaps or None not in marked:
            return Common(first.signature, first.read_dtype, tuple(own), tuple(marked))
    if any(len(each) != len(own) for each in packings):
        raise SourceError(f"its number of bands differs from the stack's, {len(own)}: {ALIKE}")
    scales = {tuple((p.scale, p.offset) for p in each) for each in packings}
    kinds = [description.read_dtype for description in descriptions]
    dtype = np.dtype(np.float64) if len(scales) > 1 else np.result_type(*kinds)
    fill = float("nan")
    if dtype.kind != "f":
        if dtype.name not in PROMOTED:
            raise SourceError(f"numbers of {dtype} have no room for cells without any: {ALIKE}")
        name, fill = PROMOTED[dtype.name]
        dtype = np.dtype(name)
    if not all(_is_exact(kind, dtype) for kind in kinds):
        raise SourceError(f"its numbers cannot be brought to {dtype} without loss: {ALIKE}")
    known = () if dtype.kind == "f" else (int(fill),)
    plain = len(scales) > 1
    common = tuple(
        Packing(missing=known) if plain else Packing(p.scale, p.offset, known) for p in own
    )
    return Common(None, dtype, common, (fill,) * len(own), plain)


def _fill(packing: Packing, dtype: np.dtype[np.generic]) -> float | None:
    """A number that is not valid, if there is one."""
    if packing.missing:
        return packing.missing[0]
    return float("nan") if dtype.kind == "f" else None


def _is_exact(kind: np.dtype[np.generic], dtype: np.dtype[np.generic]) -> bool:
    """Whether all numbers of a type are numbers of another; numpy takes int64 for floats."""
    wide = kind.kind in "iu" and kind.itemsize == 8 and dtype.kind == "f"
    return np.can_cast(kind, dtype, "safe") and not wide
