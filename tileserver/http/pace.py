"""Who a request counts for, and whether that client may ask for more just now.

A client is the caller's name, or the address of who has shown none. The gate deals its slots to
clients in turn, and each has a bucket of tokens where the server limits how often one may ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.bucket import Buckets, Rate, Taken
from tileserver.errors import RateLimited
from tileserver.gate import CLIENT
from tileserver.http.caller import caller_of
from tileserver.http.guard import refusal
from tileserver.http.links import SIGNED, below_root, forwarded_for
from tileserver.http.route import PROBES

# The viewer's own: a visit asks for two hundred at once, which cost next to nothing.
FILES = "/static/"
CLIENT_KEY = "client_key"  # in the scope of a request
IPV6_SITE = 64  # bits: one subscriber has all addresses behind them

RawHeader = tuple[bytes, bytes]


class Pace:
    """ASGI app in front of all that takes work.

    Args:
        trusted_proxies: addresses or networks whose word on whom they ask for is taken.

    Attributes:
        limited: how many requests were refused since the start.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str] = ()) -> None:
        self._app, self._trusted = app, tuple(trusted_proxies)
        self.limited = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = scope[CLIENT_KEY] = self._client(scope)
        CLIENT.set(client)
        buckets: Buckets | None = scope["state"]["context"].buckets
        if buckets is None or scope["method"] == "OPTIONS" or _is_free(below_root(scope)):
            await self._app(scope, receive, send)
            return
        taken = await buckets.take(client)
        headers = _headers(buckets.rate, taken)
        if taken.is_granted:
            await self._app(scope, receive, _telling(send, headers))
            return
        self.limited += 1
        answer = refusal(scope, _too_often(buckets.rate, taken))
        answer.headers["Retry-After"] = str(ceil(taken.wait_s))
        answer.raw_headers.extend(headers)
        await answer(scope, receive, send)

    def _client(self, scope: Scope) -> str:
        name = caller_of(scope).name
        # All who follow a signed address have one name.
        if name and SIGNED not in scope:
            return f"name {name}"
        return f"address {_site(forwarded_for(scope, self._trusted))}"


def _is_free(path: str) -> bool:
    return path in PROBES or path.startswith(FILES)


@lru_cache(maxsize=4096)
def _site(address: str) -> str:
    """What stands for a client that may choose among many addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, IPV6_SITE), strict=False))


def _too_often(rate: Rate, taken: Taken) -> RateLimited:
    return RateLimited(
        f"more than {rate.per_s:g} requests a second and {rate.burst} at once: "
        f"try again in {ceil(taken.wait_s)} s"
    )


def _headers(rate: Rate, taken: Taken) -> list[RawHeader]:
    """How much is left, as draft-ietf-httpapi-ratelimit-headers-10 has it."""
    return [
        (b"ratelimit-policy", b'"client";q=%d;w=%d' % (rate.burst, ceil(rate.refill_s))),
        (b"ratelimit", b'"client";r=%d;t=%d' % (taken.left, ceil(taken.full_s))),
    ]


def _telling(send: Send, headers: list[RawHeader]) -> Send:
    async def telling(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *headers]}
        await send(message)

    return telling
