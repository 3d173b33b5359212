"""Icechunk repositories: one snapshot of one, through Icechunk's own reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from tileserver.errors import CatalogError, SourceError, SourceUnavailable, shown
from tileserver.sources.shelf import Shelf
from tileserver.sources.storage.connection import Storage, is_local
from tileserver.sources.storage.objects import Part
from tileserver.sources.storage.store import Store
from tileserver.sources.storage.traffic import Traffic
from tileserver.sources.watch import ObjectsWatch, Unchanging, Watch
from tileserver.sources.zarr.array import ZarrSource
from tileserver.sources.zarr.cube import NOT_CONSOLIDATED, Opening, open_objects

LAYOUT = {"refs", "snapshots"}  # folders of every repository
BRANCH = "main"
LOGGED = "error"  # to stdout, which is not its own: that writing to disk is unsafe is no news here
TRANSIENT = re.compile(r"dispatch failure|timed? ?out|connect|SlowDown|\b50[0-4]\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class State:
    """Which state of a repository is served; the branch's newest where no other is named."""

    branch: str | None = None
    tag: str | None = None
    snapshot: str | None = None

    def __post_init__(self) -> None:
        if len(self.named) > 1:
            raise CatalogError(f"{' and '.join(self.named)}: expected one of branch, tag, snapshot")

    @property
    def named(self) -> list[str]:
        """Those that are given."""
        return [name for name in ("branch", "tag", "snapshot") if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True, eq=False)
class RepositoryObjects:
    """The objects of a snapshot, as `Objects` asks for them."""

    url: str
    store: Any
    traffic: Traffic
    snapshot: str

    async def get(self, key: str, *, about: int = 0, most: int | None = None) -> memoryview | None:
        """A whole object. Raises SourceError."""
        if key.rpartition("/")[2].startswith("."):  # of Zarr 2, which there is none of
            return None
        return await self._read(key, None, about)

    async def get_range(self, key: str, start: int, stop: int) -> memoryview | None:
        """A part of an object."""
        from zarr.abc.store import RangeByteRequest

        return await self._read(key, RangeByteRequest(start, stop), stop - start)

    async def get_part(self, key: str, start: int, stop: int | None) -> Part | None:
        """The bytes from start to stop, or of a negative start so many of the last."""

        async def send() -> int | None:
            return await self.store.getsize(key) if await self.store.exists(key) else None

        with _foreign_errors():
            size = await self.traffic.ask(send)
        if size is None:
            return None
        begin, end = max(0, size + start) if start < 0 else start, min(stop or size, size)
        data = await self.get_range(key, begin, end) if begin < end else memoryview(b"")
        return None if data is None else Part(data, size, self.snapshot)

    async def get_suffix(self, key: str, length: int) -> memoryview | None:
        """The last bytes of an object."""
        from zarr.abc.store import SuffixByteRequest

        return await self._read(key, SuffixByteRequest(length), length)

    async def children(self, prefix: str = "") -> list[str]:
        """What lies directly below a prefix."""

        async def send() -> list[str]:
            return [name async for name in self.store.list_dir(prefix)]

        with _foreign_errors():
            return sorted(name for name in await self.traffic.ask(send) if name != "zarr.json")

    async def _read(self, key: str, part: Any, about: int) -> memoryview | None:
        from zarr.core.buffer import default_buffer_prototype

        async def send() -> memoryview | None:
            found = await self.store.get(key, default_buffer_prototype(), part)
            return None if found is None else memoryview(found.as_numpy_array()).cast("B")

        with _foreign_errors():
            return await self.traffic.read(send, about=about)


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """Icechunk's errors in our words; only the first line tells what is wrong."""
    import icechunk

    try:
        yield
    except (icechunk.IcechunkError, ValueError, KeyError, OSError) as error:
        if TRANSIENT.search(str(error)):
            raise SourceUnavailable("the repository did not answer in time: try again") from error
        text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SourceError(f"the repository could not be read ({shown(text)})") from error


async def is_repository(store: Store) -> bool:
    """Whether a folder is laid out as a repository."""
    try:
        if await store.head(f"refs/branch.{BRANCH}/ref.json") is not None:
            return True
        return set(await store.children()) >= LAYOUT
    except SourceUnavailable:
        raise
    except SourceError:
        return False


