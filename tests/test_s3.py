"""The S3 server of the tests, through obstore, against moto, and against AWS' own examples."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import httpx2 as httpx
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from tests.s3 import S3Server
from tests.s3.message import Call, S3Error, parse_query
from tests.s3.operation import parse_range
from tests.s3.signature import ALGORITHM, Credentials, Scope, canonical_request, verify

ROOT = Path(__file__).parent.parent
FAST_BACKOFF = {
    "init_backoff": timedelta(milliseconds=1),
    "max_backoff": timedelta(milliseconds=2),
    "base": 2,
}
NO_RETRY = {"max_retries": 0, "retry_timeout": timedelta(seconds=5)}


def open_store(url: str, *, retry: dict[str, object] | None = None, **options: object) -> S3Store:
    settings = {
        "access_key_id": "access-key",
        "secret_access_key": "secret-key",
        "region": "us-east-1",
        "virtual_hosted_style_request": False,
        "client_options": {"allow_http": True, "timeout": timedelta(seconds=5)},
    }
    return S3Store("data", endpoint=url, retry_config=retry or NO_RETRY, **(settings | options))


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[S3Server]:
    (tmp_path / "data").mkdir()
    with S3Server(tmp_path) as server:
        yield server


@pytest.fixture
def store(s3: S3Server) -> S3Store:
    return open_store(s3.url)


def test_object_round_trip(s3: S3Server, store: S3Store, tmp_path: Path) -> None:
    """What is put is a file under the bucket's folder, is read back, and can be deleted."""
    key = "cube.zarr/a b=c+ü/c%20 0.0"
    obstore.put(store, key, b"payload")
    assert (tmp_path / "data" / key).read_bytes() == b"payload"
    assert obstore.get(store, key).bytes() == b"payload"
    assert obstore.head(store, key)["size"] == 7
    obstore.delete(store, key)
    assert list((tmp_path / "data").iterdir()) == []
    with pytest.raises(FileNotFoundError):
        obstore.head(store, key)


def test_log_names_what_was_asked(s3: S3Server, store: S3Store) -> None:
    """The log holds method, bucket, key, range, query and status of each request."""
    obstore.put(store, "a/0", b"0123456789")
    s3.log.clear()
    obstore.get_range(store, "a/0", start=2, end=5)
    obstore.list(store, prefix="a").collect()
    seen = [(r.method, r.bucket, r.key, r.range, r.query, r.status) for r in s3.log]
    assert seen == [
        ("GET", "data", "a/0", "bytes=2-4", "", 206),
        ("GET", "data", "", None, "list-type=2&prefix=a%2F", 200),
    ]


def test_ranges(store: S3Store) -> None:
    """Ranges, several at once, open ones and suffixes give their bytes."""
    data = bytes(range(256)) * 4
    obstore.put(store, "x", data)
    parts = obstore.get_ranges(store, "x", starts=[0, 500, 1000], lengths=[10, 20, 24])
    assert [bytes(part) for part in parts] == [data[:10], data[500:520], data[1000:]]
    suffix = obstore.get(store, "x", options={"range": {"suffix": 16}})
    assert (suffix.bytes(), suffix.range) == (data[-16:], (1008, 1024))
    open_ended = obstore.get(store, "x", options={"range": {"offset": 1000}})
    assert open_ended.bytes() == data[1000:]


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 10)),
        ("bytes=5-100", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-100", (0, 10)),
        ("bytes=5-2", None),
        ("bytes=-", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
    ],
)
def test_range_header(header: str, span: tuple[int, int] | None) -> None:
    """A Range header is read as RFC 9110 says; what is no single byte range is ignored."""
    assert parse_range(header, 10) == span


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_range_beyond_the_end(header: str) -> None:
    """A range that holds no byte of the object is 416."""
    with pytest.raises(S3Error) as caught:
        parse_range(header, 10)
    assert caught.value.status == 416


