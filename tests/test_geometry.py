"""Geometries from requests: repaired, or refused with what is wrong."""

import json
from random import Random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tileserver.errors import InvalidParameter, PayloadTooLarge, TileserverError
from tileserver.geometry import (
    MOST_CROSSINGS,
    MOST_FEATURES,
    MOST_VERTICES,
    Feature,
    from_bbox,
    parse_geometry,
)

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]

POINT = {"type": "Point", "coordinates": [0, 0]}


def polygon(*rings: list) -> dict:
    return {"type": "Polygon", "coordinates": list(rings)}


def only(geojson: dict) -> shapely.Geometry:
    """The geometry of the only feature."""
    (feature,) = parse_geometry(geojson)
    return feature.geometry


def test_all_forms_of_geojson() -> None:
    """Bare geometries, features and collections, in their order, with properties and ids."""
    feature = {"type": "Feature", "geometry": polygon(SQUARE), "properties": {"n": 1}, "id": "x"}
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [190, 5, 3]}}
    features = parse_geometry({"type": "FeatureCollection", "features": [feature, point]})
    assert [(f.id, dict(f.properties)) for f in features] == [("x", {"n": 1}), (None, {})]
    assert features[0].geometry.equals(shapely.Polygon(SQUARE))
    assert features[1].geometry.equals(shapely.Point(-170, 5))


def test_collections_are_one_area() -> None:
    """Overlapping polygons of a collection count once."""
    other = [[5, 0], [15, 0], [15, 10], [5, 10], [5, 0]]
    multi = {"type": "MultiPolygon", "coordinates": [[SQUARE], [other]]}
    collection = {"type": "GeometryCollection", "geometries": [polygon(SQUARE), multi]}
    assert only(collection).area == only(multi).area == 150


def test_holes() -> None:
    """Rings after the first are holes, in whichever convention of longitudes."""
    outer = [[170, 0], [-170, 0], [-170, 10], [170, 10], [170, 0]]
    hole = [[-179, 4], [-178, 4], [-178, 5], [-179, 5], [-179, 4]]
    assert only(polygon(outer, hole)).area == pytest.approx(199)


