"""The database itself: reaching it, its schema, and its errors in our words.

SQLAlchemy speaks to SQLite and PostgreSQL alike, and Alembic brings either to the newest schema.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from tileserver.errors import CatalogError, SourceUnavailable

MIGRATIONS = Path(__file__).parent / "migrations"
CONNECT_S = 3
STATEMENT_S = 10
LOCK = 7_161_616_001  # of PostgreSQL's advisory locks: who migrates
WRITING = "tileserver_writing"  # of transactions that write from their beginning
# A peer that is gone without a word is noticed in about ten seconds.
ALIVE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
KINDS = ("sqlite", "postgresql")
EXPECTED = "database: expected a file for SQLite, or postgresql+psycopg://user@host/name"


def address(said: str) -> URL:
    """Of a database by its URL, or of an SQLite file by its path. Raises CatalogError, which never
    repeats what was said: a password may stand in it."""
    try:
        url = make_url(said if "://" in said else f"sqlite:///{said}")
    except ArgumentError:
        raise CatalogError(EXPECTED) from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in KINDS:
        raise CatalogError(EXPECTED)
    return url


def connect(said: str) -> Engine:
    """A database that is reached when it is first used. Raises CatalogError."""
    url = address(said)
    try:
        if url.get_backend_name() == "sqlite":
            engine = create_engine(url, connect_args={"timeout": STATEMENT_S})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        timeout = f"-c statement_timeout={STATEMENT_S * 1000} -c lock_timeout={STATEMENT_S * 1000}"
        given = {"connect_timeout": CONNECT_S, "options": timeout, **ALIVE}
        # Few connections: each worker asks once a second, and writes now and then.
        return create_engine(
            url, connect_args=given, pool_size=2, max_overflow=2, pool_pre_ping=True,
            pool_timeout=CONNECT_S,
        )  # fmt: skip
    except (NoSuchModuleError, ArgumentError, ImportError):
        raise CatalogError(EXPECTED) from None


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # Readers and one writer at a time do not wait for each other.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    # Python's module begins transactions at the first write alone: reads would not belong together.
    connection.isolation_level = None


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


@contextmanager
def told() -> Iterator[None]:
    """The database's errors in our words, which hold nothing of its address. What went wrong is
    in the cause, for logs of operators' own."""
    try:
        yield
    except SQLAlchemyError as error:
        raise SourceUnavailable("the database does not answer: try again in a moment") from error


def upgrade(engine: Engine) -> None:
    """Bring a database to the newest schema; of several that try at once one does it.

    Raises CatalogError for one that is newer than this program, SourceUnavailable.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with told(), engine.connect().execution_options(**{WRITING: True}) as connection:
        _lock(connection)
        config.attributes["connection"] = connection
        try:
            if _version(connection) not in _known(config):
                raise CatalogError(
                    "database: its schema is newer than this program: upgrade the program first"
                )
            command.upgrade(config, "head")
        except CommandError as error:
            raise CatalogError(f"database: its schema cannot be used ({error})") from error
        connection.commit()


def _lock(connection: Connection) -> None:
    """Until the transaction ends, which in SQLite locks the others out by itself."""
    connection.begin()
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _version(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _known(config: Config) -> set[str | None]:
    return {None, *(each.revision for each in ScriptDirectory.from_config(config).walk_revisions())}
