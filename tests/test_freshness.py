"""What is written underneath an open dataset: seen in time, by few requests, in no mixed tile.

The stores are written by xarray, zarr and rasterio, and served by the S3 server of the tests.
"""

import io
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import icechunk
import numpy as np
import pytest
import rasterio
import xarray as xr
import zarr
from rasterio.transform import from_bounds
from starlette.testclient import TestClient

from tests.conftest import running
from tests.s3 import S3Server
from tests.sources.storage.test_store import Quiet, web_server
from tileserver.app import create_app
from tileserver.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")

POINT = "/point/d/level?lon=0&lat=0"
TOKEN = "a-token-of-the-tests"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
SOON_S = 0.2
WITHIN_S = 5.0  # on a machine that is busy; most take a few tenths


@dataclass
class Place:
    """A bucket that is a folder, the server in front of it, and a catalogue of what lies there."""

    s3: S3Server
    bucket: Path
    catalog: Path

    def register(self, *, more: str = "", **urls: str | dict[str, Any]) -> None:
        """Datasets by id: a key in the bucket, or more of an entry.

        Args:
            more: storages beside that of the bucket, `lab`.
        """
        entries = {k: {"url": v} if isinstance(v, str) else v for k, v in urls.items()}
        lab = f"lab: {{endpoint: '{self.s3.url}', anonymous: true, timeout_s: 2}}"
        lines = [f"storage: {{{lab}, {more}}}", "datasets:"]
        for name, entry in entries.items():
            given = {"storage": "lab"} | entry | {"id": name, "url": f"s3://data/{entry['url']}"}
            lines.append("- {" + ", ".join(f"{k}: '{v}'" for k, v in given.items()) + "}")
        self.catalog.write_text("\n".join(lines))

    @contextmanager
    def client(self, refresh_s: float = SOON_S, **settings: Any) -> Iterator[TestClient]:
        """The app over the catalogue, every dataset tried."""
        made = Settings(
            catalog=(str(self.catalog),), refresh_s=refresh_s, admin_token=TOKEN, **settings
        )
        with TestClient(create_app(made)) as client:
            until(lambda: client.get("/readyz").status_code == 200)
            yield client


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    bucket = tmp_path / "data"
    bucket.mkdir()
    with S3Server(tmp_path, anonymous=True) as s3:
        yield Place(s3, bucket, tmp_path / "catalog.yaml")


