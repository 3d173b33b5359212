"""Whether the database of registered datasets answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Followed(Protocol):
    """What is asked all the time."""

    @property
    def is_up(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class DatabaseCollector(Collector):
    """A figure that is read when it is asked for."""

    database: Followed

    def collect(self) -> Iterable[Metric]:
        """As of the last time that it was asked."""
        yield GaugeMetricFamily(
            "tileserver_database_up",
            "1 if the database answers, 0 if what is known is served on",
            float(self.database.is_up),
        )
