"""Weights of cells: exact against exactextract, shapely, rasterio and pyproj."""

import json
import time

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine
from exactextract import exact_extract
from exactextract.feature import JSONFeatureSource
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.features import geometry_mask

from tileserver.area import EARTH_RADIUS_M, Weights, cell_area, locate, weigh
from tileserver.axis import Axis
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.geometry import from_bbox, parse_geometry
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.outline import Outline, coverage

WGS84 = pyproj.Geod(ellps="WGS84")


def world(first_lon: float = -180.0, step: float = 1.0, *, rows_up: bool = False) -> Grid:
    """A global grid of square cells."""
    rows = round(180 / step)
    y = Axis(-90, step, rows) if rows_up else Axis(90, -step, rows)
    return Grid(LONLAT, Axis(first_lon, step, 2 * rows, period=360.0), y)


def projected(
    crs: str, west: float, north: float, cell: float, width: int, height: int | None = None
) -> Grid:
    shape = (height or width, width)
    return Grid.from_affine(parse_crs(crs), Affine(cell, 0, west, 0, -cell, north), shape)


def star(lon: float, lat: float, radius: float, corners: int = 301) -> shapely.Polygon:
    """A jagged ring around a point with a hole."""
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    r = radius * (0.7 + 0.3 * np.sin(17 * angle))
    shell = np.column_stack([lon + r * np.cos(angle), lat + r * np.sin(angle)])
    hole = np.column_stack([lon + 0.2 * r * np.cos(angle), lat + 0.2 * r * np.sin(angle)])
    return shapely.Polygon(shell, [hole])


def parts(grid: Grid, weights: Weights) -> np.ndarray:
    """The part of each cell, spread over the whole grid."""
    out = np.zeros(grid.shape)
    cols = np.arange(weights.cols.start, weights.cols.stop) % grid.x.size
    out[weights.rows.start : weights.rows.stop, cols] += weights.parts
    return out


def weighed(grid: Grid, geometry: shapely.Geometry) -> Weights:
    weights = weigh(grid, geometry)
    assert weights is not None
    return weights


@pytest.mark.parametrize(
    "geometry", [star(3, 2, 40), star(100.123, -60.7, 25), shapely.box(-7.3, 1, 9, 3.5)]
)
def test_parts_are_exactextracts(geometry: shapely.Polygon) -> None:
    """On a regular grid each cell's part is what exactextract says."""
    raster = NumPyRasterSource(np.zeros((180, 360)), -180, -90, 180, 90)
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(geometry)}
    (answer,) = exact_extract(raster, JSONFeatureSource([feature]), ["cell_id", "coverage"])
    expected = np.zeros(180 * 360)
    expected[answer["properties"]["cell_id"]] = answer["properties"]["coverage"]
    # exactextract gives float32.
    np.testing.assert_allclose(
        parts(world(), weighed(world(), geometry)), expected.reshape(180, 360), atol=1e-6
    )


@pytest.mark.parametrize("rows_up", [True, False])
@pytest.mark.parametrize("first_lon", [-180.0, 0.0, -0.5, 123.4])
def test_parts_are_intersections(first_lon: float, rows_up: bool) -> None:
    """On irregular rows and any turn of longitude a part is the area of an intersection."""
    edges = 90 * np.sin(np.linspace(-np.pi / 2, np.pi / 2, 61)) * (1 if rows_up else -1)
    y = Axis(edges[0], np.diff(edges).mean(), 60, edges, (edges[1:] + edges[:-1]) / 2)
    grid = Grid(LONLAT, Axis(first_lon, 5.0, 72, period=360.0), y)
    document = json.loads(shapely.to_geojson(star(178, 20, 33)))
    geometry = parse_geometry(document)[0].geometry
    expected = np.zeros(grid.shape)
    for row in range(60):
        for col in range(72):
            west, bottom, top = first_lon + 5.0 * col, *sorted(edges[row : row + 2])
            for turn in (-360, 0, 360):
                box = shapely.box(west + turn, bottom, west + 5 + turn, top)
                expected[row, col] += geometry.intersection(box).area / box.area
    weights = weighed(grid, geometry)
    np.testing.assert_allclose(parts(grid, weights), expected, atol=1e-9)
    assert weights.weights.shape[1] <= 15  # the window does not span the seam's other side


