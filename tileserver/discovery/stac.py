"""What a STAC catalogue, collection, API or search names: its collections, or items, as datasets.

A catalogue's children are followed, an API's collections paged through; items are not read where
links name them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from tileserver.discovery.found import Findings, Found, make_id
from tileserver.errors import CatalogError, SourceError, shown
from tileserver.sources.shelf import Shelf, absolute
from tileserver.sources.stac.document import (
    PAGE_ITEMS,
    links,
    next_pages,
    raw_links,
    read_document,
)
from tileserver.sources.stac.field import Json, mapping, sequence, text
from tileserver.sources.stac.item import Asset, read_assets
from tileserver.sources.storage.connection import is_local

Each = Literal["collection", "item"]
AT_ONCE = 16


@dataclass(slots=True, eq=False)
class Visit:
    """The way through the documents that a first one names.

    Args:
        each: what becomes a dataset; by default the collections of a catalogue or API, and the
            items of a collection or search.
    """

    shelf: Shelf
    findings: Findings
    each: Each | None = None
    _seen: set[str] = field(default_factory=set)

    async def go(self) -> None:
        """Look at all. Raises CatalogError, SourceError where the first document is none."""
        self.findings.may_look()
        root, url = await read_document(self.shelf, self.shelf.root), self.shelf.root
        self._seen.add(url)
        if root.get("type") == "Collection":
            await self._collection(root, url, self.each or "item")
        elif "features" in root:
            await self._pages(root, url, "item")
        elif "collections" in root or root.get("type") == "Catalog":
            await self._catalog(root, url)
        else:
            raise CatalogError(
                f"url: a document of type {shown(root.get('type'))}: expected a STAC Catalog, "
                "Collection, ItemCollection, or the address of an API"
            )

    async def _catalog(self, root: Json, url: str) -> None:
        """All collections below a catalogue, level by level."""
        level = [(root, url)]
        while level:
            named: list[str] = []
            for document, own in level:
                if "collections" in document:
                    await self._pages(document, own, "collections")
                elif document.get("type") == "Collection":
                    await self._collection(document, own, self.each or "collection")
                listed = links(document, "data", own)  # an API's, which are its children too
                named += listed[:1] or links(document, "child", own)
            level = await self._documents(named)

    async def _documents(self, urls: Sequence[str]) -> list[tuple[Json, str]]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(url: str) -> Json | None:
            async with slots:
                return await self._read(url)

        found = await asyncio.gather(*map(one, urls))
        return [(each, url) for each, url in zip(found, urls, strict=True) if each is not None]

    async def _collection(self, document: Json, url: str, each: Each) -> None:
        """A collection as one dataset, or its items; where its own assets are Zarr, these."""
        name = text(document.get("id")) or "collection"
        stores = [a for a in _assets(document, url) if a.kind == "zarr" and self._is_apt(a)]
        for asset in stores:
            own = name if len(stores) == 1 else f"{name}-{asset.key}"
            title = asset.title or text(document.get("title"))
            self.findings.add(Found(make_id(own), asset.urls[0].rstrip("/"), "zarr", title))
        if stores:
            return
        if each == "collection":
            self.findings.add(Found(make_id(name), url, "stac", text(document.get("title"))))
            return
        items = raw_links(document, "item")
        for link in items:
            address = absolute(text(link.get("href")) or "", url)
            stem = urlsplit(address).path.rpartition("/")[2].rpartition(".")[0]
            self._add(make_id(stem), address, text(link.get("title")))
        for pages in [] if items else links(document, "items", url)[:1]:
            asked = pages if "?" in pages else f"{pages}?limit={PAGE_ITEMS}"
            if (page := await self._read(asked)) is not None:
                await self._pages(page, asked, "item")

    def _is_apt(self, asset: Asset) -> bool:
        """Not a folder of this machine that somebody else's document names."""
        return not is_local(asset.urls[0]) or self.shelf.may_read(asset.urls[0])

    async def _pages(
        self, page: Json | None, url: str, kind: Literal["item", "collections"]
    ) -> None:
        """What a page and those after it hold."""
        while page is not None:
            if kind == "item":
                for each in sequence(page.get("features")):
                    self._item(mapping(each), url)
            else:
                for each in sequence(page.get("collections")):
                    await self._listed(mapping(each), url)
            following = next_pages(page, url)
            if not following and raw_links(page, "next"):
                self.findings.miss("what is told by POST only: name a search by its address")
            url = following[0] if following else ""
            page = await self._read(url) if url else None

    async def _listed(self, document: Json, url: str) -> None:
        """A collection in an API's list."""
        own = self._self(document, url)
        if own is None and (name := text(document.get("id"))):
            own = f"{url.partition('?')[0].rstrip('/')}/{name}"
        if own is not None:
            await self._collection(document, own, self.each or "collection")

    def _item(self, document: Json, url: str) -> None:
        name = text(document.get("id")) or "item"
        own = self._self(document, url)
        folder = next(iter(links(document, "collection", url)), None)
        if own is None and folder is not None and urlsplit(folder).scheme.startswith("http"):
            own = f"{folder.rstrip('/')}/items/{name}"
        if own is None:
            self.findings.miss(f"item {shown(name)}: it has no address of its own")
            return
        self._add(make_id(name), own, text(mapping(document.get("properties")).get("title")))

    def _self(self, document: Json, url: str) -> str | None:
        """A document's own address, if it is one that may be read."""
        told = links(document, "self", url)
        return next((each for each in told if self.shelf.may_read(each)), None)

    def _add(self, id: str, url: str, title: str | None) -> None:
        if self.shelf.may_read(url):
            self.findings.add(Found(id, url, "stac", title))
        else:
            self.findings.miss(f"item {shown(id)}: it lies elsewhere: discover it by its own url")

    async def _read(self, url: str) -> Json | None:
        """A document that another names; one that cannot be read harms no other."""
        if url in self._seen or not self.findings.may_look():
            return None
        self._seen.add(url)
        try:
            return await read_document(self.shelf, url)
        except (CatalogError, SourceError) as error:
            self.findings.miss(str(error).removeprefix("url: "))
            return None


def _assets(document: Json, url: str) -> Sequence[Asset]:
    try:
        return read_assets(document, url)
    except CatalogError:
        return ()
