"""The documents of a Zarr hierarchy, v2 and v3: groups, arrays and their attributes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tileserver.errors import CatalogError, SourceError
from tileserver.sources.storage.store import Store

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The documents of a group: its attributes and its arrays'.

    Args:
        arrays: by name, the `.zarray` or array `zarr.json` document.
        attrs: by name, "" for the group.
    """

    arrays: Mapping[str, Document]
    attrs: Mapping[str, Document]
    consolidated: bool

    @property
    def version(self) -> str:
        """Changes with any document."""
        content = orjson.dumps([self.arrays, self.attrs], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=12).hexdigest()


async def read_hierarchy(store: Store, group: str = "") -> Hierarchy:
    """All documents of a group, in one round trip where they are consolidated.

    Raises CatalogError where there is no Zarr group.
    """
    prefix = f"{group.strip('/')}/" if group.strip("/") else ""
    names = (f"{prefix}zarr.json", f"{prefix}.zmetadata", f"{prefix}.zgroup", f"{prefix}.zattrs")
    found = await asyncio.gather(*(store.get(name) for name in names))
    v3, consolidated, v2, attrs = (
        _parsed(name, data) for name, data in zip(names, found, strict=True)
    )
    if v3 and v3.get("node_type") == "group":
        return await _hierarchy_v3(store, prefix, v3)
    if consolidated:
        return _from_entries(_object(".zmetadata", consolidated.get("metadata", {})))
    if v2:
        return await _listed_v2(store, prefix, attrs or {})
    if prefix:
        return await _from_root(store, prefix)
    raise CatalogError(
        "no Zarr group here: neither zarr.json nor .zmetadata nor .zgroup; check url and group"
    )


def _parsed(name: str, data: memoryview | None) -> Document | None:
    if data is None:
        return None
    try:
        document = _from_json(data)
    except ValueError as error:
        raise CatalogError(f"{name} is not valid JSON: rewrite the store's metadata") from error
    return _object(name, document)


def _object(name: str, value: object) -> Document:
    if not isinstance(value, dict):
        raise CatalogError(f"{name} is not a JSON object: rewrite the store's metadata")
    return value


def _from_json(data: memoryview) -> object:
    """JSON, or what Python's json writes: bare NaN and Infinity as strings."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(bytes(data), parse_constant=str)


async def _from_root(store: Store, prefix: str) -> Hierarchy:
    """A group whose documents are consolidated at the root of the store."""
    root = await read_hierarchy(store)
    arrays = {k.removeprefix(prefix): v for k, v in root.arrays.items() if k.startswith(prefix)}
    if not arrays:
        raise CatalogError(f"group={prefix.rstrip('/')!r}: no such group in the store")
    attrs = {k.removeprefix(prefix): v for k, v in root.attrs.items() if k.startswith(prefix)}
    attrs[""] = root.attrs.get(prefix.rstrip("/"), {})
    return Hierarchy(arrays, attrs, root.consolidated)


async def _hierarchy_v3(store: Store, prefix: str, root: Document) -> Hierarchy:
    consolidated = root.get("consolidated_metadata")
    if consolidated:
        nodes = dict(_object("zarr.json", consolidated.get("metadata", {})))
    else:
        names = await _children(store, prefix)
        keys = [f"{prefix}{name}/zarr.json" for name in names]
        documents = await asyncio.gather(*(store.get(key) for key in keys))
        nodes = {
            n: d
            for n, k, data in zip(names, keys, documents, strict=True)
            if (d := _parsed(k, data))
        }
    arrays = {k: v for k, v in nodes.items() if v.get("node_type") == "array"}
    attrs = {k: v.get("attributes") or {} for k, v in nodes.items()}
    attrs[""] = root.get("attributes") or {}
    return Hierarchy(arrays, attrs, bool(consolidated))


async def _listed_v2(store: Store, prefix: str, attrs: Document) -> Hierarchy:
    names = await _children(store, prefix)
    keys = [f"{prefix}{name}/{part}" for name in names for part in (".zarray", ".zattrs")]
    documents = await asyncio.gather(*(store.get(key) for key in keys))
    entries = {
        key.removeprefix(prefix): document
        for key, data in zip(keys, documents, strict=True)
        if (document := _parsed(key, data)) is not None
    }
    hierarchy = _from_entries({**entries, ".zattrs": attrs})
    return Hierarchy(hierarchy.arrays, hierarchy.attrs, consolidated=False)


async def _children(store: Store, prefix: str) -> list[str]:
    try:
        return await store.children(prefix)
    except SourceError as error:
        raise CatalogError(
            "the metadata is not consolidated and the store cannot be listed: "
            "run zarr.consolidate_metadata on it"
        ) from error


def _from_entries(entries: Mapping[str, Document]) -> Hierarchy:
    """From consolidated v2 entries such as `t2m/.zarray`."""
    arrays = {k.rpartition("/")[0]: v for k, v in entries.items() if k.endswith(".zarray")}
    attrs = {k.rpartition("/")[0]: v for k, v in entries.items() if k.endswith(".zattrs")}
    return Hierarchy(arrays, attrs, consolidated=True)
