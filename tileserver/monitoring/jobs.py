"""Jobs by what has become of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tileserver.jobs.office import Office

LOOK_EVERY_S = 5.0  # into the jobs' database, beside what the event loop does
STATUSES = ("accepted", "running", "successful", "failed", "dismissed")


class JobCollector(Collector):
    """As they were a moment ago; nothing while their database cannot be read."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._counts: Mapping[str, int] = {}

    async def run(self) -> None:
        """Look, until it is cancelled."""
        while True:
            self._counts = await asyncio.to_thread(self._look)
            await asyncio.sleep(LOOK_EVERY_S)

    def collect(self) -> Iterable[Metric]:
        """Numbers by status."""
        jobs = GaugeMetricFamily("tileserver_jobs", "Jobs that are kept", labels=["status"])
        for status, count in self._counts.items():
            jobs.add_metric([status], count)
        yield jobs

    def _look(self) -> Mapping[str, int]:
        try:
            return {status: self._office.register.count(status) for status in STATUSES}
        except sqlite3.Error:
            return {}
