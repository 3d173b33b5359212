"""The objects of a dataset that is stored as Zarr, read only, by their keys below its group."""

from __future__ import annotations

from dataclasses import dataclass

from tileserver.services.zarr.consolidated import consolidated_v2, consolidated_v3
from tileserver.sources.storage.objects import Part, Readable
from tileserver.sources.zarr.hierarchy import Document, join, parsed, read_hierarchy

LARGEST_DOCUMENT_NBYTES = 1 << 26


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """What lies below a group of a store.

    Args:
        group: its path in the store; "" is the root.
    """

    objects: Readable
    group: str

    async def document(self, key: str) -> bytes | None:
        """Metadata; that of the group tells of all below it, as who reads over HTTP cannot list.

        Raises SourceError.
        """
        found = await self._get(key)
        if key == "zarr.json" and found is not None:
            document = parsed(key, memoryview(found)) or {}
            is_alone = document.get("node_type") == "group"
            if is_alone and not document.get("consolidated_metadata"):
                return consolidated_v3(document, await self._members())
        if key == ".zmetadata" and found is None and await self._get(".zgroup") is not None:
            return consolidated_v2(*(await self._members()))
        return found

    async def part(self, key: str, start: int, stop: int | None) -> Part | None:
        """The bytes from start to stop, or to the end; a negative start counts from there."""
        return await self.objects.get_part(join(self.group, key), start, stop)

    async def _get(self, key: str) -> bytes | None:
        found = await self.objects.get(join(self.group, key), most=LARGEST_DOCUMENT_NBYTES)
        return None if found is None else bytes(found)

    async def _members(self) -> tuple[dict[str, Document], dict[str, Document]]:
        """The documents of arrays, and the attributes of all nodes, by path below the group."""
        hierarchy = await read_hierarchy(self.objects, self.group)
        prefix = f"{self.group}/" if self.group else ""
        inside = {
            path: path.removeprefix(prefix)
            for path in hierarchy.attrs
            if path == self.group or path.startswith(prefix)
        }
        inside = {path: "" if path == self.group else name for path, name in inside.items()}
        arrays = {inside[p]: hierarchy.arrays[p] for p in inside if p in hierarchy.arrays}
        return arrays, {name: hierarchy.attrs[path] for path, name in inside.items()}
