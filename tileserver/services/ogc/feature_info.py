"""GetFeatureInfo: what a layer tells of a point, and that as text, HTML, GeoJSON and GML."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import orjson

from tileserver.cube import Flag
from tileserver.grid import FULL_CIRCLE_DEG, LONLAT, Grid, is_degrees, transformer
from tileserver.services import band
from tileserver.services.band import Band
from tileserver.services.ogc import info_gml
from tileserver.services.ogc.named_layer import layer_id
from tileserver.services.ogc.named_view import NamedView
from tileserver.services.ogc.xml import clean
from tileserver.services.point import PointValues, values_at
from tileserver.services.unit import printed
from tileserver.services.window import Read

NO_DATA = "no data"
OUTSIDE = "outside the data"
CLASSES = ", "  # parts the classes whose bits are all set
DEGREES = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
HIGHLIGHTED = ' class="value"'
STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:8px;color:#202428;background:#fff}"
    "table{border-collapse:collapse;margin-bottom:8px}"
    "caption{text-align:left;font-weight:600;padding-bottom:4px;white-space:nowrap}"
    "th{text-align:left;font-weight:400;color:#5a6068;padding:2px 16px 2px 0;vertical-align:top;"
    "white-space:nowrap}"
    "td{padding:2px 0}.value td{font-weight:600}"
    "@media (prefers-color-scheme:dark){body{color:#e6e8ea;background:#1b1e22}th{color:#a0a6ad}}"
)


@dataclass(frozen=True, slots=True)
class BandInfo:
    """What one band, or one variable of an expression, has at the point.

    Args:
        value: None where there is none.
        label: the class that the value stands for.
    """

    id: str
    title: str
    units: str | None
    value: float | None
    label: str | None


@dataclass(frozen=True, slots=True)
class Coordinate:
    """Where on a dimension the value was taken."""

    name: str
    title: str
    label: str
    units: str | None


@dataclass(frozen=True, slots=True)
class Info:
    """What a layer tells of a point; its texts are on one line and fit for XML.

    Args:
        place: (lon, lat) in degrees; None where the pixel is no place on the Earth.
        projected: the same in the dataset's CRS, where that is another, and its name.
        inside: whether the place lies in a cell of the data.
        bands: one of a variable, three of a colour picture.
        inputs: the variables that an expression is worked out from.
    """

    layer: str
    dataset: str
    variable: str
    title: str
    place: tuple[float, float] | None
    projected: tuple[float, float, str] | None
    inside: bool
    bands: tuple[BandInfo, ...]
    inputs: tuple[BandInfo, ...]
    time: str | None
    valid_time: str | None
    dimensions: tuple[Coordinate, ...]

    @property
    def missing(self) -> str | None:
        """Why there is no value, if there is none."""
        if any(each.value is not None for each in self.bands):
            return None
        return NO_DATA if self.inside else OUTSIDE


async def describe(read: Read, named: NamedView, lon: float, lat: float) -> Info:
    """What a layer tells of a point in degrees, at the coordinates that were taken.

    The value is that of the finest level's cell that holds the point, however far a picture of it
    is zoomed out. Longitudes and latitudes that are none (of a pixel off the Earth) are outside.

    Raises SourceError.
    """
    view = named.view
    dataset, layer, selection = view.dataset, view.layer, view.selection
    cube = dataset.source.cube
    there = math.isfinite(lon) and math.isfinite(lat) and abs(lat) <= 90
    lon = (lon + 180) % 360 - 180 if there and abs(lon) > 180 else lon
    nothing = {v.id: None for v in layer.variables}
    found = PointValues(inside=False, bands=(None,) * layer.bands, inputs=nothing)
    if there:
        found = await values_at(read, layer, selection, lon, lat)
    inputs = () if layer.expression is None else band.inputs(layer)
    return Info(
        layer=layer_id(dataset, layer),
        dataset=dataset.id,
        variable=layer.id,
        title=_line(f"{dataset.title}: {layer.title}"),
        place=(lon, lat) if there else None,
        projected=_projected(layer.variables[0].grid, lon, lat) if there else None,
        inside=found.inside,
        bands=tuple(map(_band_info, band.bands(layer), found.bands)),
        inputs=tuple(_band_info(each, found.inputs[each.id]) for each in inputs),
        time=selection.time_label(cube),
        valid_time=selection.valid_time(cube),
        dimensions=tuple(
            Coordinate(_line(d.name), _line(d.title or d.name), _line(label), _line(d.units))
            for d, label in ((cube.dimensions[k], v) for k, v in selection.labels(cube).items())
            if d.name != selection.time
        ),
    )


def _band_info(of: Band, value: float | None) -> BandInfo:
    label = None if value is None else _class_of(of.flags, value)
    return BandInfo(_line(of.id), _line(of.title), _line(of.units) or None, value, label)


def _class_of(flags: Sequence[Flag], value: float) -> str | None:
    return CLASSES.join(_line(flag.label) for flag in flags if flag.holds(value)) or None


def _projected(grid: Grid, lon: float, lat: float) -> tuple[float, float, str] | None:
    if is_degrees(grid.crs):
        return None
    x, y = transformer(LONLAT, grid.crs).transform(lon, lat)
    return (x, y, _line(grid.crs.name)) if math.isfinite(x) and math.isfinite(y) else None


def _line(text: str | None) -> str:
    """The text on one line, without what no document may hold: it may be any store's metadata."""
    known = clean(text or "")
    return " ".join("".join(c if c.isprintable() else " " for c in known).split())