def test_a_polygon_that_crosses_itself_is_repaired() -> None:
    """Of a bow tie both halves remain."""
    bow = [[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]
    repaired = only(polygon(bow))
    assert repaired.is_valid
    assert repaired.area == 50


def test_what_would_take_too_long_to_repair_is_refused() -> None:
    """Edges that cross at too many places: of one polygon, of several in a feature, of several
    features together; as many corners that cross nowhere are read."""
    draw = Random(1)
    knot = polygon([[draw.uniform(-9, 9), draw.uniform(-9, 9)] for _ in range(1200)])
    bars = [
        [[-9, at], [9, at], [9, at + 0.01], [-9, at + 0.01]]
        for at in np.arange(-8, 8, 0.05).tolist()
    ]
    posts = [[[y, x] for x, y in bar] for bar in bars]
    lattice = {"type": "MultiPolygon", "coordinates": [[each] for each in bars + posts]}
    less = polygon([[draw.uniform(-9, 9), draw.uniform(-9, 9)] for _ in range(300)])
    several = [{"type": "Feature", "geometry": less}] * 20
    for document in (knot, lattice, {"type": "FeatureCollection", "features": several}):
        with pytest.raises(PayloadTooLarge, match=f"cross more than {MOST_CROSSINGS} times"):
            parse_geometry(document)
    assert len(parse_geometry({"type": "MultiPolygon", "coordinates": [[each] for each in bars]}))
    assert only(less).is_valid


def test_a_ring_that_walks_an_edge_twice_is_repaired() -> None:
    """Two triangles with an edge in common become one polygon."""
    repaired = only(polygon([[1, 1], [0, -1], [0, 0], [1, 1], [0, 1], [0, 0]]))
    assert repaired.is_valid
    assert repaired.area == 1


def test_an_open_ring_is_closed() -> None:
    """The last position may be left out."""
    assert only(polygon(SQUARE[:-1])).area == 100


@pytest.mark.parametrize(
    "ring",
    [
        [[170, 0], [190, 0], [190, 10], [170, 10], [170, 0]],
        [[170, 0], [-170, 0], [-170, 10], [170, 10], [170, 0]],
        [[-170, 10], [170, 10], [170, 0], [-170, 0], [-170, 10]],
        [[170, 0], [180, 0], [-170, 0], [-170, 10], [179, 10], [170, 10], [170, 0]],
    ],
)
def test_across_the_antimeridian(ring: list) -> None:
    """Beyond 180 or with a jump, the area is the same, cut in two."""
    west, east = shapely.box(-180, 0, -170, 10), shapely.box(170, 0, 180, 10)
    assert only(polygon(ring)).equals(shapely.union(west, east))


def test_around_a_pole() -> None:
    """A ring that goes round a pole holds it."""
    ring = [[0, 80], [90, 80], [180, 80], [-90, 80], [0, 80]]
    assert only(polygon(ring)).equals(shapely.box(-180, 80, 180, 90))
    south = [[lon, -lat] for lon, lat in ring]
    assert only(polygon(south)).equals(shapely.box(-180, -90, 180, -80))


def test_the_whole_world() -> None:
    """An edge of a whole turn is no jump."""
    world = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
    assert only(polygon(world)).equals(shapely.box(-180, -90, 180, 90))


@pytest.mark.parametrize(
    ("geojson", "told"),
    [
        (None, "expected a GeoJSON"),
        ([], "expected a GeoJSON"),
        ({}, "expected a GeoJSON"),
        ({"type": "LineString", "coordinates": SQUARE}, "LineString.*expected a GeoJSON"),
        ({"type": "Polygon"}, "expected a list"),
        (polygon(), "empty"),
        (polygon([]), "empty"),
        ({"type": "MultiPolygon", "coordinates": []}, "empty"),
        ({"type": "FeatureCollection", "features": []}, "empty"),
        ({"type": "GeometryCollection", "geometries": []}, "empty"),
        ({"type": "Feature", "geometry": None}, "expected a GeoJSON"),
        ({"type": "FeatureCollection", "features": [polygon(SQUARE)]}, "expected Features"),
        (polygon([[0, 0], [1, 1], [0, 0]]), "three corners"),
        (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "no area"),
        (polygon([[0, 0], [float("nan"), 0], [1, 1], [0, 0]]), "NaN"),
        (polygon([[0, 0], [float("inf"), 0], [1, 1], [0, 0]]), "infinity"),
        (polygon([[0, 0], [400, 0], [1, 1], [0, 0]]), "400.*-180 to 360"),
        (polygon([[0, 0], [1, 91], [1, 1], [0, 0]]), "91.*-90 to 90"),
        (polygon([[0, 0], ["1", 0], [1, 1], [0, 0]]), "longitude, latitude"),
        (polygon([[0, 0], [True, 0], [1, 1], [0, 0]]), "longitude, latitude"),
        (polygon([[0, 0], [1], [1, 1], [0, 0]]), "longitude, latitude"),
        (polygon([[0, 0], [10**400, 0], [1, 1], [0, 0]]), "longitude, latitude"),
        (polygon([0, 1, 2, 3]), "longitude, latitude"),
        ({"type": "Point", "coordinates": None}, "longitude, latitude"),
        (
            {"type": "GeometryCollection", "geometries": [polygon(SQUARE), POINT]},
            "one point or only polygons",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_says_why(geojson: object, told: str) -> None:
    """Empty, not finite, out of range or of the wrong form: 400 that says which."""
    with pytest.raises(InvalidParameter, match=rf"^geometry=.*{told}"):
        parse_geometry(geojson)


def test_collections_in_collections_end() -> None:
    """Nesting is limited."""
    nested: dict = polygon(SQUARE)
    for _ in range(50):
        nested = {"type": "GeometryCollection", "geometries": [nested]}
    with pytest.raises(InvalidParameter):
        parse_geometry(nested)


def test_limits() -> None:
    """Too many vertices or features are refused before they are read."""
    ring = [["not", "read"]] * (MOST_VERTICES + 1)
    with pytest.raises(PayloadTooLarge, match=str(MOST_VERTICES)):
        parse_geometry(polygon(ring))
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}}
    with pytest.raises(PayloadTooLarge, match=str(MOST_FEATURES)):
        parse_geometry({"type": "FeatureCollection", "features": [point] * (MOST_FEATURES + 1)})


@pytest.mark.parametrize(
    ("bbox", "west", "area"),
    [
        ((-10, -5, 10, 5), -10, 200),
        ((350, -5, 10, 5), -10, 200),
        ((170, -5, -170, 5), -180, 200),
        ((170, -5, 190, 5), -180, 200),
        ((0, -90, 360, 90), -180, 360 * 180),
    ],
)
def test_boxes(bbox: tuple, west: float, area: float) -> None:
    """West of more than east crosses 180 degrees; 0 to 360 is as good as -180 to 180."""
    box = from_bbox(bbox)
    assert (box.bounds[0], box.area) == (west, pytest.approx(area))


@pytest.mark.parametrize(
    "bbox",
    [
        (0, 5, 10, 5),
        (0, 10, 10, 5),
        (0, 0, 0, 5),
        (-181, 0, 10, 5),
        (0, 0, 361, 5),
        (0, -91, 10, 5),
        (-180, 0, 360, 5),
        (float("nan"), 0, 10, 5),
        (0, 0, float("inf"), 5),
    ],
)
def test_boxes_that_cannot_be(bbox: tuple) -> None:
    """A box without area, out of range or not finite is refused by name."""
    with pytest.raises(InvalidParameter, match=r"^bbox=.*expected"):
        from_bbox(bbox)


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.floats(),
        st.integers(-400, 400),
        st.sampled_from(["Polygon", "Point", "Feature", "FeatureCollection", "GeometryCollection"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["Polygon", "MultiPolygon", "Feature", "FeatureCollection"])},
            optional={
                "coordinates": inner,
                "geometry": inner,
                "features": inner,
                "geometries": inner,
            },
        ),
    ),
    max_leaves=30,
)
POSITION = st.tuples(st.integers(-180, 360), st.integers(-90, 90)).map(list)
RINGS = st.lists(st.lists(POSITION, min_size=1, max_size=8), min_size=1, max_size=3)


@settings(max_examples=300, deadline=None)
@given(st.one_of(JSON, RINGS.map(lambda rings: polygon(*rings))))
def test_no_document_does_harm(document: object) -> None:
    """Any document gives valid geometries within -180 to 180, or one of the tree of errors."""
    try:
        features = parse_geometry(document)
    except TileserverError:
        return
    for feature in features:
        assert isinstance(feature, Feature)
        assert feature.geometry.is_valid
        west, south, east, north = feature.geometry.bounds
        assert west >= -180 - 1e-9
        assert east <= 180 + 1e-9
        assert south >= -90
        assert north <= 90


def test_a_real_document_survives_json() -> None:
    """What json.loads gives is what is read."""
    assert only(json.loads(json.dumps(polygon(SQUARE)))).area == 100
    assert np.isclose(only({"type": "Point", "coordinates": [1, 2]}).x, 1)
