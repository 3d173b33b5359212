"""Catalogues of what is hard to write into a WMTS document."""

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np
from affine import Affine

from tests.services.memory_catalog import GLOBE, ZONE_31, _entry, _origin, _variable
from tests.services.ogc.cubes import POLE, REGION, SEAM, hard_catalog
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import ContactConfig, DatasetConfig, ServiceConfig
from tileserver.cube import Cube, Dimension, Raw, Variable
from tileserver.dataset import Dataset, Entry, make_dataset
from tileserver.grid import Grid, parse_crs
from tileserver.matrixset import MatrixSets, quad
from tileserver.sources.memory import MemorySource
from tileserver.timeaxis import TimeAxis

CatalogMaker = Callable[[ByteCache[Raw], Executor], Catalog]

DAY_S = 86400.0
NASTY = "a & b <c> \"d\" 'e' \x00\x07\x1b \ufdd0\ufdd1\ufffe Ω 海 \U0001f30a"
SERVICE = ServiceConfig(
    title=NASTY,
    abstract=NASTY,
    keywords=("sea", NASTY),
    provider=NASTY,
    provider_url="https://provider.example/?a=1&b='2'",
    contact=ContactConfig(
        name=NASTY,
        organization="Institute",
        position="Curator",
        phone="+49 1",
        email="data@provider.example",
        street="Street 1",
        city="Ærø",
        region="Region",
        postcode="01234",
        country="Land",
        url="https://provider.example/contact",
        hours="9–17",
        instructions=NASTY,
    ),
    fees="none",
    access_constraints=NASTY,
)
SWISS = Grid.from_affine(parse_crs("EPSG:2056"), Affine(1e3, 0, 25e5, 0, -1e3, 13e5), (200, 300))
OWN = quad("own", None, "EPSG:2056", (242e4, 103e4, 29e5, 135e4), tile_px=256, max_zoom=9)
THEMES = ("Ocean", "Ocean/Surface", "Ocean/ Surface /Höhe & <more>", "Land", "Surface", None)


def dataset(
    config: dict[str, object], *variables: Variable, dims: tuple[Dimension, ...] = ()
) -> Dataset:
    """A dataset of layers whose values nobody reads."""
    made = DatasetConfig.model_validate({"url": "memory", **config})
    cube = Cube({each.id: each for each in variables}, {each.name: each for each in dims})
    return make_dataset(made, MemorySource(cube, {}), MatrixSets({"own": OWN}))


def _catalog(datasets: list[Dataset], service: ServiceConfig | None = None) -> CatalogMaker:
    def make(cache: ByteCache[Raw], pool: Executor) -> Catalog:
        entries = {each.id: _entry(each) for each in datasets}
        return Catalog(
            entries, cache=cache, pool=pool, service=service, matrix_sets=MatrixSets({"own": OWN})
        )

    return make


def empty(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """Nothing at all."""
    return Catalog({}, cache=cache, pool=pool)


def broken(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """One dataset that cannot be opened."""
    entry = Entry(DatasetConfig(id="broken", url="memory"), _origin(), error="it is gone")
    return Catalog({"broken": entry}, cache=cache, pool=pool)


def nasty(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """Names that need escaping, themes, styles to choose from, a contact, own matrix sets."""
    grids = (GLOBE, REGION, SEAM, POLE, ZONE_31, SWISS)
    datasets = []
    for number, (grid, theme) in enumerate(zip(grids, THEMES, strict=True)):
        config = {
            "id": f"set.{number}.of-names_",
            "title": NASTY,
            "description": NASTY,
            "attribution": NASTY,
            "keywords": ["sea", NASTY],
            "theme": theme,
            "queryable": number != 2,
            "offers": ["mine", "viridis:-1.5:7e3", "gray_r"],
            "style_sets": {"mine": {"warm.1": {"colormap_name": "thermal"}, "s-2": {}}},
        }
        names = ("größe & <b>", "x.y", "a/b c?d=e#f")
        variables = [_variable(name, grid, title=NASTY, valid_range=(0, 1)) for name in names]
        datasets.append(dataset(config, *variables))
    return _catalog(datasets, SERVICE)(cache, pool)


def long(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """A hundred thousand steps, regular, with gaps, irregular, monthly, of another calendar; ten
    thousand depths."""
    steps = np.arange(100_000)
    random = np.random.default_rng(1)
    gaps = np.flatnonzero(random.random(100_000) < 0.001)
    months = np.array([np.datetime64("1500-01", "M") + n for n in range(6000)])
    axes = {
        "regular": TimeAxis(steps * 600.0),
        "gaps": TimeAxis((steps + np.searchsorted(gaps, steps)) * 3600.0),
        "irregular": TimeAxis(np.cumsum(random.integers(1, 9999, 100_000)).astype(float)),
        "monthly": TimeAxis(months.astype("datetime64[s]").astype(float)),
        "calendar": TimeAxis(steps * DAY_S, calendar="360_day"),
    }
    depth = Dimension("depth", np.arange(10_000) * 0.5, units="m")
    names = Dimension("name", tuple(f"{NASTY} {n}" for n in range(10_000)))
    datasets = []
    for name, axis in axes.items():
        dims = (Dimension("time", axis), depth, names)
        variable = _variable("a", GLOBE, *dims, valid_range=(0, 1))
        datasets.append(dataset({"id": name}, variable, dims=dims))
    return _catalog(datasets)(cache, pool)


def many(count: int = 500, variables: int = 3, steps: int = 400) -> CatalogMaker:
    """Many datasets, half of them regional, some irregular in time, some with depths."""
    random = np.random.default_rng(1)
    days = np.arange(steps) * DAY_S
    uneven = np.cumsum(random.integers(1, 20, steps)) * DAY_S
    depth = Dimension("depth", np.linspace(0, 5000, 33), units="m")
    grids = (GLOBE, REGION, GLOBE, ZONE_31)
    datasets = []
    for number in range(count):
        time = Dimension("time", TimeAxis(uneven if number % 5 > 2 else days))
        dims = (time, depth) if number % 5 == 1 else (time,)
        config = {
            "id": f"dataset-{number}",
            "title": f"Dataset {number}",
            "description": "What it is, where it comes from and how it was made, in a sentence.",
            "attribution": "Some agency",
            "theme": f"Theme {number % 7}/Part {number % 4}" if number % 3 else None,
        }
        grid = grids[number % len(grids)]
        names = [f"variable_{n}" for n in range(variables)]
        layers = [_variable(n, grid, *dims, units="K", valid_range=(0, 1)) for n in names]
        datasets.append(dataset(config, *layers, dims=dims))
    return _catalog(datasets)


CATALOGS: dict[str, CatalogMaker] = {
    "empty": empty,
    "broken": broken,
    "nasty": nasty,
    "hard": hard_catalog,
    "long": long,
}
