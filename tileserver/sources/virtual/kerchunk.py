"""References as Kerchunk and VirtualiZarr write them in JSON (fsspec's version 0 and 1)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from tileserver.errors import CatalogError, shown
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.virtual.reference import CONSOLIDATED
from tileserver.sources.virtual.table import WHOLE, ChunkTable, Place, grid_of, number_of
from tileserver.sources.virtual.target import Targets
from tileserver.sources.virtual.template import expand, generated
from tileserver.sources.virtual.tree import Virtual, VirtualArray
from tileserver.sources.zarr.compression import decompressor
from tileserver.sources.zarr.hierarchy import ARRAY, ATTRS, GROUP, Document, parsed

LARGEST_NBYTES = 256 << 20
MOST_REFERENCES = 4_000_000
PEEKED_NBYTES = 4096
ZSTD = ".zst"
BASE64 = "base64:"

_FIRST_KEY = re.compile(
    rb'\s*\{\s*"(?:version"\s*:\s*[01]\b|refs"|templates"|gen"|(?:[^"]*/)?\.z(?:group|array|attrs|'
    rb'metadata)"|[^"]*/\d+(?:[./]\d+)*")'
)


def is_kerchunk(head: bytes) -> bool:
    """Whether a JSON document is of references, by its first bytes."""
    return _FIRST_KEY.match(head) is not None


async def read_text(store: Store, entry: Entry) -> bytes:
    """The document, decompressed where it is Zstandard. Raises CatalogError where it is large."""
    if entry.size > LARGEST_NBYTES:
        raise _too_large()
    data = await store.get(entry.key)
    if data is None:
        raise CatalogError("url: no such file")
    if not entry.key.endswith(ZSTD):
        return bytes(data)
    try:
        return bytes(decompressor("zstd", {}, LARGEST_NBYTES)(data))
    except (ValueError, RuntimeError, IndexError) as error:
        raise CatalogError(f"the references cannot be decompressed ({error})") from error


def read_kerchunk(text: bytes, targets: Targets) -> Virtual:
    """The arrays of a document. Raises CatalogError where it cannot be used."""
    try:
        document = orjson.loads(text)
    except ValueError:
        try:
            document = json.loads(text)  # which takes NaN
        except (ValueError, RecursionError) as error:
            raise CatalogError("the references are not valid JSON: write them anew") from error
    if not isinstance(document, dict):
        raise CatalogError("the references are no JSON object: write them anew")
    collected = _Collected(targets)
    try:
        for count, (key, value) in enumerate(_references(document)):
            if count >= MOST_REFERENCES:
                raise _too_large()
            collected.add(key, value)
        return collected.virtual()
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError) as error:
        raise CatalogError(
            f"the references are damaged: write them anew ({shown(str(error))})"
        ) from error


def _references(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and what they refer to, templates filled in."""
    if "refs" not in document:
        yield from document.items()  # version 0
        return
    if document.get("version", 1) != 1:
        raise CatalogError(f"references of version {shown(document['version'])} are not read")
    names = document.get("templates") or {}
    for key, value in document["refs"].items():
        if names and isinstance(value, list) and value and isinstance(value[0], str):
            value = [expand(value[0], names), *value[1:]]
        yield key, value
    for entry in document.get("gen") or ():
        yield from generated(entry, names)


