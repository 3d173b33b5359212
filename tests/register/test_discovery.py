"""Many datasets are found and registered by one request, each by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from tests.register.test_registration import ADMIN, TOKEN, ids, value, write
from tests.s3 import S3Server
from tileserver.app import create_app
from tileserver.settings import Settings


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Path]:
    """A bucket of three stores, one of which is broken, and a server of it."""
    root = tmp_path / "s3"
    write(root / "bucket" / "sea.zarr", 1.0)
    write(root / "bucket" / "deep" / "other.zarr", 2.0)
    (root / "bucket" / "broken.zarr").mkdir()
    (root / "bucket" / "broken.zarr" / "zarr.json").write_text("{")
    with S3Server(root) as server:
        storage = {"endpoint": server.url, "credentials": "env:LAB_", "allow_http": True}
        write(tmp_path / "files.zarr", 3.0)
        own = {"id": "files", "url": str(tmp_path / "files.zarr")}
        catalog = {"storage": {"lab": storage}, "datasets": [own]}
        (tmp_path / "catalog.yaml").write_text(yaml.safe_dump(catalog))
        yield tmp_path


@pytest.fixture
def client(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("LAB_ACCESS_KEY_ID", "access-key")
    monkeypatch.setenv("LAB_SECRET_ACCESS_KEY", "secret-key")
    settings = Settings(
        catalog=str(bucket / "catalog.yaml"), database=str(bucket / "tiles.db"),
        admin_token=TOKEN, allowed_urls=f"{bucket},s3://,http://",
    )  # fmt: skip
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def discover(client: TestClient, query: str = "", **wish: Any) -> Any:
    answer = client.post(f"/datasets/discover{query}", json=wish, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


def statuses(told: Any) -> dict[str, str]:
    return {each["id"]: each["status"] for each in told["datasets"]}


BUCKET = {"url": "s3://bucket/", "storage": "lab"}


def test_found_but_not_registered(client: TestClient) -> None:
    """What is told can be posted as it is."""
    told = discover(client, **BUCKET)
    assert statuses(told) == {"broken": "found", "deep-other": "found", "sea": "found"}
    assert (told["total"], told["registered"], told["missed"]) == (3, 0, [])
    assert ids(client) == ["files"]
    sea = next(each for each in told["datasets"] if each["id"] == "sea")
    assert (sea["kind"], sea["config"]) == (
        "zarr", {"id": "sea", "url": "s3://bucket/sea.zarr", "storage": "lab"}
    )  # fmt: skip
    assert client.post("/datasets", json=sea["config"], headers=ADMIN).status_code == 201
    assert value(client) == 1.0
    assert statuses(discover(client, **BUCKET))["sea"] == "known"


def test_registered_at_once(client: TestClient, bucket: Path) -> None:
    """All that can be opened; asked again, what is new."""
    defaults = {"attribution": "us", "access": {"roles": ["staff"]}}
    told = discover(client, "?register=true", **BUCKET, prefix="lab-", defaults=defaults)
    assert statuses(told) == {
        "lab-broken": "failed", "lab-deep-other": "registered", "lab-sea": "registered"
    }  # fmt: skip
    assert told["registered"] == 2
    config = client.get("/datasets/lab-sea/config", headers=ADMIN).json()
    assert config == {"id": "lab-sea", "url": "s3://bucket/sea.zarr", "storage": "lab", **defaults}
    changes = client.get("/audit", headers=ADMIN).json()["changes"]
    assert sorted(each["dataset"] for each in changes) == ["lab-deep-other", "lab-sea"]
    assert ids(client) == ["files"]  # the others are staff's

    shutil.copytree(bucket / "s3/bucket/sea.zarr", bucket / "s3/bucket/new.zarr")
    again = discover(client, "?register=true&check=false", **BUCKET)
    assert statuses(again) == {
        "broken": "registered",
        "lab-deep-other": "known",
        "lab-sea": "known",
        "new": "registered",
    }
    assert value(client, "new") == 1.0


def test_ids_that_are_taken(client: TestClient, bucket: Path) -> None:
    """Of another dataset, or of the files': each is told by itself, and nothing is changed."""
    write(bucket / "s3/bucket/files.zarr", 4.0)
    other = {"id": "sea", "url": "s3://bucket/deep/other.zarr", "storage": "lab"}
    client.post("/datasets", json=other, headers=ADMIN)
    told = discover(client, "?register=true", **BUCKET)
    by_url = {each["config"]["url"]: each for each in told["datasets"]}
    assert by_url["s3://bucket/deep/other.zarr"]["status"] == "known"
    assert "registered already" in by_url["s3://bucket/sea.zarr"]["error"]
    assert "stands in a file" in by_url["s3://bucket/files.zarr"]["error"]
    assert (value(client), value(client, "files")) == (2.0, 3.0)


@pytest.mark.parametrize(
    ("wish", "status", "word"),
    [
        ({}, 422, "url: it is missing"),
        ({"url": "s3://bucket", "storage": "nowhere"}, 422, "nowhere"),
        ({"url": "/etc"}, 422, "TILESERVER_ALLOWED_URLS"),
        ({"url": "file:///etc"}, 422, "TILESERVER_ALLOWED_URLS"),
        ({"url": "http://169.254.169.254/latest"}, 422, "url: "),
        ({"url": "s3://bucket", "each": "band"}, 422, "each"),
        ({"url": "s3://bucket", "most": 10**6}, 422, "most"),
        ({"url": "s3://bucket", "prefix": "../"}, 422, "prefix"),
        ({"url": "s3://bucket", "secret": "x"}, 422, "secret: no such key"),
    ],
)
def test_wishes_that_cannot_be(
    client: TestClient, wish: dict[str, Any], status: int, word: str
) -> None:
    """The answer names the key and what to do."""
    answer = client.post("/datasets/discover", json=wish, headers=ADMIN)
    assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text


def test_only_administrators_look_around(client: TestClient) -> None:
    """Whoever else asks is told nothing of what lies where."""
    assert client.post("/datasets/discover", json=BUCKET).status_code == 401
