"""Calls that may never come back, waited for only so long.

A database whose machine is gone without a word, or stands still, leaves who waits for its answer
waiting. No timeout of the database's own helps there, so each call has a thread of its own, which
does not hold up the end of the process, and of which there are few.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import ParamSpec, TypeVar

from tileserver.errors import SourceUnavailable

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE = 4
ANSWER_S = 15.0  # more than the database's own timeouts
_QUOTED = re.compile(r""" ?"[^"]*"| ?'[^']*'""")


class Patience:
    """Makes calls in threads. Belongs to one event loop.

    Args:
        answer_s: how long is waited for a call, and for its turn.
    """

    def __init__(self, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call returns. Raises what it raises, SourceUnavailable where it takes too long:
        then it may still be done."""
        try:
            async with asyncio.timeout(self._answer_s):
                await self._slots.acquire()
                done = self._start(lambda: call(*args, **kwargs))
                return await asyncio.shield(done)
        except TimeoutError:
            raise SourceUnavailable(
                "the database does not answer in time: try again later"
            ) from None

    def _start(self, call: Callable[[], T]) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        # Of who no longer waits, the error is nobody's.
        done.add_done_callback(lambda each: each.cancelled() or each.exception())

        def settle(tell: Callable[[], None]) -> None:
            self._slots.release()
            if not done.done():
                tell()

        def run() -> None:
            try:
                tell = partial(done.set_result, call())
            except Exception as error:
                tell = partial(done.set_exception, error)
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, tell)

        Thread(target=run, name="database", daemon=True).start()
        return done


def reason(error: SourceUnavailable) -> str:
    """Why the database does not answer, in its own words, for logs and the command line: without
    the names that they quote, of which its address is made."""
    cause = error.__cause__ or error
    said = str(getattr(cause, "orig", "")).rpartition("failed: ")[2].partition("\n")[0]
    return _QUOTED.sub("", said.removeprefix("FATAL:")).strip() or type(cause).__name__
