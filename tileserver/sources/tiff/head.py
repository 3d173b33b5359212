"""The bytes of a file that are read while it is opened: kept, with read-ahead."""

from __future__ import annotations

import asyncio
import io
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as WaitTimeout
from typing import TYPE_CHECKING

from tileserver.errors import SourceError, SourceUnavailable
from tileserver.sources.storage.store import Entry, Store

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# The header of most COGs in one request; each further one reads twice as far ahead.
FIRST_READ_BYTES = 64 * 1024
LONGEST_READ_BYTES = 1024 * 1024
# A thread never waits longer for the event loop: the store's own limits are shorter.
LONGEST_WAIT_S = 120.0


class Head:
    """Byte ranges of one file; what was read is not read again.

    `keep` ends once the file is open: later reads are exact, and are not kept. Belongs to one
    event loop.
    """

    def __init__(self, store: Store, entry: Entry) -> None:
        self.store = store
        self.entry = entry
        self.keep = True
        self._parts: list[tuple[int, bytes]] = []

    @property
    def nbytes(self) -> int:
        """Of what is kept."""
        return sum(len(part) for _, part in self._parts)

    def held(self, start: int, stop: int) -> bytes | None:
        """The bytes if they were read before."""
        for first, part in self._parts:
            if first <= start and stop <= first + len(part):
                return part[start - first : stop - first]
        return None

    async def read(self, start: int, stop: int) -> bytes:
        """The bytes from start to stop, cut at the file's end. Raises SourceError."""
        stop = min(stop, self.entry.size)
        if start >= stop:
            return b""
        held = self.held(start, stop)
        if held is not None:
            return held
        ahead = min(FIRST_READ_BYTES << len(self._parts), LONGEST_READ_BYTES) if self.keep else 0
        end = min(max(stop, start + ahead), self.entry.size)
        found = await self.store.get_range(self.entry.key, start, end)
        if found is None or len(found) != end - start:
            raise SourceError("the file was removed or cut while it was read")
        part = bytes(found)
        if self.keep:
            self._parts.append((start, part))
        return part[: stop - start]


class HeadFile(io.RawIOBase):
    """A Head as the file that GDAL reads, in a thread other than the event loop's.

    `error` is why a read failed, which GDAL does not pass on.
    """

    def __init__(self, head: Head, loop: asyncio.AbstractEventLoop) -> None:
        self._head = head
        self._loop = loop
        self._at = 0
        self.error: SourceError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._head.entry.size}
        self._at = base[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        data = self._read(self._at, min(self._at + len(view), self._head.entry.size))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _read(self, start: int, stop: int) -> bytes:
        """The range; nothing after an error, which GDAL takes for the file's end.

        An exception that goes through GDAL would strike whatever Python runs next.
        """
        held = self._head.held(start, stop)
        if held is not None:
            return held
        waiting = asyncio.run_coroutine_threadsafe(self._head.read(start, stop), self._loop)
        try:
            return waiting.result(LONGEST_WAIT_S)
        except SourceError as error:
            self.error = error
        except (WaitTimeout, CancelledError):
            waiting.cancel()
            self.error = SourceUnavailable("the store did not answer in time")
        return b""
