"""A store whose objects are documents at hand and parts of other files."""

from __future__ import annotations

from dataclasses import dataclass, field

from tileserver.sources.storage.objects import WholeObjects
from tileserver.sources.virtual.table import Place
from tileserver.sources.virtual.target import Reader
from tileserver.sources.virtual.tree import Virtual

CONSOLIDATED = ".zmetadata"


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceStore(WholeObjects):
    """Objects by key, as a Zarr v2 store has them: `.zmetadata`, and chunks of arrays.

    Args:
        url: of the reference file, or of the file that the references are of.
    """

    url: str
    virtual: Virtual
    reader: Reader
    _documents: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._documents[CONSOLIDATED] = self.virtual.metadata()

    async def get(self, key: str, *, about: int = 0, most: int | None = None) -> memoryview | None:
        """A whole object. Raises SourceError, also where it has more than the most."""
        if key in self._documents:
            return memoryview(self._documents[key])
        path, _, name = key.rpartition("/")
        array, place = self.virtual.arrays.get(path), _place(name)
        if array is None or place is None:
            return None
        if array.document["shape"] == []:  # the one chunk is called 0
            place = ()
        found = await array.chunks.find(place)
        if found is None:
            return None
        if isinstance(found, bytes):
            return memoryview(found)
        data = await self.reader.read(found, most)
        return array.chunks.whole(place, data)


def _place(name: str) -> Place | None:
    """Where a chunk lies among the others, by the last part of its key."""
    parts = name.split(".")
    if not all(part.isascii() and part.isdecimal() for part in parts):
        return None
    return tuple(map(int, parts))
