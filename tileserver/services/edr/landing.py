"""EDR's landing page and what is conformed to (OGC 19-086r6)."""

from __future__ import annotations

from typing import Any

from tileserver.config import ServiceConfig
from tileserver.services.edr.vocabulary import path
from tileserver.services.ogc.landing import OPENAPI
from tileserver.services.ogc.link import HTML, Encoding, document_links, link, own_links

_EDR = "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf"
# Not claimed: instances and items, which cubes have none of.
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(
        f"{_EDR}/{name}"
        for name in ("core", "collections", "json", "html", "geojson", "edr-geojson", "covjson",
                     "oas30", "queries")
    ),
)  # fmt: skip


def landing_page(service: ServiceConfig, base: str, shown: Encoding) -> dict[str, Any]:
    """The way to everything."""
    definition = path(base, "api")
    found = {
        "title": service.title,
        "description": service.abstract,
        "links": [
            *own_links(path(base), shown, "This page"),
            link("service-desc", f"{definition}?f=json", OPENAPI, "Definition of the API"),
            link("service-doc", f"{definition}?f=html", HTML, "Documentation of the API"),
            *document_links("conformance", path(base, "conformance"), "Conformance"),
            *document_links("data", path(base, "collections"), "Collections"),
        ],
    }
    return {name: value for name, value in found.items() if value}


def conformance() -> dict[str, Any]:
    """The requirements that are met."""
    return {"conformsTo": list(CONFORMANCE)}
