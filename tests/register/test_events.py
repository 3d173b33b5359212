"""Who follows a dataset is told when it is registered otherwise, and when it is gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.conftest import running
from tests.http.test_events import listening
from tests.register.test_registration import ADMIN, TOKEN, write


@pytest.fixture
def server(tmp_path: Path) -> Iterator[httpx2.Client]:
    write(tmp_path / "sea.zarr", 1.0)
    write(tmp_path / "other.zarr", 2.0)
    environment = {
        "TILESERVER_DATABASE": str(tmp_path / "tiles.db"),
        "TILESERVER_ADMIN_TOKEN": TOKEN,
        "TILESERVER_ALLOWED_URLS": str(tmp_path),
    }
    with (
        running(**environment) as url,
        httpx2.Client(base_url=url, headers=ADMIN, timeout=30) as client,
    ):
        yield client


def test_changes_of_the_register_are_told(server: httpx2.Client, tmp_path: Path) -> None:
    """Of another entry that takes its place, and of its end."""
    entry = {"id": "sea", "url": str(tmp_path / "sea.zarr")}
    server.post("/datasets", json=entry).raise_for_status()
    with listening(str(server.base_url).rstrip("/"), "sea") as feed:
        assert feed.next()[0] == "ready"
        other = entry | {"url": str(tmp_path / "other.zarr")}
        server.put("/datasets/sea", json=other, headers={"If-Match": '"r1"'}).raise_for_status()
        kind, _, told = feed.next()
        assert (kind, told["version"]) == ("changed", server.get("/datasets/sea").json()["version"])
        server.delete("/datasets/sea").raise_for_status()
        assert feed.next()[::2] == ("gone", {"dataset": "sea"})
        with pytest.raises(AssertionError, match="has ended"):
            feed.next()


def test_who_may_no_longer_see_is_told_no_more(server: httpx2.Client, tmp_path: Path) -> None:
    """The same to who listens while the dataset is made another's."""
    entry = {"id": "sea", "url": str(tmp_path / "sea.zarr")}
    server.post("/datasets", json=entry).raise_for_status()
    with listening(str(server.base_url).rstrip("/"), "sea") as feed:
        assert feed.next()[0] == "ready"
        kept = entry | {"access": {"roles": ["staff"]}}
        server.put("/datasets/sea", json=kept, headers={"If-Match": "*"}).raise_for_status()
        assert feed.next()[0] == "gone"