async def open_repository(
    store: Store,
    shelf: Shelf,
    state: State,
    opening: Opening,
) -> ZarrSource:
    """The cube of a snapshot. Raises CatalogError, SourceError.

    Args:
        store: below the repository's URL.
        shelf: with the same root; says which virtual chunks may be read.
    """
    try:
        import icechunk
    except ImportError as error:
        raise CatalogError("Icechunk repositories need the package icechunk: install it") from error
    icechunk.set_logs_filter(LOGGED)
    branch = state.branch or BRANCH
    watch = await _watch(store, branch) if state.named in ([], ["branch"]) else Unchanging()
    where = _storage(shelf)
    with _opening_errors():
        known = await icechunk.Repository.fetch_config_async(where)
        containers = dict((known and known.virtual_chunk_containers) or {})
        config, credentials, refused = _containers(shelf, list(containers))
        repository = await icechunk.Repository.open_async(where, config, credentials)
        session = await repository.readonly_session_async(
            branch if state.named in ([], ["branch"]) else None,
            tag=state.tag,
            snapshot_id=state.snapshot,
        )
    objects = RepositoryObjects(shelf.root, session.store, store.traffic, session.snapshot_id)
    source = await open_objects(objects, session.snapshot_id, watch, opening)
    warnings = [text for text in source.cube.warnings if text != NOT_CONSOLIDATED]
    return replace(source, cube=replace(source.cube, warnings=(*refused, *warnings)))


@contextmanager
def _opening_errors() -> Iterator[None]:
    try:
        with _foreign_errors():
            yield
    except SourceUnavailable:
        raise
    except SourceError as error:
        raise CatalogError(f"{error}: check url, branch, tag and snapshot") from error


async def _watch(store: Store, branch: str) -> Watch:
    """Looks at the head of a branch, which each commit writes anew."""
    key = f"refs/branch.{branch}/ref.json"
    entry = await store.head(key)
    if entry is None:
        raise CatalogError(f"branch={branch!r}: no such branch in the repository")
    return ObjectsWatch(store, {key: entry.stamp})


def _storage(shelf: Shelf) -> Any:
    import icechunk

    if is_local(shelf.root):
        return icechunk.local_filesystem_storage(shelf.root)
    parts = urlsplit(shelf.root)
    if parts.scheme != "s3":
        raise CatalogError("url: Icechunk repositories are read from S3 and from disk only")
    told = shelf.storage or Storage()
    return icechunk.s3_storage(
        bucket=parts.netloc,
        prefix=parts.path.strip("/") or None,
        requester_pays=told.requester_pays,
        **_credentials(told),
        **_endpoint(told),
    )


def _endpoint(told: Storage) -> dict[str, Any]:
    is_own = (told.endpoint or "").startswith("http://127.0.0.1")
    return {
        "region": told.region or ("us-east-1" if told.endpoint else None),
        "endpoint_url": told.endpoint,
        "allow_http": told.allow_http or is_own,
        "force_path_style": told.path_style and told.endpoint is not None,
    }


def _credentials(told: Storage) -> dict[str, Any]:
    if told.anonymous:
        return {"anonymous": True}
    if told.access_key_id is None:
        return {"from_env": True}
    return {
        "access_key_id": told.access_key_id,
        "secret_access_key": told.secret_access_key,
        "session_token": told.session_token,
    }


def _containers(shelf: Shelf, prefixes: list[str]) -> tuple[Any, Any, list[str]]:
    """The places of virtual chunks that may be read, by our own endpoint and credentials, whatever
    the repository says of those; and what is said of the others."""
    import icechunk

    told = shelf.storage or Storage()
    config, refused = icechunk.RepositoryConfig.default(), []
    access: dict[str, Any] = {}
    for prefix in prefixes:
        local = is_local(prefix)
        place = urlsplit(prefix).path if local else prefix
        is_known = urlsplit(prefix).scheme in (("s3", "file") if is_local(shelf.root) else ("s3",))
        if not is_known or not shelf.may_read(place):
            refused.append(
                f"virtual chunks below {shown(prefix)} may not be read: add it to the dataset's "
                "references, if it is meant"
            )
            continue
        is_other = told.endpoint is not None
        container: Any = (
            icechunk.local_filesystem_store(place)
            if local
            else icechunk.s3_store(s3_compatible=is_other, **_endpoint(told))
        )
        config.set_virtual_chunk_container(icechunk.VirtualChunkContainer(prefix, container))
        access[prefix] = None if local else icechunk.s3_credentials(**_credentials(told))
    return config, icechunk.containers_credentials(access), refused
