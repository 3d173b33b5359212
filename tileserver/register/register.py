"""The register: datasets and keys in a database, each change numbered and written down.

All calls wait for the database, so they belong into threads; they may be made from any.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Row, delete, event, insert, select, update
from sqlalchemy.engine.interfaces import DBAPIConnection

from tileserver.access.key import ApiKey
from tileserver.errors import (
    Conflict,
    DatasetNotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from tileserver.register import database
from tileserver.register.record import (
    Audit,
    Changes,
    Expected,
    KeyNotFound,
    Record,
    describe_key,
    moment,
)
from tileserver.register.schema import API_KEY, AUDIT, DATASET, GENERATION, STATE

UNREGISTER = "unregister"
KEY_ACTIONS = ("create key", "revoke key")


class Register:
    """Datasets and keys.

    Args:
        said: the database's URL, or the path of an SQLite file. Raises CatalogError.
    """

    def __init__(self, said: str) -> None:
        self._engine = database.connect(said)
        self._is_closed = False
        event.listen(self._engine, "checkin", self._given_back)

    def upgrade(self) -> None:
        """Bring the schema up to date. Raises CatalogError, SourceUnavailable."""
        database.upgrade(self._engine)

    def close(self) -> None:
        """Give all connections back."""
        self._is_closed = True
        self._engine.dispose()

    def _given_back(self, connection: DBAPIConnection | None, _: object) -> None:
        """Of a call that was still under way when all were closed: nobody takes it again."""
        if self._is_closed and connection is not None:
            connection.close()

    def changes(self, since: int) -> Changes:
        """What has changed since a number; 0 for all. Raises SourceUnavailable."""
        with self._reading() as connection:
            change = int(connection.execute(select(STATE.c.change)).scalar_one())
            if change == since:
                return Changes(change)
            datasets = connection.execute(select(DATASET).where(DATASET.c.change > since)).all()
            generations = connection.execute(
                select(GENERATION).where(GENERATION.c.change > since)
            ).all()
            noted = connection.execute(
                select(AUDIT.c.action, AUDIT.c.dataset).where(
                    AUDIT.c.change > since, AUDIT.c.action.in_((UNREGISTER, *KEY_ACTIONS))
                )
            ).all()
            there = {row.id for row in datasets}
            gone = {row.dataset for row in noted if row.action == UNREGISTER} - there
            has_keys = since == 0 or any(row.action in KEY_ACTIONS for row in noted)
            keys = _keys(connection) if has_keys else None
        return Changes(
            change,
            [_record(row) for row in datasets],
            sorted(gone),
            {row.dataset: int(row.generation) for row in generations},
            keys,
        )

    def get(self, dataset: str) -> Record | None:
        """A dataset's entry, None if it is not registered. Raises SourceUnavailable."""
        with self._reading() as connection:
            return _find(connection, dataset)

    def put(
        self, dataset: str, config: Mapping[str, Any], *, who: str, expected: Expected
    ) -> Record:
        """Register a dataset, or change its entry.

        Args:
            expected: what is there now.

        Raises Conflict, PreconditionRequired, PreconditionFailed, DatasetNotFound,
        SourceUnavailable.
        """
        with self._writing() as (connection, change):
            known = _find(connection, dataset)
            _check(dataset, known, expected)
            record = Record(dataset, dict(config), known.revision + 1 if known else 1)
            values = {
                "config": _json(record.config), "revision": record.revision, "change": change,
            }  # fmt: skip
            if known is None:
                connection.execute(insert(DATASET).values(id=dataset, **values))
            else:
                connection.execute(update(DATASET).where(DATASET.c.id == dataset).values(**values))
            before = known.config if known else None
            action = "change" if known else "register"
            _note(connection, change, who, action, dataset, before, record.config)
        return record

    def remove(self, dataset: str, *, who: str, expected: Expected = "anything") -> None:
        """Take a dataset out; its data stays where it is.

        Raises DatasetNotFound, PreconditionFailed, SourceUnavailable.
        """
        with self._writing() as (connection, change):
            known = _find(connection, dataset)
            if known is None:
                raise DatasetNotFound(dataset, "it is not registered")
            _check(dataset, known, expected)
            connection.execute(delete(DATASET).where(DATASET.c.id == dataset))
            _note(connection, change, who, UNREGISTER, dataset, known.config, None)

    def refresh(self, dataset: str, *, who: str) -> int:
        """Have all servers open a dataset anew; returns its generation. Raises SourceUnavailable.

        A generation is a time, so that none comes twice.
        """
        generation = time.time_ns()
        with self._writing() as (connection, change):
            values = {"generation": generation, "change": change}
            done = connection.execute(
                update(GENERATION).where(GENERATION.c.dataset == dataset).values(**values)
            )
            if done.rowcount == 0:
                connection.execute(insert(GENERATION).values(dataset=dataset, **values))
            _note(connection, change, who, "refresh", dataset)
        return generation

    def audit(
        self, *, dataset: str | None = None, since: str | None = None, limit: int, before: int = 0
    ) -> list[Audit]:
        """Who changed what, the newest first. Raises SourceUnavailable.

        Args:
            since: ISO 8601.
            before: numbers from this one on are passed over; 0: none is.
        """
        query = select(AUDIT).order_by(AUDIT.c.change.desc()).limit(limit)
        if dataset is not None:
            query = query.where(AUDIT.c.dataset == dataset)
        if since is not None:
            query = query.where(AUDIT.c.at >= since)
        if before:
            query = query.where(AUDIT.c.change < before)
        with self._reading() as connection:
            return [_audit(row) for row in connection.execute(query).all()]

    def keys(self) -> list[ApiKey]:
        """All keys, also those that have expired. Raises SourceUnavailable."""
        with self._reading() as connection:
            return _keys(connection)

    def add_key(self, key: ApiKey, *, who: str) -> None:
        """Take a key from now on. Raises SourceUnavailable."""
        with self._writing() as (connection, change):
            connection.execute(
                insert(API_KEY).values(
                    id=key.id,
                    name=key.name,
                    digest=key.digest,
                    roles=_json(key.roles),
                    scopes=_json(key.scopes),
                    expires=moment(key.expires),
                    created=moment(key.created),
                )
            )
            _note(connection, change, who, KEY_ACTIONS[0], None, None, describe_key(key))

    def revoke_key(self, id: str, *, who: str) -> None:
        """Take a key no longer. Raises KeyNotFound, SourceUnavailable."""
        with self._writing() as (connection, change):
            row = connection.execute(select(API_KEY).where(API_KEY.c.id == id)).first()
            if row is None:
                raise KeyNotFound(id, "no such key; /keys or `key list` tells them")
            connection.execute(delete(API_KEY).where(API_KEY.c.id == id))
            _note(connection, change, who, KEY_ACTIONS[1], None, describe_key(_key(row)))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        # One transaction: what is read belongs together.
        with database.told(), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, int]]:
        """A transaction and the number of its change; others wait until it ends."""
        engine = self._engine.execution_options(**{database.WRITING: True})
        with database.told(), engine.begin() as connection:
            taken = update(STATE).values(change=STATE.c.change + 1).returning(STATE.c.change)
            yield connection, int(connection.execute(taken).scalar_one())


