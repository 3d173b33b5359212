"""Prometheus metrics: requests by kind and status, their latency, and what the caches hold."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar

from prometheus_client import Metric, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.cache import ByteCache
from tileserver.gate import Gate
from tileserver.http.endpoint import Endpoint, context
from tileserver.refresh import Refresher
from tileserver.sources.storage.traffic import Traffic

T = TypeVar("T")

KINDS = ("tiles", "datasets", "legend", "colormaps", "point", "timeseries", "statistics", "wmts",
         "wms", "ogc", "events")  # fmt: skip
BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class _Latency:
    """The histogram of one kind: answers up to each bound of BUCKETS_S, and beyond."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))
    seconds: float = 0.0

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them."""
        bounds = [*map(str, BUCKETS_S), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


class Metrics(Collector):
    """ASGI middleware that counts answers; labels are few whatever clients ask for.

    Counted without prometheus_client's locks, which would cost a kept tile a tenth of its time:
    all of this belongs to one event loop.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers: Counter[tuple[str, int]] = Counter()
        self._latencies: dict[str, _Latency] = defaultdict(_Latency)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind, begun = _kind(scope["path"]), time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.count(kind, message["status"], time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, counted)

    def count(self, kind: str, status: int, seconds: float) -> None:
        """One answer, and how long it took."""
        self._answers[kind, status] += 1
        latency = self._latencies[kind]
        latency.counts[bisect_left(BUCKETS_S, seconds)] += 1
        latency.seconds += seconds

    def collect(self) -> Iterable[Metric]:
        """Answers by kind and status, and how long they took."""
        answers = CounterMetricFamily("tileserver_requests", "Answers", labels=["kind", "status"])
        for (kind, status), count in self._answers.items():
            answers.add_metric([kind, str(status)], count)
        yield answers
        seconds = HistogramMetricFamily("tileserver_request_seconds", "Latency", labels=["kind"])
        for kind, latency in self._latencies.items():
            seconds.add_metric([kind], latency.buckets(), latency.seconds)
        yield seconds


def _kind(path: str) -> str:
    first = path[1:].partition("/")[0]
    return first if first in KINDS else "pages"


class WorkCollector(Collector):
    """What the caches hold, what goes to and from each storage, and how many pictures are made and
    wait; read when they are asked for."""

    def __init__(
        self, caches: Mapping[str, ByteCache[Any]], traffic: Mapping[str, Traffic], gate: Gate
    ) -> None:
        self._caches, self._traffic, self._gate = caches, traffic, gate

    def collect(self) -> Iterable[Metric]:
        """Figures by cache and by storage, and those of the queue."""
        yield from _by_name(GaugeMetricFamily, "cache", _CACHE_FIGURES, self._caches)
        yield from _by_name(CounterMetricFamily, "store", _STORE_FIGURES, self._traffic)
        yield GaugeMetricFamily(
            "tileserver_in_flight", "Pictures that are being made", self._gate.in_flight
        )
        yield GaugeMetricFamily("tileserver_waiting", "Pictures that wait", self._gate.waiting)
        yield CounterMetricFamily("tileserver_refused", "Pictures refused", self._gate.refused)


class RefreshCollector(Collector):
    """What came of looking for changes underneath, and how long that is ago."""

    def __init__(self, refresher: Refresher) -> None:
        self._refresher = refresher

    def collect(self) -> Iterable[Metric]:
        """Looks and openings by result, ages by dataset."""
        looks = CounterMetricFamily("tileserver_refreshes", "Looks for changes", labels=["result"])
        for result, number in self._refresher.counts.items():
            looks.add_metric([result], number)
        yield looks
        ages = GaugeMetricFamily(
            "tileserver_dataset_looked_seconds",
            "Since this process last found it current or opened it",
            labels=["dataset"],
        )
        for dataset, at in self._refresher.looked.items():
            ages.add_metric([dataset], time.monotonic() - at)
        yield ages


_CACHE_FIGURES: Mapping[str, Callable[[ByteCache[Any]], float]] = {
    "bytes": lambda cache: cache.nbytes,
    "items": len,
    "hits": lambda cache: cache.hits,
    "misses": lambda cache: cache.misses,
}
_STORE_FIGURES: Mapping[str, Callable[[Traffic], float]] = {
    "requests": lambda traffic: traffic.requests,
    "bytes": lambda traffic: traffic.bytes,
    "errors": lambda traffic: traffic.errors,
    "hedges": lambda traffic: traffic.hedges,
}


def _by_name(
    family: type[GaugeMetricFamily] | type[CounterMetricFamily],
    what: str,
    figures: Mapping[str, Callable[[T], float]],
    things: Mapping[str, T],
) -> Iterable[Metric]:
    """A family for each figure, in it a line for each thing."""
    for figure, read in figures.items():
        title = f"{what} {figure}".capitalize()
        found = family(f"tileserver_{what}_{figure}", title, labels=[what])
        for name, thing in things.items():
            found.add_metric([name], read(thing))
        yield found


async def get_metrics(request: Request) -> Response:
    """The metrics of this process."""
    body = generate_latest(context(request).registry)
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPE)


ENDPOINTS = (
    Endpoint("/metrics", get_metrics, "Prometheus metrics", "health", answers=("text/plain",)),
)
