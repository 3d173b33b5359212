"""Which coordinates `datetime` and `subset` mean."""

import numpy as np
import pytest

from tileserver.cube import Dimension
from tileserver.errors import InvalidParameter
from tileserver.services.ogc.interval import (
    Interval,
    by_dimension,
    coordinate,
    parse_datetime,
    parse_subset,
)
from tileserver.timeaxis import TimeAxis, parse_instant

DAYS = ("2024-07-01", "2024-07-02", "2024-07-05T12:00:00Z")
TIME = Dimension("time", TimeAxis(np.array([parse_instant(text) for text in DAYS])))
NOLEAP = Dimension("time", TimeAxis(np.arange(5) * 86400.0, calendar="360_day"))
DEPTH = Dimension("depth", np.array([10.0, 0.0, 50.0]), units="m")
BAND = Dimension("band", ("red", "near infrared"))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2024-07-01T00:00:00Z", "2024-07-01T00:00:00Z", "2024-07-01T00:00:00Z"),
        ("2024-07-01", "2024-07-01", "2024-07-01"),
        ("latest", "latest", "latest"),
        ("2024-07-01/2024-07-03", "2024-07-01", "2024-07-03"),
        ("../2024-07-03", None, "2024-07-03"),
        ("/2024-07-03", None, "2024-07-03"),
        ("2024-07-01/..", "2024-07-01", None),
        ("2024-07-01/", "2024-07-01", None),
    ],
)
def test_datetime(text: str, start: str | None, end: str | None) -> None:
    """As RFC 3339 and OGC API have times and intervals: ends may be open."""
    assert parse_datetime(text) == Interval(start, end)


@pytest.mark.parametrize(
    "text",
    ["", "..", "../..", "/", "Bogus", "2024-13-45", "0000", "2024-07-01/2024-07-02/P1D", "a/b",
     "2024-07-01/Bogus", "nan", "x" * 10_000, "2024-07-01/" * 1000, "\0", "２０２４-07-01",
     "default"],
)  # fmt: skip
def test_no_datetime(text: str) -> None:
    """Anything else is told as an error, at once and in few words."""
    with pytest.raises(InvalidParameter, match="datetime=") as told:
        parse_datetime(text)
    assert len(str(told.value)) < 300


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("depth(10)", {"depth": Interval("10", "10")}),
        (
            'depth(10),time("2024-07-01T00:00:00Z")',
            {
                "depth": Interval("10", "10"),
                "time": Interval("2024-07-01T00:00:00Z", "2024-07-01T00:00:00Z"),
            },
        ),
        ('time("2024-07-01":"2024-07-02")', {"time": Interval("2024-07-01", "2024-07-02")}),
        ('datetime("2024-07-01":*)', {"datetime": Interval("2024-07-01", None)}),
        ("x( -1.5e1 : 2 ) , y(*:4)", {"x": Interval("-1.5e1", "2"), "y": Interval(None, "4")}),
        ('band("near infrared")', {"band": Interval("near infrared", "near infrared")}),
        ("", {}),
    ],
)  # fmt: skip
def test_subset(text: str, found: dict[str, Interval]) -> None:
    """Axes with a point or an interval, parted by commas; times stand in quotes."""
    assert parse_subset(text) == found


@pytest.mark.parametrize(
    "text",
    ["depth", "depth()", "depth(10", "(10)", "depth(1:2:3)", "depth(1),depth(2)", "depth((1))", ",",
     "depth(1)x(2)", "time(2024-07-01T00:00:00Z)", 'time("2024', "depth(" * 2000,
     "(" * 500 + ")" * 500, "x" * 10_000, "depth(1),", "depth(1)," * 100, 'a(" ' * 100, "\0"],
)  # fmt: skip
def test_no_subset(text: str) -> None:
    """Anything else is told as an error, at once and in few words."""
    with pytest.raises(InvalidParameter, match="subset=") as told:
        parse_subset(text)
    assert len(str(told.value)) < 300


def test_time_goes_by_two_names() -> None:
    """Of any layer `datetime` is its time; one without times matches every datetime."""
    july = Interval("2024-07-01", "2024-07-01")
    run = Dimension("run", TIME.values)
    assert by_dimension([run, DEPTH], {"datetime": july}, None) == {"run": july}
    assert by_dimension([run, DEPTH], {"run": july}, None) == {"run": july}
    assert by_dimension([run, DEPTH], {}, july) == {"run": july}
    assert by_dimension([DEPTH], {}, july) == {}


@pytest.mark.parametrize(
    ("axis", "told"),
    [
        ("Lat", "expected one of time, depth, datetime"),
        ("time", "twice"),
        ("Depth", "expected one"),
    ],
)
def test_axis_that_is_not_there(axis: str, told: str) -> None:
    """An axis of another name, or asked for twice, is an error; names have a case."""
    point = Interval("1", "1")
    with pytest.raises(InvalidParameter, match=told):
        by_dimension([TIME, DEPTH], {axis: point}, Interval("latest", "latest"))


@pytest.mark.parametrize(
    ("interval", "label"),
    [
        (Interval("2024-07-01T03:00:00Z", "2024-07-01T03:00:00Z"), "2024-07-01T03:00:00Z"),
        (Interval("2024-07-01", None), "2024-07-05T12:00:00Z"),
        (Interval(None, "2024-07-02"), "2024-07-02T00:00:00Z"),
        (Interval("2024-07-01", "2024-07-04"), "2024-07-02T00:00:00Z"),
        (Interval("2024-07-05", "2024-07-05"), "2024-07-05"),
        (Interval("2024-07-03", "2024-07-04"), None),
        (Interval("2025-01-01", None), None),
        (Interval("1999-01-01", "1999-01-01"), None),
    ],
)
def test_times(interval: Interval, label: str | None) -> None:
    """A point within the axis stands for the nearest step, an interval for its latest; beyond the
    axis, or between two steps, there is nothing."""
    assert coordinate(TIME, interval) == label


@pytest.mark.parametrize(
    ("interval", "label"),
    [
        (Interval("9", "9"), "9"),
        (Interval("0", "20"), "10"),
        (Interval("20", None), "50"),
        (Interval(None, None), "10"),
        (Interval("11", "12"), None),
        (Interval("1e6", "1e6"), None),
    ],
)
def test_numbers(interval: Interval, label: str | None) -> None:
    """Of an interval the default is taken if it is within, else the first."""
    assert coordinate(DEPTH, interval) == label


@pytest.mark.parametrize(
    ("dimension", "interval"),
    [
        (DEPTH, Interval("deep", "deep")),
        (DEPTH, Interval("nan", "nan")),
        (DEPTH, Interval("0", "inf")),
        (DEPTH, Interval("٣", None)),
        (BAND, Interval("green", "green")),
        (BAND, Interval("a", "b")),
        (TIME, Interval("Bogus", "Bogus")),
        (TIME, Interval("2024-02-30", "2024-02-30")),
        (TIME, Interval("2024-07-02", "2024-07-01")),
        (NOLEAP, Interval("1970-01-31", None)),
    ],
)
def test_what_is_no_coordinate(dimension: Dimension, interval: Interval) -> None:
    """Text that the axis cannot have is an error that names the axis, not an empty tile."""
    with pytest.raises(InvalidParameter, match=f"{dimension.name}="):
        coordinate(dimension, interval)


def test_days_of_another_calendar() -> None:
    """Whatever calendar an axis has, its own days can be asked for."""
    assert parse_datetime("1970-02-30").point == "1970-02-30"
    assert coordinate(NOLEAP, Interval("1970-01-01", "1970-01-30")) == "1970-01-05T00:00:00Z"
