"""Arrays that lie in files in one piece, as if they were chunks."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tileserver.errors import CatalogError
from tileserver.sources.virtual.table import MOST_CHUNKS, ChunkTable, Place, grid_of, table

PIECE_NBYTES = 1 << 20  # about so much is read at once


def pieces_of(shape: Sequence[int], itemsize: int) -> Place:
    """Chunks of about PIECE_NBYTES that each lie in one piece in an array in C order."""
    chunks = [max(n, 1) for n in shape]
    if len(chunks) > 2:  # a step of a cube is what a map needs, and fits together with other files
        chunks[0] = 1
    for axis in range(len(chunks)):
        inner = math.prod(chunks[axis + 1 :]) * itemsize
        if inner * chunks[axis] <= PIECE_NBYTES:
            break
        chunks[axis] = max(1, PIECE_NBYTES // inner)
    return tuple(chunks)


def split(shape: Sequence[int], chunks: Place, itemsize: int, start: int, url: str) -> ChunkTable:
    """The pieces of an array of which all bytes lie together from `start`."""
    grid = grid_of(shape, chunks)
    if math.prod(grid) > MOST_CHUNKS:
        raise CatalogError(f"it would have more than {MOST_CHUNKS} chunks: rechunk the file")
    places = np.indices(grid).reshape(len(grid), math.prod(grid)).T
    firsts = places * np.array(chunks, np.int64)
    ends = np.minimum(firsts + np.array(chunks), np.array(shape, np.int64)) - 1
    strides = np.array([math.prod(shape[i + 1 :]) for i in range(len(shape))], np.int64)
    starts = (firsts * strides).sum(axis=1)
    lengths = (ends * strides).sum(axis=1) + 1 - starts
    return table(
        grid,
        places,
        start + starts * itemsize,
        lengths * itemsize,
        url,
        nbytes=math.prod(chunks) * itemsize,
    )
