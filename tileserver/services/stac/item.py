"""The steps of a dataset's time as STAC Items, made when they are asked for."""

from __future__ import annotations

import re
from typing import Any

from tileserver.dataset import Dataset, Entry
from tileserver.errors import InvalidParameter, NotFound
from tileserver.grid import Bounds
from tileserver.layer import layers
from tileserver.services.stac import cube, view
from tileserver.services.stac.asset import assets, scheme
from tileserver.services.stac.site import Site
from tileserver.services.stac.vocabulary import (
    GEOJSON,
    PNG,
    VERSION,
    Json,
    extensions_of,
    link,
    quoted,
)
from tileserver.timeaxis import TimeAxis

# Others have days that RFC 3339 has not, such as the 30th of February.
CALENDARS = ("standard", "gregorian", "proleptic_gregorian")
_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\.\d{1,6})?Z", re.ASCII)


class ItemNotFound(NotFound):
    """A dataset has no such step."""

    name = "item"


def axis_of(dataset: Dataset) -> TimeAxis | None:
    """The times that become items; None where there are none that STAC could tell."""
    axis = dataset.source.cube.time
    if axis is None or axis.climatological or axis.calendar not in CALENDARS:
        return None
    is_plain = len(axis.first.partition("-")[0]) == len(axis.last.partition("-")[0]) == 4
    return axis if is_plain else None


def count(dataset: Dataset) -> int:
    """How many items there are."""
    axis = axis_of(dataset)
    return 0 if axis is None else axis.size


def latest(dataset: Dataset) -> str | None:
    """The step that is drawn where none is asked for."""
    axis = dataset.source.cube.time
    return None if axis is None or not axis.size else axis.label(axis.default)


def item_id(time: str) -> str:
    """An id that may be the name of a file."""
    return time.replace("-", "").replace(":", "")


def time_of(dataset: Dataset, item: str) -> str:
    """The step of an item. Raises ItemNotFound."""
    match, axis = _ID.fullmatch(item), axis_of(dataset)
    if match is not None and axis is not None:
        year, month, day, hour, minute, second, part = match.groups(default="")
        text = f"{year}-{month}-{day}T{hour}:{minute}:{second}{part}Z"
        try:
            label = axis.label(axis.find(text, method="exact"))
        except InvalidParameter:
            label = ""
        if label and item_id(label) == item:
            return label
    raise ItemNotFound(item, f"dataset {dataset.id} has no such item; its items list them")


def item(entry: Entry, dataset: Dataset, time: str, site: Site) -> Json:
    """One step."""
    bbox = dataset.source.cube.bounds(dataset.variables)
    own = site.collection_of_item(dataset.id)
    properties: Json = {"datetime": time, "title": f"{dataset.title}, {time}"}
    properties |= cube.projection(dataset.variables[0].grid) | {"renders": view.renders(dataset)}
    found: Json = {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [],
        "id": item_id(time),
        "collection": dataset.id,
        "geometry": geometry(bbox),
        "bbox": list(bbox),
        "properties": properties,
        "links": [
            link("root", site.root_of_item()),
            link("parent", own),
            link("collection", own),
        ],
        "assets": assets(entry, dataset, site),
    }
    places = scheme(entry)
    if places and any("storage:refs" in each for each in found["assets"].values()):
        properties["storage:schemes"] = {"source": places}
    if site.base is not None:
        found["links"] += view.map_links(dataset, site.base, time)
        found["assets"] |= _pictures(dataset, site.base, time) | view.legends(dataset, site.base)
    if site.items(dataset.id) is not None:
        found["links"].append(link("self", site.item(dataset.id, found["id"]), GEOJSON))
    return found | {"stac_extensions": extensions_of(found)}


def _pictures(dataset: Dataset, base: str, time: str) -> Json:
    """A small picture of the first layer."""
    layer = layers(dataset)[0]
    west, south, east, north = dataset.source.cube.bounds(dataset.variables)
    east += 360 if east < west else 0
    width = max(1, round(256 * min(1.0, (east - west) / max(north - south, 1e-9))))
    height = max(1, round(256 * min(1.0, (north - south) / max(east - west, 1e-9))))
    query = (
        "service=WMS&version=1.1.1&request=GetMap&srs=EPSG:4326&styles=&format=image/png"
        f"&transparent=true&layers={quoted(f'{dataset.id}.{layer.id}')}"
        f"&bbox={west:.6f},{south:.6f},{east:.6f},{north:.6f}"
        f"&width={width}&height={height}&time={time}"
    )
    href = f"{base}/wms/{dataset.id}?{query}"
    return {"thumbnail": {"href": href, "type": PNG, "roles": ["thumbnail"]}}


def geometry(bbox: Bounds) -> Json:
    """The outline of a box in degrees; of one that crosses 180° in two parts (RFC 7946, 3.1.9)."""
    west, south, east, north = bbox
    boxes = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    rings: list[Any] = [
        [[[low, south], [high, south], [high, north], [low, north], [low, south]]]
        for low, high in boxes
    ]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "MultiPolygon", "coordinates": rings}
