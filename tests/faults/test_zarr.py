"""Rows 19 to 21 where a store's objects are passed on: each is whole and right, or an error."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
import xarray as xr
from starlette.testclient import TestClient

from tests.conftest import running
from tests.faults.place import Place, told
from tests.s3 import S3Server
from tests.s3.proxy import FaultProxy
from tileserver.http.zarr import PIECE

CHUNK = "sst/c/1/2/3"


def objects(place: Place) -> dict[str, bytes]:
    """What the store of `sea` consists of, by key, but for the document of all."""
    folder = place.bucket / "sea.zarr"
    paths = [each for each in folder.rglob("*") if each.is_file()]
    found = {each.relative_to(folder).as_posix(): each.read_bytes() for each in paths}
    del found["zarr.json"]
    assert len(found) > 48
    return found


@pytest.mark.parametrize("fault", ["slowdown", "reset", "truncate", "slow"])
def test_row_19_some_faults_change_nothing(place: Place, client: TestClient, fault: str) -> None:
    """A quarter of the store's answers fail: every object and part is what it is without."""
    place.proxy.slow_s = 0.1
    place.proxy.rates = {fault: 0.25}
    for key, body in objects(place).items():
        whole = client.get(f"/zarr/sea/{key}")
        assert (whole.status_code, whole.content) == (200, body), key
        middle = client.get(f"/zarr/sea/{key}", headers={"Range": "bytes=2-30"})
        assert (middle.status_code, middle.content) == (206, body[2:31]), key
    assert place.proxy.done[fault] > 0


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=2-30"}], ids=["whole", "part"])
@pytest.mark.parametrize("fault", ["slowdown", "reset", "truncate", "stall"])
def test_row_19_lasting_faults_are_told(place: Place, fault: str, headers: dict[str, str]) -> None:
    """503 or 504 with the time to come back, which nobody keeps, and the object afterwards."""
    body = objects(place)[CHUNK]
    with place.client("timeout_s: 1") as client:
        place.proxy.rates = {fault: 1}
        answer = client.get(f"/zarr/sea/{CHUNK}", headers=headers)
        assert answer.status_code in (503, 504)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["cache-control"] == "no-store"
        assert int(answer.headers["retry-after"]) > 0
        place.proxy.rates = {}
        assert client.get(f"/zarr/sea/{CHUNK}").content == body


@pytest.mark.parametrize(
    ("fault", "words"), [("denied", "access denied"), ("vanished", "bucket does not exist")]
)
def test_row_20_refusals_are_no_fill_values(
    place: Place, client: TestClient, fault: str, words: str
) -> None:
    """502 that says why: a 404 would stand for missing values."""
    place.proxy.rates = {fault: 1}
    status, detail = told(client.get(f"/zarr/sea/{CHUNK}"))
    assert (status, words in detail) == (502, True), detail


def test_row_21_missing_chunk_is_fill(place: Place, client: TestClient) -> None:
    """404, as stores answer for what was never written."""
    place.proxy.rates, place.proxy.only = {"missing": 1}, CHUNK
    assert client.get(f"/zarr/sea/{CHUNK}").status_code == 404
    assert client.get("/zarr/sea/sst/c/0/0/0").status_code == 200


@pytest.fixture
def large(tmp_path: Path) -> Iterator[Place]:
    """A store with a chunk that is read in three pieces."""
    bucket = tmp_path / "data"
    axis = np.linspace(0, 20, 1500)
    values = np.arange(1500 * 1500, dtype="f4").reshape(1500, 1500)
    made = xr.Dataset({"a": (("lat", "lon"), values)}, {"lat": axis, "lon": axis})
    encoding = {"a": {"chunks": values.shape, "compressors": None}}
    made.to_zarr(bucket / "large.zarr", zarr_format=2, consolidated=True, encoding=encoding)
    with S3Server(tmp_path, anonymous=True) as s3, FaultProxy(s3.url) as proxy:
        yield Place(bucket, proxy, tmp_path)


@pytest.mark.parametrize("fault", ["slowdown", "reset", "denied", "missing"])
def test_row_19_answer_that_has_begun_is_cut(large: Place, fault: str) -> None:
    """Who reads sees that it is not whole."""
    body = (large.bucket / "large.zarr/a/0.0").read_bytes()
    assert len(body) > PIECE
    catalog = large.folder / "catalog.yaml"
    catalog.write_text(f"""
        storage: {{lab: {{endpoint: "{large.proxy.url}", anonymous: true, timeout_s: 1}}}}
        datasets: [{{id: large, url: "s3://data/large.zarr", storage: lab}}]
    """)
    with running("--catalog", str(catalog)) as url:
        address = f"{url}/zarr/large/a/0.0"
        assert httpx2.get(address, timeout=60).content == body
        large.proxy.rates, large.proxy.only = {fault: 1}, f"bytes={PIECE}-"
        with pytest.raises(httpx2.RemoteProtocolError):
            httpx2.get(address, timeout=60)
        large.proxy.rates = {}
        assert httpx2.get(address, timeout=60).content == body
