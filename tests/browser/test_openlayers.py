"""OpenLayers shows the layers by what the server tells of itself: the pixels of our own tiles."""

import json

import httpx2 as httpx
import numpy as np
import pytest
from pyproj import CRS, Transformer

from tests.browser.pages import Pages, Seen, mosaic, program

KVP = "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities"
REST = "/wmts/1.0.0/WMTSCapabilities.xml"
FIRST, LAST = "2021-01-01T00:00:00Z", "2021-12-19T00:00:00Z"
PROJECTIONS = {code: CRS(code).to_wkt("WKT1_GDAL") for code in ("EPSG:32632", "EPSG:3413")}
# Layer, matrix set and the upper left corner of a tile that has data on all its sides.
PLACES = {
    "mercator": ("ocean", "sst", "WebMercatorQuad", (2, 1, 2)),
    "degrees": ("ocean", "sst", "WorldCRS84Quad", (2, 3, 2)),
    "utm": ("s2", "ndvi", "UTM32WGS84Quad", (12, 1042, 1512)),
    "polar": ("ice.north", "thickness", "EPSG3413Quad", (2, 2, 2)),
}


def show(pages: Pages, server: str, name: str, place: str, way: str, **more: object) -> Seen:
    """A layer by WMTS, about the corner of a tile."""
    dataset, variable, tiles, corner = PLACES[place]
    zoom, column, row = corner
    told = {
        "capabilities": server + (REST if way == "REST" else KVP),
        "requestEncoding": way,
        "layer": f"{dataset}.{variable}",
        "matrixSet": tiles,
        "corner": {"zoom": zoom, "column": column, "row": row},
        "projections": PROJECTIONS,
    }
    return pages.run(
        name, library="openlayers", program=program("openlayers.js", "showWmts"), args=told | more
    )


def own_tiles(server: str, place: str, query: str = "") -> np.ndarray:
    """The same picture, out of tiles of the native interface."""
    dataset, variable, tiles, corner = PLACES[place]
    return mosaic(
        f"{server}/tiles/{dataset}/{variable}/{tiles}/{{z}}/{{x}}/{{y}}.png{query}", *corner
    )


def upper_left(server: str, place: str) -> tuple[list[float], float]:
    """The upper left corner of the place's tile in its CRS, and the size of its pixels."""
    _, _, tiles, (zoom, column, row) = PLACES[place]
    matrices = httpx.get(f"{server}/tms/{tiles}").json()["tileMatrices"]
    matrix = next(each for each in matrices if each["id"] == str(zoom))
    (left, top), cell = matrix["pointOfOrigin"], matrix["cellSize"]
    return [left + column * 256 * cell, top - row * 256 * cell], cell


@pytest.mark.parametrize("way", ["KVP", "REST"])
@pytest.mark.parametrize("place", PLACES)
def test_draws_our_tiles(pages: Pages, map_server: str, place: str, way: str) -> None:
    """In each matrix set, by KVP and by REST, pixel for pixel."""
    seen = show(pages, map_server, f"{place}-{way}", place, way)
    assert seen.facts["encoding"] == way
    assert seen.facts["set"] == PLACES[place][2]
    expected = own_tiles(map_server, place)
    assert len(np.unique(expected.reshape(-1, 3), axis=0)) > 20
    np.testing.assert_array_equal(seen.picture, expected)


@pytest.mark.parametrize(
    ("place", "told"), [("mercator", {}), ("degrees", {"projection": "EPSG:4326"})]
)
def test_matrix_set_is_found(
    pages: Pages, map_server: str, place: str, told: dict[str, str]
) -> None:
    """The first one by default, else by the projection of the map."""
    name = f"found-{place}"
    seen = show(pages, map_server, name, place, "REST", **{"matrixSet": None} | told)
    assert seen.facts["set"] == PLACES[place][2]
    np.testing.assert_array_equal(seen.picture, own_tiles(map_server, place))


