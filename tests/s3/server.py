"""The server: signed calls over HTTP in a thread of its own, faults on demand, a log."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import Thread
from types import TracebackType
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .message import Answer, Call, S3Error, parse_query
from .objects import Directory
from .operation import Service
from .signature import Credentials, verify

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

# A closed socket that lingers for zero seconds sends RST: the client sees a reset, not an end.
LINGER_ZERO = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the log; `range` is the header, `status` 0 if the connection was reset."""

    method: str
    bucket: str
    key: str
    range: str | None
    query: str
    status: int
    fault: str | None = None


class S3Server:
    """Serves `root/<bucket>/<key>` on 127.0.0.1 while the context is open.

    Args:
        anonymous: let unsigned requests read.
        buckets: directories of buckets that do not lie under `root`.
        port: 0 takes a free one.
        seed: of the draws that decide which requests fail.

    The attributes `latency_s` (before each answer) and `error_503_rate` (all requests),
    `reset_rate`, `truncate_rate`, `stall_rate` (object reads; 0 to 1) may be set at any time.
    A stalled read ends after `stall_s`, a truncated one half-way. `under_way` is how many calls
    are being answered now, `most_under_way` how many ever were.
    """

    def __init__(
        self,
        root: Path | str,
        *,
        access_key: str = "access-key",
        secret_key: str = "secret-key",
        region: str = "us-east-1",
        anonymous: bool = False,
        buckets: Mapping[str, Path] | None = None,
        port: int = 0,
        seed: int = 0,
    ) -> None:
        self.credentials = Credentials(access_key, secret_key, region)
        self.anonymous = anonymous
        self.log: list[Request] = []
        self.latency_s = self.error_503_rate = 0.0
        self.reset_rate = self.truncate_rate = self.stall_rate = 0.0
        self.stall_s = 60.0
        self.under_way = self.most_under_way = 0
        self._service = Service(Directory(Path(root).resolve(), buckets or {}))
        self._random = Random(seed)
        self._port = port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        self._connections: dict[tuple[str, int], asyncio.Transport] = {}
        config = uvicorn.Config(
            self._app,
            http=connection_class(self._connections),
            interface="asgi3",
            loop="uvloop",
            lifespan="off",
            proxy_headers=False,
            access_log=False,
            log_config=None,
            server_header=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._server.run, args=([listener],), name="s3", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.002)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Clients keep connections open, and a stalled answer would hold up the end.
        self._server.force_exit = True
        self._server.should_exit = True
        self._thread.join()

    async def _app(self, scope: Event, receive: Receive, send: Send) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await self._serve(scope, receive, send)
        finally:
            self.under_way -= 1

    async def _serve(self, scope: Event, receive: Receive, send: Send) -> None:
        call = await read_call(scope, receive)
        fault = self._draw_fault(call)
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        answer = self._answer(call, fault)
        self._record(call, scope, answer, fault)
        transport = self._connections.get(scope["client"])
        if transport is None:  # the client is gone
            return
        if fault == "reset":
            reset(transport)
            return
        await self._send(call, answer, fault, receive, send)
        if fault in ("truncate", "stall"):
            transport.close()

    def _draw_fault(self, call: Call) -> str | None:
        """Always four draws, so that one rate does not shift what the others hit."""
        rates = {
            "503": self.error_503_rate,
            "reset": self.reset_rate,
            "truncate": self.truncate_rate,
            "stall": self.stall_rate,
        }
        drawn = [name for name, rate in rates.items() if self._random.random() < rate]
        reads = call.method == "GET" and call.key
        return next((name for name in drawn if name == "503" or reads), None)

    def _answer(self, call: Call, fault: str | None) -> Answer:
        try:
            if fault == "503":
                raise S3Error(503, "SlowDown", "Please reduce your request rate.")
            unsigned = "authorization" not in call.headers
            if not (self.anonymous and unsigned and call.method in ("GET", "HEAD")):
                payload = verify(call, self.credentials, datetime.now(UTC))
                call = Call(call.method, call.path, call.query, call.headers, payload)
            return self._service.answer(call)
        except S3Error as error:
            return error.answer()

    def _record(self, call: Call, scope: Event, answer: Answer, fault: str | None) -> None:
        status = 0 if fault == "reset" else answer.status
        query, span = scope["query_string"].decode(), call.headers.get("range")
        self.log.append(Request(call.method, call.bucket, call.key, span, query, status, fault))

    async def _send(
        self, call: Call, answer: Answer, fault: str | None, receive: Receive, send: Send
    ) -> None:
        headers = [(k.encode(), v.encode()) for k, v in answer.headers.items()]
        if answer.status not in (204, 304):
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if call.method == "HEAD" else answer.body
        cut = fault in ("truncate", "stall")
        sent = body[: len(body) // 2] if cut else body
        await send({"type": "http.response.body", "body": sent, "more_body": cut})
        if fault == "stall":
            await wait_for_disconnect(receive, self.stall_s)


async def read_call(scope: Event, receive: Receive) -> Call:
    parts, more = [], True
    while more:
        event = await receive()
        parts.append(event.get("body", b""))
        more = event.get("more_body", False)
    body = b"".join(parts)
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1").strip()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    query = parse_query(scope["query_string"].decode("latin-1"))
    return Call(scope["method"], scope["raw_path"].decode("latin-1"), query, headers, body)


async def wait_for_disconnect(receive: Receive, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await receive()
    except TimeoutError:
        pass


def reset(transport: asyncio.Transport) -> None:
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
    transport.abort()


def connection_class(
    connections: dict[tuple[str, int], asyncio.Transport],
) -> type[HttpToolsProtocol]:
    """uvicorn's protocol, which keeps its open transports in `connections` by the peer's address.

    ASGI has no way to cut a connection, which is what the fault knobs do.
    """

    class Connection(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            connections[transport.get_extra_info("peername")] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                connections.pop(self.client, None)
            super().connection_lost(exc)

    return Connection
