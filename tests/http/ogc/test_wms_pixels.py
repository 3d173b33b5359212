"""Pixels of GetMap: those of our tiles where the box is a tile's, elsewhere what GDAL and pyproj
say of the same numbers."""

import io
from collections.abc import Iterator
from urllib.parse import urlencode

import numpy as np
import pyproj
import pytest
from affine import Affine
from PIL import Image
from rasterio.enums import Resampling
from rasterio.io import MemoryFile
from rasterio.vrt import WarpedVRT
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.matrixset import matrix_set
from tileserver.settings import Settings
from tileserver.tms import tile_grid

Box = tuple[float, float, float, float]

# A pixel whose centre lies on a cell's border, as rounding has it, may show either cell.
SMALLEST_SHARE = 0.998
EXACT_CELLS = 1e-9  # a tolerance at which GDAL interpolates between no positions
WORLD_M = 2 * np.pi * 6378137
SST = (np.arange(3 * 5 * 45 * 90) % 251).reshape(3, 5, 45, 90)[0, 4]
GLOBE = Affine(4, 0, -180, 0, -4, 90)
ICE = np.arange(200).reshape(10, 20) % 251
FIJI = Affine(1, 0, 170, 0, -1, -10)
HEIGHT = np.arange(4800).reshape(60, 80) % 251
ZONE_31 = Affine(1000, 0, 4e5, 0, -1000, 5e6)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog), "http://localhost") as client:
        yield client


def picture(
    client: TestClient, layer: str, crs: str, box: Box, size: tuple[int, int], **more: str
) -> bytes:
    """A map, its box in the order x, y whatever the version wants."""
    version, name = more.pop("version", "1.3.0"), more.pop("name", crs)
    if version == "1.3.0" and is_northing_first(crs):
        box = (box[1], box[0], box[3], box[2])
    parameters = {
        "service": "WMS",
        "request": "GetMap",
        "version": version,
        "layers": layer,
        "styles": "",
        "crs" if version == "1.3.0" else "srs": name,
        "bbox": ",".join(map(repr, map(float, box))),
        "width": str(size[0]),
        "height": str(size[1]),
        "format": "image/png",
        "transparent": "TRUE",
        **more,
    }
    answer = client.get(f"/wms?{urlencode(parameters)}")
    assert answer.status_code == 200, answer.text
    return answer.content


def is_northing_first(crs: str) -> bool:
    """By where pyproj puts a point with and without its own order of axes."""
    if crs == "CRS:84":
        return False
    known = pyproj.CRS.from_user_input(crs)
    assert known.area_of_use is not None
    area = known.area_of_use
    lon, lat = area.west + (area.east - area.west) / 3, (area.south + area.north) / 2 + 0.5
    x, y = pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True).transform(lon, lat)
    first, _ = pyproj.Transformer.from_crs("OGC:CRS84", crs).transform(lon, lat)
    assert abs(x - y) > 1e-6
    return bool(abs(first - y) < abs(first - x))


def values(body: bytes) -> np.ndarray:
    """What the colours of a scale from 0 to 250 stand for; -1 where nothing is shown."""
    index = np.asarray(Image.open(io.BytesIO(body))).astype(int)
    return np.where(index == 0, -1, np.ceil((index - 1) * 250 / 255)).astype(int)


