"""OGC API – Common, part 2: the collections (OGC 20-024).

A collection is a layer, by the id that it has in WMTS and WMS too: what stands at
`/collections/{id}/map/tiles` is one picture, and the variables of a dataset differ in extent,
dimensions and legend. Styles are but ways to colour it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from tileserver.catalog import Catalog
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.grid import Bounds
from tileserver.layer import Layer, layers
from tileserver.services.ogc import domain
from tileserver.services.ogc.interval import LATEST, Interval
from tileserver.services.ogc.link import (
    JSON,
    OGC_REL,
    PNG,
    WMS_XML,
    XML,
    Encoding,
    Link,
    document_links,
    encoded,
    link,
    own_links,
    path,
)
from tileserver.services.ogc.named_layer import (
    layer_bounds,
    layer_dimensions,
    layer_id,
    layer_sets,
    style_id,
)
from tileserver.timeaxis import TimeAxis


@dataclass(frozen=True, slots=True)
class Search:
    """Which collections are wanted; None and no words match all.

    Args:
        bbox: in degrees; west > east across 180°.
        words: all of them in the title, id, description, keywords or theme, in any case.
        offset: how many of those that match are passed over.
        query: the same as the request has it but for the page, for links to other pages.
    """

    bbox: Bounds | None = None
    time: Interval | None = None
    words: tuple[str, ...] = ()
    offset: int = 0
    limit: int = 100
    query: str = ""

    def matches(self, dataset: Dataset, layer: Layer) -> bool:
        """Whether a layer is wanted."""
        return (
            (self.bbox is None or _meet(self.bbox, layer_bounds(layer)))
            and (self.time is None or _within(self.time, dataset, layer))
            and self._has_words(dataset, layer)
        )

    def _has_words(self, dataset: Dataset, layer: Layer) -> bool:
        if not self.words:
            return True
        texts = [layer_id(dataset, layer), title(dataset, layer), description(dataset) or ""]
        texts += [*dataset.config.keywords, dataset.config.theme or ""]
        text = "\n".join(texts).casefold()
        return all(word in text for word in self.words)


def _meet(one: Bounds, other: Bounds) -> bool:
    if one[1] > other[3] or other[1] > one[3]:
        return False
    pairs = ((a, b) for a in _spans(one) for b in _spans(other))
    return any(a[0] <= b[1] and b[0] <= a[1] for a, b in pairs)


def _spans(bounds: Bounds) -> list[tuple[float, float]]:
    """The longitudes of bounds, from -180 to 180, in one part or two."""
    west, _, east, _ = bounds
    if east - west >= 360:
        return [(-180.0, 180.0)]
    west, east = ((lon + 180) % 360 - 180 if abs(lon) > 180 else lon for lon in (west, east))
    return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]


def _within(wanted: Interval, dataset: Dataset, layer: Layer) -> bool:
    axes = [each.values for each in layer_dimensions(dataset, layer)]
    times = [axis for axis in axes if isinstance(axis, TimeAxis)]
    return not times or _reaches(times[0], wanted)


@lru_cache(maxsize=32)  # the layers of a dataset have the same one
def _reaches(axis: TimeAxis, wanted: Interval) -> bool:
    """Whether times, from the first to the last, reach into an interval."""
    if LATEST in (wanted.start, wanted.end):  # there is one of every axis
        return True
    try:
        after, before = axis.between(wanted.start, None), axis.between(None, wanted.end)
    except InvalidParameter:  # a day that the axis' calendar lacks
        return False
    return bool(len(after) and len(before))


def collections(catalog: Catalog, search: Search, base: str, shown: Encoding) -> dict[str, Any]:
    """A page of the collections that are wanted, with their own links alone."""
    matching = [found for found in _all(catalog) if search.matches(*found)]
    page = matching[search.offset : search.offset + search.limit]
    return {
        "links": _page_links(search, len(matching), base, shown),
        "numberMatched": len(matching),
        "numberReturned": len(page),
        "collections": [_listed(dataset, layer, base) for dataset, layer in page],
    }


def _all(catalog: Catalog) -> Iterator[tuple[Dataset, Layer]]:
    return ((dataset, layer) for dataset in catalog.ready() for layer in layers(dataset))


def _page_links(search: Search, matching: int, base: str, shown: Encoding) -> list[Link]:
    here, name = path(base, "collections"), "Collections"

    def query(offset: int) -> str:
        page = f"limit={search.limit}&offset={offset}"
        return f"{search.query}&{page}" if search.query else page

    def turn(rel: str, offset: int) -> Link:
        return link(rel, encoded(here, "json", query(offset)), JSON, f"{name}: {rel} page")

    found = own_links(here, shown, name, query(search.offset))
    if search.offset + search.limit < matching:
        found.append(turn("next", search.offset + search.limit))
    if search.offset > 0:
        found.append(turn("prev", max(search.offset - search.limit, 0)))
    return found


def _listed(dataset: Dataset, layer: Layer, base: str) -> dict[str, Any]:
    here, name = path(base, "collections", layer_id(dataset, layer)), title(dataset, layer)
    links = [*own_links(here, "json", name), *_tileset_links(here)]
    return _properties(dataset, layer, base) | {"links": links}


def collection(
    dataset: Dataset, layer: Layer, base: str, shown: Encoding, query: str = ""
) -> dict[str, Any]:
    """One collection, with links to all that there is of it.

    Args:
        query: the coordinates that links to tilesets carry on, as a request has them.
    """
    here, name = path(base, "collections", layer_id(dataset, layer)), title(dataset, layer)
    links = [
        *own_links(here, shown, name, query),
        *_tileset_links(here, query),
        *document_links(f"{OGC_REL}/styles", f"{here}/styles", "Styles", query),
        legend_link(dataset, layer, style_id(layer), base),
        *_other_links(dataset, layer, base),
        *document_links("collection", path(base, "collections"), "Collections"),
    ]
    return _properties(dataset, layer, base) | {"links": links}


def _properties(dataset: Dataset, layer: Layer, base: str) -> dict[str, Any]:
    systems = [domain.crs_uri(tiles.crs) for tiles in layer_sets(dataset, layer)]
    found = {
        "id": layer_id(dataset, layer),
        "title": title(dataset, layer),
        "description": description(dataset),
        "attribution": attribution(dataset),
        "keywords": list(dataset.config.keywords) or None,
        "dataType": "coverage",
        "extent": domain.extent(dataset, layer, base),
        "crs": list(dict.fromkeys([domain.CRS84, *systems])),
        "storageCrs": domain.storage_crs(layer),
    }
    return {name: value for name, value in found.items() if value is not None}


def title(dataset: Dataset, layer: Layer) -> str:
    """A layer's title among those of all datasets."""
    return f"{dataset.title}: {layer.title}"


