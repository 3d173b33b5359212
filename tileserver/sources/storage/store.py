"""Object stores by name: S3, http(s) and local disk, all bytes through obstore."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

import obstore
from obstore.exceptions import GenericError
from obstore.store import HTTPStore, LocalStore
from obstore.store import ObjectStore as ObstoreStore

from tileserver.errors import SourceChanged, SourceError
from tileserver.sources.storage.fault import foreign_errors
from tileserver.sources.storage.objects import Part
from tileserver.sources.storage.ranges import Batch
from tileserver.sources.storage.traffic import Data, Traffic

if TYPE_CHECKING:  # these exist for type checkers only
    from obstore import GetOptions, GetResult, ObjectMeta

T = TypeVar("T")

PAUSE_S = 0.05  # before a first retry
OUT_OF_RANGE = re.compile(r"status code: 416|InvalidRange")
WHOLE = timedelta(seconds=1)
SETTLED = timedelta(seconds=5)
MOST_VERSIONS = 100_000  # of objects that are read in parts; 20 MB
CLOCKS_APART = timedelta(seconds=2)


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


class _Ends(SourceError):
    """An object has nothing from where a part of it is to begin."""


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

    async def get_part(self, key: str, start: int, stop: int | None) -> Part | None:
        """The bytes from start to stop, fewer or none where the object ends before that.

        A negative start counts from the end, and reads to it; else there is a stop.
        """
        part: GetOptions = {"range": {"suffix": -start} if stop is None else (start, stop)}
        nbytes = -start if stop is None else stop - start
        try:
            data, result = await self._answer(key, part, nbytes=nbytes)
        except _Ends:
            data, result = memoryview(b""), None
        entry = await self.head(key) if result is None else self._entry(result.meta)
        return None if data is None or entry is None else Part(data, entry.size, entry.version)

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
        names, _ = await self.folder(prefix)
        if self._noted is not None:
            self._noted.folders[prefix] = names
        return names

    async def folder(self, prefix: str = "") -> tuple[list[str], list[Entry]]:
        """The names of the folders directly below a prefix, and the objects there."""

        async def send() -> tuple[list[str], list[Entry]]:
            result = await obstore.list_with_delimiter_async(self.raw, prefix=prefix or None)
            names = (str(p).rstrip("/").rsplit("/", 1)[-1] for p in result["common_prefixes"])
            return sorted(names), [self._entry(meta) for meta in result["objects"]]

        return await self._ask(send)

    async def _get_range(self, key: str, start: int, stop: int) -> Data:
        if self._folder is not None:
            found = await self._read_on_disk(key, start, stop)
            if found is not None:
                return found
        return await self._read(key, {"range": (start, stop)}, nbytes=stop - start)

    async def _read_on_disk(self, key: str, start: int, stop: int) -> Data:
        """The same from a local disk in half the time; None where it is not there, or shorter."""
        self._stay(key)

        async def send() -> Data:
            return memoryview(await obstore.get_range_async(self.raw, key, start=start, end=stop))

        try:
            data = await self.traffic.read(send, nbytes=stop - start)
            # After reading: what takes its place before that is noticed.
            about = os.stat(f"{self._folder}/{key}")
        except (GenericError, OSError):
            return None
        tag = f'"{about.st_ino:x}-{about.st_mtime_ns // 1000:x}-{about.st_size:x}"'
        modified = datetime.fromtimestamp(about.st_mtime, UTC)
        self._check_version(key, tag, modified, in_parts=True)
        return data

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
        data, result = await self._answer(key, part, nbytes=nbytes, about=about, most=most)
        if self._noted is not None and result is not None:
            self._noted.versions[key] = self._entry(result.meta).stamp
        return data

    async def _answer(
        self,
        key: str,
        part: GetOptions | None,
        *,
        nbytes: int = 0,
        about: int = 0,
        most: int | None = None,
    ) -> tuple[Data, GetResult | None]:
        """The same, and what the store said of it; nothing of what is not there."""
        self._stay(key)
        answers: list[tuple[memoryview, GetResult]] = []

        async def send() -> Data:
            try:
                result = await obstore.get_async(self.raw, key, options=part)
                meta = result.meta  # made anew each time it is asked for
                self._check(key, meta, in_parts=part is not None)
                if most is not None and meta["size"] > most:
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
                raise _Ends("an object ends before what it should hold: copy it anew") from error
            answers.append((data, result))
            return data

        with foreign_errors():
            found = await self.traffic.read(self._whole(send), nbytes=nbytes, about=about)
        if found is None:
            return None, None
        return found, next(result for data, result in answers if data is found)

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
        self._check_version(key, version, meta["last_modified"], in_parts=in_parts)

    def _check_version(self, key: str, version: str, modified: datetime, *, in_parts: bool) -> None:
        known = self._versions.get(key) if in_parts else None
        if known is not None and known == version:
            return
        if known is None and not self._is_newer(modified):
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
