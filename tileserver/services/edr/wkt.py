"""Coordinates in Well-Known Text, as far as each query takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from tileserver.axis import Floats
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import MOST_VERTICES, Surface, parse_geometry
from tileserver.services.edr.frame import Frame

LONGEST_TEXT = 1 << 20
_KIND = re.compile(r"\s*([A-Z]+?)\s*(ZM|Z|M)?\s*(\(|EMPTY)", re.ASCII | re.IGNORECASE)
NAME = "coords"


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Points, or the vertices of a line: in the request's CRS (n,).

    Args:
        z: heights or depths, if they are told.
        m: seconds since 1970, if they are told.
    """

    x: Floats
    y: Floats
    z: Floats | None = None
    m: Floats | None = None


def parse_points(text: str) -> Places:
    """POINT or MULTIPOINT, which may have Z. Raises InvalidParameter."""
    found = _parsed(text, ("POINT", "MULTIPOINT"))
    places = _places(text, found)
    if places.m is not None:
        raise _refused(text, "expected POINT(x y) or MULTIPOINT((x y),(x y)), without M")
    return places


def parse_lines(text: str) -> list[Places]:
    """LINESTRING or MULTILINESTRING, which may have Z and M. Raises InvalidParameter."""
    found = _parsed(text, ("LINESTRING", "MULTILINESTRING"))
    return [_places(text, part) for part in shapely.get_parts(found)]


def parse_surface(text: str, frame: Frame) -> Surface:
    """POLYGON or MULTIPOLYGON as an area in degrees. Raises InvalidParameter, PayloadTooLarge."""
    return surface_of(_parsed(text, ("POLYGON", "MULTIPOLYGON")), frame)


def surface_of(polygons: BaseGeometry, frame: Frame, name: str = NAME) -> Surface:
    """Polygons in a CRS as an area in degrees, in order and cut at 180°."""
    mapping = shapely.geometry.mapping(shapely.force_2d(frame.in_degrees(polygons)))
    listed = {"type": mapping["type"], "coordinates": _lists(mapping["coordinates"])}
    geometry = parse_geometry(listed, name)[0].geometry
    assert not isinstance(geometry, shapely.Point)
    return geometry


def _lists(coordinates: object) -> object:
    if isinstance(coordinates, tuple | list):
        return [_lists(each) for each in coordinates]
    return coordinates


def _parsed(text: str, kinds: Sequence[str]) -> BaseGeometry:
    """A geometry of one of some kinds, with something in it."""
    expected = f"expected {' or '.join(kinds)} in Well-Known Text"
    kind = _KIND.match(text)
    # The kind is looked at first: nested collections would be read by recursion.
    if kind is None or kind[1].upper() not in kinds or len(text) > LONGEST_TEXT or "\0" in text:
        raise _refused(text, expected)  # of a text with a null what stands before would be read
    try:
        with np.errstate(over="ignore"):  # 1e400 is infinite, which is refused below
            found = shapely.from_wkt(text)
    except shapely.errors.GEOSException:
        raise _refused(text, expected) from None
    if shapely.get_num_coordinates(found) > MOST_VERTICES:
        raise PayloadTooLarge(f"{NAME} has more than {MOST_VERTICES} vertices: simplify it")
    if found.is_empty or not np.isfinite(shapely.get_coordinates(found)).all():
        raise _refused(text, f"{expected}, with finite coordinates")
    return found


def _places(text: str, found: BaseGeometry) -> Places:
    values = shapely.get_coordinates(found, include_z=True, include_m=True)
    z = values[:, 2] if found.has_z else None
    m = values[:, 3] if found.has_m else None
    if not all(np.isfinite(each).all() for each in (z, m) if each is not None):
        raise _refused(text, "expected finite numbers")
    return Places(values[:, 0].copy(), values[:, 1].copy(), z, m)


def _refused(text: str, remedy: str) -> InvalidParameter:
    return InvalidParameter(NAME, text, remedy)