CORNERS = st.lists(
    st.tuples(st.floats(-180, 360), st.floats(-90, 90)).map(list), min_size=3, max_size=9
)


@settings(max_examples=300, deadline=None)
@given(CORNERS, st.floats(-180, 180), st.integers(1, 40), st.booleans())
def test_parts_add_up(corners: list, first_lon: float, rows: int, falling: bool) -> None:
    """Over any global grid the parts of any polygon's cells add up to its area."""
    try:
        (feature,) = parse_geometry({"type": "Polygon", "coordinates": [corners]})
    except InvalidParameter:
        return
    step = 180 / rows
    x = Axis(first_lon, step, 2 * rows, period=360.0)
    y = Axis(90, -step, rows) if falling else Axis(-90, step, rows)
    grid = Grid(LONLAT, x, y)
    weights = weigh(grid, feature.geometry)
    total = 0.0 if weights is None else weights.parts.sum() * step**2
    assert total == pytest.approx(feature.geometry.area, rel=1e-9, abs=1e-7 * step**2)
    if weights is not None:
        assert weights.parts.max() <= 1
        assert weights.cols.stop - weights.cols.start <= x.size


def test_a_tiny_area_counts() -> None:
    """A field of some metres in a cell of ten degrees is in that cell."""
    weights = weighed(world(step=10.0), from_bbox((11, 12, 11.0001, 12.0001)))
    assert weights.weights.shape == (1, 1)
    assert weights.parts[0, 0] == pytest.approx(1e-10, rel=1e-3)


def test_falling_columns() -> None:
    """An x axis from east to west gives the mirrored parts."""
    falling = Grid(LONLAT, Axis(180, -1.0, 360, period=360.0), Axis(90, -1.0, 180))
    geometry = from_bbox((170.5, 0, -150.25, 5.5))
    mirrored = parts(falling, weighed(falling, geometry))[:, ::-1]
    np.testing.assert_allclose(mirrored, parts(world(), weighed(world(), geometry)), atol=1e-12)


def test_inside_and_outside_by_rasterio() -> None:
    """A cell whose part is 1 has its centre inside, one whose part is 0 outside."""
    geometry = star(3, 2, 40)
    inside = geometry_mask([geometry], (180, 360), Affine(1, 0, -180, 0, -1, 90), invert=True)
    part = parts(world(), weighed(world(), geometry))
    assert inside[part == 1].all()
    assert not inside[part == 0].any()


def test_a_box_on_cell_borders_is_exact() -> None:
    """Parts are 0 and 1 with no trace of a neighbour, in spite of rounding."""
    grid = world(-180.0, 0.1)
    weights = weighed(grid, from_bbox((10.1, 20.3, 10.7, 20.9)))
    assert (weights.rows, weights.cols) == (slice(691, 697), slice(1901, 1907))
    assert (weights.parts == 1).all()


@pytest.mark.parametrize("first_lon", [-180.0, 0.0, -0.5])
@pytest.mark.parametrize("bbox", [(170, -5, -170, 5), (-10, -5, 10, 5), (350, -5, 10, 5)])
def test_windows_go_on_over_the_seam(first_lon: float, bbox: tuple) -> None:
    """Columns go on beyond the width where the area crosses the grid's seam."""
    weights = weighed(world(first_lon), from_bbox(bbox))
    assert weights.weights.shape[1] in (20, 21)
    middle = (first_lon + (weights.cols.start + weights.cols.stop) / 2) % 360
    assert middle == pytest.approx((bbox[0] + ((bbox[2] - bbox[0]) % 360) / 2) % 360)
    assert weights.weights.sum() == pytest.approx(
        EARTH_RADIUS_M**2 * np.radians(20) * 2 * np.sin(np.radians(5))
    )