def test_conditions(store: S3Store) -> None:
    """If-None-Match gives 304 and If-Match 412, as obstore maps them; create does not replace."""
    etag = obstore.put(store, "x", b"1")["e_tag"]
    assert obstore.get(store, "x", options={"if_match": etag}).bytes() == b"1"
    with pytest.raises(obstore.exceptions.NotModifiedError):
        obstore.get(store, "x", options={"if_none_match": etag})
    with pytest.raises(obstore.exceptions.PreconditionError):
        obstore.get(store, "x", options={"if_match": '"other"'})
    with pytest.raises(obstore.exceptions.AlreadyExistsError):
        obstore.put(store, "x", b"2", mode="create")


def test_listing_pages(s3: S3Server, store: S3Store, tmp_path: Path) -> None:
    """2500 keys are listed in three pages, in the order of their bytes, each once."""
    keys = [f"list/{i % 7}/{i}.ü" for i in range(2500)]
    for key in keys:
        path = tmp_path / "data" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    s3.log.clear()
    listed = [meta["path"] for meta in obstore.list(store, prefix="list").collect()]
    assert listed == sorted(keys, key=str.encode)
    assert len(s3.log) == 3


def test_listing_with_delimiter(store: S3Store) -> None:
    """A delimiter folds what lies deeper into prefixes; objects keep their sizes."""
    for key in ("a/x", "a/b/1", "a/b/2", "a/c/1", "ab", "a.b/1"):
        obstore.put(store, key, key.encode())
    result = obstore.list_with_delimiter(store, "a")
    assert result["common_prefixes"] == ["a/b", "a/c"]
    assert [(o["path"], o["size"]) for o in result["objects"]] == [("a/x", 3)]


def test_listing_parameters(tmp_path: Path) -> None:
    """max-keys, start-after, the token and encoding-type=url work over plain HTTP."""
    for name in ("a b", "a&b", "c/1", "c/2", "d"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with S3Server(tmp_path, anonymous=True) as s3:
        url = f"{s3.url}/data?list-type=2&delimiter=/&encoding-type=url&max-keys=2"
        first = httpx.get(url).text
        token = re.findall("<NextContinuationToken>(.*)</NextContinuationToken>", first)[0]
        second = httpx.get(f"{url}&continuation-token={token}").text
        bad = httpx.get(f"{s3.url}/data?list-type=2&max-keys=many")
        after = httpx.get(f"{s3.url}/data?list-type=2&start-after=c/1").text
    assert re.findall("<Key>(.*?)</Key>", first) == ["a%20b", "a%26b"]
    assert re.findall("<CommonPrefixes><Prefix>(.+?)</Prefix>", second) == ["c/"]
    assert re.findall("<Key>(.*?)</Key>", second) == ["d"]
    assert "<IsTruncated>false</IsTruncated>" in second
    assert re.findall("<Key>(.*?)</Key>", after) == ["c/2", "d"]
    assert bad.status_code == 400


def test_multipart_upload(s3: S3Server, store: S3Store) -> None:
    """A large object goes up in parts and comes back whole."""
    data = os.urandom(12 << 20)
    obstore.put(store, "big", data, chunk_size=5 << 20)
    assert obstore.get(store, "big").bytes() == data
    assert sum("partNumber" in request.query for request in s3.log) == 3


def test_multipart_upload_aborted(s3: S3Server, store: S3Store) -> None:
    """An upload that fails half-way is aborted and leaves no object."""

    def parts() -> Iterator[bytes]:
        yield bytes(6 << 20)
        raise RuntimeError("the source broke")

    with pytest.raises(Exception, match="the source broke"):
        obstore.put(store, "big", parts(), chunk_size=5 << 20)
    assert obstore.list(store).collect() == []


def test_copy_rename_and_bulk_delete(store: S3Store) -> None:
    """Copies, renames and deletions of many keys at once work."""
    obstore.put(store, "a", b"1")
    obstore.copy(store, "a", "b/c")
    obstore.rename(store, "a", "d")
    assert [m["path"] for m in obstore.list(store).collect()] == ["b/c", "d"]
    obstore.delete(store, ["b/c", "d"])
    assert obstore.list(store).collect() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret_access_key": "other"},
        {"access_key_id": "other"},
        {"region": "eu-central-1"},
        {"skip_signature": True},
    ],
)
def test_wrong_credentials(s3: S3Server, store: S3Store, wrong: dict[str, object]) -> None:
    """A wrong secret, key or region, or no signature at all, reads and writes nothing."""
    obstore.put(store, "x", b"1")
    other = open_store(s3.url, **wrong)
    s3.log.clear()
    refusals = obstore.exceptions.BaseError
    with pytest.raises(refusals):
        obstore.get(other, "x").bytes()
    with pytest.raises(refusals):
        obstore.put(other, "y", b"2")
    with pytest.raises(refusals):
        obstore.list(other).collect()
    assert {request.status for request in s3.log} <= {400, 403}
    assert [m["path"] for m in obstore.list(store).collect()] == ["x"]


