"""The objects that a document names by their URLs, as far as they may be read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from tileserver.errors import CatalogError, shown
from tileserver.sources.address import check_address
from tileserver.sources.storage.connection import Storage, is_local, open_store
from tileserver.sources.storage.store import Store
from tileserver.sources.storage.traffic import Traffic


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Opens the stores of URLs that lie beside a document, or below prefixes that were named.

    A document is written by others, and what it names is read with the credentials of the
    dataset's storage: so only from its own folder, by HTTP from its own host.

    Args:
        root: URL of the document, or its absolute path.
        base: the folder that relative paths of the catalogue count from.
        named: prefixes of URLs elsewhere that may be read, too.
        allowed: prefixes of which every URL must have one, if there are any.
        traffic: of the document's storage.
    """

    root: str
    base: Path
    storage: Storage | None = None
    named: Sequence[str] = ()
    allowed: Sequence[str] = ()
    traffic: Traffic | None = None
    changed: Callable[[], None] = lambda: None
    stores: dict[str, Store] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)

    def may_read(self, url: str) -> bool:
        """Whether a URL lies where the document may point to."""
        told = unquote(urlsplit(url).path)
        if ".." in told.split("/") or "\0" in told or not self._is_allowed(url):
            return False
        if any(_is_below(url, prefix) for prefix in self.named):
            return True
        if url.startswith(("http:", "https:")):
            return _place(url) == _place(self.root)
        return is_local(url) == is_local(self.root) and _is_below(url, _folder(self.root))

    def _is_allowed(self, url: str) -> bool:
        """Whether a URL has one of the prefixes that all must have."""
        prefixes = [
            f"{(self.base / prefix).absolute()}{'/' * prefix.endswith('/')}"
            if is_local(prefix)
            else prefix
            for prefix in self.allowed
        ]
        return not prefixes or url.startswith(tuple(prefixes))

    def check(self, url: str) -> None:
        """Raises CatalogError where an absolute URL may not be read."""
        if not self.may_read(url):
            if is_local(url):  # which folders a machine has is nobody's business
                raise CatalogError(
                    "the document points out of its folder, which the dataset may not read: add "
                    "that folder to the dataset's references, if it is meant"
                )
            folder = shown(url.partition("?")[0].rpartition("/")[0] + "/")
            raise CatalogError(
                f"the document points to {folder}, which the dataset may not read: add it to the "
                f"dataset's references, if it is meant, e.g. references: [{folder}]"
            )

    async def find(self, url: str) -> tuple[Store, str]:
        """The store and key of an absolute URL. Raises CatalogError where it may not be read."""
        self.check(url)
        folder, key = self._split(url)
        if folder not in self.stores:
            await self._check_host(url)
            shared = self.traffic if is_local(url) == is_local(self.root) else None
            self.stores[folder] = open_store(
                folder, self.storage, base=self.base, traffic=shared, changed=self.changed
            )
        return self.stores[folder], key

    async def _check_host(self, url: str) -> None:
        """Once for each: an API's pages and signed URLs may be thousands."""
        place = _place(url)
        if is_local(url) or place not in self.hosts:
            await check_address(url, self.storage)
            self.hosts.add(place)

    async def folder(self, url: str) -> Store:
        """The store below an absolute URL, such as one of Zarr. Raises CatalogError."""
        await self.find(url)
        shared = self.traffic if is_local(url) == is_local(self.root) else None
        return open_store(url, self.storage, base=self.base, traffic=shared, changed=self.changed)

    def _split(self, url: str) -> tuple[str, str]:
        """The folder, bucket or host of a URL that may be read, and the key there."""
        parts = urlsplit(url)
        if parts.query:  # of an API's page, or signed: it belongs to this one object
            return url, ""
        if not is_local(url):
            path = unquote(parts.path) if parts.scheme.startswith("http") else parts.path
            return _place(url), path.strip("/")
        # Of the whole folder that may be read, so that no link on the disk leads out of it.
        folder = next((each for each in self.named if _is_below(url, each)), _folder(self.root))
        return folder, parts.path.removeprefix(urlsplit(folder).path).strip("/")


def absolute(href: str, document: str) -> str:
    """A link of a document as a URL, or a path as the document's own is; without `..`."""
    if urlsplit(href).scheme:
        return href.removeprefix("file://")
    root = urlsplit(document)
    target = urlsplit(href)
    if href.startswith("//"):
        return f"{root.scheme}:{href}"
    path = root.path
    if target.path:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(root.path), target.path))
    return urlunsplit((root.scheme, root.netloc, path, target.query, ""))


def _place(url: str) -> str:
    """The bucket or host."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _folder(url: str) -> str:
    return url.rpartition("/")[0]


def _is_below(url: str, prefix: str) -> bool:
    """Whether a URL lies below a prefix, which ends with a whole name, and does not leave it."""
    if ".." in urlsplit(url).path.split("/"):
        return False
    stem = prefix.rstrip("/")
    return stem == "" or url == stem or url.startswith(f"{stem}/")
