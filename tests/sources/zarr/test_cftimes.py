"""Times of CF coordinates, against xarray's and cftime's reading of them."""

import cftime
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tileserver.sources.zarr.cftimes import SECONDS, are_dates, decode_texts, decode_times
from tileserver.timeaxis import EPOCH_UNITS

CALENDARS = [
    "standard", "gregorian", "proleptic_gregorian", "julian",
    "noleap", "365_day", "360_day", "all_leap", "366_day",
]  # fmt: skip
UNITS = [
    "days since 2000-01-01",
    "days since 2000-1-1",
    "days  since 2000-01-01 ",
    "day since 2000-01-01T12:00",
    "d since 1850-01-01",
    "hours since 1900-01-01 00:00:0.0",
    "hr since 2000-01-01 6:30",
    "h since 1-1-1 00:00:0.0",
    "minutes since 1980-01-01 00:30:00",
    "min since 2000-01-01T00:00:00Z",
    "seconds since 1970-01-01T00:00:00",
    "s since 2000-01-01 12:00:00.5",
    "msec since 2000-01-01",
    "microseconds since 1970-01-01",
    "days since 1500-03-01",
    "hours since 2000-01-01 00:00:00 +02:00",
    "hours since 2000-01-01 00:00:00 -05:30",
]
VALUES = np.array([0.0, 1.0, 2.5, 59.75, -1.0, 40_000.0])


def by_xarray(values, **attrs):
    """Seconds since 1970 in the calendar, of what xarray decodes."""
    stored = xr.Variable(("time",), values, attrs)
    times = xr.conventions.decode_cf_variable("time", stored).values
    if times.dtype.kind == "M":
        return times.astype("datetime64[us]").astype(np.int64) / 1e6
    return cftime.date2num(times, EPOCH_UNITS, calendar=attrs["calendar"])


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("units", UNITS)
@pytest.mark.filterwarnings("ignore:Unable to decode time axis into full numpy.datetime64")
@pytest.mark.filterwarnings("ignore:Ambiguous reference date string")
@pytest.mark.filterwarnings("ignore:this date.calendar.year zero convention")
def test_units_and_calendars(units, calendar):
    """Every spelling of units, in every calendar, as xarray decodes it."""
    expected = by_xarray(VALUES, units=units, calendar=calendar)
    np.testing.assert_allclose(
        decode_times(VALUES, units, calendar), expected.astype(float), rtol=0, atol=2e-6
    )


@pytest.mark.parametrize(
    "units",
    [
        "days since 2000",
        "days since 2000-02",
        "nanoseconds since 2000-01-01",
        "hours since 2000-01-01 00:00:00 +2",
        "hours since 2000-01-01 00:00:00 -5:30",
        "hours since 2000-01-01 00:00:00 UTC",
    ],
)
def test_units_that_only_the_standard_calendar_has_in_xarray(units):
    """What xarray gives to pandas to parse."""
    values = VALUES * (1e9 if units.startswith("nano") else 1)
    expected = by_xarray(values, units=units, calendar="standard")
    assert decode_times(values, units, "standard").tolist() == expected.tolist()


@pytest.mark.parametrize("unit", SECONDS)
def test_units_that_cftime_knows(unit):
    """Our table holds the same lengths as cftime's, and those of pandas, which it lacks."""
    if unit not in cftime.UNIT_CONVERSION_FACTORS:
        word = {"w": "W", "n": "ns", "u": "us"}[unit[0]]
        assert SECONDS[unit] == pytest.approx(pd.Timedelta(1, word) / pd.Timedelta(1, "s"))
    else:
        assert SECONDS[unit] == pytest.approx(cftime.UNIT_CONVERSION_FACTORS[unit] / 1e6)


