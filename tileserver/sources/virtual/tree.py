"""The arrays of a hierarchy, with the places of their chunks in other files."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tileserver.errors import CatalogError
from tileserver.sources.virtual.table import MOST_CHUNKS, Chunks, ChunkTable
from tileserver.sources.zarr.hierarchy import ARRAY, ATTRS, GROUP, Document, join


@dataclass(frozen=True, slots=True, eq=False)
class VirtualArray:
    """An array: its documents, with dots in the keys of its chunks, and where these lie."""

    document: Document
    attrs: Document
    chunks: Chunks


@dataclass(frozen=True, slots=True, eq=False)
class Virtual:
    """A hierarchy by path.

    Args:
        groups: their attributes; "" is the root.
        notes: what was left out, and why.
    """

    groups: Mapping[str, Document]
    arrays: Mapping[str, VirtualArray]
    notes: tuple[str, ...] = ()

    def metadata(self) -> bytes:
        """All documents as one. Raises CatalogError where too many chunks are stored."""
        tables = [each.chunks for each in self.arrays.values()]
        if sum(len(each) for each in tables if isinstance(each, ChunkTable)) > MOST_CHUNKS:
            raise CatalogError(
                f"more than {MOST_CHUNKS} chunks are too many to keep: write references as Parquet"
            )
        entries: dict[str, Document] = {}
        for path, attrs in self.groups.items():
            entries |= {join(path, GROUP): {"zarr_format": 2}, join(path, ATTRS): attrs}
        for path, array in self.arrays.items():
            entries |= {join(path, ARRAY): array.document, join(path, ATTRS): array.attrs}
        return json.dumps({"zarr_consolidated_format": 1, "metadata": entries}).encode()


def array_document(
    shape: Sequence[int],
    chunks: Sequence[int],
    dtype: np.dtype[Any],
    fill: Any,
    filters: Sequence[Document] = (),
    compressor: Document | None = None,
) -> Document:
    """A `.zarray`.

    Args:
        fill: None where cells that are not stored are 0, and none is missing.
    """
    if isinstance(fill, float) and not math.isfinite(fill):
        fill = "NaN" if math.isnan(fill) else "Infinity" if fill > 0 else "-Infinity"
    return {
        "zarr_format": 2,
        "shape": [int(n) for n in shape],
        "chunks": [int(n) for n in chunks],
        "dtype": dtype.str,
        "compressor": compressor,
        "filters": list(filters) or None,
        "fill_value": fill,
        "order": "C",
        "dimension_separator": ".",
    }