def test_a_regional_grid_across_180() -> None:
    """A grid from 160 to 200 meets areas written from -180 to 180."""
    grid = Grid(LONLAT, Axis(160, 1.0, 40, period=360.0), Axis(10, -1.0, 20))
    weights = weighed(grid, from_bbox((175, 0, -175, 2)))
    assert (weights.rows, weights.cols) == (slice(8, 10), slice(15, 25))
    assert weigh(grid, from_bbox((0, 0, 10, 2))) is None
    assert weigh(grid, from_bbox((175, 30, -175, 32))) is None


def test_the_world_weighs_the_sphere() -> None:
    """All cells together have the sphere's area, rows centred on poles included."""
    whole = 4 * np.pi * EARTH_RADIUS_M**2
    box = from_bbox((-180, -90, 180, 90))
    centred = Grid(LONLAT, Axis(-0.5, 1.0, 360, period=360.0), Axis(90.5, -1.0, 181))
    for grid in (world(), centred):
        assert weighed(grid, box).weights.sum() == pytest.approx(whole, rel=1e-12)


def test_regular_rows_weigh_their_cosine() -> None:
    """Cell areas of evenly spaced rows are proportional to the cosine of latitude."""
    grid = world()
    area = cell_area(grid, slice(0, 180), slice(0, 360))
    cosine = np.cos(np.radians(grid.y.cell_centers()))[:, None]
    np.testing.assert_allclose(
        area / area.max(), np.broadcast_to(cosine / cosine.max(), area.shape), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("grid", "bbox"),
    [
        (projected("EPSG:32632", 300_000, 5_900_000, 1000, 400), (7.5, 50.5, 9.5, 52.5)),
        (projected("EPSG:3035", 2_500_000, 5_500_000, 10_000, 450), (-5, 40, 25, 60)),
        (projected("EPSG:3413", -4_000_000, 4_000_000, 10_000, 800), (-180, 75, 180, 90)),
        (projected("EPSG:3413", -4_000_000, 4_000_000, 10_000, 800), (150, 65, -150, 80)),
        (projected("EPSG:3031", -4_000_000, 4_000_000, 10_000, 800), (170, -85, -160, -70)),
        (projected("EPSG:6933", -17_367_530, 7_314_540, 25_025.26, 1388, 584), (170, 10, -160, 40)),
        (projected("ESRI:54030", -17_005_833, 8_625_154, 50_000, 680, 345), (-40, -50, 100, 60)),
    ],
)  # fmt: skip
def test_projected_weights_are_true_areas(grid: Grid, bbox: tuple) -> None:
    """The weights of an area on a projected grid sum to its area on the ellipsoid."""
    box = from_bbox(bbox)
    pieces = shapely.get_parts(shapely.segmentize(box, 0.02))
    expected = sum(abs(WGS84.geometry_area_perimeter(piece)[0]) for piece in pieces)
    # In UTM the planar area stands, see cell_area; Robinson is defined on the sphere.
    loose = {"EPSG:32632": 1e-3, "ESRI:54030": 1e-2}
    tolerance = loose.get(":".join(grid.crs.to_authority() or ()), 1e-4)
    assert weighed(grid, box).weights.sum() == pytest.approx(expected, rel=tolerance)


def test_a_curved_border_is_followed() -> None:
    """In a polar projection a parallel is an arc, not the chord between two corners."""
    grid = projected("EPSG:3413", -4_000_000, 4_000_000, 10_000, 800)
    x, y = np.meshgrid(grid.x.cell_centers(), grid.y.cell_centers())
    lon, lat = pyproj.Transformer.from_crs("EPSG:3413", "OGC:CRS84", always_xy=True).transform(x, y)
    inside = (lat > 70) & (lon > -120) & (lon < 60)
    part = parts(grid, weighed(grid, from_bbox((-120, 70, 60, 90))))
    assert inside[part == 1].all()
    assert not inside[part == 0].any()
    border = (part > 0) & (part < 1)
    assert ((part > 0.5) == inside)[border].mean() > 0.97


