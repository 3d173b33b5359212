"""A bucket behind an S3 server, a proxy that spoils its answers, and servers of what lies there."""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import zarr
from starlette.testclient import TestClient
from zarr.codecs import BytesCodec, Crc32cCodec, ZstdCodec

from tests.s3.proxy import FaultProxy
from tests.sources.tiff.geotiffs import numbers
from tests.sources.tiff.geotiffs import write as write_tiff
from tileserver.app import create_app
from tileserver.settings import Settings

STEPS, HEIGHT, WIDTH = 2, 96, 192
SEA = [
    f"/tiles/sea/sst/{z}/{x}/{y}.{kind}?time={step}&rescale=0,100"
    for step in ("2024-01-01", "2024-01-02")
    for z, x, y in [(0, 0, 0), (1, 0, 0), (1, 1, 1), (2, 3, 1), (3, 4, 2)]
    for kind in ("png", "npy")
]
SCENE = [
    f"/tiles/scene/b1/{z}/{x}/{y}.npy"
    for z, x, y in [(12, 2219, 1426), (13, 4438, 2853), (14, 8876, 5707)]
]
WITHIN_S = 20.0  # on a machine that is busy


@dataclass(frozen=True)
class Place:
    """The bucket's folder, the proxy in front of it, and where catalogues are written."""

    bucket: Path
    proxy: FaultProxy
    folder: Path

    @contextmanager
    def client(self, storage: str = "timeout_s: 2", **settings: Any) -> Iterator[TestClient]:
        """The app over `sea`, `twin` (the same store once more) and `scene`, all tried."""
        path = self.folder / "catalog.yaml"
        path.write_text(f"""
            storage:
              lab: {{endpoint: "{self.proxy.url}", anonymous: true, {storage}}}
            datasets:
            - {{id: sea, url: "s3://data/sea.zarr", storage: lab}}
            - {{id: twin, url: "s3://data/twin.zarr", storage: lab}}
            - {{id: scene, url: "s3://data/scene.tif", storage: lab}}
        """)
        made = Settings(catalog=(str(path),), **{"refresh_s": 0, **settings})
        with TestClient(create_app(made)) as client:
            until(lambda: client.get("/readyz").status_code == 200)
            yield client


def until(holds: Callable[[], bool]) -> None:
    """Wait for it, not for ever."""
    end = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end, "it has not come to pass"
        time.sleep(0.02)


def answers(client: TestClient, paths: list[str]) -> list[bytes]:
    """The bodies, all of which are there."""
    found = [client.get(path) for path in paths]
    assert {answer.status_code for answer in found} == {200}, [told(a) for a in found]
    return [answer.content for answer in found]


def told(answer: httpx2.Response) -> tuple[int, str]:
    """What an answer says went wrong."""
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["detail"]


def statuses(client: TestClient) -> dict[str, str]:
    """How the datasets stand, by their ids."""
    return {d["id"]: d["status"] for d in client.get("/datasets").json()["datasets"]}


def write_bucket(folder: Path) -> None:
    """`sea.zarr` and `twin.zarr`, whose chunks carry a checksum, and `scene.tif`."""
    for name in ("sea", "twin"):
        write_sea(folder / f"{name}.zarr")
    data = numbers("int16", shape=(640, 640))
    write_tiff(folder / "scene.tif", data, compress="deflate", overviews=(2,))


def write_sea(path: Path) -> None:
    """A global map of 48 chunks over two days."""
    group = zarr.create_group(path, zarr_format=3)
    step = 180 / HEIGHT
    axes = {
        "time": (np.arange(STEPS, dtype="i8"), {"units": "days since 2024-01-01"}),
        "lat": (90 - step / 2 - step * np.arange(HEIGHT), {"units": "degrees_north"}),
        "lon": (-180 + step / 2 + step * np.arange(WIDTH), {"units": "degrees_east"}),
    }
    for name, (values, attributes) in axes.items():
        array = group.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=values.shape,
            dimension_names=(name,),
        )  # fmt: skip
        array[...] = values
        array.attrs.update(attributes)
    sst = group.create_array(
        "sst", shape=(STEPS, HEIGHT, WIDTH), dtype="f4", chunks=(1, 24, 32),
        dimension_names=tuple(axes), serializer=BytesCodec(),
        compressors=(ZstdCodec(level=1), Crc32cCodec()),
    )  # fmt: skip
    sst[...] = np.random.default_rng(3).random(sst.shape, "f4") * 100
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that consolidated metadata is no part of Zarr v3 yet
        zarr.consolidate_metadata(path)  # web servers cannot list
