"""What a dataset may be registered from: row 8 of the faults."""

import asyncio
import http.server
import threading
from collections.abc import Iterator

import pytest

from tileserver.errors import CatalogError
from tileserver.sources.address import check_address
from tileserver.sources.storage.connection import Storage


def check(url: str, storage: Storage | None = None, allowed: tuple[str, ...] = ()) -> None:
    asyncio.run(check_address(url, storage, allowed))


@pytest.fixture
def redirecting() -> Iterator[str]:
    """A server whose /there answers and whose other paths redirect to it."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200 if self.path == "/there" else 302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gopher://host/x", "expected a path or one of"),
        ("/vsicurl/http://host/x.tif", "plain path"),
        ("/vsis3/bucket/x.tif", "plain path"),
        ("s3://bucket/../other/x.zarr", "plain path"),
        ("x\0.zarr", "plain path"),
        ("http://127.0.0.1/x.zarr", "private addresses are refused"),
        ("http://10.1.2.3/x.zarr", "private addresses are refused"),
        ("http://[::1]/x.zarr", "private addresses are refused"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://0.0.0.0/x.zarr", "link-local"),
        ("https://no-such-host.invalid/x.zarr", "cannot be resolved"),
    ],
)
def test_refused(url: str, words: str) -> None:
    """Other schemes, GDAL's virtual files, parents, private and link-local hosts."""
    with pytest.raises(CatalogError, match=words):
        check(url)


def test_private_hosts_need_a_storage_that_allows_them(redirecting: str) -> None:
    """An operator can say so, for one storage."""
    check(f"{redirecting}/there", Storage(allow_private=True))
    with pytest.raises(CatalogError, match="private"):
        check(f"{redirecting}/there", Storage())


def test_redirects_are_refused(redirecting: str) -> None:
    """Whereto they lead cannot be checked."""
    with pytest.raises(CatalogError, match="redirects are refused"):
        check(f"{redirecting}/elsewhere", Storage(allow_private=True))


def test_link_local_endpoints_are_refused_even_if_named() -> None:
    """The cloud's metadata service is nobody's S3."""
    with pytest.raises(CatalogError, match="link-local"):
        check("s3://bucket/x", Storage(endpoint="http://169.254.169.254", allow_private=True))


def test_allowed_prefixes() -> None:
    """With TILESERVER_ALLOWED_URLS everything else is refused."""
    check("s3://bucket/cubes/x.zarr", None, ("s3://bucket/cubes/",))
    with pytest.raises(CatalogError, match="TILESERVER_ALLOWED_URLS"):
        check("s3://bucket/secret/x.zarr", None, ("s3://bucket/cubes/",))
