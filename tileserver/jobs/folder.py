"""The files of jobs: what was asked, the parts that are done, and the result."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

FEATURES = "features.json"
PARTS = "parts"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class JobFolder:
    """The folder of one job. Files come into being whole or not at all. Raises OSError."""

    path: Path

    def create(self, features: bytes) -> None:
        """Make it; nothing is left where that fails."""
        try:
            (self.path / PARTS).mkdir(parents=True)
            self.write(FEATURES, features)
        except OSError:
            self.remove()
            raise

    def features(self) -> bytes:
        """What was asked for, as `order.pack` has it."""
        return (self.path / FEATURES).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """A file, in place of what has its name."""
        path = self.path / name
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            beside.write_bytes(data)
            os.replace(beside, path)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            raise

    def write_part(self, number: int, data: bytes) -> None:
        """A part is done."""
        self.write(f"{PARTS}/{number}", data)

    def part(self, number: int) -> Path:
        """Where the numbers of a part are."""
        return self.path / PARTS / str(number)

    def done(self, sizes: list[int]) -> set[int]:
        """The parts that are there, each of its size: a disk that lost power may have cut some."""
        found = {entry.name: entry.stat().st_size for entry in os.scandir(self.path / PARTS)}
        return {number for number, size in enumerate(sizes) if found.get(str(number)) == size}

    def close(self) -> None:
        """Nothing is to be done any more: of what was needed for it nothing is left."""
        shutil.rmtree(self.path / PARTS, ignore_errors=True)
        with suppress(OSError):
            (self.path / FEATURES).unlink()

    def begin_anew(self) -> None:
        """Without any part."""
        shutil.rmtree(self.path / PARTS, ignore_errors=True)
        (self.path / PARTS).mkdir(exist_ok=True)

    def remove(self) -> None:
        """All of it."""
        shutil.rmtree(self.path, ignore_errors=True)

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Whether nobody else works on the job; the kernel lets go of it when a process ends."""
        try:
            file = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:  # it was removed just now, or the disk is full
            yield False
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
        finally:
            os.close(file)
