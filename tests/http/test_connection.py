"""Who is slow, silent or sends too much is closed, and leaves nothing. Rows 10, 13, 17, 18."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
import uvloop

from tileserver.http.connection import BODY_RATE, Connection
from tileserver.http.crowd import ConnectionLimits, Crowd

LIMITS = ConnectionLimits(
    headers_s=0.2,
    idle_s=0.4,
    body_s=0.3,
    stall_s=0.3,
    url_bytes=2000,
    header_bytes=3000,
    header_fields=20,
    body_bytes=100_000,
    connections=20,
    client_connections=1000,
)
LARGE = 40 << 20  # more than the kernel's buffers of a connection hold
WITHIN_S = 5.0  # for what takes parts of a second where nothing else runs


@dataclass
class Server:
    """A small app behind the protocol, in a thread with a loop of its own."""

    limits: ConnectionLimits = LIMITS
    seen: list[str] = field(default_factory=list)
    let: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Server":
        config = uvicorn.Config(
            self.app, http=Connection, ws="none", lifespan="off", interface="asgi3",
            log_config=None, access_log=False, proxy_headers=False,
        )  # fmt: skip
        self.crowd = config.crowd = Crowd(self.limits)  # type: ignore[attr-defined]
        self.uvicorn = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        while not self.uvicorn.started:
            time.sleep(0.001)
        return self

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self.uvicorn.serve([self.socket]))

    def __exit__(self, *_: object) -> None:
        self.let.set()
        self.uvicorn.should_exit = True
        self.thread.join(WITHIN_S)
        assert not self.thread.is_alive()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        """`/read` reads the body, `/large` sends much, `/slow` waits until it is let."""
        self.seen.append(scope["path"])
        body = b"done"
        if scope["path"] == "/read":
            size, message = 0, {"more_body": True}
            while message.get("more_body"):
                message = await receive()
                if message["type"] == "http.disconnect":
                    self.seen.append("gone")
                    return
                size += len(message["body"])
            body = str(size).encode()
        elif scope["path"] == "/large":
            body = bytes(LARGE)
        elif scope["path"] == "/slow":
            await asyncio.to_thread(self.let.wait, WITHIN_S)
        elif scope["path"] == "/headers":
            body = json.dumps([name.decode() for name, _ in scope["headers"]]).encode()
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": body})

    def connect(self, *, receive_bytes: int = 0) -> socket.socket:
        client = socket.socket()
        if receive_bytes:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        client.settimeout(WITHIN_S)
        client.connect(("127.0.0.1", self.port))
        return client

    def is_left_alone(self) -> bool:
        """Whether no connection and no task is left."""
        state = self.uvicorn.server_state
        return soon(lambda: not (self.crowd.members or state.connections or state.tasks))


@pytest.fixture(scope="module")
def lasting_server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def server(lasting_server: Server) -> Iterator[Server]:
    """As it was at the start."""
    server = lasting_server
    server.seen.clear()
    server.let.clear()
    server.crowd.cut = server.crowd.refused = 0
    yield server
    assert server.is_left_alone()


def soon(holds: Callable[[], object]) -> bool:
    """Whether something comes to hold."""
    until = time.monotonic() + WITHIN_S
    while not holds() and time.monotonic() < until:
        time.sleep(0.005)
    return bool(holds())


def rest(client: socket.socket) -> bytes:
    """All that comes until the server closes; it must."""
    parts = []
    # What is sent after the server has closed is answered by a reset, which is an end, too.
    with suppress(ConnectionResetError):
        while part := client.recv(1 << 20):
            parts.append(part)
    return b"".join(parts)


def exchange(server: Server, data: bytes) -> tuple[int, bytes]:
    """Send all, then read until the server closes: status and body of the first answer."""
    with server.connect() as client:
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        return parsed(rest(client))


def parsed(answer: bytes) -> tuple[int, bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head[9:12]), body


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join((f"GET {path} HTTP/1.1", "host: here", *fields, "", "")).encode()


def post(path: str, *fields: str) -> bytes:
    return get(path, *fields).replace(b"GET", b"POST", 1)


def test_ordinary_requests_are_served(server: Server) -> None:
    """One after the other, several at once, with and without a body, of unknown length too."""
    with server.connect() as client:
        client.sendall(get("/") + get("/a") + post("/read", "content-length: 5") + b"hello")
        client.sendall(post("/read", "transfer-encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n")
        client.sendall(get("/b", "connection: close"))
        found = rest(client)
    assert found.count(b"HTTP/1.1 200 OK") == 5
    assert server.seen == ["/", "/a", "/read", "/read", "/b"]
    assert b"5HTTP" in found
    assert b"3HTTP" in found


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"GET / HT", b"GET / HTTP/1.1\r\nhost: he"])
def test_head_that_does_not_come_is_closed(server: Server, begun: bytes) -> None:
    """Row 17: after the deadline, with nothing or a part of it, of the first request or later."""
    with server.connect() as first, server.connect() as later:
        later.sendall(get("/"))
        later.recv(1000)
        for client in (first, later):
            client.sendall(begun)
            assert rest(client) == b""
    assert server.seen == ["/"]


@contextmanager
def trickling(client: socket.socket, data: bytes) -> Iterator[None]:
    """Byte after byte in the background."""
    stop = threading.Event()

    def trickle() -> None:
        for place in range(len(data)):
            if stop.wait(0.05):
                return
            try:
                client.send(data[place : place + 1])
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize("data", [get("/", f"x: {'y' * 1000}"), b"\r\n" * 1000])
def test_head_that_trickles_is_closed(server: Server, data: bytes) -> None:
    """Row 17: single bytes win no time."""
    with server.connect() as client, trickling(client, data):
        assert rest(client) == b""
    assert server.seen == []


@pytest.mark.parametrize("kind", ["content-length: 5000", "transfer-encoding: chunked"])
def test_body_that_trickles_is_408(server: Server, kind: str) -> None:
    """Row 17: the app is told that the client has gone."""
    with server.connect() as client:
        client.sendall(post("/read", kind) + b"400\r\n")
        with trickling(client, b"x" * 1000):
            status, body = parsed(rest(client))
    assert (status, json.loads(body)["title"]) == (408, "Request Timeout")
    assert soon(lambda: server.seen == ["/read", "gone"])


def test_body_that_comes_steadily_is_read(server: Server) -> None:
    """Beyond the deadline of a small one, as long as it is fast enough."""
    parts, part = 10, b"x" * (BODY_RATE // 5)
    with server.connect() as client:
        client.sendall(post("/read", f"content-length: {parts * len(part)}", "connection: close"))
        for _ in range(parts):
            client.sendall(part)
            time.sleep(0.1)
        assert parsed(rest(client)) == (200, str(parts * len(part)).encode())


def test_app_that_waits_before_it_reads(server: Server) -> None:
    """The time in which nobody reads is not the client's."""
    with server.connect() as client:
        client.sendall(post("/slow", "content-length: 90000") + bytes(90_000))
        time.sleep(3 * LIMITS.body_s)
        server.let.set()
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_answer_that_takes_long_has_no_deadline(server: Server) -> None:
    """How long the app works is its own affair."""
    with server.connect() as client:
        client.sendall(get("/slow"))
        time.sleep(3 * LIMITS.headers_s)
        server.let.set()
        assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_idle_connection_is_closed(server: Server) -> None:
    """Row 17: after an answer, also if nothing but empty lines follows."""
    with server.connect() as silent, server.connect() as chatty:
        for client in (silent, chatty):
            client.sendall(get("/"))
            assert client.recv(1000)
        with trickling(chatty, b"\r\n" * 1000):
            assert rest(silent) == b""
            assert rest(chatty) == b""