@dataclass(slots=True)
class _Parts:
    """Chunks of one array as they come."""

    numbers: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    which: list[int] = field(default_factory=list)
    inline: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Collected:
    """Documents, and chunks whose arrays are not known before all is read."""

    targets: Targets
    documents: dict[str, Document] = field(default_factory=dict)
    chunks: list[tuple[str, Any]] = field(default_factory=list)
    urls: dict[str, int] = field(default_factory=dict)
    resolved: dict[str, int] = field(default_factory=dict)

    def add(self, key: str, value: Any) -> None:
        name = key.rpartition("/")[2]
        if name == "zarr.json":
            raise CatalogError("references of Zarr 3 are not read: write them as Zarr 2")
        if name in (ARRAY, ATTRS, GROUP):
            data = value if isinstance(value, dict) else parsed(key, memoryview(_held(value)))
            self.documents[key] = data or {}
        elif key == CONSOLIDATED:
            data = value if isinstance(value, dict) else parsed(key, memoryview(_held(value)))
            for each, document in (data or {})["metadata"].items():
                if isinstance(document, dict):
                    self.documents.setdefault(each, document)
        elif not name.startswith("."):
            self.chunks.append((key, value))

    def virtual(self) -> Virtual:
        found: dict[str, dict[str, Document]] = {}
        for key, document in self.documents.items():
            path, _, kind = key.rpartition("/")
            found.setdefault(path, {})[kind] = document
        grids = {
            path: grid_of(own[ARRAY]["shape"], own[ARRAY]["chunks"])
            for path, own in found.items()
            if ARRAY in own
        }
        parts = {path: _Parts() for path in grids}
        for key, value in self.chunks:
            owner = _owner(key, grids)
            if owner is not None:
                self._sort_in(parts[owner[0]], owner[1], value)
        urls = tuple(self.resolved)
        arrays = {
            path: VirtualArray(
                {**found[path][ARRAY], "dimension_separator": "."},
                found[path].get(ATTRS, {}),
                _table(parts[path], grid, urls),
            )
            for path, grid in grids.items()
        }
        groups = {path: own.get(ATTRS, {}) for path, own in found.items() if ARRAY not in own}
        return Virtual(groups, arrays)

    def _sort_in(self, parts: _Parts, number: int, value: Any) -> None:
        if not isinstance(value, list):
            parts.inline[number] = _held(value)
            return
        url, start, length = value if len(value) == 3 else (*value, 0, WHOLE)
        start, length = int(start), int(length)
        if start < 0 or (length < 0 and len(value) == 3) or max(start, length) >= 1 << 62:
            raise ValueError(f"{value}: no part of a file")
        if length == 0:
            return
        parts.numbers.append(number)
        parts.starts.append(start)
        parts.lengths.append(length)
        parts.which.append(self._index(url))

    def _index(self, url: str) -> int:
        known = self.urls.get(url)
        if known is None:
            where = self.targets.resolve(url)
            known = self.urls[url] = self.resolved.setdefault(where, len(self.resolved))
        return known


def _owner(key: str, grids: Mapping[str, Place]) -> tuple[str, int] | None:
    """The array of a chunk's key, and the chunk's number; None where it belongs to none."""
    path = key.rpartition("/")[0]
    while path not in grids:
        if not path:
            return None
        path = path.rpartition("/")[0]
    names = key[len(path) + 1 :].replace("/", ".").split(".")
    if not all(name.isascii() and name.isdecimal() for name in names):
        return None
    place = tuple(map(int, names))
    number = number_of(() if grids[path] == () else place, grids[path])
    return None if number is None else (path, number)


def _table(parts: _Parts, grid: Place, urls: tuple[str, ...]) -> ChunkTable:
    numbers = np.array(parts.numbers, np.int64)
    order = np.argsort(numbers, kind="stable")
    return ChunkTable(
        grid,
        numbers[order],
        np.array(parts.starts, np.int64)[order],
        np.array(parts.lengths, np.int64)[order],
        urls,
        np.array(parts.which, np.uint32)[order],
        parts.inline,
    )


def _held(value: Any) -> bytes:
    """What stands in the document itself."""
    if not isinstance(value, str):
        raise ValueError("a reference is neither a text nor a list")
    if not value.startswith(BASE64):
        return value.encode()
    try:
        return base64.b64decode(value.removeprefix(BASE64), validate=True)
    except binascii.Error as error:
        raise ValueError("a text is not base64") from error


def _too_large() -> CatalogError:
    return CatalogError(
        f"references of more than {LARGEST_NBYTES >> 20} MiB or {MOST_REFERENCES} chunks are not "
        "read as JSON: write them as Parquet"
    )
