"""What a request will read, known before it does, and how much of that it may."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tileserver.errors import PayloadTooLarge

DECODED_BYTES_PER_S = 1e9  # of one thread: lz4 and zstd of float32, measured
DECODING_THREADS = 2
MANY_CHUNKS = 64


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a storage answers, as far as it was measured.

    Args:
        request_s: of one read, on average; 0 where none was made yet.
        at_once: how many reads go out together.
    """

    request_s: float = 0.0
    at_once: int = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What is read: chunks, and their decoded bytes."""

    chunks: int
    nbytes: int

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.chunks + other.chunks, self.nbytes + other.nbytes)

    def seconds(self, speed: Speed) -> float:
        """How long that takes: requests in turns, then decoding."""
        turns = math.ceil(self.chunks / speed.at_once)
        return turns * speed.request_s + self.nbytes / (DECODED_BYTES_PER_S * DECODING_THREADS)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may read, and one step that is read ahead, in chunks and decoded bytes;
    how long a picture may take."""

    tile_bytes: int = 512 << 20
    tile_chunks: int = 512
    series_bytes: int = 8 << 30
    ahead_bytes: int = 32 << 20
    tile_s: float = 20.0

    def allows(self, cost: Cost) -> bool:
        """Whether a picture may read that much."""
        return cost.nbytes <= self.tile_bytes and cost.chunks <= self.tile_chunks

    def check_tile(self, cost: Cost, speed: Speed, remedy: str) -> None:
        """Refuse a picture before it reads. Raises OverBudget."""
        check_bytes(cost.nbytes, self.tile_bytes, remedy, chunks=cost.chunks)
        if cost.chunks > self.tile_chunks:
            raise OverBudget(
                f"this would read {cost.chunks} chunks, the limit is {self.tile_chunks}: {remedy}",
                cost,
            )
        seconds = cost.seconds(speed)
        # A storage that stalls is another matter: that may be over in a moment.
        if seconds > self.tile_s and cost.chunks > MANY_CHUNKS:
            raise OverBudget(
                f"this would read {cost.chunks} chunks, which takes {seconds:.0f} s as fast as the "
                f"storage answers, the limit is {self.tile_s:g} s: {remedy}",
                cost,
            )


class OverBudget(PayloadTooLarge):
    """A request would read more than it may, as far as that can be told before."""

    def __init__(self, message: str, cost: Cost) -> None:
        super().__init__(message)
        self.cost = cost


def check_bytes(size: int, limit: int, remedy: str, *, chunks: int = 0) -> None:
    """Refuse a request before it reads. Raises OverBudget with limit and estimate."""
    if size > limit:
        counted = f" in {chunks} chunks" if chunks else ""
        raise OverBudget(
            f"this would read {size / 1e6:,.0f} MB{counted}, the limit is {limit / 1e6:,.0f} MB: "
            f"{remedy}",
            Cost(chunks, size),
        )
