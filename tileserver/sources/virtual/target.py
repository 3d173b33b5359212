"""What references point to: files that the dataset may read, and nothing else.

A reference file says which bytes of which files are read, with the credentials of the dataset's
storage. So it is believed only as far as its own folder, or as far as the catalogue says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

from tileserver.errors import CatalogError, SourceError, shown
from tileserver.sources.shelf import Shelf, absolute
from tileserver.sources.storage.connection import SCHEMES, is_local
from tileserver.sources.storage.store import Store
from tileserver.sources.virtual.table import Reference

LARGEST_PART_NBYTES = 1 << 30


class Reader(Protocol):
    """Reads what references point to, if it is no more than the most. Raises SourceError."""

    async def read(self, reference: Reference, most: int | None = None) -> memoryview: ...


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """The files of one store, which references name by their keys."""

    store: Store

    async def read(self, reference: Reference, most: int | None = None) -> memoryview:
        """The bytes of a reference that was made here."""
        return await _part(self.store, reference.url, reference, most)


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Files by absolute URLs, one store for each bucket or host.

    Args:
        shelf: what may be read; its root is the reference file.
    """

    shelf: Shelf

    def resolve(self, url: str) -> str:
        """A URL of a reference, absolute. Raises CatalogError where it may not be read."""
        parts = urlsplit(url)
        if parts.scheme and parts.scheme not in SCHEMES:
            raise CatalogError(
                f"the references point to {shown(parts.scheme)}://, which is not read: expected "
                f"{', '.join(SCHEMES)}"
            )
        path = unquote(parts.path) if parts.scheme in ("http", "https") else parts.path
        is_odd = path.startswith("/vsi") or any(each in (".", "..") for each in path.split("/"))
        if is_odd or parts.query or parts.fragment or any(c in url for c in "\\\0"):
            raise CatalogError("the references point to what is no plain path: write them anew")
        found = absolute(url, self.shelf.root)
        is_path = parts.scheme == "file" or (not parts.scheme and url.startswith("/"))
        if is_path and not is_local(self.shelf.root):
            raise CatalogError("the references point to local files: write them with their URLs")
        allowed = self.shelf.allowed
        if allowed and not any(found.startswith(prefix) for prefix in allowed):
            raise CatalogError("the references point below none of TILESERVER_ALLOWED_URLS")
        self.shelf.check(found)
        return found

    async def open(self, urls: Iterable[str]) -> None:
        """Look at the hosts of resolved URLs. Raises CatalogError for one that may not be read."""
        for url in {"://".join(urlsplit(url)[:2]): url for url in urls}.values():
            await self.shelf.find(url)

    async def read(self, reference: Reference, most: int | None = None) -> memoryview:
        """The bytes that a resolved reference names. Raises SourceError."""
        try:
            store, key = await self.shelf.find(reference.url)
        except CatalogError as error:
            raise SourceError(str(error)) from error
        return await _part(store, key, reference, most)


async def _part(
    store: Store, key: str, reference: Reference, most: int | None = None
) -> memoryview:
    start, stop = reference.start, reference.stop
    largest = LARGEST_PART_NBYTES if most is None else most
    if stop is None:
        data = await store.get(key, most=largest)
    elif 0 <= start <= stop < 1 << 63 and stop - start <= largest:
        data = await store.get_range(key, start, stop)
    else:
        raise SourceError("a reference names no part that can be read: write them anew")
    if data is None:
        raise SourceError("a file that the references point to is gone: write them anew")
    if stop is not None and data.nbytes < stop - start:
        raise SourceError("a file that the references point to is too short: write them anew")
    return data
