"""How the datasets are: how many of them can be served, and which cannot."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from math import inf

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from tileserver.access.caller import ANONYMOUS
from tileserver.catalog import Catalog
from tileserver.dataset import Entry, Status
from tileserver.refresh import Refresher

STATUSES: tuple[Status, ...] = ("ready", "pending", "error")
MOST_NAMED = 500  # datasets that are told of by name, those in trouble first


@dataclass(frozen=True, slots=True)
class DatasetCollector(Collector):
    """What came of opening datasets and of looking for changes underneath.

    Args:
        names_all: whether datasets that are kept to some roles are named too.
    """

    catalog: Catalog
    refresher: Refresher
    names_all: bool

    def collect(self) -> Iterable[Metric]:
        """Numbers by status, looks by result; some datasets by name."""
        statuses = Counter(entry.status for entry in self.catalog.entries.values())
        datasets = GaugeMetricFamily("tileserver_datasets", "Datasets", labels=["status"])
        for status in STATUSES:
            datasets.add_metric([status], statuses[status])
        yield datasets
        looks = CounterMetricFamily("tileserver_refreshes", "Looks for changes", labels=["result"])
        for result, number in self.refresher.counts.items():
            looks.add_metric([result], number)
        yield looks
        yield from self._named()

    def _named(self) -> Iterable[Metric]:
        catalog = self.catalog if self.names_all else self.catalog.seen_by(ANONYMOUS)
        entries = dict(islice(_worst_first(catalog), MOST_NAMED))
        ready = GaugeMetricFamily(
            "tileserver_dataset_ready",
            "1 if it can be served and was found in order when it was last looked at, else 0",
            labels=["dataset"],
        )
        ages = GaugeMetricFamily(
            "tileserver_dataset_looked_seconds",
            "Since it was last found current or opened",
            labels=["dataset"],
        )
        now = time.monotonic()
        for dataset, entry in entries.items():
            ready.add_metric([dataset], float(entry.status == "ready" and not entry.trouble))
            at = looked_at(entry, self.refresher)
            if at is not None:
                ages.add_metric([dataset], now - at)
        yield ready
        yield ages


def _worst_first(catalog: Catalog) -> Iterable[tuple[str, Entry]]:
    """Of very many datasets those that are open, or could not be opened."""
    entries = catalog.entries
    for dataset, entry in entries.items():
        if is_troubled(entry):
            yield dataset, entry
    for dataset, entry in catalog.shown.items():
        if not is_troubled(entry):
            yield dataset, entry


def looked_at(entry: Entry, refresher: Refresher) -> float | None:
    """When it was last found current or opened by this worker, by monotonic()."""
    at = refresher.looked.get(entry.config.id)
    if entry.dataset is None or entry.tried == -inf:
        return at
    return entry.tried if at is None else max(at, entry.tried)


def is_troubled(entry: Entry) -> bool:
    """Whether somebody should look after it."""
    return entry.status == "error" or bool(entry.trouble)
