"""Things that take long to make, made by one server for all of them.

    look                 it is there, or we are to make it, or another does     one round trip
    another makes it     look again and again, not for long, then make it too
    we make it           hold the lease meanwhile; store it when it is made     in the background

Who dies while something is made holds its lease for a second more at most. Keys name their content
for good, so that nothing that is found can be old.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any, NamedTuple

from isal import isal_zlib

from tileserver.redis.link import Link, Unavailable
from tileserver.redis.script import EVERYBODY, FREE, LOOK, OURS, RELEASE, RENEW, STORE

PREFIX = "tileserver"
HEAD = struct.Struct("<4sI")  # magic, CRC-32 of the key and the item
MAGIC = b"TSR1"

LEASE_MS, RENEW_S = 1000, 0.3
WAIT_S = 2.0  # for another server, which may have more to do than this one
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.004, 0.05  # between looks at what another makes
MOST_WAITING = 256
MOST_STORING = 64
TOO_LARGE_MS = 60_000  # so long nobody waits for an item that is not shared

Make = Callable[[], Awaitable[bytes]]


@dataclass(slots=True)
class Counts:
    """What came of asking, since the start.

    Args:
        hits, misses: items that were there, and that were made here.
        waits: of both, those that another server was waited for.
        damaged: of the misses, items that were not what was stored.
        stored, refused: items that are shared, and those that are too large or were too many.
    """

    hits: int = 0
    misses: int = 0
    waits: int = 0
    damaged: int = 0
    stored: int = 0
    refused: int = 0


class _Name(NamedTuple):
    """The keys of an item and of its lease; of one slot, as their part in braces is the same."""

    item: str
    lease: str


class _Found(NamedTuple):
    """An item; else the token of the lease by which it is ours to make; else neither."""

    item: bytes | None = None
    token: str = ""


class Shelf:
    """Items of one kind, in one Redis. Belongs to one event loop.

    Args:
        kind: part of the keys there.
        age_s: for how long an item is kept.
        most_bytes: larger ones are not shared.
    """

    def __init__(self, link: Link, kind: str, *, age_s: float, most_bytes: int) -> None:
        self._link, self._kind = link, kind
        self._age_ms, self._most_bytes = max(1, int(age_s * 1000)), most_bytes
        self._mark = secrets.token_hex(8)
        self._numbers = count()
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.counts = Counts()

    async def close(self) -> None:
        """Finish what goes on in the background: no longer than an answer is waited for."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def fetch(self, key: str, make: Make) -> bytes:
        """The item as another server has made it, or made now. Raises what `make` raises."""
        if not self._link.is_up:
            return await make()
        name = self._name(key)
        item, token = await self._find(name, key)
        if item is not None:
            self.counts.hits += 1
            return item
        self.counts.misses += 1
        item = await (self._make_leased(name, token, make) if token else make())
        self._start(self._store(name, token, key, item))
        return item

    async def _find(self, name: _Name, key: str) -> _Found:
        token = f"{self._mark}-{next(self._numbers)}"
        loop = asyncio.get_running_loop()
        until, pause_s = loop.time() + WAIT_S, 0.0
        try:
            while True:
                found = await self._link.run(LOOK, name, token, LEASE_MS)
                if isinstance(found, bytes):
                    return _Found(item=self._opened(key, found))
                if found == OURS:
                    return _Found(token=token)
                if found == FREE or self._waiting >= MOST_WAITING or loop.time() >= until:
                    return _Found()
                self.counts.waits += not pause_s
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S) or FIRST_PAUSE_S
                await self._wait(pause_s)
        except Unavailable:
            return _Found()

    async def _wait(self, seconds: float) -> None:
        self._waiting += 1
        try:
            await asyncio.sleep(seconds)
        finally:
            self._waiting -= 1

    async def _make_leased(self, name: _Name, token: str, make: Make) -> bytes:
        """Make it, and hold the lease meanwhile; give it back at once if that fails."""
        holding = asyncio.ensure_future(self._hold(name, token))
        try:
            return await make()
        except BaseException:
            self._start(self._release(name, token))
            raise
        finally:
            holding.cancel()

    async def _hold(self, name: _Name, token: str) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._link.run(RENEW, [name.lease], token, LEASE_MS)
            except Unavailable:
                return

    async def _store(self, name: _Name, token: str, key: str, item: bytes) -> None:
        if len(item) > self._most_bytes:
            self.counts.refused += 1
            await self._link.ask("SET", name.lease, EVERYBODY, "PX", TOO_LARGE_MS)
            return
        await self._link.run(STORE, name, token, closed(key, item), self._age_ms)
        self.counts.stored += 1

    async def _release(self, name: _Name, token: str) -> None:
        await self._link.run(RELEASE, [name.lease], token)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        """In the background, unless too much goes on there; leases then run out by themselves."""
        if len(self._tasks) >= MOST_STORING:
            self.counts.refused += 1
            work.close()
            return
        task = asyncio.ensure_future(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _name(self, key: str) -> _Name:
        digest = blake2b(key.encode(), digest_size=16).hexdigest()
        return _Name(*(f"{PREFIX}:{self._kind}:{what}:{{{digest}}}" for what in ("item", "lease")))

    def _opened(self, key: str, stored: bytes) -> bytes | None:
        item = opened(key, stored)
        self.counts.damaged += item is None
        return item


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Unavailable:
        return


def closed(key: str, item: bytes) -> bytes:
    """An item as it is stored."""
    return HEAD.pack(MAGIC, _checksum(key, item)) + item


def opened(key: str, stored: bytes) -> bytes | None:
    """The item, if what was stored is whole and that of the key."""
    if len(stored) < HEAD.size:
        return None
    magic, checksum = HEAD.unpack_from(stored)
    item = stored[HEAD.size :]
    return item if magic == MAGIC and _checksum(key, item) == checksum else None


def _checksum(key: str, item: bytes) -> int:
    return int(isal_zlib.crc32(item, isal_zlib.crc32(key.encode())))