@pytest.mark.parametrize("way", ["KVP", "REST"])
def test_time_is_asked_for(pages: Pages, map_server: str, way: str) -> None:
    """It begins with the default time, and after `updateDimensions` shows another."""
    last = show(pages, map_server, f"last-{way}", "mercator", way)
    first = show(pages, map_server, f"first-{way}", "mercator", way, coordinates={"time": FIRST})
    assert last.facts["dimensions"] == {"time": LAST}
    assert first.facts["dimensions"] == {"time": FIRST}
    np.testing.assert_array_equal(
        first.picture, own_tiles(map_server, "mercator", f"?time={FIRST}")
    )
    np.testing.assert_array_equal(last.picture, own_tiles(map_server, "mercator", f"?time={LAST}"))
    assert np.mean(first.picture != last.picture) > 0.1


@pytest.mark.parametrize("way", ["KVP", "REST"])
def test_every_dimension_is_asked_for(pages: Pages, map_server: str, way: str) -> None:
    """Depth as well as time."""
    steps = {"time": "2024-03-01T00:00:00Z", "depth": "10"}
    seen = show(pages, map_server, f"depth-{way}", "polar", way, coordinates=steps)
    assert set(seen.facts["dimensions"]) == set(steps)
    query = f"?time={steps['time']}&depth={steps['depth']}"
    np.testing.assert_array_equal(seen.picture, own_tiles(map_server, "polar", query))
    assert np.mean(seen.picture != own_tiles(map_server, "polar")) > 0.1


@pytest.mark.parametrize(
    ("told", "query"),
    [
        ({"style": "sst"}, ""),
        ({"unlisted": "viridis"}, "?colormap_name=viridis"),
        ({"unlisted": "viridis:0:20"}, "?colormap_name=viridis&rescale=0,20"),
    ],
)
def test_styles(pages: Pages, map_server: str, told: dict[str, str], query: str) -> None:
    """The layer's own style, any colormap, and one with a range."""
    (name,) = told.values()
    seen = show(pages, map_server, name.replace(":", "-"), "mercator", "REST", **told)
    assert seen.facts["style"] == name
    np.testing.assert_array_equal(seen.picture, own_tiles(map_server, "mercator", query))


@pytest.mark.parametrize(
    ("style", "query"),
    [
        ("magma", "?colormap_name=magma"),
        ("plasma:0:40", "?colormap_name=plasma&rescale=0,40"),
    ],
)
def test_listed_styles(pages: Pages, map_server: str, style: str, query: str) -> None:
    """Those that the catalogue offers are in the capabilities."""
    name = f"listed-{style}".replace(":", "-")
    seen = show(pages, map_server, name, "polar", "REST", style=style)
    assert seen.facts["style"] == style
    np.testing.assert_array_equal(seen.picture, own_tiles(map_server, "polar", query))


@pytest.mark.parametrize(
    ("layer", "style"), [("ocean.sst", "sst"), ("ice.north.thickness", "plasma:0:40")]
)
def test_legend(pages: Pages, map_server: str, layer: str, style: str) -> None:
    """The legend of a style loads, and is as large as the capabilities say."""
    told = {"capabilities": map_server + KVP, "layer": layer, "style": style}
    seen = pages.run(
        f"legend-{layer}",
        library="openlayers",
        program=program("openlayers.js", "showLegend"),
        args=told,
    )
    assert seen.facts["told"] == seen.facts["drawn"]


@pytest.mark.parametrize("format", ["application/json", "text/plain", "text/html"])
def test_feature_info(pages: Pages, map_server: str, format: str) -> None:
    """The template of GetFeatureInfo tells the value at a pixel, in each format."""
    zoom, column, row = PLACES["polar"][3]
    named = {
        "TileMatrixSet": "EPSG3413Quad", "TileMatrix": zoom, "TileCol": column, "TileRow": row,
        "Style": "viridis", "I": 20, "J": 30, "time": "2024-03-02T00:00:00Z", "depth": 10,
    }  # fmt: skip
    told = {"capabilities": map_server + REST, "layer": "ice.north.thickness", "format": format}
    seen = pages.run(
        f"info-{format.replace('/', '-')}",
        library="openlayers",
        program=program("openlayers.js", "readInfo"),
        args=told | named,
    )
    cell = 2**23 / 2**zoom / 256
    x, y = (column * 256 + 20.5) * cell - 2**22, 2**22 - (row * 256 + 30.5) * cell
    lon, lat = Transformer.from_crs("EPSG:3413", "OGC:CRS84", always_xy=True).transform(x, y)
    query = {"lon": lon, "lat": lat, "time": named["time"], "depth": 10}
    point = httpx.get(f"{map_server}/point/ice.north/thickness", params=query).json()
    assert seen.facts["type"].partition(";")[0] == format
    assert f"{point['value']:.6g}" in seen.facts["text"]
    if format == "application/json":
        assert json.loads(seen.facts["text"])["features"][0]["properties"]["units"] == "cm"


