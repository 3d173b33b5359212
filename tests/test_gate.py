"""The gate: few at once, the others in order, and every slot comes back whatever happens."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.errors import Overloaded
from tileserver.gate import Gate, Scales, in_thread


def gate(at_once: int = 1, waiting: int = 100, wait_s: float = 60.0) -> Gate:
    return Gate(at_once=at_once, waiting=waiting, wait_s=wait_s)


@dataclass
class Crowd:
    """Visitors of a gate, numbered as they come; each stays until it is told to go."""

    gate: Gate
    ends: list[asyncio.Future[None]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    entered: list[int] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    most: int = 0

    def come(self) -> None:
        self.ends.append(asyncio.get_running_loop().create_future())
        self.tasks.append(asyncio.create_task(self._visit(len(self.ends) - 1)))

    def leave(self, number: int) -> None:
        if not self.ends[number].done():
            self.ends[number].set_result(None)

    def fail(self, number: int) -> None:
        if not self.ends[number].done():
            self.ends[number].set_exception(OSError("gone"))

    def cancel(self, number: int) -> None:
        self.tasks[number].cancel()

    async def _visit(self, number: int) -> None:
        async with self.gate:
            self.entered.append(number)
            self.inside.add(number)
            self.most = max(self.most, len(self.inside))
            try:
                await self.ends[number]
            finally:
                self.inside.remove(number)

    async def go_home(self) -> list[BaseException | None]:
        for number in range(len(self.ends)):
            self.leave(number)
        found = await asyncio.gather(*self.tasks, return_exceptions=True)
        for end in self.ends:
            if not end.cancelled():
                end.exception()  # of one who was cancelled before it could fail
        return found


async def turn() -> None:
    await asyncio.sleep(0)


VISITORS = 12
DEEDS = st.one_of(
    st.tuples(st.just("turn"), st.just(0)),
    st.tuples(st.just("come"), st.just(0)),
    st.tuples(st.sampled_from(["leave", "fail", "cancel"]), st.integers(0, VISITORS - 1)),
)


@given(st.integers(1, 3), st.integers(0, 4), st.sampled_from([0.0, 60.0]), st.lists(DEEDS))
def test_whatever_happens(at_once, waiting, wait_s, deeds):
    """Never too many inside, first come first served, and in the end all slots are back.

    Deeds between two turns of the loop happen at once: as a slot is granted its visitor may be
    cancelled, or be told that it has waited too long.
    """

    async def run() -> None:
        tried = gate(at_once, waiting, wait_s)
        crowd = Crowd(tried)
        for deed, number in deeds:
            if deed == "turn":
                await turn()
                assert tried.in_flight == len(crowd.inside)
            elif deed == "come":
                crowd.come()
            elif number < len(crowd.ends):
                getattr(crowd, deed)(number)
            assert len(crowd.inside) <= at_once
            assert tried.waiting <= waiting
        found = await crowd.go_home()
        assert crowd.most <= at_once
        assert crowd.entered == sorted(crowd.entered)
        assert sum(isinstance(each, Overloaded) for each in found) == tried.refused
        assert (tried.in_flight, tried.waiting) == (0, 0)
        await all_slots_are_free(tried, at_once)

    asyncio.run(run())


async def all_slots_are_free(tried: Gate, at_once: int) -> None:
    crowd = Crowd(tried)
    for _ in range(at_once):
        crowd.come()
    await turn()
    assert (tried.in_flight, len(crowd.inside)) == (at_once, at_once)
    await crowd.go_home()


def test_a_full_queue_refuses_at_once():
    """Who finds all places taken is told so without waiting; the others are not disturbed."""

    async def run() -> None:
        crowd = Crowd(gate(at_once=2, waiting=3))
        for _ in range(6):
            crowd.come()
        await turn()
        await turn()
        assert [task.done() for task in crowd.tasks] == [False] * 5 + [True]
        assert (crowd.gate.in_flight, crowd.gate.waiting, crowd.gate.refused) == (2, 3, 1)
        found = await crowd.go_home()
        assert found[:5] == [None] * 5
        assert isinstance(found[5], Overloaded)
        assert found[5].status == 503

    asyncio.run(run())


def test_who_has_waited_too_long_is_refused():
    """The slot then goes to those who come later."""

    async def run() -> None:
        crowd = Crowd(gate(wait_s=0.01))
        crowd.come()
        crowd.come()
        await asyncio.wait([crowd.tasks[1]])
        assert isinstance(crowd.tasks[1].exception(), Overloaded)
        assert (crowd.gate.in_flight, crowd.gate.waiting, crowd.gate.refused) == (1, 0, 1)
        await crowd.go_home()
        await all_slots_are_free(crowd.gate, 1)

    asyncio.run(run())


def test_cancelled_as_it_is_let_in():
    """A waiter that is cancelled in the turn in which its slot was granted passes it on."""

    async def run() -> None:
        crowd = Crowd(gate())
        for _ in range(3):
            crowd.come()
        await turn()
        crowd.leave(0)
        await turn()  # the first has left, the second has been granted the slot but has not run
        assert crowd.entered == [0]
        crowd.cancel(1)
        await turn()
        await turn()
        assert crowd.entered == [0, 2]
        found = await crowd.go_home()
        assert [type(each) for each in found] == [type(None), asyncio.CancelledError, type(None)]

    asyncio.run(run())


def test_what_fails_inside_leaves():
    """An error inside is the visitor's own, and its slot is free again."""

    async def run() -> None:
        tried = gate()
        with pytest.raises(OSError, match="gone"):
            async with tried:
                raise OSError("gone")
        await all_slots_are_free(tried, 1)

    asyncio.run(run())


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


def test_scales_let_in_what_fits_together() -> None:
    """So many bytes at once, in the order of arrival; what alone is too much comes in alone."""

    async def weigh() -> list[str]:
        scales, seen = Scales(100), []
        most = 0

        async def work(name: str, nbytes: int) -> None:
            nonlocal most
            async with scales.holding(nbytes):
                most = max(most, scales.held_bytes if nbytes <= 100 else 0)
                seen.append(name)
                await asyncio.sleep(0.001)

        await asyncio.gather(
            *(work(n, b) for n, b in zip("abcde", (60, 30, 50, 500, 10), strict=True))
        )
        assert most <= 100
        assert scales.held_bytes == 0
        return seen

    assert asyncio.run(weigh()) == ["a", "b", "c", "d", "e"]


def test_scales_survive_who_goes_away() -> None:
    """Waiting or just let in: the place is another's."""

    async def weigh() -> None:
        scales = Scales(10)

        async def work() -> None:
            async with scales.holding(10):
                await asyncio.sleep(0.01)

        tasks = [asyncio.create_task(work()) for _ in range(5)]
        await asyncio.sleep(0.001)
        for task in tasks[:3]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert scales.held_bytes == 0
        assert not any(task.cancelled() for task in tasks[3:])

    asyncio.run(weigh())
