"""The client: plain sockets kept alive, the same for all, lean enough not to be measured."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

RECEIVE = 1 << 18
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TIMEOUT_S = 120
SPAN = 20


class BadAnswer(Exception):
    """An answer that is no picture."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    def header(self, name: str) -> str:
        found = re.search(rb"\r\n%s: *([^\r]*)" % name.encode(), self.head, re.IGNORECASE)
        return found[1].decode("latin-1") if found else ""


@dataclass(slots=True)
class Result:
    """Of a block of requests: each one's seconds, and all of them from first to last."""

    latencies: list[float]
    seconds: float
    bodies: dict[int, bytes] = field(default_factory=dict)
    failed: str = ""

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def request(port: int, path: str, *headers: str) -> bytes:
    """A GET as bytes, so that nothing is put together while the clock runs."""
    lines = (f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Accept: */*", *headers)
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    """One kept-alive connection, used in turn: send, then feed until an answer is whole."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._parts = b""
        self._whole = 0

    def send(self, data: bytes) -> None:
        self._parts, self._whole = b"", 0
        self.socket.sendall(data)

    def feed(self) -> Answer | None:
        """What has arrived; the answer, once it is whole."""
        data = self.socket.recv(RECEIVE)
        if not data:
            raise ConnectionResetError("the server closed the connection")
        self._parts = self._parts + data if self._parts else data
        if not self._whole:
            end = self._parts.find(b"\r\n\r\n")
            if end < 0:
                return None
            self._whole = end + 4 + body_length(self._parts[:end])
        if len(self._parts) < self._whole:
            return None
        head, _, body = self._parts.partition(b"\r\n\r\n")
        return Answer(int(head[9:12]), head, body)

    def get(self, data: bytes) -> Answer:
        self.send(data)
        while True:
            answer = self.feed()
            if answer is not None:
                return answer

    def close(self) -> None:
        self.socket.close()


def body_length(head: bytes) -> int:
    if head[9:12] == b"304":
        return 0
    found = LENGTH.search(head)
    if found is None:
        raise BadAnswer(f"no content-length: {head[:200]!r}")
    return int(found[1])


def check(answer: Answer, expected: int = 200) -> None:
    """Raise BadAnswer unless it is an image of some bytes, or the 304 that was expected."""
    kind = answer.header("content-type")
    image = kind.startswith("image/") and len(answer.body) > 100
    if answer.status != expected or not (image or expected == 304):
        raise BadAnswer(f"{answer.status} {kind}, {len(answer.body)} bytes: {answer.body[:200]!r}")


def fetch(port: int, path: str, *headers: str) -> Answer:
    """One request on a connection of its own."""
    with contextlib.closing(Connection(port)) as connection:
        return connection.get(request(port, path, *headers))


def in_turn(
    requests: Sequence[Sequence[bytes]], ports: Sequence[int], keep: int = 0
) -> list[Result]:
    """One request at a time: SPAN requests of each server, then the next SPAN of each, and so on.

    Spans, because a processor that has idled while the slowest server worked takes a millisecond
    to come back, which is not the next server's doing.

    Args:
        requests: of each server, as many as of every other.
        keep: of how many answers, spread over all, the bodies are kept.

    A server that fails has no more turns; its result says why.
    """
    results = [Result([], 0.0) for _ in ports]
    count = max((len(each) for each in requests), default=0)
    kept = set(range(0, count, max(1, count // keep))) if keep else set()
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(contextlib.closing(Connection(p))) for p in ports]
        for start in range(0, count, SPAN):
            for each, connection, result in zip(requests, connections, results, strict=True):
                if not result.failed:
                    span = range(start, min(start + SPAN, count))
                    one_by_one({n: each[n] for n in span}, connection, result, kept)
    return results


def one_by_one(
    requests: Mapping[int, bytes], connection: Connection, result: Result, kept: Collection[int]
) -> None:
    """Adds to the result; a failure ends it."""
    for number, data in requests.items():
        begun = time.perf_counter()
        try:
            answer = connection.get(data)
            taken = time.perf_counter() - begun
            check(answer)
        except (BadAnswer, OSError) as error:
            result.failed = str(error)
            return
        result.latencies.append(taken)
        result.seconds += taken
        if number in kept:
            result.bodies[number] = answer.body


def at_once(requests: Sequence[bytes], port: int, concurrency: int, expected: int = 200) -> Result:
    """All requests in their order, `concurrency` at a time."""
    waiting = iter(requests)
    latencies: list[float] = []
    begun: dict[int, float] = {}
    with selectors.EpollSelector() as selector, contextlib.ExitStack() as stack:
        started = time.perf_counter()
        for _, data in zip(range(concurrency), waiting, strict=False):
            connection = stack.enter_context(contextlib.closing(Connection(port)))
            key = selector.register(connection.socket, selectors.EVENT_READ, connection)
            begun[key.fd] = time.perf_counter()
            connection.send(data)
        while begun:
            ready = selector.select(TIMEOUT_S)
            if not ready:
                raise BadAnswer(f"no answer within {TIMEOUT_S} s")
            for key, _ in ready:
                answer = key.data.feed()
                if answer is None:
                    continue
                now = time.perf_counter()
                latencies.append(now - begun.pop(key.fd))
                check(answer, expected)
                following = next(waiting, None)
                if following is not None:
                    begun[key.fd] = now
                    key.data.send(following)
        return Result(latencies, time.perf_counter() - started)
