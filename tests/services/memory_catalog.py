"""A catalogue whose datasets lie in memory, for tests of services and routes.

`sea`: global 4°, sst (time, depth), kind (classes), currents as a colour picture; `sea.ice` has a
dot in its id and straddles 180°; `utm` lies in UTM zone 31, without a time.
"""

from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from affine import Affine

from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Dimension, Flag, Level, Raw, Variable
from tileserver.dataset import Dataset, Entry, make_dataset
from tileserver.grid import LONLAT, Grid, parse_crs
from tileserver.sources.memory import MemorySource
from tileserver.sources.opening import Origin
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0
TIME = Dimension("time", TimeAxis(np.arange(5) * DAY_S))
DEPTH = Dimension("depth", np.array([0.0, 10.0, 50.0]), units="m")
GLOBE = Grid.from_affine(LONLAT, Affine(4, 0, -180, 0, -4, 90), (45, 90))
FIJI = Grid.from_affine(LONLAT, Affine(1, 0, 170, 0, -1, -10), (10, 20))
ZONE_31 = Grid.from_affine(parse_crs("EPSG:32631"), Affine(1000, 0, 4e5, 0, -1000, 5e6), (60, 80))


def _variable(name: str, grid: Grid, *dims: Dimension, **more: object) -> Variable:
    shape = (*(d.size for d in dims), *grid.shape)
    chunks = (*(1 for _ in dims), *grid.shape)
    nbytes = 4 * grid.shape[0] * grid.shape[1]
    level = Level(grid=grid, chunks=chunks, shape=shape, nbytes=nbytes)
    names = tuple(d.name for d in dims)
    return Variable(name, names, np.dtype("f4"), (level,), **more)


def _source(dimensions: list[Dimension], *variables: Variable) -> MemorySource:
    cube = Cube({v.id: v for v in variables}, {d.name: d for d in dimensions})
    arrays = {}
    for variable in variables:
        [level] = variable.levels
        values = np.arange(np.prod(level.shape), dtype="f4") % 251
        arrays[variable.id] = (values.reshape(level.shape),)
    return MemorySource(cube, arrays)


def sea() -> Dataset:
    flags = (Flag(0, "calm"), Flag(1, "rough"))
    source = _source(
        [DEPTH, TIME],
        _variable("sst", GLOBE, DEPTH, TIME, title="Temperature", units="°C"),
        _variable("kind", GLOBE, TIME, flags=flags),
        *(_variable(f"{axis}.o", GLOBE, TIME, valid_range=(0.0, 250.0)) for axis in "uvw"),
    )
    config = {
        "id": "sea",
        "url": "memory",
        "title": "Sea <test>",
        "description": "Made up",
        "styles": {"sst": {"colormap_name": "plasma", "rescale": [0, 250]}},
        "composites": {"flow": {"bands": ["u.o", "v.o", "w.o"], "rescale": [0, 250]}},
    }
    return make_dataset(DatasetConfig.model_validate(config), source)


def sea_ice() -> Dataset:
    source = _source([], _variable("extent", FIJI, valid_range=(0.0, 200.0)))
    return make_dataset(DatasetConfig(id="sea.ice", url="memory"), source)


def utm() -> Dataset:
    source = _source([], _variable("height", ZONE_31, valid_range=(0.0, 250.0)))
    return make_dataset(DatasetConfig(id="utm", url="memory"), source)


def catalog(cache: ByteCache[Raw] | None = None, pool: Executor | None = None) -> Catalog:
    made = Catalog(
        {d.id: _entry(d) for d in (sea(), sea_ice(), utm())},
        cache=cache or ByteCache(1 << 20, lambda raw: raw.nbytes),
        pool=pool or ThreadPoolExecutor(1),
    )
    # Not looked at again: that would find another error.
    broken = DatasetConfig(id="broken", url="memory", refresh_s=0)
    made.entries["broken"] = Entry(broken, _origin(), error="it cannot be opened")
    return made


def _entry(dataset: Dataset) -> Entry:
    return Entry(dataset.config, _origin(), dataset=dataset)


def _origin() -> Origin:
    return Origin(urls=("memory",), base=Path())
