"""How much each client may ask for over time: token buckets, bounded in number.

A bucket is kept as the time at which it will be full again, one number a client (GCRA, of ITU-T
I.371): a request moves that time on by what one token takes to come back, and is refused where it
would lie further ahead than an empty bucket needs.
"""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

SLOTS = 1 << 15  # clients that are told apart at once
WAYS = 8  # slots in which a client may lie: who was idle for longest makes room
SLOT = struct.Struct("<Qd")  # a hash of the client, and when its bucket is full
TABLE_BYTES = SLOTS * SLOT.size


@dataclass(frozen=True, slots=True)
class Rate:
    """What one client may ask for.

    Args:
        per_s: requests a second, over time.
        burst: requests that may come at once.
    """

    per_s: float
    burst: int

    @property
    def refill_s(self) -> float:
        """What an empty bucket takes to be full."""
        return self.burst / self.per_s


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for a token.

    Args:
        left: whole tokens that are left.
        wait_s: how long to wait for one; 0 where it was granted.
        full_s: how long until the bucket is full.
    """

    left: int
    wait_s: float
    full_s: float

    @property
    def is_granted(self) -> bool:
        """Whether the request may go on."""
        return self.wait_s == 0


class Buckets(Protocol):
    """The buckets of all clients."""

    rate: Rate

    async def take(self, client: str) -> Taken:
        """A token of a client's bucket, if it has one. Raises nothing."""
        ...


def take(rate: Rate, lacking_s: float) -> tuple[float, Taken]:
    """A token of one bucket, if it has one.

    Args:
        lacking_s: how long until it is full.

    Returns:
        How long until it is full then, and what came of it.
    """
    lacking_s = min(max(lacking_s, 0.0), rate.refill_s)  # whatever was kept of it
    then_s = lacking_s + 1 / rate.per_s
    wait_s = then_s - rate.refill_s
    if wait_s > 1e-9:  # what sums of floats are wrong by
        return lacking_s, Taken(0, wait_s, lacking_s)
    return then_s, Taken(int((rate.refill_s - then_s) * rate.per_s + 1e-6), 0.0, then_s)


class LocalBuckets:
    """Buckets of one machine, in a table that processes may share.

    They do so without locks: where two write at once one token may be given twice.

    Args:
        file: the table, which is made if it is not there; None for one of this process.
        clock: seconds that mean the same in all processes.
    """

    def __init__(
        self, rate: Rate, file: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self._clock = rate, clock
        self._table = _table(file)

    async def take(self, client: str) -> Taken:
        """At once."""
        return self.take_now(client)

    def take_now(self, client: str) -> Taken:
        """The same for those who have no event loop."""
        number = int.from_bytes(blake2b(client.encode(), digest_size=8).digest(), "little") | 1
        place, full_at = self._find(number)
        now = self._clock()
        lacking_s, taken = take(self.rate, full_at - now)
        SLOT.pack_into(self._table, place, number, now + lacking_s)
        return taken

    def _find(self, number: int) -> tuple[int, float]:
        """The client's slot and what stands in it; else that of who was idle for longest."""
        first = (number >> 1) % (SLOTS // WAYS) * WAYS * SLOT.size
        places = range(first, first + WAYS * SLOT.size, SLOT.size)
        oldest, oldest_at = first, float("inf")
        for place in places:
            held, full_at = SLOT.unpack_from(self._table, place)
            if held == number:
                return place, full_at
            if full_at < oldest_at:
                oldest, oldest_at = place, full_at
        return oldest, 0.0


def _table(file: Path | None) -> mmap.mmap:
    if file is None:
        return mmap.mmap(-1, TABLE_BYTES)
    with file.open("a+b") as opened:
        if opened.tell() < TABLE_BYTES:
            opened.truncate(TABLE_BYTES)
        return mmap.mmap(opened.fileno(), TABLE_BYTES)
