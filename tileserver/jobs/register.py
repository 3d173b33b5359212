"""The jobs there are, in a database file that all workers of a server share."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import orjson

from tileserver.jobs.order import Order

Status = Literal["accepted", "running", "successful", "failed", "dismissed"]

ACTIVE = ("accepted", "running")
BUSY_S = 10.0
TABLE = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, status TEXT NOT NULL, request TEXT NOT NULL,
    features INTEGER NOT NULL, read_bytes INTEGER NOT NULL, value_bytes INTEGER NOT NULL,
    seconds REAL NOT NULL, created REAL NOT NULL, started REAL, finished REAL, updated REAL,
    version TEXT, parts INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0,
    begun INTEGER NOT NULL DEFAULT 0, message TEXT, result TEXT,
    nbytes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS jobs_by_status ON jobs (status, created);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created);
"""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    Times are seconds since 1970.

    Args:
        request: the order, as JSON.
        features: how many.
        read_bytes: of the source, decoded, about.
        value_bytes: of the numbers of its result.
        seconds: that it takes, about, if nothing else is done.
        version: of the source, of the parts that are done.
        begun: how often it was begun since a part was done last.
        message: why it failed.
        result: the name of the result's file.
        nbytes: on the disk: of the request, then of the result.
    """

    id: str
    status: Status
    request: str
    features: int
    read_bytes: int
    value_bytes: int
    seconds: float
    created: float
    started: float | None = None
    finished: float | None = None
    updated: float | None = None
    version: str | None = None
    parts: int = 0
    done: int = 0
    begun: int = 0
    message: str | None = None
    result: str | None = None
    nbytes: int = 0

    @property
    def order(self) -> Order:
        """What was asked."""
        return Order.parse(self.request)

    @property
    def is_active(self) -> bool:
        """Whether there is still work to be done."""
        return self.status in ACTIVE


NAMES = tuple(field.name for field in fields(Job))


@dataclass(frozen=True, slots=True)
class Register:
    """The database file. Raises sqlite3.Error where it cannot be used, as on a full disk."""

    path: Path

    def create(self) -> sqlite3.Connection:
        """Make the file where it is not there; a connection, to be closed."""
        database = sqlite3.connect(self.path, timeout=BUSY_S, check_same_thread=False)
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(TABLE)
        return database

    def add(self, job: Job, most_active: int, most_bytes: int) -> bool:
        """Take a job, unless so many are active already, or take so much of the disk."""
        marks = ",".join("?" * len(NAMES))
        values = [getattr(job, name) for name in NAMES]
        with self._open() as database:
            added = database.execute(
                f"INSERT INTO jobs ({','.join(NAMES)}) SELECT {marks} WHERE "
                "(SELECT count(*) < ? AND total(nbytes) + ? <= ? FROM jobs "
                "WHERE status IN ('accepted', 'running'))",
                [*values, most_active, job.nbytes, most_bytes],
            )
            return added.rowcount == 1

    def get(self, job: str) -> Job | None:
        """A job by its id."""
        return next(self._select("WHERE id = ?", job), None)

    def listed(self, limit: int, offset: int, status: str | None = None) -> list[Job]:
        """Jobs, the newest first."""
        where = "" if status is None else "WHERE status = ?"
        values = () if status is None else (status,)
        order = "ORDER BY created DESC, id LIMIT ? OFFSET ?"
        return list(self._select(f"{where} {order}", *values, limit, offset))

    def count(self, status: str | None = None) -> int:
        """How many there are."""
        where, values = ("", ()) if status is None else ("WHERE status = ?", (status,))
        with self._open() as database:
            counted: int = database.execute(
                f"SELECT count(*) FROM jobs {where}", values
            ).fetchone()[0]
        return counted

    def active(self, limit: int) -> list[Job]:
        """Those with work to be done, the oldest first."""
        where = "WHERE status IN ('accepted', 'running')"
        return list(self._select(f"{where} ORDER BY created, id LIMIT ?", limit))

    def finished(self) -> list[Job]:
        """Those without, the newest first."""
        where = "WHERE status NOT IN ('accepted', 'running')"
        return list(self._select(f"{where} ORDER BY finished DESC, id"))

    def ids(self) -> set[str]:
        """Of all jobs."""
        with self._open() as database:
            return {row[0] for row in database.execute("SELECT id FROM jobs")}

    def change(self, job: str, **values: Any) -> bool:
        """Note how a job stands; whether it is still there."""
        values["updated"] = time.time()
        named = ", ".join(f"{name} = ?" for name in values)
        with self._open() as database:
            changed = database.execute(
                f"UPDATE jobs SET {named} WHERE id = ?", [*values.values(), job]
            )
            return changed.rowcount == 1

    def remove(self, job: str) -> bool:
        """Forget a job; whether it was there."""
        with self._open() as database:
            return database.execute("DELETE FROM jobs WHERE id = ?", [job]).rowcount == 1

    def _select(self, rest: str, *values: object) -> Iterator[Job]:
        with self._open() as database:
            rows = database.execute(f"SELECT {','.join(NAMES)} FROM jobs {rest}", values).fetchall()
        return (Job(*row) for row in rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes hold when it is closed."""
        database = sqlite3.connect(self.path, timeout=BUSY_S)
        try:
            database.execute("PRAGMA synchronous=NORMAL")  # a note may be lost with the power
            with database:
                yield database
        finally:
            database.close()


def new_job(key: str, order: Order, **known: Any) -> Job:
    """A job that nobody has begun."""
    text = orjson.dumps(order.document()).decode()
    return Job(key, "accepted", text, created=time.time(), **known)