def until(holds: Callable[[], object]) -> float:
    """Wait until something holds; the seconds that it took."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < WITHIN_S, "it does not come"
        time.sleep(0.02)
    return time.monotonic() - begun


def cube(*levels: float, first: int = 0) -> xr.Dataset:
    """A step for each level, with that value everywhere."""
    data = np.broadcast_to(np.array(levels, "f4")[:, None, None], (len(levels), 20, 40)).copy()
    days = np.array(range(first, first + len(levels)), "m8[D]") + np.datetime64("2024-01-01", "ns")
    return xr.Dataset(
        {"level": (("time", "lat", "lon"), data)},
        {"time": days, "lat": 85.5 - 9.0 * np.arange(20), "lon": -175.5 + 9.0 * np.arange(40)},
    )


def write(path: Any, data: xr.Dataset, **options: Any) -> None:
    encoding = {"level": {"chunks": (2, 10, 20)}, "time": {"chunks": (2,)}}
    encoding = encoding if options.get("append_dim") is None else {}
    data.to_zarr(path, **({"mode": "w", "encoding": encoding} | options))


def write_tiff(path: Path, level: float) -> None:
    """A GeoTIFF as large as any other that this makes: nothing is compressed."""
    with rasterio.open(
        path, "w", driver="GTiff", width=512, height=256, count=1, dtype="float32", crs="EPSG:4326",
        transform=from_bounds(-180.0, -90.0, 180.0, 90.0, 512, 256), tiled=True,
        blockxsize=128, blockysize=128,
    ) as file:  # fmt: skip
        file.write(np.full((1, 256, 512), level, "f4"))


def tile(client: Any, path: str = "/tiles/d/level/1/0/0.npy", **query: str) -> httpx2.Response:
    return client.get(path, params=query)  # type: ignore[no-any-return]


def values(answer: httpx2.Response) -> set[float]:
    """The values of a tile."""
    assert answer.status_code == 200, answer.text
    found = np.load(io.BytesIO(answer.content))
    return set(np.unique(found[np.isfinite(found)]).tolist())


def version(client: TestClient, dataset: str = "d") -> str:
    return str(client.get(f"/datasets/{dataset}").json()["version"])


def steps(client: TestClient) -> int:
    """How many steps in time the dataset has, 0 while it cannot be opened."""
    time_axis = client.get("/datasets/d").json()["time"]
    return 0 if time_axis is None else int(time_axis["count"])


def listed(client: TestClient) -> dict[str, Any]:
    """The line of the one dataset in the list."""
    (line,) = client.get("/datasets").json()["datasets"]
    return line  # type: ignore[no-any-return]


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
def test_append(place: Place, zarr_format: int, consolidated: bool) -> None:
    """A new step shows, in a chunk that was kept before it was; old addresses give it."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1, 2, 3), zarr_format=zarr_format, consolidated=consolidated)
    place.register(d="cube.zarr")
    with place.client() as client:
        old = tile(client)
        assert (values(old), old.headers["x-time"][:10]) == ({3.0}, "2024-01-03")
        write(path, cube(4, first=3), append_dim="time", mode="a", consolidated=consolidated)
        until(lambda: steps(client) == 4)
        new = client.get(old.request.url, headers={"If-None-Match": old.headers["etag"]})
        assert (values(new), new.headers["x-time"][:10]) == ({4.0}, "2024-01-04")
        assert new.headers["etag"] != old.headers["etag"]
        for day, level in enumerate((1.0, 2.0, 3.0, 4.0), start=1):
            assert values(tile(client, time=f"2024-01-0{day}")) == {level}


@pytest.mark.parametrize("where", ["http", "disk"])
def test_append_elsewhere(place: Place, where: str) -> None:
    """By plain HTTP, from a server that has no ETags, and on disk."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1, 2, 3), zarr_format=2)
    with web_server(Quiet, place.bucket) as url:
        address = f"{url}/cube.zarr" if where == "http" else str(path)
        storage = "storage: {web: {allow_http: true, allow_private: true}}"
        place.catalog.write_text(
            f"{storage}\ndatasets: [{{id: d, url: '{address}', storage: web}}]"
        )
        with place.client() as client:
            assert values(tile(client)) == {3.0}
            time.sleep(1.1)  # the server tells whole seconds
            write(path, cube(4, first=3), append_dim="time", mode="a")
            until(lambda: values(tile(client)) == {4.0})
            assert values(tile(client, time="2024-01-03")) == {3.0}


def test_commit(place: Place) -> None:
    """The head of a branch moves: so does the cube, to the whole of the commit."""
    path = place.bucket / "cube.icechunk"
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(path)))

    def commit(data: xr.Dataset, **options: Any) -> None:
        session = repository.writable_session("main")
        write(session.store, data, consolidated=False, **options)
        session.commit("a step")

    commit(cube(1, 2))
    place.register(d="cube.icechunk")
    with place.client() as client:
        assert values(tile(client)) == {2.0}
        commit(cube(3, first=2), append_dim="time", mode="a")
        until(lambda: values(tile(client)) == {3.0})
        assert values(tile(client, time="2024-01-02")) == {2.0}


def test_rewrite_with_other_values(place: Place) -> None:
    """The same shape, the same metadata byte for byte: the values are the new ones, all of them."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1, 1))
    before = (path / "zarr.json").read_bytes()
    place.register(d="cube.zarr")
    with place.client() as client:
        assert values(tile(client)) == {1.0}
        write(path, cube(2, 2))
        assert (path / "zarr.json").read_bytes() == before
        until(lambda: tile(client).status_code == 200 and values(tile(client)) == {2.0})
        for x, y in ((0, 0), (0, 1), (1, 0), (1, 1)):
            assert values(tile(client, f"/tiles/d/level/1/{x}/{y}.npy")) == {2.0}


