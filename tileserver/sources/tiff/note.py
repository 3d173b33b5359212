"""What others say of the bands of a file: taken where the file itself says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tileserver.sources.tiff.description import Band, Description


@dataclass(frozen=True, slots=True)
class Note:
    """One band by a catalogue's words; `color` is a common name such as nir."""

    name: str | None = None
    color: str | None = None
    title: str | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    units: str | None = None


def noted(description: Description, notes: Sequence[Note]) -> Description:
    """A description completed by notes, if there is one for each band."""
    if len(notes) != len(description.bands):
        return description
    # Where a mask tells what is valid every number may be.
    own_mask = description.mask != "none"
    pairs = zip(description.bands, notes, strict=True)
    return replace(description, bands=tuple(_completed(*pair, own_mask) for pair in pairs))


def _completed(band: Band, note: Note, own_mask: bool) -> Band:
    scale, offset = band.scale, band.offset
    if (scale, offset) == (1.0, 0.0):
        scale = 1.0 if note.scale in (None, 0.0) else float(note.scale or 1.0)
        offset = note.offset or 0.0
    return replace(
        band,
        description=band.description or note.title,
        scale=scale,
        offset=offset,
        nodata=note.nodata if band.nodata is None and not own_mask else band.nodata,
        units=band.units or note.units,
    )
