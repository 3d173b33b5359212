"""A cache bounded in bytes that makes each missing item once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

V = TypeVar("V")


@dataclass(slots=True, eq=False)
class _Flight(Generic[V]):
    task: asyncio.Future[V]
    waiters: int = 0


class ByteCache(Generic[V]):
    """Least recently used items go first; failures are never kept.

    Equal requests share one making. It goes on while anybody waits for it and is cancelled when
    the last one is gone. Belongs to one event loop. The order is an OrderedDict's own: the
    LRUCache of cachetools takes five times as long to find an item, and a kept tile asks twice.

    Args:
        limit_bytes: what all items together may weigh.
        weigh: what one item weighs, in bytes.

    Attributes:
        limit_bytes: as given.
        nbytes: what the items weigh now.
        hits, misses: how often an item was found, and how often one was made.
    """

    def __init__(self, limit_bytes: int, weigh: Callable[[V], int]) -> None:
        self._items: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self.limit_bytes, self._weigh = limit_bytes, weigh
        self.nbytes = 0
        self._flights: dict[Hashable, _Flight[V]] = {}
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._items)

    def held(self, key: Hashable) -> V | None:
        """The item if it is here; asking makes it the most recently used."""
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        self.hits += 1
        return found[0]

    def is_making(self, key: Hashable) -> bool:
        """Whether an item is being made, which whoever asks for it now shares."""
        return key in self._flights

    def put(self, key: Hashable, item: V) -> None:
        """Keep an item that was made, unless it alone is over the limit."""
        self.misses += 1
        weight = self._weigh(item)
        if weight > self.limit_bytes:
            return
        self._drop(key)
        self._items[key] = item, weight
        self.nbytes += weight
        while self.nbytes > self.limit_bytes:
            self._drop(next(iter(self._items)))

    def _drop(self, key: Hashable) -> None:
        _, weight = self._items.pop(key, (None, 0))
        self.nbytes -= weight

    async def get(self, key: Hashable, make: Callable[[], Awaitable[V]]) -> V:
        """The item, made now if it is not here. Raises what `make` raises."""
        item = self.held(key)
        if item is not None:
            return item
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(make()))
            flight.task.add_done_callback(partial(self._land, key, flight))
        elif flight.task.done():
            self._land(key, flight, flight.task)  # its own callback comes in a moment
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if flight.waiters == 0 and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()

    def _land(self, key: Hashable, flight: _Flight[V], task: asyncio.Future[V]) -> None:
        is_made = not task.cancelled() and task.exception() is None
        if self._forget(key, flight) and is_made:
            self.put(key, task.result())

    def _forget(self, key: Hashable, flight: _Flight[V]) -> bool:
        """Whether it was still known."""
        is_known = self._flights.get(key) is flight
        if is_known:
            del self._flights[key]
        return is_known
