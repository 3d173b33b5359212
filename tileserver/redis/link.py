"""The link of a process to Redis: there or not there, and never waited for.

Requests ask a Redis that is there, and wait for tens of milliseconds at most. Where it is not there
they do without at once; a task in the background looks for it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from tileserver.histogram import Histogram

log = logging.getLogger(__name__)

Word = bytes | str | int | float
Reply = bytes | int | list["Reply"] | dict[bytes, bytes] | None

PATIENCE_S = 0.05  # a tile that is drawn anew takes about as long
CONNECTIONS = 16  # an answer takes a fraction of a millisecond
CONNECT_S = 1.0
RETRY_S, LONGEST_RETRY_S = 1.0, 10.0
STEADY_S = 60.0  # who is lost again sooner is tried less often
LOOK_S = 5.0  # so often at least it is asked whether it is there
SLOW_S = 0.25  # without an answer in time: one that is late may be our own event loop's fault
GRACE = 8  # turns of the event loop, in which it hands over what has come while it was busy
CLIENT_NAME = "tileserver"
EXPECTED = (
    "expected redis://[[user]:password@]host[:port][/database], rediss://… for TLS, "
    "or unix://[[user]:password@]/path/of/socket[?db=database]"
)


class Unavailable(Exception):
    """Redis does not do it now: go on without."""


@dataclass(slots=True)
class Usage:
    """What was asked of Redis since the start, and how long its answers took."""

    requests: int = 0
    errors: int = 0
    latency: Histogram = field(default_factory=Histogram)


class Link:
    """A few connections, made again whenever they are lost. Belongs to one event loop.

    Raises ValueError for a URL that is none.

    Args:
        patience_s: how long an answer is waited for; a Redis that needs longer is as good as none.
        retry_s: after how long it is looked for again.

    Attributes:
        usage: what was asked.
        outages: how often it was lost, or could not be had at first.
    """

    def __init__(
        self, url: str, *, patience_s: float = PATIENCE_S, retry_s: float = RETRY_S
    ) -> None:
        self._url, self._patience_s, self._retry_s = url, patience_s, retry_s
        self._name = where(url)
        self._client: Redis | None = None
        self._places = asyncio.Semaphore(CONNECTIONS)
        self._lost = asyncio.Event()
        self._slow_since: float | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._down_since: float | None = None
        self._up_since = -STEADY_S
        self._pause_s = retry_s
        self._is_full = False
        self.usage = Usage()
        self.outages = 0

    @property
    def is_up(self) -> bool:
        """Whether Redis can be asked now."""
        return self._client is not None

    async def open(self) -> None:
        """Try for the first time, and begin to keep the link."""
        tried = asyncio.Event()
        self._keeping = asyncio.ensure_future(self._keep(tried))
        await tried.wait()

    async def close(self) -> None:
        """End it."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])

    async def run(self, script: str, keys: Sequence[str], *args: Word) -> Reply:
        """What a script answers. Raises Unavailable."""
        return await self._ask(lambda redis: redis.register_script(script)(keys, args))

    async def ask(self, *words: Word) -> Reply:
        """What Redis answers to a command. Raises Unavailable."""
        return await self._ask(lambda redis: redis.execute_command(*words))  # type: ignore[no-untyped-call]

    async def _ask(self, command: Callable[[Redis], Awaitable[Any]]) -> Reply:
        client = self._client
        if client is None:
            raise Unavailable
        self.usage.requests += 1
        began = time.monotonic()
        asking = asyncio.ensure_future(self._in_turn(client, command))
        asking.add_done_callback(_note_error)
        try:
            reply = await self._in_time(asking)
        except Unavailable:
            raise
        except Exception as error:  # whatever it is, no request fails because of it
            self.usage.errors += 1
            self._judge(client, error, began)
            raise Unavailable from None
        finally:
            asking.cancel()
        self.usage.latency.note(time.monotonic() - began)
        self._slow_since = None
        return reply

    async def _in_turn(self, client: Redis, command: Callable[[Redis], Awaitable[Any]]) -> Reply:
        async with self._places:
            if client is not self._client:  # it was lost meanwhile, and may be closed
                raise Unavailable
            reply: Reply = await command(client)
        return reply

    async def _in_time(self, asking: asyncio.Future[Reply]) -> Reply:
        """The answer, if it comes in time. Raises TimeoutError."""
        await asyncio.wait([asking], timeout=self._patience_s)
        for _ in range(GRACE):
            if asking.done():
                return asking.result()
            await asyncio.sleep(0)
        raise TimeoutError

    def _judge(self, client: Redis, error: Exception, began: float) -> None:
        """Whether to part from a Redis that gave no good answer."""
        if isinstance(error, OutOfMemoryError):
            self._note_full(error)
        elif not isinstance(error, TimeoutError | RedisTimeoutError):
            self._drop(client, str(error) or type(error).__name__)
        else:
            self._slow_since = self._slow_since or began
            if time.monotonic() - self._slow_since > SLOW_S:
                self._drop(client, self._too_slow)

    @property
    def _too_slow(self) -> str:
        return f"it did not answer within {self._patience_s * 1000:.0f} ms"

    def _drop(self, client: Redis, reason: str) -> None:
        if self._client is client:
            self._client = None  # nobody asks it any more, from this moment on
            self._note_down(reason)
            self._lost.set()

    async def _keep(self, tried: asyncio.Event) -> None:
        """Look for it, and have it used until it is lost; again and again."""
        while True:
            client = _client(self._url)
            try:
                if await self._is_good(client):
                    self._client = client
                    self._note_up()
                    tried.set()
                    await self._watch()
            finally:
                self._client = None
                await self._part_from(client)
            tried.set()
            await asyncio.sleep(self._pause_s)

    async def _part_from(self, client: Redis) -> None:
        """Close it when the last one who asks it has an answer, or none."""
        for _ in range(CONNECTIONS):
            await self._places.acquire()
        with suppress(Exception):
            await client.aclose()
        for _ in range(CONNECTIONS):
            self._places.release()

    async def _is_good(self, client: Redis) -> bool:
        """Whether it lets us in, and is quick then."""
        try:
            async with asyncio.timeout(CONNECT_S):
                await client.ping()
            async with asyncio.timeout(self._patience_s):
                await client.ping()
        except (TimeoutError, RedisTimeoutError):
            self._note_down(self._too_slow)
            return False
        except Exception as error:  # it may be something else altogether that listens there
            self._note_down(str(error) or type(error).__name__)
            return False
        return True

    async def _watch(self) -> None:
        """Wait until it is lost; where nobody asks, see whether it is."""
        self._lost.clear()
        self._slow_since = None
        while not self._lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._lost.wait()
            with suppress(Unavailable):
                await self.ask("PING")

    def _note_full(self, error: Exception) -> None:
        if not self._is_full:
            self._is_full = True
            log.warning(
                "Redis at %s takes nothing more (%s): give it more memory, or a policy by which "
                "it makes room",
                self._name,
                error,
            )

    def _note_down(self, reason: str) -> None:
        if self._down_since is not None:
            return
        self._down_since = now = time.monotonic()
        is_steady = now - self._up_since >= STEADY_S
        self._pause_s = self._retry_s if is_steady else min(2 * self._pause_s, LONGEST_RETRY_S)
        self.outages += 1
        log.warning("Redis at %s is not used: %s", self._name, reason)

    def _note_up(self) -> None:
        self._is_full = False
        self._up_since = time.monotonic()
        if self._down_since is not None:
            log.warning(
                "Redis at %s is used again, after %.0f s",
                self._name,
                time.monotonic() - self._down_since,
            )
            self._down_since = None


def _note_error(asking: asyncio.Future[Reply]) -> None:
    if not asking.cancelled():
        asking.exception()  # of which nobody may be left to be told


def _client(url: str) -> Redis:
    """A client that tries once, and leaves it to others how long."""
    return Redis.from_url(
        url,
        max_connections=CONNECTIONS,
        protocol=2,
        client_name=CLIENT_NAME,
        socket_timeout=None,
        socket_connect_timeout=CONNECT_S,
        retry=Retry(NoBackoff(), 0),
    )


def where(url: str) -> str:
    """Where a Redis is, without what is secret.

    Raises ValueError for a URL that is none; it says nothing of it, as it may hold a password.
    """
    try:
        pool = _client(url).connection_pool
        pool.make_connection()  # type: ignore[no-untyped-call]  # which does not connect, but knows what a URL may say
    except (ValueError, TypeError, RedisError):
        raise ValueError(EXPECTED) from None
    place = pool.connection_kwargs
    return place.get("path") or f"{place.get('host', 'localhost')}:{place.get('port', 6379)}"
