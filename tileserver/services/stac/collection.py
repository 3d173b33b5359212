"""A dataset as a STAC Collection, and the catalogue that they are in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tileserver.catalog import Catalog
from tileserver.dataset import Dataset, Entry
from tileserver.services.describe import summary
from tileserver.services.stac import cube, item, view
from tileserver.services.stac.asset import SCHEME, assets, scheme
from tileserver.services.stac.site import Site
from tileserver.services.stac.vocabulary import (
    CONFORMANCE,
    GEOJSON,
    HTML,
    ROOT,
    VERSION,
    Json,
    extensions_of,
    link,
)

WORLD = [-180.0, -90.0, 180.0, 90.0]
OPEN_API = "application/vnd.oai.openapi+json;version=3.1"
UNKNOWN_LICENCE = "other"
IDENTIFIER = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.+"


def landing(catalog: Catalog, base: str) -> Json:
    """The catalogue at the server: what it can do, and what is in it."""
    own = f"{base}{ROOT}"
    links = [
        link("self", own),
        link("root", own),
        link("conformance", f"{own}/conformance"),
        link("data", f"{own}/collections"),
        link("search", f"{own}/search", GEOJSON, method="GET"),
        link("search", f"{own}/search", GEOJSON, method="POST"),
        link("service-desc", f"{base}/openapi.json", OPEN_API),
        link("service-doc", f"{base}/docs", HTML),
        *(
            link("child", f"{own}/collections/{entry.config.id}", title=_title(entry))
            for entry in catalog.entries.values()
        ),
    ]
    return _catalog(catalog, links) | {"conformsTo": list(CONFORMANCE)}


def exported(catalog: Catalog, entries: Iterable[Entry], site: Site) -> Json:
    """The catalogue as a file."""
    links = [
        link("root", site.root(False)),
        *(link("child", site.collection(e.config.id), title=_title(e)) for e in entries),
    ]
    return _catalog(catalog, links)


def _catalog(catalog: Catalog, links: Sequence[Json]) -> Json:
    return {
        "type": "Catalog",
        "id": "tileserver",
        "stac_version": VERSION,
        "title": catalog.service.title,
        "description": catalog.service.abstract or catalog.service.title,
        "links": list(links),
    }


def _title(entry: Entry) -> str:
    config, dataset = entry.config, entry.dataset
    return (config.title or config.id) if dataset is None else dataset.title


def collections(catalog: Catalog, site: Site, *, offset: int, limit: int) -> Json:
    """A page of them."""
    entries = list(catalog.entries.values())
    own = f"{site.base}{ROOT}/collections"
    links = [link("self", own), link("root", site.root(True)), link("parent", site.root(True))]
    if offset + limit < len(entries):
        links.append(link("next", f"{own}?offset={offset + limit}&limit={limit}"))
    shown = [collection(entry, site) for entry in entries[offset : offset + limit]]
    return {"collections": shown, "links": links, "numberMatched": len(entries),
            "numberReturned": len(shown)}  # fmt: skip


def collection(entry: Entry, site: Site) -> Json:
    """A dataset; of one that is not open what is known."""
    config, told = entry.config, summary(entry, site.base or "")
    licence, words = licence_of(told["licence"])
    found: Json = {
        "type": "Collection",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": config.id,
        "title": told["title"],
        "description": _description(entry, told["title"], words),
        "license": licence,
        "keywords": [*config.keywords, *([config.theme] if config.theme else [])],
        "extent": _extent(told),
        "links": [
            link("root", site.root(True)),
            link("parent", site.root(True)),
            link("self", site.collection(config.id)),
        ],
    }
    if attribution := told["attribution"]:
        found["providers"] = [{"name": attribution, "roles": ["producer"]}]
    if site.items(config.id) is None:
        found["links"].pop()  # a file says nothing of where it lies
    dataset = entry.dataset
    return found if dataset is None else _whole(found, entry, dataset, site)


def _whole(found: Json, entry: Entry, dataset: Dataset, site: Site) -> Json:
    found |= {
        "cube:dimensions": cube.dimensions(dataset),
        "cube:variables": cube.variables(dataset),
        "renders": view.renders(dataset),
        "assets": assets(entry, dataset, site),
    }
    places = scheme(entry)
    if places and any("storage:refs" in each for each in found["assets"].values()):
        found["storage:schemes"] = {SCHEME: places}
    if (items := site.items(dataset.id)) is not None and item.count(dataset):
        found["links"].append(link("items", items, GEOJSON))
    if site.base is not None:
        found["links"] += view.map_links(dataset, site.base, item.latest(dataset))
        found["links"] += view.service_links(dataset, site.base)
        found["assets"] |= view.legends(dataset, site.base)
    return found | {"stac_extensions": extensions_of(found)}


def _description(entry: Entry, title: str, words: str) -> str:
    told = entry.config.description
    if told is None and entry.dataset is not None:
        told = entry.dataset.source.cube.description
    return "\n\n".join(filter(None, (told or title, words)))


def _extent(told: Json) -> Json:
    times = told["time"]
    interval = [None, None] if times is None else [times["start"], times["end"]]
    return {"spatial": {"bbox": [told["bbox"] or WORLD]}, "temporal": {"interval": [interval]}}


def licence_of(text: Any) -> tuple[str, str]:
    """An SPDX identifier, or `other` and what is said."""
    if not text:
        return UNKNOWN_LICENCE, ""
    is_identifier = len(text) < 40 and all(c in IDENTIFIER for c in text)
    return (text, "") if is_identifier else (UNKNOWN_LICENCE, f"Licence: {text}")
