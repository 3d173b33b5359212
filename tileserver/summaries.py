"""What listings tell of datasets that are not open, kept in a file from one run to the next."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

log = logging.getLogger(__name__)

Facts = Mapping[str, Any]
BUSY_S = 5.0  # that a writer waits for another
TABLE = "create table if not exists summary (dataset text primary key, entry text, facts blob)"


class Summaries:
    """Facts of datasets by id, each of one entry of the catalogue; several processes may share it.

    What cannot be read or written is done without, and logged once: nothing depends on it.

    Args:
        path: made where it is not there; "" for none.
    """

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        if path:
            try:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                self._database = sqlite3.connect(path, timeout=BUSY_S, check_same_thread=False)
                self._database.execute("pragma journal_mode=wal")
                self._database.execute("pragma synchronous=normal")
                self._database.execute(TABLE)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)

    def all(self) -> dict[str, tuple[str, Facts]]:
        """What is known, by dataset: of which entry, and the facts."""
        if self._database is None:
            return {}
        try:
            with self._lock:
                rows = self._database.execute(
                    "select dataset, entry, facts from summary"
                ).fetchall()
            return {dataset: (entry, orjson.loads(facts)) for dataset, entry, facts in rows}
        except (sqlite3.Error, ValueError) as error:
            self._give_up(error)
            return {}

    def put(self, dataset: str, entry: str, facts: Facts) -> None:
        """Remember the facts of a dataset as an entry of the catalogue has it."""
        if self._database is None:
            return
        try:
            with self._lock, self._database:
                self._database.execute(
                    "insert or replace into summary values (?, ?, ?)",
                    (dataset, entry, orjson.dumps(facts)),
                )
        except sqlite3.Error as error:
            self._give_up(error)

    def close(self) -> None:
        """Write what is to be written."""
        if self._database is not None:
            with self._lock, suppress(sqlite3.Error):
                self._database.close()

    def _give_up(self, error: Exception) -> None:
        self._database = None
        log.warning("summaries are not kept (%s)", error)
