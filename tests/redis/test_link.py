"""The link to Redis: right while it is there, and never waited for while it is not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from socket import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.redis.proxy import Proxy
from tests.servers import RedisServer
from tileserver.redis.link import CONNECTIONS, Link, Unavailable
from tileserver.redis.script import LOOK

WITHIN_S = 20.0
RETRY_S = 0.05
PATIENT_S = 5.0  # where an answer is to come, however busy the machine is


@asynccontextmanager
async def linked(url: str, patience_s: float = PATIENT_S) -> AsyncIterator[Link]:
    """A link that was tried once."""
    link = Link(url, patience_s=patience_s, retry_s=RETRY_S)
    await link.open()
    try:
        yield link
    finally:
        await link.close()


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.01)


async def fails(link: Link) -> bool:
    """Whether it does without."""
    try:
        await link.ask("PING")
    except Unavailable:
        return True
    return False


async def give_up(link: Link) -> None:
    """Ask until it is no longer used; nobody gets an answer meanwhile."""
    async with asyncio.timeout(WITHIN_S):
        while link.is_up:
            assert await fails(link)


async def answered(link: Link) -> None:
    """Ask until there is an answer."""
    async with asyncio.timeout(WITHIN_S):
        while await fails(link):
            await asyncio.sleep(0.01)


def test_everybody_gets_their_own_answer(redis_server: RedisServer) -> None:
    """However many ask at a time, over few connections, and whoever gives up in between."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            asked = [asyncio.ensure_future(link.ask("ECHO", str(n))) for n in range(300)]
            await asyncio.sleep(0)
            for gone in asked[::7]:
                gone.cancel()
            found = await asyncio.gather(*asked, return_exceptions=True)
            expected = [str(n).encode() for n in range(300) if n % 7]
            assert [each for each in found if isinstance(each, bytes)] == expected
            clients = await link.ask("CLIENT", "LIST")
            assert isinstance(clients, bytes)
            assert clients.count(b"name=tileserver") <= CONNECTIONS

    asyncio.run(run())


def test_socket_password_and_database_are_used() -> None:
    """As the URL says."""

    async def run(server: RedisServer) -> None:
        async with linked(f"unix://:secret@{server.socket}?db=3") as link:
            await link.ask("SET", "key", b"value")
        async with linked(f"{server.url[:-2]}/3") as link:
            assert await link.ask("GET", "key") == b"value"

    with RedisServer(requirepass="secret") as server:
        asyncio.run(run(server))


