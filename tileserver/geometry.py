"""Areas that a request names, in longitude and latitude: GeoJSON and boxes, checked and repaired.

What comes out is a point, or polygons that are valid and lie within -180 to 180 degrees, cut in
two where they cross the antimeridian. Edges are straight lines in longitude and latitude, as
RFC 7946 (section 3.1.1) says, with one exception that its section 3.1.9 asks for in vain: an edge
that spans more than half a turn, but not a whole one, goes the short way across 180 degrees.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import affinity

from tileserver.axis import Floats
from tileserver.crossing import count_crossings
from tileserver.errors import InvalidParameter, PayloadTooLarge, json_kind
from tileserver.grid import FULL_CIRCLE_DEG, Bounds

Surface = shapely.Polygon | shapely.MultiPolygon
Geometry = shapely.Point | Surface

MOST_VERTICES = 100_000
MOST_FEATURES = 20_000
# Of all edges of polygons that are to be repaired or joined.
MOST_CROSSINGS = 100_000
FEW_VERTICES = 1000  # whose crossings are counted only where there are some
DEEPEST_COLLECTION = 4
WEST_DEG, EAST_DEG = -180.0, 360.0
POLE_DEG = 90.0
HALF_TURN_DEG = FULL_CIRCLE_DEG / 2
EXPECTED = "expected a GeoJSON Polygon, MultiPolygon, Point, Feature or FeatureCollection"


@dataclass(frozen=True, slots=True, eq=False)
class Feature:
    """One area or point of a request.

    Args:
        geometry: in degrees, polygons within -180 to 180.
        properties: as the client sent them.
        id: the GeoJSON feature's own, if it has one.
    """

    geometry: Geometry
    properties: Mapping[str, object] = field(default_factory=dict)
    id: str | int | float | None = None


# A part of a geometry as it stands in the JSON, not yet looked into: a type and coordinates.
_Part = tuple[str, object]


def parse_geometry(geojson: object, name: str = "geometry") -> list[Feature]:
    """The features of a GeoJSON object (Feature, FeatureCollection or geometry) read from JSON.

    Polygons that cross themselves are repaired and rings that are open closed. Raises
    InvalidParameter, under the name given, for what is no usable geometry, and PayloadTooLarge
    for more than MOST_VERTICES vertices or MOST_FEATURES features.
    """
    reader = _Reader(name)
    documents = list(reader.features(geojson))
    if len(documents) > MOST_FEATURES:
        raise PayloadTooLarge(
            f"{name} has {len(documents)} features: send at most {MOST_FEATURES} at a time"
        )
    parts = [list(reader.parts(document.get("geometry"))) for document in documents]
    _check_size(name, parts)
    return [
        Feature(reader.geometry(own), reader.properties(document), reader.id(document))
        for document, own in zip(documents, parts, strict=True)
    ]


def from_bbox(bbox: Bounds, name: str = "bbox") -> Surface:
    """The box (west, south, east, north) in degrees; west > east where it crosses 180 degrees.

    Raises InvalidParameter, under the name given.
    """
    west, south, east, north = (float(v) for v in bbox)
    shown = f"{west:g},{south:g},{east:g},{north:g}"
    if not all(map(math.isfinite, (west, south, east, north))):
        raise InvalidParameter(name, shown, "expected four finite numbers")
    if not (WEST_DEG <= west <= EAST_DEG and WEST_DEG <= east <= EAST_DEG):
        raise InvalidParameter(name, shown, "expected longitudes from -180 to 360")
    if not -POLE_DEG <= south < north <= POLE_DEG:
        raise InvalidParameter(name, shown, "expected -90 <= south < north <= 90")
    if west > east:
        east += FULL_CIRCLE_DEG
    if not 0 < east - west <= FULL_CIRCLE_DEG:
        raise InvalidParameter(name, shown, "expected a width of more than 0 and at most 360")
    return framed(shapely.box(west, south, east, north))


def from_lonlat(lon: float, lat: float) -> shapely.Point:
    """The point at a longitude and latitude in degrees. Raises InvalidParameter naming which."""
    if not WEST_DEG <= lon <= EAST_DEG:
        raise InvalidParameter("lon", f"{lon:g}", "expected a longitude from -180 to 360")
    if not -POLE_DEG <= lat <= POLE_DEG:
        raise InvalidParameter("lat", f"{lat:g}", "expected a latitude from -90 to 90")
    return shapely.Point(lon - FULL_CIRCLE_DEG if lon > HALF_TURN_DEG else lon, lat)


def framed(surface: Surface, center: float = 0.0) -> Surface:
    """The same area from center - 180 to center + 180 degrees, cut there and its parts moved."""
    west, _, east, _ = surface.bounds
    low = center - HALF_TURN_DEG
    first = math.floor((west - low) / FULL_CIRCLE_DEG)
    last = math.ceil((east - low) / FULL_CIRCLE_DEG)
    if first == 0 and last <= 1:
        return surface
    pieces = []
    for turn in range(first, last):
        start = low + turn * FULL_CIRCLE_DEG
        frame = shapely.box(start, -POLE_DEG, start + FULL_CIRCLE_DEG, POLE_DEG)
        piece = shapely.intersection(surface, frame)
        pieces.append(affinity.translate(piece, low - start))
    with np.errstate(divide="ignore", invalid="ignore"):  # GEOS leaves flags of its arithmetic
        return polygons(shapely.union_all(pieces))


def polygons(geometry: shapely.Geometry) -> Surface:
    """The polygons in what an operation gave, without the lines and points that it left over.

    They are joined: what GEOS repairs by structure may be two polygons with an edge in common.
    """
    parts = shapely.get_parts(shapely.get_parts(geometry))
    parts = parts[shapely.area(parts) > 0]
    if len(parts) == 0:
        return shapely.MultiPolygon()
    joined = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    assert isinstance(joined, (shapely.Polygon, shapely.MultiPolygon))
    return joined


def _check_size(name: str, features: Sequence[Sequence[_Part]]) -> None:
    """Counts vertices before any is looked at."""
    count = sum(_vertices(coordinates) for parts in features for _, coordinates in parts)
    if count > MOST_VERTICES:
        raise PayloadTooLarge(
            f"{name} has {count} vertices: simplify it to at most {MOST_VERTICES}"
        )


def _vertices(coordinates: object) -> int:
    """How many vertices there are in a polygon's rings; 1 in anything else."""
    rings = coordinates if isinstance(coordinates, list) else []
    return max(1, sum(len(ring) for ring in rings if isinstance(ring, list)))


