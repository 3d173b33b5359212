"""Work in flight is limited; what is beyond waits in queues that are bounded in length and time."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from math import inf
from typing import TypeVar, TypeVarTuple

from tileserver.errors import Overloaded

R = TypeVar("R")
Args = TypeVarTuple("Args")

# Who is asked for, told by whoever takes a request; "" where nobody is, as in work of our own.
CLIENT: ContextVar[str] = ContextVar("client", default="")
# A queue lasts that was not empty for this long while so many rounds of slots were handed on:
# three maps of forty tiles are seven rounds of sixteen.
LASTING_S, LASTING_ROUNDS = 1.0, 8
CALM_S = 3.0  # after it, until there may be a burst again
PAUSE_S = 0.5  # and after the last that was refused in that time; in it
BACK_S = 0.1  # a queue lasts after this long and one round
LENT = 4  # times the slots, that may be lent
FEW = 0.125  # of the slots: how many may wait then, an eighth as long as a picture takes

_Place = asyncio.Future[bool]  # of one who waits: whether it is let in


class Gate:
    """`async with gate:` lets in a few at once; the others wait, their clients in turn.

    Each client (CLIENT) has a queue of its own, so that who asks for much waits for longer than who
    asks for little. Raises Overloaded to who has waited too long, and at once where there is no
    place; one is made by refusing the last of the client that has most waiting, as long as that is
    not the newcomer's own. Belongs to one event loop.

    A burst may take all places. Where they do not suffice, or the queue is not empty for long, it
    is no burst but more than can be done: a long queue would have everybody wait and serve nobody
    more. A full one is cut to a quarter then; until it is empty, and for a moment after, only so
    many may wait as are let in soon (controlled delay: Nichols and Jacobson 2012,
    10.1145/2209249.2209264).

    Args:
        at_once: how many are let in.
        waiting: how many more may wait.
        wait_s: for how long each.
        is_pressed: whether others are not even asked to wait: then there is no burst, either.
        clock: in seconds.

    Attributes:
        in_flight, waiting: how many are in, and how many wait, just now.
        refused: how many were, since the start.
    """

    def __init__(
        self,
        *,
        at_once: int,
        waiting: int,
        wait_s: float,
        is_pressed: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._at_once, self._places, self._wait_s = at_once, waiting, wait_s
        self._queues: OrderedDict[str, deque[_Place]] = OrderedDict()  # the next one's client first
        self._length = _Length(at_once, wait_s, is_pressed, clock)
        self._lent = 0
        self._taken = 0  # slots, also of those who are let in but do not run yet
        self.in_flight = 0
        self.waiting = 0
        self.refused = 0

    async def __aenter__(self) -> None:
        if self._taken < self._at_once:
            self._taken += 1
        else:
            await self._queue(CLIENT.get())
        self.in_flight += 1

    async def __aexit__(self, *_: object) -> None:
        self.in_flight -= 1
        self._leave()

    @property
    def may_lend(self) -> bool:
        """Whether there are not too many already who wait beside those who are in."""
        return self._lent < LENT * self._at_once

    @contextmanager
    def lent(self) -> Iterator[None]:
        """While one who is in waits for what may not come: another may have the slot. It is taken
        back at once, even beyond those that are let in together."""
        self.in_flight -= 1
        self._lent += 1
        self._leave()
        try:
            yield
        finally:
            self._lent -= 1
            self._taken += 1
            self.in_flight += 1

    def is_refusing(self, client: str) -> bool:
        """Whether this client would be refused at once."""
        if self._taken < self._at_once or self.waiting < self._most():
            return False
        return self._longer_than(client) is None

    def refuse(self) -> Overloaded:
        """What to tell somebody who is not let in; counts."""
        self.refused += 1
        self._length.refused()
        return Overloaded("too many requests at once: try again in a moment, with fewer together")

    async def _queue(self, client: str) -> None:
        if self.waiting >= self._places and self._length.overflows():
            self._shorten(max(self._places // 4, 2 * self._at_once))
        if self.waiting >= self._most():
            other = self._longer_than(client)
            if other is None:
                raise self.refuse()
            self._let(other, self._queues[other][-1], in_=False)
        loop = asyncio.get_running_loop()
        place: _Place = loop.create_future()
        self._queues.setdefault(client, deque()).append(place)
        self.waiting += 1
        self._length.grown()
        late = loop.call_later(self._wait_s, self._too_late, client, place)
        try:
            is_in = await place
        except asyncio.CancelledError:
            self._gone(client, place)
            raise
        finally:
            late.cancel()
        if not is_in:
            raise self.refuse()

    def _shorten(self, length: int) -> None:
        """Refuse those who came last, of the longest queues first."""
        while self.waiting > length:
            client = max(self._queues, key=lambda each: len(self._queues[each]))
            self._let(client, self._queues[client][-1], in_=False)

    def _most(self) -> int:
        """How many may wait just now."""
        return min(self._places, self._length.few) if self._length.is_bounded() else self._places

    def _longer_than(self, client: str) -> str | None:
        """The client with the longest queue, if another's is shorter even with one more in it."""
        longest = max(self._queues, key=lambda each: len(self._queues[each]), default=client)
        own = len(self._queues.get(client, ()))
        return longest if len(self._queues.get(longest, ())) > own + 1 else None

    def _leave(self) -> None:
        """Hand a slot on."""
        if not self._queues:
            self._taken -= 1
            return
        client, queue = next(iter(self._queues.items()))
        self._queues.move_to_end(client)
        self._length.served()
        self._let(client, queue[0], in_=True)

    def _let(self, client: str, place: _Place, *, in_: bool) -> None:
        """Tell one who waits what becomes of it."""
        self._drop(client, place)
        place.set_result(in_)

    def _too_late(self, client: str, place: _Place) -> None:
        if not place.done():
            self._let(client, place, in_=False)

    def _gone(self, client: str, place: _Place) -> None:
        """Who was let in just now and goes away all the same gives back what it has."""
        if place.cancelled():
            self._drop(client, place)
        elif place.result():
            self._leave()

    def _drop(self, client: str, place: _Place) -> None:
        queue = self._queues[client]
        queue.remove(place)
        self.waiting -= 1
        if not queue:
            del self._queues[client]
        if not self._queues:
            self._length.emptied()


