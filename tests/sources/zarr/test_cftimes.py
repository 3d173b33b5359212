"""Times of CF coordinates, against xarray's and cftime's reading of them."""

import cftime
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from tileserver.sources.zarr.cftimes import SECONDS, decode_times
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
    """Our table holds the same lengths as cftime's, and nanoseconds, which it lacks."""
    if unit not in cftime.UNIT_CONVERSION_FACTORS:
        assert SECONDS[unit] == 1e-9
    else:
        assert SECONDS[unit] == pytest.approx(cftime.UNIT_CONVERSION_FACTORS[unit] / 1e6)


def test_months_of_thirty_days():
    """A month has a length in the 360-day calendar alone."""
    units = "months since 2000-01-01"
    expected = by_xarray(np.array([0, 1, 14]), units=units, calendar="360_day")
    assert decode_times(np.array([0, 1, 14]), units, "360_day").tolist() == expected.tolist()
    with pytest.raises(ValueError, match="months since"):
        decode_times(VALUES, units, "standard")


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
        ("years since 2000-01-01", "noleap", "expected e.g. 'days since"),
        ("days", "standard", "reference time ''"),
        ("days since yesterday", "standard", "reference time 'yesterday'"),
        ("days since 2000-02-30", "standard", "invalid day"),
        ("days since 2000-01-01 24:00", "noleap", "invalid hour"),
        ("days since 2000-01-01", "bogus", "calendar must be one of"),
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
