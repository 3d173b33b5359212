"""OGC API – Tiles: tilesets of maps, and tile matrix sets (OGC 20-057, 17-083r4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from tileserver.dataset import Dataset
from tileserver.grid import Bounds
from tileserver.layer import Layer
from tileserver.matrixset import REGISTERED, UTM_LAYOUT, MatrixSets
from tileserver.services import inspection, matrixsets, tilejson
from tileserver.services.ogc import collection, named_layer
from tileserver.services.ogc.domain import CRS84, crs_uri
from tileserver.services.ogc.link import (
    JSON,
    OGC_REL,
    Encoding,
    Link,
    document_links,
    encoded,
    link,
    own_links,
    path,
)
from tileserver.services.ogc.named_layer import layer_bounds, layer_id, layer_sets, style_id
from tileserver.tms import MatrixSet, projected_bounds, tile_range

TMS_REGISTER = "http://www.opengis.net/def/tilematrixset/OGC/1.0"
IN_REGISTER = frozenset({*REGISTERED, UTM_LAYOUT}) - {"NZTM2000Quad"}
# By what `f` says. OpenLayers takes the last that it knows, GDAL the first of PNG and JPEG.
IMAGES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp"}
PLACE = "{tileMatrix}/{tileRow}/{tileCol}"


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """A layer in a style; None is its own, which needs no naming.

    Args:
        query: the coordinates that links to its tilesets and tiles carry on, as a request has them.
    """

    dataset: Dataset
    layer: Layer
    style: str | None = None
    query: str = ""

    def address(self, base: str) -> str:
        """Of its list of tilesets."""
        style = () if self.style is None else ("styles", self.style)
        return path(base, "collections", layer_id(self.dataset, self.layer), *style, "map", "tiles")

    @property
    def title(self) -> str:
        """For people."""
        style = f" ({self.style})" if self.style else ""
        return f"{collection.title(self.dataset, self.layer)}{style}"


def deepest_zoom(layer: Layer, tiles: MatrixSet) -> int:
    """The last zoom that has tiles: as in TileJSON, a little below the layer's own cells."""
    return min(tilejson.zoom_of(layer, tiles) + tilejson.EXTRA_ZOOMS, tiles.last_zoom)


def tilesets(pictured: Map, base: str, shown: Encoding) -> dict[str, Any]:
    """The tilesets of a map, one for each matrix set that it is offered in."""
    here = pictured.address(base)
    return {
        "links": own_links(here, shown, "Map tilesets", pictured.query),
        "tilesets": [
            _item(pictured, tiles, base) | {"links": _item_links(pictured, tiles, base)}
            for tiles in layer_sets(pictured.dataset, pictured.layer)
        ],
    }


def _item(pictured: Map, tiles: MatrixSet, base: str) -> dict[str, Any]:
    own = path(base, "tileMatrixSets", tiles.id)
    return {
        "title": f"{pictured.title} in {tiles.id}",
        "dataType": "map",
        "crs": crs_uri(tiles.crs),
        # GDAL chooses a tileset by this alone: one that no register has is defined here.
        "tileMatrixSetURI": _register_entry(tiles).get("uri", own),
    }


def _item_links(pictured: Map, tiles: MatrixSet, base: str) -> list[Link]:
    here = f"{pictured.address(base)}/{tiles.id}"
    return [
        *own_links(here, "json", "The tileset", pictured.query),
        *_scheme_links(tiles, base),
    ]


def _scheme_links(tiles: MatrixSet, base: str) -> list[Link]:
    href = path(base, "tileMatrixSets", tiles.id)
    return document_links(f"{OGC_REL}/tiling-scheme", href, "Tile matrix set")


def tileset(pictured: Map, tiles: MatrixSet, base: str, shown: Encoding) -> dict[str, Any]:
    """One tileset: where its tiles are, and which there are."""
    dataset, layer = pictured.dataset, pictured.layer
    bounds = layer_bounds(layer)
    first = inspection.first_zoom(layer, tiles, dataset.limits)
    zooms = range(first, deepest_zoom(layer, tiles) + 1)
    style = pictured.style or style_id(layer)
    found = _item(pictured, tiles, base) | {
        "description": collection.description(dataset),
        "attribution": collection.attribution(dataset),
        "version": dataset.version,
        "style": {"id": style, "links": [collection.legend_link(dataset, layer, style, base)]},
        "mediaTypes": list(IMAGES.values()),
        "boundingBox": _box(tiles, bounds),
        "centerPoint": {
            "coordinates": _centre(bounds),
            "crs": CRS84,
            "tileMatrix": str(tilejson.zoom_to_fit(tiles, bounds, zooms[-1])),
        },
        "tileMatrixSetLimits": [_limit(tiles, zoom, bounds) for zoom in zooms],
        "links": _links(pictured, tiles, base, shown),
    }
    return {name: value for name, value in found.items() if value is not None}


