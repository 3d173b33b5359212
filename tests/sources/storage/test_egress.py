"""The way out to web servers: row 8 of the faults, at each read."""

import asyncio
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from tests.s3 import S3Server
from tileserver.errors import SourceError, SourceUnavailable
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.storage.egress import Way, asked, proxy_url
from tileserver.sources.storage.host import refusal

PRIVATE = Storage(allow_private=True, timeout_s=2)


class Web(ThreadingHTTPServer):
    """Answers with its name; below /there/ it sends everybody on to `target`."""

    daemon_threads = True

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.name, self.target = name, ""
        self.paths: list[str] = []
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def finish_request(self, *connection: object) -> None:
        self.connections += 1
        super().finish_request(*connection)  # type: ignore[arg-type]


class Answering(BaseHTTPRequestHandler):
    """Keeps connections open, as web servers do."""

    protocol_version = "HTTP/1.1"
    server: Web

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        away = self.path.startswith("/there/")
        body = b"" if away else self.server.name.encode()
        self.send_response(302 if away else 200)
        if away:
            self.send_header("Location", f"{self.server.target}{self.path.removeprefix('/there')}")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Wed, 01 Jan 2020 00:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


@pytest.fixture
def webs() -> Iterator[tuple[Web, Web]]:
    """Two web servers; the first one sends on to the second."""
    with ExitStack() as stack:
        near, far = (stack.enter_context(Web(name)) for name in ("near", "far"))
        near.target = far.url
        for web in (near, far):
            Thread(target=web.serve_forever, args=(0.01,), daemon=True).start()
            stack.callback(web.shutdown)
        yield near, far


def read(url: str, key: str, storage: Storage = PRIVATE) -> bytes:
    """An object below a URL."""
    return bytes(asyncio.run(open_store(url, storage).get(key)) or b"")


def test_objects_are_read_from_their_own_host(webs: tuple[Web, Web]) -> None:
    """As if nothing were between, many over a few connections."""
    near, _ = webs

    async def run() -> None:
        store = open_store(f"{near.url}/some", PRIVATE)
        for number in range(20):
            assert await store.get(f"key {number}") == b"near"

    asyncio.run(run())
    assert near.paths == [f"/some/key%20{number}" for number in range(20)]
    assert near.connections < 10


def test_redirect_of_a_single_object_is_not_followed(webs: tuple[Web, Web]) -> None:
    """Whatever lies at the other host, it is not asked for it."""
    near, far = webs
    with pytest.raises(SourceError, match="sends on to another, which is not followed"):
        read(f"{near.url}/there", "object")
    assert (near.paths, far.paths) == (["/there/object"], [])


def test_redirect_to_the_same_host_is_followed(webs: tuple[Web, Web]) -> None:
    """It leads to what may be read anyway."""
    near, _ = webs
    near.target = near.url
    assert read(f"{near.url}/there", "object") == b"near"


def test_addresses_are_looked_at_when_they_are_read(webs: tuple[Web, Web]) -> None:
    """A name that was another machine's at registration does not lead to this one now."""
    near, _ = webs
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(SourceError, match="private addresses are refused"):
            read(f"http://{host}:{near.server_port}", "object", Storage(timeout_s=2))
    assert near.paths == []


@pytest.mark.parametrize("folder", ["", "/401.911/status-403/denied/forbidden"])
def test_host_that_does_not_answer(webs: tuple[Web, Web], folder: str) -> None:
    """Is one that may answer later, whatever else stands in what is told of it."""
    near, _ = webs
    near.shutdown()
    near.server_close()
    with pytest.raises(SourceUnavailable, match="did not answer in time"):
        read(f"{near.url}{folder}", "object", Storage(allow_private=True, timeout_s=0.3))


@pytest.mark.parametrize("private", [True, False])
@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1%eth0", "0.0.0.0",
     "::", "224.0.0.1", "fd00:ec2::254", "100.100.100.200", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_secrets_of_the_cloud_are_nobodys(address: str, private: bool) -> None:
    """However the address is written, and whatever the storage allows."""
    assert "link-local" in refusal(address, private=private)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
)
def test_private_addresses_take_a_storage(address: str) -> None:
    """One that says so."""
    assert "allow_private" in refusal(address, private=False)
    assert refusal(address, private=True) == ""


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_free(address: str) -> None:
    """They need nothing."""
    assert ip_address(address)
    assert refusal(address, private=False) == ""


