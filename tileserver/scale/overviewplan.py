"""How overviews are cut: by which factors levels coarsen, in which blocks they are made.

A block of the finest level is read once for all levels. Of the finer ones it fills whole shards; of
the coarser ones only parts of chunks, which are put aside and joined when all are there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tileserver.axis import Axis
from tileserver.cube import Level, Variable
from tileserver.grid import Grid

COARSEST = 256  # cells along the longer side of a map that needs no coarser level
LARGEST_FACTOR = 4096  # so that a block that holds one cell of the coarsest level fits in memory
CHUNK = 256
FEWEST, MOST = 160, 320  # cells along a chunk's side, where blocks are no multiples of CHUNK
BLOCK = 4096
SHARD = 2048  # cells along a side, of levels that are joined
TASK_BYTES = 64 << 20
ENOUGH_TASKS = 200  # so that those under way when a build is killed are few of all


@dataclass(frozen=True, slots=True)
class Side:
    """One axis of a map.

    Args:
        size: cells of the finest level.
        factors: of each level.
        block: cells of the finest level in a block, a multiple of all factors.
    """

    size: int
    factors: tuple[int, ...]
    block: int

    @property
    def blocks(self) -> int:
        """How many there are."""
        return -(-self.size // self.block)

    def length(self, level: int) -> int:
        """Cells of a level."""
        return -(-self.size // self.factors[level])

    def part(self, level: int) -> int:
        """Cells of a level in a block."""
        return self.block // self.factors[level]

    def is_direct(self, level: int) -> bool:
        """Whether a block fills whole chunks of a level."""
        return self.blocks == 1 or self.part(level) >= FEWEST

    def chunk(self, level: int, *, direct: bool) -> int:
        """Cells in a chunk of a level."""
        if not direct or self.blocks == 1:
            return min(CHUNK, self.length(level))
        return _chunk(self.part(level)) or self.part(level)

    def shard(self, level: int, *, direct: bool) -> int:
        """Cells in a shard of a level, a multiple of its chunks'."""
        if direct and self.blocks > 1:
            return self.part(level)
        chunk = self.chunk(level, direct=direct)
        most = self.length(level) if direct else min(SHARD, self.length(level))
        return -(-most // chunk) * chunk


@dataclass(frozen=True, slots=True)
class Cut:
    """How the overviews of a variable are made.

    Args:
        steps: along the stored time dimension in one task.
    """

    y: Side
    x: Side
    steps: int

    @property
    def factors(self) -> tuple[tuple[int, int], ...]:
        """Of each level, along y and x."""
        return tuple(zip(self.y.factors, self.x.factors, strict=True))

    def is_direct(self, level: int) -> bool:
        """Whether blocks fill whole shards of a level."""
        return self.y.is_direct(level) and self.x.is_direct(level)

    def shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level."""
        return self.y.length(level), self.x.length(level)

    def chunk(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level's chunks."""
        direct = self.is_direct(level)
        return self.y.chunk(level, direct=direct), self.x.chunk(level, direct=direct)

    def shard(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level's shards."""
        direct = self.is_direct(level)
        return self.y.shard(level, direct=direct), self.x.shard(level, direct=direct)


def cut(variable: Variable, steps: int, step_chunk: int = 1) -> Cut:
    """The cut of a variable's finest level.

    Args:
        steps: along all leading dimensions.
        step_chunk: the size of stored chunks along time.
    """
    level = variable.levels[0]
    factors = factors_of(level.grid)
    y, x = (
        Side(size, own, _block(size, own))
        for size, own in zip(level.shape[-2:], zip(*factors, strict=True), strict=True)
    )
    return Cut(y, x, _steps(y, x, level, steps, step_chunk))


def factors_of(grid: Grid) -> tuple[tuple[int, int], ...]:
    """Of each coarser level the cells of the finest along y and x; none for a small map.

    Twos, as long as they divide the axes; a grid that goes round the globe must stay whole.
    """
    factors: list[tuple[int, int]] = []
    y = x = 1
    while max(_ceil(grid.y.size, y), _ceil(grid.x.size, x)) > COARSEST:
        step = _next(_ceil(grid.y.size, y), _ceil(grid.x.size, x), grid.x)
        y, x = y * step, x * step
        if y > LARGEST_FACTOR:
            break
        factors.append((y, x))
    return tuple(factors)


def _next(rows: int, cols: int, x: Axis) -> int:
    primes = (2, 3, 5, 7) if x.wraps else (2, 3)
    both = next((n for n in primes if rows % n == cols % n == 0), None)
    return both or next((n for n in primes if x.wraps and cols % n == 0), 2)


def _block(size: int, factors: Sequence[int]) -> int:
    """Cells in a block: about BLOCK, such that its parts of finer levels make even chunks."""
    largest = factors[-1]
    whole = _ceil(size, largest) * largest
    if whole <= BLOCK * 5 // 4:
        return whole
    middle = max(1, BLOCK // largest)
    numbers = range(max(1, middle * 3 // 4), middle * 5 // 4 + 1)
    return largest * max(numbers, key=lambda n: (_evenness(largest * n, factors), -abs(n - middle)))


def _evenness(block: int, factors: Sequence[int]) -> int:
    """How many of the levels have chunks of a good size."""
    parts = [block // factor for factor in factors]
    return sum(_chunk(part) is not None for part in parts if part >= FEWEST)


def _chunk(part: int) -> int | None:
    """The even part of a block's side that is nearest to CHUNK; None where none is near."""
    sizes = [part // n for n in range(1, part // FEWEST + 1) if part % n == 0]
    good = [size for size in sizes if FEWEST <= size <= MOST]
    return min(good, key=lambda size: abs(size - CHUNK)) if good else None


def _steps(y: Side, x: Side, level: Level, steps: int, step_chunk: int) -> int:
    """Steps of one task: as many as fit, of whole chunks, but such that there are many tasks."""
    itemsize = max(1, level.nbytes // math.prod(level.chunks))
    nbytes = min(y.block, y.size) * min(x.block, x.size) * itemsize
    fitting = max(1, TASK_BYTES // nbytes)
    fair = max(1, steps * y.blocks * x.blocks // ENOUGH_TASKS)
    wanted = min(fitting, max(fair, step_chunk))
    return wanted // step_chunk * step_chunk or wanted


def _ceil(size: int, factor: int) -> int:
    return -(-size // factor)
