"""The three STAC documents that eodash reads of an xcube server: the catalogue, a dataset as a
collection, and its only item, whose `cube:dimensions` tell all times.

The server's whole catalogue as STAC is another protocol of its own, at /stac.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tileserver.cube import Cube, Dimension
from tileserver.dataset import Dataset
from tileserver.errors import NotFound
from tileserver.grid import LONLAT, Bounds, Grid
from tileserver.layer import layers
from tileserver.services.xcube.description import map_dims
from tileserver.timeaxis import TimeAxis

ROOT = "/xcube/ogc"
ITEM = "datacube"
VERSION = "1.0.0"
DATACUBE = "https://stac-extensions.github.io/datacube/v2.2.0/schema.json"
CONFORMS = (
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
)
JSON, GEOJSON = "application/json", "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
UNLICENSED = "other"


def catalog(title: str, description: str, datasets: Iterable[Dataset], base: str) -> dict[str, Any]:
    """The catalogue, with a link to each dataset."""
    root = f"{base}{ROOT}"
    children = [_link("child", f"{root}/collections/{d.id}", title=d.title) for d in datasets]
    return {
        "type": "Catalog",
        "stac_version": VERSION,
        "id": "xcube",
        "title": title,
        "description": description,
        "conformsTo": list(CONFORMS),
        "links": [
            _link("root", root),
            _link("self", root),
            _link("data", f"{root}/collections"),
            _link("service-desc", f"{base}/openapi.json", OPENAPI),
            *children,
        ],
    }


def collections(datasets: Iterable[Dataset], base: str) -> dict[str, Any]:
    """All datasets as collections."""
    root = f"{base}{ROOT}"
    return {
        "collections": [collection(dataset, base) for dataset in datasets],
        "links": [_link("root", root), _link("self", f"{root}/collections")],
    }


def collection(dataset: Dataset, base: str) -> dict[str, Any]:
    """A dataset as a collection of one item."""
    cube, root = dataset.source.cube, f"{base}{ROOT}"
    here = f"{root}/collections/{dataset.id}"
    its = [_link("item", f"{here}/items/{ITEM}", GEOJSON)] if _interval(cube)[0] else []
    return {
        "type": "Collection",
        "stac_version": VERSION,
        "id": dataset.id,
        "title": dataset.title,
        "description": dataset.config.description or cube.description or dataset.title,
        "license": dataset.config.licence or cube.licence or UNLICENSED,
        "keywords": list(dataset.config.keywords),
        "extent": {
            "spatial": {"bbox": [list(_bounds(dataset))]},
            "temporal": {"interval": [list(_interval(cube))]},
        },
        "links": [
            _link("root", root),
            _link("parent", root),
            _link("self", here),
            _link("items", f"{here}/items", GEOJSON),
            *its,
        ],
    }


def items(dataset: Dataset, base: str) -> dict[str, Any]:
    """The only item, as a collection of features; none of a dataset without times."""
    there = _interval(dataset.source.cube)[0]
    return {"type": "FeatureCollection", "features": [item(dataset, base)] if there else []}


def item(dataset: Dataset, base: str) -> dict[str, Any]:
    """A dataset as the item that tells its dimensions. Raises NotFound where it has no times."""
    root = f"{base}{ROOT}"
    start, end = _interval(dataset.source.cube)
    if start is None:
        raise NotFound(ITEM, f"dataset {dataset.id} has no times: an item of STAC needs one")
    here = f"{root}/collections/{dataset.id}"
    return {
        "type": "Feature",
        "stac_version": VERSION,
        "stac_extensions": [DATACUBE],
        "id": ITEM,
        "collection": dataset.id,
        "bbox": list(_bounds(dataset)),
        "geometry": _geometry(_bounds(dataset)),
        "properties": {
            "title": dataset.title,
            "datetime": None,
            "start_datetime": start,
            "end_datetime": end,
            "cube:dimensions": dict(_dimensions(dataset)),
            "cube:variables": dict(_variables(dataset)),
        },
        "assets": {},
        "links": [
            _link("root", root),
            _link("parent", here),
            _link("collection", here),
            _link("self", f"{here}/items/{ITEM}", GEOJSON),
        ],
    }


def _link(rel: str, href: str, media_type: str = JSON, **more: str) -> dict[str, str]:
    return {"rel": rel, "href": href, "type": media_type, **more}


def _bounds(dataset: Dataset) -> Bounds:
    return dataset.source.cube.bounds(dataset.variables)


def _geometry(bounds: Bounds) -> dict[str, Any]:
    """A box as GeoJSON, in two parts where it crosses 180° (RFC 7946, 3.1.9)."""
    west, south, east, north = bounds
    spans = [(west, east)] if west < east else [(west, 180.0), (-180.0, east)]
    rings = [[[w, south], [e, south], [e, north], [w, north], [w, south]] for w, e in spans]
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _interval(cube: Cube) -> tuple[str | None, str | None]:
    axis = cube.time
    return (axis.first, axis.last) if axis is not None and axis.size else (None, None)


def _dimensions(dataset: Dataset) -> Iterable[tuple[str, dict[str, Any]]]:
    cube, grid = dataset.source.cube, dataset.variables[0].grid
    for dimension in cube.dimensions.values():
        yield dimension.name, _dimension(dimension)
    _, south, _, north = _bounds(dataset)
    bounds = grid.bounds if grid.lookup is None else (-180.0, south, 180.0, north)
    for place, (name, letter) in enumerate(zip(map_dims(grid), ("y", "x"), strict=True)):
        first = 1 - place
        yield (
            name,
            {
                "type": "spatial",
                "axis": letter,
                "extent": [bounds[first], bounds[first + 2]],
                "reference_system": _reference_system(grid),
            },
        )


def _dimension(dimension: Dimension) -> dict[str, Any]:
    labels = dimension.labels()
    if isinstance(dimension.values, TimeAxis):
        ends = [dimension.values.first, dimension.values.last]
        return {"type": "temporal", "extent": ends, "values": labels}
    units = {"unit": dimension.units} if dimension.units else {}
    return {"type": "other", "values": labels, **units}


def _reference_system(grid: Grid) -> int | str:
    """An EPSG code, else WKT 2."""
    if grid.crs == LONLAT:
        return 4326
    return grid.crs.to_epsg() or str(grid.crs.to_wkt())


def _variables(dataset: Dataset) -> Iterable[tuple[str, dict[str, Any]]]:
    for layer in layers(dataset):
        if layer.bands == 1:
            units = {"unit": layer.units} if layer.units else {}
            yield (
                layer.id,
                {
                    "type": "data",
                    "dimensions": [*layer.dims, *map_dims(layer.variables[0].grid)],
                    "description": layer.title,
                    **units,
                },
            )
