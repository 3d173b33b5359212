"""Prometheus metrics: requests by kind and status, their latency, and what the caches hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tileserver.cache import ByteCache
from tileserver.http.endpoint import Endpoint, context

KINDS = ("tiles", "datasets", "legend", "colormaps", "point", "timeseries", "statistics", "wmts")
BUCKETS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """ASGI middleware that counts answers; labels are few whatever clients ask for."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._requests = Counter(
            "tileserver_requests", "Answers", ("kind", "status"), registry=registry
        )
        self._seconds = Histogram(
            "tileserver_request_seconds", "Latency", ("kind",), buckets=BUCKETS_S, registry=registry
        )
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}  # by kind and status

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
        known = self._known.get((kind, status))
        if known is None:
            known = self._known[kind, status] = (
                self._requests.labels(kind, status),
                self._seconds.labels(kind),
            )
        requests, latency = known
        requests.inc()
        latency.observe(seconds)


def _kind(path: str) -> str:
    first = path[1:].partition("/")[0]
    return first if first in KINDS else "pages"


class CacheCollector(Collector):
    """Bytes, items, hits and misses of each cache, read when they are asked for."""

    def __init__(self, caches: dict[str, ByteCache[Any]]) -> None:
        self._caches = caches

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One gauge for each figure."""
        figures: dict[str, Callable[[ByteCache[Any]], float]] = {
            "bytes": lambda cache: cache.nbytes,
            "items": len,
            "hits": lambda cache: cache.hits,
            "misses": lambda cache: cache.misses,
        }
        for figure, read in figures.items():
            gauge = GaugeMetricFamily(
                f"tileserver_cache_{figure}", f"Cache {figure}", labels=["cache"]
            )
            for name, cache in self._caches.items():
                gauge.add_metric([name], read(cache))
            yield gauge


async def get_metrics(request: Request) -> Response:
    """The metrics of this process."""
    body = generate_latest(context(request).registry)
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=MEDIA_TYPE)


ENDPOINTS = (
    Endpoint("/metrics", get_metrics, "Prometheus metrics", "health", answers=("text/plain",)),
)
