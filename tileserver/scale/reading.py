"""Reading sources from threads that work on copies, each state of one opened once in a process."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

from tileserver.cache import ByteCache
from tileserver.cube import Cube, Raw
from tileserver.errors import CatalogError
from tileserver.plan import ReadPlan
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.source import Source
from tileserver.sources.storage.connection import Storage

T = TypeVar("T")

CACHE_BYTES = 256 << 20  # of chunks that neighbouring blocks share
DECODERS = 4
READ_TIMEOUT_S = 120.0  # nobody waits for a tile here
KEPT = 4

_lock = threading.Lock()
_opened: OrderedDict[State, Source] = OrderedDict()


@dataclass(frozen=True, slots=True)
class State:
    """A source as it was at some time; a small value that means the same in every process.

    Args:
        version: of the source.
    """

    origin: Origin
    version: str

    @property
    def has_copies(self) -> bool:
        """Whether it is read from its copies too."""
        return self.origin.optimized is not False

    @property
    def cube(self) -> Cube:
        """What it holds. Raises CatalogError, SourceError."""
        return self._source().cube

    @property
    def source(self) -> Source:
        """It, open in this process; to be read by `read` or `begin`. Raises CatalogError,
        SourceError."""
        return self._source()

    def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers of a window. Raises CatalogError, SourceError."""
        return self.begin(plan).result()

    def begin(self, plan: ReadPlan) -> Future[Raw]:
        """The same, to be waited for. Raises CatalogError, SourceError."""
        return asyncio.run_coroutine_threadsafe(self._source().read(plan), _loop())

    def _source(self) -> Source:
        with _lock:
            known = _opened.get(self)
            if known is None and newest(self.origin, self.has_copies) != self:
                raise CatalogError("the source was written anew meanwhile: run it again")
            return known or _opened[self]


def newest(origin: Origin, copies: bool = False) -> State:
    """The source as it is now. Raises CatalogError, SourceError.

    Args:
        copies: whether it is to be read from its copies too.
    """
    storage = origin.storage or Storage()
    patient = replace(storage, timeout_s=max(storage.timeout_s, READ_TIMEOUT_S))
    optimized = origin.optimized if copies else False
    plain = replace(origin, storage=patient, optimized=optimized, changed=_nothing)
    cache: ByteCache[Raw] = ByteCache(CACHE_BYTES, lambda chunk: chunk.nbytes)
    source = _in_loop(open_source(plain, cache=cache, pool=_pool()))
    state = State(plain, source.version)
    _opened[state] = source
    while len(_opened) > KEPT:
        _opened.popitem(last=False)
    return state


def _nothing() -> None:
    """What is written anew underneath fails the task."""


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(DECODERS, "decoding")


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="reading", daemon=True).start()
    return loop


def _in_loop(work: Coroutine[None, None, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()
