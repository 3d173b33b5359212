"""What comes of asking Redis for what servers share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from prometheus_client import Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

if TYPE_CHECKING:  # it needs an extra
    from tileserver.redis.service import Redis


@dataclass(frozen=True, slots=True)
class RedisCollector(Collector):
    """Figures that are read when they are asked for."""

    redis: Redis

    def collect(self) -> Iterable[Metric]:
        """Of the connection, and of what is shared by kind and result."""
        link = self.redis.link
        usage = link.usage
        yield GaugeMetricFamily(
            "tileserver_redis_up", "1 if Redis is used, 0 if it is done without", float(link.is_up)
        )
        yield CounterMetricFamily(
            "tileserver_redis_outages", "Times that Redis went away", link.outages
        )
        yield CounterMetricFamily("tileserver_redis_requests", "Commands to Redis", usage.requests)
        yield CounterMetricFamily(
            "tileserver_redis_errors", "Commands without a good answer", usage.errors
        )
        seconds = HistogramMetricFamily("tileserver_redis_seconds", "Until Redis has answered")
        seconds.add_metric([], usage.latency.buckets(), usage.latency.seconds)
        yield seconds
        items = CounterMetricFamily(
            "tileserver_redis_items", "What came of sharing", labels=["kind", "result"]
        )
        for kind, shelf in (("tile", self.redis.tiles), ("range", self.redis.ranges)):
            for result in fields(shelf.counts):
                items.add_metric([kind, result.name], getattr(shelf.counts, result.name))
        yield items
