"""On the same file our endpoints answer as titiler.core's own do."""

from __future__ import annotations

import io
import json

import httpx2 as httpx
import numpy as np
import pytest
from PIL import Image
from rasterio.warp import transform_bounds

from tests.titiler.conftest import Pair, numbers
from tileserver.matrixset import matrix_set
from tileserver.tms import tile_range

FILES = ("utm", "degrees")
PLACES = {"utm": (9.1, 46.9), "degrees": (6.1, 49.2)}
BOXES = {"utm": "9.05,46.85,9.2,46.95", "degrees": "5.4,48.9,6.7,49.6"}
# What only a file has: tags, colours, the driver that reads it.
OF_FILES = ("band_metadata", "band_descriptions", "colorinterp", "driver")


def tile_of(name: str, zoom: int) -> str:
    lon, lat = PLACES[name]
    found = tile_range(matrix_set("WebMercatorQuad"), zoom, (lon, lat, lon + 1e-6, lat + 1e-6))
    return f"/tiles/WebMercatorQuad/{zoom}/{found.min_x}/{found.min_y}"


def differing(own: np.ndarray, other: np.ndarray) -> int:
    """Pixels that are not the same, or not seen in both."""
    assert (own.shape, own.dtype) == (other.shape, other.dtype)
    seen, told = own[-1] > 0, other[-1] > 0
    return int(((seen != told) | ((own != other).any(axis=0) & seen)).sum())


@pytest.mark.parametrize("size", [256, 512])
@pytest.mark.parametrize("zoom", range(6, 15))
@pytest.mark.parametrize("name", FILES)
def test_tiles_are_pixel_equal(pair: Pair, name: str, zoom: int, size: int) -> None:
    """Overviews, native, enlarged: to what GDAL warps where it transforms every pixel."""
    path = f"{tile_of(name, zoom)}.npy"
    own, other = pair.ask(name, path, exact=True, tilesize=size)
    assert differing(numbers(own), numbers(other)) <= 2  # those on the border of two cells


@pytest.mark.parametrize("zoom", [8, 11, 13])
def test_tiles_are_equal_where_nothing_is_approximated(pair: Pair, zoom: int) -> None:
    """Degrees to Web Mercator are rows and columns: there GDAL is exact by itself."""
    own, other = pair.ask("degrees", f"{tile_of('degrees', zoom)}.npy")
    np.testing.assert_array_equal(numbers(own), numbers(other))


def test_tiles_are_near_where_gdal_approximates(pair: Pair) -> None:
    """By up to an eighth of a pixel, so that one of a few dozen shows the cell beside."""
    path = f"{tile_of('utm', 12)}.npy"
    own, other = (numbers(each) for each in pair.ask("utm", path))
    assert 0 < differing(own, other) < 0.04 * own[0].size


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"bidx": 1},
        {"rescale": "0,250"},
        {"bidx": 1, "rescale": "20,200", "colormap_name": "viridis"},
        {"expression": "b1*2", "rescale": "0,400"},
        {"bidx": 1, "algorithm": "hillshade", "buffer": 3},
        {"bidx": 1, "algorithm": "contours"},
        {"bidx": 1, "algorithm": "terrarium"},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("format", [".png", ""])
def test_pictures_are_alike(pair: Pair, query: dict[str, object], format: str) -> None:
    """To the byte, whatever is made of the values."""
    path = f"{tile_of('degrees', 10)}{format}"
    own, other = pair.ask("degrees", path, **query)
    assert own.status_code == 200, own.text
    assert own.headers["content-type"] == other.headers["content-type"]
    assert own.content == other.content or shown(own) == shown(other)
    assert ("colormap_name" in query) == (own.content != other.content)  # a palette, there RGBA


@pytest.mark.parametrize("name", FILES)
def test_info(pair: Pair, name: str) -> None:
    """Bounds, CRS, type, size, overviews, what marks missing data."""
    own, other = (each.json() for each in pair.ask(name, "/info"))
    told = {key: value for key, value in other.items() if key not in OF_FILES}
    assert told == {key: own.get(key) for key in told}
    own, other = (each.json() for each in pair.ask(name, "/info.geojson"))
    assert own["bbox"] == other["bbox"]
    assert own["geometry"] == other["geometry"]