def test_anonymous_reads_only(tmp_path: Path) -> None:
    """The anonymous switch opens reads and listings, not writes."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_bytes(b"1")
    with S3Server(tmp_path, anonymous=True) as s3:
        store = open_store(s3.url, skip_signature=True)
        assert obstore.get(store, "x").bytes() == b"1"
        assert len(obstore.list(store).collect()) == 1
        with pytest.raises(obstore.exceptions.PermissionDeniedError):
            obstore.put(store, "y", b"2")


def test_bucket_elsewhere(tmp_path: Path) -> None:
    """A named bucket may lie outside the root."""
    (tmp_path / "elsewhere").mkdir()
    with S3Server(tmp_path / "root", buckets={"data": tmp_path / "elsewhere"}) as s3:
        obstore.put(open_store(s3.url), "x", b"1")
    assert (tmp_path / "elsewhere" / "x").read_bytes() == b"1"


HOSTILE_PATHS = (
    "/data/../secret",
    "/data/%2e%2e/secret",
    "/data/..%2fsecret",
    "/data/a/%2e%2e/%2e%2e/secret",
    "/data//etc/passwd",
    "/data/%2fetc%2fpasswd",
    "/data/x%00",
    "/data/link",
    "/../secret",
    "/%2e%2e/secret",
    "/.../secret",
    "//secret",
    "/data/" + "x" * 5000,
)


def test_keys_stay_in_their_bucket(tmp_path: Path) -> None:
    """No key leads out of its bucket, and none brings the server down."""
    (tmp_path / "root" / "data").mkdir(parents=True)
    (tmp_path / "root" / "secret").write_text("secret")
    (tmp_path / "root" / "data" / "link").symlink_to(tmp_path / "root" / "secret")
    with S3Server(tmp_path / "root", anonymous=True) as s3:
        statuses = {path: raw_get(s3.url, path)[9:12] for path in HOSTILE_PATHS}
    assert {*statuses.values()} <= {b"404", b"405"}, statuses


def raw_get(url: str, path: str) -> bytes:
    """A GET whose path no client has tidied up."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_missing_bucket(s3: S3Server) -> None:
    """An object in a bucket that is not there is NoSuchBucket, told as an S3 error document."""
    s3.anonymous = True
    answer = httpx.get(f"{s3.url}/nowhere/x")
    assert (answer.status_code, "<Code>NoSuchBucket</Code>" in answer.text) == (404, True)


def test_latency(s3: S3Server, store: S3Store) -> None:
    """Each answer waits for the latency that was set, all of them at the same time."""
    obstore.put(store, "x", bytes(100))
    s3.latency_s = 0.1
    start = perf_counter()
    obstore.get_ranges(store, "x", starts=[0], ends=[1], coalesce=0)
    assert 0.1 <= perf_counter() - start < 1


def test_slow_down(s3: S3Server, store: S3Store) -> None:
    """503 answers come at their rate, and a client that tries again gets through."""
    obstore.put(store, "x", b"1")
    s3.log.clear()
    s3.error_503_rate = 0.5
    patient = open_store(s3.url, retry={"max_retries": 20, "backoff": FAST_BACKOFF})
    for _ in range(20):
        assert obstore.get(patient, "x").bytes() == b"1"
    refused = sum(request.status == 503 for request in s3.log)
    assert 5 < refused == len(s3.log) - 20


