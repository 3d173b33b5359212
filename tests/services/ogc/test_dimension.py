import re
import time

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


@pytest.mark.parametrize(
    "text",
    [
        *(None, "", " ", "default", "Default", "current", "CURRENT", "latest"),
        *("{time}", "{Time}", "{TIME}"),
    ],
)
def test_default_time(text: str | None) -> None:
    """No time, `default`, `current` and an unfilled template mean the latest."""
    assert choose(time_dimension(), text) == Chosen("1970-01-03T00:00:00Z")


def test_snapping() -> None:
    """A time between steps is answered by the nearest, which is said."""
    assert choose(time_dimension(), "1970-01-02T05:00") == Chosen("1970-01-02T00:00:00Z", True)
    assert choose(time_dimension(), "1970-01-02") == Chosen("1970-01-02T00:00:00Z", False)


def test_a_typical_year() -> None:
    """Of a climatology the default, and what is current, is the first step."""
    dimension = Dimension("time", TimeAxis(np.arange(12) * 30 * DAY_S, climatological=True))
    assert choose(dimension, "current") == choose(dimension, None) == Chosen("1970-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1970-01-02T02:00:00+02:00", "1970-01-02T00:00:00Z"),
        ("1970-01-01T22:00:00-0200", "1970-01-02T00:00:00Z"),
        ("1970-01-02T02:00:00 02:00", "1970-01-02T00:00:00Z"),
        ("1970-01-02T00:00:00.000Z", "1970-01-02T00:00:00Z"),
        ("1970-01-02t00:00:00z", "1970-01-02T00:00:00Z"),
        ("1970-01-02 00:00:00", "1970-01-02T00:00:00Z"),
        (" 1970-01-02 ", "1970-01-02T00:00:00Z"),
        ("1970-01", "1970-01-01T00:00:00Z"),
        ("1970", "1970-01-01T00:00:00Z"),
    ],
)
def test_ways_to_write_a_time(text: str, label: str) -> None:
    """Offsets (also with a plus that a query turned into a blank), fractions, dates are read."""
    assert choose(time_dimension(), text) == Chosen(label)


def test_fractions_of_seconds() -> None:
    """Steps closer than a second are told apart, and a time between them is snapped."""
    dimension = Dimension("time", TimeAxis(np.array([0.0, 0.1, 0.2])))
    assert choose(dimension, "1970-01-01T00:00:00.100Z") == Chosen("1970-01-01T00:00:00.100Z")
    assert choose(dimension, "1970-01-01T00:00:00.19Z") == Chosen("1970-01-01T00:00:00.200Z", True)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1970-01-01/1970-01-02/P1D", "1970-01-02T00:00:00Z"),
        ("1970-01-01T00:00:00Z/2100-01-01T00:00:00Z", "1970-01-03T00:00:00Z"),
        ("1969-01-01/1970-01-02T00:00:00Z/", "1970-01-02T00:00:00Z"),
        ("1970-01-01/PT36H", "1970-01-02T00:00:00Z"),
        ("1970-01-01/P1D", "1970-01-01T00:00:00Z"),
        ("1970-01-01/p1m", "1970-01-03T00:00:00Z"),
        ("1970-01-01/P9999Y99999M", "1970-01-03T00:00:00Z"),
        ("P1D/1970-01-03", "1970-01-03T00:00:00Z"),
        ("P1Y2M3W4DT5H6M7.5S/1970-01-02", "1970-01-02T00:00:00Z"),
        ("../1970-01-02", "1970-01-02T00:00:00Z"),
        ("1970-01-01/..", "1970-01-03T00:00:00Z"),
        ("1970-01-01/", "1970-01-03T00:00:00Z"),
    ],
)
def test_period(text: str, label: str) -> None:
    """A period means its latest step; a duration's far end is not in it."""
    assert choose(time_dimension(), text) == Chosen(label)


