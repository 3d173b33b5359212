"""Requests by route and status, how long they took, and what of them took how long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from tileserver.histogram import Histogram
from tileserver.trail import Trail


class RequestCollector(Collector):
    """Counts requests; labels are few whatever clients ask for. Belongs to one event loop."""

    def __init__(self) -> None:
        self.total = 0
        self._answers: Counter[tuple[str, int]] = Counter()
        self._seconds: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._stages: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._nbytes = 0

    def count(self, route: str, status: int, trail: Trail) -> None:
        """One request that is over."""
        self.total += 1
        self._answers[route, status] += 1
        self._seconds[route].note(trail.seconds)
        self._nbytes += trail.nbytes
        for stage, seconds in trail.stages.items():
            self._stages[stage].note(seconds)

    def collect(self) -> Iterable[Metric]:
        """Answers by route and status, and how long they took."""
        answers = CounterMetricFamily("tileserver_requests", "Answers", labels=["route", "status"])
        for (route, status), count in self._answers.items():
            answers.add_metric([route, str(status)], count)
        yield answers
        yield histograms(
            "tileserver_request_seconds", "Until an answer began", "route", self._seconds
        )
        yield histograms(
            "tileserver_stage_seconds", "What a stage of a request took", "stage", self._stages
        )
        yield CounterMetricFamily(
            "tileserver_response_bytes", "Bytes of answers' bodies", self._nbytes
        )


def histograms(
    name: str, documentation: str, label: str, found: dict[str, Histogram]
) -> HistogramMetricFamily:
    """Several of one kind, as Prometheus has them."""
    family = HistogramMetricFamily(name, documentation, labels=[label])
    for value, each in found.items():
        family.add_metric([value], each.buckets(), each.seconds)
    return family