def test_deletion_and_return(place: Place) -> None:
    """A store that is gone is listed with the reason and gives no tiles; it may come back."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1))
    place.register(d="cube.zarr")
    with place.client() as client:
        old = tile(client)
        shutil.rmtree(path)
        until(lambda: client.get("/datasets/d").json()["status"] == "error")
        assert "no Zarr group here" in client.get("/datasets/d").json()["error"]
        answer = client.get(old.request.url, headers={"If-None-Match": old.headers["etag"]})
        assert (answer.status_code, "no Zarr group" in answer.json()["detail"]) == (502, True)
        write(path, cube(2))
        until(lambda: client.get("/datasets/d").json()["status"] == "ready")
        assert values(tile(client)) == {2.0}


def test_dataset_that_comes_late(place: Place) -> None:
    """What could not be opened at the start is tried again."""
    place.register(d="cube.zarr")
    with place.client() as client:
        assert client.get("/datasets/d").json()["status"] == "error"
        write(place.bucket / "cube.zarr", cube(1))
        until(lambda: client.get("/datasets/d").json()["status"] == "ready")


@pytest.mark.parametrize("kind", ["zarr", "tiff", "stack"])
def test_a_look_is_one_request(place: Place, kind: str) -> None:
    """A HEAD of one object, or one listing; nothing else while nothing changes."""
    write(place.bucket / "cube.zarr", cube(1, 2))
    for name in ("one.tif", "s_20240101.tif", "s_20240102.tif"):
        write_tiff(place.bucket / name, 1)
    place.register(
        **{
            "zarr": {"d": "cube.zarr"},
            "tiff": {"d": "one.tif"},
            "stack": {"d": {"url": "s_*.tif", "time_pattern": r"s_(?P<time>\d{8})"}},
        }[kind]
    )
    with place.client() as client:
        place.s3.log.clear()
        time.sleep(6 * SOON_S)
        seen = [(r.method, r.key, r.status) for r in place.s3.log]
        assert client.get("/datasets/d").json()["status"] == "ready"
    key = {"zarr": "cube.zarr/zarr.json", "tiff": "one.tif", "stack": ""}[kind]
    method = "GET" if kind == "stack" else "HEAD"
    assert set(seen) == {(method, key, 200)}
    assert 3 <= len(seen) <= 8


def test_file_in_place_of_another(place: Place) -> None:
    """Of the same size, its header kept: no block of the new one is read by the old header. The
    tile that finds out is made of the new one, with nobody looking."""
    write_tiff(place.bucket / "d.tif", 1)
    place.register(d="d.tif")
    with place.client(refresh_s=0) as client:
        kept = tile(client, "/tiles/d/b1/2/0/1.npy")
        assert values(kept) == {1.0}
        write_tiff(place.bucket / "d.tif", 2)
        assert values(tile(client, "/tiles/d/b1/2/0/1.npy")) == {1.0}  # nobody has looked
        assert values(tile(client, "/tiles/d/b1/1/1/0.npy")) == {2.0}
        after = client.get(kept.request.url, headers={"If-None-Match": kept.headers["etag"]})
        assert values(after) == {2.0}


def test_file_in_place_of_another_is_seen(place: Place) -> None:
    """Within the interval, even if nobody reads it."""
    write_tiff(place.bucket / "d.tif", 1)
    place.register(d="d.tif")
    with place.client() as client:
        assert values(tile(client, "/tiles/d/b1/1/0/0.npy")) == {1.0}
        write_tiff(place.bucket / "d.tif", 2)
        until(lambda: values(tile(client, "/tiles/d/b1/1/0/0.npy")) == {2.0})


def test_shard_in_place_of_another(place: Place) -> None:
    """Its index kept, its chunks elsewhere: the tile is of the new one alone."""
    group = zarr.open_group(place.bucket / "d.zarr", mode="w")
    for name, at in (("lat", 85.5 - 9.0 * np.arange(20)), ("lon", -175.5 + 9.0 * np.arange(40))):
        axis = group.create_array(name, shape=at.shape, dtype="f8", dimension_names=(name,))
        axis[:] = at
    array = group.create_array(
        "level", shape=(20, 40), shards=(20, 40), chunks=(10, 10), dtype="f4",
        dimension_names=("lat", "lon"),
    )  # fmt: skip
    array[:] = np.random.default_rng(1).random((20, 40), "f4")  # each chunk of its own length
    zarr.consolidate_metadata(place.bucket / "d.zarr")
    place.register(d="d.zarr")
    with place.client(refresh_s=0) as client:
        tile(client, "/tiles/d/level/2/0/1.npy")
        array[:] = 7
        assert values(tile(client, "/tiles/d/level/1/1/1.npy")) == {7.0}
        assert values(tile(client, "/tiles/d/level/2/0/1.npy")) == {7.0}


def test_chunks_in_place_of_others(place: Place) -> None:
    """One was read before they were written anew, one is after: the tile of both is of the new
    ones, although no metadata has changed and nobody looks."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1))
    place.register(d="cube.zarr")
    with place.client(refresh_s=0) as client:
        kept = tile(client, "/tiles/d/level/2/0/1.npy")
        assert values(kept) == {1.0}
        time.sleep(1.1)  # the store tells whole seconds
        zarr.open_group(path)["level"][:] = 5
        assert values(tile(client, "/tiles/d/level/0/0/0.npy")) == {5.0}
        after = client.get(kept.request.url, headers={"If-None-Match": kept.headers["etag"]})
        assert values(after) == {5.0}