def test_period_between_steps() -> None:
    """A period without a step means the nearest to its start, which is said."""
    monthly = axis("2024-01-01", "2024-02-01", "2024-03-01")
    chosen = choose(monthly, "2024-02-10T00:00:00Z/2024-02-11T00:00:00Z")
    assert chosen == Chosen("2024-02-01T00:00:00Z", True)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2024-01-31/P1M", "2024-02-01T00:00:00Z"),
        ("P1M/2024-03-31", "2024-03-01T00:00:00Z"),
        ("P1M/2024-03-01", "2024-03-01T00:00:00Z"),
        ("2024-01-01/P1M", "2024-01-01T00:00:00Z"),
        ("2023-03-01/P1Y", "2024-02-01T00:00:00Z"),
    ],
)
def test_durations_of_months(text: str, label: str) -> None:
    """Months are as long as they are."""
    assert choose(axis("2024-01-01", "2024-02-01", "2024-03-01"), text).label == label


@pytest.mark.parametrize(
    ("calendar", "text", "label"),
    [
        ("360_day", "1970-01-31T06:00:00Z", "1970-01-30T00:00:00Z"),
        ("360_day", "1970-02-30", "1970-02-30T00:00:00Z"),
        ("noleap", "1972-02-29", "1972-02-28T00:00:00Z"),
        ("360_day", "1970-01-31/1970-01-31", "1970-01-30T00:00:00Z"),
        ("360_day", "1970-01-31/P1M", "1970-02-29T00:00:00Z"),
    ],
)
def test_days_that_a_calendar_lacks(calendar: str, text: str, label: str) -> None:
    """Clients count days as people do: one that the axis' calendar lacks is the one before."""
    dimension = Dimension("time", TimeAxis(np.arange(1000) * DAY_S, calendar))
    assert choose(dimension, text).label == label


@pytest.mark.parametrize(
    "text",
    [
        *("Bogus", "2024-13-45", "0000", "2100-01-01", "1970-02-30", "9" * 10240, "nan", "1e309"),
        *("a/b", "2100/2101", "1970-01-03/1970-01-01", "/", "../..", "../../etc/passwd"),
        *("P1M/P1M", "P/1970-01-01", "PT/1970-01-01", "P1M/", "P9999999D/1970-01-01T00:00:00"),
        *("1970-01-01/1970-01-02/x", "1970-01-01/1970-01-02/P1D/P1D"),
        *("{", "{tim}", "1970-01-01,1970-01-02", "\0", "1970-01-01\0", "１９７０-01-01"),
        "/".join(["1970-01-01"] * 5000),
    ],
)
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
    assert choose(depth_dimension(), "default") == Chosen("0.5", False)
    assert choose(depth_dimension(), "0.50000001") == Chosen("0.5", False)
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


def test_texts_that_are_words() -> None:
    """A text that is called as a word for the default is itself."""
    run = Dimension("run", ("control", "default", "{run}"))
    assert choose(run, "default").label == "default"
    assert choose(run, "{run}").label == "{run}"
    assert choose(run, "").label == "control"


@pytest.mark.parametrize("text", ["1990-07-02T05:00:00Z", "1990-07-02/1990-08-01", "current"])
def test_a_hundred_thousand_steps(text: str) -> None:
    """Choosing takes no longer on a long axis: the first time less than a second, then no time."""
    dimension = time_dimension(100_000, 6 * 3600)
    choose(dimension, text)
    begun = time.perf_counter()
    for _ in range(100):
        choose(dimension, text)
    assert time.perf_counter() - begun < 0.2


def test_gaps_are_not_listed() -> None:
    """What stands between numbers without being one is no coordinate that a request may name."""
    depth = Dimension("depth", np.array([0.5, np.nan, 10.0]))
    assert listed_values(depth) == ["0.5", "10"]
    assert [choose(depth, text).label for text in listed_values(depth)] == ["0.5", "10"]
