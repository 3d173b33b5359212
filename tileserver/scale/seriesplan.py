"""How a copy along time is cut: long thin chunks in shards, filled from slabs of the source.

A chunk of the copy holds many steps of few cells, one of the source few steps of many cells: each
needs all of the others'. So slabs of the source are put aside in pieces of the size of a shard
first, and a shard is then joined from its pieces. Where the source's chunks are hardly larger than
a shard across, it is read from the source at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from tileserver.cube import TIME, Variable

CHUNK_STEPS = 1000
CHUNK_SIDE, LARGEST_CHUNK_SIDE = 16, 128
CHUNK_BYTES = 512 << 10
SHARD_SIDE = 256
SLAB_SIDE = 1024
TASK_BYTES = 64 << 20
ENOUGH_TASKS, ENOUGH_SLABS = (
    200,
    50,
)  # so that those under way when a build is killed are few of all
MOST_READ = 2.5  # times the cells of a shard, where it is read from the source at once


@dataclass(frozen=True, slots=True)
class Cut:
    """How a variable's steps of a segment are copied; lengths count cells or steps.

    Args:
        steps, chunk: in a chunk of the copy along time, and along rows and columns.
        side: of a shard.
        slab_steps, slab_side: what is read of the source at once.
        is_direct: whether shards are filled from the source itself.
    """

    steps: int
    chunk: int
    side: int
    slab_steps: int
    slab_side: int
    is_direct: bool


def cut(variable: Variable, steps: int) -> Cut:
    """The cut of so many steps."""
    level = variable.levels[0]
    rows, cols = level.shape[-2:]
    itemsize = variable.dtype.itemsize
    chunk_steps = level.chunks[variable.dims.index(TIME)]
    long = min(CHUNK_STEPS, steps)
    chunk = _chunk(long * itemsize)
    side = _side(rows, cols, long * itemsize, 2 * chunk)
    high, wide = level.chunks[-2:]
    read = _covered(side, high) * _covered(side, wide)
    slab_side = _ceil(min(max(high, wide, SLAB_SIDE), max(rows, cols)), side) * side
    slabs = _ceil(rows, slab_side) * _ceil(cols, slab_side)
    cells = min(slab_side, rows) * min(slab_side, cols)
    fitting = max(1, TASK_BYTES // (cells * itemsize))
    fair = max(1, steps * slabs // ENOUGH_SLABS)
    slab_steps = min(max(fair, chunk_steps), fitting, steps)
    if slab_steps > chunk_steps:
        slab_steps -= slab_steps % chunk_steps
    return Cut(long, chunk, side, slab_steps, slab_side, read <= MOST_READ * side * side)


def _chunk(nbytes: int) -> int:
    """Cells along a side of a chunk, of so many bytes each: more where steps are few."""
    side = CHUNK_SIDE
    while side < LARGEST_CHUNK_SIDE and (2 * side) ** 2 * nbytes <= CHUNK_BYTES:
        side *= 2
    return side


def _side(rows: int, cols: int, nbytes: int, smallest: int) -> int:
    """Of shards, which hold so many bytes per cell: not too large, and many."""
    side = SHARD_SIDE
    while side > smallest and (
        side * side * nbytes > TASK_BYTES or _ceil(rows, side) * _ceil(cols, side) < ENOUGH_TASKS
    ):
        side //= 2
    return side


def _covered(side: int, chunk: int) -> int:
    """Cells of the chunks that a shard touches along one axis."""
    if chunk % side == 0 or side % chunk == 0:
        return max(chunk, side)
    return (_ceil(side, chunk) + 1) * chunk


def _ceil(size: int, part: int) -> int:
    return -(-size // part)
