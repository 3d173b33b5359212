"""Talks to processes that find out where the chunks of files lie."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
from types import TracebackType
from typing import Self

from obstore.exceptions import NotSupportedError

from tileserver.errors import CatalogError, SourceError
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.virtual.tree import Virtual
from tileserver.sources.virtual.worker import DONE, HEAD, LENGTH, READ

LONGEST_S = 300.0  # for one file
LARGEST_READ_NBYTES = 64 << 20


class Scanner:
    """One process, while the context is open."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._end()

    async def scan(self, store: Store, entry: Entry, url: str) -> Virtual:
        """The arrays of a file. Raises CatalogError, SourceError.

        Args:
            url: as the references shall name it.
        """
        try:
            async with asyncio.timeout(LONGEST_S):
                return await self._scan(store, entry, url)
        except TimeoutError as error:
            await self._end()
            raise CatalogError(
                f"its metadata took more than {LONGEST_S:.0f} s to read, as it lies all over the "
                "file: make references once, with kerchunk or VirtualiZarr, and register those"
            ) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            await self._end()
            raise CatalogError("the file cannot be read: it is damaged, or too large") from error
        except BaseException:
            await self._end()
            raise

    async def _scan(self, store: Store, entry: Entry, url: str) -> Virtual:
        if self._process is None:
            self._process = await _start()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"url": url, "size": entry.size}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        while True:
            head = await self._process.stdout.readexactly(HEAD.size)
            kind, first, second = HEAD.unpack(head)
            if kind == READ:
                await self._send(await _read(store, entry.key, first, second))
                continue
            answer = await self._process.stdout.readexactly(first)
            if kind != DONE:
                raise CatalogError(answer.decode())
            found: Virtual = pickle.loads(answer)
            return found

    async def _send(self, data: memoryview) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(LENGTH.pack(data.nbytes))
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tileserver.sources.virtual.worker",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        # One thread: each of a pool would take a part of the memory that it may have.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


async def _read(store: Store, key: str, start: int, stop: int) -> memoryview:
    if not start <= stop or stop - start > LARGEST_READ_NBYTES:
        raise SourceError("the file cannot be read: it is damaged")
    try:
        data = await store.get_range(key, start, stop)
    except SourceError as error:
        if isinstance(error.__cause__, NotSupportedError):
            raise CatalogError(
                "url: the server gives no parts of files: serve it by one that knows Range"
            ) from error
        raise
    if data is None:
        raise SourceError("the file is gone: it was there a moment ago")
    return data
