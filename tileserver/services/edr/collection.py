"""Datasets as EDR's collections: their extents, parameters, and what may be asked of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np

from tileserver.catalog import Catalog
from tileserver.cube import Cube, Dimension
from tileserver.dataset import Dataset
from tileserver.services.edr import parameter
from tileserver.services.edr.frame import DEGREES, Frame, frames
from tileserver.services.edr.parameter import plain
from tileserver.services.edr.vocabulary import (
    COVERAGEJSON,
    GEOJSON,
    LENGTHS_M,
    MEDIA_TYPES,
    QUERIES,
    path,
)
from tileserver.services.ogc.collection import description
from tileserver.services.ogc.dimension import regular_period
from tileserver.services.ogc.link import (
    HTML,
    JSON,
    Encoding,
    Link,
    document_links,
    link,
    own_links,
)
from tileserver.services.ogc.wms_dimension import vertical
from tileserver.timeaxis import TimeAxis

MOST_VALUES = 200  # that are listed of an axis
MOST_KEYWORDS = 50
GREGORIAN_TRS = (
    'TIMECRS["DateTime",TDATUM["Gregorian Calendar"],'
    'CS[TemporalDateTime,1],AXIS["Time (T)",future]]'
)
Json = dict[str, Any]


def collections(catalog: Catalog, base: str, shown: Encoding) -> Json:
    """All that are open."""
    here = path(base, "collections")
    return {
        "links": own_links(here, shown, "Collections"),
        "collections": [collection(dataset, base, shown) for dataset in catalog.ready()],
    }


def collection(dataset: Dataset, base: str, shown: Encoding) -> Json:
    """One dataset."""
    systems = frames(dataset)
    names = [variable.id for variable in dataset.variables]
    return {
        "id": dataset.id,
        "title": dataset.title,
        "description": description(dataset) or dataset.title,
        "keywords": list(dataset.config.keywords or names)[:MOST_KEYWORDS],
        "links": _links(dataset, base, shown),
        "extent": extent(dataset, base),
        "data_queries": _queries(dataset, systems, base),
        "crs": [frame.name for frame in systems],
        "distanceunits": list(LENGTHS_M),
        "output_formats": list(MEDIA_TYPES),
        "parameter_names": {
            name: parameter.told(dataset, name, base, plain, id=name) for name in names
        },
    }


def _links(dataset: Dataset, base: str, shown: Encoding) -> list[Link]:
    here = path(base, "collections", dataset.id)
    found = [
        *own_links(here, shown, dataset.title),
        *document_links("collection", path(base, "collections"), "Collections"),
        *(
            link("data", f"{here}/{name}", COVERAGEJSON, f"{name.capitalize()} query")
            for name in QUERIES
        ),
        link("describedby", f"{base}/datasets/{dataset.id}", JSON, "The dataset"),
        link("service-doc", f"{base}/docs", HTML, "Documentation of the API"),
    ]
    if dataset.config.locations:
        found.append(link("data", f"{here}/locations", GEOJSON, "Locations query"))
    return found


def _queries(dataset: Dataset, systems: tuple[Frame, ...], base: str) -> Json:
    here = path(base, "collections", dataset.id)
    upright = vertical(used_dimensions(dataset))
    heights = [upright.units] if upright and upright.units else []
    own: dict[str, Json] = {
        "radius": {"within_units": list(LENGTHS_M)},
        "cube": {"height_units": heights},
    }
    names = [*QUERIES, *(("locations",) if dataset.config.locations else ())]
    variables = {
        name: {
            "title": f"{name.capitalize()} query",
            "query_type": name,
            "output_formats": list(MEDIA_TYPES),
            "default_output_format": "CoverageJSON",
            "crs_details": [{"crs": each.name, "wkt": each.crs.to_wkt()} for each in systems],
            **own.get(name, {}),
        }
        for name in names
    }
    return {
        name: {
            "link": {
                "href": f"{here}/{name}",
                "rel": "data",
                "type": GEOJSON if name == "locations" else COVERAGEJSON,
                "variables": told,
            }
        }
        for name, told in variables.items()
    }


def used_dimensions(dataset: Dataset) -> list[Dimension]:
    """Those that any of the variables that are shown has."""
    used = dict.fromkeys(name for variable in dataset.variables for name in variable.dims)
    return [dataset.source.cube.dimensions[name] for name in used]


def extent(dataset: Dataset, base: str) -> Json:
    """Where, when and at which levels there are data."""
    cube = dataset.source.cube
    west, south, east, north = cube.bounds(dataset.variables)
    if west > east:  # clients take no box whose west is beyond its east
        west, east = -180.0, 180.0
    found: Json = {"spatial": {"bbox": [[west, south, east, north]], "crs": DEGREES}}
    dimensions = used_dimensions(dataset)
    times = _time(cube, dimensions)
    if times is not None:
        found["temporal"] = _temporal(times)
    upright = vertical(dimensions)
    if upright is not None:
        found["vertical"] = _vertical(upright)
    others = [each for each in dimensions if each is not upright and each.kind != "time"]
    if others:
        found["custom"] = [_custom(dataset, each, base) for each in others]
    return found


def _time(cube: Cube, dimensions: list[Dimension]) -> TimeAxis | None:
    if cube.instant is not None:
        return cube.time
    return next((each.values for each in dimensions if isinstance(each.values, TimeAxis)), None)


def _temporal(axis: TimeAxis) -> Json:
    """All instants where they are few, a repeating interval where they are regular."""
    period = regular_period(axis) if axis.size > MOST_VALUES else None
    values = [f"{axis.first}/{axis.last}"]
    if period is not None:
        values = [f"R{axis.size}/{axis.first}/{period}"]
    elif axis.size <= MOST_VALUES:
        values = axis.texts(axis.order)
    return {"interval": [[axis.first, axis.last]], "values": values, "trs": GREGORIAN_TRS}


def _vertical(dimension: Dimension) -> Json:
    labels = [dimension.label(i) for i in _known(dimension)]
    ordered = sorted(labels, key=float)
    name = (dimension.title or dimension.name).replace('"', "")
    return {
        "interval": [[ordered[0], ordered[-1]]],
        "values": labels,
        "vrs": f'VERTCRS["{name}",VDATUM["{name}"],CS[vertical,1],AXIS["{name}",unspecified]]',
    }


def _custom(dataset: Dataset, dimension: Dimension, base: str) -> Json:
    known = _known(dimension)[:MOST_VALUES]
    address = f"{base}/datasets/{dataset.id}/dimensions/{quote(dimension.name, safe='')}"
    values: list[str] | list[float]
    if isinstance(dimension.values, np.ndarray):
        numbers = dimension.values[np.isfinite(dimension.values)]
        values = [float(dimension.values[i]) for i in known]
        ends: list[Any] = [float(numbers.min()), float(numbers.max())]
    else:
        values = [dimension.label(i) for i in known]
        ends = [values[0], values[-1]]
    return {"id": dimension.name, "interval": [ends], "values": values, "reference": address}


def _known(dimension: Dimension) -> list[int]:
    if isinstance(dimension.values, np.ndarray):
        return np.flatnonzero(np.isfinite(dimension.values)).tolist()
    return list(range(dimension.size))