@pytest.mark.parametrize("fields", [(), ("connection: close",)])
def test_reader_that_stops_is_cut_off(server: Server, fields: tuple[str, ...]) -> None:
    """Row 18: an answer that nobody takes is thrown away."""
    with server.connect(receive_bytes=4096) as client:
        client.sendall(get("/large", *fields))
        assert client.recv(1000)
        assert server.is_left_alone()
        assert server.crowd.cut == 1


def test_reader_that_is_slow_gets_all() -> None:
    """As long as it takes some in time."""
    limits = ConnectionLimits(stall_s=1.0)
    with Server(limits) as server, server.connect(receive_bytes=65536) as client:
        client.sendall(get("/large", "connection: close"))
        size, began = 0, time.monotonic()
        while part := client.recv(1 << 20):
            size += len(part)
            if time.monotonic() < began + 1.5 * limits.stall_s:
                time.sleep(0.02)
        assert size > LARGE
        assert server.crowd.cut == 0


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (get("/" + "x" * 2000), 414),
        (get("/?" + "x" * 1_000_000), 414),
        (b"GET /" + b"x" * 5000, 414),
        (get("/", *(f"x{n}: y" for n in range(20))), 431),
        (get("/", f"x: {'y' * 3000}"), 431),
        (get("/", f"{'y' * 3000}: x"), 431),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * 1_000_000, 431),
        (post("/read", "content-length: 100001"), 413),
        (post("/read", "content-length: 100001", "expect: 100-continue"), 413),
        (post("/read", "transfer-encoding: chunked") + b"186a1\r\n" + bytes(100_001), 413),
        (post("/read", "transfer-encoding: chunked") + b"1\r\nx\r\n" * 200_000, 413),
        (post("/read", "transfer-encoding: chunked") + b"1;" + b"x" * 1_000_000, 413),
        (post("/read", "content-length: 99999999999999999999"), 400),
        (post("/read", "content-length: 1", "content-length: 2"), 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"GET http://[:: HTTP/1.1\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
    ],
    ids=str,
)
def test_too_much_is_refused(server: Server, data: bytes, status: int) -> None:
    """Rows 10 and 13: by a problem document, before it is all read; the app does not answer."""
    with server.connect() as client:
        with suppress(OSError):
            client.sendall(data)
        found, body = parsed(rest(client))
    assert found == status
    problem = json.loads(body)
    assert problem["status"] == status
    assert server.seen in ([], ["/read"], ["/read", "gone"])


