"""API keys: what is given out once, and what is kept of it.

A key is `ts_<id>_<secret>`. The secret has 256 random bits, so that one round of SHA-256 keeps it:
a slow hash, as passwords need, would protect nothing more and take its time of each request.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol

from tileserver.access.caller import SCOPES, Caller
from tileserver.errors import InvalidParameter, Unauthenticated

PREFIX = "ts_"
_KEY = re.compile(r"ts_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)
_DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}", re.ASCII)
_NAME = re.compile(r"[\w.@+ -]{1,100}")
_ROLE = re.compile(r"[A-Za-z0-9][\w.:/-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key.

    Args:
        id: its public part.
        name: whose it is, for logs.
        digest: SHA-256 of its secret, in hexadecimal digits.
        expires: from when it is no longer taken; None: it is until it is revoked.
    """

    id: str
    name: str
    digest: str
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("read",)
    expires: datetime | None = None
    created: datetime | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise InvalidParameter("name", self.name, "expected 1 to 100 letters, digits and .@+-_")
        for role in self.roles:
            if not _ROLE.fullmatch(role):
                raise InvalidParameter("roles", role, "expected letters, digits and . : / _ -")
        for scope in self.scopes:
            if scope not in SCOPES:
                raise InvalidParameter("scopes", scope, f"expected of {', '.join(SCOPES)}")
        if self.expires is not None and self.expires.tzinfo is None:
            raise InvalidParameter("expires", self.expires.isoformat(), "expected a time with Z")

    @property
    def caller(self) -> Caller:
        """Who shows it."""
        return Caller(self.name, frozenset(self.roles), frozenset(self.scopes))


def parse_expiry(text: str, *, after: datetime | None = None) -> datetime:
    """When a key ends: a time, UTC unless it says otherwise, or a day, which counts to its end.

    Args:
        after: what it has to be later than, for keys that are made.

    Raises InvalidParameter.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # beyond the years 1 and 9999 in UTC
        raise InvalidParameter(
            "expires", text, "expected 2027-12-31 or 2027-12-31T12:00:00Z"
        ) from None
    if _DAY.fullmatch(text):
        at = at.replace(hour=23, minute=59, second=59)
    if after is not None and at <= after:
        raise InvalidParameter("expires", text, "expected a time to come")
    return at


class Keys(Protocol):
    """The keys that are taken."""

    def find(self, id: str) -> ApiKey | None:
        """At once, from memory."""
        ...


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of several places; the first that has one counts."""

    places: Sequence[Keys]

    def find(self, id: str) -> ApiKey | None:
        """At once, from memory."""
        return next((key for each in self.places if (key := each.find(id)) is not None), None)


def new_key(
    name: str,
    *,
    roles: Iterable[str] = (),
    scopes: Iterable[str] = ("read",),
    expires: datetime | None = None,
) -> tuple[str, ApiKey]:
    """A key's text, which is told once, and what is kept of it. Raises InvalidParameter."""
    id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    now = datetime.now(UTC).replace(microsecond=0)
    kept = ApiKey(id, name, _digest(secret), tuple(roles), tuple(scopes), expires, now)
    return f"{PREFIX}{id}_{secret}", kept


def is_unknown(keys: Keys, text: str) -> bool:
    """Whether a text is formed as a key is, but has an id that is not known."""
    match = _KEY.fullmatch(text)
    return match is not None and keys.find(match[1]) is None


def check_key(keys: Keys, text: str, now: datetime) -> Caller:
    """Who shows this key. Raises Unauthenticated, never saying what is wrong with a secret."""
    match = _KEY.fullmatch(text)
    found = None if match is None else keys.find(match[1])
    if match is None or found is None or not hmac.compare_digest(_digest(match[2]), found.digest):
        raise Unauthenticated("the key is not one of this server: ask its operator for another")
    if found.expires is not None and found.expires <= now:
        day = found.expires.date().isoformat()
        raise Unauthenticated(f"the key expired on {day}: ask the operator for another")
    return found.caller


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
