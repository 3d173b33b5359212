"""What lies below a folder of a bucket or disk, by listing it folder by folder."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from tileserver.discovery.found import Findings, Found, Kind, make_id, own_id, stem_of
from tileserver.discovery.series import series_of
from tileserver.errors import CatalogError, SourceError, SourceUnavailable, shown
from tileserver.sources.manifest import FOLDER_SUFFIX
from tileserver.sources.opening import (
    JSON_SUFFIXES,
    NETCDF_SUFFIXES,
    PARQUET_SUFFIXES,
    TIFF_SUFFIXES,
)
from tileserver.sources.storage.store import Store
from tileserver.sources.virtual.opening import holds_references
from tileserver.sources.virtual.repository import LAYOUT

AT_ONCE = 16
MOST_PEEKED = 200  # JSON files that are looked into
ZARR_OBJECTS = frozenset(["zarr.json", ".zgroup", ".zarray", ".zmetadata"])
ZARR_SUFFIXES = (".zarr", ".zarr3")
COLLECTION, CATALOG = "collection.json", "catalog.json"


@dataclass(slots=True, eq=False)
class Walk:
    """The way through the folders below a URL."""

    store: Store
    url: str
    findings: Findings
    _files: dict[Kind, list[str]] = field(default_factory=dict)
    _jsons: list[str] = field(default_factory=list)

    async def go(self) -> None:
        """Look at all. Raises CatalogError, SourceError where the first folder cannot be listed."""
        level, depth = [""], 0
        while level and depth <= self.findings.bounds.depth:
            level, depth = await self._next_level(level, is_first=depth == 0), depth + 1
        if level:
            self.findings.miss(f"folders more than {depth - 1} below: discover them by their url")
        for kind in get_args(Kind):
            self._add_files(kind, self._files.get(kind, []))
        await self._peek()

    async def _next_level(self, prefixes: Sequence[str], *, is_first: bool) -> list[str]:
        """The folders in some folders, as far as they are no datasets themselves."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(prefix: str) -> list[str]:
            async with slots:
                return await self._look(prefix) if self.findings.may_look() else []

        found = await asyncio.gather(*map(one, prefixes), return_exceptions=True)
        inner: list[str] = []
        for prefix, each in zip(prefixes, found, strict=True):
            if not isinstance(each, BaseException):
                inner += each
            elif is_first or not isinstance(each, CatalogError | SourceError | TimeoutError):
                raise each
            else:  # one folder that may not be read harms no other
                self.findings.miss(f"{shown(prefix)}: {each or 'it takes too long to list'}")
        return inner

    async def _look(self, prefix: str) -> list[str]:
        """List a folder; returns the folders to look at next."""
        try:
            async with asyncio.timeout(self.findings.left_s):
                folders, objects = await self.store.folder(prefix)
        except TimeoutError:
            raise SourceUnavailable(
                f"a folder takes longer than {self.findings.bounds.within_s:g} s to list"
            ) from None
        names = {entry.key.rpartition("/")[2] for entry in objects}
        if kind := _kind_of_folder(names, folders):
            self._add(prefix, kind)
            return []
        if COLLECTION in names:
            self._add(_join(prefix, COLLECTION), "stac", _join(prefix, ""))
            return []
        if CATALOG in names:
            self.findings.miss(f"{shown(_join(prefix, CATALOG))}: discover it by its own url")
        for name in sorted(names):
            self._sort(prefix, name)
        return self._unknown(prefix, folders)

    def _unknown(self, prefix: str, folders: Sequence[str]) -> list[str]:
        """Of folders those that their names do not tell; what is told is noted."""
        unknown = []
        for name in folders:
            path = _join(prefix, name)
            if name.endswith(ZARR_SUFFIXES):
                self._add(path, "zarr")
            elif name.endswith(PARQUET_SUFFIXES):
                self._add(path, "references")
            elif not name.startswith(".") and not name.endswith(FOLDER_SUFFIX):
                unknown.append(path)
        return unknown

    def _sort(self, prefix: str, name: str) -> None:
        """Keep a file by its kind, if it may be data."""
        path, kind = _join(prefix, name), kind_of_file(name)
        if kind is not None:
            self._files.setdefault(kind, []).append(path)
        elif name.lower().endswith(JSON_SUFFIXES) and name != CATALOG:
            self._jsons.append(path)

    def _add_files(self, kind: Kind, paths: Sequence[str]) -> None:
        for series in series_of(paths):
            pattern = series.time_pattern
            self._add(series.glob, "stack" if pattern else kind, series.name, pattern)

    async def _peek(self) -> None:
        """Find the JSON files that hold references."""
        if len(self._jsons) > MOST_PEEKED:
            self.findings.miss(f"{len(self._jsons)} JSON files: register them by their urls")
            return
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(path: str) -> None:
            async with slots:
                if self.findings.may_look() and await holds_references(self.store, path):
                    self._add(path, "references")

        found = await asyncio.gather(*map(one, self._jsons), return_exceptions=True)
        for path, each in zip(self._jsons, found, strict=True):
            if isinstance(each, SourceError):
                self.findings.miss(f"{shown(path)}: {each}")
            elif isinstance(each, BaseException):
                raise each

    def _add(
        self, path: str, kind: Kind, name: str | None = None, time_pattern: str | None = None
    ) -> None:
        """Note a dataset, called after its place below the URL, or after the URL itself."""
        root = self.url.rstrip("/")
        own = stem_of(path) if name is None else name.strip("/")
        url = f"{root}/{path}" if path else root
        id = make_id(own) if own else own_id(root)
        self.findings.add(Found(id, url, kind, time_pattern=time_pattern))


def kind_of_file(name: str) -> Kind | None:
    """What a file may be, by its name."""
    lower = name.lower()
    if lower.endswith(TIFF_SUFFIXES):
        return "tiff"
    return "netcdf" if lower.endswith(NETCDF_SUFFIXES) else None


def _kind_of_folder(names: set[str], folders: Sequence[str]) -> Kind | None:
    """What a folder is by what lies in it, if it is a dataset as a whole."""
    if names & ZARR_OBJECTS:
        return "zarr"
    return "icechunk" if set(folders) >= LAYOUT else None


def _join(prefix: str, name: str) -> str:
    return f"{prefix}/{name}" if prefix else name