def converse(proxy: str, *parts: bytes, until: bytes = b"") -> bytes:
    """What comes back on a connection to the proxy, for what is sent part by part.

    Args:
        until: what is waited for at the end; an answer may come in several pieces.
    """
    where = urlsplit(proxy)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as client:
        found = b""
        for part in parts:
            client.sendall(part)
            found += client.recv(4096)
        while until not in found and (more := client.recv(4096)):
            found += more
        return found


def authorization(proxy: str) -> str:
    """The header that a client makes of a proxy's URL."""
    where = urlsplit(proxy)
    pair = f"{where.username}:{where.password}".encode()
    return f"Proxy-Authorization: Basic {b64encode(pair).decode()}\r\n"


def test_nobody_else_gets_out_by_it(webs: tuple[Web, Web]) -> None:
    """Other processes of the machine have not its word, and it is of one host alone."""
    near, far = webs
    proxy = proxy_url(Way.to(near.url, private=True))
    shown = authorization(proxy)
    forged = authorization(proxy.replace(urlsplit(proxy).password or "", "0" * 64))
    for head in (
        f"GET {near.url}/ HTTP/1.1\r\n",
        f"GET {near.url}/ HTTP/1.1\r\n{forged}",
        f"GET {far.url}/ HTTP/1.1\r\n{shown}",
        f"GET / HTTP/1.1\r\n{shown}",
        f"CONNECT 127.0.0.1:{far.server_port} HTTP/1.1\r\n{shown}",
        f"CONNECT 127.0.0.1:{near.server_port} HTTP/1.1\r\n",
        "GET\r\n",
    ):
        assert converse(proxy, f"{head}\r\n".encode()).startswith(b"HTTP/1.1 403 "), head
    first = f"GET {near.url}/ HTTP/1.1\r\n{shown}\r\n".encode()
    second = f"GET {far.url}/ HTTP/1.1\r\n{shown}\r\n".encode()
    assert b"HTTP/1.1 403 " in converse(proxy, first, second, until=b" 403 ")
    assert (near.paths, far.paths) == (["/"], [])


def test_tunnel_carries_what_is_sent(webs: tuple[Web, Web]) -> None:
    """TLS of a store goes through as it is, to the host that was named."""
    near, _ = webs
    proxy = proxy_url(Way.to(near.url, private=True))
    head = f"CONNECT 127.0.0.1:{near.server_port} HTTP/1.1\r\n{authorization(proxy)}\r\n"
    found = converse(proxy, head.encode(), b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200 Connected\r\n\r\nHTTP/1.1 200 OK")
    assert near.paths == ["/x"]


def test_requests_of_our_own(webs: tuple[Web, Web]) -> None:
    """One by one, and no redirect is followed."""
    near, _ = webs
    with asked(f"{near.url}/a?b=c", private=True, timeout_s=2) as answer:
        assert (answer.status, answer.read()) == (200, b"near")
    with asked(f"{near.url}/there/", private=True, timeout_s=2) as answer:
        assert (answer.status, answer.getheader("Location")) == (302, f"{near.target}/")
    with asked(f"{near.url}/", private=False, timeout_s=2) as answer:
        assert answer.status == 403
    assert near.paths == ["/a?b=c", "/there/"]


def test_large_objects_arrive_whole(tmp_path: Path) -> None:
    """Many at once."""
    data = bytes(range(256)) * 40_000
    (tmp_path / "bucket").mkdir()
    for number in range(8):
        (tmp_path / f"bucket/{number}").write_bytes(data)

    async def run(url: str) -> None:
        store = open_store(f"{url}/bucket", PRIVATE)
        found = await asyncio.gather(*(store.get(str(number)) for number in range(8)))
        assert all(each == data for each in found)

    with S3Server(tmp_path, anonymous=True) as server:
        asyncio.run(run(server.url))