def test_faults_repeat_with_their_seed(tmp_path: Path) -> None:
    """The same seed and requests meet the same faults."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_bytes(b"1")
    runs = []
    for _ in range(2):
        with S3Server(tmp_path, anonymous=True, seed=7) as s3:
            s3.error_503_rate = 0.5
            runs.append([httpx.get(f"{s3.url}/data/x").status_code for _ in range(20)])
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("knob", "error"),
    [("reset_rate", httpx.ReadError), ("truncate_rate", httpx.RemoteProtocolError)],
)
def test_broken_connections(
    s3: S3Server, knob: str, error: type[Exception], store: S3Store
) -> None:
    """A reset gives no answer; a truncated one says its full length and ends half-way."""
    obstore.put(store, "x", bytes(100_000))
    s3.anonymous = True
    setattr(s3, knob, 1.0)
    with pytest.raises(error):
        httpx.get(f"{s3.url}/data/x")
    setattr(s3, knob, 0.0)
    assert len(httpx.get(f"{s3.url}/data/x").content) == 100_000


def test_stall(s3: S3Server, store: S3Store) -> None:
    """A stalled answer stops half-way, and does not hold up the end of the server."""
    obstore.put(store, "x", bytes(1000))
    s3.anonymous, s3.stall_rate = True, 1.0
    start = perf_counter()
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{s3.url}/data/x", timeout=0.2)
    assert perf_counter() - start < 2


# Credentials, requests and signatures of "Authenticating Requests", Amazon S3 API Reference.
EXAMPLE = Credentials(
    "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"
)
EXAMPLE_TIME = datetime(2013, 5, 24, tzinfo=UTC)


def example_call(method: str, path: str, query: str, body: bytes, **headers: str) -> Call:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method, path, parse_query(query), named, body)


def authorization(signed: str, signature: str) -> str:
    credential = f"{EXAMPLE.access_key}/20130524/us-east-1/s3/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={credential},SignedHeaders={signed},Signature={signature}"


def test_signature_of_the_reference() -> None:
    """The reference's signed listing verifies; with another prefix it does not."""
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "x_amz_content_sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x_amz_date": "20130524T000000Z",
        "authorization": authorization(
            "host;x-amz-content-sha256;x-amz-date",
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    }
    verify(example_call("GET", "/", "max-keys=2&prefix=J", b"", **headers), EXAMPLE, EXAMPLE_TIME)
    changed = example_call("GET", "/", "max-keys=2&prefix=K", b"", **headers)
    with pytest.raises(S3Error) as caught:
        verify(changed, EXAMPLE, EXAMPLE_TIME)
    assert (caught.value.status, caught.value.code) == (403, "SignatureDoesNotMatch")


CHUNK_SIGNATURES = (
    "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
    "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
    "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
)


def chunked_call(body: bytes) -> Call:
    return example_call(
        "PUT",
        "/examplebucket/chunkObject.txt",
        "",
        body,
        host="s3.amazonaws.com",
        x_amz_content_sha256="STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        x_amz_date="20130524T000000Z",
        x_amz_decoded_content_length="66560",
        x_amz_storage_class="REDUCED_REDUNDANCY",
        content_encoding="aws-chunked",
        content_length="66824",
        authorization=authorization(
            "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
            "x-amz-decoded-content-length;x-amz-storage-class",
            "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        ),
    )


def test_chunked_upload_of_the_reference() -> None:
    """The reference's aws-chunked upload decodes; with one byte changed it is refused."""
    data = b"a" * 65536, b"a" * 1024, b""
    body = b"".join(
        f"{len(part):x};chunk-signature={signature}\r\n".encode() + part + b"\r\n"
        for part, signature in zip(data, CHUNK_SIGNATURES, strict=True)
    )
    assert verify(chunked_call(body), EXAMPLE, EXAMPLE_TIME) == b"a" * 66560
    with pytest.raises(S3Error, match="signature"):
        verify(chunked_call(body.replace(b"aa\r\n", b"ab\r\n")), EXAMPLE, EXAMPLE_TIME)


def test_unsigned_chunks_with_a_trailer(s3: S3Server, store: S3Store) -> None:
    """A chunked upload with a checksum trailer is stored without its framing."""
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    host = s3.url.removeprefix("http://")
    timestamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "host": host,
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-date": timestamp,
        "x-amz-decoded-content-length": "5",
    }
    headers["authorization"] = sign("PUT", "/data/x", headers, Scope(timestamp, s3.credentials))
    assert httpx.put(f"{s3.url}/data/x", content=body, headers=headers).status_code == 200
    assert obstore.get(store, "x").bytes() == b"hello"
    headers["x-amz-date"] = "20130524T000000Z"
    assert httpx.put(f"{s3.url}/data/x", content=body, headers=headers).status_code == 403


