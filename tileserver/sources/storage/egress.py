"""The way out to web servers: a proxy in this process that all reads by HTTP pass.

The client of the object stores follows redirects and asks the name service by itself, so that what
was looked at when a dataset was registered may be another machine when it is read. Here each store
gets to its own host alone, and each connection to an address that has been looked at.

A store shows by its proxy's user and password whereto it may go, which only this process can write.
"""

from __future__ import annotations

import asyncio
import atexit
import hmac
import http.client
import logging
import re
import secrets
import socket
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import Thread
from urllib.parse import urlsplit

import uvloop

from tileserver.sources.storage.host import refusal

log = logging.getLogger(__name__)

CONNECTED_WITHIN_S = 3.0
LONGEST_HEAD = 1 << 16
PART = 1 << 18
PORTS = {"http": 80, "https": 443}
REFUSED = re.compile(r"tileserver refuses: ([^\n\"]+)")
NO_TUNNEL = "TunnelUnsuccessful"  # all that clients tell of a refusal, where there is TLS
ELSEWHERE = "the host sends on to another, which is not followed: use the final URL"
OUR_OWN = ("proxy-authorization:", "proxy-connection:")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Refused(Exception):
    """A request that may not go out; says why."""


@dataclass(frozen=True, slots=True)
class Way:
    """To one host.

    Args:
        private: its address may be one of this machine or its networks.
    """

    host: str
    port: int
    private: bool

    @classmethod
    def to(cls, url: str, *, private: bool) -> Way:
        """To that of an http(s) URL. Raises ValueError for a port that is none."""
        parts = urlsplit(url)
        return cls((parts.hostname or "").lower(), parts.port or PORTS[parts.scheme], private)

    def __str__(self) -> str:
        return f"{int(self.private)}.{self.port}.{self.host}"


def proxy_url(way: Way) -> str:
    """The proxy for the client of a store."""
    user, password = _credentials(way)
    return f"http://{user}:{password}@127.0.0.1:{_port()}"


@contextmanager
def asked(
    url: str, *, private: bool, timeout_s: float, method: str = "GET"
) -> Iterator[http.client.HTTPResponse]:
    """One request of one's own, which follows no redirect.

    Raises OSError, http.client.HTTPException, and ValueError for a URL whose port is none.
    """
    way, parts = Way.to(url, private=private), urlsplit(url)
    user, password = _credentials(way)
    basic = b64encode(f"{user}:{password}".encode()).decode()
    shown = {"Proxy-Authorization": f"Basic {basic}"}
    path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    if parts.scheme == "http":
        to = http.client.HTTPConnection("127.0.0.1", _port(), timeout=timeout_s)
        path = f"http://{parts.netloc}{path}"
    else:
        to = http.client.HTTPSConnection("127.0.0.1", _port(), timeout=timeout_s)
        to.set_tunnel(way.host, way.port, shown)
        shown = {}  # are the proxy's business alone
    with closing(to):
        to.request(method, path, headers=shown)
        with to.getresponse() as response:
            yield response


@cache
def _secret() -> bytes:
    return secrets.token_bytes(32)


def _credentials(way: Way) -> tuple[str, str]:
    text = str(way).encode()
    return text.hex(), hmac.digest(_secret(), text, "sha256").hex()


