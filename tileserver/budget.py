"""One budget of memory, dealt to the caches."""

from __future__ import annotations

from dataclasses import dataclass

# Decoded chunks save most for a byte: a tile of a held chunk costs a fifth of a millisecond, of one
# that is read ten, and a chunk serves hundreds of tiles. Tiles that are asked for again are few.
# The twenty-fifth part that is left is for keys, objects and the gaps between them.
CHUNKS, TILES, PLANS, ANSWERS = 0.70, 0.16, 0.08, 0.02


@dataclass(frozen=True, slots=True)
class Budget:
    """What the caches of one worker may hold, in bytes; together they all but fill the memory.

    Args:
        memory: for all workers.
        is_shared: whether the workers share half of the encoded tiles.
    """

    memory: int
    workers: int = 1
    is_shared: bool = False

    @property
    def chunks(self) -> int:
        """Decoded chunks, and what says where they lie: shard indexes, headers of files."""
        return self._each(CHUNKS)

    @property
    def tiles(self) -> int:
        """Encoded tiles that a worker keeps to itself."""
        return self._each(TILES / 2 if self.is_shared else TILES)

    @property
    def shared_tiles(self) -> int:
        """Encoded tiles that all workers share."""
        return int(self.memory * TILES / 2) if self.is_shared else 0

    @property
    def plans(self) -> int:
        """Where the pixels of tiles lie in grids."""
        return self._each(PLANS)

    @property
    def answers(self) -> int:
        """Headers of answers, and what queries mean."""
        return self._each(ANSWERS)

    def _each(self, share: float) -> int:
        return int(self.memory * share / self.workers)
