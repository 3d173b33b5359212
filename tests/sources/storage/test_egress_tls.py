"""TLS: web servers by way of the guard, and stores that no connection is made to."""

import asyncio
import datetime
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tileserver.errors import SourceUnavailable
from tileserver.sources.storage.connection import Storage, open_store

READ = """
import asyncio, sys
from tileserver.errors import TileserverError
from tileserver.sources.address import check_address
from tileserver.sources.storage.connection import Storage, open_store

async def run(url):
    private = Storage(allow_private=True, timeout_s=2)
    try:
        await check_address(f"{url}/object", private)
        print(bytes(await open_store(url, private).get("object")).decode())
        await open_store(url, private).get("away")
    except TileserverError as error:
        print(type(error).__name__, error)

asyncio.run(run(sys.argv[1]))
"""


class Turning(SimpleHTTPRequestHandler):
    """Serves a folder, and sends those who ask for /away on to this machine's other name."""

    def send_head(self) -> object:
        if self.path != "/away":
            return super().send_head()
        self.send_response(302)
        self.send_header("Location", f"https://127.0.0.1:{self.server.server_port}/object")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


def make_certificate(folder: Path) -> Path:
    """Of this machine, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of a web server with TLS, and whom to trust for it."""
    certificate = make_certificate(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/object").write_text("told under TLS")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    handler = partial(Turning, directory=str(tmp_path / "data"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://localhost:{server.server_port}", certificate
        server.shutdown()


def read(url: str, trusted: Path) -> list[str]:
    """The lines that a process says which reads there."""
    done = subprocess.run(
        [sys.executable, "-c", READ, url],
        env={**os.environ, "SSL_CERT_FILE": str(trusted)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_objects_are_read_and_redirects_refused(web: tuple[str, Path]) -> None:
    """The tunnel is to the store's own host; the certificate is looked at beyond it."""
    url, trusted = web
    found = read(url, trusted)
    assert len(found) == 2, found
    first, second = found
    assert first == "told under TLS"
    assert second.startswith("SourceError the host sends on to another")


def test_certificate_of_nobody_is_refused(web: tuple[str, Path], tmp_path: Path) -> None:
    """The guard between does not make one sound."""
    url, _ = web
    (tmp_path / "other").mkdir()
    told = read(url, make_certificate(tmp_path / "other"))
    assert told == ["CatalogError url: the certificate of its host is not trusted"]


def test_s3_with_a_certificate_of_nobody_says_so(web: tuple[str, Path]) -> None:
    """Waiting would not help: its operator has to name an authority."""
    url, _ = web
    with pytest.raises(SourceUnavailable, match="certificate of the store's host is not trusted"):
        get(url)


def test_address_that_speaks_no_tls_says_so(tmp_path: Path) -> None:
    """A plain web server that is asked by https."""
    handler = partial(Turning, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        with pytest.raises(SourceUnavailable, match="does not speak TLS there"):
            get(f"https://127.0.0.1:{server.server_port}")
        server.shutdown()


def test_port_where_nothing_listens_says_so() -> None:
    """A port that is taken, so that nobody else answers, but refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(SourceUnavailable, match="nothing listens at the store's address"):
            get(f"http://127.0.0.1:{taken.getsockname()[1]}")


def get(endpoint: str) -> None:
    """Read from an S3 service."""
    storage = Storage(endpoint=endpoint, anonymous=True, allow_http=True, timeout_s=30)
    asyncio.run(open_store("s3://bucket", storage).get("object"))