def centres(box: Box, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    (west, south, east, north), (width, height) = box, size
    x = west + (np.arange(width) + 0.5) * (east - west) / width
    y = north - (np.arange(height) + 0.5) * (north - south) / height
    return tuple(np.meshgrid(x, y))


def by_pyproj(
    data: np.ndarray, transform: Affine, src: str, crs: str, box: Box, size: tuple[int, int]
) -> np.ndarray:
    """The cell of each pixel's centre, each transformed by itself."""
    x, y = centres(box, size)
    if crs == "EPSG:3857":
        x = (x + WORLD_M / 2) % WORLD_M - WORLD_M / 2
    dst = "OGC:CRS84" if crs == "CRS:84" else crs
    x, y = pyproj.Transformer.from_crs(dst, src, always_xy=True).transform(x, y)
    if src == "OGC:CRS84":
        x = (x - transform.c) % 360 + transform.c
    with np.errstate(invalid="ignore"):
        cols = np.floor((x - transform.c) / transform.a)
        rows = np.floor((y - transform.f) / transform.e)
        there = (cols >= 0) & (cols < data.shape[1]) & (rows >= 0) & (rows < data.shape[0])
    cols, rows = (np.where(there, each, 0).astype(int) for each in (cols, rows))
    return np.where(there, data[rows, cols], -1)


def by_gdal(
    data: np.ndarray, transform: Affine, src: str, crs: str, box: Box, size: tuple[int, int]
) -> np.ndarray:
    (west, south, east, north), (width, height) = box, size
    target = Affine((east - west) / width, 0, west, 0, (south - north) / height, north)
    profile = {
        "driver": "GTiff",
        "width": data.shape[1],
        "height": data.shape[0],
        "count": 1,
        "dtype": "int16",
        "crs": src,
        "transform": transform,
        "nodata": -1,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as out:
            out.write(data.astype("int16"), 1)
        with (
            memory.open() as source,
            WarpedVRT(
                source,
                crs="OGC:CRS84" if crs == "CRS:84" else crs,
                transform=target,
                width=width,
                height=height,
                resampling=Resampling.nearest,
                tolerance=EXACT_CELLS,
            ) as warped,
        ):
            return warped.read(1)


def assert_same(ours: np.ndarray, expected: np.ndarray) -> None:
    assert ours.shape == expected.shape
    assert (ours >= 0).any()
    assert (ours == expected).mean() >= SMALLEST_SHARE


PLACES = [
    ("CRS:84", (-170.3, -61.7, 41.2, 80.9), (211, 77)),
    ("EPSG:4326", (-170.3, -61.7, 41.2, 80.9), (90, 200)),
    ("EPSG:3857", (-1.7e7, -9e6, 1.3e7, 1.1e7), (300, 120)),
    ("EPSG:3395", (-1.7e7, -9e6, 1.3e7, 1.1e7), (120, 300)),
    ("EPSG:3413", (-3e6, -4e6, 3.1e6, 2.2e6), (250, 250)),
    ("EPSG:3031", (-3e6, -4e6, 3.1e6, 2.2e6), (310, 140)),
    ("EPSG:3035", (2.4e6, 1.4e6, 7.4e6, 5.5e6), (250, 260)),
    ("EPSG:2193", (1.0e6, 4.7e6, 2.1e6, 6.2e6), (130, 90)),
    ("EPSG:5041", (0.0, 100.0, 3.9e6, 4.1e6), (257, 129)),
]


@pytest.mark.parametrize(("crs", "box", "size"), PLACES, ids=[crs for crs, *_ in PLACES])
def test_pixels_are_gdals_and_pyprojs(
    client: TestClient, crs: str, box: Box, size: tuple[int, int]
) -> None:
    """Nearest cells of a global grid in all sorts of CRSs, of pixels that are no squares, in the
    order of axes of either version."""
    body = picture(client, "sea.sst", crs, box, size)
    assert picture(client, "sea.sst", crs, box, size, version="1.1.1") == body
    ours = values(body)
    assert_same(ours, by_pyproj(SST, GLOBE, "OGC:CRS84", crs, box, size))
    warped = by_gdal(SST, GLOBE, "OGC:CRS84", crs, box, size)
    shown = warped >= 0  # GDAL leaves out what is near a pole
    assert_same(ours[shown], warped[shown])


@pytest.mark.parametrize("crs", ["EPSG:32631", "EPSG:3857", "EPSG:4326", "EPSG:3035"])
def test_pixels_of_projected_data(client: TestClient, crs: str) -> None:
    """A grid of UTM in its own CRS, which it is offered in too, and in others."""
    change = pyproj.Transformer.from_crs("EPSG:32631", crs, always_xy=True)
    box = change.transform_bounds(390_000, 4_930_000, 480_000, 5_010_000)
    body = picture(client, "utm.height", crs, box, (233, 151))
    assert picture(client, "utm.height", crs, box, (233, 151), version="1.1.1") == body
    assert_same(values(body), by_pyproj(HEIGHT, ZONE_31, "EPSG:32631", crs, box, (233, 151)))
    assert_same(values(body), by_gdal(HEIGHT, ZONE_31, "EPSG:32631", crs, box, (233, 151)))


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        ("CRS:84", (-190.0, -20.0, -170.0, -10.0)),
        ("CRS:84", (170.0, -20.0, 190.0, -10.0)),
        ("EPSG:4326", (165.3, -25.3, 201.0, -5.1)),
        ("EPSG:4326", (-540.0, -20.0, -160.0, -10.0)),
        ("EPSG:3857", (1.9e7, -2.4e6, 2.2e7, -1.1e6)),
        ("EPSG:3857", (-2.2e7, -2.4e6, -1.9e7, -1.1e6)),
        ("EPSG:2193", (1.4e6, 7.7e6, 4.0e6, 8.7e6)),
    ],
)
def test_maps_go_on_beyond_180_degrees(client: TestClient, crs: str, box: Box) -> None:
    """What lies there is drawn on either side of the world."""
    for layer, data, transform in (("sea.ice.extent", ICE, FIJI), ("sea.sst", SST, GLOBE)):
        extent = {} if layer == "sea.sst" else {"styles": "viridis:0:250"}
        ours = values(picture(client, layer, crs, box, (260, 130), **extent))
        assert_same(ours, by_pyproj(data, transform, "OGC:CRS84", crs, box, (260, 130)))


