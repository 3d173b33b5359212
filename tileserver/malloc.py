"""Settings of glibc's malloc that keep a server's memory near what its caches hold."""

from __future__ import annotations

import contextlib
import ctypes

# Parameters of mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
ARENAS = 1
MMAP_THRESHOLD = 4 << 20
TRIM_THRESHOLD = 16 << 20


def keep_compact() -> None:
    """For the start of a process, before it has threads; does nothing where there is no glibc.

    By default every thread takes an arena of its own, up to eight for each core, and what one frees
    no other uses; and the first large block that is freed raises the size from which blocks are
    returned to the system at once, up to 32 MiB, and what stays at the top of an arena to 64 MiB.
    Over 12 000 random tiles of eight cubes with 512 MiB for the caches, resident at most and in the
    last quarter: by default 973 and 948 MiB, still growing; with two arenas 817 and 810; with the
    size fixed too 824 and 794; with one arena 778 and 765, flat, for the same CPU time: threads
    that share an interpreter seldom allocate at once. A size of 1 MiB saves 40 MiB more but costs
    cold tiles a third: the system clears the pages of every chunk. For the same reason 16 MiB may
    stay at the top: were they given back after each tile, as 128 KiB would have it, finding the
    pixels of a tile in a UTM grid would take 0.48 ms instead of 0.28.
    """
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, ARENAS)
        libc.mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        libc.mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)
