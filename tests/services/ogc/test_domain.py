"""The extent of collections in space, time and other dimensions."""

from dataclasses import replace

import numpy as np
import pyproj
import pytest
from affine import Affine

from tests.services import memory_catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Dimension, Level, Variable
from tileserver.dataset import Dataset, make_dataset
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.layer import layers
from tileserver.services.ogc import domain
from tileserver.sources.memory import MemorySource
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0
BASE = "http://maps.example"


def dataset(*dimensions: Dimension, grid: Grid = memory_catalog.GLOBE) -> Dataset:
    """One with a variable of these dimensions, without values."""
    shape = (*(d.size for d in dimensions), *grid.shape)
    level = Level(grid=grid, chunks=shape, shape=shape, nbytes=4)
    names = tuple(d.name for d in dimensions)
    variable = Variable("v", names, np.dtype("f4"), (level,), valid_range=(0.0, 1.0))
    cube = Cube({"v": variable}, {d.name: d for d in dimensions})
    return make_dataset(DatasetConfig(id="d", url="memory"), MemorySource(cube, {}))


def extent(*dimensions: Dimension, grid: Grid = memory_catalog.GLOBE) -> dict[str, object]:
    found = dataset(*dimensions, grid=grid)
    return domain.extent(found, layers(found)[0], BASE)


def times(count: int, step_s: float = DAY_S, **more: object) -> Dimension:
    return Dimension("time", TimeAxis(np.arange(count) * step_s, **more))


def test_regular_times_are_told_by_their_step() -> None:
    """However many they are."""
    temporal = extent(times(100_000, 3600.0))["temporal"]
    assert temporal["interval"] == [["1970-01-01T00:00:00Z", "1981-05-29T15:00:00Z"]]
    assert temporal["grid"] == {
        "cellsCount": 100_000,
        "firstCoordinate": "1970-01-01T00:00:00Z",
        "resolution": "PT1H",
    }


def test_irregular_times_are_listed_if_they_are_few() -> None:
    """100 000 of them are not: what is not listed is paged elsewhere."""
    few = np.array([0, 1, 5]) * DAY_S
    temporal = extent(Dimension("time", TimeAxis(few)))["temporal"]
    assert temporal["grid"]["coordinates"][2] == "1970-01-06T00:00:00Z"
    many = np.cumsum(np.arange(100_000) % 7 + 1) * 60.0
    assert "grid" not in extent(Dimension("time", TimeAxis(many)))["temporal"]


def test_other_calendars_are_told_in_wkt() -> None:
    """As PROJ reads it: a temporal CRS with the calendar's name."""
    temporal = extent(times(3, calendar="360_day"))["temporal"]
    known = pyproj.CRS.from_wkt(temporal["trs"])
    assert known.type_name.startswith("Temporal")
    assert known.datum.to_json_dict()["calendar"] == "360_day"
    assert extent(times(3))["temporal"]["trs"].endswith("ISO-8601/0/Gregorian")


def test_other_dimensions() -> None:
    """Numbers and texts are intervals too, with the address at which all their values are told."""
    found = extent(
        Dimension("depth", np.array([0.0, 10.0, 50.0, np.nan]), units="m"),
        Dimension("level", np.array([1000.0, 900.0, 800.0])),
        Dimension("member", ("a", "b")),
        Dimension("run", TimeAxis(np.arange(2) * DAY_S)),
        times(3),
    )
    assert found["depth"] == {
        "interval": [[0.0, 50.0]],
        "definition": f"{BASE}/datasets/d/dimensions/depth",
        "unit": "m",
        "unitLang": "UDUNITS",
        "grid": {"cellsCount": 3, "coordinates": [0.0, 10.0, 50.0]},
    }
    assert found["level"]["interval"] == [[800.0, 1000.0]]
    assert found["level"]["grid"]["resolution"] == -100.0
    assert found["member"]["grid"]["coordinates"] == ["a", "b"]
    assert found["run"]["interval"] == [["1970-01-01T00:00:00Z", "1970-01-02T00:00:00Z"]]
    assert found["temporal"]["interval"][0][1] == "1970-01-03T00:00:00Z"


@pytest.mark.parametrize("values", [np.full(3, np.nan), np.arange(1e5) ** 2])
def test_numbers_that_cannot_be_listed(values: np.ndarray) -> None:
    """None at all, or too many that are not regular."""
    found = extent(Dimension("depth", values))["depth"]
    assert found["interval"] == [[None, None]] or "grid" not in found


def test_no_time() -> None:
    """A dataset without times has no temporal extent."""
    assert extent().keys() == {"spatial"}


def test_across_180_degrees() -> None:
    """Degrees from -180 to 180, and the true bounds in the storage CRS."""
    grid = Grid.from_affine(LONLAT, Affine(1, 0, 170, 0, -1, -10), (10, 20))
    assert extent(grid=grid)["spatial"] == {
        "bbox": [[-180.0, -20.0, 180.0, -10.0]],
        "storageCrsBbox": [[170.0, -20.0, 190.0, -10.0]],
    }


@pytest.mark.parametrize(
    ("crs", "uri", "bbox"),
    [
        ("EPSG:32631", "http://www.opengis.net/def/crs/EPSG/0/32631", [4e5, 4.9e6, 5e5, 5e6]),
        ("EPSG:3035", "http://www.opengis.net/def/crs/EPSG/0/3035", [4.9e6, 4e5, 5e6, 5e5]),
    ],
)
def test_storage_crs(crs: str, uri: str, bbox: list[float]) -> None:
    """By its code, the bounds in the order of its axes (EPSG:3035 has the northing first)."""
    grid = Grid.from_affine(parse_crs(crs), Affine(1000, 0, 4e5, 0, -1000, 5e6), (100, 100))
    found = dataset(grid=grid)
    [layer] = layers(found)
    assert domain.storage_crs(layer) == uri
    assert domain.extent(found, layer, BASE)["spatial"]["storageCrsBbox"] == [bbox]


def test_crs_without_a_code() -> None:
    """Is told in WKT 2, which PROJ reads back."""
    rotated = "+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39 +lon_0=18"
    grid = replace(memory_catalog.ZONE_31, crs=parse_crs("+proj=laea +lat_0=12 +lon_0=7"))
    text = domain.storage_crs(layers(dataset(grid=grid))[0])
    assert pyproj.CRS.from_wkt(text) == grid.crs
    assert domain.crs_uri(parse_crs(rotated)).startswith("GEOGCRS")
    assert domain.crs_uri(LONLAT) == domain.CRS84
