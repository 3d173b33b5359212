"""Dates of calendars against cftime's."""

import cftime
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.civil import CALENDARS, day_of, first_days, months_of
from tileserver.timeaxis import EPOCH_UNITS

EVERY = np.arange(-800_000, 800_000, 3_317)


@pytest.mark.filterwarnings("ignore:this date.calendar.year zero convention")
@pytest.mark.parametrize("calendar", CALENDARS)
@given(near=st.integers(-1_200_000, 2_000_000))
def test_dates(calendar, near):
    """The date of any day, about the year 0 and the reform too."""
    days = np.concatenate([EVERY, np.arange(-3, 4) + near, np.arange(-141_440, -141_410)])
    units = "days" + EPOCH_UNITS[7:]
    expected = cftime.num2date(days, units, calendar=calendar, has_year_zero=True)
    months, day = months_of(days, calendar)
    found = np.stack([months // 12, months % 12 + 1, day]).T.tolist()
    assert found == [[d.year, d.month, d.day] for d in expected]


@pytest.mark.parametrize("calendar", CALENDARS)
def test_first_days(calendar):
    """A month begins where its day is 1, and so does the day before where it ends."""
    months = np.arange(-3000, 40_000)
    days = first_days(months, calendar)
    assert np.array_equal(months_of(days, calendar)[0], months)
    assert (months_of(days, calendar)[1] == 1).all()
    assert np.array_equal(months_of(days - 1, calendar)[0], months - 1)


@pytest.mark.filterwarnings("ignore:this date.calendar.year zero convention")
@pytest.mark.parametrize("calendar", CALENDARS)
@given(st.integers(-400, 3000) | st.just(1582), st.integers(0, 13), st.integers(0, 32))
def test_days(calendar, year, month, day):
    """The day of any date that the calendar has; of no other."""
    try:
        date = cftime.datetime(year, month, day, calendar=calendar, has_year_zero=True)
        units = "days" + EPOCH_UNITS[7:]
        expected = cftime.date2num(date, units, calendar=calendar, has_year_zero=True)
    except ValueError:
        with pytest.raises(ValueError, match="no date"):
            day_of(year, month, day, calendar)
    else:
        assert day_of(year, month, day, calendar) == expected


def test_no_calendar():
    """A calendar that nobody knows is told with those that are."""
    with pytest.raises(ValueError, match=r"calendar='bogus': expected one of standard"):
        day_of(2000, 1, 1, "bogus")
