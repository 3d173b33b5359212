"""What HTTP promises of objects: parts, conditions, bounds (RFC 9110, 13 and 14)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from tests.conftest import running
from tests.zarr.conftest import Served

KEY = "v3/t/c/0/1/1"


@pytest.fixture
def client(served: Served) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"{served.url}/zarr/") as client:
        yield client


def test_whole(client: httpx2.Client) -> None:
    """Its length, and that parts of it can be had."""
    whole = client.get(KEY)
    head = client.head(KEY)
    assert (whole.status_code, head.status_code, head.content) == (200, 200, b"")
    for name in ("content-length", "etag", "accept-ranges", "content-type", "cache-control"):
        assert whole.headers[name] == head.headers[name]
    assert int(head.headers["content-length"]) == len(whole.content)
    assert head.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-type"] == "application/octet-stream"
    assert whole.headers["access-control-allow-origin"] == "*"
    assert "Content-Range" in whole.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=5-", slice(5, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=5-999999", slice(5, None)),
        ("bytes=-999999", slice(None)),
    ],
)
def test_part(client: httpx2.Client, asked: str, part: slice) -> None:
    """From the front, from the end, cut to what is there."""
    whole = client.get(KEY).content
    answer = client.get(KEY, headers={"Range": asked})
    start, stop, _ = part.indices(len(whole))
    assert (answer.status_code, answer.content) == (206, whole[part])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"


@pytest.mark.parametrize("key", [KEY, "v3/t/zarr.json", "cog/red/0.0"])
def test_part_beyond(client: httpx2.Client, key: str) -> None:
    """Is 416, which tells the size."""
    size = len(client.get(key, headers={"Accept-Encoding": "identity"}).content)
    answer = client.get(key, headers={"Range": "bytes=9999999-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=5-3", "lines=1-2", "bytes=-", "bytes=-0", "x"]
)
def test_what_is_no_single_part_is_all(client: httpx2.Client, asked: str) -> None:
    """As the standard allows."""
    assert client.get(KEY, headers={"Range": asked}).content == client.get(KEY).content


@pytest.mark.parametrize("key", [KEY, "v3/t/zarr.json"])
def test_head_knows_no_parts(client: httpx2.Client, key: str) -> None:
    """As the standard has it: it tells the whole's length."""
    size = client.head(key, headers={"Accept-Encoding": "identity"}).headers["content-length"]
    head = client.head(key, headers={"Range": "bytes=0-0", "Accept-Encoding": "identity"})
    assert (head.status_code, head.headers["content-length"]) == (200, size)


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=0-0", "bytes=-5"])
def test_empty_object_has_no_parts(served: Served, client: httpx2.Client, asked: str) -> None:
    """Any part of it lies beyond its end."""
    empty = served.folder / "v3.zarr" / "t" / "nothing"
    empty.write_bytes(b"")
    answer, whole = client.get("v3/t/nothing", headers={"Range": asked}), client.get("v3/t/nothing")
    empty.unlink()
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */0")
    assert (whole.status_code, whole.content) == (200, b"")


def test_conditions(client: httpx2.Client) -> None:
    """304 where the client has it; a part only of what it has the rest of."""
    whole = client.get(KEY)
    tag = whole.headers["etag"]
    assert client.get(KEY, headers={"If-None-Match": tag}).status_code == 304
    part = {"Range": "bytes=0-3"}
    same = client.get(KEY, headers=part | {"If-Range": tag})
    assert (same.status_code, same.content) == (206, whole.content[:4])
    other = client.get(KEY, headers=part | {"If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, whole.content)


@pytest.mark.parametrize("key", ["%2e%2e/v2/.zgroup", "t/%2e%2e/z/zarr.json", "a//b", "t\\c", "%00",
                                 "t/" + "0." * 600])  # fmt: skip
def test_what_is_no_key_is_refused(client: httpx2.Client, key: str) -> None:
    """Nothing leads out of the store."""
    answer = client.get(f"v3/{key}")
    assert (answer.status_code, answer.json()["parameter"]) == (400, "object")


def test_not_served(client: httpx2.Client) -> None:
    """Of a dataset that is none, or written to."""
    assert client.get("none/.zmetadata").status_code == 404
    for method in ("PUT", "DELETE", "POST"):
        assert client.request(method, KEY).status_code == 405


def test_can_be_off(served: Served) -> None:
    """Where the operator says so, there is no such path."""
    flags = ("--catalog", str(served.folder / "catalog.yaml"), "--adapters", "edr,stac")
    with running(*flags) as url:
        assert httpx2.get(f"{url}/zarr/{KEY}").status_code == 404
        assert "/zarr/{dataset}/{object}" not in httpx2.get(f"{url}/openapi.json").json()["paths"]
