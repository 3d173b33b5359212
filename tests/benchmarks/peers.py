"""The servers that are compared: how each is started, and what it is made of."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import addresses
from tests.benchmarks.cubes import CUBES
from tests.benchmarks.environments import Environment, run
from tests.benchmarks.place import Place
from tests.benchmarks.process import Command
from tests.benchmarks.tiles import Layer, Tile

# What TiTiler recommends for dynamic tiling of local files: docs/src/advanced/performance_tuning.md
# of its repository, and its docker-compose.yml.
GDAL = {
    "GDAL_CACHEMAX": "200",
    "GDAL_BAND_BLOCK_CACHE": "HASHSET",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": "5000000",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server.

    Attributes:
        name: as it is called in tables and by --peers.
        command: how it is started.
        path: the path and query of a tile; None where it cannot draw that.
        told: how it is run, in a sentence of the report.
        versions: distributions whose versions are told.
        keeps_chunks: whether it keeps decoded chunks in memory.
    """

    name: str
    command: Callable[[Place], Command]
    path: Callable[[Place, Layer, Tile], str | None]
    told: str
    environment: Environment
    versions: tuple[str, ...]
    keeps_chunks: bool = False


def uvicorn(place: Place, peer: str, environment: Environment, app: str) -> Command:
    words = (
        environment.interpreter(place), "-m", "uvicorn", "--app-dir", str(place.apps), app,
        "--host", "127.0.0.1", "--port", "{port}", "--no-access-log", "--log-level", "warning",
    )  # fmt: skip
    stores = (place.data / cube.path for cube in CUBES if cube.path.endswith(".zarr"))
    extra = {"BENCH_STORES": os.pathsep.join(map(str, stores))}
    return Command(peer, words, {**GDAL, **extra}, place.logs)


def ours(place: Place, *, workers: int = 1) -> Command:
    words = (
        sys.executable, "-m", "tileserver", "serve", "--catalog", str(catalog(place)),
        "--port", "{port}", "--workers", str(workers),
    )  # fmt: skip
    return Command(f"tileserver-{workers}", words, {}, place.logs, ready="/readyz")


def catalog(place: Place) -> Path:
    """Our catalogue of all the cubes."""
    datasets: list[dict[str, object]] = [
        {"id": cube.name, "url": str(place.data / cube.path)} for cube in CUBES
    ]
    composite = {"rgb": {"bands": ["red", "green", "blue"], "rescale": [0, 255]}}
    for dataset in datasets:
        if dataset["id"] in ("rgb", "rgb2"):
            dataset["composites"] = composite
    path = place.folder / "catalog.json"
    path.write_text(json.dumps({"datasets": datasets}, indent=1))
    return path


def xcube(place: Place) -> Command:
    """Builds the `.levels` of the global cube if they are not there."""
    levels = place.data / "global3.levels"
    program = str(place.python("xcube").with_name("xcube"))
    if not levels.exists():
        print("building .levels with xcube", flush=True)
        # By relative paths: it looks for absolute ones below the folder that it runs in.
        run(program, "level", "-t", "360", "-o", levels.name, "global.zarr", folder=place.data)
    config = place.folder / "xcube.json"
    datasets = [{"Path": levels.name, "Identifier": "global3"}]
    store = {"StoreParams": {"root": str(place.data)}, "Datasets": datasets}
    config.write_text(
        json.dumps({"DataStores": [{"Identifier": "bench", "StoreId": "file", **store}]})
    )
    words = (program, "serve", "-c", str(config), "-a", "127.0.0.1", "-p", "{port}")
    return Command("xcube", words, {}, place.logs)


TITILER = Environment("titiler", ("titiler.xarray[fs]", "uvicorn[standard]"))
XPUBLISH = Environment("xpublish", ("xpublish-tiles", "uvicorn[standard]"), python=(3, 12))
XCUBE = Environment("xcube", ("xcube-core",), ("gdal ; sys_platform == 'never'",))
OURS = Peer(
    "tileserver",
    ours,
    addresses.tileserver,
    "`tileserver serve`, one worker, its settings as they are.",
    Environment("tileserver"),
    ("tileserver", "numpy", "zarr", "rasterio", "uvicorn"),
    keeps_chunks=True,
)
PEERS = (
    Peer(
        "titiler.xarray",
        lambda place: uvicorn(place, "titiler.xarray", TITILER, "titiler.xarray.main:app"),
        addresses.titiler_xarray,
        "its own application, `uvicorn titiler.xarray.main:app`, one worker; it keeps opened "
        "data sets by itself, and the stores have consolidated metadata.",
        TITILER,
        ("titiler.xarray", "rio-tiler", "xarray", "zarr", "numpy"),
    ),
    Peer(
        "xpublish-tiles",
        lambda place: uvicorn(place, "xpublish-tiles", XPUBLISH, "xpublish_app:app"),
        addresses.xpublish,
        "`xpublish.Rest` with its `TilesPlugin` in uvicorn, one worker, its settings as they "
        "are; the stores are opened as its command line opens them (`chunks=None`, "
        '`decode_coords="all"`) and named by `_xpublish_id`, so that it keeps their grids.',
        XPUBLISH,
        ("xpublish-tiles", "xpublish", "xarray", "zarr", "numba", "numpy"),
    ),
    Peer(
        "xcube",
        xcube,
        addresses.xcube,
        "`xcube serve` with a multi-level data set (`.levels`) that `xcube level -t 360` made of "
        "the cube. GDAL's Python module, which tiles do not use and which cannot be built "
        "where GDAL's headers are not, is left out of its environment.",
        XCUBE,
        ("xcube-core", "xarray", "zarr", "dask", "tornado", "numpy"),
    ),
    Peer(
        "titiler.core",
        lambda place: uvicorn(place, "titiler.core", TITILER, "titiler_core_app:app"),
        addresses.titiler_core,
        "the application of its README (`TilerFactory` in FastAPI) in uvicorn, one worker, with "
        "the GDAL settings that its page on performance recommends.",
        TITILER,
        ("titiler.core", "rio-tiler", "rasterio", "numpy"),
        keeps_chunks=True,  # GDAL's cache of blocks
    ),
)
