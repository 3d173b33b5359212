"""Connections of clients: how many there are, and how many were one too many or too slow."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector


class Shedder(Protocol):
    """Decides which requests are not looked at."""

    @property
    def shed(self) -> int: ...


class Connections(Protocol):
    """Those of one process."""

    @property
    def members(self) -> Sized: ...

    @property
    def refused(self) -> int: ...

    @property
    def cut(self) -> int: ...

    @property
    def shedder(self) -> Shedder: ...


@dataclass(frozen=True, slots=True)
class ConnectionCollector(Collector):
    """Figures that are read when they are asked for."""

    connections: Connections

    def collect(self) -> Iterable[Metric]:
        """Open, refused, and closed at a deadline."""
        found = self.connections
        yield GaugeMetricFamily(
            "tileserver_connections", "Connections that are open", len(found.members)
        )
        yield CounterMetricFamily(
            "tileserver_connections_refused", "Connections that were one too many", found.refused
        )
        yield CounterMetricFamily(
            "tileserver_requests_shed",
            "Requests that were not looked at (503), and are in no other figure",
            found.shedder.shed,
        )
        yield CounterMetricFamily(
            "tileserver_connections_cut", "Connections closed at a deadline", found.cut
        )
