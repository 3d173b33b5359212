"""Datasets that come, change and go while servers run, over HTTP; several servers see the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml
from starlette.testclient import TestClient

from tests.servers import PostgresServer
from tileserver.access.key import new_key
from tileserver.app import create_app
from tileserver.settings import Settings

TOKEN = "of-the-operator"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
WITHIN_S = 20  # generous: machines are shared; it is one second and the opening


def write(path: Path, value: float) -> None:
    lat, lon = np.arange(-80.0, 81, 20), np.arange(-180.0, 180, 20)
    sst = (("lat", "lon"), np.full((lat.size, lon.size), value, "f4"))
    data = xr.Dataset({"sst": sst}, {"lat": lat, "lon": lon})
    data.to_zarr(path, mode="w", zarr_format=3, consolidated=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, value in (("sea.zarr", 1.0), ("other.zarr", 2.0), ("files.zarr", 3.0)):
        write(tmp_path / name, value)
    catalog = {"datasets": [{"id": "files", "url": str(tmp_path / "files.zarr")}]}
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    return tmp_path


@contextmanager
def serving(data: Path, database_url: str, **more: Any) -> Iterator[TestClient]:
    """A server of one file's dataset and those of a database."""
    settings = Settings(
        catalog=str(data / "catalog.yaml"), database=database_url, admin_token=TOKEN,
        allowed_urls=str(data), **more,
    )  # fmt: skip
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def entry(data: Path, name: str = "sea", **more: Any) -> dict[str, Any]:
    return {"id": name, "url": str(data / "sea.zarr"), **more}


def until(what: Callable[[], bool]) -> bool:
    end = time.monotonic() + WITHIN_S
    while not (done := what()) and time.monotonic() < end:
        time.sleep(0.1)
    return done


def ids(client: TestClient) -> list[str]:
    return [each["id"] for each in client.get("/datasets").json()["datasets"]]


def value(client: TestClient, dataset: str = "sea") -> Any:
    answer = client.get(f"/point/{dataset}/sst?lon=0&lat=0")
    return answer.json().get("value", answer.status_code)


def test_dataset_comes_changes_and_goes(data: Path, database_url: str) -> None:
    """In the server that is asked at once, in another on the same database soon."""
    with serving(data, database_url) as one, serving(data, database_url) as two:
        made = one.post("/datasets", json=entry(data), headers=ADMIN)
        assert (made.status_code, made.json()["status"]) == (201, "ready"), made.text
        assert made.headers["etag"] == '"r1"'
        assert made.headers["location"].endswith("/datasets/sea")
        assert value(one) == 1.0
        assert until(lambda: value(two) == 1.0)

        other = entry(data, url=str(data / "other.zarr"))
        version = two.get("/datasets/sea").json()["version"]
        changed = two.put("/datasets/sea", json=other, headers=ADMIN | {"If-Match": '"r1"'})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"r2"'), changed.text
        assert value(two) == 2.0
        assert until(lambda: value(one) == 2.0)
        versions = {each.get("/datasets/sea").json()["version"] for each in (one, two)}
        assert len(versions) == 1
        assert version not in versions

        gone = one.delete("/datasets/sea", headers=ADMIN | {"If-Match": '"r2"'})
        assert (gone.status_code, gone.content) == (204, b"")
        assert ids(one) == ["files"]
        assert value(one) == 404
        assert until(lambda: ids(two) == ["files"])


def test_what_is_registered_is_there_after_a_restart(data: Path, database_url: str) -> None:
    """Datasets, their versions, and keys."""
    with serving(data, database_url) as client:
        client.post("/datasets", json=entry(data), headers=ADMIN)
        client.post("/datasets/sea/refresh", headers=ADMIN)
        version = client.get("/datasets/sea").json()["version"]
        key = client.post("/keys", json={"name": "ann"}, headers=ADMIN).json()["key"]
    with serving(data, database_url) as client:
        assert until(lambda: value(client) == 1.0)
        assert client.get("/datasets/sea").json()["version"] == version
        told = client.get("/caller", headers={"X-API-Key": key}).json()
        assert told["name"] == "ann"


