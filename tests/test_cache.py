"""The byte-bounded cache: one making for all who ask, nothing kept of failures."""

import asyncio

import pytest

from tileserver.cache import ByteCache


def cache(limit: int = 100) -> ByteCache[bytes]:
    return ByteCache(limit, len)


def test_equal_requests_share_one_making():
    """However many ask at once, the item is made once."""

    async def run() -> None:
        made = 0

        async def make() -> bytes:
            nonlocal made
            made += 1
            await asyncio.sleep(0.01)
            return b"item"

        kept = cache()
        found = await asyncio.gather(*(kept.get("a", make) for _ in range(20)))
        assert found == [b"item"] * 20
        assert made == 1
        assert await kept.get("a", make) == b"item"
        assert made == 1

    asyncio.run(run())


def test_failures_are_not_kept():
    """All who wait get the error; who asks later gets a new making."""

    async def run() -> None:
        async def fail() -> bytes:
            await asyncio.sleep(0)
            raise OSError("gone")

        async def make() -> bytes:
            return b"item"

        kept = cache()
        found = await asyncio.gather(
            *(kept.get("a", fail) for _ in range(3)), return_exceptions=True
        )
        assert [str(error) for error in found] == ["gone"] * 3
        assert len(kept) == 0
        assert await kept.get("a", make) == b"item"

    asyncio.run(run())


def test_the_last_waiter_takes_the_work_with_it():
    """One who goes away leaves the work to the others; when all are gone it is cancelled."""

    async def run() -> None:
        ended = []

        async def make() -> bytes:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise
            return b"item"

        kept = cache()
        first = asyncio.create_task(kept.get("a", make))
        second = asyncio.create_task(kept.get("a", make))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0.01)
        assert ended == []
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        await asyncio.sleep(0)
        assert ended == ["cancelled"]
        assert len(kept) == 0

    asyncio.run(run())


@pytest.mark.parametrize("turns", range(4))
def test_who_comes_while_a_making_is_cancelled_gets_the_item(turns):
    """At whatever moment: from the old making or from a new one, never its cancellation."""

    async def run() -> None:
        async def make() -> bytes:
            await asyncio.sleep(0.01)
            return b"item"

        kept = cache()
        first = asyncio.create_task(kept.get("a", make))
        await asyncio.sleep(0)
        first.cancel()
        for _ in range(turns):
            await asyncio.sleep(0)
        assert await kept.get("a", make) == b"item"

    asyncio.run(run())


def test_the_bound_is_in_bytes():
    """The least recently used items go first; what alone is over the limit is not kept."""
    kept = cache(10)
    kept.put("a", b"1234")
    kept.put("b", b"1234")
    assert kept.held("a") == b"1234"
    kept.put("c", b"1234")
    assert kept.held("b") is None
    assert kept.held("a") == b"1234"
    assert kept.nbytes == 8
    kept.put("d", b"x" * 11)
    assert kept.held("d") is None
    assert kept.nbytes == 8


def test_too_large_an_item_is_given_but_not_kept():
    """Who asks for it gets it all the same."""

    async def run() -> bytes:
        async def make() -> bytes:
            return b"x" * 11

        return await cache(10).get("a", make)

    assert asyncio.run(run()) == b"x" * 11


def test_hits_and_misses_are_counted():
    """As metrics tell them."""

    async def run() -> tuple[int, int]:
        async def make() -> bytes:
            return b"item"

        kept = cache()
        for _ in range(3):
            await kept.get("a", make)
        return kept.hits, kept.misses

    assert asyncio.run(run()) == (2, 1)


@pytest.mark.parametrize("waiters", [1, 5])
def test_a_cancelled_reader_is_told_so(waiters):
    """Cancelling a request raises CancelledError in it and leaves nothing behind."""

    async def run() -> None:
        kept = cache()
        tasks = [
            asyncio.create_task(kept.get("a", lambda: asyncio.sleep(9, b"")))
            for _ in range(waiters)
        ]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(error, asyncio.CancelledError) for error in found)

    asyncio.run(run())


def test_who_has_an_item_finds_it_kept():
    """Even who asks at the very moment in which it is made."""

    async def run() -> None:
        kept, gate = cache(), asyncio.get_running_loop().create_future()

        async def make() -> bytes:
            return await gate

        async def ask() -> None:
            assert await kept.get("a", make) == b"item"
            assert kept.held("a") == b"item"

        first = asyncio.create_task(ask())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gate.set_result(b"item")
        # It runs after what makes the item, and before those who wait for it are told.
        await asyncio.gather(first, ask(), asyncio.create_task(ask()))
        assert (kept.misses, len(kept)) == (1, 1)

    asyncio.run(run())
