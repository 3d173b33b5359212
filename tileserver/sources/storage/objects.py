"""What a reader asks of objects by key, whether a store holds them or only refers to them."""

from __future__ import annotations

from typing import Protocol


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
