"""GDAL's WMS driver opens our layers by capabilities and by descriptions; its pixels are ours."""

from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.windows import Window
from rasterio.windows import bounds as window_bounds

from tests.clients.cubes import GULF
from tests.clients.picture import fetch_picture, plain
from tests.clients.places import PLACE, gulf_land, gulf_value

LAYER = f"{GULF}.temp"
DEGREES = (38.3, 14.2, 61.7, 29.9)
SIZE = (400, 300)
TIME = "2024-03-02"
PLACES = [
    ("1.3.0", "CRS:84"), ("1.3.0", "EPSG:4326"), ("1.3.0", "EPSG:3857"), ("1.3.0", "EPSG:3035"),
    ("1.1.1", "EPSG:4326"), ("1.1.1", "EPSG:3857"), ("1.1.1", "EPSG:3035"),
]  # fmt: skip

# A service has no place of its own.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def description(
    base: str,
    version: str,
    crs: str,
    bounds: tuple[float, ...],
    size: tuple[int, int],
    *,
    layer: str = LAYER,
    style: str = "",
    **query: str,
) -> str:
    """A layer as GDAL's users describe it, read in blocks as large as it is."""
    west, south, east, north = bounds
    tag = "CRS" if version == "1.3.0" else "SRS"
    turned = version == "1.3.0" and crs in ("EPSG:4326", "EPSG:3035")
    known = "OGC:CRS84" if crs == "CRS:84" else crs
    address = f"{base}/wms?{urlencode(query)}{'&amp;' if query else ''}"
    return f"""<GDAL_WMS>
        <Service name="WMS"><Version>{version}</Version><ServerUrl>{address}</ServerUrl>
            <{tag}>{crs}</{tag}><ImageFormat>image/png</ImageFormat><Layers>{layer}</Layers>
            <Styles>{style}</Styles><Transparent>TRUE</Transparent>
            <BBoxOrder>{"yxYX" if turned else "xyXY"}</BBoxOrder></Service>
        <DataWindow>
            <UpperLeftX>{west}</UpperLeftX><UpperLeftY>{north}</UpperLeftY>
            <LowerRightX>{east}</LowerRightX><LowerRightY>{south}</LowerRightY>
            <SizeX>{size[0]}</SizeX><SizeY>{size[1]}</SizeY></DataWindow>
        <Projection>{known}</Projection><BandsCount>4</BandsCount>
        <BlockSizeX>{size[0]}</BlockSizeX><BlockSizeY>{size[1]}</BlockSizeY></GDAL_WMS>"""


def read(name: str) -> NDArray[np.uint8]:
    """All pixels, (height, width, bands)."""
    with rasterio.open(name) as opened:
        return np.moveaxis(opened.read(), 0, -1)


def area(crs: str) -> tuple[float, ...]:
    """(west, south, east, north) about those in degrees."""
    known = "OGC:CRS84" if crs == "CRS:84" else crs
    change = Transformer.from_crs("OGC:CRS84", known, always_xy=True)
    return change.transform_bounds(*DEGREES)


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_subdatasets(client_server: str, client_data: Path, version: str) -> None:
    """GDAL finds every layer in the capabilities, by its title, and opens it where it lies."""
    document = f"WMS:{client_server}/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION={version}"
    with rasterio.open(document) as service:
        names, told = service.subdatasets, service.tags(ns="SUBDATASETS")
    (name,) = (each for each in names if f"LAYERS={LAYER}&" in each)
    assert told[f"SUBDATASET_{names.index(name) + 1}_DESC"] == "Gulf & <bay> Ω: Temperature"
    assert any("LAYERS=valley.colour&" in each for each in names)
    with rasterio.open(f"{name}&FORMAT=image/png&TRANSPARENT=TRUE&TIME={TIME}") as layer:
        assert tuple(layer.bounds) == (40, 15, 60, 31)
        assert layer.count == 4
        pixels = layer.read(out_shape=(4, 80, 100))
    land, certain = gulf_land(client_data, "OGC:CRS84", (40, 15, 60, 31), (100, 80))
    assert np.array_equal((pixels[3] == 0)[certain], land[certain])


@pytest.mark.parametrize(("version", "crs"), PLACES)
def test_any_place(client_server: str, client_data: Path, version: str, crs: str) -> None:
    """In any CRS what shows lies where it lies in the store."""
    pixels = read(description(client_server, version, crs, area(crs), SIZE, TIME=TIME))
    known = "OGC:CRS84" if crs == "CRS:84" else crs
    land, certain = gulf_land(client_data, known, area(crs), SIZE)
    assert 0 < land[certain].mean() < 1
    assert np.array_equal((pixels[..., 3] == 0)[certain], land[certain])


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
@pytest.mark.parametrize(
    ("crs", "bounds", "layer", "style", "tile"),
    [
        (
            "EPSG:3857", (5009377.0857, 2504688.54285, 6261721.35712, 3757032.81427),
            LAYER, "plasma:0:40", f"{GULF}/temp/5/20/13.png?colormap_name=plasma&rescale=0,40",
        ),
        ("EPSG:4326", (45, 0, 67.5, 22.5), LAYER, "", f"{GULF}/temp/WorldCRS84Quad/3/10/3.png?"),
        (
            "EPSG:3413", (-4194304, 0, 0, 4194304), "ice.thickness", "",
            "ice/thickness/EPSG3413Quad/1/0/0.png?",
        ),
    ],
)  # fmt: skip
def test_pixels_are_a_tiles(
    client_server: str,
    version: str,
    crs: str,
    bounds: tuple[float, ...],
    layer: str,
    style: str,
    tile: str,
) -> None:
    """At the place of a tile GDAL reads that tile."""
    named = {"layer": layer, "style": style}
    pixels = read(description(client_server, version, crs, bounds, (256, 256), **named))
    assert len(np.unique(pixels.reshape(-1, 4), axis=0)) > 20
    assert np.array_equal(plain(pixels), fetch_picture(client_server, f"/tiles/{tile}"))


def test_blocks_fit(client_server: str) -> None:
    """Blocks that are read one by one make the picture that is read at once."""
    bounds = (660_000, 5_236_000, 672_000, 5_248_000)  # cells of 40 m
    named = {"layer": "valley.colour"}
    whole = read(description(client_server, "1.3.0", "EPSG:32632", bounds, (300, 300), **named))
    with rasterio.open(
        description(client_server, "1.3.0", "EPSG:32632", bounds, (300, 300), **named)
    ) as opened:
        assert CRS(opened.crs).to_epsg() == 32632
        transform = opened.transform
    quarter = Window(100, 50, 150, 200)
    part = read(
        description(
            client_server, "1.3.0", "EPSG:32632", window_bounds(quarter, transform), (150, 200),
            **named,
        )
    )  # fmt: skip
    assert np.array_equal(whole[50:250, 100:250], part)


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_identify(client_server: str, client_data: Path, version: str) -> None:
    """GDAL is told the value at a place."""
    bounds, (width, height) = (40, 15, 60, 31), (400, 320)
    column = int((PLACE[0] - 40) / 20 * width)
    row = int((31 - PLACE[1]) / 16 * height)
    named = description(client_server, version, "EPSG:4326", bounds, (width, height), TIME=TIME)
    with rasterio.open(named) as opened:
        told = opened.get_tag_item(f"Pixel_{column}_{row}", "LocationInfo", bidx=1)
    value = gulf_value(client_data, TIME, 0)
    assert float(told.partition("<value>")[2].partition("<")[0]) == pytest.approx(value, rel=1e-6)
