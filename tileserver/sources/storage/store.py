"""Object stores by name: S3, http(s) and local disk, all bytes through obstore."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, GenericError
from obstore.store import HTTPStore, LocalStore, S3Store
from obstore.store import ObjectStore as ObstoreStore

from tileserver.errors import CatalogError, SourceChanged, SourceError
from tileserver.sources.storage.fault import foreign_errors
from tileserver.sources.storage.ranges import Batch
from tileserver.sources.storage.traffic import DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT_S, Data, Traffic

if TYPE_CHECKING:  # these exist for type checkers only
    from obstore import GetOptions, GetResult, ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config

T = TypeVar("T")

PAUSE_S = 0.05  # before a first retry
OUT_OF_RANGE = re.compile(r"status code: 416|InvalidRange")
WHOLE = timedelta(seconds=1)
SETTLED = timedelta(seconds=5)
MOST_VERSIONS = 100_000  # of objects that are read in parts; 20 MB
CLOCKS_APART = timedelta(seconds=2)
SCHEMES = ("s3", "http", "https", "file")


@dataclass(frozen=True, slots=True)
class Storage:
    """Named access to object stores, from the catalogue.

    Args:
        endpoint: of an S3 service; None for AWS.
        access_key_id, secret_access_key, session_token: None to take them from the environment
            as the AWS tools do.
        anonymous: requests are not signed.
        allow_private: an http(s) dataset may lie on a private address.
        path_style: the bucket stands in the path, not in the host name.
        requester_pays: the account that asks pays for the transfer.
        connections, requests_per_minute, bytes_per_s: what all datasets that name it may ask of
            it together; None for no limit.
        timeout_s: for one request with all its retries, and for the wait until its turn.
    """

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    anonymous: bool = False
    allow_http: bool = False
    allow_private: bool = False
    path_style: bool = True
    requester_pays: bool = False
    connections: int = DEFAULT_CONNECTIONS
    requests_per_minute: int | None = None
    bytes_per_s: float | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S

    def part(self, workers: int) -> Storage:
        """With the part of its limits that one of several processes may use."""
        requests, rate = self.requests_per_minute, self.bytes_per_s
        return replace(
            self,
            connections=max(1, self.connections // workers),
            requests_per_minute=None if requests is None else max(1, requests // workers),
            bytes_per_s=None if rate is None else rate / workers,
        )

    def traffic(self) -> Traffic:
        """The way to it, to be made once and shared."""
        return Traffic(
            connections=self.connections,
            requests_per_minute=self.requests_per_minute,
            bytes_per_s=self.bytes_per_s,
            timeout_s=self.timeout_s,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as it was when the store was asked.

    `version` changes with its content; `stamp` also when the same is written anew.
    """

    key: str
    size: int
    version: str
    stamp: str = ""


@dataclass(slots=True, eq=False)
class Noted:
    """Documents that were read, `Entry.stamp` by key; the folders in folders that were listed."""

    versions: dict[str, str] = field(default_factory=dict)
    folders: dict[str, list[str]] = field(default_factory=dict)