def test_months_of_thirty_days():
    """In the 360-day calendar a month has a length, and xarray reads it."""
    values = np.array([0, 1, 14, 0.5, -2.25])
    for day in ("2000-01-01", "1999-11-21 06:00"):
        units = f"months since {day}"
        expected = by_xarray(values, units=units, calendar="360_day")
        assert decode_times(values, units, "360_day").tolist() == expected.tolist()


@pytest.mark.parametrize("reference", ["2000-01-01", "2000-01-31", "1999-11-15 12:00"])
@given(st.lists(st.integers(-3000, 3000), min_size=1, max_size=9))
def test_calendar_months(reference, numbers):
    """Whole months keep the day, as far as the month has it: what pandas calls DateOffset."""
    found = decode_times(np.array(numbers), f"months since {reference}", "proleptic_gregorian")
    start = pd.Timestamp(reference).as_unit("s")
    expected = [(start + pd.DateOffset(months=n)).as_unit("s").timestamp() for n in numbers]
    assert found.tolist() == expected


def test_parts_of_months_and_years():
    """Parts of those that follow: WOA counts its months by their middles."""
    found = decode_times(np.array([0.5, 1.5]), "months since 2001-01-01", "noleap") / 86400
    assert (found - found[0]).tolist() == [0, 15.5 + 14]
    years = decode_times(np.array([0, 1, 1.5]), "years since 2003-01-01", "standard")
    assert (np.diff(years) / 86400).tolist() == [365, 183]


@pytest.mark.parametrize(
    ("units", "number", "date"),
    [
        ("day as %Y%m%d.%f", 20200131, "2020-01-31"),
        ("day as %Y%m%d.%f", 20200131.25, "2020-01-31T06"),
        ("DAY as %Y%m%d", 15000228, "1500-02-28"),
        ("month as %Y%m.%f", 202002.5, "2020-02-15T12"),
        ("year as %Y.%f", 2020, "2020-01-01"),
    ],
)
def test_dates_in_digits(units, number, date):
    """The absolute time axis of CDO."""
    found = decode_times(np.array([number, np.nan]), units, "proleptic_gregorian")
    assert found[0] == pd.Timestamp(date).as_unit("s").timestamp()
    assert np.isnan(found[1])


@pytest.mark.parametrize("number", [20200230, 20201301, 20200000, 1e300])
def test_digits_that_are_no_date(number):
    """They are refused."""
    with pytest.raises(ValueError, match="as …"):
        decode_times(np.array([number]), "day as %Y%m%d.%f", "standard")


@pytest.mark.parametrize(
    ("units", "plain"),
    [
        ("Days Since 2000-01-01", "days since 2000-01-01"),
        ("DAYS SINCE 2000-01-01 00:00:00Z", "days since 2000-01-01"),
        ("hours from 2000-01-01", "hours since 2000-01-01"),
        ("hours after 2000-01-01", "hours since 2000-01-01"),
        ("seconds since 20000101", "seconds since 2000-01-01"),
        ("days since 2000/1/1 12:00", "days since 2000-01-01 12:00"),
        ("days since 2000-01-01 00:00:00 +0130", "days since 1999-12-31 22:30"),
        ("weeks since 2000-01-01", "days since 2000-01-01"),
    ],
)
def test_odd_spellings(units, plain):
    """As UDUNITS reads them."""
    times = 7 if units.startswith("weeks") else 1
    expected = decode_times(VALUES * times, plain, "standard")
    assert decode_times(VALUES, units, "standard").tolist() == expected.tolist()


def test_year_zero():
    """It comes before the year 1, in calendars too that say there is none."""
    for calendar in CALENDARS:
        zero, one = (
            decode_times(np.array([0]), f"days since {year}-01-01", calendar)[0] / 86400
            for year in ("0000", "0001")
        )
        length = 365 if calendar in ("noleap", "365_day") else 360 if calendar == "360_day" else 366
        assert one - zero == length


