"""A proxy between a client and an S3 server that does to answers what networks and stores do.

    with S3Server(root) as s3, FaultProxy(s3.url) as proxy:
        store = S3Store("bucket", endpoint=proxy.url, ...)
        proxy.rates = {"reset": 0.05}                 # of all requests, changeable at run time
        proxy.rates, proxy.only = {"denied": 1}, "bucket/cube.zarr"

`python -m tests.s3.proxy --upstream URL --port N --fault NAME=RATE…` runs one by itself.
"""

import argparse
import asyncio
import contextlib
import json
import re
import signal
import socket
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from threading import Thread
from typing import Self
from urllib.parse import urlsplit

# A closed socket that lingers for zero seconds sends RST: the client sees a reset, not an end.
LINGER_ZERO = struct.pack("ii", 1, 0)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TYPE = b"Content-Type: application/xml\r\n"
REFUSALS = {
    "slowdown": (503, b"SlowDown", b"Please reduce your request rate."),
    "denied": (403, b"AccessDenied", b"Access Denied"),
    "vanished": (404, b"NoSuchBucket", b"The specified bucket does not exist"),
    "missing": (404, b"NoSuchKey", b"The specified key does not exist."),
}
# What is done to an answer of the store, rather than in its place.
SPOILT = ("truncate", "stall", "slow", "corrupt")
FAULTS = (*REFUSALS, "redirect", "reset", *SPOILT)
SLOW_PARTS = 10


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer: its lines with the blank one, and its body."""

    head: bytes
    body: bytes

    @property
    def words(self) -> list[str]:
        return self.head.partition(b"\r\n")[0].decode("latin-1").split(" ")


class FaultProxy:
    """Listens on 127.0.0.1 while the context is open.

    The attributes may be set at any time: `rates` (0 to 1, by the name of the fault), `only` (a
    text that the lines of the request have to hold, of its path or of its range), `stall_s` (how
    long a stalled answer hangs), `slow_s` (how long a slow one takes), `target` (whereto a redirect
    leads). `done` counts the faults by name; `requests` all that came; `under_way` is how many
    calls are being answered now.
    """

    def __init__(self, upstream: str, *, port: int = 0, seed: int = 0) -> None:
        self.rates: Mapping[str, float] = {}
        self.only = ""
        self.stall_s, self.slow_s = 60.0, 0.5
        self.target = "http://169.254.169.254/latest/meta-data"
        self.done: Counter[str] = Counter()
        self.requests = self.under_way = 0
        parts = urlsplit(upstream)
        self._upstream = parts.hostname or "", parts.port or 80
        self._random = Random(seed)
        self._port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=1024)
        self._port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        work = self._run(listener)
        self._thread = Thread(
            target=self._loop.run_until_complete, args=(work,), name="fault-proxy", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    async def _run(self, listener: socket.socket) -> None:
        calls: set[asyncio.Task[None]] = set()

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            call = asyncio.ensure_future(self._serve(reader, writer))
            calls.add(call)
            call.add_done_callback(calls.discard)

        server = await asyncio.start_server(begin, sock=listener, limit=1 << 20)
        await self._ended.wait()
        server.close()
        for call in calls:
            call.cancel()
        if calls:
            await asyncio.wait(calls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, its requests in turn."""
        store = Upstream(self._upstream)
        try:
            while (call := await read_message(reader)) is not None:
                self.requests += 1
                self.under_way += 1
                try:
                    if not await self._answer(call, store, reader, writer):
                        break
                finally:
                    self.under_way -= 1
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client, or the store, is gone; or the proxy ends
        finally:
            store.close()
            writer.close()

    async def _answer(
        self,
        call: Message,
        store: "Upstream",
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Whether the connection may be used again."""
        method = call.words[0]
        fault = self._draw(call.head.decode("latin-1"))
        if fault == "reset":
            self.done[fault] += 1
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO
            )
            writer.transport.abort()
            return False
        if fault in REFUSALS or fault == "redirect":
            self.done[fault] += 1
            answer = redirect(self.target) if fault == "redirect" else refusal(fault)
            writer.write(answer.head + (b"" if method == "HEAD" else answer.body))
            await writer.drain()
            return True
        answer = await store.ask(call, has_body=method != "HEAD")
        if fault in SPOILT and answer.body:
            self.done[fault] += 1
            return await self._spoil(fault, answer, reader, writer)
        writer.write(answer.head + answer.body)
        await writer.drain()
        return True

    async def _spoil(
        self,
        fault: str,
        answer: Message,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        body, half = answer.body, len(answer.body) // 2
        if fault == "corrupt":
            writer.write(answer.head + body[:half] + bytes([body[half] ^ 0xFF]) + body[half + 1 :])
            await writer.drain()
            return True
        writer.write(answer.head)
        if fault == "slow":
            step = max(1, -(-len(body) // SLOW_PARTS))
            for start in range(0, len(body), step):
                writer.write(body[start : start + step])
                await writer.drain()
                await asyncio.sleep(self.slow_s / SLOW_PARTS)
            return True
        writer.write(body[:half])
        await writer.drain()
        if fault == "stall":
            with contextlib.suppress(TimeoutError):  # or until the client is gone
                await asyncio.wait_for(reader.read(1), self.stall_s)
        return False

    def _draw(self, lines: str) -> str | None:
        """Always one draw, which all rates share."""
        drawn = self._random.random()
        if self.only not in lines:
            return None
        for fault, rate in self.rates.items():
            if drawn < rate:
                return fault
            drawn -= rate
        return None


class Upstream:
    """A kept connection to the store, made anew where the store has closed it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, call: Message, *, has_body: bool) -> Message:
        """Raises OSError where the store does not answer."""
        for is_last in (False, True):
            fresh = self._streams is None
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._address, limit=1 << 20)
            reader, writer = self._streams
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                writer.write(call.head + call.body)
                await writer.drain()
                if (answer := await read_message(reader, has_body=has_body)) is not None:
                    return answer
            self.close()
            if fresh or is_last:
                break
        raise ConnectionError("the store has closed the connection")

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def read_message(reader: asyncio.StreamReader, *, has_body: bool = True) -> Message | None:
    """A message with all its body; None at the end of the stream."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None
    length = LENGTH.search(head)
    body = await reader.readexactly(int(length[1])) if length and has_body else b""
    return Message(head, body)


def refusal(fault: str) -> Message:
    status, code, words = REFUSALS[fault]
    body = b"<Error><Code>%s</Code><Message>%s</Message></Error>" % (code, words)
    return Message(head(status, code, TYPE, len(body)), body)


def redirect(target: str) -> Message:
    return Message(head(307, b"Elsewhere", b"Location: %s\r\n" % target.encode(), 0), b"")


def head(status: int, reason: bytes, fields: bytes, length: int) -> bytes:
    return b"HTTP/1.1 %d %s\r\n%sContent-Length: %d\r\n\r\n" % (status, reason, fields, length)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.s3.proxy", description=__doc__)
    parser.add_argument("--upstream", required=True, help="URL of the S3 server")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME=RATE")
    parser.add_argument("--stall-s", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # before threads start, which inherit it
    with FaultProxy(given.upstream, port=given.port, seed=given.seed) as proxy:
        proxy.stall_s = given.stall_s
        proxy.rates = {
            name: float(rate) for name, _, rate in (f.partition("=") for f in given.fault)
        }
        print(proxy.url, flush=True)
        while signal.sigtimedwait(stops, 1) is None:
            pass
    print(json.dumps({"requests": proxy.requests, **proxy.done}), flush=True)


if __name__ == "__main__":
    main()
