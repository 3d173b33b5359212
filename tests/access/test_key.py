"""What is kept of keys, and what is taken for one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from tileserver.access.key import ApiKey, Keyring, check_key, new_key
from tileserver.errors import InvalidParameter, Unauthenticated

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class OneKey:
    """Keys, of which there is one."""

    key: ApiKey

    def find(self, id: str) -> ApiKey | None:
        """By its id."""
        return self.key if id == self.key.id else None


def test_key_tells_who_shows_it() -> None:
    """Name, roles, scopes."""
    text, kept = new_key("ann", roles=["staff"], scopes=["read", "refresh"])
    caller = check_key(OneKey(kept), text, NOW)
    assert (caller.name, caller.roles) == ("ann", {"staff"})
    assert caller.may("refresh")
    assert not caller.may("admin")


def test_secret_is_not_kept() -> None:
    """Only SHA-256 of it, which no key can be made of again."""
    text, kept = new_key("ann")
    secret = text.split("_", 2)[2]
    assert secret not in repr(kept)
    assert kept.digest == sha256(secret.encode()).hexdigest()


def test_keys_differ() -> None:
    """Two of one name have nothing in common."""
    assert len({new_key("ann")[0] for _ in range(100)}) == 100


@pytest.mark.parametrize("change", [-1, 10, 25])
def test_changed_key_is_refused(change: int) -> None:
    """In its id or its secret."""
    text, kept = new_key("ann")
    other = "0" if text[change] != "0" else "1"
    place = change % len(text)
    wrong = text[:place] + other + text[place + 1 :]
    with pytest.raises(Unauthenticated, match="not one of this server"):
        check_key(OneKey(kept), wrong, NOW)


@pytest.mark.parametrize("text", ["", "ts_", "ts_1_2", "ts_" + "é" * 60, "x" * 100_000])
def test_what_is_no_key_is_refused(text: str) -> None:
    """Whatever it is."""
    with pytest.raises(Unauthenticated):
        check_key(Keyring(()), text, NOW)


def test_expired_key_is_refused() -> None:
    """From its time on, and told when."""
    text, kept = new_key("ann", expires=NOW)
    keys = OneKey(kept)
    assert check_key(keys, text, NOW - timedelta(seconds=1)).name == "ann"
    with pytest.raises(Unauthenticated, match="expired on 2026-01-01"):
        check_key(keys, text, NOW)


@pytest.mark.parametrize(
    ("name", "what", "words"),
    [
        ("", {}, "name"),
        ("a\nb", {}, "name"),
        ("a", {"roles": ["a b"]}, "roles"),
        ("a", {"scopes": ["root"]}, "scopes"),
        ("a", {"expires": datetime(2026, 1, 1)}, "expires"),
    ],
)
def test_wrong_key_is_not_made(name: str, what: dict[str, object], words: str) -> None:
    """The error names what is wrong."""
    with pytest.raises(InvalidParameter, match=words):
        new_key(name, **what)  # type: ignore[arg-type]
