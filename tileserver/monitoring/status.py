"""How the server is, for its administrators: workers, caches, storages, and what datasets lack."""

from __future__ import annotations

import platform
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tileserver import __version__
from tileserver.catalog import Catalog
from tileserver.dataset import Entry, Status
from tileserver.monitoring.datasets import STATUSES, is_troubled, looked_at
from tileserver.monitoring.figures import Families, Labels
from tileserver.refresh import Refresher
from tileserver.secrecy import masked

SERVICES = ("database", "redis")  # that are told of where they are configured
READINESS = "/readyz"
_WORKER = ("pid", "requests", "in_flight", "waiting", "memory_bytes", "open_files", "threads",
           "tasks")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which datasets are told of, and how.

    Args:
        words: all of which are in the id or title.
        is_of_files: whether a dataset stands in a file, and not in the database.
    """

    words: Sequence[str] = ()
    status: Status | None = None
    offset: int = 0
    limit: int = 200
    is_of_files: Callable[[str], bool] = lambda _: True


def document(
    families: Families, catalog: Catalog, refresher: Refresher, wanted: Wanted
) -> dict[str, Any]:
    """What an administrator looks at; figures are of all workers since they began."""
    now = time.time()
    started = [value for _, value in _samples(families, "tileserver_process_start_time_seconds")]
    return {
        "version": __version__,
        "python": platform.python_version(),
        "host": socket.gethostname(),
        "time": _moment(now),
        "started": _moment(min(started, default=now)),
        "workers": _workers(families),
        "requests": _requests(families),
        "caches": _caches(families),
        "storages": _storages(families, catalog),
        "services": _services(families),
        "datasets": _datasets(catalog, refresher, _looked(families, now), wanted),
    }


def _workers(families: Families) -> list[dict[str, Any]]:
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for name in _WORKER:
        for labels, value in _samples(families, f"tileserver_process_{name}"):
            found[labels["worker"]][name] = int(value)
    for labels, value in _samples(families, "tileserver_process_start_time_seconds"):
        found[labels["worker"]]["started"] = _moment(value)
    for labels, value in _samples(families, "tileserver_process_loop_lag_seconds"):
        found[labels["worker"]]["lag_ms"] = round(value * 1000, 1)
    for labels, value in _samples(families, "tileserver_process_cpu_seconds"):
        if labels["worker"] in found:  # of one that has ended this alone is known
            found[labels["worker"]]["cpu_s"] = round(value, 2)
    return [{"worker": int(worker), **found[worker]} for worker in sorted(found, key=int)]


def _requests(families: Families) -> dict[str, Any]:
    statuses: Counter[int] = Counter()
    for labels, value in _samples(families, "tileserver_requests"):
        if labels["route"] != READINESS:  # which is an error by design until all is ready
            statuses[int(labels["status"])] += int(value)
    refused = sum(value for _, value in _samples(families, "tileserver_refused"))
    return {
        "total": statuses.total(),
        "errors": sum(count for status, count in statuses.items() if status >= 500),
        "limited": statuses[429],
        "refused": int(refused),
        "by_status": {str(status): statuses[status] for status in sorted(statuses)},
    }


def _caches(families: Families) -> list[dict[str, Any]]:
    figures = {
        "bytes": "tileserver_cache_bytes",
        "limit": "tileserver_cache_limit_bytes",
        "items": "tileserver_cache_items",
        "hits": "tileserver_cache_hits",
        "misses": "tileserver_cache_misses",
    }
    return _by_name(families, "cache", figures)


def _storages(families: Families, catalog: Catalog) -> list[dict[str, Any]]:
    figures = {
        "requests": "tileserver_store_requests",
        "bytes": "tileserver_store_bytes",
        "errors": "tileserver_store_errors",
        "hedges": "tileserver_store_hedges",
    }
    datasets: Counter[str] = Counter()
    trouble: dict[str, str] = {}
    for entry in list(catalog.entries.values()):
        name = masked(catalog.storage(entry))
        datasets[name] += 1
        if entry.trouble:
            trouble.setdefault(name, entry.trouble)
    sums, counts = (
        {labels["store"]: v for labels, v in _samples(families, "tileserver_store_seconds", end)}
        for end in ("_sum", "_count")
    )
    found = _by_name(families, "store", figures)
    for each in found:
        name = each["name"]
        each["datasets"] = datasets[name]
        count = counts.get(name, 0)
        each["latency_ms"] = round(sums[name] / count * 1000, 1) if count else None
        each["trouble"] = trouble.get(name)
    return found


def _services(families: Families) -> list[dict[str, Any]]:
    return [
        {"name": name, "status": "ready" if value else "trouble", "detail": None}
        for name in SERVICES
        for _, value in _samples(families, f"tileserver_{name}_up")
    ]


def _datasets(
    catalog: Catalog, refresher: Refresher, looked: Mapping[str, float], wanted: Wanted
) -> dict[str, Any]:
    entries = list(catalog.entries.values())
    statuses = Counter(entry.status for entry in entries)
    found = [entry for entry in entries if _is_wanted(entry, wanted)]
    found.sort(key=lambda entry: (not is_troubled(entry), entry.status != "pending"))
    page = found[wanted.offset : wanted.offset + wanted.limit]
    return {
        **{status: statuses[status] for status in STATUSES},
        "total": len(entries),
        "matched": len(found),
        "items": [
            _item(entry, _last(entry, refresher, looked), wanted.is_of_files) for entry in page
        ],
    }


def _is_wanted(entry: Entry, wanted: Wanted) -> bool:
    if wanted.status is not None and entry.status != wanted.status:
        return False
    text = f"{entry.config.id} {_title(entry)}".casefold()
    return all(word.casefold() in text for word in wanted.words)


def _item(entry: Entry, at: float | None, is_of_files: Callable[[str], bool]) -> dict[str, Any]:
    config, dataset = entry.config, entry.dataset
    told = {"error": entry.error, "trouble": entry.trouble}
    return {
        "id": config.id,
        "title": _title(entry),
        "status": entry.status,
        **{name: masked(text) for name, text in told.items() if text},
        "looked": None if at is None else _moment(at),
        "version": None if dataset is None else dataset.version,
        "storage": config.storage,
        "origin": "file" if is_of_files(config.id) else "database",
        "private": config.access is not None,
    }


def _title(entry: Entry) -> str:
    known = (entry.known or {}).get("title")
    return entry.dataset.title if entry.dataset else entry.config.title or known or entry.config.id


def _looked(families: Families, now: float) -> dict[str, float]:
    """When datasets were looked at last, by whichever worker; since 1970."""
    ages = _samples(families, "tileserver_dataset_looked_seconds")
    return {labels["dataset"]: now - age for labels, age in ages}


def _last(entry: Entry, refresher: Refresher, looked: Mapping[str, float]) -> float | None:
    """The same of one, which the figures may not name."""
    at = looked_at(entry, refresher)
    own = None if at is None else time.time() - time.monotonic() + at
    return max(filter(None, (own, looked.get(entry.config.id))), default=None)


def _by_name(families: Families, label: str, figures: Mapping[str, str]) -> list[dict[str, Any]]:
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for figure, name in figures.items():
        for labels, value in _samples(families, name):
            found[labels[label]][figure] = int(value)
    return [{"name": name, **figures} for name, figures in sorted(found.items())]


def _samples(
    families: Families, name: str, end: str = ""
) -> Iterable[tuple[dict[str, str], float]]:
    """Labels and values of a metric, of a histogram those of one kind of its samples."""
    family = families.get(name)
    if family is None:
        return
    wanted = name + (end or ("_total" if family.kind == "counter" else ""))
    key: tuple[str, Labels]
    for key, value in family.samples.items():
        if key[0] == wanted:
            yield dict(key[1]), value


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
