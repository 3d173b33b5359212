import re

import numpy as np
import numpy.typing as npt
import pytest

from tests.services.ogc.wmts_document import DAY_S, depth_dimension, time_dimension
from tileserver.cube import Dimension
from tileserver.errors import InvalidParameter
from tileserver.services.ogc.dimension import Chosen, choose, listed_values, regular_period
from tileserver.timeaxis import TimeAxis, parse_instant

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def axis(*instants: str) -> Dimension:
    return Dimension("time", TimeAxis(np.array([parse_instant(text) for text in instants])))


def test_a_thousand_steps_are_listed() -> None:
    """Up to 1000 steps there is one value for each, to the second, with Z."""
    values = listed_values(time_dimension(1000))
    assert len(values) == 1000
    assert all(INSTANT.fullmatch(value) for value in values)


def test_more_steps_are_a_period() -> None:
    """Beyond 1000 steps one plain instant comes first, then start/end/period."""
    assert listed_values(time_dimension(1001)) == [
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z/1972-09-27T00:00:00Z/P1D",
    ]


@pytest.mark.parametrize(
    ("step_s", "period"),
    [(3600, "PT1H"), (90, "PT1M30S"), (8 * DAY_S, "P8D"), (1.5 * DAY_S, "P1DT12H")],
)
def test_period_of_seconds(step_s: float, period: str) -> None:
    """A period is written in days, hours, minutes and seconds."""
    assert listed_values(time_dimension(1200, step_s))[1].endswith(f"/{period}")


@pytest.mark.parametrize(("months", "period"), [(1, "P1M"), (3, "P3M"), (12, "P1Y")])
def test_period_of_months(months: int, period: str) -> None:
    """Steps of whole months are regular although their lengths differ."""
    steps = np.arange(1200) * months
    texts = [f"{1700 + n // 12}-{n % 12 + 1:02d}-16T12:00:00Z" for n in steps]
    assert listed_values(axis(*texts)) == [texts[0], f"{texts[0]}/{texts[-1]}/{period}"]


def test_regular_stretches() -> None:
    """An axis with gaps has one period for each regular stretch, and a lone step stands alone."""
    days = [*range(600), 700, *range(800, 1400)]
    dimension = Dimension("time", TimeAxis(np.array(days) * DAY_S))
    assert listed_values(dimension)[1:] == [
        "1970-01-01T00:00:00Z/1971-08-23T00:00:00Z/P1D",
        "1971-12-02T00:00:00Z/1972-03-11T00:00:00Z/P100D",
        "1972-03-12T00:00:00Z/1973-10-31T00:00:00Z/P1D",
    ]


def test_irregular_axis() -> None:
    """An axis with hundreds of stretches is told as one period of its median step."""
    rng = np.random.default_rng(1)
    seconds = np.cumsum(rng.integers(DAY_S, 9 * DAY_S, 5000)).astype(float)
    values = listed_values(Dimension("time", TimeAxis(seconds)))
    assert len(values) == 2
    assert values[1].startswith(f"{values[0]}/")


def test_many_numbers_are_thinned() -> None:
    """Of thousands of depths a thousand are listed, both ends included."""
    values = listed_values(Dimension("depth", np.arange(5000.0)))
    assert len(values) == 1000
    assert (values[0], values[-1]) == ("0", "4999")


def test_unordered_and_missing_times() -> None:
    """Times are listed in order, once each, without steps that have none."""
    dimension = Dimension("time", TimeAxis(np.array([2, np.nan, 0, 2]) * DAY_S))
    assert listed_values(dimension) == ["1970-01-01T00:00:00Z", "1970-01-03T00:00:00Z"]


@pytest.mark.parametrize("text", [None, "", "default", "current", "{time}", "{Time}"])
def test_default_time(text: str | None) -> None:
    """No time, `default`, `current` and an unfilled template mean the latest."""
    assert choose(time_dimension(), text) == Chosen("1970-01-03T00:00:00Z")


def test_snapping() -> None:
    """A time between steps is answered by the nearest, which is said."""
    assert choose(time_dimension(), "1970-01-02T05:00") == Chosen("1970-01-02T00:00:00Z", True)
    assert choose(time_dimension(), "1970-01-02") == Chosen("1970-01-02T00:00:00Z", False)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1970-01-01/1970-01-02/P1D", "1970-01-02T00:00:00Z"),
        ("1970-01-01T00:00:00Z/2100-01-01T00:00:00Z", "1970-01-03T00:00:00Z"),
    ],
)
def test_period(text: str, label: str) -> None:
    """A period means its latest step."""
    assert choose(time_dimension(), text).label == label


@pytest.mark.parametrize("text", ["Bogus", "2024-13-45", "0000", "2100-01-01", "a/b", "2100/2101"])
def test_no_such_time(text: str) -> None:
    """Text that is no time of the axis is refused, naming the parameter and the range."""
    with pytest.raises(InvalidParameter, match="1970-01-01T00:00:00Z to 1970-01-03") as caught:
        choose(time_dimension(), text)
    assert caught.value.name == "time"


def test_numbers() -> None:
    """A depth is snapped, said to be where it was, and refused beyond the axis."""
    assert choose(depth_dimension(), "10.0") == Chosen("10", False)
    assert choose(depth_dimension(), "12") == Chosen("10", True)
    assert choose(depth_dimension(), "{Depth}") == Chosen("0.5", False)
    with pytest.raises(InvalidParameter, match="depth="):
        choose(depth_dimension(), "9999")


def test_texts() -> None:
    """A dimension of texts takes one of them to the letter."""
    band = Dimension("band", ("red", "nir"))
    assert choose(band, "nir") == Chosen("nir")
    with pytest.raises(InvalidParameter, match="red, nir"):
        choose(band, "blue")


@pytest.mark.parametrize(
    ("seconds", "period"),
    [
        (np.arange(5) * 86400.0, "P1D"),
        (np.arange(4) * 10800.0, "PT3H"),
        (np.array([0, 31, 59, 90]) * 86400.0, "P1M"),
        (np.array([0, 1, 3]) * 86400.0, None),
        (np.array([0.0]), None),
    ],
)
def test_regular_period(seconds: npt.NDArray[np.float64], period: str | None) -> None:
    """The step of an axis is told where it is the same all along."""
    assert regular_period(TimeAxis(seconds)) == period
