"""API keys that stand in a file: a Secret that is mounted, a file beside the catalogue."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from time import monotonic
from typing import Any

import yaml

from tileserver.access.key import ApiKey, parse_expiry
from tileserver.errors import CatalogError, InvalidParameter

log = logging.getLogger(__name__)

LOOK_S = 2.0  # between two looks whether the file is another
_KNOWN = {"id", "name", "digest", "roles", "scopes", "expires", "created"}


class KeyFile:
    """A list of keys in YAML or JSON, read again when it has changed.

    A file that is gone or wrong later on leaves the keys as they were, and is told in the log.

    Args:
        path: of the file. Raises CatalogError where it cannot be used at the start.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._state = self._stat()
        self._keys = read_keys(path)
        self._looked = monotonic()

    def find(self, id: str) -> ApiKey | None:
        """At once; every so often after a look at the file."""
        if monotonic() - self._looked > LOOK_S:
            self._looked = monotonic()
            self._follow()
        return self._keys.get(id)

    def _follow(self) -> None:
        state = self._stat()
        if state == self._state:
            return
        self._state = state
        try:
            self._keys = read_keys(self._path)
        except CatalogError as error:
            log.error("keys stay as they were: %s", error)

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def read_keys(path: str) -> dict[str, ApiKey]:
    """The keys in a file, by their ids. Raises CatalogError."""
    try:
        with open(path, "rb") as file:
            content = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CatalogError(f"keys={path}: cannot be read ({type(error).__name__})") from error
    if not isinstance(content or [], list):
        raise CatalogError(f"keys={path}: expected a list, as `tileserver key create` prints")
    found = {}
    for number, each in enumerate(content or []):
        try:
            key = _parsed(each)
        except (InvalidParameter, TypeError, ValueError) as error:
            raise CatalogError(f"keys={path}: {number}: {error}") from error
        found[key.id] = key
    return found


def written(key: ApiKey) -> str:
    """A key as it stands in a file."""
    told = {name: value for name, value in asdict(key).items() if value not in (None, ())}
    told = {
        name: list(value) if isinstance(value, tuple) else value for name, value in told.items()
    }
    return yaml.safe_dump([told], sort_keys=False)


def _parsed(said: Any) -> ApiKey:
    if not isinstance(said, Mapping) or not {"id", "name", "digest"} <= said.keys() <= _KNOWN:
        raise ValueError(f"expected keys of {', '.join(sorted(_KNOWN))}")
    texts = {name: str(said[name]) for name in ("id", "name", "digest")}
    lists = {name: _list(said[name]) for name in ("roles", "scopes") if name in said}
    times = {name: _time(said[name]) for name in ("expires", "created") if said.get(name)}
    return ApiKey(**texts, **lists, **times)  # type: ignore[arg-type]


def _list(said: object) -> tuple[str, ...]:
    if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
        raise ValueError("roles and scopes: expected lists of words")
    return tuple(said)


def _time(said: object) -> datetime:
    """A day ends with it; a time without a zone is UTC."""
    if isinstance(said, str | date):  # as YAML takes those that are not quoted
        return parse_expiry(said if isinstance(said, str) else said.isoformat())
    raise ValueError(f"expires={said!r}: expected a day or a time")
