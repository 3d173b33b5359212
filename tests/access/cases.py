"""Requests that touch a private dataset, made from the table of routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tileserver.app import ENDPOINTS as BUILT_IN
from tileserver.http.endpoint import Endpoint
from tileserver.http.titiler.routes import ENDPOINTS as TITILER

ENDPOINTS = (*BUILT_IN, *TITILER)

PRIVATE, VARIABLE, LAYER = "vault", "gold", "vault.gold"

# What stands for the parts of paths. A part that is not here fails the tests: say what it is.
PARTS = {
    "dataset": PRIVATE,
    "variable": VARIABLE,
    "layer": LAYER,
    "collectionId": LAYER,
    "dimension": "time",
    "last": "0.png",
    "tms": "WebMercatorQuad",
    "tileMatrixSetId": "WebMercatorQuad",
    "tileMatrix": "0",
    "tileRow": "0",
    "tileCol": "0",
    "style": "default",
    "styleId": "viridis",
    "name": "viridis",
    "key": "0123456789abcdef",
    "suffix": "json",
    "object": ".zmetadata",
    "item": "19700101T000000Z",
    "expression": VARIABLE,
    "location": "middle",
    "format": "png",
    "algorithmId": "hillshade",
    "colorMapId": "viridis",
    **dict.fromkeys(("lon", "lat", "minx", "miny"), "1"),
    **dict.fromkeys(("maxx", "maxy", "width", "height"), "9"),
    **dict.fromkeys(("z", "x", "y", "row", "col", "i", "j"), "0"),
}
AREA = b'{"type": "Polygon", "coordinates": [[[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]]}'
FEATURE = b'{"type": "Feature", "properties": {}, "geometry": ' + AREA + b"}"
GEOJSON = "application/geo+json"
NAMING = ("dataset", "layer", "collectionId", "job")  # parts that name what is private

TILE = "TileMatrixSet=WebMercatorQuad&TileMatrix=0&TileRow=0&TileCol=0"
MAP = "CRS=EPSG:4326&BBOX=-90,-180,90,180&WIDTH=8&HEIGHT=8&FORMAT=image/png"
WMTS = f"Service=WMTS&Version=1.0.0&Layer={LAYER}&Style=default"
WMS = f"SERVICE=WMS&VERSION=1.3.0&LAYERS={LAYER}&LAYER={LAYER}&STYLES=&{MAP}"
# What a request needs to be a good one; several where one route does several things.
QUERIES: dict[str, tuple[str, ...]] = {
    "/point/{dataset}/{variable}": ("lon=0&lat=0",),
    "/timeseries/{dataset}/{variable}": ("lon=0&lat=0",),
    "/statistics/{dataset}/{variable}": ("bbox=-10,-10,10,10",),
    "/coverage/{dataset}/{variable}": ("bbox=-10,-10,10,10",),
    "/transect/{dataset}/{variable}": ("line=0,0;10,10",),
    "/jobs": (f"dataset={PRIVATE}&variable={VARIABLE}&lon=0&lat=0",),
    "/wmts": (
        f"{WMTS}&Request=GetTile&Format=image/png&{TILE}",
        f"{WMTS}&Request=GetFeatureInfo&InfoFormat=application/json&I=0&J=0&{TILE}",
    ),
    "/wmts/{dataset}": (
        "Service=WMTS&Request=GetCapabilities",
        f"{WMTS}&Request=GetTile&Format=image/png&{TILE}",
    ),
    "/wms": (
        f"{WMS}&REQUEST=GetMap",
        f"{WMS}&REQUEST=GetMap&EXCEPTIONS=BLANK",
        f"{WMS}&REQUEST=GetFeatureInfo&QUERY_LAYERS={LAYER}&INFO_FORMAT=application/json&I=0&J=0",
        f"{WMS}&REQUEST=GetLegendGraphic",
    ),
    "/xcube/statistics/{dataset}/{variable:path}": ("lon=0&lat=0",),
    "/edr/collections/{dataset}/position": ("coords=POINT(0 0)",),
    "/edr/collections/{dataset}/radius": ("coords=POINT(0 0)&within=900&within-units=km",),
    "/edr/collections/{dataset}/area": ("coords=POLYGON((0 0,9 0,9 9,0 9,0 0))",),
    "/edr/collections/{dataset}/cube": ("bbox=0,0,9,9",),
    "/edr/collections/{dataset}/trajectory": ("coords=LINESTRING(0 0,9 9)",),
    "/wms/{dataset}": ("SERVICE=WMS&REQUEST=GetCapabilities", f"{WMS}&REQUEST=GetMap"),
    **{e.path: (f"url={PRIVATE}",) for e in TITILER if e.path.startswith("/titiler/cog/")},
}
# Of those whose path names nothing: what they are asked for all.
LISTINGS: dict[str, str] = {
    "/datasets": "",
    "/wmts": "Service=WMTS&Request=GetCapabilities",
    "/wmts/1.0.0/WMTSCapabilities.xml": "",
    "/wms": "SERVICE=WMS&REQUEST=GetCapabilities",
    "/ogc/collections": "",
    "/stac/search": "limit=1000",
    "/xcube/datasets": "details=1",
    "/edr/collections": "",
    "/xcube/ogc/collections": "",
}

# What is posted to those that are asked by a body.
POSTED = {"/stac/search": b'{"limit": 1000}'}


@dataclass(frozen=True)
class Case:
    """One request.

    Args:
        path: with `{job}` where a job's id is to stand.
    """

    endpoint: Endpoint
    method: str
    path: str
    query: str

    @property
    def body(self) -> bytes:
        """Of a POST to a route that GET takes too: there the place is not in the query."""
        if self.method == "POST" and self.endpoint.path in POSTED:
            return POSTED[self.endpoint.path]
        if self.service == "titiler":
            return FEATURE
        return AREA if "GET" in self.endpoint.methods or self.endpoint.body == GEOJSON else b""

    def __str__(self) -> str:
        return f"{self.method} {self.endpoint.path} {self.query[-40:]}"

    @property
    def address(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def service(self) -> str:
        """The first part of the path."""
        return self.path.split("/")[1]


def names_private(endpoint: Endpoint) -> bool:
    """Whether requests say what they want of a dataset."""
    return any(f"{{{part}}}" in endpoint.path for part in NAMING)


def _path(endpoint: Endpoint) -> str:
    known = PARTS | {"job": "{job}"}
    if endpoint.path.startswith("/legend/"):
        known["last"] = f"{VARIABLE}.png"
    return re.sub(r"{(\w+)(?::\w+)?}", lambda part: known[part[1]], endpoint.path)


def private_cases() -> Iterator[Case]:
    """Every route that names a dataset, by every method."""
    for endpoint in ENDPOINTS:
        if names_private(endpoint) or endpoint.path in QUERIES:
            for method in endpoint.methods:
                if (method, endpoint.path) != ("GET", "/jobs"):
                    for query in _queries(endpoint, method):
                        yield Case(endpoint, method, _path(endpoint), query)


def _queries(endpoint: Endpoint, method: str) -> tuple[str, ...]:
    has_body = method == "POST" and "GET" in endpoint.methods
    return ("",) if has_body else QUERIES.get(endpoint.path, ("",))


def public_cases() -> Iterator[Case]:
    """Every other route, and what lists all that there is."""
    for endpoint in ENDPOINTS:
        if endpoint.path in LISTINGS or not (names_private(endpoint) or endpoint.path in QUERIES):
            method = endpoint.methods[0]
            is_posted = method == "POST" and endpoint.path in POSTED
            query = "" if is_posted else LISTINGS.get(endpoint.path, "")
            yield Case(endpoint, method, _path(endpoint), query)
