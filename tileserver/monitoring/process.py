"""What a worker itself takes: memory, processor, files, threads; and how late its event loop is."""

from __future__ import annotations

import asyncio
import os
import platform
import resource
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from tileserver import __version__
from tileserver.monitoring.requests import RequestCollector
from tileserver.monitoring.work import WorkCollector

TICK_S = 0.25
KEPT_TICKS = 60  # the lag that is told is the longest of the last 15 s, as often as one scrapes
_PROC = Path("/proc/self")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class ProcessCollector(Collector):
    """Figures of this process, told of as of one worker."""

    def __init__(self, worker: int, requests: RequestCollector, work: WorkCollector) -> None:
        self._worker = str(worker)
        self._requests, self._work = requests, work
        self._started = time.time()
        self._lags: list[float] = []

    async def run(self) -> None:
        """Measure how late the event loop is, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self._lags = [*self._lags[1 - KEPT_TICKS :], max(0.0, loop.time() - due)]

    def collect(self) -> Iterable[Metric]:
        """By worker; those that the system does not tell are left out."""
        yield from self._gauges()
        cpu = CounterMetricFamily(
            "tileserver_process_cpu_seconds", "Processor time", labels=["worker"]
        )
        cpu.add_metric([self._worker], time.process_time())
        yield cpu
        info = GaugeMetricFamily(
            "tileserver_build_info", "1, of this version", labels=["version", "python"]
        )
        info.add_metric([__version__, platform.python_version()], 1)
        yield info

    def _gauges(self) -> Iterable[Metric]:
        figures: dict[str, tuple[str, float | None]] = {
            "pid": ("The process", os.getpid()),
            "requests": ("Requests that it has answered", self._requests.total),
            "in_flight": ("Requests that it works on", self._work.in_flight),
            "waiting": ("Requests that wait in it for their turn", self._work.waiting),
            "start_time_seconds": ("When it began, since 1970", self._started),
            "memory_bytes": ("Memory that it holds", _memory()),
            "open_files": ("Files and connections that it has open", _open_files()),
            "open_files_limit": ("How many it may have", _files_limit()),
            "threads": ("Its threads", threading.active_count()),
            "tasks": ("Tasks of its event loop", _tasks()),
            "loop_lag_seconds": (
                "How late its event loop was at most, of late",
                max(self._lags, default=0.0),
            ),
        }
        for name, (documentation, value) in figures.items():
            if value is not None:
                family = GaugeMetricFamily(
                    f"tileserver_process_{name}", documentation, labels=["worker"]
                )
                family.add_metric([self._worker], value)
                yield family


def _memory() -> float | None:
    with suppress(OSError, ValueError, IndexError):
        return float(int((_PROC / "statm").read_text().split()[1]) * _PAGE)
    return None


def _open_files() -> float | None:
    with suppress(OSError):
        return float(len(os.listdir(_PROC / "fd")))
    return None


def _files_limit() -> float:
    return float(resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _tasks() -> float | None:
    with suppress(RuntimeError):
        return float(len(asyncio.all_tasks()))
    return None
