"""A file that is read in blocks by requests, for libraries that seek about in it."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable

from tileserver.errors import CatalogError

BLOCK_NBYTES = 32 << 10
FIRST_BLOCKS = 16  # what libraries read at once lies in the front mostly
MOST_AHEAD = 128  # blocks of one request
MOST_HELD = 2048
LARGEST_METADATA_NBYTES = 1 << 30


class BlockFile(io.RawIOBase):
    """Reads blocks, and more of them at once the longer it is read without a gap.

    Args:
        fetch: reads the bytes from start to stop.
    """

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        super().__init__()
        self.size = size
        self._fetch = fetch
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._next, self._ahead = 0, FIRST_BLOCKS
        self._left = LARGEST_METADATA_NBYTES

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where it is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """From the start, from here, or from the end."""
        self._at = offset + (0, self._at, self.size)[whence]
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As many bytes as there are. Raises CatalogError where it was too much together."""
        view = memoryview(buffer).cast("B")
        stop = min(self._at + view.nbytes, self.size)
        done = 0
        while self._at < stop:
            number, inside = divmod(self._at, BLOCK_NBYTES)
            part = self._block(number)[inside : inside + stop - self._at]
            view[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
        return done

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            self._read(number)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _read(self, number: int) -> None:
        if number:
            self._ahead = min(2 * self._ahead, MOST_AHEAD) if number == self._next else 1
        start = number * BLOCK_NBYTES
        stop = min(start + self._ahead * BLOCK_NBYTES, self.size)
        self._left -= stop - start
        if self._left < 0:
            raise CatalogError(
                f"its metadata takes more than {LARGEST_METADATA_NBYTES >> 20} MiB to read: "
                "make references to it once, with kerchunk or VirtualiZarr, and register those"
            )
        data = self._fetch(start, stop)
        if len(data) < stop - start:
            raise CatalogError("the file is shorter than it was a moment ago: try again")
        self._next = number + self._ahead
        for i in range(0, len(data), BLOCK_NBYTES):
            self._blocks[number + i // BLOCK_NBYTES] = data[i : i + BLOCK_NBYTES]
        while len(self._blocks) > MOST_HELD:
            self._blocks.popitem(last=False)