@pytest.mark.parametrize(("version", "in_tiles"), [("1.3.0", False), ("1.1.1", True)])
@pytest.mark.parametrize(
    ("place", "projection"),
    [
        ("mercator", "EPSG:3857"),
        ("degrees", "EPSG:4326"),
        ("degrees", "CRS:84"),
        ("utm", "EPSG:32632"),
        ("polar", "EPSG:3413"),
    ],
)
def test_wms(
    pages: Pages, map_server: str, place: str, projection: str, version: str, in_tiles: bool
) -> None:
    """By WMS, in its own axis order: the pixels of our tiles, and the value in their middle."""
    dataset, variable, *_ = PLACES[place]
    center, resolution = upper_left(map_server, place)
    told = {
        "server": map_server,
        "version": version,
        "projections": PROJECTIONS,
        "projection": projection,
        "center": center,
        "resolution": resolution,
        "inTiles": in_tiles,
        "coordinates": {"LAYERS": f"{dataset}.{variable}"},
    }
    name = f"wms-{projection}-{version}-{in_tiles}".replace(":", "-")
    seen = pages.run(
        name, library="openlayers", program=program("openlayers.js", "showWms"), args=told
    )
    np.testing.assert_array_equal(seen.picture, own_tiles(map_server, place))
    [feature] = seen.facts["info"]["features"]
    lon, lat = feature["geometry"]["coordinates"]
    point = httpx.get(
        f"{map_server}/point/{dataset}/{variable}", params={"lon": lon, "lat": lat}
    ).json()
    assert feature["properties"]["value"] == pytest.approx(point["value"], rel=1e-5)


@pytest.mark.parametrize(
    ("place", "projection"),
    [("mercator", None), ("degrees", None), ("utm", "EPSG:32632"), ("polar", "EPSG:3413")],
)
def test_ogc_api(pages: Pages, map_server: str, place: str, projection: str | None) -> None:
    """Tile sets of OGC API tell their grids and templates by themselves."""
    dataset, variable, tiles, (zoom, column, row) = PLACES[place]
    seen = pages.run(
        f"ogc-{place}",
        library="openlayers",
        program=program("openlayers.js", "showTileset"),
        args={
            "url": f"{map_server}/ogc/collections/{dataset}.{variable}/map/tiles/{tiles}",
            "projections": PROJECTIONS,
            "projection": projection,
            "corner": {"zoom": zoom, "column": column, "row": row},
        },
    )
    np.testing.assert_array_equal(seen.picture, own_tiles(map_server, place))


def test_wms_capabilities(pages: Pages, map_server: str) -> None:
    """OpenLayers reads what a map of a layer needs."""
    seen = pages.run(
        "wms-capabilities",
        library="openlayers",
        program=program("openlayers.js", "readWms"),
        args={
            "address": f"{map_server}/wms?SERVICE=WMS&VERSION=1.3.0&REQUEST=GetCapabilities",
            "layer": "ice.north.thickness",
        },
    )
    read = seen.facts
    assert (read["version"], read["queryable"]) == ("1.3.0", True)
    assert read["map"].rstrip("?") == f"{map_server}/wms"
    assert {"CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:3413"} <= set(read["crs"])
    assert set(read["styles"]) == {"viridis", "magma", "plasma:0:40"}
    assert read["legend"] == "image/png"
    time, depth = sorted(read["dimensions"], key=lambda each: each["name"] != "time")
    assert (time["units"], time["default"]) == ("ISO8601", "2024-03-03T00:00:00Z")
    assert depth["default"] in depth["values"].split(",")
    west, south, east, north = read["box"]
    assert (west, east, north) == (-180, 180, 90)
    assert 50 < south < 55
