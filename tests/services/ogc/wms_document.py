"""Datasets of what is hard for capabilities, without arrays, and the documents of them."""

from collections.abc import Sequence

import numpy as np
from affine import Affine

from tests.services.memory_catalog import FIJI, GLOBE, ZONE_31
from tileserver.config import DatasetConfig, ServiceConfig
from tileserver.cube import Cube, Dimension, Level, Variable
from tileserver.dataset import Dataset, make_dataset
from tileserver.grid import Grid, parse_crs
from tileserver.matrixset import MatrixSets
from tileserver.services.ogc import wms, wms_crs
from tileserver.services.ogc.wms import Service
from tileserver.services.ogc.wms_layer import Branch
from tileserver.sources.memory import MemorySource
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0
NORTH = Grid.from_affine(parse_crs("EPSG:3413"), Affine(5e4, 0, -3e6, 0, -5e4, 3e6), (120, 120))
EUROPE = Grid.from_affine(parse_crs("EPSG:3035"), Affine(1e5, 0, 2e6, 0, -1e5, 5e6), (20, 30))
NASTY = """Σ<&> "it's" 海面水温 درجة \x0b ]]>"""


def time_dimension(count: int = 3, step_s: float = DAY_S) -> Dimension:
    return Dimension("time", TimeAxis(np.arange(count) * step_s))


def irregular_times(count: int) -> Dimension:
    days = np.cumsum(np.random.default_rng(0).integers(1, 9, count))
    return Dimension("time", TimeAxis(days * DAY_S))


DEPTH = Dimension("depth", np.array([0.5, 10.0, 100.0]), units="m")


def dataset(
    name: str,
    *dimensions: Dimension,
    grid: Grid = GLOBE,
    variables: Sequence[str] = ("v",),
    static: Sequence[str] = (),
    **config: object,
) -> Dataset:
    """A dataset whose variables have all dimensions, but for the static ones."""
    found = {}
    for each in (*variables, *static):
        own = () if each in static else dimensions
        shape = (*(d.size for d in own), *grid.shape)
        level = Level(grid=grid, chunks=shape, shape=shape, nbytes=4)
        names = tuple(d.name for d in own)
        found[each] = Variable(each, names, np.dtype("f4"), (level,), title=f"{each}'s title")
    cube = Cube(found, {d.name: d for d in dimensions})
    entry = DatasetConfig.model_validate({"id": name, "url": "memory", **config})
    return make_dataset(entry, MemorySource(cube, {}))


def hard_datasets() -> list[Dataset]:
    """Dots, all kinds of text, no time, 180°, poles, UTM, CRSs that all have and that few have."""
    stations = Dimension("station", ("a, b", "c/d", "<e>", "f"))
    return [
        dataset(
            "a.b-c", time_dimension(), DEPTH, title=NASTY, description=NASTY, attribution=NASTY
        ),
        dataset("pacific", grid=FIJI, theme="Ocean/Ice & <snow>"),
        dataset("zone", stations, grid=ZONE_31, theme="Ocean"),
        dataset("ice", time_dimension(2000), grid=NORTH, variables=("x.y", "z"), static=("s",)),
        dataset("europe", irregular_times(3), grid=EUROPE),
    ]


def document(
    version: str,
    datasets: Sequence[Dataset],
    *,
    told: ServiceConfig | None = None,
) -> bytes:
    """The capabilities of some datasets."""
    service = Service(
        told=told or ServiceConfig(title=NASTY),
        base_url="https://maps.example/a",
        path="/wms",
        update_sequence="7",
        largest_side=4096,
    )
    branches = [Branch.of(each, version) for each in datasets]
    return wms.capabilities(version, service, wms_crs.everywhere(MatrixSets()), branches)
