"""Limits over time hold in every minute and second, and lose nothing to who gives up."""

from hypothesis import given
from hypothesis import strategies as st

from tileserver.sources.storage.pace import BytePace, RequestPace

TIMES = st.lists(st.floats(0, 20), min_size=1, max_size=80)


@given(TIMES, st.integers(1, 9), st.sets(st.integers(0, 79)))
def test_no_minute_has_more_requests(gaps: list[float], limit: int, leaving: set[int]) -> None:
    """However they come, and whoever gives up while waiting."""
    pace, now, turns = RequestPace(limit), 0.0, []
    for number, gap in enumerate(gaps):
        now += gap
        turn = now + pace.wait(now)
        pace.take(now, 0)
        if number in leaving and turn > now:
            pace.give_back(turn, 0)
        else:
            turns.append(turn)
    turns.sort()
    for first, beyond in zip(turns, turns[limit:], strict=False):
        assert beyond - first >= 60 - 1e-6


def test_requests_may_come_at_once():
    """The limit is of a minute, not of a second."""
    pace = RequestPace(3)
    for _ in range(3):
        assert pace.wait(100.0) == 0
        pace.take(100.0, 0)
    assert pace.wait(100.0) == 60
    assert pace.wait(130.0) == 30
    assert pace.wait(160.0) == 0


def test_bytes_have_their_time():
    """A request waits until the bytes before it had theirs; a quiet second is not lost."""
    pace = BytePace(100.0)
    assert pace.wait(1000.0) == 0
    pace.take(1000.0, 300)
    assert pace.wait(1000.0) == 2  # of 3 s one was saved up
    pace.take(1000.0, 100)
    assert pace.wait(1000.0) == 3
    pace.give_back(1003.0, 100)
    assert pace.wait(1000.0) == 2
    assert pace.wait(1002.0) == 0
