import numpy as np
import pytest

from tests.services import memory_catalog
from tests.services.memory_catalog import DAY_S, GLOBE
from tileserver.config import DatasetConfig
from tileserver.cube import Cube, Dimension, Level, Variable
from tileserver.dataset import Dataset, make_dataset
from tileserver.layer import find_layer
from tileserver.services.ogc.named_view import NamedView
from tileserver.sources.memory import MemorySource
from tileserver.timeaxis import TimeAxis


def grouped(*dimensions: Dimension) -> Dataset:
    """A dataset with one variable over dimensions."""
    shape = (*(each.size for each in dimensions), *GLOBE.shape)
    level = Level(GLOBE, (*(1 for _ in dimensions), *GLOBE.shape), shape, 16200)
    names = tuple(each.name for each in dimensions)
    variable = Variable("a", names, np.dtype("f4"), (level,))
    cube = Cube({"a": variable}, {each.name: each for each in dimensions})
    source = MemorySource(cube, {"a": (np.zeros(shape, "f4"),)})
    return make_dataset(DatasetConfig(id="grouped", url="memory"), source)


def times(name: str, count: int = 3) -> Dimension:
    return Dimension(name, TimeAxis(np.arange(count) * DAY_S))


@pytest.mark.parametrize(
    ("dims", "label"),
    [
        ({}, "1970-01-03T00:00:00Z"),
        ({"group.time": "1970-01-02"}, "1970-01-02T00:00:00Z"),
        ({"time": "1970-01-02"}, "1970-01-02T00:00:00Z"),
        ({"time": "{time}"}, "1970-01-03T00:00:00Z"),
        ({"time": "1970-01-02", "group.time": "1970-01-01"}, "1970-01-01T00:00:00Z"),
    ],
)
def test_time_of_a_group(dims: dict[str, str], label: str) -> None:
    """`time` is a layer's time, whatever its dimension is called; its own name goes before."""
    dataset = grouped(times("group.time"))
    named = NamedView.of(dataset, find_layer(dataset, "a"), "", dims)
    assert named.chosen["group.time"].label == label
    assert named.view.selection.time_label(dataset.source.cube) == label


def test_time_beside_another() -> None:
    """Of several dimensions of times `time` is the one that is called so."""
    dataset = grouped(times("made", 2), times("time"))
    layer = find_layer(dataset, "a")
    named = NamedView.of(dataset, layer, "", {"time": "1970-01-01"})
    assert named.chosen["time"].label == "1970-01-01T00:00:00Z"
    assert named.chosen["made"].label == "1970-01-02T00:00:00Z"


def test_stand_ins() -> None:
    """What was taken in place of what was asked for is told, and nothing else."""
    sea = memory_catalog.sea()
    asked = {"time": "1970-01-02T01:00:00Z", "depth": "10"}
    named = NamedView.of(sea, find_layer(sea, "sst"), "", asked)
    assert named.stand_ins == {"time": "1970-01-02T00:00:00Z"}
    assert named.view.selection.labels(sea.source.cube)["depth"] == "10"
