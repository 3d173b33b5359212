"""What goes to and from one storage: its limits, the hedging of late reads, and the counts."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left, insort
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import TypeVar

from tileserver.cost import Speed
from tileserver.errors import SourceUnavailable
from tileserver.histogram import Histogram
from tileserver.sources.storage.pace import BytePace, Pace, RequestPace
from tileserver.trail import TRAIL

T = TypeVar("T")
Data = memoryview | None

# Enough to hide a chunk's round trip behind the others of a tile, few enough for a shared store.
DEFAULT_CONNECTIONS = 64
DEFAULT_TIMEOUT_S = 10.0
REMEMBERED = 256  # durations of reads
FEWEST = 32  # of them say when a read is late
SLACK_S = 0.02  # what a busy event loop may take before it sees an answer
HEDGED_PART = 0.1  # of all reads
NEWEST = 0.05  # what the last read counts in the mean of all
SILENT_S = 1.0  # without any answer, of a storage that is asked
HEDGES_AT_ONCE = 8.0  # that quiet times may save up


class Durations:
    """How long the last REMEMBERED reads took, in seconds."""

    def __init__(self) -> None:
        self._last: deque[float] = deque()
        self._sorted: list[float] = []

    @property
    def late_s(self) -> float:
        """When a read is late: some time after 95 of 100 are there. Never while few are known."""
        count = len(self._sorted)
        return inf if count < FEWEST else self._sorted[count * 95 // 100] + SLACK_S

    def add(self, seconds: float) -> None:
        """One more; the oldest is forgotten.

        A late one counts as just late: where all are slow that is the usual soon, but some that
        stall for long do not make it so.
        """
        seconds = min(seconds, self.late_s)
        self._last.append(seconds)
        insort(self._sorted, seconds)
        if len(self._last) > REMEMBERED:
            del self._sorted[bisect_left(self._sorted, self._last.popleft())]


class Traffic:
    """The way to one storage, which all stores that lie in it share. Belongs to one event loop.

    `requests`, `bytes`, `errors` and `hedges` count since the start, `latency` how long requests
    took until they were answered; retries are within a request.

    Args:
        connections: requests under way at once.
        requests_per_minute, bytes_per_s: None for no limit.
        timeout_s: how long a request waits for its turn at most.
        hedging: a read that is late is sent a second time, and the first answer counts.
    """

    def __init__(
        self,
        *,
        connections: int = DEFAULT_CONNECTIONS,
        requests_per_minute: int | None = None,
        bytes_per_s: float | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        hedging: bool = True,
    ) -> None:
        self.requests = self.bytes = self.errors = self.hedges = 0
        self.latency = Histogram()
        self._connections = asyncio.Semaphore(connections)
        self._byte_pace = None if bytes_per_s is None else BytePace(bytes_per_s)
        request_pace = None if requests_per_minute is None else RequestPace(requests_per_minute)
        self._paces: list[Pace] = [p for p in (request_pace, self._byte_pace) if p is not None]
        self.timeout_s = timeout_s
        self._hedging = hedging
        self._credit = 1.0
        self._durations: defaultdict[int, Durations] = defaultdict(Durations)
        self._at_once = connections
        self._request_s = 0.0
        self._under_way: dict[object, float] = {}  # when each was sent, the oldest first
        self._answered = -inf

    @property
    def is_silent(self) -> bool:
        """Whether requests are under way, and none was answered for a while."""
        since = max(self._answered, next(iter(self._under_way.values()), inf))
        return bool(self._under_way) and time.perf_counter() - since > SILENT_S

    @property
    def speed(self) -> Speed:
        """How fast reads have been answered of late."""
        return Speed(self._request_s, self._at_once)

    async def ask(self, send: Callable[[], Awaitable[T]]) -> T:
        """What `send` answers, once it is its turn.

        Raises SourceUnavailable where the turn does not come in time, else what `send` raises.
        """
        async with self._turn(0):
            return await self._sent(send)

    async def read(
        self, send: Callable[[], Awaitable[Data]], *, nbytes: int = 0, about: int = 0
    ) -> Data:
        """The same for a read, which is sent again if it is late.

        Args:
            nbytes: how many are asked for, 0 if that is not known.
            about: then, how many there may be: reads are late by what their like take.
        """
        self._credit = min(self._credit + HEDGED_PART, HEDGES_AT_ONCE)
        like = self._durations[(nbytes or about).bit_length() // 4]
        async with self._turn(nbytes):
            if self._hedging and like.late_s < inf:
                return await self._hedged(send, nbytes, like)
            return await self._timed(send, nbytes, like)

    @asynccontextmanager
    async def _turn(self, nbytes: int) -> AsyncIterator[None]:
        """A turn by the limits over time, then one of the connections."""
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._paced(nbytes)
                await self._connections.acquire()
        except TimeoutError:
            raise _busy() from None
        try:
            yield
        finally:
            self._connections.release()

    async def _paced(self, nbytes: int) -> None:
        now = asyncio.get_running_loop().time()
        waits = [pace.wait(now) for pace in self._paces]
        longest = max(waits, default=0.0)
        if longest > self.timeout_s:
            raise _busy()
        for pace in self._paces:
            pace.take(now, nbytes)
        if longest == 0:
            return
        try:
            await asyncio.sleep(longest)
        except asyncio.CancelledError:
            for pace, wait in zip(self._paces, waits, strict=True):
                pace.give_back(now + wait, nbytes)
            raise

    async def _sent(self, send: Callable[[], Awaitable[T]]) -> T:
        self.requests += 1
        mark, begun = object(), time.perf_counter()
        self._under_way[mark] = begun
        try:
            answer = await send()
        except Exception as error:
            self.errors += 1
            self._note(begun, type(error).__name__)
            raise
        finally:
            del self._under_way[mark]
        self._answered = self._note(begun)
        return answer

    def _note(self, begun: float, failure: str = "") -> float:
        """That a request has ended; returns when."""
        ended = time.perf_counter()
        self.latency.note(ended - begun)
        if (trail := TRAIL.get()) is not None:
            trail.read(begun, ended, failure)
        return ended

    async def _timed(
        self, send: Callable[[], Awaitable[Data]], nbytes: int, like: Durations
    ) -> Data:
        begun = time.perf_counter()
        data = await self._sent(send)
        taken_s = time.perf_counter() - begun
        like.add(taken_s)
        self._request_s += (taken_s - self._request_s) * (NEWEST if self._request_s else 1)
        if data is not None:
            self.bytes += data.nbytes
            if (trail := TRAIL.get()) is not None:
                trail.read_bytes += data.nbytes
            if self._byte_pace is not None and not nbytes:
                self._byte_pace.take(asyncio.get_running_loop().time(), data.nbytes)
        return data

    async def _hedged(
        self, send: Callable[[], Awaitable[Data]], nbytes: int, like: Durations
    ) -> Data:
        """The first answer to one read or two (Dean and Barroso 2013, 10.1145/2408776.2408794)."""
        reads = [asyncio.ensure_future(self._timed(send, nbytes, like))]
        try:
            _, waiting = await asyncio.wait(reads, timeout=like.late_s)
            if waiting and self._may_hedge():
                reads.append(asyncio.ensure_future(self._second(send, nbytes, like)))
            return await _first_answer(reads)
        finally:
            for read in reads:
                read.cancel()

    def _may_hedge(self) -> bool:
        """Whether the part of reads that are hedged stays small, and no limit is reached."""
        now = asyncio.get_running_loop().time()
        if (
            self._credit < 1
            or self._connections.locked()
            or any(pace.wait(now) > 0 for pace in self._paces)
        ):
            return False
        self._credit -= 1
        return True

    async def _second(
        self, send: Callable[[], Awaitable[Data]], nbytes: int, like: Durations
    ) -> Data:
        async with self._turn(nbytes):
            self.hedges += 1
            return await self._timed(send, nbytes, like)


async def _first_answer(reads: Sequence[asyncio.Future[Data]]) -> Data:
    """Of the first that succeeds. Raises what the first read raised where none does."""
    waiting = set(reads)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        sound = [read for read in done if read.exception() is None]
        if sound:
            return sound[0].result()
    return reads[0].result()


def _busy() -> SourceUnavailable:
    return SourceUnavailable("the storage is at its limits: try again in a moment")
