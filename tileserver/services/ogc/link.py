"""Links of OGC API documents (RFC 8288, OGC 19-072), and addresses below the API's root."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

Link = dict[str, Any]
Encoding = Literal["json", "html"]

ROOT = "/ogc"
# Relations that the OGC registers begin with this.
OGC_REL = "http://www.opengis.net/def/rel/ogc/1.0"
JSON, HTML, PNG, XML = "application/json", "text/html", "image/png", "application/xml"
WMS_XML = "text/xml"  # of capabilities, since WMS 1.3.0
MEDIA_TYPES: dict[Encoding, str] = {"json": JSON, "html": HTML}


def link(rel: str, href: str, media_type: str, title: str, **more: Any) -> Link:
    """One link."""
    return {"rel": rel, "type": media_type, "title": title, "href": href, **more}


def path(base: str, *parts: str) -> str:
    """The address of a resource of the API; its parts may hold what an address may not."""
    return "/".join((f"{base}{ROOT}", *(quote(part, safe="") for part in parts)))


def encoded(href: str, encoding: str, query: str = "") -> str:
    """The address of a resource in one of its encodings, with what else is asked for."""
    return f"{href}?{query}{'&' if query else ''}f={encoding}"


def own_links(href: str, shown: Encoding, title: str, query: str = "") -> list[Link]:
    """A document's links to itself and to its other encoding."""
    return [
        link(
            "self" if encoding == shown else "alternate",
            encoded(href, encoding, query),
            media_type,
            f"{title} as {encoding.upper()}",
        )
        for encoding, media_type in MEDIA_TYPES.items()
    ]


def document_links(rel: str, href: str, title: str, query: str = "") -> list[Link]:
    """Links to another document of the API in each of its encodings."""
    return [
        link(rel, encoded(href, encoding, query), media_type, f"{title} as {encoding.upper()}")
        for encoding, media_type in MEDIA_TYPES.items()
    ]
