"""The demo cubes behind a real S3 server: the same bytes, and no request too many."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import boto3
import morecantile
import pytest
from moto.server import ThreadedMotoServer
from starlette.testclient import TestClient

from tests.s3 import S3Server
from tileserver.app import create_app
from tileserver.demo import catalog_s3
from tileserver.settings import Settings

KEYS = {"DEMO_ACCESS_KEY_ID": "access-key", "DEMO_SECRET_ACCESS_KEY": "secret-key"}
TILES = [
    "/tiles/ocean/sst/1/0/0.png",
    "/tiles/ocean/sst/3/2/3.png?resampling=bilinear",
    "/tiles/ocean/sst_anomaly/WorldCRS84Quad/2/3/1.png",
    "/tiles/s2/true_color/12/{x}/{y}.webp",
    "/tiles/s2/b08/13/{x2}/{y2}.png?resampling=average",
    "/tiles/s2/_/11/{x0}/{y0}.png?expression=(b08-b04)/(b08%2Bb04)&rescale=-1,1",
    "/tiles/model/t/2/1/1.png?level=850",
    "/tiles/model/t/0/0/0.npy",
]


@contextmanager
def served(catalog: Path | str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(catalog=(str(catalog),)))) as client:
        wait_until_ready(client)
        yield client


def wait_until_ready(client: TestClient) -> None:
    while client.get("/readyz").status_code != 200:
        pass
    statuses = {d["id"]: d.get("error") for d in client.get("/datasets").json()["datasets"]}
    assert set(statuses.values()) == {None}, statuses


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(KEYS)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def s3(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A server whose bucket `demo` is the folder of the demo cubes."""
    root, buckets = tmp_path_factory.mktemp("root"), {"demo": demo_data.parent}
    keys = {"access_key": "access-key", "secret_key": "secret-key"}
    with S3Server(root, buckets=buckets, **keys) as server:
        yield server


@pytest.fixture(scope="module")
def local(demo_data: Path) -> Iterator[TestClient]:
    with served(demo_data) as client:
        yield client


@pytest.fixture(scope="module")
def remote(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    catalog = catalog_s3(tmp_path_factory.mktemp("catalog"), endpoint=s3.url, bucket="demo")
    with served(catalog) as client:
        yield client


def urls(client: TestClient) -> list[str]:
    """The tiles to compare, those of the small scene at its own place."""
    west, south, east, north = client.get("/tiles/s2/b08/tilejson.json").json()["bounds"]
    places: dict[str, int] = {}
    for name, zoom in (("0", 11), ("", 12), ("2", 13)):
        places[f"x{name}"], places[f"y{name}"] = tile_of(
            (west + east) / 2, (south + north) / 2, zoom
        )
    return [url.format(**places) for url in TILES]


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    tile = morecantile.tms.get("WebMercatorQuad").tile(lon, lat, zoom)
    return tile.x, tile.y


def test_s3_gives_the_same_bytes_as_local_disk(local: TestClient, remote: TestClient) -> None:
    """Signed, path-style requests to S3 and reads from disk make byte-identical tiles."""
    for url in urls(local):
        here, there = local.get(url), remote.get(url)
        assert (here.status_code, there.status_code) == (200, 200), there.text[:300]
        assert here.content == there.content, url


def test_moto_gives_the_same_bytes_too(local: TestClient, demo_data: Path, tmp_path: Path) -> None:
    """So does an S3 server that others wrote."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        upload(demo_data.parent, endpoint)
        with served(catalog_s3(tmp_path, endpoint=endpoint, bucket="demo")) as client:
            for url in urls(local):
                assert client.get(url).content == local.get(url).content, url
    finally:
        server.stop()


def upload(folder: Path, endpoint: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="access-key",
        aws_secret_access_key="secret-key",
    )
    client.create_bucket(Bucket="demo")
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        client.put_object(
            Bucket="demo", Key=path.relative_to(folder).as_posix(), Body=path.read_bytes()
        )


def test_new_tile_of_a_warm_dataset_costs_its_chunks(s3: S3Server, remote: TestClient) -> None:
    """One request for the one chunk of another time, none for metadata; then none at all.

    Chunks of the next times may be read ahead.
    """
    times = remote.get("/datasets/ocean/dimensions/time").json()["values"]
    remote.get(f"/tiles/ocean/sst/2/1/1.png?time={times[0]}")
    s3.log.clear()
    answer = remote.get(f"/tiles/ocean/sst/2/1/1.png?time={times[3]}")
    assert answer.status_code == 200
    remote.get(f"/tiles/ocean/sst/3/2/2.png?time={times[3]}")
    chunks = [r.key.rpartition("sst/")[2] for r in s3.log]
    assert chunks.count("c/3/0/0") == 1
    assert all(chunk.startswith("c/") for chunk in chunks)


def test_tile_of_a_held_block_costs_nothing(s3: S3Server, remote: TestClient) -> None:
    """A file's header and blocks are kept: another zoom and band of them asks for nothing."""
    times = remote.get("/datasets/s2/dimensions/time").json()["values"]
    west, south, east, north = remote.get("/tiles/s2/b08/tilejson.json").json()["bounds"]
    deep, shallow = (tile_of((west + east) / 2, (south + north) / 2, zoom) for zoom in (14, 12))
    remote.get(f"/tiles/s2/b08/12/{shallow[0]}/{shallow[1]}.png?time={times[1]}")
    assert {r.key for r in s3.log if r.method == "GET"} >= {"s2/s2_20230914.tif"}
    s3.log.clear()
    answer = remote.get(f"/tiles/s2/b04/14/{deep[0]}/{deep[1]}.png?time={times[1]}")
    assert (answer.status_code, s3.log) == (200, [])


def test_two_equal_requests_at_once_cost_one(s3: S3Server, remote: TestClient) -> None:
    """Equal requests share one reading."""
    times = remote.get("/datasets/ocean/dimensions/time").json()["values"]
    url = f"/tiles/ocean/sst/1/1/0.png?time={times[5]}"
    s3.log.clear()
    s3.latency_s = 0.2
    try:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(remote.get, [url] * 8))
    finally:
        s3.latency_s = 0.0
    assert {a.status_code for a in answers} == {200}
    assert len({a.content for a in answers}) == 1
    assert [r.key.rpartition("sst/")[2] for r in s3.log].count("c/5/0/0") == 1


def test_catalogue_itself_may_lie_in_s3(local: TestClient, s3: S3Server, demo_data: Path) -> None:
    """By the environment's credentials; its relative paths count from where it lies."""
    catalog = demo_data.parent / "remote.yaml"
    catalog.write_text("datasets: [{id: ocean, url: ocean.zarr}]")
    os.environ |= {
        "AWS_ENDPOINT_URL": s3.url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "access-key",
        "AWS_SECRET_ACCESS_KEY": "secret-key",
    }
    plain = "/tiles/ocean/sst/1/0/0.npy"
    with served("s3://demo/remote.yaml") as client:
        assert client.get(plain).content == local.get(plain).content
