"""What a tile of a decoded chunk costs, as ratios taken in one run (`make bench`).

Each figure is a median over the same tiles, ours and the other's in turn, so that what else the
machine does falls on both.
"""

import asyncio
import http.client
import io
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import median
from time import perf_counter, sleep

import morecantile
import numpy as np
import pytest
import rasterio.warp
import xarray as xr
from PIL import Image
from rasterio.transform import from_bounds, from_origin

from tests.conftest import running
from tileserver import layer, tms
from tileserver.cache import ByteCache
from tileserver.catalogfile import load
from tileserver.dataset import Dataset
from tileserver.demo.ocean import build_ocean
from tileserver.drawing import Drawing, StyleChoice, View
from tileserver.matrixset import matrix_set
from tileserver.pipeline import Engine

TILES = 60
RANDOM = random.Random(4)
ADDRESSES = [
    (z, RANDOM.randrange(2**z), RANDOM.randrange(1, 2**z - 1))
    for z in RANDOM.choices((2, 3, 4), k=TILES)
]
BARE_APP = """
import sys, uvicorn
body = b"x" * int(sys.argv[2])
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off",
            log_level="error", access_log=False)
"""


@pytest.fixture(scope="module")
def ocean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of a global 1° cube, one chunk a time step."""
    folder = tmp_path_factory.mktemp("bench")
    build_ocean(folder / "ocean.zarr", small=True, progress=lambda *_: None)
    catalog = folder / "catalog.yaml"
    catalog.write_text(
        "datasets: [{id: ocean, url: ocean.zarr, styles: {sst: {rescale: [-2, 32]}}}]"
    )
    return catalog


def paired(ours: Callable[[int], object], other: Callable[[int], object]) -> float:
    """The median of ours over the median of the other's, in turn over the same tiles."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in (*range(TILES), *range(TILES)):
        for job, taken in zip((ours, other), seconds, strict=True):
            begun = perf_counter()
            job(number)
            taken.append(perf_counter() - begun)
    return median(seconds[0][TILES:]) / median(seconds[1][TILES:])


def test_in_process_against_xarray_and_rasterio(ocean: Path) -> None:
    """A tile costs a small part of what select, reproject, colour and Pillow's PNG cost."""
    sst = xr.open_zarr(ocean.parent / "ocean.zarr").sst
    whole, shape = from_origin(-180, 90, 1, 1), (256, 256)
    squares = morecantile.tms.get("WebMercatorQuad")

    with asyncio.Runner() as runner, ThreadPoolExecutor(2) as pool:
        dataset, engine = runner.run(opened(ocean, pool))
        found = layer.find_layer(dataset, "sst")
        selection = layer.select(dataset.source.cube, found, {})
        view = View(dataset, found, selection)
        quad = matrix_set(tms.WEB_MERCATOR_QUAD)

        def ours(number: int) -> bytes:
            z, x, y = ADDRESSES[number]
            target = tms.tile_grid(quad, z, x, y)
            return runner.run(engine.tile(Drawing(view, target)))

        palette = runner.run(engine.style(dataset, found, StyleChoice())).palette()

        def theirs(number: int) -> bytes:
            z, x, y = ADDRESSES[number]
            values = sst.isel(time=-1).load().values.astype(np.float32)
            box = squares.xy_bounds(morecantile.Tile(x, y, z))
            out = np.full(shape, np.nan, np.float32)
            rasterio.warp.reproject(
                values, out, src_transform=whole, src_crs="EPSG:4326", src_nodata=np.nan,
                dst_transform=from_bounds(*box, *shape), dst_crs="EPSG:3857",
            )  # fmt: skip
            index = np.nan_to_num(np.clip((out + 2) / 34 * 254 + 1, 1, 255)).astype(np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(palette[index]).save(buffer, "PNG")
            return buffer.getvalue()

        ratio = paired(ours, theirs)
    print(f"\nwarm tile in process / xarray + rasterio + Pillow: {ratio:.3f}")
    assert ratio < 0.2


async def opened(catalog: Path, pool: ThreadPoolExecutor) -> tuple[Dataset, Engine]:
    """The dataset, and an engine that keeps no picture."""
    chunks = ByteCache(1 << 28, lambda chunk: chunk.nbytes)
    found = load([str(catalog)], {}, cache=chunks, pool=pool)
    await found.open_all()
    kept = ByteCache(1 << 26, lambda sampling: sampling.nbytes)
    return found["ocean"], Engine(tiles=ByteCache(0, len), samplings=kept, pool=pool)


@pytest.fixture
def bare() -> Iterator[Callable[[int], object]]:
    """Gets 8 kB from an ASGI app that does nothing else, on the same server software."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", BARE_APP, str(port), "8000"])
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        sleep(0.05)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    yield lambda _: fetch(connection, "/")
    connection.close()
    process.terminate()
    process.wait(10)


def fetch(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return body


def test_over_http_against_a_bare_app(ocean: Path, bare: Callable[[int], object]) -> None:
    """A new tile of a held chunk, and one from the tile cache, against an app that does nothing."""
    with running("--catalog", str(ocean)) as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        opacity = iter(range(10**6))

        def new(number: int) -> bytes:
            z, x, y = ADDRESSES[number]
            unseen = f"opacity=0.{next(opacity):06d}"
            return fetch(connection, f"/tiles/ocean/sst/{z}/{x}/{y}.png?{unseen}")

        def kept(number: int) -> bytes:
            z, x, y = ADDRESSES[number]
            return fetch(connection, f"/tiles/ocean/sst/{z}/{x}/{y}.png")

        drawn, held = paired(new, bare), paired(kept, bare)
        connection.close()
    print(f"\nover HTTP / bare app: new tile {drawn:.2f}, kept tile {held:.2f}")
    assert drawn < 12
    assert held < 3
