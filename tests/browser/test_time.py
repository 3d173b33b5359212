"""The bar of time: what it shows, what it chooses, and that it plays whole frames in time."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray
from tileserver.colormaps import lut

from tests.browser.conftest import Visit, visited
from tests.browser.timecubes import STEPS, write_cubes
from tests.conftest import running

pytestmark = pytest.mark.paced


@pytest.fixture(scope="session")
def time_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of cubes on axes of all kinds."""
    with running("--catalog", str(write_cubes(tmp_path_factory.mktemp("times")))) as url:
        yield url


@pytest.fixture(scope="session")
def time(
    chromium: str, time_server: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Visit:
    """One visit, in which all of the bar of time is used."""
    return visited(tmp_path_factory, "time", chromium, time_server, demo_server)


def test_nothing_goes_wrong(time: Visit) -> None:
    """No error in the console, and no serious violation in the calendar."""
    assert time.facts["errors"] == []
    assert time.facts["axe"]["calendar"] == []


def test_play_keeps_its_pace(time: Visit) -> None:
    """Fifty steps at ten a second drop fewer than five, in the time that they should take."""
    played = time.facts["play"]
    assert int(played["dropped"]) < 5
    assert 4000 < played["ms"] < 7500


def test_play_asks_for_no_tile(time: Visit) -> None:
    """Once frames are there, neither playing on nor stepping back after it asks for any."""
    assert time.facts["play"]["requests"] == 0
    assert time.facts["pausedRequests"] == 0


def step_colours() -> NDArray[np.int64]:
    """(step, 3) what viridis gives each of the steps."""
    table = np.asarray(lut("viridis"), dtype=int)
    return table[np.minimum(255, np.arange(STEPS) * 256 // (STEPS - 1))][:, :3]


def test_frames_are_whole(time: Visit) -> None:
    """Whenever one looks while it plays, all of the sea is of one step, and steps go by."""
    colours, steps = step_colours(), set()
    for name in time.facts["moments"]:
        picture = time.picture(name).astype(int)
        # Open ocean, clear of the panels, in four tiles.
        places = [(520, 140), (640, 330), (800, 160), (420, 90)]
        pixels = np.array([picture[y, x] for x, y in places])
        assert (np.abs(pixels - pixels[0]) <= 1).all(), f"{name} is of two steps: {pixels.tolist()}"
        near = np.abs(colours - pixels[0]).sum(axis=1)
        assert near.min() <= 12, f"{name} shows {pixels[0].tolist()}, which is no step's colour"
        steps.add(int(near.argmin()))
    assert len(steps) >= 3


def test_pausing_stays(time: Visit) -> None:
    """Space pauses, and the step stays."""
    assert time.facts["paused"]["before"] == time.facts["paused"]["after"]


def test_range_by_handles(time: Visit) -> None:
    """Keys and dragging choose a stretch of time; play stays within."""
    chosen = time.facts["range"]
    assert chosen["chosen"] == "2024-03-04T00:00:00Z/2024-03-08T00:00:00Z"
    assert chosen["value"] == "8 Mar 2024"
    within = {f"{day} Mar 2024" for day in range(4, 9)}
    assert set(chosen["played"]) <= within
    assert len(set(chosen["played"])) >= 3


def test_labels_never_overlap(time: Visit) -> None:
    """From hours to centuries, in any calendar, and when looked at closely."""
    labels = time.facts["labels"]
    assert set(labels) >= {"hours", "closer", "nearest", "gaps", "years", "model"}
    assert {name: found["wrong"] for name, found in labels.items() if found["wrong"]} == {}
    assert all(len(found["texts"]) >= 2 for found in labels.values())
    assert labels["years"]["texts"][0].isdigit()
    assert ":" in " ".join(labels["nearest"]["texts"])


def test_long_axes_stay_smooth(time: Visit) -> None:
    """Coming closer on a hundred thousand steps costs less than a frame, and no request."""
    assert time.facts["smooth"] < 16
    assert time.facts["zoomRequests"] == 0


def test_track_shows_gaps(time: Visit) -> None:
    """Where there is nothing the track is empty, and the slider stands where its moment is."""
    gaps = time.facts["gaps"]
    assert (gaps["first"], gaps["gap"], gaps["last"]) == (True, False, True)
    assert gaps["slider"] == pytest.approx(19 / 29, abs=0.002)
    assert gaps["text"] == "20 Jan 2024"


def test_axes_of_one_step_and_none(time: Visit) -> None:
    """One step is told, with nothing to slide; without time there is no bar."""
    assert time.facts["single"] == {"text": "1 Mar 2024", "controls": False, "axis": False}
    assert time.facts["without"] is False


def test_calendar_by_keys(time: Visit) -> None:
    """The day shown has the focus; arrows go from day to day, beyond the month too."""
    calendar = time.facts["calendar"]
    assert calendar["focused"] == "28 Feb 2001"
    assert calendar["thirtieth"]["focused"] == "30 Feb 2001"
    assert calendar["next"] == "1 Mar 2001"
    assert calendar["pageUp"].endswith("Feb 2001")
    assert calendar["left"] == "Choose a date"


def test_calendar_of_another_calendar(time: Visit) -> None:
    """30 February is a day of a calendar that has it, which has no weekdays."""
    calendar = time.facts["calendar"]
    assert (calendar["days"], calendar["weekdays"]) == (30, 0)
    assert calendar["thirtieth"]["time"] == "2001-02-30T00:00:00Z"
    assert calendar["thirtieth"]["text"] == "30 Feb 2001"


def test_calendar_by_typing(time: Visit) -> None:
    """A typed date goes there; what is none is told."""
    calendar = time.facts["calendar"]
    assert calendar["typed"] == "2001-03-15T00:00:00Z"
    assert "2024-03-12" in calendar["refused"]
    assert calendar["first"] == "2001-02-01T00:00:00Z"


def test_calendar_chooses_stretches(time: Visit) -> None:
    """Two days, in any order, are a stretch of time."""
    assert time.facts["calendar"]["range"] == "2001-03-05T00:00:00Z/2001-03-10T00:00:00Z"


def test_calendar_of_hours(time: Visit) -> None:
    """By way of years and months to a day, at the hour that was shown."""
    assert time.facts["calendar"]["hour"] == "2012-02-29T14:00:00Z"


def test_own_time(time: Visit) -> None:
    """A layer with a time of its own leaves that of all alone, and says so."""
    own = time.facts["own"]
    assert own["time"] == "2024-03-05"
    assert own["at"] == "2024-03-06T00:00:00Z"
    assert "own time" in own["stamp"]
    assert time.facts["rows"] > 8


def test_phone(time: Visit) -> None:
    """The bar is low, and the calendar within the window."""
    phone = time.facts["phone"]
    assert phone["height"] <= 100
    left, top, right, bottom = phone["calendar"]
    assert left >= 0
    assert top >= 0
    assert right <= 360
    assert bottom <= 740
