"""Opening stacks of NetCDF and HDF5 files: all are scanned, and put together along time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import numpy.typing as npt

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.errors import CatalogError
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.filetime import matching, parse_time
from tileserver.sources.tiff.stack import objects_of, watch_of
from tileserver.sources.virtual.netcdf import open_virtual
from tileserver.sources.virtual.reference import ReferenceStore
from tileserver.sources.virtual.scanner import Scanner
from tileserver.sources.virtual.series import File, along_time, one_step_each, time_path
from tileserver.sources.virtual.target import Beside
from tileserver.sources.virtual.tree import Virtual
from tileserver.sources.watch import of_entries
from tileserver.sources.zarr.array import Supply, ZarrArray, ZarrSource, open_array
from tileserver.sources.zarr.cftimes import decode_times
from tileserver.sources.zarr.cube import Opening

PROCESSES = 4
MOST_FILES = 10_000
COMPARED = 16  # files whose axes are looked at
NEARLY = 1e-3  # of a cell
AT_ONCE = 32


async def open_netcdf_stack(
    store: Store,
    keys: Sequence[str],
    times: Sequence[tuple[str, str]] | None,
    opening: Opening,
) -> ZarrSource:
    """The cube of files that lie in one store. Raises CatalogError, SourceError.

    Args:
        keys: those of the files, or patterns.
        times: key and time of each file, for files without a time dimension.
    """
    told = dict(times or ())
    names = list(told) or sorted({name for key in keys for name in await matching(store, key)})
    if not names or len(names) > MOST_FILES:
        raise CatalogError(f"url: {len(names)} files are there: expected 1 to {MOST_FILES}")
    found = await objects_of(store, names)
    entries = [entry for entry in found if entry is not None]
    if len(entries) < len(names):
        raise CatalogError(f"key={names[found.index(None)]!r}: no such object")
    virtuals = await _scanned(store, entries)
    files = [
        File(entry.key, virtual, parse_time(told[entry.key]) if told else None)
        for entry, virtual in zip(entries, virtuals, strict=True)
    ]
    stack = _Stack(store, opening.cache, opening.pool)
    virtual = await stack.joined(files)
    watch = watch_of(store, entries, keys)
    return await open_virtual(
        virtual, store.url, Beside(store), of_entries(entries), watch, opening
    )


async def _scanned(store: Store, entries: Sequence[Entry]) -> list[Virtual]:
    """What is in each file, by some processes at once."""
    found: dict[str, Virtual] = {}
    waiting = iter(entries)

    async def work() -> None:
        async with Scanner() as scanner:
            for entry in waiting:
                try:
                    found[entry.key] = await scanner.scan(store, entry, entry.key)
                except CatalogError as error:
                    raise CatalogError(f"key={entry.key!r}: {error}") from error

    tasks = [asyncio.ensure_future(work()) for _ in range(min(PROCESSES, len(entries)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [found[entry.key] for entry in entries]


class _Stack:
    """Reads coordinates of the files, and puts these together."""

    def __init__(self, store: Store, cache: ByteCache[Raw], pool: Executor) -> None:
        self._store, self._cache, self._pool = store, cache, pool
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def joined(self, files: Sequence[File]) -> Virtual:
        """All files as one hierarchy, by their own times where they have such."""
        path = time_path(files[0].virtual)
        if path is None:
            if files[0].seconds is None:
                raise CatalogError(
                    "time_pattern: the files have no time dimension, so that their names need one, "
                    "e.g. 'sst_(?P<time>\\d{8})\\.nc', or the stack needs times"
                )
            files = sorted(files, key=lambda file: file.seconds or 0.0)
            await self._compare(files)
            return one_step_each(files)
        for file in files:
            if path not in file.virtual.arrays:
                raise CatalogError(f"key={file.key!r} has no {path!r}: leave the file out")
        seconds = await asyncio.gather(*(self._seconds(file, path) for file in files))
        order = sorted(range(len(files)), key=lambda i: _first(seconds[i]))
        files = [files[i] for i in order]
        await self._compare(files)
        return along_time(files, path, [seconds[i] for i in order], self._array)

    async def _seconds(self, file: File, path: str) -> npt.NDArray[np.float64]:
        array = file.virtual.arrays[path]
        calendar = str(array.attrs.get("calendar", "standard"))
        values = await self._values(file, path)
        try:
            return decode_times(np.asarray(values), str(array.attrs["units"]), calendar)
        except (ValueError, KeyError) as error:
            raise CatalogError(f"key={file.key!r}: its times cannot be read ({error})") from error

    async def _compare(self, files: Sequence[File]) -> None:
        """The axes of some files, which have to be those of the first."""
        known = await self._axes(files[0])
        chosen = np.linspace(0, len(files) - 1, min(len(files), COMPARED)).round().astype(int)
        for file in [files[i] for i in sorted(set(chosen.tolist()) - {0})]:
            for path, axis in (await self._axes(file)).items():
                other = known.get(path)
                step = np.abs(np.diff(axis)).min() if axis.size > 1 else 1.0
                same = other is not None and axis.shape == other.shape
                if not same or not np.allclose(axis, known[path], rtol=0, atol=NEARLY * step):
                    raise CatalogError(
                        f"key={file.key!r}: {path!r} differs from that of {files[0].key!r}: bring "
                        "the files to one grid, or register them one by one"
                    )

    async def _axes(self, file: File) -> Mapping[str, npt.NDArray[Any]]:
        """Coordinates of one dimension that are numbers, but for the time."""
        time = time_path(file.virtual)
        paths = [
            path
            for path, array in file.virtual.arrays.items()
            if array.attrs.get("_ARRAY_DIMENSIONS") == [path.rpartition("/")[2]]
            and path != time
            and np.dtype(array.document["dtype"]).kind in "iuf"
        ]
        return dict(
            zip(paths, await asyncio.gather(*(self._values(file, p) for p in paths)), strict=True)
        )

    async def _values(self, file: File, path: str) -> npt.NDArray[Any]:
        async with self._slots:
            return await self._array(file, path).values()

    def _array(self, file: File, path: str) -> ZarrArray:
        objects = ReferenceStore(self._store.url, file.virtual, Beside(self._store))
        array = file.virtual.arrays[path]
        supply = Supply(objects, self._cache, self._pool)
        return open_array(path, dict(array.document), dict(array.attrs), supply)


def _first(seconds: npt.NDArray[np.float64]) -> float:
    known = seconds[np.isfinite(seconds)]
    return float(known[0]) if known.size else np.inf