def test_refresh_reaches_all_servers(data: Path, database_url: str) -> None:
    """Of a registered dataset and of one of the files: the same new version everywhere."""
    with serving(data, database_url) as one, serving(data, database_url) as two:
        one.post("/datasets", json=entry(data), headers=ADMIN)
        assert until(lambda: value(two) == 1.0)
        for dataset in ("sea", "files"):
            before = two.get(f"/datasets/{dataset}").json()["version"]
            told = one.post(f"/datasets/{dataset}/refresh", headers=ADMIN).json()["version"]
            assert told != before
            assert until(
                lambda d=dataset, v=told: two.get(f"/datasets/{d}").json()["version"] == v  # type: ignore[misc]
            )


@pytest.fixture
def client(data: Path, tmp_path: Path) -> Iterator[TestClient]:
    with serving(data, str(tmp_path / "tiles.db")) as client:
        yield client


def test_change_says_what_it_changes(client: TestClient, data: Path) -> None:
    """ETag and If-Match: 409, 428, 412, and what they say."""
    document = entry(data)

    def put(status: int, word: str, **headers: str) -> None:
        sent = {name.replace("_", "-"): told for name, told in headers.items()}
        answer = client.put("/datasets/sea", json=document, headers=ADMIN | sent)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text

    put(404, "not registered", If_Match='"r1"')
    put(201, '"revision":1', If_None_Match="*")
    put(409, "registered already", If_None_Match="*")
    put(428, "If-Match is missing")
    put(400, "expected an ETag", If_Match="r1")
    put(412, "changed since", If_Match='"r7"')
    put(200, '"revision":2', If_Match='"r1"')
    put(200, '"revision":3', If_Match="*")
    again = client.post("/datasets", json=document, headers=ADMIN)
    assert again.status_code == 409
    config = client.get("/datasets/sea/config", headers=ADMIN)
    assert (config.json(), config.headers["etag"]) == (document, '"r3"')
    stale = client.delete("/datasets/sea", headers=ADMIN | {"If-Match": '"r1"'})
    assert stale.status_code == 412


@pytest.mark.parametrize(
    ("document", "status", "word"),
    [
        ({"id": "x"}, 422, "url: it is missing"),
        ({"url": "s3://b/x"}, 422, "id: it is missing"),
        ({"id": "../x", "url": "s3://b/x"}, 422, "id: expected letters"),
        ({"id": "x", "url": "s3://b/x", "storage": "nowhere"}, 422, "no storage 'nowhere'"),
        ({"id": "x", "url": "s3://b/x", "credentials": "env:X"}, 422, "credentials: no such key"),
        ({"id": "files", "url": "s3://b/x"}, 409, "stands in a file"),
        ({"id": "x", "url": "/etc/passwd"}, 422, "TILESERVER_ALLOWED_URLS"),
        ({"id": "x", "url": "file:///etc"}, 422, "TILESERVER_ALLOWED_URLS"),
        ({"id": "x", "url": "s3://b/x", "optimized": "/etc"}, 422, "TILESERVER_ALLOWED_URLS"),
        ({"id": "x", "url": "/vsicurl/http://x"}, 422, "url"),
        ({"id": "x", "url": "http://169.254.169.254/latest"}, 422, "url"),
    ],
)
def test_what_cannot_be_is_not_registered(
    client: TestClient, document: dict[str, str], status: int, word: str
) -> None:
    """The answer names the key and what to do, and nothing is there afterwards."""
    answer = client.post("/datasets", json=document, headers=ADMIN)
    assert (answer.status_code, word in answer.json()["detail"]) == (status, True), answer.text
    assert ids(client) == ["files"]
    assert client.get("/audit", headers=ADMIN).json()["changes"] == []