def test_requests_end_on_what_they_began_with(place: Place) -> None:
    """A series that is read while the cube is opened anew has the steps that it had."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1, 2, 3, 4))
    place.register(d="cube.zarr")
    with place.client() as client, ThreadPoolExecutor(1) as pool:
        place.s3.latency_s = 0.3
        series = pool.submit(client.get, "/timeseries/d/level?lon=0&lat=0")
        write(path, cube(5, first=4), append_dim="time", mode="a")
        assert series.result().json()["values"]["value"] == [1, 2, 3, 4]
        place.s3.latency_s = 0.0
        until(lambda: steps(client) == 5)
        now = client.get("/timeseries/d/level?lon=0&lat=0").json()
        assert now["values"]["value"] == [1, 2, 3, 4, 5]


def test_figures(place: Place) -> None:
    """Looks by what came of them, and how long ago the last one was."""
    write(place.bucket / "cube.zarr", cube(1))
    place.register(d="cube.zarr", none="none.zarr")
    with place.client() as client:
        write(place.bucket / "cube.zarr", cube(1, 2))
        until(lambda: steps(client) == 2)
        until(lambda: 'tileserver_refreshes_total{result="gone"}' in client.get("/metrics").text)
        text = client.get("/metrics").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['tileserver_refreshes_total{result="changed"}']) >= 1
    assert float(lines['tileserver_dataset_looked_seconds{dataset="d"}']) < WITHIN_S


def test_new_file_of_a_stack(place: Place) -> None:
    """It is a step at once; a file that goes is one no more."""
    for day in (1, 2):
        write_tiff(place.bucket / f"s_2024010{day}.tif", day)
    place.register(d={"url": "s_*.tif", "time_pattern": r"s_(?P<time>\d{8})"})
    with place.client() as client:
        assert values(tile(client, "/tiles/d/b1/1/0/0.npy")) == {2.0}
        write_tiff(place.bucket / "s_20240103.tif", 3)
        until(lambda: steps(client) == 3)
        assert values(tile(client, "/tiles/d/b1/1/0/0.npy")) == {3.0}
        assert values(tile(client, "/tiles/d/b1/1/0/0.npy", time="2024-01-01")) == {1.0}
        (place.bucket / "s_20240101.tif").unlink()
        until(lambda: steps(client) == 2)


def test_tiles_while_the_store_is_written_over_and_over(place: Place) -> None:
    """Each is of one state, or an error that asks to come again; at the end all are of the last."""
    path = place.bucket / "cube.zarr"
    write(path, cube(0))
    place.register(d="cube.zarr")
    addresses = [f"/tiles/d/level/{z}/{x}/{y}.npy" for z, x, y in ((0, 0, 0), (1, 1, 0), (1, 0, 1))]

    def write_on() -> None:
        for level in range(1, 10):
            write(path, cube(level))

    with place.client() as client, ThreadPoolExecutor(4) as pool:
        writing = pool.submit(write_on)
        answers = []
        while not writing.done():
            answers += pool.map(lambda address: tile(client, address), addresses)
        writing.result()
        assert {answer.status_code for answer in answers} <= {200, 502, 503}
        for answer in answers:
            if answer.status_code == 200:
                assert len(values(answer)) <= 1
        for address in addresses:
            until(lambda: tile(client, address).status_code == 200)  # noqa: B023 (called at once)
            until(lambda: values(tile(client, address)) == {9.0})  # noqa: B023


def test_store_that_does_not_answer(place: Place) -> None:
    """What is open is served on, and the listing says so until all is well."""
    write(place.bucket / "cube.zarr", cube(1))
    place.register(d="cube.zarr")
    with place.client() as client:
        assert values(tile(client)) == {1.0}
        place.s3.error_503_rate = 1.0
        until(lambda: "trouble" in listed(client))
        assert listed(client)["status"] == "ready"
        assert values(tile(client)) == {1.0}
        place.s3.error_503_rate = 0.0
        until(lambda: "trouble" not in listed(client))


def test_store_that_is_slow_holds_up_no_other(place: Place, tmp_path: Path) -> None:
    """Dozens of datasets in a store that lets each request wait: one in another follows in time."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1))
    with S3Server(tmp_path, anonymous=True) as slow:
        more = f"slow: {{endpoint: '{slow.url}', anonymous: true, timeout_s: 2}}"
        others = {f"slow{n}": {"url": "cube.zarr", "storage": "slow"} for n in range(40)}
        place.register(more=more, **others, d="cube.zarr")
        with place.client() as client:
            assert values(tile(client)) == {1.0}
            slow.latency_s = 1.0
            until(lambda: slow.under_way >= 4)
            write(path, cube(2))
            took_s = until(lambda: "2.0" in str(client.get(POINT).text))
            assert took_s < 2
            assert slow.under_way <= 4


