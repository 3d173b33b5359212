"""Work in threads, which nothing can stop: it is waited for."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from tests.gate.crowd import Crowd, gate, turn
from tileserver.gate import in_thread


def test_gate_is_closed_until_the_thread_has_ended():
    """Cancelling what waits for a thread, even twice, lets nobody in beside the thread."""

    async def run(pool: ThreadPoolExecutor) -> None:
        tried, begun, end = gate(), Event(), Event()

        async def work() -> None:
            async with tried:
                await in_thread(pool, job)

        def job() -> None:
            begun.set()
            end.wait()

        task = asyncio.create_task(work())
        while not begun.is_set():
            await turn()
        crowd = Crowd(tried)
        crowd.come()
        for _ in range(3):
            task.cancel()
            await turn()
            await turn()
        assert (task.done(), crowd.inside) == (False, set())
        end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await turn()
        assert crowd.inside == {0}
        await crowd.go_home()

    with ThreadPoolExecutor(2) as pool:
        asyncio.run(run(pool))


def test_a_job_that_has_not_begun_is_dropped():
    """Cancelled while all threads are taken, it never runs, and nobody waits for it."""

    async def run(pool: ThreadPoolExecutor) -> None:
        end, ran = Event(), []
        first = asyncio.create_task(in_thread(pool, end.wait))
        await turn()
        second = asyncio.create_task(in_thread(pool, ran.append, "second"))
        await turn()
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not first.done()
        end.set()
        assert await first
        assert await in_thread(pool, list, ran) == []

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(run(pool))


def test_a_job_gives_what_it_returns_or_raises():
    """As if it were called; also its error, once it was cancelled, is nobody's."""

    async def run(pool: ThreadPoolExecutor) -> None:
        assert await in_thread(pool, divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await in_thread(pool, divmod, 1, 0)
        begun, end = Event(), Event()

        def fail() -> None:
            begun.set()
            end.wait()
            raise OSError("gone")

        task = asyncio.create_task(in_thread(pool, fail))
        while not begun.is_set():
            await turn()
        task.cancel()
        await turn()
        end.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(run(pool))