def test_what_cannot_be_opened_is_registered_only_unchecked(client: TestClient, data: Path) -> None:
    """`check=false` is for data that is still to be written: it is listed with its error."""
    document = entry(data, url=str(data / "later.zarr"))
    refused = client.post("/datasets", json=document, headers=ADMIN)
    assert refused.status_code == 422
    made = client.post("/datasets?check=false", json=document, headers=ADMIN)
    assert (made.status_code, made.json()["status"]) == (201, "error")
    assert "sea" in ids(client)
    write(data / "later.zarr", 5.0)
    client.post("/datasets/sea/refresh", headers=ADMIN)
    assert value(client) == 5.0


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"3"])
def test_body_that_is_no_entry(client: TestClient, body: bytes) -> None:
    """400, and what was expected."""
    answer = client.post("/datasets", content=body, headers=ADMIN)
    assert (answer.status_code, "body" in answer.json()["detail"]) == (400, True)


def test_access_changes_at_once(client: TestClient, data: Path) -> None:
    """A dataset that is kept to some from now on is shown to nobody else."""
    client.post("/datasets", json=entry(data), headers=ADMIN)
    assert value(client) == 1.0
    kept = entry(data, access={"roles": ["staff"]})
    client.put("/datasets/sea", json=kept, headers=ADMIN | {"If-Match": "*"})
    assert value(client) == 401
    assert ids(client) == ["files"]


def test_audit_tells_who(client: TestClient, data: Path) -> None:
    """By the name of the key, in pages, without secrets."""
    made = {"name": "ann", "scopes": ["read", "admin"], "expires": "2100-01-01"}
    told = client.post("/keys", json=made, headers=ADMIN).json()
    assert told["expires"] == "2100-01-01T23:59:59Z"
    ann = {"Authorization": f"Bearer {told['key']}"}
    assert client.post("/datasets", json=entry(data), headers=ann).status_code == 201
    page = client.get("/audit?limit=1", headers=ADMIN).json()
    [change] = page["changes"]
    assert (change["who"], change["action"], change["dataset"]) == ("ann", "register", "sea")
    assert (change["before"], change["after"]) == (None, entry(data))
    [first] = client.get(page["next"], headers=ADMIN).json()["changes"]
    assert (first["who"], first["action"]) == ("admin", "create key")
    assert told["key"].split("_", 2)[2] not in client.get("/audit", headers=ADMIN).text
    only = client.get("/audit?dataset=nothing", headers=ADMIN).json()
    assert only == {"changes": [], "next": None}


@pytest.mark.parametrize("since", ["soon", "0001-01-01T00:00:00+05:00"])
def test_audit_since_no_time(client: TestClient, since: str) -> None:
    """Nor one that no calendar of UTC has."""
    answer = client.get("/audit", params={"since": since}, headers=ADMIN)
    assert (answer.status_code, "since=" in answer.json()["detail"]) == (400, True)


def test_key_is_taken_until_it_is_revoked(client: TestClient) -> None:
    """Listed without what opens anything."""
    made = client.post("/keys", json={"name": "ann", "roles": ["staff"]}, headers=ADMIN)
    assert made.status_code == 201
    key = {"X-API-Key": made.json()["key"]}
    assert client.get("/caller", headers=key).json()["roles"] == ["staff"]
    listed = client.get("/keys", headers=ADMIN)
    assert [each["name"] for each in listed.json()["keys"]] == ["ann"]
    assert "digest" not in listed.text
    assert client.delete(f"/keys/{made.json()['id']}", headers=ADMIN).status_code == 204
    assert client.get("/caller", headers=key).status_code == 401
    assert client.delete(f"/keys/{made.json()['id']}", headers=ADMIN).status_code == 404


def test_key_is_taken_by_other_servers_at_once(data: Path, database_url: str) -> None:
    """Who shows it there before they have looked is not refused."""
    with serving(data, database_url) as one, serving(data, database_url) as two:
        for number in range(3):
            made = one.post("/keys", json={"name": f"ann{number}"}, headers=ADMIN).json()
            told = two.get("/caller", headers={"X-API-Key": made["key"]})
            assert (told.status_code, told.json().get("name")) == (200, f"ann{number}")
            time.sleep(0.6)  # made-up keys are looked for twice a second at most


