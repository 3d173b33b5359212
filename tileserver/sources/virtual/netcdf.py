"""Opening NetCDF and HDF5 files: references are made from their metadata, the data stays there."""

from __future__ import annotations

from dataclasses import replace

from tileserver.errors import CatalogError
from tileserver.sources.storage.store import Store
from tileserver.sources.virtual.reference import ReferenceStore
from tileserver.sources.virtual.scanner import Scanner
from tileserver.sources.virtual.target import Beside, Reader
from tileserver.sources.virtual.tree import Virtual
from tileserver.sources.watch import ObjectsWatch, Watch
from tileserver.sources.zarr.array import ZarrSource
from tileserver.sources.zarr.cube import Opening, open_objects

MOST_NOTES = 20


async def open_netcdf(
    store: Store,
    key: str,
    opening: Opening,
) -> ZarrSource:
    """The cube in a file. Raises CatalogError, SourceError."""
    entry = await store.head(key)
    if entry is None:
        raise CatalogError("url: no such file")
    async with Scanner() as scanner:
        virtual = await scanner.scan(store, entry, key)
    watch = ObjectsWatch(store, {key: entry.stamp})
    return await open_virtual(virtual, store.url, Beside(store), watch.fingerprint, watch, opening)


async def open_virtual(
    virtual: Virtual,
    url: str,
    reader: Reader,
    version: str,
    watch: Watch,
    opening: Opening,
) -> ZarrSource:
    """The cube of arrays whose chunks lie elsewhere. Raises CatalogError, SourceError.

    Args:
        version, watch: of what the references were made of.
    """
    objects = ReferenceStore(url, virtual, reader)
    try:
        source = await open_objects(objects, version, watch, opening)
    except CatalogError as error:
        if not virtual.notes:
            raise
        raise CatalogError("; ".join([str(error), *virtual.notes[:MOST_NOTES]])) from error
    warnings = (*virtual.notes[:MOST_NOTES], *source.cube.warnings)
    return replace(source, cube=replace(source.cube, warnings=warnings))
