"""The machine: its cores, shared out between servers and clients, and what it is."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cores:
    """Which cores servers and clients may use; empty sets where there are too few to part."""

    servers: frozenset[int]
    clients: frozenset[int]

    @contextlib.contextmanager
    def as_client(self) -> Iterator[None]:
        """This process on the clients' cores alone."""
        before = os.sched_getaffinity(0)
        if self.clients:
            os.sched_setaffinity(0, self.clients)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


def share(clients: int, servers: int | None = None) -> Cores:
    """The last `clients` cores for the clients, the first ones for servers.

    Args:
        servers: how many for the servers; default: all others, and at least two.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < clients + (servers or 2):
        return Cores(frozenset(), frozenset())
    rest = cores[:-clients]
    return Cores(frozenset(rest[:servers]), frozenset(cores[-clients:]))


def count_cores() -> int:
    return len(os.sched_getaffinity(0))


def describe() -> str:
    """Cores, processor and kernel; no name of the host."""
    model = platform.machine()
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = f"{platform.system()} {platform.release().split('-')[0]}"
    return f"{count_cores()} cores ({model}), {memory_gb:.0f} GB, {system}"