@pytest.mark.parametrize("crs", ["CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3413", "EPSG:32631"])
def test_far_from_the_data_nothing_is_shown(client: TestClient, crs: str) -> None:
    """Beside the data, beyond the poles, beyond the plane: transparent, and no error."""
    for box in [(1e9, 1e9, 2e9, 2e9), (-1e12, -1e12, -9e11, -9e11), (120.0, 95.0, 130.0, 99.0)]:
        body = picture(client, "utm.height", crs, box, (64, 64))
        assert (values(body) == -1).all()


TILES = [
    ("sea", "sst", "WebMercatorQuad", ("EPSG:3857", "EPSG:900913"), (3, 5, 2)),
    ("sea", "sst", "WorldCRS84Quad", ("CRS:84", "EPSG:4326"), (2, 3, 1)),
    ("sea", "sst", "EPSG3413Quad", ("EPSG:3413",), (2, 1, 2)),
    ("utm", "height", "WebMercatorQuad", ("EPSG:3857",), (9, 259, 184)),
    ("utm", "height", "UTM31WGS84Quad", ("EPSG:32631",), (8, 63, 96)),
]


@pytest.mark.parametrize(("dataset", "variable", "tms", "names", "place"), TILES)
@pytest.mark.parametrize("px", [256, 512])
def test_the_box_of_a_tile_gives_the_tile(
    client: TestClient,
    dataset: str,
    variable: str,
    tms: str,
    names: tuple[str, ...],
    place: tuple[int, int, int],
    px: int,
) -> None:
    """Byte for byte, also where a client writes ten digits of the box."""
    z, x, y = place
    tile = client.get(f"/tiles/{dataset}/{variable}/{tms}/{z}/{x}/{y}.png?tilesize={px}").content
    assert (values(tile) >= 0).any()
    bounds = tile_grid(matrix_set(tms), z, x, y).bounds
    for name in names:
        crs = "EPSG:3857" if name == "EPSG:900913" else name
        for box in (bounds, tuple(float(f"{each:.12g}") for each in bounds)):
            assert picture(client, f"{dataset}.{variable}", crs, box, (px, px), name=name) == tile


def test_a_box_beside_a_tile_gives_another_picture(client: TestClient) -> None:
    """Half a pixel makes a difference."""
    west, south, east, north = tile_grid(matrix_set("WebMercatorQuad"), 1, 0, 0).bounds
    half = (east - west) / 512
    box = (west + half, south, east + half, north)
    tile = values(client.get("/tiles/sea/sst/1/0/0.png").content)
    ours = values(picture(client, "sea.sst", "EPSG:3857", box, (256, 256)))
    assert (ours != tile).any()
    assert_same(ours, by_pyproj(SST, GLOBE, "OGC:CRS84", "EPSG:3857", box, (256, 256)))


@pytest.mark.parametrize("crs", ["CRS:84", "EPSG:3413"])
def test_a_large_map_is_of_one_piece(client: TestClient, crs: str) -> None:
    """Larger than what is drawn at once: its parts lie where they belong, to the last row."""
    box = (-180.0, -90.0, 180.0, 90.0) if crs == "CRS:84" else (-4e6, -4e6, 4e6, 4e6)
    size = (1300, 777)
    ours = values(picture(client, "sea.sst", crs, box, size))
    assert_same(ours, by_pyproj(SST, GLOBE, "OGC:CRS84", crs, box, size))


def test_a_large_map_of_bands_and_layers(client: TestClient) -> None:
    """Three bands, alone and over a layer, are the same in parts as in one picture."""
    box = (-180.0, -90.0, 180.0, 90.0)
    for layers in ("sea.flow", "sea.sst,sea.flow"):
        large = Image.open(io.BytesIO(picture(client, layers, "CRS:84", box, (1440, 720))))
        small = Image.open(io.BytesIO(picture(client, layers, "CRS:84", box, (360, 180))))
        # Every fourth pixel's centre lies in the same cell of 4 degrees.
        assert (np.asarray(large)[1::4, 1::4] == np.asarray(small)).all()
