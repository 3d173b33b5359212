"""Overviews and masks in files beside a TIFF, which GDAL reads with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.description import Description, served
from tileserver.sources.tiff.head import Head
from tileserver.sources.tiff.layout import Tiff, completed, read_tiff


@dataclass(frozen=True, slots=True)
class Sidecars:
    """The objects `.ovr`, `.msk` and `.msk.ovr`, where there are such."""

    overviews: Entry | None = None
    mask: Entry | None = None
    mask_overviews: Entry | None = None

    @property
    def entries(self) -> list[Entry]:
        """Those that are there."""
        every = (self.overviews, self.mask, self.mask_overviews)
        return [entry for entry in every if entry is not None]

    async def complete(
        self, store: Store, tiff: Tiff, description: Description
    ) -> tuple[Tiff, Description]:
        """A file with what lies beside it. Raises SourceError."""

        async def read(entry: Entry | None) -> Tiff | None:
            return None if entry is None else await read_tiff(Head(store, entry))

        overviews, mask, mask_overviews = await asyncio.gather(
            read(self.overviews), read(self.mask), read(self.mask_overviews)
        )
        is_masked = mask is not None and description.mask != "mask"
        if mask is not None:
            mask = completed(mask, mask_overviews, None)
        tiff = completed(tiff, overviews, mask)
        if is_masked and tiff.levels[0][1] is not None:
            bands = tuple(replace(band, nodata=None) for band in description.bands)
            description = served(replace(description, mask="mask", bands=bands))
        return tiff, description


NONE = Sidecars()


async def beside(store: Store, key: str) -> Sidecars:
    """Looks for them; not by HTTP, where servers answer what they like."""
    if store.url.startswith("http"):
        return NONE
    overviews, mask = await asyncio.gather(store.head(f"{key}.ovr"), store.head(f"{key}.msk"))
    return Sidecars(overviews, mask, await store.head(f"{key}.msk.ovr") if mask else None)
