"""Which datasets list all values of their dimensions in a document."""

import numpy as np
import pytest

from tests.conformance.wmts_catalogs import dataset
from tests.services.memory_catalog import GLOBE, _variable
from tests.services.ogc.cubes import REGION
from tileserver.cube import Dimension
from tileserver.dataset import Dataset
from tileserver.services.ogc import wmts_contents
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.wmts_contents import MOST_ENTRIES, contents
from tileserver.timeaxis import TimeAxis


def series(name: str, steps: int, variables: int = 1) -> Dataset:
    """A dataset with irregular times."""
    days = np.cumsum(np.random.default_rng(1).integers(1, 9, steps)) * 86400.0
    time = Dimension("time", TimeAxis(days))
    layers = [_variable(f"v{n}", GLOBE, time, valid_range=(0, 1)) for n in range(variables)]
    return dataset({"id": name}, *layers, dims=(time,))


def listed(*datasets: Dataset) -> list[int]:
    """How many values the first layer of each lists."""
    found = contents(Fragments(), datasets)
    return [each.text.partition(b"</Layer>")[0].count(b"<Value>") for each in found]


def test_all_values_where_there_is_room() -> None:
    """A few datasets list all that they have."""
    assert listed(series("a", 30), series("b", 1000), series("c", 1)) == [30, 1000, 1]


def test_one_long_series_takes_nothing_from_others() -> None:
    """Where not all can be listed it is the longest that are told by periods, in their places."""
    long, short = series("long", 1000, variables=4), series("short", 300)
    assert contents(Fragments(), [long])[0].entries > MOST_ENTRIES
    assert listed(series("a", 40), long, short) == [40, 2, 300]


def test_room_is_shared_from_the_shortest_on() -> None:
    """Entries of all that list theirs are no more than QGIS can show."""
    datasets = [series(f"d{n}", 100 + n) for n in range(40)]
    values = listed(*datasets)
    whole = [n for n in values if n > 10]
    assert values == [*whole, *[2] * (40 - len(whole))]
    assert MOST_ENTRIES - 300 < 2 * sum(whole) <= MOST_ENTRIES


def test_one_surprise_hides_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """A dataset whose layers cannot be written, here for half a letter in a name, is left out, and
    its owner is told; the others are there."""
    odd = _variable("\ud800", GLOBE, valid_range=(0, 1))
    found = contents(Fragments(), [dataset({"id": "odd"}, odd), series("good", 3)])
    assert [each.ids for each in found] == [(), ("good.v0",)]
    assert [record.dataset for record in caplog.records] == ["odd"]


def test_written_ahead() -> None:
    """What is likely to be wanted is written ahead: of short series the whole."""
    fragments, short, long = Fragments(), series("a", 30), series("b", 1000)
    for each in (short, long):
        wmts_contents.prepare(fragments, each)
    held = fragments.nbytes
    [text] = contents(fragments, [short])
    assert text.text.count(b"<Value>") == 30
    assert fragments.nbytes == held
    contents(fragments, [long])
    assert fragments.nbytes > held


def test_less_of_each_the_more_there_are() -> None:
    """Layers lose what is found elsewhere too, then their limits; a dataset alone keeps it all."""
    layers = [_variable(f"v{n}", REGION, valid_range=(0, 1)) for n in range(9)]
    regional = [dataset({"id": f"d{n}"}, *layers) for n in range(60)]
    told = []
    for count in (1, 15, 27, 60):
        text = contents(Fragments(), regional[:count])[0].text
        told.append({word for word in (b"FeatureInfo", b"TileMatrixSetLimits") if word in text})
    both = {b"FeatureInfo", b"TileMatrixSetLimits"}
    assert told == [both, both, {b"TileMatrixSetLimits"}, set()]
