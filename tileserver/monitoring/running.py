"""The figures of a worker, from its beginning to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from prometheus_client.registry import Collector

from tileserver.monitoring.figures import Figures
from tileserver.monitoring.jobs import JobCollector
from tileserver.monitoring.process import ProcessCollector
from tileserver.monitoring.requests import RequestCollector
from tileserver.monitoring.work import WorkCollector


@asynccontextmanager
async def watching(
    folder: str, requests: RequestCollector, work: WorkCollector, others: Iterable[Collector]
) -> AsyncIterator[Figures]:
    """Figures of this worker, and of the others that write into the folder.

    Raises OSError where the folder cannot be used.
    """
    figures = Figures(folder)
    process = ProcessCollector(figures.worker, requests, work)
    tasks = [asyncio.ensure_future(each) for each in (process.run(), figures.run())]
    for collector in (process, requests, work, *others):
        figures.register(collector)
        if isinstance(collector, JobCollector):
            tasks.append(asyncio.ensure_future(collector.run()))
    try:
        yield figures
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        figures.close()
