"""Doing jobs: one at a time in each worker, its parts by threads or a Dask cluster.

A part that is done is kept in the job's folder, so that whoever goes on after a restart, or after a
worker was killed, does the others only. A lock on the folder, which the kernel opens when its owner
ends, keeps two from one job.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

from tileserver.catalog import Catalog
from tileserver.errors import CatalogError, SourceUnavailable, TileserverError
from tileserver.geometry import Feature
from tileserver.jobs.folder import JobFolder
from tileserver.jobs.office import Office
from tileserver.jobs.order import Order, names_of, unpack
from tileserver.jobs.part import Layout, Part, Subject, parts, plan, work_out
from tileserver.jobs.register import Job
from tileserver.jobs.result import Result, name_of, part_sizes
from tileserver.scale.reading import State, newest
from tileserver.scale.task import Cluster, Executor, Threads

log = logging.getLogger(__name__)

ASK_EVERY_S = 1.0
TIDY_EVERY_S = 60.0
LOOKED_AT = 64  # of those that wait
MOST_BEGUN = 5
TRIES = 5
PATIENCE_S = 1.0  # doubles with each try
NO_CLUSTER = "the Dask cluster that works out jobs does not answer: post it again later"
MISTAKE = "the server made a mistake; it is in its log"
KILLER = f"it was begun {MOST_BEGUN} times and no part of it was done: ask for less"


class _Gone(Exception):
    """The job was dismissed, or the server ends."""


class _NotWhole(Exception):
    """Parts are missing that were there: somebody has removed files."""


@dataclass(slots=True, eq=False)
class Runner:
    """Does the jobs of an office until it is stopped.

    Args:
        threads: how many parts are worked on at once, where there is no cluster.
        scheduler: the address of a Dask cluster's; "" for none.
    """

    office: Office
    catalog: Catalog
    threads: int = 2
    scheduler: str = ""
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the parts that are under way; waits for them. Not for the loop."""
        self._stopping.set()
        self.office.posted.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        tidied = 0.0
        while not self._stopping.is_set():
            self.office.posted.clear()
            try:
                if time.monotonic() - tidied > TIDY_EVERY_S or not tidied:
                    tidied = time.monotonic()
                    self.office.tidy()
                found = self._one()
            except (OSError, sqlite3.Error) as error:
                log.warning("jobs cannot be looked after: %s", error)
                found = False
            if not found:
                self.office.posted.wait(ASK_EVERY_S)

    def _one(self) -> bool:
        """Do the oldest job that nobody does; whether there was one."""
        for waiting in self.office.register.active(LOOKED_AT):
            with self.office.folder(waiting.id).taken() as is_ours:
                job = self.office.register.get(waiting.id) if is_ours else None
                if job is None or not job.is_active:
                    self._forget_lost(waiting)
                    continue
                self._do(job)
                return True
        return False

    def _forget_lost(self, job: Job) -> None:
        """A job whose folder was removed has nothing to go on with."""
        if not self.office.folder(job.id).path.is_dir():
            self._end(job, "failed", message="its files were removed from the disk: post it again")

    def _do(self, job: Job) -> None:
        try:
            if job.begun >= MOST_BEGUN:
                self._end(job, "failed", message=KILLER)
                return
            begun = {"begun": job.begun + 1, "started": job.started or time.time()}
            self._note(job, status="running", **begun)
            self._carry_out(job)
        except _Gone:
            self._is_gone(job)
        except TileserverError as error:
            self._end(job, "failed", message=str(error))
        except (OSError, sqlite3.Error) as error:
            if self._is_gone(job):
                return
            log.warning("job %s: %s", job.id, error)
            self.office.folder(job.id).close()  # to have room to tell of it
            self._end(job, "failed", message=f"the disk cannot be used: {_reason(error)}")
        except Exception:
            log.exception("job %s", job.id)
            self._end(job, "failed", message=MISTAKE)

    def _is_gone(self, job: Job) -> bool:
        """Whether the job was dismissed; then nothing is left of it."""
        with suppress(sqlite3.Error):
            if self.office.register.get(job.id) is None:
                self.office.folder(job.id).remove()
                return True
        return False

    def _carry_out(self, job: Job) -> None:
        """All of a job, again where it meets what may pass."""
        for number in range(TRIES):
            try:
                self._attempt(job)
                return
            except (SourceUnavailable, CatalogError, _NotWhole) as error:
                if number == TRIES - 1:
                    raise
                log.info("job %s is tried again: %s", job.id, error)
                self._stopping.wait(PATIENCE_S * 2**number)

    def _attempt(self, job: Job) -> None:
        work = self._work(job)
        self._note(job, version=work.state.version, parts=len(work.sizes))
        with self._executor() as executor:
            self._do_parts(job, work, executor)
        self._check_whole(work)
        try:
            size = asyncio.run(work.result().write(work.order.dataset, work.order.output))
        except FileNotFoundError as error:
            raise _NotWhole from error
        self._end(job, "successful", result=name_of(work.order.output), nbytes=size)

    def _work(self, job: Job) -> _Work:
        """What is to be done. Raises what resolving the request does: the dataset may be gone."""
        order, folder = job.order, self.office.folder(job.id)
        features = unpack(folder.features())
        entry = self.catalog.entry(order.dataset)
        state = newest(entry.usable_origin, copies=True)
        if state.version != job.version:
            folder.begin_anew()
        subject = Subject(f"{job.id}-{state.version}", order, entry.config, state)
        layout = plan(order, subject.dataset(), features)
        return _Work(folder, subject, features, layout)

    def _do_parts(self, job: Job, work: _Work, executor: Executor) -> None:
        there = work.folder.done(work.sizes)
        rest = [p for p in parts(work.subject, work.layout, work.features) if p.number not in there]
        self._note(job, done=len(there))
        with closing(_each(executor, rest)) as found:
            for count, (number, data) in enumerate(found, len(there) + 1):
                work.folder.write_part(number, data)
                self._note(job, done=count, begun=0)

    def _check_whole(self, work: _Work) -> None:
        if len(work.folder.done(work.sizes)) < len(work.sizes):
            raise _NotWhole

    def _note(self, job: Job, **values: object) -> None:
        """Raises _Gone where the job is not wanted any more."""
        if self._stopping.is_set() or not self.office.register.change(job.id, **values):
            raise _Gone

    def _end(self, job: Job, status: str, **values: object) -> None:
        """Nothing more is to be done."""
        self.office.register.change(job.id, status=status, finished=time.time(), **values)
        self.office.folder(job.id).close()

    @contextmanager
    def _executor(self) -> Iterator[Executor]:
        """Who works out the parts."""
        if not self.scheduler:
            yield Threads(self.threads)
            return
        try:
            cluster = Cluster(self.scheduler)
        except CatalogError as error:  # its address is nothing for clients
            log.warning("%s", error)
            raise SourceUnavailable(NO_CLUSTER) from error
        with cluster:
            yield cluster


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """A job and the state of the dataset that it is done on."""

    folder: JobFolder
    subject: Subject
    features: Sequence[Feature]
    layout: Layout

    @property
    def order(self) -> Order:
        return self.subject.order

    @property
    def state(self) -> State:
        return self.subject.state

    @property
    def names(self) -> tuple[str, ...]:
        return names_of(self.order, self.features)

    @property
    def sizes(self) -> list[int]:
        return part_sizes(self.layout, self.names)

    def result(self) -> Result:
        request = self.order.resolve(self.subject.dataset(), [])
        return Result(self.folder, self.layout, self.names, self.features, request)


def _each(executor: Executor, rest: Sequence[Part]) -> Generator[tuple[int, bytes]]:
    """The parts as they are done. Raises SourceUnavailable where the cluster is lost."""
    if isinstance(executor, Threads):
        yield from executor.each(work_out, rest)
        return
    try:
        yield from executor.each(work_out, rest)
    except (Exception, asyncio.CancelledError) as error:
        if not _is_of_cluster(error):
            raise
        log.warning("the Dask cluster: %s: %s", type(error).__name__, error)
        raise SourceUnavailable(NO_CLUSTER) from error


def _is_of_cluster(error: BaseException) -> bool:
    """Whether the cluster is at fault, which raises errors of many kinds, not the work."""
    of_dask = type(error).__module__.partition(".")[0] == "distributed"
    return of_dask or isinstance(error, OSError | asyncio.CancelledError)


def _reason(error: OSError | sqlite3.Error) -> str:
    """Why, without the path."""
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or type(error).__name__
