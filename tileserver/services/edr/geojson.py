"""Coverages as EDR GeoJSON: a feature for each time, level and place that has a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import orjson

from tileserver.dataset import Dataset
from tileserver.services.edr import parameter
from tileserver.services.edr.columns import columns
from tileserver.services.edr.coverage import Coverage
from tileserver.services.edr.frame import Frame
from tileserver.services.edr.parameter import plain
from tileserver.services.edr.table import check_rows

MOST_FEATURES = 50_000
Json = dict[str, Any]


def document(
    dataset: Dataset, found: Sequence[Coverage], frame: Frame, address: str, base: str
) -> bytes:
    """The features, in degrees; their values stand among their properties, by parameter.

    Args:
        frame: of the coverages.
        address: of the query.

    Raises PayloadTooLarge.
    """
    check_rows(found, MOST_FEATURES)
    names = dict.fromkeys(name for each in found for name in each.values)
    # Without what is asked: as long as an address may be, and in each of thousands of features.
    endpoint = address.partition("?")[0]
    features = [feature for each in found for feature in _features(dataset, each, frame, endpoint)]
    answer = {
        "type": "FeatureCollection",
        "features": features,
        "parameters": [parameter.told(dataset, name, base, plain, id=name) for name in names],
        "links": [{"rel": "self", "type": "application/geo+json", "href": address}],
        "numberReturned": len(features),
    }
    return orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)


def _features(dataset: Dataset, found: Coverage, frame: Frame, endpoint: str) -> Iterator[Json]:
    rows = columns(found, known_only=True)
    lons, lats = frame.to_lonlat(rows.x, rows.y)
    lon, lat = np.where(lons > 180, lons - 360, lons).tolist(), lats.tolist()
    for row in range(len(rows)):
        values = {name: each[row] for name, each in rows.values.items()}
        told: Json = {
            **values,
            "label": dataset.title,
            "datetime": "" if rows.time_of is None else rows.labels[rows.time_of[row]],
            "parameter-name": list(rows.values),
            "edrqueryendpoint": endpoint,
        }
        if rows.levels is not None and found.vertical is not None:
            told[found.vertical.name] = float(rows.levels[row])
        geometry = {"type": "Point", "coordinates": [lon[row], lat[row]]}
        yield {"type": "Feature", "geometry": geometry, "properties": told}
