"""An `xarray.Dataset` as the objects of a Zarr 2 store: what is in memory is opened as a store is.

Nothing is copied but the chunks that are read; arrays of Dask, and those of files that xarray reads
when they are asked for, are read by the chunk.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from tileserver.sources.storage.objects import WholeObjects
from tileserver.sources.virtual.tree import array_document
from tileserver.sources.zarr.hierarchy import ARRAY, ATTRS, GROUP, Document, join

if TYPE_CHECKING:
    import xarray as xr

CHUNK_NBYTES = 4 << 20  # of arrays that have no chunks of their own
SIDE = 512  # of their windows, where a whole map has more
KEPT = (
    "grid_mapping",
    "coordinates",
)  # of an encoding: where the data lie, not how they are packed
DIMENSIONS = "_ARRAY_DIMENSIONS"


@dataclass(frozen=True, slots=True, eq=False)
class DatasetObjects(WholeObjects):
    """The objects of a dataset that nobody has written."""

    url: str
    variables: Mapping[str, xr.Variable]
    documents: Mapping[str, Document]
    attrs: Document

    @classmethod
    def of(cls, dataset: xr.Dataset, url: str = "memory") -> DatasetObjects:
        """Of a dataset by the CF conventions, as `Dataset.to_zarr` would write it."""
        from xarray.conventions import cf_encoder, encode_dataset_coordinates

        plain = dataset.copy(deep=False)
        for name in plain.variables:
            told = plain[name].encoding if name not in plain.dims else {}
            plain[name].encoding = {key: told[key] for key in KEPT if key in told}
        encoded, attrs = cf_encoder(*encode_dataset_coordinates(plain))
        known = {str(name): _spelt(each) for name, each in encoded.items()}
        known = {name: each for name, each in known.items() if each.dtype.kind in "biufU"}
        documents = {name: _document(each) for name, each in known.items()}
        return cls(url, known, documents, _json(attrs))

    async def get(self, key: str, *, about: int = 0, most: int | None = None) -> memoryview | None:
        """All metadata in one, or a chunk."""
        if key == ".zmetadata":
            return memoryview(self._metadata())
        name, _, place = key.rpartition("/")
        if name not in self.variables or not place.replace(".", "").isdecimal():
            return None
        chunk = await asyncio.to_thread(self._chunk, name, tuple(map(int, place.split("."))))
        return memoryview(chunk)

    def _metadata(self) -> bytes:
        entries: dict[str, Document] = {GROUP: {"zarr_format": 2}, ATTRS: self.attrs}
        for name, variable in self.variables.items():
            entries[join(name, ARRAY)] = self.documents[name]
            told = {DIMENSIONS: list(variable.dims)}
            entries[join(name, ATTRS)] = _json(variable.attrs) | told
        return orjson.dumps({"zarr_consolidated_format": 1, "metadata": entries})

    def _chunk(self, name: str, place: tuple[int, ...]) -> bytes:
        variable, document = self.variables[name], self.documents[name]
        chunks = document["chunks"]
        window = tuple(slice(p * c, (p + 1) * c) for p, c in zip(place, chunks, strict=False))
        values = np.asarray(variable[window].values)
        dtype = np.dtype(document["dtype"])
        whole = np.full(chunks, np.nan if dtype.kind == "f" else np.zeros((), dtype), dtype)
        whole[tuple(map(slice, values.shape))] = values
        return whole.tobytes()


def _spelt(variable: xr.Variable) -> xr.Variable:
    """Texts as Zarr 2 holds them: of a fixed length."""
    if variable.dtype.kind != "O" or variable.size == 0:
        return variable
    values = variable.values.ravel()
    if not all(isinstance(each, str) for each in values):
        return variable
    return variable.copy(data=variable.values.astype("U"))


def _document(variable: xr.Variable) -> Document:
    dtype = variable.dtype.newbyteorder("<")
    fill = variable.attrs.get("_FillValue", math.nan if dtype.kind == "f" else None)
    number = None if fill is None else float(fill) if dtype.kind == "f" else int(fill)
    return array_document(variable.shape, _chunks(variable), dtype, number)


def _chunks(variable: xr.Variable) -> tuple[int, ...]:
    """Those of Dask, else windows of a few megabytes."""
    if variable.chunks is not None:
        return tuple(max(1, sizes[0]) for sizes in variable.chunks)
    shape = tuple(max(1, size) for size in variable.shape)
    if len(shape) < 2 or math.prod(shape) * variable.dtype.itemsize <= CHUNK_NBYTES:
        return shape
    rows, cols = shape[-2:]
    if rows * cols * variable.dtype.itemsize > CHUNK_NBYTES:
        rows, cols = min(rows, SIDE), min(cols, SIDE)
    return (*(1 for _ in shape[:-2]), rows, cols)


def _json(attrs: Mapping[Any, Any]) -> Document:
    """Attributes as JSON holds them; what it cannot is left out."""
    found: Document = {}
    for name, value in attrs.items():
        plain = value.tolist() if isinstance(value, np.ndarray | np.generic) else value
        if isinstance(plain, float) and not math.isfinite(plain):
            plain = str(plain)
        try:
            orjson.dumps(plain)
        except TypeError:
            continue
        found[str(name)] = plain
    return found
