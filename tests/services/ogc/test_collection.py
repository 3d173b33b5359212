"""Lists of collections: which match, by pages, of large catalogues too."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.services import memory_catalog
from tests.services.memory_catalog import catalog
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Dimension, Level, Variable
from tileserver.dataset import Entry, make_dataset
from tileserver.services.ogc.collection import Search, collection, collections
from tileserver.services.ogc.interval import parse_datetime
from tileserver.services.ogc.named_layer import find
from tileserver.sources.memory import MemorySource
from tileserver.sources.opening import Origin
from tileserver.timeaxis import TimeAxis

BASE = "http://maps.example/a"


def ids(search: Search, of: Catalog | None = None) -> list[str]:
    found = collections(of or catalog(), search, BASE, "json")
    assert found["numberReturned"] == len(found["collections"])
    return [each["id"] for each in found["collections"]]


def large(datasets: int, variables: int, steps: int) -> Catalog:
    """A catalogue of many datasets with many steps each."""
    grid, entries = memory_catalog.GLOBE, {}
    for number in range(datasets):
        axis = TimeAxis(np.arange(steps) * 3600.0 + np.arange(steps) % 3)
        shape = (steps, *grid.shape)
        level = Level(grid=grid, chunks=shape, shape=shape, nbytes=4)
        names = [f"v{i}" for i in range(variables)]
        cube = Cube(
            {n: Variable(n, ("time",), np.dtype("f4"), (level,)) for n in names},
            {"time": Dimension("time", axis)},
        )
        config = DatasetConfig(id=f"d{number}", url="memory")
        dataset = make_dataset(config, MemorySource(cube, {}))
        entries[dataset.id] = Entry(config, Origin(urls=("memory",), base=None), dataset=dataset)
    return Catalog(entries, cache=ByteCache(1, lambda raw: raw.nbytes), pool=ThreadPoolExecutor(1))


def test_all_layers_of_open_datasets() -> None:
    """A dataset that cannot be opened has no collections."""
    found = ids(Search())
    assert found[:2] == ["sea.flow", "sea.sst"]
    assert {"sea.ice.extent", "utm.height"} <= set(found)


@pytest.mark.parametrize(
    ("bbox", "there"),
    [
        ((2, 44, 3, 45), {"utm.height"}),
        ((175, -15, 176, -14), {"sea.ice.extent"}),
        ((-175, -15, -174, -14), {"sea.ice.extent"}),
        ((175, -15, -175, -14), {"sea.ice.extent"}),
        ((182, -15, 184, -14), {"sea.ice.extent"}),
        ((-180, -90, 180, 90), {"sea.ice.extent", "utm.height"}),
        ((0, -90, 360, 90), {"sea.ice.extent", "utm.height"}),
        ((20, -15, 30, -14), set()),
    ],
)  # fmt: skip
def test_box(bbox: tuple[float, float, float, float], there: set[str]) -> None:
    """Those that reach into a box, which may cross 180° as they may."""
    found = ids(Search(bbox=bbox))
    assert "sea.sst" in found
    assert {"sea.ice.extent", "utm.height"} & set(found) == there


@pytest.mark.parametrize(
    ("text", "there"),
    [("1970-01-03", True), ("1960-01-01/1970-01-01", True), ("1970-01-05/..", True),
     ("../1969-12-31", False), ("1970-01-02T01:00:00Z/1970-01-02T02:00:00Z", True),
     ("2020-01-01", False), ("1970-02-30", False), ("latest", True)],
)  # fmt: skip
def test_time(text: str, there: bool) -> None:
    """Those whose times, from first to last, reach into an interval; all that have none."""
    found = ids(Search(time=parse_datetime(text)))
    assert ("sea.sst" in found) == there
    assert "utm.height" in found


def test_words() -> None:
    """All words, in any case, in the title, the id or the description."""
    assert ids(Search(words=("temperature",))) == ["sea.sst"]
    assert ids(Search(words=("made", "sst"))) == ["sea.sst"]
    assert ids(Search(words=("temperature", "ice"))) == []


def test_pages_lead_to_each_other() -> None:
    """Whatever else is asked for goes along."""
    search = Search(words=("sea",), offset=2, limit=2, query="q=sea%20%26%20ice")
    found = collections(catalog(), search, BASE, "json")
    links = {each["rel"]: each["href"] for each in found["links"]}
    assert links["next"] == f"{BASE}/ogc/collections?q=sea%20%26%20ice&limit=2&offset=4&f=json"
    assert links["prev"] == f"{BASE}/ogc/collections?q=sea%20%26%20ice&limit=2&offset=0&f=json"
    assert found["numberMatched"] > 4
    last = collections(catalog(), Search(offset=100), BASE, "json")
    assert "next" not in {each["rel"] for each in last["links"]}
    assert last["collections"] == []


def test_a_collection_is_told_alike_in_the_list() -> None:
    """But for its links, as OGC 20-024 has it."""
    listed = {c["id"]: c for c in collections(catalog(), Search(), BASE, "json")["collections"]}
    alone = collection(*find(catalog(), "sea.sst"), BASE, "json")
    assert {k: v for k, v in alone.items() if k != "links"} == {
        k: v for k, v in listed["sea.sst"].items() if k != "links"
    }
    assert len(alone["links"]) > len(listed["sea.sst"]["links"])


def test_large_catalogue() -> None:
    """500 datasets of 10 layers and 100 000 steps: a page is quick, and lists no times."""
    many = large(500, 10, 100_000)
    collections(many, Search(limit=1), BASE, "json")
    begun = time.perf_counter()
    found = collections(many, Search(offset=2000), BASE, "json")
    took = time.perf_counter() - begun
    assert found["numberMatched"] == 5000
    assert all("grid" not in each["extent"]["temporal"] for each in found["collections"])
    assert len(str(found)) < 200_000
    assert took < 1.0