@dataclass(slots=True)
class _Reader:
    """Reads GeoJSON whose errors go by one parameter's name, and counts the crossings in it."""

    name: str
    crossings: int = 0

    def features(self, document: object) -> Iterator[Mapping[str, object]]:
        """Each feature as a mapping with `geometry`; a bare geometry becomes one."""
        members = self._mapping(document, EXPECTED)
        kind = members.get("type")
        if kind == "Feature":
            yield members
        elif kind == "FeatureCollection":
            for feature in self._list(members.get("features"), "features"):
                each = self._mapping(feature, "expected Features in a FeatureCollection")
                if each.get("type") != "Feature":
                    raise self._refused(each.get("type"), "expected Features in the collection")
                yield each
        else:
            yield {"geometry": members}

    def parts(self, geometry: object, depth: int = 1) -> Iterator[_Part]:
        """The points and polygons of a geometry, unread."""
        members = self._mapping(geometry, EXPECTED)
        kind, coordinates = members.get("type"), members.get("coordinates")
        if kind in ("Point", "Polygon"):
            yield str(kind), coordinates
        elif kind == "MultiPolygon":
            yield from (("Polygon", rings) for rings in self._list(coordinates, "coordinates"))
        elif kind == "GeometryCollection" and depth <= DEEPEST_COLLECTION:
            for each in self._list(members.get("geometries"), "geometries"):
                yield from self.parts(each, depth + 1)
        else:
            raise self._refused(kind, EXPECTED)

    def geometry(self, parts: Sequence[_Part]) -> Geometry:
        """A feature's geometry: one point, or all its polygons as one area."""
        kinds = [kind for kind, _ in parts]
        if kinds == ["Point"]:
            return self._point(parts[0][1])
        if "Point" in kinds:
            raise self._refused("Point", "expected one point or only polygons in a feature")
        try:
            surfaces = [self._polygon(rings) for _, rings in parts]
            return surfaces[0] if len(surfaces) == 1 else self._joined(surfaces)
        except shapely.errors.GEOSException:
            raise self._refused("Polygon", "cannot be repaired; expected a valid one") from None

    def properties(self, document: Mapping[str, object]) -> Mapping[str, object]:
        """A feature's properties; none where they are no object."""
        properties = document.get("properties")
        return properties if isinstance(properties, dict) else {}

    def id(self, document: Mapping[str, object]) -> str | int | float | None:
        """A feature's id, if it is a text or a number."""
        value = document.get("id")
        return value if isinstance(value, (str, int, float)) else None

    def _refused(self, value: object, remedy: str) -> InvalidParameter:
        return InvalidParameter(self.name, value if isinstance(value, str) else repr(value), remedy)

    def _mapping(self, value: object, remedy: str) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self._refused(json_kind(value), remedy)
        return value

    def _list(self, value: object, member: str) -> list[object]:
        if not isinstance(value, list):
            raise self._refused(json_kind(value), f"expected a list as its {member}")
        if not value:
            raise self._refused("[]", f"its {member} are empty")
        return value

    def _point(self, coordinates: object) -> shapely.Point:
        lon, lat = self._positions([coordinates])[0].tolist()
        return from_lonlat(lon, lat)

    def _polygon(self, coordinates: object) -> Surface:
        shell, *holes = [self._ring(ring) for ring in self._list(coordinates, "coordinates")]
        outline = shapely.Polygon(shell, [_beside(hole, shell) for hole in holes])
        if shapely.get_num_coordinates(outline) > FEW_VERTICES or not outline.is_valid:
            self._add_crossings([outline])
        repaired = polygons(shapely.make_valid(outline, method="structure", keep_collapsed=False))
        surface = repaired if repaired.is_empty else framed(repaired)
        if surface.is_empty:
            raise self._refused("Polygon", "has no area; expected at least three corners")
        return surface

    def _joined(self, surfaces: Sequence[Surface]) -> Surface:
        parts = shapely.get_parts(surfaces).tolist()
        if not shapely.MultiPolygon(parts).is_valid:
            self._add_crossings(parts)
        return polygons(shapely.union_all(surfaces))

    def _add_crossings(self, parts: Sequence[shapely.Polygon]) -> None:
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(parts)]
        self.crossings += count_crossings(rings, MOST_CROSSINGS)
        if self.crossings > MOST_CROSSINGS:
            raise PayloadTooLarge(
                f"{self.name} has edges that cross more than {MOST_CROSSINGS} times: "
                "send outlines that are simple, or fewer together"
            )

    def _ring(self, coordinates: object) -> Floats:
        """Longitudes and latitudes (n, 2) of a closed ring, without jumps at 180 degrees."""
        ring = self._positions(self._list(coordinates, "rings"))
        if (ring[0] != ring[-1]).any():
            ring = np.concatenate([ring, ring[:1]])
        if len(ring) < 4:
            raise self._refused("Polygon", "expected at least three corners in each ring")
        return _unrolled(ring)

    def _positions(self, positions: Sequence[object]) -> Floats:
        try:
            pairs = np.array([_pair(position) for position in positions], np.float64)
        except (TypeError, ValueError, OverflowError):
            remedy = "expected positions of the form [longitude, latitude]"
            raise self._refused("coordinates", remedy) from None
        if not np.isfinite(pairs).all():
            raise self._refused("coordinates", "expected finite numbers, found NaN or infinity")
        lon, lat = pairs.T
        for value in lon[(lon < WEST_DEG) | (lon > EAST_DEG)]:
            raise self._refused(float(value), "expected longitudes from -180 to 360")
        for value in lat[np.abs(lat) > POLE_DEG]:
            raise self._refused(float(value), "expected latitudes from -90 to 90")
        return pairs


