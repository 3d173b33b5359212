"""What replicas tell each other of their datasets over Redis.

a dataset is opened anew, as was asked for or a read has found    generations    within a second
a dataset is opened: what listings tell of it                     facts          for those that
                                                                                 are not open
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from tileserver.catalog import Catalog
from tileserver.dataset import Entry

if TYPE_CHECKING:  # it needs an extra
    from tileserver.redis.service import Redis

Follow = Callable[[str, int], None]

EXCHANGE_S = 1.0
RECALL_EVERY = 60  # exchanges
AT_ONCE = 100  # facts: their keys take 5 ms of the event loop's time


def identity(entry: Entry) -> str:
    """The same for the same entry of a catalogue, in every process."""
    return hashlib.blake2b(entry.config.model_dump_json().encode(), digest_size=8).hexdigest()


class Replicas:
    """The others that have the same Redis. Belongs to one event loop."""

    def __init__(self, redis: Redis, catalog: Catalog) -> None:
        self._redis, self._catalog = redis, catalog
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._telling: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Before datasets are opened: learn which were opened anew elsewhere, so that what was
        made of them before is not taken for new."""
        await self._exchange()

    async def run(self, follow: Follow) -> None:
        """Exchange what is new until it is cancelled.

        Args:
            follow: opens a dataset anew, with a generation.
        """
        for number in count():
            if number % RECALL_EVERY == 0:
                await self._recall()
            await asyncio.sleep(EXCHANGE_S)
            await self._exchange(follow)

    def tell(self, entry: Entry, facts: Mapping[str, Any]) -> None:
        """Let the others know what is in a dataset; from any thread."""
        name = identity(entry)
        self._loop.call_soon_threadsafe(self._start_telling, name, facts)

    def _start_telling(self, name: str, facts: Mapping[str, Any]) -> None:
        task = asyncio.ensure_future(self._tell(name, facts))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, name: str, facts: Mapping[str, Any]) -> None:
        async with self._turn:  # hundreds may be opened at the start
            await self._redis.facts.remember(name, facts)

    async def _exchange(self, follow: Follow | None = None) -> None:
        if not self._redis.link.is_up:
            return
        known = await self._redis.generations.known()
        entries = self._catalog.entries
        newer = {d: e.generation for d, e in entries.items() if e.generation > known.get(d, 0)}
        if newer:
            await self._redis.generations.tell(newer)
        for dataset, generation in known.items():
            entry = entries.get(dataset)
            if entry is None or entry.generation >= generation:
                continue
            if entry.dataset is None and entry.opening is None:
                entry.generation = generation  # it will have it when it is opened
            elif follow is not None:
                follow(dataset, generation)

    async def _recall(self) -> None:
        """Learn what listings tell of datasets that nobody has opened here."""
        for part in self._unknown():
            if not self._redis.link.is_up:
                return
            found = await self._redis.facts.recall([identity(entry) for entry in part])
            for entry, facts in zip(part, found, strict=True):
                if entry.known is None:
                    entry.known = facts

    def _unknown(self) -> Iterator[list[Entry]]:
        entries = [
            entry
            for entry in self._catalog.entries.values()
            if entry.known is None and entry.dataset is None
        ]
        for first in range(0, len(entries), AT_ONCE):
            yield entries[first : first + AT_ONCE]
