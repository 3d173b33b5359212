"""What GetFeatureInfo tells of a pixel, in each of its formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import orjson

from tileserver.services.ogc.xml import clean

Properties = Mapping[str, object]


def write_info(media_type: str, lon: float, lat: float, properties: Properties) -> bytes:
    """The properties of a point (lon, lat in degrees) in one of the INFO_FORMATS."""
    return _WRITERS[media_type](lon, lat, properties)


def flatten(answer: Mapping[str, object]) -> Properties:
    """The answer of `/point` as properties of one table; only the value may be null."""
    dimensions = answer.get("dimensions")
    beside = dimensions if isinstance(dimensions, Mapping) else {}
    kept = {k: v for k, v in answer.items() if k not in ("lon", "lat", "dimensions")}
    return {k: v for k, v in {**kept, **beside}.items() if v is not None or k == "value"}


def _as_text(lon: float, lat: float, properties: Properties) -> bytes:
    rows = {**properties, "lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    return "".join(f"{name}: {_shown(value)}\n" for name, value in rows.items()).encode()


def _as_html(lon: float, lat: float, properties: Properties) -> bytes:
    pairs = {**properties, "lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(clean(_shown(value)))}</td></tr>"
        for name, value in pairs.items()
    )
    head = '<head><meta charset="utf-8"><title>Feature info</title></head>'
    page = f'<!doctype html><html lang="en">{head}<body><table>{rows}</table></body></html>\n'
    return page.encode()


def _as_geojson(lon: float, lat: float, properties: Properties) -> bytes:
    """A FeatureCollection (RFC 7946) of one point, which QGIS reads as a feature."""
    point = {"type": "Point", "coordinates": [lon, lat]}
    feature = {"type": "Feature", "geometry": point, "properties": dict(properties)}
    return orjson.dumps(
        {"type": "FeatureCollection", "features": [feature]}, option=orjson.OPT_SERIALIZE_NUMPY
    )


def _shown(value: object) -> str:
    if value is None:
        return "no data"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.9g}"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


_WRITERS: Mapping[str, Callable[[float, float, Properties], bytes]] = {
    "text/plain": _as_text,
    "text/html": _as_html,
    "application/json": _as_geojson,
}