@pytest.mark.parametrize(
    ("document", "word"),
    [
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "roles": "staff"}, "roles"),
        ({"name": "x", "scopes": ["root"]}, "scopes"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "expires": "soon"}, "expires"),
        ({"name": "x", "expires": "2020-01-01"}, "expires"),
        ({"name": "x", "expires": "9999-12-31T23:00:00-05:00"}, "expires"),
        ({"name": "x", "role": ["staff"]}, "role"),
    ],
)
def test_wrong_key_is_not_made(client: TestClient, document: dict[str, Any], word: str) -> None:
    """400 names what is wrong."""
    answer = client.post("/keys", json=document, headers=ADMIN)
    assert (answer.status_code, word in answer.json()["detail"]) == (400, True), answer.text
    assert client.get("/keys", headers=ADMIN).json() == {"keys": []}


def test_server_without_a_database_says_so(data: Path) -> None:
    """409, with what to set."""
    with serving(data, "") as client:
        for method, path in (("POST", "/datasets"), ("GET", "/audit"), ("GET", "/keys")):
            answer = client.request(method, path, json={"id": "x"}, headers=ADMIN)
            assert (answer.status_code, "TILESERVER_DATABASE" in answer.text) == (409, True)


def test_database_that_goes_away(data: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Row 27: what is known is served on, writing is 503, it is logged once; then all goes on."""
    with PostgresServer() as server:
        url = server.new_database()
        with serving(data, url) as one, serving(data, url) as two:
            one.post("/datasets", json=entry(data), headers=ADMIN)
            key = new_key("nobody")[0]
            assert until(lambda: value(two) == 1.0)
            server.stop()
            assert until(lambda: "does not answer" in caplog.text)
            time.sleep(2.5)
            assert value(two) == value(one) == 1.0
            refused = one.delete("/datasets/sea", headers=ADMIN)
            assert refused.status_code == 503
            assert "retry-after" in refused.headers
            assert one.get("/caller", headers={"X-API-Key": key}).status_code == 401
            told = [r for r in caplog.records if "is served on" in r.getMessage()]
            assert len(told) == 2  # one of each server
            server.start()
            assert until(lambda: one.delete("/datasets/sea", headers=ADMIN).status_code == 204)
            assert until(lambda: ids(two) == ["files"])
            assert url.split("//")[1] not in caplog.text


def test_start_without_the_database(data: Path) -> None:
    """After a while what the files say is served; what is registered follows."""
    with PostgresServer() as server:
        url = server.new_database()
        with serving(data, url) as client:
            client.post("/datasets", json=entry(data), headers=ADMIN)
        server.stop()
        with serving(data, url, database_wait_s=0.5) as client:
            assert until(lambda: value(client, "files") == 3.0)
            assert ids(client) == ["files"]
            server.start()
            assert until(lambda: value(client) == 1.0)


def test_results_of_a_dataset_that_is_gone(data: Path, tmp_path: Path) -> None:
    """Nobody knows any more who might see its numbers: administrators do."""
    steps = xr.open_zarr(data / "sea.zarr", consolidated=False).expand_dims(
        time=np.arange("2024-01-01", "2024-01-04", dtype="datetime64[D]")
    )
    steps.to_zarr(data / "sea.zarr", mode="w", zarr_format=3, consolidated=False)
    with serving(data, str(tmp_path / "tiles.db"), jobs=str(tmp_path / "jobs")) as client:
        client.post("/datasets", json=entry(data), headers=ADMIN)
        job = client.post("/jobs?dataset=sea&variable=sst&lon=0&lat=0").json()["jobID"]
        assert until(lambda: client.get(f"/jobs/{job}").json()["status"] == "successful")
        result = f"/jobs/{job}/result"
        assert client.get(result).status_code == 200
        client.delete("/datasets/sea", headers=ADMIN)
        assert client.get(f"/jobs/{job}").json()["status"] == "successful"
        assert client.get(result).status_code == 404
        assert client.get(result, headers=ADMIN).status_code == 200
