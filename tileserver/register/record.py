"""What stands in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from tileserver.access.key import ApiKey
from tileserver.errors import NotFound

# What a writer says of what is there: a revision, that there is nothing, or anything.
Expected = int | Literal["nothing", "anything"] | None


class KeyNotFound(NotFound):
    """No key has this id."""

    name = "key"


@dataclass(frozen=True, slots=True)
class Record:
    """A registered dataset.

    Args:
        config: as in the catalogue's files.
        revision: counts its changes, from 1.
    """

    id: str
    config: Mapping[str, Any]
    revision: int

    @property
    def etag(self) -> str:
        """Of its entry."""
        return f'"r{self.revision}"'


@dataclass(frozen=True, slots=True)
class Audit:
    """Who changed what, and when."""

    change: int
    at: str
    who: str
    action: str
    dataset: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed since a number.

    Args:
        change: the number up to which this tells all.
        datasets: that were registered or changed, as they are now.
        removed: ids of those that are no longer there.
        generations: of datasets that are to be opened anew.
        keys: all that there are, if any changed.
    """

    change: int
    datasets: Sequence[Record] = ()
    removed: Sequence[str] = ()
    generations: Mapping[str, int] | None = None
    keys: Sequence[ApiKey] | None = None


def describe_key(key: ApiKey) -> dict[str, Any]:
    """A key as it may be told."""
    return {
        "id": key.id,
        "name": key.name,
        "roles": list(key.roles),
        "scopes": list(key.scopes),
        "expires": moment(key.expires),
        "created": moment(key.created),
    }


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in whole seconds, UTC, which sorts as time does."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
