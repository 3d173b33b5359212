"""What a reader asks of objects by key, whether a store holds them or only refers to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an object.

    Args:
        size: of the whole object, in bytes.
        version: changes with its content.
    """

    data: memoryview
    size: int
    version: str


class Objects(Protocol):
    """Objects below a URL, as `Store` has them; what is not there is None. Raises SourceError."""

    @property
    def url(self) -> str: ...

    async def get(
        self, key: str, *, about: int = 0, most: int | None = None
    ) -> memoryview | None: ...

    async def get_range(self, key: str, start: int, stop: int) -> memoryview | None: ...

    async def get_suffix(self, key: str, length: int) -> memoryview | None: ...

    async def children(self, prefix: str = "") -> list[str]: ...


class WholeObjects:
    """Parts of objects that can only be had whole, of a hierarchy whose metadata tell all."""

    __slots__ = ()

    async def get(self, key: str, *, about: int = 0, most: int | None = None) -> memoryview | None:
        """A whole object."""
        raise NotImplementedError

    async def get_range(self, key: str, start: int, stop: int) -> memoryview | None:
        """A part of an object."""
        data = await self.get(key)
        return None if data is None else data[start:stop]

    async def get_suffix(self, key: str, length: int) -> memoryview | None:
        """The last bytes of an object."""
        data = await self.get(key)
        return None if data is None else data[-length:]

    async def children(self, prefix: str = "") -> list[str]:
        """None that the metadata does not tell."""
        return []


@runtime_checkable
class Readable(Objects, Protocol):
    """Objects that others may read as they are."""

    async def get_part(self, key: str, start: int, stop: int | None) -> Part | None:
        """The bytes from start to stop, fewer or none where the object ends before that.

        A negative start counts from the end, and reads to it; else there is a stop.
        """
        ...
