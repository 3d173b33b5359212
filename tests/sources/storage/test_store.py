"""Stores: what is missing or out of order is told, without names of objects or credentials."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread

import pytest

from tests.s3 import S3Server
from tileserver.errors import CatalogError, SourceError
from tileserver.sources.address import check_address
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.storage.store import Store

KEY, SECRET = "key", "a-secret-never-told"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[S3Server]:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "object").write_bytes(b"0123456789")
    with S3Server(tmp_path, access_key=KEY, secret_key=SECRET) as server:
        yield server


def store(service: S3Server, bucket: str, secret: str = SECRET) -> Store:
    storage = Storage(
        endpoint=service.url, access_key_id=KEY, secret_access_key=secret, allow_http=True,
        timeout_s=1,
    )  # fmt: skip
    return open_store(f"s3://{bucket}", storage)


def test_missing_object_is_none_and_missing_bucket_an_error(service: S3Server) -> None:
    """A chunk may be missing; a bucket may not."""
    assert asyncio.run(store(service, "there").get("object")) == b"0123456789"
    assert asyncio.run(store(service, "there").get("gone")) is None
    with pytest.raises(SourceError, match="the bucket does not exist"):
        asyncio.run(store(service, "gone").get("object"))


def test_errors_tell_no_secret_and_no_object(service: S3Server) -> None:
    """Row 8 of what leaves: neither key, secret, bucket nor object."""
    with pytest.raises(SourceError) as denied:
        asyncio.run(store(service, "there", "wrong-secret").get("object"))
    service.error_503_rate = 1.0
    with pytest.raises(SourceError) as busy:
        asyncio.run(store(service, "there").get("object"))
    service.error_503_rate = 0.0
    with pytest.raises(SourceError) as removed:
        asyncio.run(store(service, "there").get_ranges("gone", [(0, 4)]))
    for caught in (denied, busy, removed):
        for word in (KEY + "=", "secret", "there/", "object'", "gone/", service.url):
            assert word not in str(caught.value)
    assert "access denied" in str(denied.value)
    assert "did not answer in time" in str(busy.value)


@contextmanager
def web_server(handler: type[SimpleHTTPRequestHandler], folder: Path) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and sends folders on to themselves with a slash, as web servers do."""

    def log_message(self, *_: object) -> None:
        """Not on the terminal."""


class Elsewhere(Quiet):
    """Sends everybody on to another host."""

    def do_HEAD(self) -> None:
        self.send_response(302)
        self.send_header("Location", f"http://other.example{self.path}/")
        self.end_headers()


def test_folder_may_be_sent_on_to_itself_with_a_slash(tmp_path: Path) -> None:
    """A store on a plain web server is found by its name alone; other redirects are refused."""
    (tmp_path / "cube.zarr").mkdir()
    (tmp_path / "cube.zarr" / "object").write_bytes(b"here")
    private = Storage(allow_private=True, allow_http=True)
    with web_server(Quiet, tmp_path) as base:
        asyncio.run(check_address(f"{base}/cube.zarr", private))
        found = open_store(f"{base}/cube.zarr", private)
        assert asyncio.run(found.get("object")) == b"here"
    with web_server(Elsewhere, tmp_path) as base, pytest.raises(CatalogError, match="redirects"):
        asyncio.run(check_address(f"{base}/cube.zarr", private))


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """A symbolic link is followed within the folder, and no further: files, folders, listings."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/object").write_bytes(b"secret")
    inside = tmp_path / "data"
    (inside / "here").mkdir(parents=True)
    (inside / "here/object").write_bytes(b"known")
    (inside / "near").symlink_to(inside / "here")
    (inside / "far").symlink_to(tmp_path / "secret")
    (inside / "here/file").symlink_to(tmp_path / "secret/object")
    (tmp_path / "alias").symlink_to(inside)

    async def read() -> None:
        for url in (inside, tmp_path / "alias"):
            found = open_store(str(url))
            assert bytes(await found.get("near/object") or b"") == b"known"
            for key in ("far/object", "here/file"):
                for ask in (found.get, found.head, partial(found.get_suffix, length=3)):
                    with pytest.raises(SourceError, match="a link leads out of the folder"):
                        await ask(key)

    asyncio.run(read())