def test_redis_that_dies_and_comes_back(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is done without as long as it is gone, which is logged once, as is that it is back."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            redis_server.kill()
            for _ in range(20):
                assert await fails(link)
                await asyncio.sleep(RETRY_S / 5)
            redis_server.start()
            await until(lambda: link.is_up)
            assert await link.run(LOOK, ["item", "lease"], "token", 1000) == 1
            assert link.outages == 1

    asyncio.run(run())
    assert [record.getMessage().partition(" is ")[2][:8] for record in caplog.records] == [
        "not used",
        "used aga",
    ]


def test_redis_that_is_not_there_at_first(redis_server: RedisServer) -> None:
    """The start goes on without, and it is used as soon as it is there."""
    redis_server.kill()

    async def run() -> None:
        async with linked(redis_server.url) as link:
            assert await fails(link)
            redis_server.start()
            await until(lambda: link.is_up)

    asyncio.run(run())


def test_redis_that_hangs_is_waited_for_once(redis_server: RedisServer) -> None:
    """By those who ask at first; who asks later does without at once."""

    async def run() -> None:
        async with linked(redis_server.url, patience_s=0.05) as link:
            redis_server.freeze()
            assert all(await asyncio.gather(*(fails(link) for _ in range(50))))
            await give_up(link)
            asked = link.usage.requests
            assert await fails(link)
            assert link.usage.requests == asked
            redis_server.thaw()
            await answered(link)

    asyncio.run(run())


def test_slow_redis_is_not_used(redis_server: RedisServer) -> None:
    """Neither at first, nor when it becomes slow; it is again when it is quick again."""

    async def run() -> None:
        async with Proxy(redis_server.url) as proxy:
            proxy.delay_s = 0.3
            async with linked(proxy.url, patience_s=0.1) as link:
                assert await fails(link)
                proxy.delay_s = 0.0
                await until(lambda: link.is_up)
                proxy.delay_s = 0.3
                await give_up(link)

    asyncio.run(run())


@pytest.mark.parametrize("kept", range(1, 27, 5))
def test_half_an_answer_is_none(redis_server: RedisServer, kept: int) -> None:
    """Wherever it ends; what is asked later is answered rightly."""

    async def run() -> None:
        async with Proxy(redis_server.url) as proxy, linked(proxy.url, patience_s=0.5) as link:
            await link.ask("SET", "key", b"an answer in 21 bytes")
            proxy.cut = kept
            with pytest.raises(Unavailable):
                await link.ask("GET", "key")
            proxy.cut = None
            await answered(link)
            assert await link.ask("GET", "key") == b"an answer in 21 bytes"

    asyncio.run(run())


@pytest.mark.parametrize("garbage", [b"HTTP/1.1 400 Bad Request\r\n", b"+OK\r\n" * 9, b"$-7\r\n"])
def test_garbage_is_not_taken_for_later_answers(redis_server: RedisServer, garbage: bytes) -> None:
    """What is no protocol, and answers that nobody asked for."""

    async def run() -> None:
        async with Proxy(redis_server.url) as proxy, linked(proxy.url) as link:
            proxy.garbage = garbage
            with suppress(Unavailable):
                assert await link.ask("ECHO", "sound") == b"OK"
            proxy.garbage = b""
            await until(lambda: link.is_up)
            assert await link.ask("ECHO", "sound") == b"sound"

    asyncio.run(run())


@pytest.mark.parametrize(
    "garbage", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\xff" * 50, b":1\r\n", b"*0\r\n", b"\r\n"]
)
def test_something_else_that_listens_there(redis_server: RedisServer, garbage: bytes) -> None:
    """The start goes on without, and no request fails or waits."""

    async def run() -> None:
        async with Proxy(redis_server.url) as proxy:
            proxy.garbage = garbage
            # A password asks for an answer that has a meaning.
            url = proxy.url.replace("//", "//:secret@")
            async with asyncio.timeout(WITHIN_S), linked(url, patience_s=0.3) as link:
                await until(lambda: proxy.connections > 1)
                assert await fails(link)

    asyncio.run(run())


def test_wrong_password_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """As Redis tells it, but for the password."""

    async def run(server: RedisServer) -> None:
        async with (
            Proxy(server.url) as proxy,
            linked(proxy.url.replace("//", "//:guess@")) as link,
        ):
            await until(lambda: proxy.connections > 2)
            assert await fails(link)

    with RedisServer(requirepass="secret") as server:
        asyncio.run(run(server))
    assert len(caplog.records) == 1
    assert "invalid username-password" in caplog.text
    assert "guess" not in caplog.text


def test_scripts_that_were_forgotten_are_taught_again(redis_server: RedisServer) -> None:
    """At once."""

    async def run() -> None:
        async with linked(redis_server.url) as link:
            await link.ask("SCRIPT", "FLUSH")
            assert await link.run(LOOK, ["item", "lease"], "token", 1000) == 1

    asyncio.run(run())


def test_full_redis_is_told_once_and_read_on(caplog: pytest.LogCaptureFixture) -> None:
    """What it refuses is done without, what it has is still there."""

    async def run(server: RedisServer) -> None:
        async with linked(server.url) as link:
            await link.ask("SET", "key", b"value")
            await link.ask("CONFIG", "SET", "maxmemory", "1")
            for _ in range(3):
                with pytest.raises(Unavailable):
                    await link.ask("SET", "other", b"value")
            assert await link.ask("GET", "key") == b"value"

    with RedisServer() as server:
        asyncio.run(run(server))
    assert len(caplog.records) == 1
    assert "takes nothing more" in caplog.text


@pytest.mark.paced
def test_one_late_answer_is_not_the_end(redis_server: RedisServer) -> None:
    """As it is when our own event loop was busy: the next ones are in time again."""

    async def run() -> None:
        async with linked(redis_server.url, patience_s=0.2) as link:
            for _ in range(3):
                asking = asyncio.ensure_future(fails(link))
                await asyncio.sleep(0.05)
                time.sleep(0.5)
                await asking
                assert not await fails(link)
            assert (link.is_up, link.outages) == (True, 0)
            asking = [asyncio.ensure_future(fails(link)) for _ in range(8)]
            await asyncio.sleep(0.05)  # they are asked, and Redis answers while we do other things
            time.sleep(0.5)
            assert not any(await asyncio.gather(*asking))

    asyncio.run(run())


def test_a_link_that_is_lost_again_and_again_is_tried_less_often(
    redis_server: RedisServer,
) -> None:
    """So that it does not fill the log."""

    async def run() -> None:
        async with Proxy(redis_server.url) as proxy, linked(proxy.url, patience_s=0.3) as link:
            for times in (1, 2, 4):
                proxy.is_deaf = True
                await give_up(link)
                proxy.is_deaf, began = False, time.monotonic()
                await until(lambda: link.is_up)
                assert time.monotonic() - began >= RETRY_S * times * 0.9

    asyncio.run(run())


@pytest.mark.parametrize(
    "url", ["http://secret@cache", "secret", "redis://me:secret@cache:port", "redis://me:se/cret@c",
            "redis://cache?secret=1", "redis://cache?db=secret", ""],
)  # fmt: skip
def test_refusals_say_what_is_expected_and_nothing_of_the_url(url: str) -> None:
    """As it may hold a password."""

    async def run() -> None:
        Link(url)

    with pytest.raises(ValueError, match=r"^expected redis://") as refusal:
        asyncio.run(run())
    assert "cret" not in str(refusal.value)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by itself, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, SHA256())
    )
    path = tmp_path / "redis.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + signed.public_bytes(Encoding.PEM)
    )
    return path


def test_tls_is_spoken_to_those_who_show_who_they_are(certificate: Path) -> None:
    """By the authorities that the URL names; to nobody else."""
    options = {f"tls-{each}-file": str(certificate) for each in ("cert", "key", "ca-cert")}

    async def run(server: RedisServer) -> None:
        url = f"rediss://127.0.0.1:{options['tls-port']}"
        async with linked(f"{url}?ssl_ca_certs={certificate}") as link:
            assert await link.ask("ECHO", "sound") == b"sound"
        async with linked(url) as link:
            assert await fails(link)

    with socket() as free:
        free.bind(("127.0.0.1", 0))
        options |= {"tls-port": str(free.getsockname()[1]), "tls-auth-clients": "no"}
    with RedisServer(**options) as server:
        asyncio.run(run(server))
