"""GDAL and rasterio open layers by our service descriptions and by WMTS; their pixels are ours."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import CRS

from tests.clients.cubes import GULF
from tests.clients.document import Document
from tests.clients.picture import colours, fetch_picture, plain
from tests.clients.qgis import PYTHON, is_there

PROGRAM = Path(__file__).parent / "programs" / "gdal_reader.py"
WITHIN_S = 60
TILE_PX = 256


@dataclass(frozen=True, slots=True)
class Case:
    """A layer, and where its tiles lie at the zoom whose pixels are as fine as its cells.

    Args:
        query: of the service description.
        shown: of our own tiles, for the same picture.
        corner: column and row of the first tile of the description.
    """

    variable: str
    matrix_set: str
    crs: int
    zoom: int
    corner: tuple[int, int]
    query: str = ""
    shown: str = ""

    def tile(self, zoom: int, x: int, y: int, query: str) -> str:
        """The path of one of our tiles."""
        return f"/tiles/{self.variable}/{self.matrix_set}/{zoom}/{x}/{y}.png?{query}"


CASES = {
    "temp": Case(
        f"{GULF}/temp", "WebMercatorQuad", 3857, 3, (4, 3),
        "time=2024-03-02&depth=10", "time=2024-03-02&depth=10",
    ),
    "styled": Case(
        f"{GULF}/temp", "WorldCRS84Quad", 4326, 2, (4, 1),
        "style=plasma:0:40", "colormap_name=plasma&rescale=0,40",
    ),
    "colour": Case("valley/colour", "UTM32WGS84Quad", 32632, 12, (1040, 1510)),
    "cover": Case("valley/cover", "WebMercatorQuad", 3857, 12, (2174, 1434)),
    "ice": Case(
        "ice/thickness", "EPSG3413Quad", 3413, 0, (0, 0), "time=2024-02-01", "time=2024-02-01",
    ),
    "relief": Case("belt/relief", "WebMercatorQuad", 3857, 4, (0, 6)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reading:
    """What GDAL said of datasets and read of them, by the names of the jobs."""

    facts: Mapping[str, dict[str, Any]]
    folder: Path
    warnings: list[str]

    def pixels(self, name: str) -> NDArray[np.uint8]:
        """(height, width, 4) uint8."""
        return np.moveaxis(np.load(self.folder / f"{list(self.facts).index(name)}.npy"), 0, -1)


@pytest.fixture(scope="module")
def document(client_server: str) -> Document:
    """The capabilities of WMTS."""
    return Document.of(client_server)


@pytest.fixture(scope="module")
def gdal(
    client_server: str, document: Document, tmp_path_factory: pytest.TempPathFactory
) -> Reading:
    """Everything that GDAL reads, in one process."""
    if not is_there("osgeo"):
        pytest.skip(f"no GDAL for {PYTHON} here: apt-get install python3-gdal")
    folder = tmp_path_factory.mktemp("gdal")
    jobs = {}
    by_rest = folder / "rest.xml"
    by_kvp = folder / "kvp.xml"
    answer = httpx.get(f"{client_server}/wmts/1.0.0/WMTSCapabilities.xml", trust_env=False)
    by_rest.write_bytes(answer.content)
    by_kvp.write_bytes(document.without("ResourceURL"))
    for name, case in CASES.items():
        described = f"{client_server}/wmts/{case.variable}.xml?tms={case.matrix_set}&{case.query}"
        jobs[f"{name} described"] = {"open": described}
        layer = case.variable.replace("/", ".")
        for way, path in (("rest", by_rest), ("kvp", by_kvp)):
            opened = (
                f"WMTS:{path},layer={layer},tilematrixset={case.matrix_set},tilematrix={case.zoom}"
            )
            jobs[f"{name} {way}"] = {"open": opened}
    done = subprocess.run(
        [PYTHON, str(PROGRAM), str(folder)],
        input=json.dumps(list(jobs.values())),
        cwd=folder,  # GDAL keeps tiles of WMTS beside
        capture_output=True, text=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    return Reading(dict(zip(jobs, told["seen"], strict=True)), folder, told["warnings"])


def mosaic(
    base: str, case: Case, size: tuple[int, int], *, query: str, zoom: int | None = None
) -> NDArray[np.uint8]:
    """Our tiles from the case's corner on, (height, width, 4) uint8."""
    up = case.zoom - (case.zoom if zoom is None else zoom)
    col, row = case.corner[0] >> up, case.corner[1] >> up
    cols, rows = (-(-length // TILE_PX) for length in size)
    tiles = [
        [
            fetch_picture(base, case.tile(case.zoom - up, col + i, row + j, query))
            for i in range(cols)
        ]
        for j in range(rows)
    ]
    return np.concatenate([np.concatenate(line, 1) for line in tiles])[: size[1], : size[0]]


@pytest.mark.parametrize("name", CASES)
def test_described_layer(gdal: Reading, client_server: str, document: Document, name: str) -> None:
    """A service description opens in GDAL: all its pixels are our tiles', at their place."""
    case, seen = CASES[name], gdal.facts[f"{name} described"]
    assert seen["bands"] == ["Red", "Green", "Blue", "Alpha"]
    assert CRS(seen["crs"]).to_epsg() == case.crs
    west, south, east, north = document.tile_bounds(case.matrix_set, case.zoom, *case.corner)
    left, dx, _, top, _, dy = seen["transform"]
    assert [left, top] == pytest.approx([west, north], abs=1e-6)
    assert [dx, dy] == pytest.approx([(east - west) / TILE_PX, (south - north) / TILE_PX])
    pixels = plain(gdal.pixels(f"{name} described"))
    assert colours(pixels) > 1
    assert np.array_equal(pixels, mosaic(client_server, case, seen["size"], query=case.shown))


@pytest.mark.parametrize("way", ["rest", "kvp"])
@pytest.mark.parametrize("name", CASES)
def test_wmts_layer(
    gdal: Reading, client_server: str, document: Document, name: str, way: str
) -> None:
    """A layer opens by WMTS, by REST and by KVP, as our tiles at the default time, cut to data."""
    case, seen = CASES[name], gdal.facts[f"{name} {way}"]
    assert CRS(seen["crs"]).to_epsg() == case.crs or CRS(seen["crs"]).equals(CRS("OGC:CRS84"))
    west, _, _, north = document.tile_bounds(case.matrix_set, case.zoom, *case.corner)
    left, dx, _, top, _, dy = seen["transform"]
    col, row = (left - west) / dx, (top - north) / dy
    assert [col, row] == pytest.approx([round(col), round(row)], abs=1e-3)
    col, row, (width, height) = round(col), round(row), seen["size"]
    ours = mosaic(client_server, case, (col + width, row + height), query="")[row:, col:]
    pixels = plain(gdal.pixels(f"{name} {way}"))
    assert colours(pixels) > 1
    assert np.array_equal(pixels, ours)


def test_no_warnings(gdal: Reading) -> None:
    """GDAL finds nothing to complain of."""
    assert gdal.warnings == []


@pytest.mark.parametrize("name", CASES)
def test_rasterio(client_server: str, name: str) -> None:
    """rasterio opens a service description by its address, and reads the same."""
    case = CASES[name]
    address = f"{client_server}/wmts/{case.variable}.xml?tms={case.matrix_set}&{case.query}"
    with rasterio.open(address) as opened:
        pixels, size = np.moveaxis(opened.read(), 0, -1), (opened.width, opened.height)
    assert np.array_equal(plain(pixels), mosaic(client_server, case, size, query=case.shown))


def test_overviews(client_server: str) -> None:
    """A coarser level is the tiles of a coarser zoom, from the same corner on."""
    case = CASES["relief"]
    address = f"{client_server}/wmts/{case.variable}.xml"
    with rasterio.open(address) as whole:
        assert whole.overviews(1) == [2]
    with rasterio.open(address, overview_level=0) as half:
        pixels, size = np.moveaxis(half.read(), 0, -1), (half.width, half.height)
    assert np.array_equal(plain(pixels), mosaic(client_server, case, size, query="", zoom=3))
