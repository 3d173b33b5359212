"""Which kind of source a URL is, and opening it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.errors import CatalogError
from tileserver.sources.address import check_address
from tileserver.sources.manifest import folder_of
from tileserver.sources.optimized import with_copies
from tileserver.sources.shelf import Shelf
from tileserver.sources.source import Source
from tileserver.sources.stac.cube import Opener, is_stac
from tileserver.sources.storage.connection import Storage, is_local, open_store
from tileserver.sources.storage.store import Store
from tileserver.sources.storage.traffic import Traffic
from tileserver.sources.tiff.cog import open_cog
from tileserver.sources.tiff.filetime import match_times
from tileserver.sources.tiff.stack import open_stack
from tileserver.sources.virtual.netcdf import open_netcdf
from tileserver.sources.virtual.netcdf_stack import open_netcdf_stack
from tileserver.sources.virtual.opening import holds_references, open_kerchunk, open_parquet
from tileserver.sources.virtual.repository import State, is_repository, open_repository
from tileserver.sources.zarr.cube import Opening, open_zarr

TIFF_SUFFIXES = (".tif", ".tiff", ".cog", ".gtiff")
NETCDF_SUFFIXES = (".nc", ".nc3", ".nc4", ".cdf", ".h5", ".hdf5", ".he5", ".hdf")
JSON_SUFFIXES = (".json", ".json.zst")  # of references; STAC documents may end so too
PARQUET_SUFFIXES = (".parq", ".parquet")
WILDCARDS = "*?["


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a dataset comes from, as its catalogue entry says.

    Args:
        urls: one URL, which may hold wildcards; or those of a stack.
        times: of a stack's URLs, ISO 8601; else they are found by `time_pattern`.
        base: the folder that relative paths count from.
        assets: of STAC items, those that become variables; else all that hold data.
        references: prefixes of what a document may name beside what lies in its own folder.
        branch, tag, snapshot: of an Icechunk repository: the state that is served.
        allowed: prefixes of which URLs must have one, if there are any.
        optimized: folder of the copies that belong to it; None for that beside it, False for none.
        changed: called when a read finds that something was written anew since it was opened.
    """

    urls: tuple[str, ...]
    base: Path
    storage: Storage | None = None
    group: str = ""
    crs: str | None = None
    times: tuple[str, ...] | None = None
    time_pattern: str | None = None
    assets: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    branch: str | None = None
    tag: str | None = None
    snapshot: str | None = None
    allowed: tuple[str, ...] = ()
    optimized: str | Literal[False] | None = None
    changed: Callable[[], None] = lambda: None

    def store(self, url: str, traffic: Traffic | None) -> Store:
        """The store below a URL. Raises CatalogError."""
        return open_store(url, self.storage, base=self.base, traffic=traffic, changed=self.changed)


async def open_source(
    origin: Origin, *, cache: ByteCache[Raw], pool: Executor, traffic: Traffic | None = None
) -> Source:
    """The source, all its metadata read, with the copies of it that there are.

    Raises CatalogError and SourceError.

    Args:
        traffic: of its storage, shared with the other sources that lie there.
    """
    for url in origin.urls:
        await check_address(url, origin.storage, origin.allowed)
    source = await _open_source(origin, cache, pool, traffic)
    folder = await _copies_folder(origin)
    if folder is None:
        return source

    def find(name: str) -> Store | None:
        with suppress(CatalogError):  # on disk, where there is none
            return origin.store("/".join(filter(None, (folder, name))), traffic)
        return None

    return await with_copies(source, find, cache, pool)


async def _copies_folder(origin: Origin) -> str | None:
    """Where the copies lie, if there may be any."""
    first = origin.urls[0]
    if isinstance(origin.optimized, str):
        await check_address(origin.optimized, origin.storage, origin.allowed)
        return origin.optimized.rstrip("/")
    beside = folder_of(first, origin.group)
    is_listed = len(origin.urls) > 1 or first.startswith(("http:", "https:"))
    if origin.optimized is False or is_listed or not _is_allowed(beside, origin.allowed):
        return None
    return beside


def _is_allowed(url: str, prefixes: Sequence[str]) -> bool:
    return not prefixes or url.startswith(tuple(prefixes))


