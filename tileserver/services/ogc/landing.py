"""OGC API – Common, part 1: the landing page and what is conformed to (OGC 19-072)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tileserver.config import ServiceConfig
from tileserver.services.ogc.link import (
    HTML,
    JSON,
    OGC_REL,
    WMS_XML,
    XML,
    Encoding,
    document_links,
    link,
    own_links,
    path,
)

CAPABILITIES = "service=WMS&request=GetCapabilities"
BESIDE = {"edr": "Environmental Data Retrieval", "stac": "STAC catalogue"}
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
# Not claimed: uad-collections, as an axis that is long and irregular is not listed;
# dataset-tilesets and collections-selection, as the layers of many datasets make no map together.
CONFORMANCE = (
    *(
        f"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/{name}"
        for name in ("core", "landing-page", "json", "html", "oas30")
    ),
    *(
        f"{scheme}://www.opengis.net/spec/ogcapi-common-2/1.0/conf/{name}"
        # Clients know the draft's addresses, the standard has the others.
        for scheme in ("https", "http")
        for name in ("collections", "json", "html")
    ),
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in (
            *("core", "tileset", "tilesets-list", "geodata-tilesets", "datetime", "oas30"),
            *("png", "jpeg"),
        )
    ),
    *(
        f"http://www.opengis.net/spec/tms/2.0/conf/{name}"
        for kind in ("tilematrixset", "tilematrixsetlimits", "tilesetmetadata")
        for name in (kind, f"json-{kind}")
    ),
)


def landing_page(
    service: ServiceConfig, base: str, shown: Encoding, beside: Sequence[str] = ()
) -> dict[str, Any]:
    """The way to everything.

    Args:
        beside: other protocols of the server that have a landing page.
    """
    definition, conformance = path(base, "api"), path(base, "conformance")
    collections, schemes = path(base, "collections"), path(base, "tileMatrixSets")
    wmts, wms = f"{base}/wmts/1.0.0/WMTSCapabilities.xml", f"{base}/wms?{CAPABILITIES}"
    return {
        "title": service.title,
        "description": service.abstract,
        "links": [
            *own_links(path(base), shown, "This page"),
            link("service-desc", f"{definition}?f=json", OPENAPI, "Definition of the API"),
            link("service-doc", f"{base}/docs", HTML, "Documentation of the API"),
            *document_links("conformance", conformance, "Conformance"),
            *document_links(f"{OGC_REL}/conformance", conformance, "Conformance"),
            *document_links("data", collections, "Collections"),
            *document_links(f"{OGC_REL}/data", collections, "Collections"),
            *document_links(f"{OGC_REL}/tiling-schemes", schemes, "Tile matrix sets"),
            link("wmts", wmts, XML, "WMTS capabilities"),
            link("wms", wms, WMS_XML, "WMS capabilities"),
            link("describedby", f"{base}/datasets", JSON, "The datasets"),
            link("related", f"{base}/", HTML, "The viewer"),
            *(link("related", f"{base}/{name}", JSON, BESIDE[name]) for name in beside),
        ],
    }


def conformance(base: str, shown: Encoding) -> dict[str, Any]:
    """The requirements that are met."""
    return {
        "conformsTo": list(CONFORMANCE),
        "links": own_links(path(base, "conformance"), shown, "Conformance"),
    }
