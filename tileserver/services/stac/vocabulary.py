"""The words of STAC 1.1: versions, extensions, media types, roles and links."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson

Json = dict[str, Any]

VERSION = "1.1.0"
ROOT = "/stac"
API = "https://api.stacspec.org/v1.0.0"
JSON, GEOJSON = "application/json", "application/geo+json"
HTML, PNG = "text/html", "image/png"
ZARR = "application/vnd.zarr"
COG = "image/tiff; application=geotiff; profile=cloud-optimized"

_EXTENSIONS = "https://stac-extensions.github.io"
DATACUBE = f"{_EXTENSIONS}/datacube/v2.3.0/schema.json"
PROJECTION = f"{_EXTENSIONS}/projection/v2.0.0/schema.json"
RASTER = f"{_EXTENSIONS}/raster/v2.0.0/schema.json"
RENDER = f"{_EXTENSIONS}/render/v2.0.0/schema.json"
STORAGE = f"{_EXTENSIONS}/storage/v2.0.0/schema.json"
WEB_MAP_LINKS = f"{_EXTENSIONS}/web-map-links/v1.2.0/schema.json"
ZARRS = f"{_EXTENSIONS}/zarr/v1.1.0/schema.json"

# What shows that a document uses an extension.
_SIGNS = {
    b'"cube:': DATACUBE,
    b'"proj:': PROJECTION,
    b'"raster:': RASTER,
    b'"renders":': RENDER,
    b'"storage:': STORAGE,
    b'"rel":"xyz"': WEB_MAP_LINKS,
    b'"zarr:': ZARRS,
}

CONFORMANCE = (
    f"{API}/core",
    f"{API}/collections",
    f"{API}/ogcapi-features",
    f"{API}/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)


def link(rel: str, href: str, media_type: str = JSON, **more: Any) -> Json:
    """One link."""
    return {"rel": rel, "type": media_type, "href": href, **more}


def extensions_of(document: Json) -> list[str]:
    """The extensions whose words a document uses."""
    text = orjson.dumps(document)
    return [uri for sign, uri in _SIGNS.items() if sign in text]


def quoted(text: str) -> str:
    """As a part of a path."""
    return quote(text, safe="")
