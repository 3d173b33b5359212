"""Independent steps of a build on a few threads, each told when it is done."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

MAX_THREADS = 4


def run_steps(
    work: Callable[[int], None], count: int, progress: Callable[[int, int], None]
) -> None:
    """Call `work` with 0 to count - 1; the first error ends the rest."""
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(work, step) for step in range(count)]
        try:
            for done, future in enumerate(as_completed(futures), start=1):
                future.result()
                progress(done, count)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
