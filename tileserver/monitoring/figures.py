"""The figures of all workers of a server as one, whichever of them is asked.

Each worker writes its own into a file every so often, beside a lock that it holds as long as it
lives. Who is asked adds what the others have written to what it knows of itself. What a worker has
counted is not lost with it: whoever takes its place goes on from there, so that counters of the
server never fall.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import operator
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
from prometheus_client import Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

WRITE_EVERY_S = 1.0
MOST_WORKERS = 256
ADDED = ("counter", "histogram")  # kinds whose figures are never taken back
Labels = tuple[tuple[str, str], ...]
Together = Callable[[float, float], float]

# How gauges of several workers are put together, where they are not added.
_TOGETHER: Mapping[str, Together] = {
    "tileserver_build_info": max,
    "tileserver_dataset_looked_seconds": min,  # one of them looks for all
    "tileserver_dataset_ready": min,
    "tileserver_datasets": max,
    "tileserver_jobs": max,
    "tileserver_redis_up": min,
    "tileserver_database_up": min,
}


@dataclass(slots=True)
class Family:
    """A metric: its kind, what it means, and its samples."""

    kind: str
    documentation: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)


Families = dict[str, Family]


class Figures:
    """What the collectors of this process tell, and what other workers do.

    Args:
        folder: of the workers of one server, made where it is not there; "" where there is one
            alone. Raises OSError where it cannot be used.

    Attributes:
        worker: the number of this one: the lowest that nobody has.
    """

    def __init__(self, folder: str) -> None:
        self._collectors: list[Collector] = []
        self._folder = Path(folder) if folder else None
        self._lock: int | None = None
        self._storing = threading.Lock()
        self._before: Families = {}  # what was counted by those who had the place before
        self.worker = 1
        if self._folder is not None:
            self.worker = self._take_place(self._folder)

    def register(self, collector: Collector) -> None:
        """Tell what this collector does."""
        self._collectors.append(collector)

    async def run(self) -> None:
        """Write for the other workers, until it is cancelled."""
        while self._lock is not None:
            await asyncio.to_thread(self._store, _packed(self._own()))
            await asyncio.sleep(WRITE_EVERY_S)

    def write(self) -> None:
        """Tell the other workers of this one."""
        self._store(_packed(self._own()))

    def close(self) -> None:
        """Write a last time, and let another have the place."""
        self.write()
        with self._storing:
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    async def gather(self) -> Families:
        """Those of all workers."""
        return await asyncio.to_thread(self._add_others, self._own())

    def _add_others(self, together: Families) -> Families:
        for other in self._others():
            _add(together, other)
        return together

    def _store(self, body: bytes) -> None:
        with self._storing:
            if self._folder is None or self._lock is None:  # another may have the place already
                return
            place = _place(self._folder, self.worker)
            new = place.with_suffix(".new")
            try:
                new.write_bytes(body)
                new.replace(place)
            except OSError as error:  # a full disk: the others know of us what they knew
                log.debug("figures are not written: %s", error)

    def _own(self) -> Families:
        own = {name: Family(f.kind, f.documentation) for name, f in self._before.items()}
        _add(own, self._before)
        for collector in self._collectors:
            _add(own, _families(collector.collect()))
        return own

    def _others(self) -> Iterator[Families]:
        if self._folder is None:
            return
        for number in range(1, MOST_WORKERS + 1):
            lock = self._folder / f"{number}.lock"
            if not lock.exists():
                return
            if number != self.worker and (found := _read(_place(self._folder, number))):
                yield found if _is_held(lock) else _counted(found)

    def _take_place(self, folder: Path) -> int:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, MOST_WORKERS + 1):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            lock = os.open(folder / f"{number}.lock", flags, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            self._lock, self._before = lock, _counted(_read(_place(folder, number)))
            return number
        raise ValueError(f"more than {MOST_WORKERS} workers: name another folder")


@dataclass(frozen=True, slots=True)
class Told(Collector):
    """Figures as prometheus_client writes them."""

    families: Families

    def collect(self) -> Iterator[Metric]:
        """One metric for each family."""
        for name, family in self.families.items():
            metric = Metric(name, family.documentation, family.kind)
            for (sample, labels), value in family.samples.items():
                metric.add_sample(sample, dict(labels), value)
            yield metric


def _place(folder: Path, number: int) -> Path:
    return folder / f"{number}.json"


def _is_held(path: Path) -> bool:
    """Whether the worker that has this lock lives."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def _families(metrics: Iterable[Metric]) -> Families:
    return {
        metric.name: Family(
            metric.type,
            metric.documentation,
            {(s.name, tuple(sorted(s.labels.items()))): s.value for s in metric.samples},
        )
        for metric in metrics
    }


def _counted(families: Families) -> Families:
    """Without what is true only as long as a worker lives."""
    return {name: family for name, family in families.items() if family.kind in ADDED}


def _add(to: Families, others: Families) -> None:
    for name, other in others.items():
        samples = to.setdefault(name, Family(other.kind, other.documentation)).samples
        together: Together = _TOGETHER.get(name, operator.add)
        for key, value in other.samples.items():
            known = samples.get(key)
            samples[key] = value if known is None else together(known, value)


def _packed(families: Families) -> bytes:
    rows = [
        [name, family.kind, family.documentation, [[*key, v] for key, v in family.samples.items()]]
        for name, family in families.items()
    ]
    return orjson.dumps(rows)


def _read(path: Path) -> Families:
    """What a worker has written; nothing where it has not yet."""
    with suppress(OSError, ValueError, TypeError):
        return {
            name: Family(
                kind,
                documentation,
                {(sample, tuple(map(tuple, labels))): v for sample, labels, v in samples},
            )
            for name, kind, documentation, samples in orjson.loads(path.read_bytes())
        }
    return {}
