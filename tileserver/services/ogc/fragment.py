"""What a dataset contributes to documents, made once per version of it and kept.

A document of hundreds of datasets is put together from these: where one dataset has changed, one
fragment is made anew. Addresses in them begin with `xml.BASE_URL`, which stands for the server's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

from tileserver.dataset import Dataset

LIMIT_BYTES = 64 << 20


class Kept(Protocol):
    """Something that knows what it weighs."""

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds."""


K = TypeVar("K", bound=Kept)


class Fragments:
    """Fragments by dataset and kind, those asked for last; of each the newest version alone.

    Documents are put together in threads, so that it may be used from any.
    """

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._items: OrderedDict[tuple[str, Hashable], tuple[str, Kept]] = OrderedDict()
        self._limit, self._lock = limit_bytes, threading.Lock()
        self.nbytes = 0

    def get(self, dataset: Dataset, kind: Hashable, make: Callable[[Dataset], K]) -> K:
        """A dataset's fragment of a kind, which always has the same maker; made now if need be."""
        key = dataset.id, kind
        with self._lock:
            version, found = self._items.get(key, ("", None))
            if found is not None and version == dataset.version:
                self._items.move_to_end(key)
                return found  # type: ignore[return-value]  # the kind tells its type
        made = make(dataset)
        with self._lock:
            self._drop(key)
            self._items[key] = dataset.version, made
            self.nbytes += made.nbytes
            while self.nbytes > self._limit:
                self._drop(next(iter(self._items)))
        return made

    def _drop(self, key: tuple[str, Hashable]) -> None:
        _, found = self._items.pop(key, ("", None))
        if found is not None:
            self.nbytes -= found.nbytes
