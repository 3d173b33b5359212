"""Finding the Items of a STAC document: itself, its features, its links, the pages of an API."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import orjson

from tileserver.errors import CatalogError, shown
from tileserver.sources.shelf import Shelf, absolute
from tileserver.sources.stac.field import Json, mapping, sequence, text
from tileserver.sources.stac.item import Asset, read_assets
from tileserver.sources.stac.location import Chooser
from tileserver.sources.storage.connection import is_local
from tileserver.sources.storage.store import Store
from tileserver.sources.watch import MOST_REQUESTS, AllWatches, ObjectsWatch, Watch, digest

MOST_ITEMS = 10_000
MOST_PAGES = 1000
LARGEST_BYTES = 64 << 20
PAGE_ITEMS = 200  # asked of an API, unless its link says how many
AT_ONCE = 32


@dataclass(slots=True, eq=False)
class Documents:
    """The items of a document, and what was read for them.

    Args:
        root: the document itself.
        items: each with the URL that its links count from.
        hashes: of each document's bytes by its URL.
        whole: assets of a collection that hold all of its data, so that items are not looked for.
    """

    root: Json
    items: list[tuple[Json, str]] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    whole: list[Asset] = field(default_factory=list)
    places: dict[str, tuple[Store, str]] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Changes with any document."""
        return digest([f"{url} {hashed}" for url, hashed in sorted(self.hashes.items())])

    @property
    def watch(self) -> Watch:
        """Of some of the documents, the root first: by their versions, where there are such."""
        stamped: dict[Store, dict[str, str]] = {}
        for url, stamp in self.stamps.items():
            store, key = self.places[url]
            stamped.setdefault(store, {})[key] = stamp
        watches: list[Watch] = [ObjectsWatch(store, known) for store, known in stamped.items()]
        others = [url for url in self.hashes if url.startswith("http")][:MOST_REQUESTS]
        watches += [ContentWatch(*self.places[url], self.hashes[url]) for url in others]
        return AllWatches(watches)


@dataclass(frozen=True, slots=True, eq=False)
class ContentWatch:
    """Reads a document anew, of servers that tell no version of it."""

    store: Store
    key: str
    hashed: str

    async def is_current(self) -> bool:
        """One request for the whole."""
        data = await self.store.get(self.key, most=LARGEST_BYTES)
        return data is not None and _hash(data) == self.hashed


async def read_documents(shelf: Shelf, chosen: Sequence[str] = ()) -> Documents:
    """All items below the shelf's root. Raises CatalogError, SourceError.

    Args:
        chosen: keys of assets; else all that hold data.
    """
    found = Documents({})
    found.root = await _read(shelf, shelf.root, found)
    kind = found.root.get("type")
    if kind == "Feature":
        found.items.append((found.root, shelf.root))
    elif kind == "FeatureCollection":
        await _follow(shelf, found.root, shelf.root, found)
    elif kind == "Collection":
        assets = read_assets(found.root, shelf.root, chosen)
        chooser = Chooser(shelf)
        cubes = [a for a in assets if a.kind == "zarr" and chooser.may_read(a.locations)]
        found.whole = cubes[:1]  # the same in other places are further on
        if found.whole:
            return found
        await _collection(shelf, found)
    else:
        raise CatalogError(
            f"url: a STAC document of type {shown(kind)}: expected an Item, an ItemCollection or a "
            "Collection with items; of a Catalog register one of its collections"
        )
    if not found.items:
        raise CatalogError("url: the STAC document has no items")
    return found


async def _collection(shelf: Shelf, found: Documents) -> None:
    named = links(found.root, "item", shelf.root)
    if len(named) > MOST_ITEMS:
        raise _too_many()
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(url: str) -> tuple[Json, str]:
        async with slots:
            return await _read(shelf, url, found), url

    found.items += await asyncio.gather(*map(one, named))
    pages = [] if named else links(found.root, "items", shelf.root)
    for url in pages[:1]:
        query = parse_qs(urlsplit(url).query)
        asked = url if "limit" in query else f"{url}{'&' if query else '?'}limit={PAGE_ITEMS}"
        await _follow(shelf, await _read(shelf, asked, found), asked, found)


async def _follow(shelf: Shelf, page: Json, url: str, found: Documents) -> None:
    """The features of a page and of those after it."""
    seen = {url}
    while True:
        found.items += [(mapping(each), url) for each in sequence(page.get("features"))]
        if len(found.items) > MOST_ITEMS:
            raise _too_many()
        following = next_pages(page, url)
        if not following:
            if raw_links(page, "next"):
                found.warnings.append("more items are told by POST only, and are left out")
            return
        url = following[0]
        if url in seen or len(seen) >= MOST_PAGES:
            raise CatalogError("url: the pages of the STAC API do not come to an end")
        seen.add(url)
        page = await _read(shelf, url, found)


def next_pages(page: Json, url: str) -> list[str]:
    """Where an API's next page is, if it can be had by GET."""
    told = [each for each in raw_links(page, "next") if each.get("method", "GET") == "GET"]
    return [absolute(text(each.get("href")) or "", url) for each in told]


def _too_many() -> CatalogError:
    return CatalogError(
        f"url: more than {MOST_ITEMS} items: narrow them, e.g. by bbox and datetime in the url of "
        "the API's items"
    )


def raw_links(document: Json, relation: str) -> list[Json]:
    """The links of a relation, as they are."""
    found = (mapping(link) for link in sequence(document.get("links")))
    return [link for link in found if link.get("rel") == relation and text(link.get("href"))]


def links(document: Json, relation: str, url: str) -> list[str]:
    """Where the links of a relation lead, absolute, each once."""
    hrefs = (text(link.get("href")) for link in raw_links(document, relation))
    return list(dict.fromkeys(absolute(href, url) for href in hrefs if href is not None))


async def _read(shelf: Shelf, url: str, found: Documents) -> Json:
    store, key = await shelf.find(url)
    # Read before the document is, so that one that is written anew meanwhile is seen to be.
    looked_at = len(found.stamps) < MOST_REQUESTS and not url.startswith("http")
    entry = await store.head(key) if looked_at else None
    data = await store.get(key, most=LARGEST_BYTES)
    if data is None:
        raise CatalogError(f"url: {_named(url)}: no such object")
    found.places[url], found.hashes[url] = (store, key), _hash(data)
    if entry is not None:
        found.stamps[url] = entry.stamp
    return await _parsed(data, url)


async def read_document(shelf: Shelf, url: str) -> Json:
    """One document, of which nothing is kept. Raises CatalogError, SourceError."""
    store, key = await shelf.find(url)
    data = await store.get(key, most=LARGEST_BYTES)
    if data is None:
        raise CatalogError(f"url: {_named(url)}: no such object")
    return await _parsed(data, url)


async def _parsed(data: memoryview, url: str) -> Json:
    """A document's text. Raises CatalogError."""
    try:
        document = await asyncio.to_thread(orjson.loads, data)
    except orjson.JSONDecodeError as error:
        raise CatalogError(f"url: {_named(url)}: it is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise CatalogError(f"url: {_named(url)}: expected a STAC document, a JSON object")
    return document


def _named(url: str) -> str:
    """A document as messages call it: without the folders of this machine."""
    return shown(url.rpartition("/")[2] if is_local(url) else url)


def _hash(data: memoryview) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()