@cache
def _port() -> int:
    """That of the proxy, which starts when it is first needed and ends with the process."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    loop = uvloop.new_event_loop()
    thread = Thread(target=_run, args=(loop, listener), name="egress", daemon=True)
    thread.start()

    def end() -> None:  # in order: a loop that runs while the interpreter ends aborts it
        loop.call_soon_threadsafe(loop.stop)
        thread.join()

    atexit.register(end)
    port: int = listener.getsockname()[1]
    return port


def _run(loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
    asyncio.set_event_loop(loop)
    loop.run_until_complete(asyncio.start_server(_serve, sock=listener, limit=LONGEST_HEAD))
    loop.run_forever()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection of a store's client."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        try:
            await _pass(head.decode("latin-1"), (reader, writer))
        except _Refused as refused:
            log.warning("a store's request was refused: %s", refused)
            await _refuse(writer, f"tileserver refuses: {refused}")
    except (OSError, EOFError, asyncio.LimitOverrunError):
        pass  # the client is gone or is none, or the host does not answer: then it may try again
    finally:
        writer.close()


async def _pass(head: str, client: Streams) -> None:
    """To the host, from the first request on until either side has ended."""
    method, _, way = _asked(head)
    host = await _connect(way)
    if method == "CONNECT":
        client[1].write(b"HTTP/1.1 200 Connected\r\n\r\n")
        requests = asyncio.ensure_future(_copy(client[0], host[1]))
    else:
        requests = asyncio.ensure_future(_forward(head, way, client[0], host[1]))
    answers = asyncio.ensure_future(_copy(host[0], client[1]))
    try:
        await asyncio.wait([requests, answers], return_when=asyncio.FIRST_COMPLETED)
        if requests.done():
            requests.result()
    finally:
        requests.cancel()
        answers.cancel()
        host[1].close()


async def _forward(
    head: str, way: Way, client: asyncio.StreamReader, host: asyncio.StreamWriter
) -> None:
    """Requests without TLS, each looked at, as the host itself expects them."""
    while True:
        lines = head.split("\r\n")
        method, target, version = lines[0].split(" ")
        parts = urlsplit(target)
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        fields = [line for line in lines[1:] if not line.lower().startswith(OUR_OWN)]
        host.write("\r\n".join([f"{method} {path} {version}", *fields]).encode("latin-1"))
        lengths = [f.partition(":")[2] for f in fields if f.lower().startswith("content-length:")]
        if lengths:
            host.write(await client.readexactly(int(lengths[0])))
        await host.drain()
        head = (await client.readuntil(b"\r\n\r\n")).decode("latin-1")
        if _asked(head)[2] != way:
            raise _Refused("the request is for another host")


def _asked(head: str) -> tuple[str, str, Way]:
    """Method, target and way of a request. Raises _Refused where it may not go there."""
    first, *fields = head.split("\r\n")
    method, target, *_ = [*first.split(" "), "", ""]
    way = _shown(fields)
    try:
        url = f"https://{target}" if method == "CONNECT" else target
        asked = Way.to(url, private=way.private)
    except (KeyError, ValueError):
        raise _Refused("the request names no host") from None
    if asked != way:
        raise _Refused(ELSEWHERE)
    return method, target, way


def _shown(fields: list[str]) -> Way:
    for field in fields:
        name, _, value = field.partition(":")
        if name.lower() == "proxy-authorization":
            with suppress(ValueError):
                basic = b64decode(value.strip().removeprefix("Basic ")).decode()
                user, _, password = basic.partition(":")
                private, port, host = bytes.fromhex(user).decode().split(".", 2)
                way = Way(host, int(port), private == "1")
                if hmac.compare_digest(password, _credentials(way)[1]):
                    return way
    raise _Refused(ELSEWHERE)  # as clients show nothing to where they are sent on


async def _connect(way: Way) -> Streams:
    """To an address of the host, all of which may be read from."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(way.host, way.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    for address in addresses:
        if reason := refusal(address, private=way.private):
            raise _Refused(reason)
    failed: OSError = OSError("the host has no address")
    for address in addresses:
        try:
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                return await asyncio.open_connection(address, way.port, limit=PART)
        except OSError as error:  # TimeoutError too
            failed = error
    raise failed


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """All bytes, until either has ended."""
    with suppress(OSError):
        while data := await source.read(PART):
            target.write(data)
            await target.drain()


async def _refuse(writer: asyncio.StreamWriter, text: str) -> None:
    writer.write(
        f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(text)}\r\n"
        f"Content-Type: text/plain\r\nConnection: close\r\n\r\n{text}".encode()
    )
    await writer.drain()
