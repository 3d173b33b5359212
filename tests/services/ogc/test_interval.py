"""Which coordinates `datetime` and `subset` mean."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ("text", "found"),
    [
        ("2024-07-01T00:00:00Z", Interval.at("2024-07-01T00:00:00Z")),
        ("2024-07-01", Interval.at("2024-07-01")),
        ("latest", Interval.at("latest")),
        ("2024-07-01/2024-07-03", Interval("2024-07-01", "2024-07-03")),
        ("2024-07-01/2024-07-01", Interval("2024-07-01", "2024-07-01", is_point=False)),
        ("../2024-07-03", Interval(None, "2024-07-03")),
        ("/2024-07-03", Interval(None, "2024-07-03")),
        ("2024-07-01/..", Interval("2024-07-01", None)),
        ("2024-07-01/", Interval("2024-07-01", None)),
    ],
)
def test_datetime(text: str, found: Interval) -> None:
    """As RFC 3339 and OGC API have times and intervals: ends may be open."""
    assert parse_datetime(text) == found


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
        ("depth(10)", {"depth": Interval.at("10")}),
        (
            'depth(10),time("2024-07-01T00:00:00Z")',
            {
                "depth": Interval.at("10"),
                "time": Interval.at("2024-07-01T00:00:00Z"),
            },
        ),
        ('time("2024-07-01":"2024-07-02")', {"time": Interval("2024-07-01", "2024-07-02")}),
        ('datetime("2024-07-01":*)', {"datetime": Interval("2024-07-01", None)}),
        ("x( -1.5e1 : 2 ) , y(*:4)", {"x": Interval("-1.5e1", "2"), "y": Interval(None, "4")}),
        ('band("near infrared")', {"band": Interval.at("near infrared")}),
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
    july = Interval.at("2024-07-01")
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
    point = Interval.at("1")
    with pytest.raises(InvalidParameter, match=told):
        by_dimension([TIME, DEPTH], {axis: point}, Interval.at("latest"))


@pytest.mark.parametrize(
    ("interval", "label"),
    [
        (Interval.at("2024-07-01T03:00:00Z"), "2024-07-01T03:00:00Z"),
        (Interval("2024-07-01", None), "2024-07-05T12:00:00Z"),
        (Interval(None, "2024-07-02"), "2024-07-02T00:00:00Z"),
        (Interval("2024-07-01", "2024-07-04"), "2024-07-02T00:00:00Z"),
        (Interval.at("2024-07-05"), "2024-07-05"),
        (Interval("2024-07-03", "2024-07-04"), None),
        (Interval("2024-07-05", "2024-07-05", is_point=False), "2024-07-05T12:00:00Z"),
        (Interval("2025-01-01", None), None),
        (Interval.at("1999-01-01"), None),
    ],
)
def test_times(interval: Interval, label: str | None) -> None:
    """A point within the axis stands for the nearest step, an interval for its latest; beyond the
    axis, or between two steps, there is nothing."""
    assert coordinate(TIME, interval) == label


@pytest.mark.parametrize(
    ("interval", "label"),
    [
        (Interval.at("9"), "9"),
        (Interval("0", "20"), "10"),
        (Interval("20", None), "50"),
        (Interval(None, None), "10"),
        (Interval("11", "12"), None),
        (Interval.at("1e6"), None),
    ],
)
def test_numbers(interval: Interval, label: str | None) -> None:
    """Of an interval the default is taken if it is within, else the first."""
    assert coordinate(DEPTH, interval) == label


@pytest.mark.parametrize(
    ("dimension", "interval"),
    [
        (DEPTH, Interval.at("deep")),
        (DEPTH, Interval.at("nan")),
        (DEPTH, Interval("0", "inf")),
        (DEPTH, Interval("٣", None)),
        (BAND, Interval.at("green")),
        (BAND, Interval("a", "b")),
        (TIME, Interval.at("Bogus")),
        (TIME, Interval.at("2024-02-30")),
        (TIME, Interval("2024-07-02", "2024-07-01")),
        (NOLEAP, Interval("1970-01-31", None)),
    ],
)
def test_what_is_no_coordinate(dimension: Dimension, interval: Interval) -> None:
    """Text that the axis cannot have is an error that names the axis, not an empty tile."""
    name = "datetime" if dimension.kind == "time" else dimension.name
    with pytest.raises(InvalidParameter, match=f"{name}="):
        coordinate(dimension, interval)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from('Tt2041970-:/.,()*"depthZ \u0663\0')),
    st.sampled_from([TIME, DEPTH, BAND]),
)
def test_whatever_is_asked(text: str, dimension: Dimension) -> None:
    """There is an answer, or an error that says what is wrong."""
    with suppress(InvalidParameter):
        coordinate(dimension, parse_datetime(text))
    with suppress(InvalidParameter):
        for interval in parse_subset(text).values():
            coordinate(dimension, interval)


def test_days_of_another_calendar() -> None:
    """Whatever calendar an axis has, its own days can be asked for."""
    assert parse_datetime("1970-02-30") == Interval.at("1970-02-30")
    assert coordinate(NOLEAP, Interval("1970-01-01", "1970-01-30")) == "1970-01-05T00:00:00Z"