async def _open_source(
    origin: Origin, cache: ByteCache[Raw], pool: Executor, traffic: Traffic | None
) -> Source:
    """The source as it is."""
    first = origin.urls[0]
    if first.lower().endswith(".vrt"):
        raise CatalogError("url: VRT files are refused, as they can name any file: list the COGs")
    opening = Opening(cache, pool, origin.group, origin.crs)
    if len(origin.urls) == 1 and (found := await _open_virtual(origin, traffic, opening)):
        return found
    if len(origin.urls) == 1 and is_stac(first):
        opener = Opener(_shelf(origin, traffic), opening)
        return await opener.open(origin.assets)
    if len(origin.urls) > 1 or any(c in first for c in WILDCARDS):
        store, keys = _common_store(origin, traffic)
        if all(url.lower().endswith(NETCDF_SUFFIXES) for url in origin.urls):
            has_times = origin.times is not None or origin.time_pattern is not None
            times = await _timed(origin, store, keys) if has_times else None
            return await open_netcdf_stack(store, keys, times, opening)
        timed = await _timed(origin, store, keys)
        return await open_stack(store, timed, cache, pool, keys, origin.crs)
    if first.lower().endswith(TIFF_SUFFIXES):
        folder, _, name = first.rpartition("/")
        return await open_cog(origin.store(folder or ".", traffic), name, cache, pool, origin.crs)
    store = origin.store(first, traffic)
    try:
        return await open_zarr(store, opening)
    except CatalogError:
        if not await is_repository(store):
            raise
    state = State(origin.branch, origin.tag, origin.snapshot)
    return await open_repository(store, _shelf(origin, traffic), state, opening)


async def _open_virtual(origin: Origin, traffic: Traffic | None, opening: Opening) -> Source | None:
    """What holds chunks, or refers to them, otherwise than Zarr does; None for all else."""
    first = origin.urls[0].rstrip("/")
    folder, _, name = first.rpartition("/")
    kind = first.lower()
    if any(c in first for c in WILDCARDS):
        return None
    if kind.endswith(NETCDF_SUFFIXES):
        return await open_netcdf(origin.store(folder or ".", traffic), name, opening)
    if kind.endswith(PARQUET_SUFFIXES):
        return await open_parquet(origin.store(first, traffic), _shelf(origin, traffic), opening)
    if kind.endswith(JSON_SUFFIXES):
        store = origin.store(folder or ".", traffic)
        if await holds_references(store, name):
            return await open_kerchunk(store, name, _shelf(origin, traffic), opening)
    return None


def _shelf(origin: Origin, traffic: Traffic | None) -> Shelf:
    """What the document at the origin's URL may point to."""

    def absolute(url: str) -> str:
        return str((origin.base / urlsplit(url).path).absolute()) if is_local(url) else url

    return Shelf(
        absolute(origin.urls[0].rstrip("/")),
        origin.base,
        origin.storage,
        tuple(map(absolute, origin.references)),
        origin.allowed,
        traffic,
        origin.changed,
    )


async def _timed(origin: Origin, store: Store, keys: list[str]) -> list[tuple[str, str]]:
    """The files of a stack, each with its time."""
    if origin.times is not None:
        if len(origin.times) != len(keys):
            raise CatalogError(f"times: expected one for each of the {len(keys)} urls")
        return list(zip(keys, origin.times, strict=True))
    if origin.time_pattern is None:
        raise CatalogError(
            "time_pattern: a stack needs one, e.g. 'ndvi_(?P<time>\\d{8})\\.tif', or times"
        )
    return await match_times(store, keys, origin.time_pattern)


def _common_store(origin: Origin, traffic: Traffic | None) -> tuple[Store, list[str]]:
    """The store of the longest folder without wildcards, and the keys below it."""
    folders = [_folder(url) for url in origin.urls]
    common = folders[0]
    for folder in folders[1:]:
        while common and not (folder == common or folder.startswith(f"{common}/")):
            common = common.rpartition("/")[0]
    if "://" in origin.urls[0] and "://" not in common:
        raise CatalogError("url: the files of a stack must lie in one bucket or on one host")
    keys = [url.removeprefix(common).lstrip("/") for url in origin.urls]
    return origin.store(common or ".", traffic), keys


def _folder(url: str) -> str:
    parts = url.split("/")
    fixed: Sequence[str] = parts[:-1]
    for number, part in enumerate(parts[:-1]):
        if any(c in part for c in WILDCARDS):
            fixed = parts[:number]
            break
    return "/".join(fixed)
