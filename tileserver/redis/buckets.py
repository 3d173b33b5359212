"""How much each client may ask for at all servers together."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

from tileserver.bucket import LocalBuckets, Taken
from tileserver.redis.link import Link, Unavailable
from tileserver.redis.script import TAKE
from tileserver.redis.shelf import PREFIX

MOST_CLIENTS = 4096  # for whom tokens are held; of others each is asked for
HOLD_S = 0.2  # what is left of them then comes back with the next request
LARGEST_PART = 1 / 20  # of a bucket that is held here


@dataclass(slots=True)
class _Held:
    """Tokens of one client that were taken from its bucket and not handed out yet.

    Args:
        size: how many were asked for.
        until: when they are no longer held.
        left, full_s: of the bucket, when they were taken.
    """

    tokens: int = 0
    size: int = 0
    until: float = 0.0
    left: int = 0
    full_s: float = 0.0

    def hand_out(self) -> Taken:
        """One of them."""
        self.tokens -= 1
        return Taken(self.left + self.tokens, 0.0, self.full_s)


class RedisBuckets:
    """Token buckets in Redis, and those of this machine while there is none.

    Each is kept as one number, the time at which it will be full again, by the clock of Redis. Of
    clients that ask often some tokens are held here, so that most of their requests wait for
    nothing: twice as many each time, up to a twentieth of a bucket.

    Args:
        local: of the same rate; used while Redis is not.
    """

    def __init__(self, link: Link, local: LocalBuckets) -> None:
        self._link, self._local = link, local
        self.rate = local.rate
        self._token_us = max(1, round(1e6 / self.rate.per_s))
        self._most = max(1, int(self.rate.burst * LARGEST_PART))
        self._held: OrderedDict[str, _Held] = OrderedDict()

    async def take(self, client: str) -> Taken:
        """A token of a client's bucket, if it has one. Raises nothing."""
        held = self._held.get(client)
        if held is not None and held.tokens and time.monotonic() < held.until:
            return held.hand_out()
        if self._link.is_up:
            try:
                return await self._take(client, held)
            except Unavailable:
                pass
        return self._local.take_now(client)

    async def _take(self, client: str, held: _Held | None) -> Taken:
        if held is None:
            held = self._held[client] = _Held()
            if len(self._held) > MOST_CLIENTS:
                self._held.popitem(last=False)
        now = time.monotonic()
        is_often = now < held.until
        held.size = min(2 * held.size, self._most) if is_often else 1
        held.until = now + HOLD_S
        back, held.tokens = held.tokens, 0
        granted, lacking_us, wait_us = await self._ask(client, held.size, back)
        held.left = (self.rate.burst * self._token_us - lacking_us) // self._token_us
        held.full_s = lacking_us / 1e6
        if not granted:
            return Taken(0, wait_us / 1e6, held.full_s)
        held.tokens += granted
        return held.hand_out()

    async def _ask(self, client: str, wanted: int, back: int) -> list[int]:
        # Who asks is nothing for those who look into Redis.
        digest = blake2b(client.encode(), digest_size=16).hexdigest()
        reply = await self._link.run(
            TAKE,
            [f"{PREFIX}:bucket:{digest}"],
            self._token_us,
            self.rate.burst * self._token_us,
            wanted,
            back,
        )
        if not isinstance(reply, list):
            raise Unavailable
        return [number for number in reply if isinstance(number, int)]
