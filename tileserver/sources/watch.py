"""Whether what was read when a source was opened is still what the store holds.

The cheapest check that tells: of a consolidated Zarr store or a GeoTIFF one HEAD request, of a
stack one listing. A HEAD rather than a GET with If-None-Match, as the ETag of S3 is a hash: an
object that is written anew with the same bytes, as metadata is when a cube gets other values of
the same shape, differs in nothing but its time.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tileserver.sources.storage.store import Entry, Noted, Store

MOST_REQUESTS = 16  # of one check; of more objects that many are looked at, others each time


class Watch(Protocol):
    """Looks at what a source was made of.

    `is_current` is False when anything that was read at opening has changed or is gone; it raises
    SourceError where the store does not say.
    """

    async def is_current(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Unchanging:
    """Of a source that cannot change, such as one in memory."""

    async def is_current(self) -> bool:
        """It is."""
        return True


@dataclass(frozen=True, slots=True, eq=False)
class ObjectsWatch:
    """Looks at single objects.

    Args:
        versions: `Entry.stamp` of each when it was read, by its key.
    """

    store: Store
    versions: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """The same in every process that has read the same versions."""
        return digest([f"{key} {version}" for key, version in sorted(self.versions.items())])

    async def is_current(self) -> bool:
        """One HEAD request for each object, but not more than MOST_REQUESTS."""
        keys = list(self.versions)
        if len(keys) > MOST_REQUESTS:
            keys = random.sample(keys, MOST_REQUESTS)
        found = await asyncio.gather(*(self.store.head(key) for key in keys))
        return all(
            entry is not None and entry.stamp == self.versions[key]
            for key, entry in zip(keys, found, strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class FoldersWatch:
    """Looks whether folders have the same folders in them: names by prefix."""

    store: Store
    names: Mapping[str, Sequence[str]]

    async def is_current(self) -> bool:
        """One listing for each."""
        found = await asyncio.gather(*(self.store.children(prefix) for prefix in self.names))
        return all(
            list(now) == list(then) for now, then in zip(found, self.names.values(), strict=True)
        )


@dataclass(frozen=True, slots=True, eq=False)
class ListingWatch:
    """Looks at all objects below a prefix whose keys match: new ones, other ones, missing ones.

    Args:
        fingerprint: `of_entries` of those that were there.
        wanted: whether a key counts; default: all do.
    """

    store: Store
    prefix: str
    fingerprint: str
    wanted: Callable[[str], object] = bool

    async def is_current(self) -> bool:
        """One request for each thousand objects."""
        entries = [
            entry for entry in await self.store.entries(self.prefix) if self.wanted(entry.key)
        ]
        return of_entries(entries) == self.fingerprint


@dataclass(frozen=True, slots=True, eq=False)
class AllWatches:
    """Current while all of several are."""

    watches: Sequence[Watch]

    async def is_current(self) -> bool:
        """All are asked at once."""
        return all(await asyncio.gather(*(watch.is_current() for watch in self.watches)))


def of_documents(
    store: Store, noted: Noted, *, consolidated: bool, heads: Sequence[str] = ()
) -> ObjectsWatch:
    """Looks at the documents of a hierarchy, of consolidated ones at that which readers go by: of
    these groups, if they are given."""
    named = list(noted.versions)
    if heads:
        named = [key for key in named if key.rpartition("/")[0] in heads]
    if consolidated:
        named = [key for key in named if key.endswith(".zmetadata")] or [
            key for key in named if key.endswith("zarr.json")
        ]
    return ObjectsWatch(store, {key: noted.versions[key] for key in named})


def of_hierarchy(
    store: Store, noted: Noted, *, consolidated: bool, heads: Sequence[str] = ()
) -> Watch:
    """The same; where metadata is not consolidated for arrays that are new, too."""
    documents = of_documents(store, noted, consolidated=consolidated, heads=heads)
    if consolidated or not noted.folders:
        return documents
    return AllWatches((documents, FoldersWatch(store, noted.folders)))


def of_entries(entries: Sequence[Entry]) -> str:
    """Changes with any object's key, size or version, not with their order."""
    ordered = sorted(entries, key=lambda entry: entry.key)
    return digest([f"{entry.key}\n{entry.size}\n{entry.version}" for entry in ordered])


def digest(parts: Sequence[str]) -> str:
    """A short text for many."""
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()
