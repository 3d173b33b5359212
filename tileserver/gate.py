"""Work in flight is limited; what is beyond waits in a queue that is bounded in length and time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress
from typing import TypeVar, TypeVarTuple

from tileserver.errors import Overloaded

R = TypeVar("R")
Args = TypeVarTuple("Args")


class Gate:
    """`async with gate:` lets in a few at once, the others in the order in which they came.

    Raises Overloaded at once where the queue is full, else to who has waited too long. Belongs to
    one event loop.

    Args:
        at_once: how many are let in.
        waiting: how many more may wait.
        wait_s: for how long each.

    Attributes:
        in_flight, waiting: how many are in, and how many wait, just now.
        refused: how many were, since the start.
    """

    def __init__(self, *, at_once: int, waiting: int, wait_s: float) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._places, self._wait_s = waiting, wait_s
        self.in_flight = 0
        self.waiting = 0
        self.refused = 0

    async def __aenter__(self) -> None:
        if self._slots.locked():
            await self._queue()
        else:
            await self._slots.acquire()
        self.in_flight += 1

    async def __aexit__(self, *_: object) -> None:
        self.in_flight -= 1
        self._slots.release()

    async def _queue(self) -> None:
        if self.waiting >= self._places:
            raise self._refusal()
        self.waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._slots.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self.waiting -= 1

    def _refusal(self) -> Overloaded:
        self.refused += 1
        return Overloaded("too many requests at once: try again in a moment, with fewer together")


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
