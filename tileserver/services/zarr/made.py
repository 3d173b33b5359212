"""A dataset that is not stored as Zarr, as the objects of a Zarr 2 store: of GeoTIFFs, NetCDF …

Its variables in their stored numbers and chunks, with packing, missing values and coordinates by
the CF conventions, and the CRS as `spatial_ref`, as rioxarray reads it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import orjson

from tileserver.cube import Raw
from tileserver.dataset import Dataset
from tileserver.plan import ReadPlan
from tileserver.services.zarr.consolidated import consolidated_v2
from tileserver.services.zarr.coordinate import COMPRESSOR, Coordinates, packed
from tileserver.services.zarr.described import attributes, fill_value
from tileserver.sources.storage.objects import Part
from tileserver.sources.virtual.tree import array_document
from tileserver.sources.zarr.hierarchy import ARRAY, ATTRS, GROUP, Document

Read = Callable[[ReadPlan], Awaitable[Raw]]


@dataclass(frozen=True, eq=False)
class MadeObjects:
    """The objects of a store that nobody wrote.

    Args:
        read: stored numbers of a window of the dataset.
        pool: threads that compress.
    """

    dataset: Dataset
    read: Read
    pool: Executor

    async def document(self, key: str) -> bytes | None:
        """Metadata."""
        if key == ".zmetadata":
            return consolidated_v2(self._arrays, self._attrs)
        path, _, name = key.rpartition("/")
        known = {ARRAY: self._arrays, ATTRS: self._attrs}.get(name, {})
        if name == GROUP and not path:
            return orjson.dumps({"zarr_format": 2})
        return orjson.dumps(known[path]) if path in known else None

    async def part(self, key: str, start: int, stop: int | None) -> Part | None:
        """Some bytes of a chunk; a negative start counts from its end. Raises SourceError."""
        name, _, place = key.rpartition("/")
        document = self._arrays.get(name)
        if document is None or not all(each.isdecimal() for each in place.split(".")):
            return None
        whole = await self._chunk(name, document, tuple(map(int, place.split("."))))
        if whole is None:
            return None
        return Part(memoryview(whole)[start:stop], len(whole), self.dataset.version)

    async def _chunk(self, name: str, document: Document, place: tuple[int, ...]) -> bytes | None:
        shape, chunks = document["shape"], document["chunks"]
        counts = [-(-size // chunk) for size, chunk in zip(shape, chunks, strict=True)]
        counts = counts or [1]
        if len(place) != len(counts) or any(p >= n for p, n in zip(place, counts, strict=True)):
            return None
        loop = asyncio.get_running_loop()
        if (known := self._coordinates.known.get(name)) is not None:
            return await loop.run_in_executor(self.pool, known.chunk, place)
        starts = [p * c for p, c in zip(place, chunks, strict=True)]
        window = tuple(
            slice(start, min(start + chunk, size))
            for start, chunk, size in zip(starts, chunks, shape, strict=True)
        )
        raw = await self.read(ReadPlan(name, 0, window))
        fill = document["fill_value"]
        number = float("nan") if fill == "NaN" else fill or 0
        return await loop.run_in_executor(self.pool, packed, raw, tuple(chunks), number)

    @cached_property
    def _coordinates(self) -> Coordinates:
        return Coordinates(self.dataset.source.cube, self.dataset.variables)

    @cached_property
    def _arrays(self) -> Mapping[str, Document]:
        found = {name: known.document for name, known in self._coordinates.known.items()}
        for variable in self.dataset.variables:
            level = variable.levels[0]
            dtype = variable.dtype.newbyteorder("<")
            found[variable.id] = array_document(
                level.shape, level.chunks, dtype, fill_value(variable), compressor=COMPRESSOR
            )
        return found

    @cached_property
    def _attrs(self) -> Mapping[str, Document]:
        cube, coordinates = self.dataset.source.cube, self._coordinates
        told = {"title": self.dataset.title, "institution": cube.attribution}
        found: dict[str, Document] = {"": {k: v for k, v in told.items() if v}}
        found |= {name: known.attrs for name, known in coordinates.known.items()}
        for variable in self.dataset.variables:
            found[variable.id] = attributes(variable) | coordinates.placing(variable)
        return found