def _box(tiles: MatrixSet, bounds: Bounds) -> dict[str, Any]:
    west, south, east, north = projected_bounds(tiles, bounds)
    corners = [west, south], [east, north]
    lower, upper = (c[::-1] if tiles.northing_first else c for c in corners)
    axes = ["N", "E"] if tiles.northing_first else ["E", "N"]
    return {
        "lowerLeft": lower, "upperRight": upper, "crs": crs_uri(tiles.crs), "orderedAxes": axes,
    }  # fmt: skip


def _centre(bounds: Bounds) -> list[float]:
    west, south, east, north = bounds
    width = (east - west) % 360 or 360.0 * (east > west)
    return [(west + width / 2 + 180) % 360 - 180, (south + north) / 2]


def _limit(tiles: MatrixSet, zoom: int, bounds: Bounds) -> dict[str, Any]:
    found = tile_range(tiles, zoom, bounds)
    return {
        "tileMatrix": str(zoom),
        "minTileRow": found.min_y,
        "maxTileRow": found.max_y,
        "minTileCol": found.min_x,
        "maxTileCol": found.max_x,
    }


def template(pictured: Map, tiles: MatrixSet, base: str, image: str) -> str:
    """The addresses of a tileset's tiles."""
    return encoded(f"{pictured.address(base)}/{tiles.id}/{PLACE}", image, pictured.query)


def _links(pictured: Map, tiles: MatrixSet, base: str, shown: Encoding) -> list[Link]:
    dataset, layer = pictured.dataset, pictured.layer
    here = f"{pictured.address(base)}/{tiles.id}"
    geodata = path(base, "collections", layer_id(dataset, layer))
    layer_path = f"{base}/tiles/{dataset.id}/{quote(layer.id, safe='')}/{tiles.id}"
    return [
        *own_links(here, shown, "The tileset", pictured.query),
        *_scheme_links(tiles, base),
        *(
            link("item", template(pictured, tiles, base, image), media_type,
                 f"Tiles as {image.upper()}", templated=True)
            for image, media_type in IMAGES.items()
        ),
        link("alternate", f"{layer_path}/tilejson.json", JSON, "TileJSON"),
        *document_links(f"{OGC_REL}/geodata", geodata, "The collection", pictured.query),
        *document_links(f"{OGC_REL}/conformance", path(base, "conformance"), "Conformance"),
    ]  # fmt: skip


def matrix_sets(sets: MatrixSets, base: str, shown: Encoding) -> dict[str, Any]:
    """All tile matrix sets."""
    return {
        "links": own_links(path(base, "tileMatrixSets"), shown, "Tile matrix sets"),
        "tileMatrixSets": [_matrix_set_item(sets[name], base) for name in sets.ids],
    }


def _matrix_set_item(tiles: MatrixSet, base: str) -> dict[str, Any]:
    here = path(base, "tileMatrixSets", tiles.id)
    return {
        "id": tiles.id,
        "title": tiles.title,
        **_register_entry(tiles),
        "crs": crs_uri(tiles.crs),
        "links": own_links(here, "json", "The tile matrix set"),
    }


def _register_entry(tiles: MatrixSet) -> dict[str, str]:
    return {"uri": f"{TMS_REGISTER}/{tiles.id}"} if tiles.id in IN_REGISTER else {}


def matrix_set(tiles: MatrixSet, base: str, shown: Encoding) -> dict[str, Any]:
    """One tile matrix set."""
    links = own_links(path(base, "tileMatrixSets", tiles.id), shown, "The tile matrix set")
    found = matrixsets.document(tiles) | _register_entry(tiles)
    return found | {"crs": crs_uri(tiles.crs), "links": links}


def styles(pictured: Map, base: str, shown: Encoding) -> dict[str, Any]:
    """The styles that a layer is offered in, its own first."""
    dataset, layer = pictured.dataset, pictured.layer
    here = path(base, "collections", layer_id(dataset, layer), "styles")
    return {
        "default": style_id(layer),
        "styles": [
            {"id": each, "title": each, "links": _style_links(replace(pictured, style=each), base)}
            for each in (style.id for style in named_layer.styles(dataset, layer))
        ],
        "links": own_links(here, shown, "Styles", pictured.query),
    }


def _style_links(pictured: Map, base: str) -> list[Link]:
    return [
        collection.legend_link(pictured.dataset, pictured.layer, pictured.style or "", base),
        *document_links(
            f"{OGC_REL}/tilesets-map", pictured.address(base), "Map tilesets", pictured.query
        ),
    ]
