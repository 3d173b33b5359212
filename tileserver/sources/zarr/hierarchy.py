"""The documents of a Zarr hierarchy, v2 and v3: groups, arrays and their attributes."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from tileserver.errors import CatalogError, SourceError, SourceUnavailable
from tileserver.sources.storage.objects import Objects

Document = dict[str, Any]

MOST_NODES = 10_000
LARGEST_DOCUMENT_NBYTES = 1 << 26
DEEPEST = 16
LISTED_AT_ONCE = 32
LISTING_S = 60.0
ARRAY, GROUP, ATTRS = ".zarray", ".zgroup", ".zattrs"


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The documents of a tree of groups, by path from the root of the store.

    Args:
        arrays: the `.zarray` or array `zarr.json` documents.
        attrs: of groups and arrays; "" is the root.
        consolidated: whether one document held them all.
        group: the subtree that is asked for; what lies above it is there to be inherited.
        heads: the groups whose documents held them, where that is known.
    """

    arrays: Mapping[str, Document]
    attrs: Mapping[str, Document]
    consolidated: bool
    group: str = ""
    heads: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Changes with any document."""
        content = orjson.dumps([self.arrays, self.attrs], option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(content, digest_size=12).hexdigest()

    def selected(self) -> list[str]:
        """The paths of the arrays in the group that is asked for."""
        return [path for path in self.arrays if is_within(path, self.group)]


def join(*parts: str) -> str:
    """A path of parts, of which some may be empty."""
    return "/".join(part for part in parts if part)


def parent(path: str) -> str:
    """The group that a node lies in; "" is the root."""
    return path.rpartition("/")[0]


def is_within(path: str, group: str) -> bool:
    """Whether a node lies in a group or in one below it."""
    return not group or path.startswith(f"{group}/")


def ancestry(group: str) -> list[str]:
    """A group and all that it lies in, the root first."""
    parts = group.split("/") if group else []
    return ["/".join(parts[:n]) for n in range(len(parts) + 1)]


async def read_hierarchy(store: Objects, group: str = "", *, inherits: bool = True) -> Hierarchy:
    """All documents of a group and of those above it, in one round trip where consolidated.

    Args:
        inherits: whether to look above the group at all.

    Raises CatalogError where there is no Zarr group.
    """
    group = group.strip("/")
    _check_path(group)
    way = ancestry(group) if inherits else [group]
    heads = await asyncio.gather(*(_read_node(store, path, is_top=True) for path in way))
    found = _Documents()
    above: dict[str, _Node] = {}
    for path, head in zip(way, heads, strict=True):
        found.add(path, head)
        if head.consolidated is not None and _holds(found, group):
            await _list(store, found, above)
            return replace(found.hierarchy(group, consolidated=True), heads=(path,))
        above[path] = head
    own = heads[-1]
    if not own.is_group:
        raise CatalogError(
            f"group={group!r}: no such group in the store"
            if any(head.is_group for head in heads[:-1])
            else "no Zarr group here: neither zarr.json nor .zmetadata nor .zgroup; "
            "check url and group"
        )
    del above[group]
    await _list(store, found, above, {group: own})
    return found.hierarchy(group, consolidated=False)


def _holds(found: _Documents, group: str) -> bool:
    return any(is_within(path, group) for path in found.arrays) or group in found.attrs


@dataclass(frozen=True, slots=True)
class _Node:
    """What was found at a path: a group, an array, or neither."""

    array: Document | None = None
    attrs: Document | None = None
    is_group: bool = False
    consolidated: Mapping[str, Document] | None = None
    zarr_format: int = 3


async def _read_node(
    store: Objects, path: str, *, zarr_format: int | None = None, is_top: bool = False
) -> _Node:
    """A node of either format, or of the one that its parent has."""
    v2 = [ARRAY, GROUP, ATTRS, *([".zmetadata"] if is_top else [])]
    names = ["zarr.json"] * (zarr_format != 2) + v2 * (zarr_format != 3)
    keys = [join(path, name) for name in names]
    most = LARGEST_DOCUMENT_NBYTES
    documents = await asyncio.gather(*(store.get(key, most=most) for key in keys))
    found = {n: parsed(k, d) for n, k, d in zip(names, keys, documents, strict=True)}
    v3 = found.get("zarr.json")
    return _node_v3(v3) if v3 else _node_v2(found)


def _node_v3(document: Document) -> _Node:
    attrs = _attributes(document)
    if document.get("node_type") == "array":
        return _Node(array=document, attrs=attrs)
    consolidated = document.get("consolidated_metadata")
    entries = consolidated.get("metadata") if isinstance(consolidated, dict) else None
    return _Node(
        attrs=attrs,
        is_group=document.get("node_type") == "group",
        consolidated=None if entries is None else _object("zarr.json", entries),
    )


def _node_v2(found: Mapping[str, Document | None]) -> _Node:
    consolidated = found.get(".zmetadata")
    entries = None
    if consolidated is not None:
        entries = _object(".zmetadata", consolidated.get("metadata", {}))
    return _Node(
        array=found.get(ARRAY),
        attrs=found.get(ATTRS),
        is_group=found.get(GROUP) is not None or consolidated is not None,
        consolidated=entries,
        zarr_format=2,
    )


@dataclass(slots=True)
class _Documents:
    """What was found so far, by path from the root."""

    arrays: dict[str, Document] = field(default_factory=dict)
    attrs: dict[str, Document] = field(default_factory=dict)

    def add(self, path: str, node: _Node) -> None:
        """A node, and those that are consolidated in it."""
        if node.array is not None and path:
            self.arrays[path] = node.array
        if node.array is not None or node.is_group or node.attrs:
            self.attrs[path] = node.attrs or {}
        if node.consolidated is not None and node.zarr_format == 2:
            self._add_v2(path, node.consolidated)
        elif node.consolidated is not None:
            self._add_v3(path, node.consolidated)

    def _add_v3(self, path: str, entries: Mapping[str, Document]) -> None:
        for name, value in entries.items():
            _check_path(name)
            document = _object(name, value)
            self.attrs[join(path, name)] = _attributes(document)
            if document.get("node_type") == "array":
                self.arrays[join(path, name)] = document

    def _add_v2(self, path: str, entries: Mapping[str, Document]) -> None:
        """Entries such as `t2m/.zarray`."""
        for name, value in entries.items():
            node, _, kind = name.rpartition("/")
            _check_path(node)
            where, document = join(path, node), _object(name, value)
            if kind == ARRAY:
                self.arrays[where] = document
            self.attrs[where] = document if kind == ATTRS else self.attrs.get(where, {})

    def hierarchy(self, group: str, *, consolidated: bool) -> Hierarchy:
        """All of it. Raises CatalogError where there is too much."""
        found = Hierarchy(self.arrays, self.attrs, consolidated, group)
        if len(found.selected()) > MOST_NODES:
            raise _too_large()
        return found


async def _list(
    store: Objects,
    found: _Documents,
    above: Mapping[str, _Node],
    groups: Mapping[str, _Node] | None = None,
) -> None:
    """The documents that are not consolidated: all below groups, and what lies in those above."""
    walk = _Walk(store, found, asyncio.Semaphore(LISTED_AT_ONCE))
    try:
        async with asyncio.timeout(LISTING_S):
            for path, node in above.items():
                if node.is_group:
                    await walk.inherited(path, node)
            await walk.below(groups or {})
    except TimeoutError as error:
        raise CatalogError(
            f"the metadata is not consolidated and took more than {LISTING_S:.0f} s to list: "
            "run zarr.consolidate_metadata on it, or name its group"
        ) from error


class _Unlisted(SourceError):
    """A store that does not list its objects."""


@dataclass(frozen=True, slots=True)
class _Walk:
    """Goes through groups by listing them, breadth first, so many requests at once."""

    store: Objects
    found: _Documents
    slots: asyncio.Semaphore

    async def inherited(self, path: str, node: _Node) -> None:
        """What lies in a group above the one that is asked for, where it can be listed."""
        try:
            await self._children(path, node)
        except SourceUnavailable:
            raise
        except SourceError:
            return

    async def below(self, groups: Mapping[str, _Node]) -> None:
        """All that lies in groups and in those below them."""
        for _ in range(DEEPEST):
            if not groups:
                return
            try:
                found = await asyncio.gather(*(self._children(*each) for each in groups.items()))
            except _Unlisted as error:
                raise CatalogError(
                    "the metadata is not consolidated and the store cannot be listed: "
                    "run zarr.consolidate_metadata on it"
                ) from error
            groups = {
                p: n
                for each in found
                for p, n in each.items()
                if n.is_group and n.consolidated is None
            }
        if groups:
            raise CatalogError(f"groups lie more than {DEEPEST} deep: name one as the group")

    async def _children(self, path: str, node: _Node) -> dict[str, _Node]:
        async with self.slots:
            try:
                names = await self.store.children(join(path, ""))
            except SourceUnavailable:
                raise
            except SourceError as error:
                raise _Unlisted(str(error)) from error
        if len(names) + len(self.found.attrs) > MOST_NODES:
            raise _too_large()
        paths = [join(path, name) for name in names]
        nodes = await asyncio.gather(*(self._read(each, node.zarr_format) for each in paths))
        for each, child in zip(paths, nodes, strict=True):
            self.found.add(each, child)
        return dict(zip(paths, nodes, strict=True))

    async def _read(self, path: str, zarr_format: int) -> _Node:
        async with self.slots:
            return await _read_node(self.store, path, zarr_format=zarr_format)


def _too_large() -> CatalogError:
    return CatalogError(f"the store has more than {MOST_NODES} arrays: name one of its groups")


def _check_path(path: str) -> None:
    """Names in metadata are parts of keys: none may lead out of the store."""
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise CatalogError(f"the metadata names {path[:100]!r}, which is no path in the store")


def parsed(name: str, data: memoryview | None) -> Document | None:
    """A JSON object, if there is one. Raises CatalogError where it is none."""
    if data is None:
        return None
    try:
        document = _from_json(data)
        orjson.dumps(document)  # as answers do: not what is nested too deep
    except (ValueError, TypeError, RecursionError) as error:
        raise CatalogError(f"{name} is not valid JSON: rewrite the store's metadata") from error
    return _object(name, document)


def _object(name: str, value: object) -> Document:
    if not isinstance(value, dict):
        raise CatalogError(f"{name} is not a JSON object: rewrite the store's metadata")
    return value


def _attributes(document: Document) -> Document:
    attributes = document.get("attributes")
    return attributes if isinstance(attributes, dict) else {}


def _from_json(data: memoryview) -> object:
    """JSON, or what Python's json writes: bare NaN and Infinity as strings."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return json.loads(bytes(data), parse_constant=str)