def write_info(media_type: str, infos: Sequence[Info]) -> bytes:
    """What layers tell of a point, in one of MEDIA_TYPES."""
    return _WRITERS[media_type](infos)


def _as_text(infos: Sequence[Info]) -> bytes:
    """A title, and below it a line for each fact."""
    return "\n".join(
        f"{info.title}\n" + "".join(f"{name}: {text}\n" for name, text in _rows(info))
        for info in infos
    ).encode()


def _as_html(infos: Sequence[Info]) -> bytes:
    """A page with a table for each layer; its style lies in it, since clients show it anywhere."""
    title = escape(", ".join(info.title for info in infos))
    head = (
        '<meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{title}</title><style>{STYLE}</style>"
    )
    tables = "".join(map(_table, infos))
    page = f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{tables}</body></html>\n'
    return page.encode()


def _table(info: Info) -> str:
    values = len(info.bands)
    rows = "".join(
        f"<tr{HIGHLIGHTED if number < values else ''}>"
        f'<th scope="row">{escape(name)}</th><td>{escape(text)}</td></tr>'
        for number, (name, text) in enumerate(_rows(info))
    )
    return f"<table><caption>{escape(info.title)}</caption>{rows}</table>"


def _rows(info: Info) -> Iterator[tuple[str, str]]:
    """Facts in words, the values first."""
    for each in info.bands:
        text = info.missing or _shown(each)
        yield (each.title if len(info.bands) > 1 else "value", text)
    for each in info.inputs:
        yield each.title, _shown(each)
    if info.time is not None:
        yield "time", info.time
    if info.valid_time is not None:
        yield "valid time", info.valid_time
    for at in info.dimensions:
        yield at.title, f"{at.label} {printed(at.units)}".rstrip()
    if info.place is not None:
        yield "longitude, latitude", "{:.6f}, {:.6f}".format(*info.place)
    if info.projected is not None:
        x, y, crs = info.projected
        digits = 1 if max(abs(x), abs(y)) > FULL_CIRCLE_DEG else 6  # metres, or degrees
        yield "x, y", f"{x:.{digits}f}, {y:.{digits}f} ({crs})"
    yield "layer", info.layer


def _shown(of: BandInfo) -> str:
    """A value with its units and class, in as many digits as single precision holds; whole numbers,
    which may be of a class or a count, in all of theirs."""
    if of.value is None:
        return NO_DATA
    number = f"{of.value:.15g}" if of.value.is_integer() else f"{of.value:.7g}"
    text = f"{number} {printed(of.units)}".rstrip()
    return f"{text} ({of.label})" if of.label else text


def _as_geojson(infos: Sequence[Info]) -> bytes:
    """A FeatureCollection (RFC 7946) of points, which QGIS reads as features.

    QGIS takes a place without `crs`, a member of GeoJSON of 2008, for one in the layer's own CRS.
    """
    features = [
        {
            "type": "Feature",
            "id": info.layer,
            "geometry": info.place and {"type": "Point", "coordinates": info.place},
            "properties": _properties(info),
        }
        for info in infos
    ]
    return orjson.dumps({"type": "FeatureCollection", "crs": DEGREES, "features": features})


def _properties(info: Info) -> dict[str, object]:
    """Facts by name, as flat as can be, since QGIS shows what is nested as text."""
    told: dict[str, object] = {
        "layer": info.layer,
        "dataset": info.dataset,
        "variable": info.variable,
        "title": info.title,
    }
    if len(info.bands) == 1:
        told |= {"value": None, "units": None, **_facts(info.bands[0])}
    else:
        told["bands"] = [_named(each) for each in info.bands]
    told["inputs"] = [_named(each) for each in info.inputs] or None
    told |= {"missing": info.missing, "time": info.time, "valid_time": info.valid_time}
    if info.projected is not None:
        told |= dict(zip(("x", "y", "crs"), info.projected, strict=True))
    told = {k: v for k, v in told.items() if v is not None or k in ("value", "units")}
    # A dimension may be called as one of these.
    beside = {d.name if d.name not in told else f"{d.name}_": d.label for d in info.dimensions}
    return told | beside


def _named(of: BandInfo) -> dict[str, object]:
    return {"id": of.id, "title": of.title, **_facts(of)}


def _facts(of: BandInfo) -> dict[str, object]:
    label = {} if of.label is None else {"label": of.label}
    return {"value": of.value, "units": of.units, **label}


def _as_gml(infos: Sequence[Info]) -> bytes:
    """The same features in XML, but for lists."""
    return info_gml.write([info_gml.Feature(each.place, _properties(each)) for each in infos])


_WRITERS: Mapping[str, Callable[[Sequence[Info]], bytes]] = {
    "text/plain": _as_text,
    "application/json": _as_geojson,
    "text/html": _as_html,
    "application/vnd.ogc.gml": _as_gml,
}
MEDIA_TYPES = tuple(_WRITERS)
