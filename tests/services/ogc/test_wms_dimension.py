"""What requests of WMS say of dimensions."""

import numpy as np
import pytest

from tileserver.cube import Dimension
from tileserver.errors import InvalidParameter
from tileserver.services.ogc.wms_dimension import asked, vertical
from tileserver.timeaxis import TimeAxis

DAYS = Dimension("time", TimeAxis(np.arange(10) * 86400.0))
DEPTH = Dimension("depth", np.array([0.0, 10.0]), units="m")
LEVEL = Dimension("Level", np.array([1000.0, 500.0]), units="hPa")
HEIGHT = Dimension("height", np.array([2.0, 10.0]), units="m")
BAND = Dimension("band", ("red", "blue"))


def test_the_vertical_dimension() -> None:
    """One of the usual names, in any case; the first of several, none of others."""
    assert vertical([DAYS, LEVEL]) is LEVEL
    assert vertical([DAYS, HEIGHT, DEPTH]) is DEPTH
    assert vertical([DAYS, BAND]) is None
    assert vertical([Dimension("depth", ("deep", "deeper"))]) is None


def test_names_of_a_dimension() -> None:
    """DIM_ and its name, its plain name unless that is a parameter's, ELEVATION."""
    assert asked([DEPTH], {"dim_depth": "1", "depth": "2", "elevation": "3"}) == {"depth": "1"}
    assert asked([DEPTH], {"depth": "2", "elevation": "3"}) == {"depth": "2"}
    assert asked([DEPTH], {"elevation": "3"}) == {"depth": "3"}
    assert asked([HEIGHT], {"height": "256"}) == {}
    assert asked([HEIGHT], {"height": "256", "dim_height": "10"}) == {"height": "10"}
    assert asked([LEVEL], {"level": "500"}) == {"level": "500"}
    assert asked([BAND], {"dim_band": "blue", "elevation": "3"}) == {"band": "blue"}
    assert asked([DAYS, BAND], {"time": "", "dim_band": ""}) == {}


@pytest.mark.parametrize(
    ("text", "latest"),
    [
        ("1970-01-03", "1970-01-03"),
        ("1970-01-03,1970-01-05,1970-01-04", "1970-01-05"),
        ("1970-01-01/1970-01-08,1970-01-04", "1970-01-01/1970-01-08"),
        ("1970-01-02, current", "current"),
    ],
)
def test_the_latest_of_a_list(text: str, latest: str) -> None:
    """Of instants by themselves, of periods by their ends."""
    assert asked([DAYS], {"time": text}) == {"time": latest}


@pytest.mark.parametrize("text", [",", "1970-01-02,", "1970-01-02,Bogus", "1970," * 1001])
def test_lists_that_are_none(text: str) -> None:
    """Each of a list has to be sound, and they are not too many."""
    with pytest.raises(InvalidParameter):
        asked([DAYS], {"time": text})
