"""What the caches hold, what goes to and from each storage, and how many pictures are made and
wait."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from tileserver.cache import ByteCache
from tileserver.gate import Gate
from tileserver.monitoring.requests import histograms
from tileserver.secrecy import masked
from tileserver.sources.storage.traffic import Traffic

T = TypeVar("T")
Family = type[GaugeMetricFamily] | type[CounterMetricFamily]

MOST_STORAGES = 200  # that are told of: with registered datasets there may be any number


@dataclass(frozen=True, slots=True)
class WorkCollector(Collector):
    """Figures that are read when they are asked for."""

    caches: Mapping[str, ByteCache[Any]]
    traffic: Mapping[str, Traffic]
    gates: Mapping[str, Gate]

    @property
    def in_flight(self) -> int:
        """Of all queues."""
        return sum(gate.in_flight for gate in self.gates.values())

    @property
    def waiting(self) -> int:
        """In all queues."""
        return sum(gate.waiting for gate in self.gates.values())

    def collect(self) -> Iterable[Metric]:
        """Figures by cache, by storage and by queue."""
        yield from _by_name("cache", _CACHE_FIGURES, self.caches)
        stores = {masked(k): each for k, each in islice(self.traffic.items(), MOST_STORAGES)}
        yield from _by_name("store", _STORE_FIGURES, stores)
        latencies = {name: traffic.latency for name, traffic in stores.items()}
        yield histograms(
            "tileserver_store_seconds", "Until a storage has answered", "store", latencies
        )
        yield from _by_name("queue", _QUEUE_FIGURES, self.gates)


# Name, what it is, its kind, and where it is read.
_CACHE_FIGURES: tuple[tuple[str, str, Family, Callable[[ByteCache[Any]], float]], ...] = (
    ("cache_bytes", "What a cache holds", GaugeMetricFamily, lambda cache: cache.nbytes),
    ("cache_limit_bytes", "What it may hold", GaugeMetricFamily, lambda cache: cache.limit_bytes),
    ("cache_items", "How many items that is", GaugeMetricFamily, len),
    ("cache_hits", "Items that were found", CounterMetricFamily, lambda cache: cache.hits),
    ("cache_misses", "Items that were made", CounterMetricFamily, lambda cache: cache.misses),
)
_STORE_FIGURES: tuple[tuple[str, str, Family, Callable[[Traffic], float]], ...] = (
    ("store_requests", "Requests to a storage", CounterMetricFamily, lambda t: t.requests),
    ("store_bytes", "Bytes read from it", CounterMetricFamily, lambda t: t.bytes),
    ("store_errors", "Its requests that failed", CounterMetricFamily, lambda t: t.errors),
    ("store_hedges", "Reads that were sent again", CounterMetricFamily, lambda t: t.hedges),
)
_QUEUE_FIGURES: tuple[tuple[str, str, Family, Callable[[Gate], float]], ...] = (
    ("in_flight", "Requests that are worked on", GaugeMetricFamily, lambda g: g.in_flight),
    ("waiting", "Requests that wait for their turn", GaugeMetricFamily, lambda g: g.waiting),
    ("refused", "Requests for which there was no place", CounterMetricFamily, lambda g: g.refused),
)


def _by_name(
    label: str,
    figures: Iterable[tuple[str, str, Family, Callable[[T], float]]],
    things: Mapping[str, T],
) -> Iterable[Metric]:
    """A family for each figure, in it a line for each thing."""
    for name, documentation, family, read in figures:
        found = family(f"tileserver_{name}", documentation, labels=[label])
        for value, thing in things.items():
            found.add_metric([value], read(thing))
        yield found
