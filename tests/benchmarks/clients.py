"""Several client processes, where one would be the bottleneck."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.benchmarks import load

START_AFTER_S = 0.2


class Clients:
    """Processes that wait for blocks of requests."""

    def __init__(self, count: int, cores: frozenset[int]) -> None:
        # Spawned, so that nothing of the benchmark's own threads or memory comes along.
        self._pool = ProcessPoolExecutor(
            count, get_context("spawn"), initializer=pin, initargs=(cores,)
        )
        self._count = count
        list(self._pool.map(warm, range(count)))

    def at_once(
        self, requests: Sequence[bytes], port: int, concurrency: int, expected: int = 200
    ) -> load.Result:
        """The requests dealt out to the processes, which start together."""
        start = time.monotonic() + START_AFTER_S
        jobs = [
            self._pool.submit(
                at_time, start, requests[n :: self._count], port,
                concurrency // self._count, expected,
            )
            for n in range(self._count)
        ]  # fmt: skip
        results = [job.result() for job in jobs]
        latencies = [taken for result in results for taken in result.latencies]
        return load.Result(latencies, max(result.seconds for result in results))

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def running_clients(count: int, cores: frozenset[int]) -> Iterator[Clients]:
    made = Clients(count, cores)
    try:
        yield made
    finally:
        made.close()


def pin(cores: frozenset[int]) -> None:
    if cores:
        os.sched_setaffinity(0, cores)


def warm(_: int) -> None:
    """So that every process is there before the first block."""
    time.sleep(0.3)


def at_time(
    start: float, requests: Sequence[bytes], port: int, concurrency: int, expected: int
) -> load.Result:
    time.sleep(max(0.0, start - time.monotonic()))
    return load.at_once(requests, port, concurrency, expected)
