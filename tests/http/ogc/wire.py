"""A server on a thread, and requests to it as bytes, which no client library makes decent."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import uvicorn
from starlette.types import ASGIApp


@dataclass(frozen=True)
class Answer:
    """What came back: names of headers as they were sent."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


@contextmanager
def running(app: ASGIApp, lifespan: Literal["on", "off"] = "on") -> Iterator[int]:
    """The port of a server of an app."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, lifespan=lifespan, log_level="critical"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def ask(port: int, target: bytes, method: bytes = b"GET", body: bytes = b"") -> Answer:
    """The answer to a request of these very bytes."""
    length = b"Content-Length: %d\r\n" % len(body) if body else b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        head = b"%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s\r\n"
        wire.sendall(head % (method, target, length) + body)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    pairs = (line.partition(b": ") for line in lines)
    return Answer(int(first.split()[1]), {name: value for name, _, value in pairs}, body)
