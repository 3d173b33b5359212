"""A catalogue of what is hard to describe, in memory: for the documents of OGC API."""

from concurrent.futures import Executor

import numpy as np
from affine import Affine

from tests.services.memory_catalog import GLOBE, _entry, _source, _variable
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Dimension, Raw
from tileserver.dataset import Dataset, make_dataset
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0
REGION = Grid.from_affine(LONLAT, Affine(0.25, 0, 40, 0, -0.25, 31), (60, 80))
SEAM = Grid.from_affine(LONLAT, Affine(1, 0, 170, 0, -1, 60), (20, 30))
POLE = Grid.from_affine(parse_crs("EPSG:3413"), Affine(25e3, 0, -3e6, 0, -25e3, 3e6), (240, 240))
EUROPE = Grid.from_affine(parse_crs("EPSG:3035"), Affine(1e3, 0, 4e6, 0, -1e3, 3e6), (90, 80))
NO_CODE = Grid.from_affine(
    parse_crs("+proj=laea +lat_0=12 +lon_0=7"), Affine(1e4, 0, -3e5, 0, -1e4, 4e5), (70, 60)
)


def _axis(name: str, *instants: float, calendar: str = "standard") -> Dimension:
    return Dimension(name, TimeAxis(np.array(instants), calendar=calendar))


def _dataset(config: dict[str, object], name: str, grid: Grid, *dims: Dimension) -> Dataset:
    source = _source(list(dims), _variable(name, grid, *dims, valid_range=(0.0, 250.0)))
    return make_dataset(DatasetConfig.model_validate({"url": "memory", **config}), source)


def hard_catalog(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """Regional, across 180°, polar, with a northing first, in a CRS without a code; irregular,
    many, single and forecast times, other calendars, dimensions of numbers, gaps and texts;
    non-Latin names."""
    hours = _axis("time", *(np.arange(100_000) * 3600.0))
    uneven = _axis("time", 0, 1, 60, 3600, 86400)
    lead = Dimension("step", np.array([0.0, 6.0, 12.0]), units="h", unit_s=3600.0)
    depth = Dimension("depth", np.array([0.5, np.nan, 10.0, 5000.0]), units="m", title="Tiefe")
    texts = Dimension("band", ("rot & <grün>", "blå", "赤"))
    region = {
        "id": "region",
        "title": "Golf & <Bucht> Ω",
        "description": "“Ω” \u202e \x07",
        "attribution": '© "Someone" & Sons <a href="x">',
    }
    year = _axis("time", 0, calendar="360_day")
    datasets = [
        _dataset(region, "sst", REGION, uneven, depth),
        _dataset({"id": "seam.v2", "title": "海氷"}, "ice.extent", SEAM, hours),
        _dataset({"id": "pole"}, "ice", POLE, year),
        _dataset({"id": "europe", "keywords": ["Höhe"]}, "height", EUROPE, texts),
        _dataset({"id": "nocode"}, "dust", NO_CODE, _axis("time", 0, DAY_S), lead),
        _dataset({"id": "run"}, "wind", GLOBE, _axis("run", 0, DAY_S), depth),
    ]
    return Catalog({d.id: _entry(d) for d in datasets}, cache=cache, pool=pool)
