"""Features of a point as GML 2 (OGC 02-069), which GDAL asks for, and ArcGIS may."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tileserver.services.ogc.xml import document, element, leaf

GML = "http://www.opengis.net/gml"
WFS = "http://www.opengis.net/wfs"
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]|^(?=[^A-Za-z_])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Feature:
    """Facts of a place.

    Args:
        place: (lon, lat) in degrees, if it is one.
        facts: values by name; those that are lists are left out, as GML knows none.
    """

    place: tuple[float, float] | None
    facts: Mapping[str, object]


def write(features: Sequence[Feature]) -> bytes:
    """A feature collection."""
    namespaces = {"xmlns:wfs": WFS, "xmlns:gml": GML}
    members = [element("gml:featureMember", [_feature(each)]) for each in features]
    return document(element("wfs:FeatureCollection", members, namespaces))


def _feature(feature: Feature) -> str:
    flat = {k: v for k, v in feature.facts.items() if v is not None and not isinstance(v, list)}
    parts = [leaf(_NO_NAME.sub("_", name), value) for name, value in flat.items()]
    if feature.place is not None:
        at = leaf("gml:coordinates", "{:.12g},{:.12g}".format(*feature.place))
        parts.append(element("geometry", [element("gml:Point", [at], {"srsName": "EPSG:4326"})]))
    return element("feature", parts)
