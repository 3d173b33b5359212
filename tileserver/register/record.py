"""What stands in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from tileserver.access.key import ApiKey
from tileserver.errors import InvalidParameter, NotFound

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


def describe_change(audit: Audit) -> dict[str, Any]:
    """Who changed what, as it is told."""
    return {
        "change": audit.change,
        "when": audit.at,
        "who": audit.who,
        "action": audit.action,
        "dataset": audit.dataset,
        "before": audit.before,
        "after": audit.after,
    }


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in whole seconds, UTC, which sorts as time does."""
    return None if at is None else _written(at)


def parse_moment(name: str, text: str) -> str:
    """A time or the start of a day, as `moment` writes it. Raises InvalidParameter.

    Args:
        name: of the parameter.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # beyond the years 1 and 9999 in UTC
        expected = "expected 2027-12-31 or 2027-12-31T12:00:00Z"
        raise InvalidParameter(name, text, expected) from None
    return _written(at)


def _written(at: datetime) -> str:
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
