"""Keys in a file."""

import logging
import time
from pathlib import Path

import pytest
import yaml

from tileserver.access import keyfile
from tileserver.access.key import new_key
from tileserver.access.keyfile import KeyFile, read_keys, written
from tileserver.errors import CatalogError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """All of a key."""
    _, kept = new_key("ann", roles=["staff"], scopes=["read", "admin"])
    path = tmp_path / "keys.yaml"
    path.write_text(written(kept))
    assert read_keys(str(path)) == {kept.id: kept}


def test_day_ends_with_it(tmp_path: Path) -> None:
    """A key that expires on a day holds through it."""
    _, kept = new_key("ann")
    path = tmp_path / "keys.yaml"
    path.write_text(written(kept) + "  expires: 2030-05-06\n")
    [key] = read_keys(str(path)).values()
    assert key.expires is not None
    assert key.expires.isoformat() == "2030-05-06T23:59:59+00:00"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b", "expected a list"),
        ("- 3", "expected keys of"),
        ("- {id: a, name: b}", "expected keys of"),
        ("- {id: a, name: b, digest: c, secret: d}", "expected keys of"),
        ("- {id: a, name: b, digest: c, roles: staff}", "expected lists"),
        ("- {id: a, name: b, digest: c, scopes: [root]}", "scopes='root'"),
        ("- {id: a, name: b, digest: c, expires: 5}", "expected a day"),
        ("- [", "cannot be read"),
    ],
)
def test_wrong_file_is_told(tmp_path: Path, text: str, words: str) -> None:
    """With the file's name and what is expected."""
    path = tmp_path / "keys.yaml"
    path.write_text(text)
    with pytest.raises(CatalogError, match=words) as refused:
        KeyFile(str(path))
    assert str(path) in str(refused.value)


def until(keys: KeyFile, id: str, *, there: bool) -> bool:
    """Whether a key is there, or gone, after the time of some looks."""
    end = time.monotonic() + 3 * keyfile.LOOK_S + 5
    while (keys.find(id) is not None) != there and time.monotonic() < end:
        time.sleep(0.1)
    return (keys.find(id) is not None) == there


def test_change_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A key that is taken out is refused soon; a file that is wrong changes nothing."""
    (_, first), (_, second) = new_key("ann"), new_key("bob")
    path = tmp_path / "keys.yaml"
    path.write_text(written(first))
    keys = KeyFile(str(path))
    assert keys.find(first.id) == first
    path.write_text(written(second))
    assert until(keys, second.id, there=True)
    assert keys.find(first.id) is None
    with caplog.at_level(logging.ERROR):
        path.write_text("- [")
        end = time.monotonic() + 10
        while not caplog.records and time.monotonic() < end:
            assert keys.find(second.id) == second
            time.sleep(0.1)
    assert "keys stay as they were" in caplog.text
    assert yaml.safe_load(written(second))[0]["digest"] not in caplog.text
