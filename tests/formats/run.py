"""Running a case: its store through the whole application, column by column."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.formats.case import COLUMNS, Absent, Case, Column, Refused
from tests.formats.client import Client
from tests.formats.columns import CHECKS, Server
from tileserver.app import create_app
from tileserver.settings import Settings

OPENS_WITHIN_S = 20
YES, NOT_APPLICABLE, REFUSED, NO = "✓", "–", "refused", "✗"


@dataclass(frozen=True)
class Outcome:
    """One cell of the table; `why` says what does not apply, is refused, or is wrong."""

    mark: str
    why: str = ""
    error: BaseException | None = None


Row = Mapping[Column, Outcome]


@cache
def run(case: Case) -> Row | Absent:
    """All columns of a case, or why it cannot be run here; once, however often it is asked."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            given = case.make(Path(folder))
        except Absent as absent:
            return absent
        entry = {**given.entry, "id": "a"}
        document = {**given.catalog, "datasets": [entry]}
        catalog = Path(folder) / "catalog.yaml"
        catalog.write_text(yaml.safe_dump(document, allow_unicode=True))
        settings = Settings(catalog=str(catalog), threads=2)
        with Client(create_app(settings)) as client:
            found = _settled(client)
            if isinstance(given, Refused):
                return _refused(given, found)
            assert found["status"] == "ready", f"{case.id}: {found['error']}"
            return {column: _cell(case, column, Server(client, given)) for column in COLUMNS}


def _settled(client: Client) -> dict[str, Any]:
    end = time.monotonic() + OPENS_WITHIN_S
    while time.monotonic() < end:
        [found] = client.get("/datasets").json()["datasets"]
        if found["status"] != "pending":
            return dict(found)
        client.wait(0.002)
    raise AssertionError(f"it was not opened within {OPENS_WITHIN_S} s")


def _refused(given: Refused, found: Mapping[str, Any]) -> Row:
    assert found["status"] == "error", "it was opened, though it should be refused"
    assert found["error"] == given.message
    return {column: Outcome(REFUSED, given.message) for column in COLUMNS}


def _cell(case: Case, column: Column, server: Server) -> Outcome:
    why = case.omits.get(column)
    if column == "series" and not server.given.times:
        why = why or "no time"
    if why is not None:
        return Outcome(NOT_APPLICABLE, why)
    try:
        CHECKS[column](server)
    except Exception as error:  # whatever is wrong with one column must not hide the others
        return Outcome(NO, str(error) or type(error).__name__, error)
    return Outcome(YES)
