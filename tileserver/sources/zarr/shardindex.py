"""Learning where chunks lie in shards ahead of the first tile, which then takes one round trip."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator

from tileserver.cube import TIME, Level, Variable
from tileserver.errors import SourceError
from tileserver.sources.chunk import together
from tileserver.sources.source import Source
from tileserver.sources.zarr.array import ZarrArray, ZarrSource

MOST_SHARDS = 1024
MOST_NBYTES = 16 << 20  # of their indexes
AT_ONCE = 64
Shard = tuple[ZarrArray, str]

log = logging.getLogger(__name__)


async def learn_shards(source: Source, steps: int | None, *, most: int = MOST_SHARDS) -> None:
    """Read the indexes of a store's shards: of its last steps first, of coarse levels first.

    What cannot be read now is read when it is needed.

    Args:
        steps: how many of the first along the stored time dimension are there.
    """
    if not isinstance(source, ZarrSource):
        return
    wanted = iter(_within_bytes(itertools.islice(_shards(source, steps), most)))

    async def learn() -> None:
        for array, shard in wanted:
            await array.learn(shard)

    try:
        await together(learn() for _ in range(AT_ONCE))
    except SourceError:
        log.warning("indexes of shards cannot be read ahead", exc_info=True)


def _shards(source: ZarrSource, steps: int | None) -> Iterator[Shard]:
    """All shards of a store in the order in which they are likely to be wanted."""
    turns = [
        _by_step(array, level, variable, steps)
        for variable in source.cube.variables.values()
        for array, level in reversed(
            list(zip(source.arrays[variable.id], variable.levels, strict=True))
        )
        if isinstance(array, ZarrArray) and array.shards
    ]
    for turn in itertools.zip_longest(*turns, fillvalue=()):
        yield from itertools.chain.from_iterable(turn)


def _by_step(
    array: ZarrArray, level: Level, variable: Variable, steps: int | None
) -> Iterator[list[Shard]]:
    """The shards of a level: of its whole map at one step after the other, the last one first."""
    leads = []
    for dim, size in zip(variable.dims, level.shape, strict=False):
        is_time = dim == TIME and steps is not None
        leads.append(range(min(steps or 0, size) - 1, -1, -1) if is_time else range(size))
    height, width = level.shape[-2:]
    known: set[str] = set()
    for lead in itertools.product(*leads):
        window = (*(slice(i, i + 1) for i in lead), slice(0, height), slice(0, width))
        keys = [key for key in array.shards_of(window) if key not in known]
        known.update(keys)
        yield [(array, key) for key in keys]


def _within_bytes(shards: Iterator[Shard]) -> Iterator[Shard]:
    total = 0
    for array, shard in shards:
        total += array.shards[0].index_nbytes
        if total > MOST_NBYTES:
            return
        yield array, shard
