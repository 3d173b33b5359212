"""What one client may ask of all servers together."""

import asyncio

from tests.redis.test_link import linked
from tests.servers import RedisServer
from tileserver.bucket import LocalBuckets, Rate
from tileserver.redis.buckets import RedisBuckets
from tileserver.redis.link import Link

SLOW = Rate(per_s=0.01, burst=40)  # nothing comes back during a test


def buckets(link: Link, rate: Rate = SLOW) -> RedisBuckets:
    return RedisBuckets(link, LocalBuckets(rate))


async def granted(server: RedisBuckets, client: str, times: int) -> int:
    """How many of some requests at once are let in."""
    return sum([(await server.take(client)).is_granted for _ in range(times)])


def test_servers_share_a_bucket(redis_server: RedisServer) -> None:
    """Together they grant what one would, to the last token, however the requests are dealt."""

    async def run() -> None:
        async with linked(redis_server.url) as one, linked(redis_server.url) as other:
            servers = buckets(one), buckets(other)
            shares = await asyncio.gather(*(granted(s, "me", 30) for s in servers * 2))
            # What a server holds back for the client is its own to hand out.
            more = [await granted(server, "me", 5) for server in servers]
            assert sum(shares) + sum(more) == SLOW.burst
            assert await granted(servers[0], "you", 30) == 30

    asyncio.run(run())


def test_what_is_left_is_told(redis_server: RedisServer) -> None:
    """As the buckets of one machine tell it."""

    async def run() -> None:
        local = LocalBuckets(SLOW)
        async with linked(redis_server.url) as link:
            server = buckets(link)
            for _ in range(SLOW.burst):
                expected, found = await local.take("me"), await server.take("me")
                assert abs(found.left - expected.left) <= 2  # what is held counts as left
                assert found.is_granted
            refused = await server.take("me")
        assert (refused.left, refused.is_granted) == (0, False)
        assert 90 < refused.wait_s <= 100
        assert 3900 < refused.full_s <= 4000

    asyncio.run(run())


def test_tokens_come_back(redis_server: RedisServer) -> None:
    """At the rate, by Redis's clock."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            server = buckets(link, Rate(per_s=20, burst=2))
            while (refused := await server.take("me")).is_granted:
                pass
            assert refused.wait_s <= 0.05
            await asyncio.sleep(refused.wait_s)
            assert (await server.take("me")).is_granted

    asyncio.run(run())


def test_clients_that_ask_often_wait_for_redis_seldom(redis_server: RedisServer) -> None:
    """Tokens are taken by the dozen for them, and what is not used comes back."""
    rate = Rate(per_s=0.01, burst=1000)

    async def run() -> None:
        async with linked(redis_server.url) as one, linked(redis_server.url) as other:
            server = buckets(one, rate)
            assert await granted(server, "me", 300) == 300
            assert one.usage.requests < 60
            await asyncio.sleep(0.3)  # no more is held
            assert (await server.take("me")).is_granted
            assert await granted(buckets(other, rate), "me", 1000) == 1000 - 301

    asyncio.run(run())


def test_without_redis_each_machine_counts_for_itself(redis_server: RedisServer) -> None:
    """Nobody is refused because Redis is down, and limits hold all the same."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            server = buckets(link)
            assert await granted(server, "me", 10) == 10
            redis_server.kill()
            assert await granted(server, "you", 2 * SLOW.burst) == SLOW.burst

    asyncio.run(run())


def test_redis_is_told_nothing_of_clients(redis_server: RedisServer) -> None:
    """Names and addresses are hashed, and forgotten when the bucket is full."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            await buckets(link, Rate(per_s=10, burst=1)).take("address:192.0.2.1")
            found = await link.ask("KEYS", "*")
            assert isinstance(found, list)
            assert not any(b"192" in name for name in found if isinstance(name, bytes))
            await asyncio.sleep(0.2)
            assert await link.ask("KEYS", "*") == []

    asyncio.run(run())
