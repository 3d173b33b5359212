"""Levels folders of xcube: Zarr stores `0.zarr`, `1.zarr`, … beside each other, finest first.

The first may be a link, `0.link`, that names another store (xcube Levels Format, 1.0 draft).
"""

from __future__ import annotations

import asyncio
import posixpath

from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.sources.storage.objects import Objects
from tileserver.sources.zarr.hierarchy import Hierarchy, join, parsed, read_hierarchy

MOST_LEVELS = 32
PROBED = 12  # of a store that cannot be listed: the thirteenth level of 2^23 cells has 2^11


async def read_store(store: Objects, group: str) -> Hierarchy:
    """The documents of a Zarr store, or of a levels folder. Raises CatalogError."""
    folder = group.strip("/")
    is_named = (folder or store.url.rstrip("/")).endswith(".levels")
    if is_named and (found := await read_levels(store, folder)) is not None:
        return found
    try:
        return await read_hierarchy(store, group)
    except CatalogError:
        found = None if is_named or folder else await read_levels(store, folder)
        if found is None:
            raise
        return found


async def read_levels(store: Objects, folder: str) -> Hierarchy | None:
    """The folder as one group whose levels are the stores in it; None where it holds none.

    Raises CatalogError for a link that leads out of the store.
    """
    about, link, numbers = await asyncio.gather(
        store.get(join(folder, ".zlevels")),
        store.get(join(folder, "0.link")),
        _numbers(store, folder),
    )
    told = (parsed(".zlevels", about) or {}).get("num_levels")
    if isinstance(told, int) and 0 < told <= MOST_LEVELS:
        numbers = list(range(told))
    paths = {number: join(folder, f"{number}.zarr") for number in numbers}
    if link is not None:
        paths[0] = _target(folder, link)
    read = await asyncio.gather(*(_level(store, path) for path in paths.values()))
    levels = [level for level in read if level is not None]
    if not levels:
        return None
    if levels[0].group != paths.get(0):
        raise CatalogError(f"no Zarr store at {paths.get(0, '0.zarr')!r}, the finest level")
    layout = [{"asset": level.group, "transform": {}} for level in levels]
    attrs = {path: each for level in levels for path, each in level.attrs.items()}
    return Hierarchy(
        arrays={path: each for level in levels for path, each in level.arrays.items()},
        attrs=attrs | {"": attrs[levels[0].group] | {"multiscales": {"layout": layout}}},
        consolidated=all(level.consolidated for level in levels),
    )


async def _numbers(store: Objects, folder: str) -> list[int]:
    """Which levels there are."""
    try:
        names = await store.children(folder)
    except SourceUnavailable:
        raise
    except SourceError:
        return list(range(PROBED))
    stems = [name.removesuffix(".zarr") for name in names if name.endswith(".zarr")]
    return sorted(int(stem) for stem in stems if stem.isdecimal() and stem.isascii())[:MOST_LEVELS]


async def _level(store: Objects, path: str) -> Hierarchy | None:
    try:
        return await read_hierarchy(store, path, inherits=False)
    except CatalogError:
        return None  # a level that was not written


def _target(folder: str, link: memoryview) -> str:
    """The path of the store that a link names, which counts from the folder."""
    text = bytes(link[:4096]).decode("utf-8", "replace").strip()
    path = posixpath.normpath(posixpath.join(folder, text))
    if "://" in text or path.startswith(("/", "..")) or path == ".":
        raise CatalogError(
            f"0.link names {text[:200]!r}, which does not lie below the dataset's url: register a "
            "folder that holds both and name the levels folder as its group, or copy it to 0.zarr"
        )
    return path