def test_refusal_is_read_while_the_client_still_sends(server: Server) -> None:
    """It is not lost to a reset; who goes on sending is closed all the same."""
    with server.connect() as client:
        client.sendall(post("/read", "content-length: 1000000"))
        for _ in range(20):
            client.sendall(bytes(10_000))
        assert parsed(client.recv(10_000))[0] == 413
        with trickling(client, bytes(10_000)):
            assert rest(client) == b""


def test_answer_before_the_body_is_there(server: Server) -> None:
    """It is given, and the connection closed: what follows is no request."""
    with server.connect() as client:
        client.sendall(post("/", "content-length: 50000"))
        answer = client.recv(1000)
        client.sendall(get("/hidden") * 10)
        assert rest(client) == b""
    assert parsed(answer)[0] == 200
    assert server.seen == ["/"]


def test_trailers_are_no_headers(server: Server) -> None:
    """What comes behind the body is not taken for what the guard has seen before it."""
    data = post("/headers", "transfer-encoding: chunked", "connection: close")
    _, body = exchange(server, data + b"1\r\nx\r\n0\r\nauthorization: y\r\n\r\n")
    assert json.loads(body) == ["host", "transfer-encoding", "connection"]


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_upgrade_is_answered_by_http(
    server: Server, protocol: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, then the connection is closed; nothing is logged."""
    data = get("/", "connection: upgrade", f"upgrade: {protocol}")
    status, _ = exchange(server, data + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert (status, server.seen) == (200, ["/"])
    exchange(server, b"nonsense\r\n\r\n")
    assert caplog.records == []


def test_bad_request_behind_a_good_one(server: Server) -> None:
    """The good one is answered, then the connection is closed."""
    with server.connect() as client:
        client.sendall(get("/slow") + b"nonsense\r\n\r\n")
        server.let.set()
        assert parsed(rest(client)) == (200, b"done")


def test_connections_are_bounded(server: Server) -> None:
    """One too many is told so; when another has gone there is room again."""
    clients = [server.connect() for _ in range(LIMITS.connections)]
    assert soon(lambda: len(server.crowd.members) == LIMITS.connections)
    with server.connect() as late:
        status, body = parsed(rest(late))
    assert (status, json.loads(body)["status"]) == (503, 503)
    clients.pop().close()
    assert soon(lambda: len(server.crowd.members) < LIMITS.connections)
    assert exchange(server, get("/", "connection: close"))[0] == 200
    for client in clients:
        client.close()
    assert server.crowd.refused == 1


@pytest.mark.parametrize(("trusted", "status"), [((), 503), (("127.0.0.0/8",), 200)])
def test_connections_of_a_client_are_bounded(trusted: tuple[str, ...], status: int) -> None:
    """But not those of a proxy, which are many clients'."""
    limits = ConnectionLimits(client_connections=3, trusted_proxies=trusted)
    with Server(limits) as server:
        clients = [server.connect() for _ in range(3)]
        assert soon(lambda: len(server.crowd.members) == 3)
        assert exchange(server, get("/", "connection: close"))[0] == status
        for client in clients:
            client.close()
        assert server.is_left_alone()


def test_many_hostile_clients_leave_nothing(server: Server) -> None:
    """After each of them memory of it is gone: connections, addresses, timers of tasks."""
    for _ in range(10):
        hostile = [server.connect(receive_bytes=4096) for _ in range(18)]
        for number, client in enumerate(hostile):
            client.sendall(
                (b"GET / HT", get("/large"), post("/read", "content-length: 9000"))[number % 3]
            )
        for client in hostile:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()  # by a reset
        assert server.is_left_alone()
    assert not server.crowd._of
