"""A cache bounded in bytes that makes each missing item once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from cachetools import LRUCache

V = TypeVar("V")


@dataclass(slots=True, eq=False)
class _Flight(Generic[V]):
    task: asyncio.Future[V]
    waiters: int = 0


class ByteCache(Generic[V]):
    """Least recently used items go first; failures are never kept.

    Equal requests share one making. It goes on while anybody waits for it and is cancelled when
    the last one is gone. Belongs to one event loop.

    Args:
        limit_bytes: what all items together may weigh.
        weigh: what one item weighs, in bytes.
    """

    def __init__(self, limit_bytes: int, weigh: Callable[[V], int]) -> None:
        self._items: LRUCache[Hashable, V] = LRUCache(limit_bytes, getsizeof=weigh)
        self._flights: dict[Hashable, _Flight[V]] = {}
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def nbytes(self) -> int:
        """What the items weigh now."""
        return int(self._items.currsize)

    def held(self, key: Hashable) -> V | None:
        """The item if it is here; asking makes it the most recently used."""
        item = self._items.get(key)
        if item is not None:
            self.hits += 1
        return item

    def put(self, key: Hashable, item: V) -> None:
        """Keep an item, unless it alone is over the limit."""
        if self._items.getsizeof(item) <= self._items.maxsize:
            self._items[key] = item

    async def get(self, key: Hashable, make: Callable[[], Awaitable[V]]) -> V:
        """The item, made now if it is not here. Raises what `make` raises."""
        item = self.held(key)
        if item is not None:
            return item
        flight = self._flights.get(key)
        if flight is None:
            self.misses += 1
            flight = self._flights[key] = _Flight(asyncio.ensure_future(make()))
            flight.task.add_done_callback(partial(self._land, key, flight))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if flight.waiters == 0 and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def _land(self, key: Hashable, flight: _Flight[V], task: asyncio.Future[V]) -> None:
        self._forget(key, flight)
        if not task.cancelled() and task.exception() is None:
            self.put(key, task.result())

    def _forget(self, key: Hashable, flight: _Flight[V]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