def attribution(dataset: Dataset) -> str | None:
    """Whom the data are from: by the catalogue, else by the store."""
    return dataset.config.attribution or dataset.source.cube.attribution


def description(dataset: Dataset) -> str | None:
    """What a dataset is: by the catalogue, else by the store."""
    return dataset.config.description or dataset.source.cube.description


def _tileset_links(here: str, query: str = "") -> list[Link]:
    return document_links(f"{OGC_REL}/tilesets-map", f"{here}/map/tiles", "Map tilesets", query)


def legend_link(dataset: Dataset, layer: Layer, style: str, base: str) -> Link:
    """To the picture of a style's legend."""
    parts = "/".join(quote(part, safe="") for part in (layer_id(dataset, layer), style))
    return link(f"{OGC_REL}/legend", f"{base}/wmts/1.0.0/{parts}/legend.png", PNG, "Legend")


def _other_links(dataset: Dataset, layer: Layer, base: str) -> list[Link]:
    """To the same layer in other protocols, by the relations that /datasets has too."""
    name = layer_id(dataset, layer)
    wmts = f"{base}/wmts/{dataset.id}/1.0.0/WMTSCapabilities.xml"
    wms = f"{base}/wms/{dataset.id}?service=WMS&request=GetCapabilities"
    tiles = f"{base}/tiles/{dataset.id}/{quote(layer.id, safe='')}"
    return [
        link("describedby", f"{base}/datasets/{dataset.id}", JSON, "The dataset"),
        link("tilejson", f"{tiles}/tilejson.json", JSON, "TileJSON"),
        link("wmts", wmts, XML, "WMTS capabilities", **{"wmts:layer": [name]}),
        link("wms", wms, WMS_XML, "WMS capabilities", **{"wms:layers": [name]}),
    ]
