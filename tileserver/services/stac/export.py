"""The catalogue as files: to be served from a bucket, or handed to an Open Science Catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tileserver.catalog import Catalog
from tileserver.dataset import Entry
from tileserver.services.stac import collection, item
from tileserver.services.stac.site import CATALOG, COLLECTION, ExportedSite
from tileserver.services.stac.vocabulary import GEOJSON, Json, link

OSC = "https://stac-extensions.github.io/osc/v1.0.0/schema.json"
THEMES = "https://stac-extensions.github.io/themes/v1.0.0/schema.json"
SCHEME = "https://github.com/stac-extensions/osc#theme"


@dataclass(frozen=True, slots=True)
class Product:
    """What an Open Science Catalog wants to know of datasets as products.

    Args:
        project: the id of its project there.
        status: planned, ongoing or completed.
    """

    project: str
    status: str = "completed"


def documents(
    catalog: Catalog, site: ExportedSite, most_items: int, product: Product | None = None
) -> Iterator[tuple[str, Json]]:
    """All files by their paths. Of a product's collections the catalogue is there already."""
    entries = [entry for entry in catalog.entries.values() if entry.dataset is not None]
    for entry in entries:
        yield from _documents(entry, site, most_items, product)
    if product is None:
        yield CATALOG, collection.exported(catalog, entries, site)


def _documents(
    entry: Entry, site: ExportedSite, most_items: int, product: Product | None
) -> Iterator[tuple[str, Json]]:
    dataset = entry.dataset
    assert dataset is not None
    found = collection.collection(entry, site)
    axis = item.axis_of(dataset)
    times = [] if axis is None else axis.texts(axis.order[::-1][:most_items])
    ids = [item.item_id(time) for time in times]
    found["links"] += [link("item", site.item(dataset.id, each), GEOJSON) for each in ids]
    yield f"{dataset.id}/{COLLECTION}", found if product is None else _product(found, product)
    for name, time in zip(ids, times, strict=True):
        yield f"{dataset.id}/{name}.json", item.item(entry, dataset, time, site)


def _product(found: Json, product: Product) -> Json:
    """A collection with the fields of the extensions osc and themes."""
    themes = [_slug(word) for word in found["keywords"][-1:] if "/" in word or word.istitle()]
    variables = [_slug(name) for name in found["cube:variables"]]
    told: Json = {
        "osc:type": "product",
        "osc:project": product.project,
        "osc:status": product.status,
        "osc:variables": variables,
        "osc:missions": [],
    }
    extensions: Sequence[str] = [*found["stac_extensions"], OSC]
    if themes:
        told["themes"] = [{"scheme": SCHEME, "concepts": [{"id": theme} for theme in themes]}]
        extensions = [*extensions, THEMES]
    links = [each for each in found["links"] if each["rel"] not in ("root", "parent")]
    links = [link("root", f"../../{CATALOG}"), link("parent", f"../{CATALOG}"), *links]
    return found | told | {"stac_extensions": list(extensions), "links": links}


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.partition("/")[0].lower()).strip("-")
