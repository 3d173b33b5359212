"""The register over SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import inspect, text

from tileserver.access.key import new_key
from tileserver.errors import (
    CatalogError,
    Conflict,
    DatasetNotFound,
    PreconditionFailed,
    PreconditionRequired,
    SourceUnavailable,
)
from tileserver.register import database
from tileserver.register.record import KeyNotFound
from tileserver.register.register import Register
from tileserver.register.schema import METADATA

SEA = {"id": "sea", "url": "s3://bucket/sea.zarr"}


@pytest.fixture
def register(database_url: str) -> Iterator[Register]:
    made = Register(database_url)
    made.upgrade()
    yield made
    made.close()


def put(register: Register, expected: Any = "nothing", **more: Any) -> Any:
    return register.put("sea", SEA | more, who="ann", expected=expected)


def test_what_is_registered_is_read(register: Register) -> None:
    """By its id, and by who follows changes."""
    record = put(register)
    assert (record.id, record.config, record.revision, record.etag) == ("sea", SEA, 1, '"r1"')
    assert register.get("sea") == record
    assert register.get("see") is None
    changes = register.changes(0)
    assert (changes.change, list(changes.datasets), changes.keys) == (1, [record], [])
    assert register.changes(1).datasets == ()


def test_change_takes_the_revision(register: Register) -> None:
    """None: it has to be said; an old one: somebody else was faster."""
    put(register)
    with pytest.raises(Conflict, match="registered already"):
        put(register)
    with pytest.raises(PreconditionRequired, match='"r1"'):
        put(register, None)
    assert put(register, 1, title="Sea").revision == 2
    with pytest.raises(PreconditionFailed, match='"r2" now'):
        put(register, 1)
    with pytest.raises(PreconditionFailed):
        register.remove("sea", who="ann", expected=1)
    assert register.changes(0).change == 2  # what was refused has no number


def test_of_many_who_change_at_once_one_does(register: Register) -> None:
    """Each of ten rounds has one winner, and the others are told."""
    put(register)

    def attempt(revision: int) -> bool:
        try:
            put(register, revision, title=f"{revision}")
        except PreconditionFailed:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        for revision in range(1, 11):
            assert sum(pool.map(attempt, [revision] * 4)) == 1


def test_who_follows_misses_nothing(register: Register) -> None:
    """Beside writers, one reader sees every dataset once, in the order of the numbers."""
    seen: list[str] = []
    change = 0

    def write(number: int) -> None:
        register.put(f"d{number}", SEA, who="ann", expected="nothing")

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(write, number) for number in range(60)]
        while True:
            done = all(job.done() for job in jobs)
            changes = register.changes(change)
            seen += [record.id for record in changes.datasets]
            change = changes.change
            if done:
                break
        for job in jobs:
            job.result()
    assert sorted(seen) == sorted(f"d{number}" for number in range(60))
    assert change == 60


def test_removed_dataset_is_told(register: Register) -> None:
    """Once; and not if it is there again."""
    put(register)
    register.remove("sea", who="bob")
    assert (register.changes(1).removed, register.get("sea")) == (["sea"], None)
    with pytest.raises(DatasetNotFound):
        register.remove("sea", who="bob")
    assert put(register).revision == 1
    assert register.changes(1).removed == []


def test_refresh_moves_a_generation(register: Register) -> None:
    """Of any dataset, also one of the files; each time on."""
    first, second = (register.refresh("elsewhere", who="ann") for _ in range(2))
    assert second > first
    assert register.changes(0).generations == {"elsewhere": second}


def test_audit_tells_who_changed_what(register: Register) -> None:
    """The newest first, by dataset, in pages."""
    put(register)
    put(register, 1, title="Sea")
    register.refresh("sea", who="job")
    register.remove("sea", who="bob")
    told = register.audit(limit=10)
    assert [(each.who, each.action, each.dataset) for each in told] == [
        ("bob", "unregister", "sea"),
        ("job", "refresh", "sea"),
        ("ann", "change", "sea"),
        ("ann", "register", "sea"),
    ]
    assert (told[2].before, told[2].after) == (SEA, SEA | {"title": "Sea"})
    assert register.audit(limit=2, before=told[1].change) == told[2:]
    assert register.audit(limit=10, dataset="other") == []
    assert register.audit(limit=10, since="2100-01-01T00:00:00Z") == []


def test_keys_are_kept_without_their_secret(register: Register) -> None:
    """And taken until they are revoked."""
    given, key = new_key("ann", roles=["staff"], scopes=["read", "refresh"])
    register.add_key(key, who="root")
    assert register.keys() == [key]
    assert register.changes(0).keys == [key]
    secret = given.split("_", 2)[2]
    assert secret not in repr(register.audit(limit=9))
    assert key.digest not in repr(register.audit(limit=9))
    register.revoke_key(key.id, who="root")
    assert register.changes(1).keys == []
    with pytest.raises(KeyNotFound):
        register.revoke_key(key.id, who="root")


def test_migrations_lead_to_the_schema(database_url: str) -> None:
    """Tables, columns and indexes are what the program works with."""
    engine = database.connect(database_url)
    database.upgrade(engine)
    found = inspect(engine)
    for table in METADATA.sorted_tables:
        columns = {each["name"]: each for each in found.get_columns(table.name)}
        assert set(columns) == set(table.columns.keys())
        for column in table.columns:
            assert columns[column.name]["nullable"] == column.nullable
        indexes = {each["name"] for each in found.get_indexes(table.name)}
        assert {each.name for each in table.indexes} <= indexes
    engine.dispose()


def test_several_may_upgrade_at_once(database_url: str) -> None:
    """As replicas do that start together; what is there stays."""

    def upgrade(_: int) -> None:
        made = Register(database_url)
        made.upgrade()
        made.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, range(8)))
    made = Register(database_url)
    put(made)
    upgrade(0)
    assert made.get("sea") is not None
    made.close()


def test_newer_schema_is_refused(database_url: str) -> None:
    """By a program that does not know it, before it does harm."""
    engine = database.connect(database_url)
    database.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogError, match="newer than this program"):
        database.upgrade(engine)
    engine.dispose()


@pytest.mark.parametrize(
    "said",
    ["mysql://u:secret@h/x", "://secret", "postgresql+nodriver://u:secret@h/x", "oracle://x"],
)
def test_what_is_no_database_is_told(said: str) -> None:
    """In one line that does not repeat it."""
    with pytest.raises(CatalogError, match="database: expected") as refused:
        Register(said)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "said", ["postgresql://ann:secret@127.0.0.1:1/tiles", "/nowhere/at/all/tiles.db"]
)
def test_database_that_does_not_answer(said: str) -> None:
    """503, without its address."""
    made = Register(said)
    with pytest.raises(SourceUnavailable, match="does not answer") as refused:
        made.changes(0)
    assert "secret" not in str(refused.value)
