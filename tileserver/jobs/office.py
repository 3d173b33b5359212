"""Where jobs are taken, asked for and given up: what all workers of a server share."""

from __future__ import annotations

import logging
import re
import secrets
import sqlite3
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tileserver.catalog import Catalog
from tileserver.cost import Cost, check_bytes
from tileserver.errors import CatalogError, InvalidParameter, NotFound, Overloaded, PayloadTooLarge
from tileserver.geometry import Feature
from tileserver.jobs.folder import JobFolder
from tileserver.jobs.order import Order, names_of, pack
from tileserver.jobs.part import NUMBER_BYTES, plan
from tileserver.jobs.register import Job, Register, new_job
from tileserver.services.parquet import check_installed

log = logging.getLogger(__name__)

KEY_BYTES = 16  # nobody guesses the id of another's job
KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)
DATABASE = "jobs.sqlite3"
FULL = "the server cannot keep jobs just now (its disk may be full): try again later"
ORPHANED_S = 3600.0  # a folder of no job, which may be just coming


class JobNotFound(NotFound):
    """There is no such job, or it has no result."""

    name = "job"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of jobs.

    Args:
        active: that wait or run, together.
        read_bytes: that one may read, decoded.
        nbytes: of results, of which the oldest go when there are more; and of requests that wait.
        age_s: how long a job that has ended is kept.
    """

    active: int = 1000
    read_bytes: int = 1 << 40
    nbytes: int = 10 << 30
    age_s: float = 7 * 86400.0


@dataclass(frozen=True, slots=True, eq=False)
class Office:
    """The jobs in a folder.

    Args:
        posted: set when there is something to do.
        held: a connection that keeps the database's log in being, so that nothing has to be made
            anew, as it cannot be on a full disk, to look up a job.
    """

    path: Path
    limits: Limits
    posted: threading.Event = field(default_factory=threading.Event)
    held: list[sqlite3.Connection] = field(default_factory=list)

    @property
    def register(self) -> Register:
        """The jobs there are."""
        return Register(self.path / DATABASE)

    def open(self) -> None:
        """Make the folder where it is not there. Raises CatalogError where it cannot be used."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.held.append(self.register.create())
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise CatalogError(
                f"jobs={self.path}: {reason}: name a folder that this user may write to"
            ) from error

    def close(self) -> None:
        """Nothing is asked of it any more."""
        while self.held:
            self.held.pop().close()

    def folder(self, job: str) -> JobFolder:
        """The files of a job."""
        return JobFolder(self.path / job)

    def take(self, catalog: Catalog, order: Order, features: Sequence[Feature]) -> Job:
        """A new job, its request checked by the data.

        Raises what a series does, PayloadTooLarge for what no job may read or tell, Overloaded
        where too many wait or the disk is full.
        """
        if order.output == "parquet":
            check_installed()
        dataset = catalog[order.dataset]
        layout = plan(order, dataset, features)
        self._check(layout.read_bytes)
        names = names_of(order, features)
        told = len(features) * len(names) * layout.steps * NUMBER_BYTES
        if told > self.limits.nbytes:
            raise PayloadTooLarge(
                f"the result would hold {told / 1e6:,.0f} MB of numbers, the limit is "
                f"{self.limits.nbytes / 1e6:,.0f} MB: ask for fewer features or a shorter time"
            )
        packed = pack(features)
        job = new_job(
            secrets.token_hex(KEY_BYTES),
            order,
            nbytes=len(packed),
            features=len(features),
            read_bytes=layout.read_bytes,
            value_bytes=told,
            seconds=Cost(len(layout.slices), layout.read_bytes).seconds(dataset.speed),
            parts=len(layout.slices),
        )
        self._keep(job, packed)
        return job

    def _check(self, nbytes: int) -> None:
        remedy = "ask for fewer features or a shorter time"
        check_bytes(nbytes, self.limits.read_bytes, remedy)

    def _keep(self, job: Job, features: bytes) -> None:
        folder = self.folder(job.id)
        try:
            folder.create(features)
            added = self.register.add(job, self.limits.active, self.limits.nbytes)
        except (OSError, sqlite3.Error) as error:
            folder.remove()
            log.warning("a job cannot be kept: %s", error)
            raise Overloaded(FULL) from error
        if not added:
            folder.remove()
            raise Overloaded(
                f"{self.limits.active} jobs wait already, or fewer that are as large as all may be "
                "together: try again later"
            )
        self.posted.set()

    def job(self, key: str) -> Job:
        """A job by its id. Raises JobNotFound, Overloaded."""
        try:
            found = self.register.get(key) if KEY.fullmatch(key) else None
        except sqlite3.Error as error:
            raise Overloaded(FULL) from error
        if found is None:
            raise JobNotFound(key, "no such job: it may have been removed, or grown too old")
        return found

    def listed(self, limit: int, offset: int, status: str | None) -> tuple[list[Job], int]:
        """Some jobs, the newest first, and how many there are. Raises Overloaded."""
        try:
            return self.register.listed(limit, offset, status), self.register.count(status)
        except sqlite3.Error as error:
            raise Overloaded(FULL) from error

    def result(self, key: str) -> tuple[Job, Path]:
        """A job and the file of its result. Raises JobNotFound where there is none."""
        job = self.job(key)
        if job.status == "failed":
            raise JobNotFound(key, f"it failed, so that there is no result: {job.message}")
        if job.result is None:
            raise JobNotFound(key, f"its result is not there yet: it is {job.status}")
        path = self.folder(key).path / job.result
        if not path.is_file():
            raise JobNotFound(key, "its result was removed from the disk: post it once more")
        return job, path

    def dismiss(self, key: str) -> Job:
        """Remove a job, its result too; work on it ends. Raises JobNotFound, Overloaded."""
        job = self.job(key)
        try:
            self.register.remove(key)
        except sqlite3.Error as error:
            raise Overloaded(FULL) from error
        self.folder(key).remove()
        return replace(job, status="dismissed", result=None) if job.is_active else job

    def tidy(self) -> None:
        """Remove what is too old or too much. Raises OSError, sqlite3.Error."""
        now, nbytes = time.time(), 0
        for job in self.register.finished():
            nbytes += job.nbytes
            if nbytes > self.limits.nbytes or now - (job.finished or now) > self.limits.age_s:
                self.register.remove(job.id)
                self.folder(job.id).remove()
        known = self.register.ids()
        for path in self.path.iterdir():
            is_ours = KEY.fullmatch(path.name) is not None and path.name not in known
            if is_ours and now - path.stat().st_mtime > ORPHANED_S:
                self.folder(path.name).remove()


def check_status(name: str, value: str) -> str:
    """A word for how a job stands. Raises InvalidParameter."""
    known = ("accepted", "running", "successful", "failed")
    if value not in known:
        raise InvalidParameter(name, value, f"expected {' or '.join(known)}")
    return value