def test_refresh_never_and_of_its_own(place: Place) -> None:
    """0 is never; what a dataset says goes before the setting."""
    for name in ("a", "b"):
        write(place.bucket / f"{name}.zarr", cube(1))
    place.register(a="a.zarr", b={"url": "b.zarr", "refresh_s": SOON_S})
    with place.client(refresh_s=0):
        place.s3.log.clear()
        time.sleep(4 * SOON_S)
        assert {request.key.partition("/")[0] for request in place.s3.log} == {"b.zarr"}


def test_refresh_when_asked(place: Place) -> None:
    """Chunks in place show in no metadata: asked for, they are read anew, under new ETags."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1))
    place.register(d="cube.zarr")
    with place.client(refresh_s=0) as client:
        old = tile(client)
        zarr.open_group(path)["level"][:] = 5
        assert values(tile(client)) == {1.0}
        answer = client.post("/datasets/d/refresh", headers=ADMIN)
        assert answer.status_code == 200
        assert answer.json() == {"version": version(client), "changed": False, "status": "ready"}
        new = client.get(old.request.url, headers={"If-None-Match": old.headers["etag"]})
        assert values(new) == {5.0}
        write(path, cube(6, 7))
        assert client.post("/datasets/d/refresh", headers=ADMIN).json()["changed"]
        assert values(tile(client)) == {7.0}
        shutil.rmtree(path)
        gone = client.post("/datasets/d/refresh", headers=ADMIN).json()
        assert (gone["status"], gone["version"], gone["changed"]) == ("error", None, True)


def test_who_may_ask(place: Place) -> None:
    """Nobody without the token; nobody at all where there is none; unknown datasets are 404."""
    write(place.bucket / "cube.zarr", cube(1))
    place.register(d="cube.zarr")
    with place.client(refresh_s=0) as client:
        for path in ("/datasets/d/refresh", "/events/s3"):
            for header in ("", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer é"):
                answer = client.post(path, headers={"Authorization": header.encode("latin-1")})
                assert (answer.status_code, TOKEN in answer.text) == (401, False)
                assert answer.headers["content-type"] == "application/problem+json"
        assert client.post("/datasets/e/refresh", headers=ADMIN).status_code == 404
        assert client.get("/datasets/d/refresh", headers=ADMIN).status_code == 405
        answer = client.post("/events/s3", auth=("sns", TOKEN), json={"Records": []})
        assert answer.status_code == 202
    with TestClient(create_app(Settings(catalog=(str(place.catalog),), refresh_s=0))) as client:
        answer = client.post("/datasets/d/refresh", headers={"Authorization": "Bearer "})
        assert answer.status_code == 403


def event(key: str) -> dict[str, Any]:
    """A notification as S3 sends it."""
    return {"Records": [{"s3": {"bucket": {"name": "data"}, "object": {"key": key}}}]}


def test_events(place: Place) -> None:
    """Many for one burst of writing are one opening; chunks in place are seen by them."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1))
    write(place.bucket / "other.zarr", cube(1))
    place.register(d="cube.zarr", other="other.zarr")
    with place.client(refresh_s=0) as client:
        tile(client)
        others = version(client, "other")
        place.s3.log.clear()
        zarr.open_group(path)["level"][:] = 5
        for number in range(20):
            answer = client.post(
                "/events/s3", headers=ADMIN, json=event(f"cube.zarr/level/c/0/0/{number}")
            )
            assert (answer.status_code, answer.json()) == (202, {"datasets": ["d"]})
        until(lambda: values(tile(client)) == {5.0})
        opened = [r for r in place.s3.log if r.key == "cube.zarr/zarr.json" and r.status == 200]
        assert len(opened) == 1
        assert version(client, "other") == others


