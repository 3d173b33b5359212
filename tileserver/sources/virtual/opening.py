"""Which files hold references, or arrays to make them of; opening those of references."""

from __future__ import annotations

import asyncio

from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.sources.shelf import Shelf
from tileserver.sources.storage.store import Store
from tileserver.sources.virtual.kerchunk import (
    PEEKED_NBYTES,
    is_kerchunk,
    read_kerchunk,
    read_text,
)
from tileserver.sources.virtual.netcdf import open_virtual
from tileserver.sources.virtual.parquet import METADATA, read_parquet
from tileserver.sources.virtual.table import ChunkTable
from tileserver.sources.virtual.target import Targets
from tileserver.sources.watch import ObjectsWatch
from tileserver.sources.zarr.array import ZarrSource
from tileserver.sources.zarr.cube import Opening


async def holds_references(store: Store, key: str) -> bool:
    """Whether a JSON file is of references, by a look at its front."""
    if key.endswith(".zst"):
        return True
    try:
        head = await store.get_range(key, 0, PEEKED_NBYTES)
    except SourceUnavailable:
        raise
    except SourceError:  # of servers that give no parts, as they need not for other documents
        return False
    return head is not None and is_kerchunk(bytes(head))


async def open_kerchunk(
    store: Store,
    key: str,
    shelf: Shelf,
    opening: Opening,
) -> ZarrSource:
    """The cube that a JSON file refers to. Raises CatalogError, SourceError."""
    entry = await store.head(key)
    if entry is None:
        raise CatalogError("url: no such file")
    targets = Targets(shelf)
    text = await read_text(store, entry)
    virtual = await asyncio.to_thread(read_kerchunk, text, targets)
    tables = [each.chunks for each in virtual.arrays.values()]
    urls = {url for each in tables if isinstance(each, ChunkTable) for url in each.urls}
    await targets.open(urls)
    watch = ObjectsWatch(store, {key: entry.stamp})
    return await open_virtual(virtual, shelf.root, targets, watch.fingerprint, watch, opening)


async def open_parquet(
    store: Store,
    shelf: Shelf,
    opening: Opening,
) -> ZarrSource:
    """The cube that a folder of Parquet files refers to. Raises CatalogError, SourceError."""
    targets = Targets(shelf)
    with store.noting() as noted:
        virtual = await read_parquet(store, targets)
    watch = ObjectsWatch(store, {METADATA: noted.versions[METADATA]})
    return await open_virtual(virtual, shelf.root, targets, watch.fingerprint, watch, opening)
