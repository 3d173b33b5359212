"""How long the viewer takes to its first map, and how much it loads for that."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import Visit, visited
from tests.browser.pages import Pages

pytestmark = pytest.mark.paced

MOST_S = 1.5
MOST_TIMES_BARE = 6
MOST_KB = 350

BARE = """
const map = L.map("map", { zoomControl: false, fadeAnimation: false }).setView([18, 0], 2);
const layer = L.tileLayer(args.address);
await new Promise((resolve) => layer.once("load", resolve).addTo(map));
return performance.now();
"""


@pytest.fixture(scope="module")
def opening(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """Some first visits, the later of them to a warm server."""
    return visited(tmp_path_factory, "shellload", chromium, demo_server)


def test_first_map_is_soon_there(
    opening: Visit, pages: Pages, demo_server: str, record_property: Callable[[str, object], None]
) -> None:
    """In a second and a half; on a busy machine in six times what Leaflet and the tiles take."""
    tiles = f"{demo_server}/tiles/ocean/sst/{{z}}/{{x}}/{{y}}.png"
    job = {"library": "leaflet", "program": BARE, "args": {"address": tiles}}
    runs = [pages.run(f"bare{run}", size=(800, 1280), **job) for run in range(3)]
    bare = min(run.facts for run in runs) / 1000
    first = min(opening.facts["times_ms"][1:]) / 1000
    figures = f"first map {first:.2f} s, bare Leaflet {bare:.2f} s"
    print(figures)
    record_property("opening", figures)
    assert first <= max(MOST_S, MOST_TIMES_BARE * bare), figures


def test_first_visit_is_small(
    opening: Visit, record_property: Callable[[str, object], None]
) -> None:
    """All of the page's own files together, as they come over the network, without headers."""
    kilobytes = opening.facts["own_bytes"] / 1000
    others = opening.facts["data_bytes"] / 1000
    requests = opening.facts["requests"]
    figures = f"{kilobytes:.0f} kB of the page, {others:.0f} kB of data, {requests} requests"
    print(figures)
    record_property("first visit", figures)
    assert kilobytes <= MOST_KB, opening.facts["files"]
    assert opening.facts["errors"] == []


def test_heavy_parts_come_later(opening: Visit) -> None:
    """No globe, cube, chart or encoder before it is asked for."""
    heavy = ("cesium", "uplot.js", "mediabunny", "gifenc", "globe/", "cube/", "export/window")
    assert [name for name in opening.facts["files"] if any(part in name for part in heavy)] == []