def _pair(position: object) -> tuple[float, float]:
    """The first two numbers; JSON's texts and truth values would pass for numbers in numpy."""
    if not isinstance(position, list) or len(position) < 2:
        raise TypeError
    lon, lat = position[:2]
    if type(lon) not in (int, float) or type(lat) not in (int, float):
        raise TypeError
    return float(lon), float(lat)


def _unrolled(ring: Floats) -> Floats:
    """The ring (n, 2) without jumps; one that goes round a pole is closed through the pole."""
    steps = np.diff(ring[:, 0])
    long = (np.abs(steps) > HALF_TURN_DEG) & (np.abs(steps) != FULL_CIRCLE_DEG)
    turns = np.where(long, -np.round(steps / FULL_CIRCLE_DEG), 0.0)
    out = ring.copy()
    out[1:, 0] += FULL_CIRCLE_DEG * np.cumsum(turns)
    if abs(out[-1, 0] - out[0, 0]) < HALF_TURN_DEG:
        return out
    pole = math.copysign(POLE_DEG, ring[:, 1].mean())
    return np.concatenate([out, [[out[-1, 0], pole], [out[0, 0], pole]], out[:1]])


def _beside(hole: Floats, shell: Floats) -> Floats:
    """The hole moved by whole turns to where its shell is."""
    distance = (np.ptp(shell[:, 0]) / 2 + shell[:, 0].min()) - (
        np.ptp(hole[:, 0]) / 2 + hole[:, 0].min()
    )
    turns = round(float(distance) / FULL_CIRCLE_DEG)
    moved: Floats = hole + np.array([turns * FULL_CIRCLE_DEG, 0.0])
    return moved
