"""What datasets are: the catalogue's listing, one dataset, the values of its dimensions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tileserver.catalog import Catalog
from tileserver.cube import TIME, Cube, Dimension
from tileserver.dataset import Dataset, Entry
from tileserver.drawing import StyleChoice
from tileserver.errors import (
    DimensionNotFound,
    InvalidParameter,
    SourceError,
    SourceUnavailable,
)
from tileserver.grid import Bounds, Grid
from tileserver.layer import Layer, layers
from tileserver.pipeline import Engine
from tileserver.services.layout import layouts
from tileserver.services.ogc.named_layer import layer_id
from tileserver.sources.chunk import together
from tileserver.style import Style
from tileserver.timeaxis import TimeAxis

JSON = "application/json"
XML = "application/xml"
QLR = "application/x-qgis-layer-definition"
DESCRIBED_AT_ONCE = 8
LISTED_VALUES = 200  # of a dimension; more are paged
UNKNOWN_RANGE = (0.001, 1.0)  # of colours, where no value can be read; good for logarithms too


@dataclass(frozen=True, slots=True)
class Search:
    """Which datasets a listing has; all where nothing is wanted.

    Args:
        words: that stand in id, title, theme, keywords or ids of variables, in any case.
        bbox: west, south, east, north in degrees that they meet; west > east crosses 180°.
        times: from and to, ISO 8601, that they have steps between; None for an open end.
        theme: that they lie in.
    """

    words: tuple[str, ...] = ()
    bbox: Bounds | None = None
    times: tuple[str | None, str | None] = (None, None)
    theme: str | None = None

    def finds(self, told: Mapping[str, Any]) -> bool:
        """Whether a summary is wanted."""
        return self._names(told) and self._meets(told["bbox"]) and self._overlaps(told["time"])

    def _names(self, told: Mapping[str, Any]) -> bool:
        theme = told["theme"] or ""
        if self.theme is not None and not f"{theme}/".startswith(f"{self.theme.rstrip('/')}/"):
            return False
        texts = (told["id"], told["title"], theme, *told["keywords"], *told["variables"])
        text = " ".join(texts).lower()
        return all(word.lower() in text for word in self.words)

    def _meets(self, box: Sequence[float] | None) -> bool:
        if self.bbox is None:
            return True
        if box is None or box[1] > self.bbox[3] or box[3] < self.bbox[1]:
            return False
        return any(
            mine[0] <= other[1] and other[0] <= mine[1]
            for mine in _stretches(self.bbox)
            for other in _stretches(box)
        )

    def _overlaps(self, time: Mapping[str, str] | None) -> bool:
        start, end = self.times
        if start is None and end is None:
            return True
        if time is None:
            return False
        return (end is None or time["start"][: len(end)] <= end) and (
            start is None or time["end"][: len(start)] >= start
        )


def _stretches(box: Sequence[float]) -> list[tuple[float, float]]:
    """The longitudes of a box, in two where it crosses 180°."""
    west, east = box[0], box[2]
    return [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]


def listing(
    catalog: Catalog, base: str, *, offset: int, limit: int, search: Search, query: str = ""
) -> dict[str, Any]:
    """A page of the catalogue.

    Args:
        query: of the request, without the page, for the link to the next one.
    """
    entries = list(catalog.entries.values())
    if search != Search():
        entries = [entry for entry in entries if search.finds(summary(entry, base))]
    found: dict[str, Any] = {
        "datasets": [_line(catalog, e, base) for e in entries[offset : offset + limit]],
        "total": len(entries),
    }
    if offset + limit < len(entries):
        more = f"&{query}" if query else ""
        found["next"] = f"{base}/datasets?offset={offset + limit}&limit={limit}{more}"
    return found


def _line(catalog: Catalog, entry: Entry, base: str) -> dict[str, Any]:
    """A summary that says, too, whether the dataset waits for being asked for."""
    waits = catalog.is_lazy and entry.status == "pending"
    return summary(entry, base) | ({"on_demand": True} if waits else {})


def facts(dataset: Dataset) -> dict[str, Any]:
    """What a listing tells of a dataset beside its entry in the catalogue."""
    config, cube = dataset.config, dataset.source.cube
    return {
        "title": dataset.title,
        "attribution": config.attribution or cube.attribution,
        "licence": config.licence or cube.licence,
        "bbox": list(cube.bounds(dataset.variables)),
        "time": _time(cube.time),
        "variables": [layer.id for layer in layers(dataset)],
    }


def summary(entry: Entry, base: str) -> dict[str, Any]:
    """One line of the listing; what is known of a dataset that is not open, and why."""
    config, dataset = entry.config, entry.dataset
    found: dict[str, Any] = {
        "id": config.id,
        "title": config.title or config.id,
        "theme": config.theme,
        "keywords": list(config.keywords),
        "attribution": config.attribution,
        "licence": config.licence,
        "bbox": None,
        "time": None,
        "variables": [],
        "status": entry.status,
        **({"trouble": entry.trouble} if entry.trouble else {}),
        "links": [{"rel": "self", "href": f"{base}/datasets/{config.id}"}],
    }
    if dataset is None:
        return found | dict(entry.known or {}) | ({"error": entry.error} if entry.error else {})
    return found | facts(dataset) | {"links": _links(dataset, base)}


def _links(dataset: Dataset, base: str) -> list[dict[str, Any]]:
    return [
        {"rel": "self", "type": JSON, "href": f"{base}/datasets/{dataset.id}"},
        {
            "rel": "wmts",
            "type": XML,
            "href": f"{base}/wmts/{dataset.id}/1.0.0/WMTSCapabilities.xml",
        },
    ]


def _all_links(dataset: Dataset, base: str) -> list[dict[str, Any]]:
    """Where each protocol has the dataset and, by templates, its layers: a product has dozens.

    `{variable}` stands for the id of a variable or composite, percent-encoded.
    """
    layer = f"{dataset.id}/{{variable}}"
    services = (
        ("wmts", XML, f"wmts/{dataset.id}?service=WMTS&request=GetCapabilities"),
        ("wms", "text/xml", f"wms/{dataset.id}?service=WMS&request=GetCapabilities"),
        ("collection", JSON, f"ogc/collections/{dataset.id}.{{variable}}"),
        ("qgis", QLR, f"wmts/{dataset.id}/1.0.0/layers.qlr"),
        ("qgis", QLR, f"wmts/{layer}.qlr"),
        ("gdal", XML, f"wmts/{layer}.xml"),
        ("tilejson", JSON, f"tiles/{layer}/tilejson.json"),
        ("xyz", "image/png", f"tiles/{layer}/{{z}}/{{x}}/{{y}}.png"),
        ("legend", "image/png", f"legend/{layer}.png"),
    )
    found = _links(dataset, base)
    for rel, media_type, path in services:
        templated = {"templated": True} if "{" in path else {}
        found.append({"rel": rel, "type": media_type, "href": f"{base}/{path}", **templated})
    return found


def _time(axis: TimeAxis | None) -> dict[str, Any] | None:
    if axis is None or axis.size == 0:
        return None
    return {"start": axis.first, "end": axis.last, "count": axis.size}


async def details(engine: Engine, entry: Entry, base: str) -> dict[str, Any]:
    """One dataset, with all that a viewer needs to show it."""
    dataset = entry.dataset
    if dataset is None:
        return summary(entry, base)
    cube = dataset.source.cube
    shown = layers(dataset)
    return summary(entry, base) | {
        "description": dataset.config.description or cube.description,
        "crs": crs_name(shown[0].variables[0].grid) if shown else None,
        "version": dataset.version,
        "warnings": list(cube.warnings),
        "variables": await _layers(engine, dataset, shown, base),
        "dimensions": {name: dimension(d) for name, d in cube.dimensions.items()},
        "levels": _levels(shown),
        "layouts": layouts(cube),
        "links": _all_links(dataset, base),
    }


def crs_name(grid: Grid) -> str:
    """EPSG:… where the CRS has a code, else its name."""
    code = grid.crs.to_authority()
    return ":".join(code) if code else str(grid.crs.name)


def _levels(shown: Sequence[Layer]) -> list[dict[str, Any]]:
    if not shown:
        return []
    return [
        {"shape": list(level.grid.shape), "resolution": list(level.grid.cell_size)}
        for level in shown[0].variables[0].levels
    ]


async def _layers(
    engine: Engine, dataset: Dataset, shown: Sequence[Layer], base: str
) -> list[dict[str, Any]]:
    """All, some at once: each may read a level for its range, and a product has dozens."""
    slots = asyncio.Semaphore(DESCRIBED_AT_ONCE)
    found: dict[str, dict[str, Any]] = {layer.id: {} for layer in shown}

    async def describe(layer: Layer) -> None:
        async with slots:
            found[layer.id] = await _layer(engine, dataset, layer, base)

    await together(describe(layer) for layer in shown)
    return list(found.values())


async def _layer(engine: Engine, dataset: Dataset, layer: Layer, base: str) -> dict[str, Any]:
    tiles = f"{base}/tiles/{dataset.id}/{layer.id}"
    found: dict[str, Any] = {
        "id": layer.id,
        "layer": layer_id(dataset, layer),
        "title": layer.title,
        "units": layer.units,
        "kind": layer.kind,
        "dtype": str(layer.variables[0].dtype),
        "dims": [*layer.dims, "y", "x"],
        "range": None,
        "tilejson": f"{tiles}/tilejson.json",
    }
    try:
        return found | await _drawn(engine, dataset, layer, None)
    except SourceUnavailable:
        raise
    except SourceError as error:  # damaged throughout: one variable must not hide the others
        drawn = await _drawn(engine, dataset, layer, UNKNOWN_RANGE)
        return found | drawn | {"range": None, "error": str(error)}


async def _drawn(
    engine: Engine, dataset: Dataset, layer: Layer, rescale: tuple[float, float] | None
) -> dict[str, Any]:
    """How a layer is drawn by default, over a range of its own or a given one."""
    if layer.bands == 1:
        style = await engine.style(dataset, layer, StyleChoice(rescale=rescale))
        return {"range": list(style.rescale), "style": style_document(style)}
    known = list(rescale or await engine.value_range(dataset, layer))
    return {"range": known, "style": {"bands": [v.id for v in layer.variables], "rescale": known}}


def style_document(style: Style) -> dict[str, Any]:
    """A style in the words of tile parameters."""
    found: dict[str, Any] = {
        "colormap_name": style.colormap.name,
        "rescale": list(style.rescale),
        "scale": style.scale,
    }
    if style.colormap.categories:
        found["categories"] = [
            {
                "value": c.value,
                "label": c.label,
                "color": "#{:02x}{:02x}{:02x}".format(*c.color[:3]),
                **({} if c.mask is None else {"mask": c.mask}),
            }
            for c in style.colormap.categories
        ]
    return found


def dimension(found: Dimension) -> dict[str, Any]:
    """One dimension: its type and extent, and its values where they are few."""
    document: dict[str, Any] = {
        "type": found.kind,
        "size": found.size,
        "title": found.title,
        "units": found.units,
    }
    if isinstance(found.values, TimeAxis):
        if found.size:
            document |= {"first": found.values.first, "last": found.values.last}
            document["default"] = found.label(found.default())
    else:
        document["default"] = found.labels()[found.default()]
    # Clients page the times of `time`, which are many, and list all else.
    if found.name == TIME or found.size > LISTED_VALUES:
        return document
    return document | {"values": found.labels()}


def dimension_page(
    cube: Cube, name: str, base: str, *, start: str | None, end: str | None, limit: int
) -> dict[str, Any]:
    """A page of a dimension's values between two of them, both included.

    Raises DimensionNotFound, InvalidParameter.
    """
    found = cube.dimensions.get(name)
    if found is None:
        raise DimensionNotFound(name, f"there are {', '.join(cube.dimensions) or 'none'}")
    values = _between(found, start, end, limit + 1)
    page: dict[str, Any] = {
        "dimension": name,
        "type": found.kind,
        "units": found.units,
        "size": found.size,
        "values": values[:limit],
    }
    if len(values) > limit:
        until = {} if end is None else {"end": end}
        query = urlencode({"start": values[limit], **until, "limit": limit}, safe=":")
        page["next"] = f"{base}?{query}"
    return page


def _between(
    found: Dimension, start: str | None, end: str | None, most: int
) -> list[str] | list[float]:
    """At most so many of the values from start to end."""
    if isinstance(found.values, TimeAxis):
        return found.values.texts(found.values.between(start, end)[:most])
    labels = found.labels()
    first = 0 if start is None else found.find(start)
    last = len(labels) - 1 if end is None else found.find(end)
    if first > last:
        raise InvalidParameter("end", end, f"expected a value not before start={start}")
    return labels[first : last + 1][:most]
