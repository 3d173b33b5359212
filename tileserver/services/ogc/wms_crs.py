"""The CRSs that maps are drawn in, by the names and with the axes that WMS gives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import pyproj

from tileserver.dataset import Dataset
from tileserver.grid import LONLAT, WEB_MERCATOR, Bounds, parse_crs
from tileserver.layer import Layer
from tileserver.matrixset import REGISTERED, MatrixSets, code_of

CRS84 = "CRS:84"
# Other names of the same: that of the OGC's registry, and those of Web Mercator before it had one.
ALIASES = {
    "OGC:CRS84": CRS84,
    **dict.fromkeys(("EPSG:900913", "EPSG:3785", "EPSG:102100", "EPSG:102113"), "EPSG:3857"),
}
POLAR = ("EPSG:3413", "EPSG:3031")
_URN = re.compile(r"urn:ogc:def:crs:(EPSG|OGC):[0-9.]{0,8}:([A-Z0-9]{1,8})", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class NamedCrs:
    """A CRS by its name in WMS, e.g. EPSG:4326.

    Args:
        northing_first: the order of its own axes, that of WMS 1.3.0; 1.1.1 has x first always.
    """

    name: str
    crs: pyproj.CRS
    northing_first: bool

    def bounds(self, numbers: Bounds, version: str) -> Bounds:
        """(west, south, east, north) of a BBOX as a version writes it, and the other way round."""
        first_low, second_low, first_high, second_high = numbers
        if self.northing_first and version != "1.1.1":
            return second_low, first_low, second_high, first_high
        return numbers


@lru_cache(maxsize=256)
def named(name: str) -> NamedCrs:
    """The CRS of a name that is offered."""
    if name == CRS84:
        return NamedCrs(name, LONLAT, northing_first=False)
    if name == "EPSG:4326":  # the same degrees, so that what is kept of one serves the other
        return NamedCrs(name, LONLAT, northing_first=True)
    crs = parse_crs(name)
    first = crs.axis_info[0].name.lower()
    return NamedCrs(name, crs, northing_first="north" in first or "lat" in first)


def everywhere(sets: MatrixSets) -> tuple[NamedCrs, ...]:
    """Those that every layer is offered in: of the registered matrix sets, polar ones, and those of
    the catalogue's own sets."""
    codes = [_code(tiles.crs) for tiles in sets.own.values()]
    return tuple(map(named, dict.fromkeys((*_registered(), *codes))))


@lru_cache(maxsize=1)
def _registered() -> tuple[str, ...]:
    sets = MatrixSets()
    codes = [_code(sets[name].crs) for name in REGISTERED]
    return tuple(dict.fromkeys((CRS84, "EPSG:4326", code_of(WEB_MERCATOR), *codes, *POLAR)))


def own(dataset: Dataset, layer: Layer) -> tuple[NamedCrs, ...]:
    """Those that a layer is offered in beside: its data's."""
    known = {each.name for each in everywhere(dataset.matrix_sets)}
    code = _code(layer.variables[0].grid.crs)
    return () if code in known or not code.startswith("EPSG:") else (named(code),)


def offered(dataset: Dataset, layer: Layer) -> tuple[NamedCrs, ...]:
    """All that a layer is offered in."""
    return (*everywhere(dataset.matrix_sets), *own(dataset, layer))


def find(dataset: Dataset, layer: Layer, text: str) -> NamedCrs | None:
    """The CRS that a layer is offered in by this name, or by another of the same."""
    urn = _URN.fullmatch(text)
    name = f"{urn[1]}:{urn[2]}" if urn else text.upper()
    name = ALIASES.get(name, name)
    return next((each for each in offered(dataset, layer) if each.name == name), None)


def _code(crs: pyproj.CRS) -> str:
    return CRS84 if crs == LONLAT else code_of(crs)
