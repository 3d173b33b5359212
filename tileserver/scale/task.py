"""Work in tasks: each is done once, by a thread here or a process of a cluster.

A task is a small value that can be sent to another process. What it writes follows from it alone,
so that doing it twice gives the same bytes; that it is done is told by a note in the target, with
what it has found. A build that was killed goes on with the tasks that have no note.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Protocol, Self

import orjson

from tileserver.errors import CatalogError, SourceUnavailable
from tileserver.scale.target import Target

log = logging.getLogger(__name__)

Found = dict[str, Any]  # what a task tells, as JSON has it
Report = Callable[[int, int], object]  # tasks that are done, and all

DONE = "done"
NOTES_AT_ONCE = 16
TRIES = 4  # of a task whose store does not answer


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a build takes.

    Args:
        tasks: how many.
        read_bytes: of the source, decoded; what lies in two blocks' chunks may be read twice.
        write_bytes: of the copies, before compression.
    """

    tasks: int
    read_bytes: int
    write_bytes: int


class Task(Protocol):
    """A part of a build.

    `key` is its name, unlike all others' of the build, and a path; `run` does it.
    """

    @property
    def key(self) -> str: ...

    def run(self) -> Found: ...


class Executor(Protocol):
    """Does jobs somewhere; results come as they are there, in any order."""

    def each(self, job: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class Journal:
    """The notes of one build.

    Args:
        folder: of the target, for what only lasts as long as the build.
    """

    target: Target
    folder: str

    def done(self) -> dict[str, Found]:
        """What the tasks that are done have told, by their keys."""
        prefix = f"{self.folder}/{DONE}/"
        keys = self.target.keys(prefix)
        with ThreadPoolExecutor(NOTES_AT_ONCE) as pool:
            notes = dict(zip(keys, pool.map(self.target.get, keys), strict=True))
        return {
            key.removeprefix(prefix).removesuffix(".json"): orjson.loads(data)
            for key, data in notes.items()
            if data is not None
        }

    def note(self, key: str, found: Found) -> None:
        """A task is done."""
        self.target.put(f"{self.folder}/{DONE}/{key}.json", orjson.dumps(found))

    def close(self) -> None:
        """The build is published, or given up: nothing of it is needed any more."""
        self.target.remove(self.folder)


@dataclass(frozen=True, slots=True)
class _Noted:
    """Does a task and notes it, where the task is done."""

    journal: Journal

    def __call__(self, task: Task) -> tuple[str, Found]:
        for last in [False] * (TRIES - 1) + [True]:
            try:
                found = task.run()
                break
            except SourceUnavailable:
                if last:
                    raise
        self.journal.note(task.key, found)
        return task.key, found


def run_tasks(
    phases: Sequence[Sequence[Task]],
    journal: Journal,
    executor: Executor,
    report: Report = lambda done, total: None,
) -> dict[str, Found]:
    """Do all tasks that are not noted as done; what each has told, by its key, in their order.

    Raises what a task raises; the others' notes stay.

    Args:
        phases: each begins when all tasks of the one before are done.
    """
    known = journal.done()
    keys = [task.key for tasks in phases for task in tasks]
    told = {key: known[key] for key in keys if key in known}
    report(len(told), len(keys))
    for tasks in phases:
        for key, found in executor.each(_Noted(journal), [t for t in tasks if t.key not in told]):
            told[key] = found
            report(len(told), len(keys))
    return {key: told[key] for key in keys}


@dataclass(slots=True)
class Threads:
    """Of this process, so many at once."""

    count: int

    def each(self, job: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        """Results as they are there; what has not begun when one fails never does."""
        with ThreadPoolExecutor(self.count, "building") as pool:
            waiting: set[Future[Any]] = set()
            rest = iter(items)
            try:
                for item in rest:
                    waiting.add(pool.submit(job, item))
                    if len(waiting) >= self.count:
                        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                while waiting:
                    done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            finally:
                for future in waiting:
                    future.cancel()


class Cluster(AbstractContextManager["Cluster"]):
    """The workers of a Dask cluster, by the address of its scheduler; one that is lost is made up
    for by the others.

    Raises CatalogError where nobody answers there, or Dask is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client  # a second at import, and an extra
        except ImportError as error:
            raise CatalogError(
                "scheduler: Dask is not installed: pip install 'tileserver[scale]'"
            ) from error
        connect: Callable[..., Any] = Client
        try:
            self._client = connect(address, timeout="10s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise CatalogError(
                f"scheduler={address}: no Dask scheduler answers there ({type(error).__name__})"
            ) from error

    def each(self, job: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        """Results as they are there."""
        from distributed import as_completed

        completed: Callable[..., Any] = as_completed
        futures = self._client.map(job, items, pure=False, retries=TRIES)
        try:
            for future in completed(futures, loop=self._client.loop):
                result = future.result()
                future.release()  # else it is worked out again when the worker that has it is lost
                yield result
        finally:
            self._client.cancel(futures)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()
