"""Places that the catalogue gives a name: what may be asked for by it alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
import shapely

from tileserver.dataset import Dataset
from tileserver.errors import LocationNotFound
from tileserver.geometry import Surface, from_bbox
from tileserver.services.edr.collection import extent
from tileserver.services.edr.vocabulary import path
from tileserver.services.edr.wkt import Places

Json = dict[str, Any]


def find(dataset: Dataset, name: str) -> Places | Surface:
    """Where a location is: a point, or an area in degrees. Raises LocationNotFound."""
    place = dataset.config.locations.get(name)
    if place is None:
        known = ", ".join(list(dataset.config.locations)[:20]) or "none"
        raise LocationNotFound(name, f"dataset {dataset.id} has {known}")
    if len(place) == 4:
        return from_bbox(place)
    return Places(np.array(place[:1]), np.array(place[1:]))


def locations(dataset: Dataset, base: str) -> Json:
    """All of them, as GeoJSON."""
    here = path(base, "collections", dataset.id, "locations")
    temporal = extent(dataset, base).get("temporal")
    times = "" if temporal is None else "/".join(temporal["interval"][0])
    names = [variable.id for variable in dataset.variables]
    features = [
        {
            "type": "Feature",
            "id": name,
            "geometry": _geometry(place),
            "properties": {
                "label": name,
                "datetime": times,
                "parameter-name": names,
                "edrqueryendpoint": f"{here}/{quote(name, safe='')}",
            },
        }
        for name, place in dataset.config.locations.items()
    ]
    links = [{"rel": "self", "type": "application/geo+json", "href": here}]
    return {"type": "FeatureCollection", "features": features, "links": links}


def _geometry(place: tuple[float, ...]) -> Json:
    if len(place) == 2:
        return {"type": "Point", "coordinates": list(place)}
    found: Json = shapely.geometry.mapping(from_bbox((place[0], place[1], place[2], place[3])))
    return found
