"""Watches, on folders of files: what they see, and what they do not take for a change."""

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import obstore
import pytest
from moto.server import ThreadedMotoServer

from tests.s3 import S3Server
from tileserver.errors import SourceChanged, SourceError, SourceUnavailable
from tileserver.sources.storage.connection import Storage, open_store
from tileserver.sources.storage.store import Store
from tileserver.sources.watch import (
    AllWatches,
    FoldersWatch,
    ListingWatch,
    ObjectsWatch,
    Unchanging,
    Watch,
    of_entries,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a/x", "a/y", "b/z"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def add(folder: Path) -> None:
    (folder / "a" / "new").write_bytes(b"new")


def remove(folder: Path) -> None:
    (folder / "a" / "x").unlink()


def rewrite(folder: Path) -> None:
    """With the same bytes, at a later time."""
    data = (folder / "a" / "x").read_bytes()
    (folder / "a" / "x").write_bytes(data)
    os.utime(folder / "a" / "x", (2e9, 2e9))


def change_elsewhere(folder: Path) -> None:
    (folder / "b" / "z").write_bytes(b"other")


def add_folder(folder: Path) -> None:
    (folder / "a" / "deeper").mkdir()
    (folder / "a" / "deeper" / "x").write_bytes(b"x")


async def of_object(store: Store) -> Watch:
    entry = await store.head("a/x")
    assert entry is not None
    return ObjectsWatch(store, {"a/x": entry.stamp})


async def of_listing(store: Store) -> Watch:
    return ListingWatch(store, "a", of_entries(await store.entries("a")))


async def of_folders(store: Store) -> Watch:
    return FoldersWatch(store, {"a": await store.children("a")})


async def of_all(store: Store) -> Watch:
    return AllWatches([Unchanging(), await of_object(store), await of_folders(store)])


@pytest.mark.parametrize(
    ("make", "seen"),
    [
        (of_object, {remove, rewrite}),
        (of_listing, {add, remove, rewrite, add_folder}),
        (of_folders, {add_folder}),
        (of_all, {remove, rewrite, add_folder}),
    ],
)
@pytest.mark.parametrize("change", [add, remove, rewrite, change_elsewhere, add_folder])
def test_what_is_seen(
    folder: Path,
    make: Callable[[Store], "asyncio.Future[Watch]"],
    seen: set[Callable[[Path], None]],
    change: Callable[[Path], None],
) -> None:
    """Nothing before the change, then what the watch is for."""

    async def run() -> tuple[bool, bool]:
        watch = await make(open_store(str(folder)))
        before = await watch.is_current()
        change(folder)
        return before, await watch.is_current()

    assert asyncio.run(run()) == (True, change not in seen)


def bucket(service: S3Server, timeout_s: float = 30) -> Store:
    storage = Storage(endpoint=service.url, anonymous=True, timeout_s=timeout_s)
    return open_store("s3://data", storage)


def test_store_that_does_not_answer(tmp_path: Path) -> None:
    """It is no change: the watch says that it cannot say."""
    (tmp_path / "data").mkdir()
    with S3Server(tmp_path, anonymous=True) as service:
        service.error_503_rate = 1.0
        with pytest.raises(SourceUnavailable):
            asyncio.run(ObjectsWatch(bucket(service, timeout_s=1), {"x": ""}).is_current())


def test_of_many_objects_some_are_looked_at(tmp_path: Path) -> None:
    """Others each time, so that a change is seen soon."""
    (tmp_path / "data").mkdir()
    for number in range(40):
        (tmp_path / "data" / str(number)).write_bytes(b"x")

    async def run(service: S3Server) -> None:
        store = bucket(service)
        watch = ObjectsWatch(store, {e.key: e.stamp for e in await store.entries()})
        service.log.clear()
        for _ in range(10):
            assert await watch.is_current()
        assert len(service.log) == 160
        assert len({request.key for request in service.log}) > 30
        for number in range(20):
            (tmp_path / "data" / str(number)).write_bytes(b"y")
        assert not await watch.is_current()

    with S3Server(tmp_path, anonymous=True) as service:
        asyncio.run(run(service))


def test_parts_are_of_one_version(folder: Path) -> None:
    """Once a part of an object was read, parts of another in its place are not."""
    calls: list[int] = []

    async def run() -> None:
        store = open_store(str(folder), changed=lambda: calls.append(1))
        assert await store.get_range("a/x", 0, 1) == b"a"
        assert await store.get_suffix("a/x", 1) == b"x"
        assert await store.get_range("b/z", 0, 1) == b"b"
        (folder / "a" / "x").write_bytes(b"A-x")
        for read in (store.get_range("a/x", 0, 1), store.get_suffix("a/x", 1)):
            with pytest.raises(SourceChanged):
                await read
        assert await store.get_range("b/z", 0, 1) == b"b"
        assert await open_store(str(folder)).get_range("a/x", 0, 1) == b"A"

    asyncio.run(run())
    assert calls == [1, 1]


def test_part_beyond_the_end(folder: Path) -> None:
    """Of the object that was opened it is damage, of a shorter one in its place a change."""

    async def run() -> None:
        store = open_store(str(folder))
        await store.get_range("a/x", 0, 1)
        with pytest.raises(SourceError) as caught:
            await store.get_range("a/x", 7, 9)
        assert not isinstance(caught.value, SourceUnavailable)
        (folder / "a" / "x").write_bytes(b"")
        with pytest.raises(SourceChanged):
            await store.get_range("a/x", 1, 2)

    asyncio.run(run())


def test_object_that_is_newer(folder: Path) -> None:
    """It is not read, nor are parts of it; what may be is not once the store is open for long."""

    async def run() -> None:
        store = open_store(str(folder))
        opened = store.opened.timestamp()
        (folder / "a" / "x").write_bytes(b"new")
        os.utime(folder / "b" / "z", (opened // 1, opened // 1))  # maybe before, maybe after
        assert await store.get("b/z") == b"b/z"
        for read in (store.get("a/x"), store.get_range("a/x", 0, 1)):
            with pytest.raises(SourceChanged):
                await read
        store.opened -= timedelta(seconds=10)
        with pytest.raises(SourceChanged):
            await store.get("b/z")
        os.utime(folder / "b" / "z", (1e9, 1e9))
        assert await store.get("b/z") == b"b/z"
        os.utime(folder / "a" / "x", (4e9, 4e9))
        assert await store.get("a/x") == b"new"  # its clock is wrong

    asyncio.run(run())


def test_same_bytes_again_where_tags_are_hashes() -> None:
    """As those of S3 are: the time tells that an object was written anew, its tag does not; and of
    a listing and a look both are the same."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    httpx2.put(f"{url}/written-anew")

    async def run() -> None:
        store = open_store(
            "s3://written-anew", Storage(url, "us-east-1", "key", "secret", allow_http=True)
        )
        await obstore.put_async(store.raw, "x", b"{}")
        first = await store.head("x")
        assert first is not None
        assert await store.entries() == [first]
        watch = ObjectsWatch(store, {"x": first.stamp})
        assert await watch.is_current()
        await asyncio.sleep(1.1)
        await obstore.put_async(store.raw, "x", b"{}")
        again = await store.head("x")
        assert again is not None
        assert (again.version, await watch.is_current()) == (first.version, False)

    try:
        asyncio.run(run())
    finally:
        server.stop()