class Store:
    """The objects below one URL, by key relative to it; bytes are views of the store's buffers.

    Raises SourceError (denied, refused), SourceUnavailable (no answer in time), SourceChanged; an
    object that is not there is None. All parts of an object are of one version of it, and objects
    that were written after the store was opened are not read, as far as clocks tell.

    Args:
        traffic: of the storage that it lies in; by default its own.
        changed: called before SourceChanged is raised.
    """

    def __init__(
        self,
        store: ObstoreStore,
        url: str,
        traffic: Traffic | None = None,
        changed: Callable[[], None] = lambda: None,
    ):
        self.url = url
        self.raw = store
        self.traffic = traffic or Traffic()
        self.opened = datetime.now(UTC)
        self._changed = changed
        self._versions: dict[str, str] = {}  # of objects that are read in parts
        self._batch = Batch(self._get_range)
        self._noted: Noted | None = None
        self._folder = str(store.prefix) if isinstance(store, LocalStore) else None
        self._inside: set[str] = set()  # folders that are known to lie in ours

    @contextmanager
    def noting(self) -> Iterator[Noted]:
        """Notes the versions of all that is read whole, and what is listed, meanwhile."""
        self._noted = Noted()
        try:
            yield self._noted
        finally:
            self._noted = None

    async def get(self, key: str, *, about: int = 0, most: int | None = None) -> memoryview | None:
        """A whole object, of about so many bytes; SourceError where it has more than the most."""

        return await self._read(key, about=about, most=most)

    async def get_range(self, key: str, start: int, stop: int) -> memoryview | None:
        """The bytes from start to stop of an object, read with those asked for at the same time."""
        return await self._batch.get(key, start, stop)

    async def get_ranges(self, key: str, ranges: Sequence[tuple[int, int]]) -> list[memoryview]:
        """Several ranges of an object; neighbours are read together."""
        found = await asyncio.gather(*(self._batch.get(key, *each) for each in ranges))
        parts = [part for part in found if part is not None]
        if len(parts) < len(ranges):
            self._changed()
            raise SourceChanged("an object is gone: it was there when it was opened")
        return parts

    async def get_suffix(self, key: str, length: int) -> memoryview | None:
        """The last bytes of an object."""
        return await self._read(key, {"range": {"suffix": length}}, nbytes=length)

    async def head(self, key: str) -> Entry | None:
        """Size and version of an object."""

        self._stay(key)

        async def send() -> Entry | None:
            try:
                return self._entry(await obstore.head_async(self.raw, key))
            except FileNotFoundError:
                return None

        return await self._ask(send)

    async def entries(self, prefix: str = "") -> list[Entry]:
        """All objects below a prefix; SourceError where the store cannot list."""

        async def send() -> list[Entry]:
            found = []
            async for batch in obstore.list(self.raw, prefix=prefix or None):
                found += [self._entry(meta) for meta in batch]
            return found

        return await self._ask(send)

    async def children(self, prefix: str = "") -> list[str]:
        """The names of the folders directly below a prefix."""

        async def send() -> list[str]:
            result = await obstore.list_with_delimiter_async(self.raw, prefix=prefix or None)
            return sorted(str(p).rstrip("/").rsplit("/", 1)[-1] for p in result["common_prefixes"])

        names = await self._ask(send)
        if self._noted is not None:
            self._noted.folders[prefix] = names
        return names

    async def _get_range(self, key: str, start: int, stop: int) -> Data:
        return await self._read(key, {"range": (start, stop)}, nbytes=stop - start)

    async def _read(
        self,
        key: str,
        part: GetOptions | None = None,
        *,
        nbytes: int = 0,
        about: int = 0,
        most: int | None = None,
    ) -> Data:
        """An object or a part of it, of the state that was opened."""
        self._stay(key)
        answers: list[tuple[memoryview, GetResult]] = []

        async def send() -> Data:
            try:
                result = await obstore.get_async(self.raw, key, options=part)
                self._check(key, result.meta, in_parts=part is not None)
                if most is not None and result.meta["size"] > most:
                    raise SourceError(f"an object is larger than the {most} bytes it may have")
                data = memoryview(await result.bytes_async())
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise SourceError("the bucket does not exist: check url") from error
                return None
            except GenericError as error:
                if part is None or not OUT_OF_RANGE.search(str(error)):
                    raise
                self._check(key, await obstore.head_async(self.raw, key), in_parts=True)
                raise SourceError(
                    "an object ends before what it should hold: copy it anew"
                ) from error
            answers.append((data, result))
            return data

        with foreign_errors():
            found = await self.traffic.read(self._whole(send), nbytes=nbytes, about=about)
        if self._noted is not None and found is not None:
            read = next(result for data, result in answers if data is found)
            self._noted.versions[key] = self._entry(read.meta).stamp
        return found

    def _stay(self, key: str) -> None:
        """Raise SourceError where symbolic links on a local disk lead out of the store's folder."""
        if self._folder is None:
            return
        path = f"{self._folder}/{key}"
        parent = path.rpartition("/")[0]
        if parent in self._inside and not os.path.islink(path):
            return
        for each in (parent, path):
            if os.path.commonpath([os.path.realpath(each), self._folder]) != self._folder:
                raise SourceError(
                    "a link leads out of the folder: copy the files into it, or register theirs"
                )
        if len(self._inside) < MOST_VERSIONS:
            self._inside.add(parent)

    def _check(self, key: str, meta: ObjectMeta, *, in_parts: bool) -> None:
        """Raise SourceChanged where an answer is not of the state that was opened."""
        version = meta["e_tag"] or str(meta["size"])
        known = self._versions.get(key) if in_parts else None
        if known is not None and known == version:
            return
        if known is None and not self._is_newer(meta["last_modified"]):
            if in_parts:
                self._versions[key] = version
                if len(self._versions) > MOST_VERSIONS:
                    del self._versions[next(iter(self._versions))]
            return
        self._changed()
        raise SourceChanged("the data was written anew meanwhile: try again in a moment")

    def _is_newer(self, modified: datetime) -> bool:
        """Whether an object was written since the store was opened.

        Not where a clock is far off, and not by HTTP, where some servers say that all is of now.
        Most stores tell whole seconds: what may have been written in that of the opening counts as
        newer later on, as at once it would each time that the dataset is opened anew.
        """
        if modified <= self.opened - WHOLE or isinstance(self.raw, HTTPStore):
            return False
        now = datetime.now(UTC)
        whole = not modified.microsecond and now - self.opened > SETTLED
        return self.opened < modified + whole * WHOLE <= now + CLOCKS_APART

    def _whole(self, send: Callable[[], Awaitable[Data]]) -> Callable[[], Awaitable[Data]]:
        """Sends again what was cut off: obstore goes on only with objects that have an ETag."""

        async def sent() -> Data:
            begun = time.monotonic()
            while True:
                try:
                    return await send()
                except GenericError as error:
                    late = time.monotonic() - begun > self.traffic.timeout_s / 3
                    if late or "response body error" not in str(error):
                        raise
                    await asyncio.sleep(PAUSE_S)

        return sent

    async def _ask(self, send: Callable[[], Awaitable[T]]) -> T:
        with foreign_errors():
            return await self.traffic.ask(send)

    def _entry(self, meta: ObjectMeta) -> Entry:
        tag, modified = meta["e_tag"], meta["last_modified"]
        if isinstance(self.raw, LocalStore):  # its tags hold inodes, which copies do not share
            stamp = f"{modified.isoformat()} {meta['size']}"
        else:  # listings have milliseconds, other answers do not
            stamp = f"{tag} {modified.isoformat(timespec='seconds')}"
        return Entry(meta["path"], meta["size"], tag or modified.isoformat(), stamp)


