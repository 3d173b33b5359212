"""Reading sources from threads that work on copies, opened once in each process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

from tileserver.cache import ByteCache
from tileserver.cube import Raw
from tileserver.plan import ReadPlan
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.source import Source
from tileserver.sources.storage.connection import Storage

T = TypeVar("T")

CACHE_BYTES = 256 << 20  # of chunks that neighbouring blocks share
DECODERS = 4
READ_TIMEOUT_S = 120.0  # nobody waits for a tile here


def source_of(origin: Origin) -> Source:
    """The source of an origin, opened once. Raises CatalogError, SourceError."""
    return _opened(_plain(origin))


def read(origin: Origin, plan: ReadPlan) -> Raw:
    """Stored numbers of a window. Raises SourceError."""
    return _in_loop(source_of(origin).read(plan))


def _plain(origin: Origin) -> Origin:
    """Equal for equal sources, whichever process it came from."""
    storage = origin.storage or Storage()
    patient = replace(storage, timeout_s=max(storage.timeout_s, READ_TIMEOUT_S))
    return replace(origin, storage=patient, optimized=False, changed=_nothing)


def _nothing() -> None:
    """What is written anew underneath fails the task, and the build begins again."""


@lru_cache(maxsize=4)
def _opened(origin: Origin) -> Source:
    cache: ByteCache[Raw] = ByteCache(CACHE_BYTES, lambda chunk: chunk.nbytes)
    pool = ThreadPoolExecutor(DECODERS, "decoding")
    return _in_loop(open_source(origin, cache=cache, pool=pool))


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="reading", daemon=True).start()
    return loop


def _in_loop(work: Coroutine[None, None, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()
