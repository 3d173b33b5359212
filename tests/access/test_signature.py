"""Signatures open one dataset until a time."""

from datetime import UTC, datetime, timedelta

import pytest

from tileserver.access.signature import Signer
from tileserver.errors import Unauthenticated

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
SIGNER = Signer(("secret",))


def test_signature_opens_one_dataset() -> None:
    """And nothing else, whatever roles there are."""
    caller = SIGNER.check(SIGNER.sign("sea.ice", LATER), NOW)
    assert caller.may_see("sea.ice", ["staff"])
    assert not caller.may_see("sea", ["staff"])
    assert not caller.may("admin")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace("sea", "see"),
        lambda s: s.replace("~17", "~18"),
        lambda s: s[:-1] + ("A" if s[-1] != "A" else "B"),
        lambda s: s + "A",
        lambda s: "~".join(s.split("~")[:2]) + "~",
        lambda s: "",
        lambda s: "~" * 1000,
        lambda s: s.replace("~17", "~" + "9" * 30),
    ],
)
def test_changed_signature_is_refused(change: object) -> None:
    """Dataset, time, code, length."""
    good = SIGNER.sign("sea", LATER)
    assert callable(change)
    with pytest.raises(Unauthenticated):
        SIGNER.check(change(good), NOW)


def test_signature_ends() -> None:
    """At its time."""
    with pytest.raises(Unauthenticated, match="ended at 2026-01-01T00:00:00Z"):
        SIGNER.check(SIGNER.sign("sea", NOW), NOW)


def test_secrets_change_one_after_the_other() -> None:
    """What the old one signed holds while it is listed."""
    signature = SIGNER.sign("sea", LATER)
    assert Signer(("new", "secret")).check(signature, NOW).granted == {"sea"}
    with pytest.raises(Unauthenticated):
        Signer(("new",)).check(signature, NOW)


def test_without_secrets_nothing_is_taken() -> None:
    """An empty list opens nothing."""
    with pytest.raises(Unauthenticated):
        Signer(()).check(SIGNER.sign("sea", LATER), NOW)