def _check(dataset: str, known: Record | None, expected: Expected) -> None:
    if expected == "anything":
        return
    if expected == "nothing":
        if known is not None:
            raise Conflict(
                f"dataset={dataset!r} is registered already (revision {known.revision}): change "
                "it by PUT with If-Match, or by register --replace"
            )
    elif known is None:
        if expected is not None:
            raise DatasetNotFound(dataset, "it is not registered: leave If-Match out")
    elif expected is None:
        raise PreconditionRequired(
            f"If-Match is missing: say which revision is changed, now {known.etag}"
        )
    elif known.revision != expected:
        raise PreconditionFailed(
            f'If-Match="r{expected}": it was changed since and is {known.etag} now: read it anew'
        )


def _find(connection: Connection, dataset: str) -> Record | None:
    row = connection.execute(select(DATASET).where(DATASET.c.id == dataset)).first()
    return None if row is None else _record(row)


def _record(row: Row[Any]) -> Record:
    return Record(row.id, orjson.loads(row.config), int(row.revision))


def _note(
    connection: Connection,
    change: int,
    who: str,
    action: str,
    dataset: str | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    connection.execute(
        insert(AUDIT).values(
            change=change,
            at=moment(datetime.now(UTC)),
            who=who[:200],
            action=action,
            dataset=dataset,
            before=None if before is None else _json(before),
            after=None if after is None else _json(after),
        )
    )


def _audit(row: Row[Any]) -> Audit:
    before, after = (orjson.loads(each) if each else None for each in (row.before, row.after))
    return Audit(int(row.change), row.at, row.who, row.action, row.dataset, before, after)


def _keys(connection: Connection) -> list[ApiKey]:
    return [_key(row) for row in connection.execute(select(API_KEY).order_by(API_KEY.c.created))]


def _key(row: Row[Any]) -> ApiKey:
    roles, scopes = tuple(orjson.loads(row.roles)), tuple(orjson.loads(row.scopes))
    times = [datetime.fromisoformat(each) if each else None for each in (row.expires, row.created)]
    return ApiKey(row.id, row.name, row.digest, roles, scopes, *times)


def _json(content: Mapping[str, Any] | Sequence[str]) -> str:
    return orjson.dumps(content).decode()
