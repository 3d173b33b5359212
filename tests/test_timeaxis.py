"""Instants: what is understood, what is refused, and which step is found."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.errors import InvalidParameter
from tileserver.timeaxis import NotAnInstant, TimeAxis, format_instants, parse_instant

DAY = 86400.0
AXIS = TimeAxis(np.arange(0, 10) * DAY)  # 1970-01-01 to 1970-01-10

GOOD = {
    "1970": 0.0,
    "1970-02": 31 * DAY,
    "1970-01-02": DAY,
    "1970-01-02T03:04": DAY + 3 * 3600 + 240,
    "1970-01-02T03:04:05": DAY + 3 * 3600 + 245,
    "1970-01-02T03:04:05.25Z": DAY + 3 * 3600 + 245.25,
    "1970-01-02t03:04:05z": DAY + 3 * 3600 + 245,
    "1970-01-02 03:04:05": DAY + 3 * 3600 + 245,
    "1970-01-02T03:04:05+02:00": DAY + 3600 + 245,
    "1970-01-02T03:04:05 02:00": DAY + 3600 + 245,  # a plus sign that a query string lost
    "1970-01-02T00:00:00-0100": DAY + 3600,
}
BAD = [
    "", "Bogus", "2024-13-45", "2024-02-30", "0000", "1970-1-1", "19700101", "١٩٧٠", "nan", "-1",
    "1970-01-01T25:00", "1970-01-01T00:00:00Z; drop", "9" * 10_000, "1970-01-01\0", "1e309",
]  # fmt: skip


@pytest.mark.parametrize("text", GOOD)
def test_instants(text):
    """ISO 8601 of any precision, with any offset."""
    assert parse_instant(text) == GOOD[text]


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:20])
def test_no_instants(text):
    """Anything else is refused, and a request with it names the parameter and the range."""
    with pytest.raises(NotAnInstant):
        parse_instant(text)
    with pytest.raises(InvalidParameter, match=r"^time=.*1970-01-01T00:00:00Z to 1970-01-10"):
        AXIS.find(text)


@given(st.text(max_size=80))
def test_no_text_is_more_than_refused(text):
    """Whatever is asked, the answer is a step or InvalidParameter."""
    with contextlib.suppress(InvalidParameter):
        assert 0 <= AXIS.find(text) < 10


@given(st.datetimes())
def test_text_comes_back(instant):
    """What is formatted is parsed to the same second."""
    seconds = parse_instant(instant.isoformat(timespec="seconds"), "proleptic_gregorian")
    [text] = format_instants(np.array([seconds]), "proleptic_gregorian")
    assert text == instant.isoformat(timespec="seconds") + "Z"


def test_nearest_and_exact():
    """A time between steps finds the nearest, or none with method=exact."""
    assert AXIS.find("1970-01-03T11:00") == 2
    assert AXIS.find("1970-01-03T13:00") == 3
    assert AXIS.find("1970-01-03", method="exact") == 2
    with pytest.raises(InvalidParameter, match="nearest is 1970-01-03"):
        AXIS.find("1970-01-03T11:00", method="exact")


def test_beyond_the_axis():
    """One step beyond the ends still answers; more does not."""
    assert AXIS.find("1970-01-10T20:00") == 9
    assert AXIS.find("1969-12-31") == 0
    for text in ("1970-01-12", "1969-12-29", "2024-01-01"):
        with pytest.raises(InvalidParameter, match="expected a time within"):
            AXIS.find(text)


def test_latest():
    """`latest` is the last instant, wherever it is stored."""
    assert TimeAxis(np.array([2.0, 3.0, 1.0]) * DAY).find("latest") == 1


def test_one_step():
    """An axis of one step answers a day around it."""
    axis = TimeAxis(np.array([0.0]))
    assert axis.find("1970-01-01T12:00") == 0
    with pytest.raises(InvalidParameter):
        axis.find("1970-01-03")


@pytest.mark.parametrize(
    ("start", "end", "steps"),
    [
        (None, None, list(range(10))),
        ("1970-01-03", "1970-01-05", [2, 3, 4]),
        ("1970-01-03T12:00", "1970-01-05", [3, 4]),
        (None, "1970", list(range(10))),
        ("1970-01", "1970-01", list(range(10))),
        ("1970-01-05", None, list(range(4, 10))),
        ("1971", None, []),
    ],
)
def test_between(start, end, steps):
    """Both ends belong to a range, and an end that is a date is all of that date."""
    assert AXIS.between(start, end).tolist() == steps


def test_between_in_order():
    """start after end is told."""
    with pytest.raises(InvalidParameter, match=r"^end="):
        AXIS.between("1970-01-05", "1970-01-03")


@pytest.mark.parametrize(
    ("calendar", "day"),
    [("noleap", "2024-02-29"), ("standard", "2024-02-30"), ("360_day", "2024-01-31")],
)
def test_days_that_a_calendar_lacks(calendar, day):
    """They are no instants of it."""
    with pytest.raises(NotAnInstant):
        parse_instant(day, calendar)


def test_a_month_of_360_days():
    """A month as an end is 30 days long in that calendar."""
    axis = TimeAxis(np.arange(90) * DAY, "360_day")
    assert len(axis.between("1970-02", "1970-02")) == 30


@pytest.mark.parametrize("calendar", ["standard", "proleptic_gregorian", "julian", "noleap"])
def test_text_before_the_reform(calendar):
    """Dates before 1582-10-15 are those of the calendar: in the standard one Julian."""
    for text in ("1500-02-28T00:00:00Z", "1582-10-04T12:00:00Z", "0001-01-01T00:00:00Z"):
        seconds = np.array([parse_instant(text, calendar), 0.0])
        assert format_instants(seconds, calendar) == [text, "1970-01-01T00:00:00Z"]


@pytest.mark.parametrize("calendar", ["standard", "julian", "noleap", "360_day"])
def test_year_zero(calendar):
    """Climatologies have it: its labels are understood."""
    axis = TimeAxis(np.array([parse_instant(f"0000-{m:02d}-16", calendar) for m in (1, 2, 3)]))
    axis = TimeAxis(axis.seconds, calendar)
    assert axis.labels[1] == "0000-02-16T00:00:00Z"
    assert [axis.find(text, method="exact") for text in axis.labels] == [0, 1, 2]
    assert axis.between("0000-02", "0000-02").tolist() == [1]
    assert axis.between(None, "-0001").tolist() == []


def test_parts_of_a_second():
    """Steps closer than a second have labels that tell them apart, and are found by them."""
    axis = TimeAxis(np.array([0.0, 0.25, 0.5]))
    assert axis.labels[1] == "1970-01-01T00:00:00.250Z"
    assert [axis.find(text, method="exact") for text in axis.labels] == [0, 1, 2]
    axis = TimeAxis(np.array([0.0, 25e-6]), "360_day")
    assert axis.labels[1] == "1970-01-01T00:00:00.000025Z"


def test_one_label():
    """The text of one step is that among all."""
    for calendar in ("standard", "noleap"):
        axis = TimeAxis(np.array([0.0, np.nan, 1.5e9]), calendar)
        assert tuple(axis.label(step) for step in range(3)) == axis.labels


def test_the_default_of_a_typical_year():
    """Its first step, where the default of other axes is the latest."""
    seconds = np.array([31.0, 0.0, 60.0]) * DAY
    typical = TimeAxis(seconds, climatological=True)
    assert (typical.default, typical.find("default"), typical.find("latest")) == (1, 1, 2)
    assert TimeAxis(seconds).default == 2


@pytest.mark.parametrize("calendar", ["standard", "360_day"])
def test_a_hundred_thousand_steps(calendar):
    """What a request asks takes microseconds, whatever was built before."""
    axis = TimeAxis(np.arange(100_000) * 3600.0, calendar)
    assert axis.find(axis.last) == 99_999
    assert "labels" not in vars(axis)
