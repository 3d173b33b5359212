"""A burst may wait; where there is always more than can be done, few do."""

import asyncio

from tests.gate.crowd import Clock, Crowd, gate, turn
from tileserver.gate import Gate


def lasting(clock: Clock) -> Gate:
    return Gate(at_once=4, waiting=100, wait_s=60.0, clock=clock)


async def overload(crowd: Crowd, clock: Clock, rounds: int) -> None:
    """Two come as one is served, every 10 ms."""
    for _ in range(rounds):
        clock.now += 0.01
        crowd.come()
        crowd.come()
        await turn()
        if crowd.inside:
            await crowd.serve_one()


def burst(crowd: Crowd, number: int) -> None:
    for _ in range(number):
        crowd.come()


async def served(crowd: Crowd) -> None:
    """Until nobody is inside."""
    while crowd.inside:
        await crowd.serve_one()


def test_a_burst_may_wait():
    """Sixty maps' worth of tiles are all made, although it takes a minute of the clock."""

    async def run() -> None:
        clock = Clock()
        crowd = Crowd(lasting(clock))
        for _ in range(100):
            crowd.come()
        await turn()
        for _ in range(100):
            clock.now += 0.6
            await crowd.serve_one()
        assert (crowd.gate.refused, len(crowd.entered)) == (0, 100)

    asyncio.run(run())


def test_a_queue_that_lasts_is_kept_short():
    """More than can be done, for long: one may wait for each four inside, the others are refused
    at once, and no slot is idle."""

    async def run() -> None:
        clock = Clock()
        crowd = Crowd(lasting(clock))
        await overload(crowd, clock, 90)
        assert crowd.gate.refused == 0
        assert crowd.gate.waiting > 80
        await overload(crowd, clock, 200)
        crowd.come()
        await turn()
        assert (crowd.gate.waiting, crowd.gate.is_refusing("")) == (1, True)
        before = len(crowd.entered)
        await overload(crowd, clock, 50)
        assert len(crowd.entered) == before + 50
        await crowd.go_home()

    asyncio.run(run())


def test_a_burst_may_wait_again_after_a_calm():
    """A while after the queue that lasted; refusals that go on put it off, single ones do not."""

    async def run() -> None:
        clock = Clock()
        crowd = Crowd(lasting(clock))
        await overload(crowd, clock, 200)
        await served(crowd)
        for pause_s, waiting in ((0.4, 1), (0.4, 1), (0.4, 1), (3.0, 40)):
            clock.now += pause_s
            burst(crowd, 44)
            await turn()
            await turn()
            assert crowd.gate.waiting == waiting
            await served(crowd)
        await crowd.go_home()

    asyncio.run(run())


def test_a_queue_that_overflows_is_cut():
    """No burst is larger than all places: those who came last are told at once, of each client
    about as many, and for a while few may wait."""

    async def run() -> None:
        crowd = Crowd(gate(at_once=4, waiting=40))
        for client in "aaaa" + "a" * 30 + "b" * 11:
            crowd.come(client)
        await turn()
        await turn()
        assert [crowd.clients[n] for n in crowd.refused()] == ["a"] * 25 + ["b"] * 6
        assert (crowd.gate.waiting, min(crowd.refused())) == (10, 9)
        for _ in range(8):
            await crowd.serve_one()
        assert crowd.gate.waiting == 2
        crowd.come("c")
        await turn()
        await turn()
        assert len(crowd.refused()) == 32
        await crowd.go_home()

    asyncio.run(run())


def test_a_queue_that_nobody_leaves_lasts_too():
    """Where nothing is made at all, nobody comes to wait for it after a while."""

    async def run() -> None:
        clock = Clock()
        crowd = Crowd(Gate(at_once=1, waiting=100, wait_s=5.0, clock=clock))
        for seconds in (0, 1, 3.9, 1.1):
            clock.now += seconds
            crowd.come()
            crowd.come()
            await turn()
            await turn()
        assert crowd.refused() == [6, 7]
        await crowd.go_home()

    asyncio.run(run())


def test_no_burst_where_others_are_not_even_heard():
    """While requests are shed few may wait, and for a moment after."""

    async def run() -> None:
        clock, pressed = Clock(), [True]
        tried = Gate(
            at_once=4, waiting=100, wait_s=60.0, is_pressed=lambda: pressed[0], clock=clock
        )
        crowd = Crowd(tried)
        for seconds, waiting in ((0, 1), (0.4, 1), (0.6, 40)):
            clock.now += seconds
            burst(crowd, 44)
            await turn()
            await turn()
            assert tried.waiting == waiting
            await served(crowd)
            pressed[0] = False
        await crowd.go_home()

    asyncio.run(run())