@pytest.mark.parametrize("calendar", ["standard", "proleptic_gregorian"])
@pytest.mark.parametrize("sep", ["T", " "])
def test_texts(calendar, sep):
    """ISO 8601 as numpy reads it; blank ones are no times."""
    texts = [f"2020-02-29{sep}06:00", "2020-03-01", "", "NaT", "20200302", "2020-03-03T00:00:00Z"]
    assert are_dates(texts)
    expected = np.array(
        ["2020-02-29T06", "2020-03-01", "NaT", "NaT", "2020-03-02", "2020-03-03"], "M8[s]"
    )
    found = decode_texts(texts, calendar)
    np.testing.assert_array_equal(np.isnan(found), np.isnat(expected))
    assert found[[0, 1, 4, 5]].tolist() == expected.astype(int)[[0, 1, 4, 5]].tolist()


def test_texts_of_zones_and_other_calendars():
    """Zones are taken off; days are those of the calendar."""
    assert decode_texts(["1970-01-01T02:00+02:00"], "standard").tolist() == [0.0]
    assert decode_texts(["1970-02-30"], "360_day").tolist() == [59 * 86400.0]
    with pytest.raises(ValueError, match="1970-02-30' is no ISO 8601"):
        decode_texts(["1970-02-30"], "standard")


@pytest.mark.parametrize("texts", [[], [""], ["DJF"], ["2020"], ["32632001"], ["2020-01-01", "x"]])
def test_texts_that_are_no_dates(texts):
    """Seasons, years, names of tiles."""
    assert not are_dates(texts)


@given(st.integers(-700_000, 500_000), st.sampled_from(CALENDARS), st.sampled_from([1, 24, 1440]))
def test_whole_parts_of_days(steps, calendar, parts):
    """Any day, hour or minute, counted from any calendar's own reference, to the second."""
    units = {1: "days", 24: "hours", 1440: "minutes"}[parts] + " since 2001-03-01"
    dates = cftime.num2date(steps, units, calendar=calendar)
    expected = cftime.date2num(dates, EPOCH_UNITS, calendar=calendar)
    assert decode_times(np.array([steps]), units, calendar)[0] == expected
    as_days = np.array([steps / parts])
    assert decode_times(as_days, "days since 2001-03-01", calendar)[0] == pytest.approx(
        expected, abs=1e-5
    )


@pytest.mark.parametrize("dtype", ["i2", "u4", "i8", "u8", "f4"])
def test_numbers_of_any_type(dtype):
    """Small integers do not overflow."""
    values = np.array([1, 30_000], dtype)
    found = decode_times(values, "days since 1970-01-01", "standard")
    assert found.tolist() == [86400.0, 30_000 * 86400.0]


def test_missing_numbers():
    """NaN stays NaN."""
    found = decode_times(np.array([np.nan, 1]), "seconds since 1970-01-01", "standard")
    np.testing.assert_array_equal(found, [np.nan, 1])


@pytest.mark.parametrize(
    ("units", "calendar", "reason"),
    [
        ("fortnights since yesterday", "standard", "expected e.g. 'days since"),
        ("days", "standard", "expected e.g. 'days since"),
        ("days since", "standard", "reference time ''"),
        ("days since yesterday", "standard", "reference time 'yesterday'"),
        ("days since 2000-02-30", "standard", "no date 2000-2-30"),
        ("days since 2000-01-01 24:00", "noleap", "no such time of day"),
        ("days since 2000-01-01", "bogus", "calendar=.bogus.: expected one of"),
    ],
)
def test_no_times(units, calendar, reason):
    """What is no unit, no date of the calendar or no calendar is refused."""
    with pytest.raises(ValueError, match=reason):
        decode_times(VALUES, units, calendar)


@pytest.mark.parametrize("value", [1e36, np.inf, -1e12])
def test_times_beyond_all_calendars(value):
    """Such as a fill value that nobody told of."""
    with pytest.raises(ValueError, match="too large"):
        decode_times(np.array([0, value]), "days since 2000-01-01", "standard")
