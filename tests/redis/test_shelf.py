"""What servers share: made once, never wrong, and never waited for in vain."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.redis.test_link import linked
from tests.servers import RedisServer
from tileserver.redis.link import Link
from tileserver.redis.shelf import LEASE_MS, MOST_STORING, Shelf

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1 << 16
ITEM = b"\x89PNG" + bytes(range(256)) * 20


class Maker:
    """Makes one item, and counts how often."""

    def __init__(self, item: bytes = ITEM, takes_s: float = 0.0) -> None:
        self.item, self.takes_s = item, takes_s
        self.made = 0

    async def __call__(self) -> bytes:
        self.made += 1
        await asyncio.sleep(self.takes_s)
        return self.item


def shelf(link: Link, *, age_s: float = 60, kind: str = "tile") -> Shelf:
    return Shelf(link, kind, age_s=age_s, most_bytes=MOST_BYTES)


@asynccontextmanager
async def replicas(url: str, number: int = 2) -> AsyncIterator[list[Shelf]]:
    """As many servers, each with a connection of its own."""
    if not number:
        yield []
        return
    async with linked(url) as link, replicas(url, number - 1) as others:
        yield [shelf(link), *others]


async def stored(server: Shelf, key: str, item: bytes) -> None:
    """An item that is there."""
    assert await server.fetch(key, Maker(item)) == item
    await server.close()


def test_what_one_makes_the_others_have(redis_server: RedisServer) -> None:
    """Whatever its bytes are, none at all too."""

    async def run() -> None:
        async with replicas(redis_server.url) as (one, other):
            for number, item in enumerate((ITEM, b"", b"\r\n$-1\r\n", bytes(MOST_BYTES))):
                await stored(one, str(number), item)
                maker = Maker(b"other")
                assert await other.fetch(str(number), maker) == item
                assert maker.made == 0
            assert (one.counts.misses, one.counts.stored, other.counts.hits) == (4, 4, 4)

    asyncio.run(run())


def test_many_who_ask_at_once_have_it_made_once(redis_server: RedisServer) -> None:
    """One of ten servers makes it, the others wait, however long it takes within reason."""

    async def run() -> None:
        maker = Maker(takes_s=0.5)
        async with replicas(redis_server.url, 10) as servers:
            found = await asyncio.gather(*(each.fetch("key", maker) for each in servers))
            assert found == [ITEM] * 10
            assert maker.made == 1
            assert sum(each.counts.waits for each in servers) == 9

    asyncio.run(run())


def test_a_lease_is_held_for_as_long_as_it_takes(redis_server: RedisServer) -> None:
    """Longer than a dead server's is."""

    async def run() -> None:
        maker = Maker(takes_s=LEASE_MS / 1000 + 0.5)
        async with replicas(redis_server.url) as (one, other):
            making = asyncio.ensure_future(one.fetch("key", maker))
            await asyncio.sleep(0.05)
            assert await other.fetch("key", Maker(b"other")) == ITEM
            await making

    asyncio.run(run())


@pytest.mark.parametrize("ends", ["fails", "is cancelled"])
def test_who_does_not_make_it_lets_the_next_one(redis_server: RedisServer, ends: str) -> None:
    """At once, and what was raised is raised to nobody else."""

    async def run() -> None:
        async def fail() -> bytes:
            await asyncio.sleep(0.1 if ends == "fails" else 60)
            raise OSError("damaged")

        async with replicas(redis_server.url) as (one, other):
            making = asyncio.ensure_future(one.fetch("key", fail))
            await asyncio.sleep(0.05)
            waiting = asyncio.ensure_future(other.fetch("key", Maker()))
            await asyncio.sleep(0.05)
            if ends == "is cancelled":
                making.cancel()
            with pytest.raises((OSError, asyncio.CancelledError)):
                await making
            assert await waiting == ITEM

    asyncio.run(run())


def test_who_is_killed_while_it_makes_something_is_not_waited_for(
    redis_server: RedisServer,
) -> None:
    """Its lease runs out."""
    program = f"""if True:
        import asyncio
        from tileserver.redis.link import Link
        from tileserver.redis.shelf import Shelf

        async def make():
            print("making", flush=True)
            await asyncio.sleep(60)

        async def run():
            link = Link({redis_server.url!r}, patience_s=5)
            await link.open()
            await Shelf(link, "tile", age_s=60, most_bytes=1000).fetch("key", make)

        asyncio.run(run())
    """

    async def run() -> None:
        maker = Maker()
        async with linked(redis_server.url) as link:
            server = shelf(link)
            waiting = asyncio.ensure_future(server.fetch("key", maker))
            await asyncio.sleep(0.1)
            os.kill(process.pid, signal.SIGKILL)
            assert await waiting == ITEM
            assert (maker.made, server.counts.waits) == (1, 1)

    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"making\n"
        asyncio.run(run())


def test_what_takes_too_long_is_made_by_the_others_too(redis_server: RedisServer) -> None:
    """They wait for two seconds, not for a minute."""

    async def run() -> None:
        slow, quick = Maker(takes_s=60), Maker()
        async with replicas(redis_server.url) as (one, other):
            making = asyncio.ensure_future(one.fetch("key", slow))
            await asyncio.sleep(0.05)
            assert await other.fetch("key", quick) == ITEM
            making.cancel()

    asyncio.run(run())


