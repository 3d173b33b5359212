"""What the workers of one server tell each other of their datasets: a small file in memory of all.

Of each dataset three numbers of 64 bits, which are written whole: its *generation*, which moves
when it is to be opened anew although nothing may show in its metadata; a hash of the version that
was *found* last; and when it was last *looked at*, so that one of the workers does it for all.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from hashlib import blake2b

MAGIC = b"TSNB0002"
ROW = struct.Struct("<4Q")  # hash of the id, generation, hash of the version, time in ns
NUMBER = struct.Struct("<Q")
ROWS = 1 << 16
NBYTES = len(MAGIC) + ROWS * ROW.size
GENERATION, FOUND, LOOKED = 8, 16, 24  # in a row


class Noticeboard:
    """The numbers of some datasets, in a file that other processes have open too.

    Generations are times, so that none comes twice even if the file is lost in between.

    Args:
        path: made where it is not there; "" for memory of this process alone.

    Raises OSError where the file cannot be used, ValueError where it is of another kind.
    """

    def __init__(self, path: str, datasets: Iterable[str]) -> None:
        self.is_shared, self._path = bool(path), path
        if not path:
            self._memory = mmap.mmap(-1, NBYTES)
            self._rows = self._find(datasets)
            return
        with _locked(path) as file:
            _check_kind(os.pread(file, len(MAGIC), 0))
            if os.fstat(file).st_size < NBYTES:
                os.ftruncate(file, NBYTES)
            self._memory = mmap.mmap(file, NBYTES)
            self._rows = self._find(datasets)

    def add(self, dataset: str) -> None:
        """Keep numbers of one dataset more; its row is there for good.

        Raises OSError where the file is gone, ValueError where there is no row left.
        """
        if dataset in self._rows:
            return
        if not self.is_shared:
            self._rows |= self._find([dataset])
            return
        with _locked(self._path):
            self._rows |= self._find([dataset])

    def generation(self, dataset: str) -> int:
        """0 until it moves for the first time."""
        return self._get(dataset, GENERATION)

    def renew(self, dataset: str) -> int:
        """Move the generation on; all workers will follow."""
        generation = max(time.time_ns(), self.generation(dataset) + 1)
        self._set(dataset, GENERATION, generation)
        return generation

    def found(self, dataset: str) -> int:
        """`number_of` the version that a worker found last, 0 if none has told."""
        return self._get(dataset, FOUND)

    def tell(self, dataset: str, version: str) -> None:
        """This version was found."""
        self._set(dataset, FOUND, number_of(version))

    def claim(self, dataset: str, within_s: float) -> bool:
        """Whether to look at a dataset now: nobody has within so many seconds."""
        now = time.monotonic_ns()  # of the machine: the same in all processes
        if 0 <= now - self._get(dataset, LOOKED) < within_s * 1e9:
            return False
        self._set(dataset, LOOKED, now)
        return True

    def _get(self, dataset: str, place: int) -> int:
        number: int = NUMBER.unpack_from(self._memory, self._rows[dataset] + place)[0]
        return number

    def _set(self, dataset: str, place: int, number: int) -> None:
        NUMBER.pack_into(self._memory, self._rows[dataset] + place, number)

    def _find(self, datasets: Iterable[str]) -> dict[str, int]:
        """Where each dataset's row begins: its own, or the next one that is free."""
        self._memory[: len(MAGIC)] = MAGIC
        return {dataset: self._row(number_of(dataset)) for dataset in datasets}

    def _row(self, key: int) -> int:
        for n in range(ROWS):
            at = len(MAGIC) + (key + n) % ROWS * ROW.size
            taken = NUMBER.unpack_from(self._memory, at)[0]
            if taken in (0, key):
                NUMBER.pack_into(self._memory, at, key)
                return at
        raise ValueError(f"more than {ROWS} datasets: name another file, or serve fewer")


@contextmanager
def _locked(path: str) -> Iterator[int]:
    """The file, while nobody else finds rows."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)  # mmap has a copy of the file, which holds the lock
        os.close(file)


def _check_kind(begin: bytes) -> None:
    """Raise ValueError for a file that begins as somebody else's."""
    if begin not in (b"", MAGIC, bytes(len(MAGIC))):
        raise ValueError("the file holds something else: name another")


def number_of(text: str) -> int:
    """A number for a text, never 0."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") or 1