def sign(method: str, path: str, headers: dict[str, str], scope: Scope) -> str:
    """The Authorization header of a request whose headers are all signed."""
    signed = sorted(headers)
    text = canonical_request(Call(method, path, (), headers, b""), signed)
    signature = scope.sign(ALGORITHM, sha256(text.encode()).hexdigest())
    credential = f"{scope.credentials.access_key}/{scope.text}"
    names = ";".join(signed)
    return f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"


@contextmanager
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        httpx.post(f"{url}/moto-api/reset")  # all servers of a process share what they hold
        httpx.put(f"{url}/data")
        yield url
    finally:
        server.stop()


def exercise(store: S3Store) -> list[object]:
    """What a client sees of a fixed sequence of calls; tags and times are the server's own."""
    seen: list[object] = []
    for key in ("z/1", "z/10", "z/2/x", "a b/ü", "top"):
        obstore.put(store, key, f"data of {key}".encode())
    seen.append([(m["path"], m["size"]) for m in obstore.list(store).collect()])
    tree = obstore.list_with_delimiter(store, "z")
    seen.append((tree["common_prefixes"], [m["path"] for m in tree["objects"]]))
    seen.append(bytes(obstore.get_range(store, "a b/ü", start=1, end=4)))
    ranges = obstore.get_ranges(store, "z/10", starts=[0, 5], ends=[2, 7], coalesce=0)
    seen.append([bytes(part) for part in ranges])
    suffix = obstore.get(store, "top", options={"range": {"suffix": 3}})
    seen.append((suffix.bytes(), suffix.range, suffix.meta["size"]))
    obstore.copy(store, "top", "copy")
    obstore.put(store, "big", bytes(6 << 20), chunk_size=5 << 20)
    seen.append(obstore.head(store, "big")["size"])
    obstore.delete(store, ["z/1", "z/10"])
    for operation in (
        lambda: obstore.get(store, "missing"),
        lambda: obstore.head(store, "missing"),
        lambda: obstore.get_range(store, "top", start=1000, end=1001),
        lambda: obstore.get(store, "top", options={"if_match": '"no"'}),
        lambda: obstore.delete(store, "missing"),
    ):
        try:
            operation()
            seen.append(None)
        except Exception as error:
            seen.append(type(error).__name__)
    seen.append([m["path"] for m in obstore.list(store).collect()])
    return seen


def test_same_results_as_moto(store: S3Store) -> None:
    """An independent S3 server gives the same results for the same calls."""
    with moto() as url:
        expected = exercise(open_store(url))
    assert exercise(store) == expected


def test_command_line(tmp_path: Path) -> None:
    """`python -m tests.s3` prints its URL when it is ready, and ends with status 0 on SIGTERM."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_bytes(b"1")
    keys = {"DEMO_ACCESS_KEY_ID": "access-key", "DEMO_SECRET_ACCESS_KEY": "secret-key"}
    command = [sys.executable, "-m", "tests.s3", "--root", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, env=os.environ | keys, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        store = open_store(process.stdout.readline().strip())
        assert obstore.get(store, "x").bytes() == b"1"
        process.terminate()
    assert process.returncode == 0