@pytest.mark.parametrize("query", [{}, {"max_size": 300}, {"p": [5, 50], "histogram_bins": 4}])
@pytest.mark.parametrize("name", FILES)
def test_statistics(pair: Pair, name: str, query: dict[str, object]) -> None:
    """All of them, of every band."""
    own, other = (each.json() for each in pair.ask(name, "/statistics", **query))
    for told in (own, other):
        for band in told.values():
            band.pop("description")
    assert own == other


def test_statistics_of_a_feature(pair: Pair) -> None:
    """Weighted by how much of each cell it covers."""
    feature = shape(BOXES["degrees"])
    own, other = pair.ask("degrees", "/statistics", body=feature)
    assert own.json()["properties"] == other.json()["properties"]


@pytest.mark.parametrize("query", [{}, {"max_size": 300}, {"width": 111, "height": 99}], ids=str)
@pytest.mark.parametrize("name", FILES)
def test_preview(pair: Pair, name: str, query: dict[str, object]) -> None:
    """All of it, small."""
    own, other = pair.ask(name, "/preview.npy", **query)
    np.testing.assert_array_equal(numbers(own), numbers(other))
    assert own.headers["content-bbox"] == other.headers["content-bbox"]


@pytest.mark.parametrize("size", ["", "/200x150"])
@pytest.mark.parametrize("name", FILES)
def test_box(pair: Pair, name: str, size: str) -> None:
    """A part, at its own resolution or at a size."""
    own, other = pair.ask(name, f"/bbox/{BOXES[name]}{size}.npy", exact=True)
    assert differing(numbers(own), numbers(other)) <= 2
    assert own.headers["content-bbox"] == other.headers["content-bbox"]


def test_box_in_the_data_crs(pair: Pair) -> None:
    """Cells as they lie."""
    west, south, east, north = (float(part) for part in BOXES["utm"].split(","))
    box = transform_bounds("EPSG:4326", "EPSG:32632", west, south, east, north)
    path = f"/bbox/{','.join(map(str, box))}.npy"
    own, other = pair.ask("utm", path, coord_crs="EPSG:32632")
    np.testing.assert_array_equal(numbers(own), numbers(other))


def test_feature(pair: Pair) -> None:
    """A part without what lies outside a polygon."""
    own, other = pair.ask("degrees", "/feature.npy", body=shape(BOXES["degrees"]))
    np.testing.assert_array_equal(numbers(own), numbers(other))


@pytest.mark.parametrize("name", FILES)
def test_point(pair: Pair, name: str) -> None:
    """The value of the cell at a place."""
    own, other = pair.ask(name, "/point/{},{}".format(*PLACES[name]))
    assert own.json()["values"] == other.json()["values"]


@pytest.mark.parametrize("name", FILES)
def test_tilejson(pair: Pair, name: str) -> None:
    """Where there are tiles, and how deep."""
    own, other = (each.json() for each in pair.ask(name, "/WebMercatorQuad/tilejson.json"))
    for key in ("tilejson", "bounds", "center", "minzoom", "maxzoom", "data_type", "scheme"):
        assert own[key] == other[key]
    base = str(pair.own.base_url).rstrip("/")
    root = f"{base}/titiler/datasets/{name}/tiles/WebMercatorQuad"
    assert own["tiles"] == [f"{root}/{{z}}/{{x}}/{{y}}?tilesize=512"]


def shown(answer: httpx.Response) -> bytes:
    """What one sees: the colours of all pixels that are not clear."""
    pixels = np.array(Image.open(io.BytesIO(answer.content)).convert("RGBA"))
    return bytes((pixels * (pixels[..., 3:] > 0)).tobytes())


def shape(box: str) -> dict[str, object]:
    """A triangle in a box."""
    west, south, east, north = (float(part) for part in box.split(","))
    ring = [[west, south], [east, south], [west, north], [west, south]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": {}, "geometry": geometry}
