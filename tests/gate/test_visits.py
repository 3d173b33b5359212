"""Few at once, the others in order, and every slot comes back whatever happens."""

import asyncio
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gate.crowd import Crowd, all_slots_are_free, gate, turn
from tileserver.errors import Overloaded
from tileserver.gate import Gate

VISITORS = 12


DEEDS = st.one_of(
    st.tuples(st.just("turn"), st.just(0)),
    st.tuples(st.sampled_from(["come", "come b", "come c"]), st.just(0)),
    st.tuples(st.sampled_from(["leave", "fail", "cancel"]), st.integers(0, VISITORS - 1)),
)


@given(st.integers(1, 3), st.integers(0, 4), st.sampled_from([0.0, 60.0]), st.lists(DEEDS))
def test_whatever_happens(at_once, waiting, wait_s, deeds):
    """Never too many inside, of each client the first come first served, all slots back in the end.

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
            elif deed.startswith("come"):
                crowd.come(deed.removeprefix("come"))
            elif number < len(crowd.ends):
                getattr(crowd, deed)(number)
            assert len(crowd.inside) <= at_once
            assert tried.waiting <= waiting
        found = await crowd.go_home()
        assert crowd.most <= at_once
        for client in set(crowd.clients):
            entered = [n for n in crowd.entered if crowd.clients[n] == client]
            assert entered == sorted(entered)
        assert sum(isinstance(each, Overloaded) for each in found) == tried.refused
        assert (tried.in_flight, tried.waiting) == (0, 0)
        await all_slots_are_free(tried, at_once)

    asyncio.run(run())


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


def test_clients_take_turns():
    """Who asks for one picture waits for one of another who asks for ten."""

    async def run() -> None:
        crowd = Crowd(gate())
        for client in "aaaaabbc":
            crowd.come(client)
            await turn()
        for _ in range(7):
            await crowd.serve_one()
        assert [crowd.clients[n] for n in crowd.entered] == list("aabcabaa")
        await crowd.go_home()

    asyncio.run(run())


def test_who_has_most_waiting_makes_room():
    """Where all places are taken the last of the longest queue goes for a client with fewer."""

    async def run() -> None:
        crowd = Crowd(gate(at_once=2, waiting=4))
        for client in "aaaaaabbb":
            crowd.come(client)
            await turn()
            await turn()
        # Of a two are inside and four wait; the first two of b take places, the third has as many.
        assert crowd.refused() == [4, 5, 8]
        assert (crowd.gate.waiting, crowd.gate.refused) == (4, 3)
        assert crowd.gate.is_refusing("a")
        assert crowd.gate.is_refusing("b")
        assert not crowd.gate.is_refusing("c")
        await crowd.go_home()

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


def test_lent_slot_is_another_s() -> None:
    """Who waits for something else lets another in, and goes on beside it."""

    async def run() -> None:
        gate = Gate(at_once=1, waiting=1, wait_s=5)
        async with gate:
            with gate.lent():
                async with asyncio.timeout(1), gate:
                    assert gate.in_flight == 1
            assert gate.in_flight == 1
            assert gate.is_refusing("") is False
        async with gate:  # the slot is there once
            waiting = asyncio.ensure_future(gate.__aenter__())
            await asyncio.sleep(0)
            assert gate.waiting == 1
        await waiting
        await gate.__aexit__(None, None, None)
        assert gate.in_flight == 0

    asyncio.run(run())


def test_no_more_than_some_slots_are_lent() -> None:
    """So that those who wait beside are bounded, too."""

    async def run() -> None:
        gate = Gate(at_once=2, waiting=0, wait_s=5)
        with ExitStack() as stack:
            for _ in range(8):
                assert gate.may_lend
                await gate.__aenter__()
                stack.enter_context(gate.lent())
            assert not gate.may_lend
        assert gate.may_lend

    asyncio.run(run())