def test_a_wide_area_on_a_small_grid() -> None:
    """The part of the world that is beyond a zone does no harm."""
    grid = projected("EPSG:32632", 300_000, 5_900_000, 1000, 400)
    weights = weighed(grid, from_bbox((-180, -90, 180, 90)))
    assert weights.weights.shape == (400, 400)
    assert (weights.weights == 1e6).all()
    assert weigh(grid, from_bbox((100, 0, 110, 10))) is None


def test_a_rotated_pole() -> None:
    """A rotated grid's cells have the areas that they have in rotated coordinates."""
    rotated = {"grid_mapping_name": "rotated_latitude_longitude", "grid_north_pole_latitude": 39.25}
    crs = parse_crs(pyproj.CRS.from_cf({**rotated, "grid_north_pole_longitude": -162.0}).to_wkt())
    grid = Grid(crs, Axis(-20, 0.5, 80), Axis(20, -0.5, 80))
    height = np.sin(np.radians(52)) - np.sin(np.radians(45))
    expected = EARTH_RADIUS_M**2 * np.radians(10) * height
    # Latitudes are geodetic in one and spherical in the other.
    assert weighed(grid, from_bbox((10, 45, 20, 52))).weights.sum() == pytest.approx(
        expected, rel=1e-2
    )


GEOSTATIONARY = "+proj=geos +h=35785831 +lon_0=0 +sweep=y"


@pytest.mark.parametrize("bbox", [(-180, 20, 180, 90), (30, -40, 170, 50), (0, 0, 20, 20)])
def test_beyond_the_horizon(bbox: tuple) -> None:
    """Of an area that a satellite sees in part, the cells that it sees count."""
    grid = projected(GEOSTATIONARY, -5_500_000, 5_500_000, 50_000, 220)
    to_lonlat = pyproj.Transformer.from_crs(GEOSTATIONARY, "OGC:CRS84", always_xy=True)
    x, y = np.meshgrid(grid.x.cell_centers(), grid.y.cell_centers())
    lon, lat = to_lonlat.transform(x, y)
    west, south, east, north = bbox
    inside = (lon > west) & (lon < east) & (lat > south) & (lat < north) & np.isfinite(lon)
    part = parts(grid, weighed(grid, from_bbox(bbox)))
    assert ((part >= 0.5) == inside).mean() > 0.995
    assert part.sum() == pytest.approx(inside.sum(), rel=0.01)


def test_points() -> None:
    """A point is the cell that contains it, in any turn of longitude and any CRS."""
    assert locate(world(), 10.5, 20.5) == (69, 190)
    assert locate(world(0.0), -10.5, 20.5) == locate(world(0.0), 349.5, 20.5) == (69, 349)
    assert locate(world(), 180.0, -90.0) == (179, 359)
    utm = projected("EPSG:32632", 300_000, 5_900_000, 1000, 400)
    x, y = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:32632", always_xy=True).transform(8, 51.5)
    assert locate(utm, 8, 51.5) == (int((5_900_000 - y) // 1000), int((x - 300_000) // 1000))
    assert locate(utm, 100, -70) is None
    assert locate(utm, 8, 90) is None
    weights = weighed(world(0.0), shapely.Point(-10.5, 20.5))
    assert (weights.rows, weights.cols) == (slice(69, 70), slice(349, 350))
    assert weights.parts.tolist() == [[1.0]]


def test_limits() -> None:
    """Too many cells, and an outline too intricate for them, are refused."""
    with pytest.raises(PayloadTooLarge, match=r"64800 cells.*1000"):
        weigh(world(), from_bbox((-180, -90, 180, 90)), most_cells=1000)
    zigzag = np.column_stack([np.tile([0.0, 1e4], 5000), np.linspace(0, 1, 10_000)])
    outline = Outline.of(zigzag, np.zeros(10_000, np.intp))
    with pytest.raises(PayloadTooLarge, match="simplify"):
        coverage(outline, np.arange(5001.0), np.arange(3.0))


def test_a_million_cells_are_fast() -> None:
    """A polygon of many vertices over a million cells takes less than two seconds."""
    grid = world(-180.0, 0.125)
    start = time.perf_counter()
    weights = weighed(grid, star(0, 0, 60, 50_000))
    assert weights.weights.size > 900_000
    assert time.perf_counter() - start < 2
