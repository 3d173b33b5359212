"""Searches for items: of which datasets, where, when; made page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from tileserver.catalog import Catalog
from tileserver.dataset import Dataset, Entry
from tileserver.errors import InvalidParameter
from tileserver.grid import Bounds
from tileserver.services import describe
from tileserver.services.stac import item as items
from tileserver.services.stac.site import Site
from tileserver.services.stac.vocabulary import Json


@dataclass(frozen=True, slots=True)
class Search:
    """What is wanted; None for all.

    Args:
        times: from and to, both included, ISO 8601; None for an open end.
        intersects: a geometry in degrees.
        offset: how many of those that match are passed over.
    """

    collections: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    bbox: Bounds | None = None
    times: tuple[str | None, str | None] = (None, None)
    intersects: BaseGeometry | None = None
    offset: int = 0
    limit: int = 10


def parse_geometry(document: Any) -> BaseGeometry:
    """A GeoJSON geometry. Raises InvalidParameter."""
    try:
        found = shape(document)
    except Exception as error:  # shapely raises whatever it likes on what is none
        raise InvalidParameter("intersects", "…", "expected a GeoJSON geometry") from error
    if found.is_empty or not np.isfinite(shapely.get_coordinates(found)).all():
        raise InvalidParameter("intersects", "…", "expected a GeoJSON geometry with places")
    return found


def found_items(catalog: Catalog, search: Search, site: Site) -> tuple[list[Json], int]:
    """A page of the items that match, the latest of each dataset first, and how many do."""
    page: list[Json] = []
    matched = 0
    for entry, dataset in _datasets(catalog, search):
        steps = _steps(dataset, search)
        first = max(0, search.offset - matched)
        room = search.limit - len(page)
        axis = items.axis_of(dataset)
        assert axis is not None
        times = axis.texts(steps[first : first + room]) if first < len(steps) and room else []
        page += [items.item(entry, dataset, time, site) for time in times]
        matched += len(steps)
    return page, matched


def _datasets(catalog: Catalog, search: Search) -> Iterator[tuple[Entry, Dataset]]:
    """Those that may have some."""
    wanted = describe.Search(bbox=search.bbox)
    for entry in catalog.entries.values():
        dataset = entry.dataset
        if dataset is None or not items.count(dataset):
            continue
        if search.collections is not None and dataset.id not in search.collections:
            continue
        if not wanted.finds(describe.summary(entry, "")):
            continue
        if search.intersects is not None:
            outline = shape(items.geometry(dataset.source.cube.bounds(dataset.variables)))
            if not outline.intersects(search.intersects):
                continue
        yield entry, dataset


def _steps(dataset: Dataset, search: Search) -> Any:
    """Indices of the steps that match, the latest first."""
    axis = items.axis_of(dataset)
    assert axis is not None
    steps = axis.between(*search.times)[::-1]
    if search.ids is None:
        return steps
    wanted: set[int] = set()
    for each in search.ids:
        with suppress(items.ItemNotFound):
            wanted.add(axis.find(items.time_of(dataset, each), method="exact"))
    return steps[np.isin(steps, list(wanted))]


def page_of(
    catalog: Catalog, search: Search, site: Site, links: Sequence[Json]
) -> tuple[Json, int | None]:
    """A page as an ItemCollection, and where the next one begins."""
    found, matched = found_items(catalog, search, site)
    document = {
        "type": "FeatureCollection",
        "features": found,
        "numberMatched": matched,
        "numberReturned": len(found),
        "links": list(links),
    }
    following = search.offset + search.limit
    return document, following if following < matched else None
