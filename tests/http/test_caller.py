"""What the server says of who asks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tileserver.access.key import new_key
from tileserver.access.keyfile import written
from tileserver.app import create_app
from tileserver.settings import Settings

KEY, KEPT = new_key("anna", roles=["staff", "lab"], scopes=["read", "refresh"])
OLD, OLD_KEPT = new_key("anna", expires=datetime(2020, 1, 1, tzinfo=UTC))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Of a server that knows a key and one that has expired."""
    (tmp_path / "catalog.yaml").write_text("datasets: []")
    (tmp_path / "keys.yaml").write_text(written(KEPT) + written(OLD_KEPT))
    settings = Settings(catalog=(str(tmp_path / "catalog.yaml"),), keys=str(tmp_path / "keys.yaml"))
    with TestClient(create_app(settings)) as found:
        yield found


def test_caller_is_told(client: TestClient) -> None:
    """Name, roles and scopes of a key, to nobody's cache."""
    answer = client.get("/caller", headers={"Authorization": f"Bearer {KEY}"})
    expected = {"name": "anna", "roles": ["lab", "staff"], "scopes": ["read", "refresh"]}
    assert answer.json() == expected
    assert answer.headers["cache-control"] == "no-store"


def test_anybody_is_nobody(client: TestClient) -> None:
    """Without a key the name is empty."""
    assert client.get("/caller").json() == {"name": "", "roles": [], "scopes": ["read"]}


@pytest.mark.parametrize("key", [OLD, KEY[:-1] + "x", "x"], ids=["expired", "wrong", "no key"])
def test_wrong_keys_are_refused(client: TestClient, key: str) -> None:
    """Expired, mistyped, and made up ones: 401, which a page is not asked a password for."""
    headers = {"Authorization": f"Bearer {key}"}
    fetched = client.get("/caller", headers=headers | {"Sec-Fetch-Mode": "cors"})
    assert (fetched.status_code, fetched.headers["www-authenticate"]) == (
        401,
        'Bearer realm="tileserver"',
    )
    typed = client.get("/caller", headers=headers)
    assert "Basic" in typed.headers["www-authenticate"]


def test_viewer_is_told_whether_one_can_sign_in(client: TestClient) -> None:
    """So that it shows no menu for nothing."""
    assert client.get("/viewer").json()["sign_in"] is True