def open_store(
    url: str,
    storage: Storage | None = None,
    *,
    base: Path | None = None,
    traffic: Traffic | None = None,
    changed: Callable[[], None] = lambda: None,
) -> Store:
    """The store below a URL: s3://bucket/prefix, http(s)://…, file:///… or a path.

    Args:
        base: the folder that relative paths count from.
        traffic: what is shared with other stores of the storage; by default nothing is.
        changed: as of Store.

    Raises CatalogError for a URL that cannot be used.
    """
    storage = storage or Storage()
    parts = urlsplit(url)
    if is_local(url):
        path = (base or Path()) / Path(parts.path)
        if not path.exists():
            raise CatalogError("url: no such file or folder")
        folder = path if path.is_dir() else path.parent
        return Store(LocalStore(folder.resolve()), url, traffic or disk_traffic(), changed)
    traffic = traffic or storage.traffic()
    if parts.scheme == "s3":
        return Store(_s3(parts.netloc, parts.path, storage), url, traffic, changed)
    if parts.scheme in ("http", "https"):
        store = HTTPStore.from_url(
            url,
            client_options=_client(storage, allow_http=parts.scheme == "http"),
            retry_config=_retry(storage),
        )
        return Store(store, url, traffic, changed)
    raise CatalogError(f"url: expected a path or one of {', '.join(SCHEMES)}")


def is_local(url: str) -> bool:
    """Whether a URL or path is one of this machine."""
    return urlsplit(url).scheme in ("", "file")


def disk_traffic() -> Traffic:
    """The way to local disks: what is late there is not quicker when it is asked for twice."""
    return Traffic(hedging=False)


def fetch(url: str) -> bytes:
    """One object at once, before there is an event loop. Raises CatalogError, SourceError."""
    folder, _, name = url.rpartition("/")
    try:
        return bytes(obstore.get(open_store(folder).raw, name).bytes())
    except FileNotFoundError as error:
        raise CatalogError(f"{url}: no such object") from error
    except (BaseError, OSError) as error:
        raise CatalogError(f"{url}: cannot be read ({type(error).__name__})") from error


def _s3(bucket: str, prefix: str, storage: Storage) -> S3Store:
    if not bucket:
        raise CatalogError("url: expected s3://bucket/prefix")
    local = (storage.endpoint or "").startswith("http://127.0.0.1")
    # Without an endpoint of its own the environment names one, as it does for the AWS tools.
    allow_http = storage.allow_http or local or storage.endpoint is None
    given = {
        "endpoint": storage.endpoint,
        "region": storage.region or ("us-east-1" if storage.endpoint else None),
        "access_key_id": storage.access_key_id,
        "secret_access_key": storage.secret_access_key,
        "session_token": storage.session_token,
        "skip_signature": storage.anonymous or None,
        "request_payer": storage.requester_pays or None,
        "virtual_hosted_style_request": None if storage.path_style else True,
    }
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        config=cast("S3Config", {k: v for k, v in given.items() if v is not None}),
        client_options=_client(storage, allow_http=allow_http),
        retry_config=_retry(storage),
    )


def _client(storage: Storage, *, allow_http: bool) -> ClientConfig:
    return {
        "timeout": f"{storage.timeout_s:g}s",
        # An answer that stops coming is retried while there is time for it.
        "read_timeout": f"{storage.timeout_s / 3:g}s",
        "connect_timeout": "3s",
        "allow_http": allow_http,
        "pool_max_idle_per_host": str(storage.connections),
    }


def _retry(storage: Storage) -> RetryConfig:
    """Retries, the first ones quick: a tile is worth seconds, not obstore's three minutes."""
    return {
        "max_retries": 8,
        "retry_timeout": timedelta(seconds=storage.timeout_s),
        "backoff": {
            "init_backoff": timedelta(seconds=PAUSE_S),
            "max_backoff": timedelta(seconds=1),
            "base": 2,
        },
    }
