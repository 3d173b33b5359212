"""Windows are put together from chunks that are read once, together."""

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.sources.chunk import count_chunks, read_window


@dataclass
class Chunks:
    """An array in memory that is read by chunk and counts the reads."""

    data: np.ndarray
    chunks: tuple[int, ...]
    reads: list[tuple[int, ...]] = field(default_factory=list)
    failing: tuple[int, ...] | None = None
    together: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape

    @property
    def dtype(self) -> np.dtype:
        return self.data.dtype

    def held(self, coordinates: tuple[int, ...]) -> None:
        return None

    async def chunk(self, coordinates: tuple[int, ...]) -> np.ndarray:
        self.reads.append(coordinates)
        self.together = max(self.together, len(self.reads))
        await asyncio.sleep(0)
        if coordinates == self.failing:
            raise OSError("gone")
        start = [c * n for c, n in zip(coordinates, self.chunks, strict=True)]
        return self.data[tuple(slice(s, s + n) for s, n in zip(start, self.chunks, strict=True))]


@st.composite
def windows(draw: st.DrawFn) -> tuple[Chunks, tuple[slice, ...]]:
    shape = draw(st.tuples(st.integers(1, 4), st.integers(1, 30), st.integers(1, 40)))
    chunks = tuple(draw(st.integers(1, n + 3)) for n in shape)
    window = []
    for place, size in enumerate(shape):
        start = draw(st.integers(0, size - 1))
        furthest = start + size if place == 2 else size
        window.append(slice(start, draw(st.integers(start + 1, furthest))))
    data = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    return Chunks(data, chunks), tuple(window)


@given(windows())
def test_any_window(case):
    """Any window of any chunks, columns going on at the first one; each chunk of it is read."""
    array, window = case
    cols = np.arange(window[2].start, window[2].stop) % array.shape[2]
    expected = array.data[window[0], window[1]][:, :, cols]
    np.testing.assert_array_equal(asyncio.run(read_window(array, window)), expected)
    assert len(set(array.reads)) == count_chunks(window, array.shape, array.chunks)


def test_one_chunk_is_not_copied():
    """A window within one chunk is a view of it."""
    array = Chunks(np.arange(100).reshape(10, 10), (10, 10))
    found = asyncio.run(read_window(array, (slice(2, 5), slice(3, 9))))
    assert np.shares_memory(found, array.data)


def test_chunks_are_read_together():
    """All reads of a window are under way at once."""
    array = Chunks(np.zeros((40, 40)), (10, 10))
    asyncio.run(read_window(array, (slice(0, 40), slice(0, 40))))
    assert array.together == 16


def test_a_failure_is_the_windows():
    """One chunk that cannot be read fails the window: never half a tile."""
    array = Chunks(np.zeros((40, 40)), (10, 10), failing=(2, 2))
    with pytest.raises(OSError, match="gone"):
        asyncio.run(read_window(array, (slice(0, 40), slice(0, 40))))