def test_what_is_too_large_is_nobodys_to_wait_for(redis_server: RedisServer) -> None:
    """It is not stored, and those who wait for it make it at the same time."""
    large = bytes(MOST_BYTES + 1)

    async def run() -> None:
        maker = Maker(large, takes_s=0.2)
        async with replicas(redis_server.url, 4) as servers:
            found = await asyncio.gather(*(each.fetch("key", maker) for each in servers))
            assert found == [large] * 4
            assert maker.made == 4
            assert sum(each.counts.stored for each in servers) == 0
            await asyncio.gather(*(each.close() for each in servers))

    asyncio.run(run())


def test_what_was_damaged_is_made_anew(redis_server: RedisServer) -> None:
    """A bit that has turned, a part that lacks, another key's item, something else altogether."""

    async def run() -> None:
        numbers = random.Random(0)
        async with replicas(redis_server.url) as (one, other):
            await stored(one, "other", b"of another")
            async with linked(redis_server.url) as link:
                [of_other] = await keys(link)
                foreign = await link.ask("GET", of_other)
                await stored(one, "key", ITEM)
                [name] = set(await keys(link)) - {of_other}
                sound = await link.ask("GET", name)
                assert isinstance(sound, bytes)
                flipped = bytearray(sound)
                flipped[numbers.randrange(len(sound))] ^= 1
                for bad in (bytes(flipped), sound[:-1], sound[:3], b"", foreign, sound + b"\0"):
                    assert isinstance(bad, bytes)
                    await link.ask("SET", name, bad)
                    maker = Maker()
                    assert await other.fetch("key", maker) == ITEM
                    await other.close()
                    assert maker.made == 1
                    assert await link.ask("GET", name) == sound
            assert other.counts.damaged == 6

    asyncio.run(run())


async def keys(link: Link) -> list[bytes]:
    """The names of items in Redis."""
    found = await link.ask("KEYS", "*:item:*")
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, bytes)]


def test_items_are_kept_for_a_time(redis_server: RedisServer) -> None:
    """Redis forgets them by itself, and leases too."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            await stored(shelf(link, age_s=0.2), "key", ITEM)
            await asyncio.sleep(0.3)
            assert await link.ask("KEYS", "*") == []

    asyncio.run(run())


def test_kinds_do_not_meet(redis_server: RedisServer) -> None:
    """The same key is another item of another kind."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            await stored(shelf(link, kind="tile"), "key", ITEM)
            assert await shelf(link, kind="range").fetch("key", Maker(b"range")) == b"range"

    asyncio.run(run())


def test_keys_are_hashes(redis_server: RedisServer) -> None:
    """So that whatever they hold, Redis is told nothing of it."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            await stored(shelf(link), "../ {secret}\r\nFLUSHALL\r\n", ITEM)
            [name] = await keys(link)
            assert name.startswith(b"tileserver:tile:item:{")
            assert b"secret" not in name
            assert len(name) < 64

    asyncio.run(run())


def test_without_redis_all_is_made(redis_server: RedisServer) -> None:
    """What dies in the middle harms nobody: neither those who wait nor those who store."""

    async def run() -> None:
        async with replicas(redis_server.url) as (one, other):
            slow = asyncio.ensure_future(one.fetch("key", Maker(takes_s=0.5)))
            await asyncio.sleep(0.05)
            waiting = asyncio.ensure_future(other.fetch("key", Maker(b"other")))
            await asyncio.sleep(0.1)
            redis_server.kill()
            assert await waiting == b"other"
            assert await slow == ITEM
            assert await one.fetch("key", Maker(b"third")) == b"third"

    asyncio.run(run())


def test_full_redis_is_no_reason_to_wait() -> None:
    """What nobody can lease everybody makes."""

    async def run(server: RedisServer) -> None:
        async with replicas(server.url, 4) as servers, linked(server.url) as link:
            await link.ask("CONFIG", "SET", "maxmemory", "1")
            maker = Maker(takes_s=0.3)
            found = await asyncio.gather(*(each.fetch("key", maker) for each in servers))
            assert found == [ITEM] * 4
            assert maker.made == 4
            assert [each.counts.waits for each in servers] == [0] * 4

    with RedisServer() as server:
        asyncio.run(run(server))


def test_storing_is_bounded(redis_server: RedisServer) -> None:
    """Redis that hangs holds no more than a few items in memory."""

    async def run() -> None:
        async with linked(redis_server.url, patience_s=0.3) as link:
            server = shelf(link)
            maker = Maker(takes_s=0.1)
            makers = [asyncio.ensure_future(server.fetch(str(n), maker)) for n in range(200)]
            while maker.made < 200:
                await asyncio.sleep(0.01)
            redis_server.freeze()
            assert await asyncio.gather(*makers) == [ITEM] * 200
            assert server.counts.refused >= 200 - MOST_STORING
            await server.close()
            assert server.counts.stored == 0
            redis_server.thaw()

    asyncio.run(run())