def test_events_that_are_none(place: Place) -> None:
    """Other JSON, no JSON, too much of it: told; a topic's address is not followed."""
    write(place.bucket / "cube.zarr", cube(1))
    place.register(d="cube.zarr")
    with place.client(refresh_s=0, body_bytes=1000) as client:
        for body in (b"", b"{", b"[]", b"{}", b'{"Records": [{}]}', b'{"Records": 1}', b"\xff"):
            answer = client.post("/events/s3", headers=ADMIN, content=body)
            assert (body, answer.status_code) == (body, 400)
        assert client.post("/events/s3", headers=ADMIN, content=b" " * 1001).status_code == 413
        place.s3.log.clear()
        topic = {"Type": "SubscriptionConfirmation", "SubscribeURL": f"{place.s3.url}/data/x"}
        assert client.post("/events/s3", headers=ADMIN, json=topic).json() == {"datasets": []}
        assert client.post("/events/s3", headers=ADMIN, json=event("no")).json() == {"datasets": []}
        assert place.s3.log == []


def test_workers_follow(place: Place) -> None:
    """Asked by one, a change is seen by all within a second or so, under one version; one of them
    looks for all."""
    path = place.bucket / "cube.zarr"
    write(path, cube(1))
    place.register(d="cube.zarr")
    flags = ("--catalog", str(place.catalog), "--workers", "2", "--refresh-s", "0.5")

    def ask(url: str) -> httpx2.Response:
        return httpx2.get(f"{url}/tiles/d/level/1/0/0.npy", headers={"Connection": "close"})

    with running(*flags, TILESERVER_ADMIN_TOKEN=TOKEN) as url:
        assert {float(*values(ask(url))) for _ in range(10)} == {1.0}
        place.s3.log.clear()
        time.sleep(2)
        assert len([r for r in place.s3.log if r.method == "HEAD"]) <= 6
        zarr.open_group(path)["level"][:] = 5
        assert httpx2.post(f"{url}/datasets/d/refresh", headers=ADMIN).status_code == 200
        time.sleep(1.5)
        after = [ask(url) for _ in range(20)]
        assert {float(*values(each)) for each in after} == {5.0}
        assert len({each.headers["etag"] for each in after}) == 1
        write(path, cube(8, 9))
        time.sleep(1.5)
        after = [ask(url) for _ in range(20)]
        assert {float(*values(each)) for each in after} == {9.0}
        assert len({each.headers["etag"] for each in after}) == 1
