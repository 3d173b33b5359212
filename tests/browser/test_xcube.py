"""The released xcube viewer, as its wheel has it, works with this server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.browser.conftest import Visit, visited
from tests.conftest import running

FOLDER = Path(__file__).parents[2] / "build" / "xcube-viewer"
GREY = 128  # of the map below the data
MAP = (slice(150, 880), slice(60, 900))


@pytest.fixture(scope="module")
def viewer_server(demo_data: Path) -> Iterator[str]:
    """A server of the demo cubes with the viewer."""
    if not FOLDER.is_dir():
        pytest.skip("no xcube viewer here: make xcube-viewer")
    with running("--catalog", str(demo_data), "--xcube-viewer", str(FOLDER)) as url:
        yield url


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory, chromium: str, viewer_server: str) -> Visit:
    """A walk through the viewer."""
    return visited(tmp_path_factory, "xcube", chromium, viewer_server)


def coloured(picture: NDArray[np.uint8], part: tuple[slice, slice] = MAP) -> float:
    """The share of the map's pixels in which something lies over the grey."""
    return float((abs(picture[part].astype(int) - GREY) > 8).any(axis=2).mean())


def test_nothing_goes_wrong(visit: Visit) -> None:
    """No word in the console, no request that fails; of others only maps."""
    assert visit.facts["errors"] == []
    assert visit.facts["failures"] == []
    others = [host for host in visit.facts["hosts"] if not host.startswith("127.0.0.1")]
    assert all("tile" in host or "arcgis" in host for host in others)


def test_datasets_are_listed(visit: Visit) -> None:
    """By their titles."""
    assert set(visit.facts["datasets"]) == {
        "Global ocean", "Alpine valley", "Weather model", "Land",
    }  # fmt: skip


def test_map_is_drawn(visit: Visit) -> None:
    """With tiles of the sea, and a legend of its colours."""
    assert coloured(visit.picture("map")) > 0.5
    assert len(visit.facts["legend"]) >= 1
    assert "Sea surface temperature (degree_Celsius)" in " ".join(visit.facts["legendText"].split())


def test_series_is_charted(visit: Visit) -> None:
    """A dot for each step."""
    assert visit.facts["series"]
    assert visit.facts["dots"] >= 10


def test_statistics_are_shown(visit: Visit) -> None:
    """With a histogram."""
    for word in ("Count", "Minimum", "Maximum", "Mean", "Deviation"):
        assert word in visit.facts["statistics"]
    assert visit.facts["histogram"] > 500


def test_value_under_the_pointer_is_asked_for(visit: Visit) -> None:
    """Where the viewer is told to show it."""
    assert visit.facts["values"] > 0


def test_time_is_played(visit: Visit) -> None:
    """Step by step."""
    assert len(visit.facts["played"]) >= 3
    assert visit.facts["played"] == sorted(visit.facts["played"])


@pytest.mark.parametrize(("name", "share"), [("model", 0.9), ("land", 0.2), ("rgb", 0.5)])
def test_other_cubes_are_drawn(visit: Visit, name: str, share: float) -> None:
    """Of 0 to 360 both halves, of classes and heights the land, of bands a picture."""
    assert coloured(visit.picture(name)) > share


def test_both_halves_of_the_globe(visit: Visit) -> None:
    """The western half of a cube from 0 to 360 is not empty."""
    west = (slice(340, 800), slice(60, 300))
    assert coloured(visit.picture("model"), west) > 0.95