class _Length:
    """Tells a queue that lasts from one that a burst has left."""

    def __init__(
        self,
        at_once: int,
        wait_s: float,
        is_pressed: Callable[[], bool],
        clock: Callable[[], float],
    ) -> None:
        self.few = max(1, int(at_once * FEW))
        self._at_once, self._wait_s = at_once, wait_s
        self._is_pressed, self._clock = is_pressed, clock
        self._since: float | None = None
        self._served = 0
        self._lasts = False
        self._calm_at = -inf  # from when on there may be a burst again

    def grown(self) -> None:
        """One more waits."""
        if self._since is None:
            self._since, self._served = self._clock(), 0

    def served(self) -> None:
        """One of those who waited was let in."""
        self._served += 1

    def overflows(self) -> bool:
        """There is no place for one more: no burst is as large. Returns whether that is new."""
        is_new, self._lasts = not self._lasts, True
        return is_new

    def refused(self) -> None:
        """Somebody was: where that goes on there is no calm."""
        now = self._clock()
        if now < self._calm_at:
            self._calm_at = max(self._calm_at, now + PAUSE_S)

    def emptied(self) -> None:
        """Nobody waits."""
        if self._lasts:
            self._calm_at = self._clock() + CALM_S
        self._since, self._lasts = None, False

    def is_bounded(self) -> bool:
        """Whether it has been there for longer than bursts are, or had been a moment ago."""
        if self._lasts:
            return True
        now = self._clock()
        if self._is_pressed():
            self._calm_at = max(self._calm_at, now + PAUSE_S)
        is_back = now < self._calm_at
        if self._since is not None:
            seconds, rounds = (BACK_S, 1) if is_back else (LASTING_S, LASTING_ROUNDS)
            was_served = self._served >= rounds * self._at_once
            there_s = now - self._since
            self._lasts = there_s >= seconds and (was_served or there_s >= self._wait_s)
        return self._lasts or is_back


class Scales:
    """`async with scales.holding(n):` lets in work of so many bytes together, in order of arrival.

    What alone is more than all of them may, comes in alone. Belongs to one event loop.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.held_bytes = 0

    @asynccontextmanager
    async def holding(self, nbytes: int) -> AsyncIterator[None]:
        """While some bytes are held."""
        if self._waiting or not self._fits(nbytes):
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append((nbytes, turn))
            try:
                await turn
            except asyncio.CancelledError:
                self._leave(nbytes, turn)
                raise
        else:
            self.held_bytes += nbytes
        try:
            yield
        finally:
            self.held_bytes -= nbytes
            self._let_in()

    def _fits(self, nbytes: int) -> bool:
        return self.held_bytes == 0 or self.held_bytes + nbytes <= self._limit

    def _let_in(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            nbytes, turn = self._waiting.popleft()
            if not turn.done():
                self.held_bytes += nbytes
                turn.set_result(None)

    def _leave(self, nbytes: int, turn: asyncio.Future[None]) -> None:
        """Who was let in just now and goes away all the same gives back what it has."""
        if turn.done() and not turn.cancelled():
            self.held_bytes -= nbytes
        self._let_in()


async def in_thread(pool: Executor, job: Callable[[*Args], R], *args: *Args) -> R:
    """What the job returns, in a thread of the pool; who is cancelled waits for the thread's end.

    So a gate around it stays closed until the processor is free again, where `run_in_executor`
    would let the next job in beside one that nobody waits for. A job that has not begun is dropped.
    """
    future = pool.submit(job, *args)
    result = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        if not future.cancel():
            await _end(result)
        raise


async def _end(future: asyncio.Future[R]) -> None:
    """Wait for a future, whatever becomes of it and however often one is cancelled."""
    while not future.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([future])
