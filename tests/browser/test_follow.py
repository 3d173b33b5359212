"""The viewer follows a cube that grows, and says what is too fine for the view."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import numpy as np
import pytest
import xarray as xr

from tests.browser.conftest import Visit, visited
from tests.conftest import running
from tests.test_freshness import cube, write
from tileserver.access.key import new_key
from tileserver.access.keyfile import written

pytestmark = pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")
STYLE = "{colormap_name: viridis, rescale: [0, 4]}"
ENTRY = f"{{id: d, title: Levels, url: 'URL', styles: {{level: {STYLE}}}}}"
KEY, KEPT = new_key("anna")
VIRIDIS_3_OF_4 = (94, 201, 98)  # of matplotlib, at three quarters


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of two workers over a cube of two steps, and a desk: `step-N` there adds step N."""
    folder, desk = tmp_path_factory.mktemp("growing"), tmp_path_factory.mktemp("desk")
    path, ended = folder / "cube.zarr", threading.Event()
    write(path, cube(1, 2))
    catalog = folder / "catalog.yaml"
    catalog.write_text(f"datasets: [{ENTRY.replace('URL', str(path))}]")
    keys = folder / "keys.yaml"
    keys.write_text(written(KEPT))

    def add() -> None:
        step = 2
        while not ended.wait(0.05):
            if (desk / f"step-{step}").exists():
                write(path, cube(step + 1, first=step), append_dim="time", mode="a")
                step += 1

    writer = threading.Thread(target=add)
    writer.start()
    try:
        flags = ("--catalog", str(catalog), "--keys", str(keys), "--workers", "2")
        with running(*flags, "--refresh-s", "0.5") as url:
            yield url, desk
    finally:
        ended.set()
        writer.join()


@pytest.fixture(scope="module")
def fine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that reads 16 chunks for a tile at most, and a cube of 128 without overviews."""
    folder = tmp_path_factory.mktemp("fine")
    lat, lon = 89.75 - 0.5 * np.arange(360), -179.75 + 0.5 * np.arange(720)
    values = np.add.outer(lat / 90, lon / 180).astype("f4") + 2
    data = xr.Dataset({"level": (("lat", "lon"), values)}, {"lat": lat, "lon": lon})
    data.to_zarr(folder / "cube.zarr", encoding={"level": {"chunks": (45, 45)}})
    catalog = folder / "catalog.yaml"
    catalog.write_text(f"datasets: [{ENTRY.replace('URL', str(folder / 'cube.zarr'))}]")
    with running("--catalog", str(catalog), TILESERVER_TILE_READ_CHUNKS="16") as url:
        yield url


@pytest.fixture(scope="module")
def visit(
    chromium: str,
    growing: tuple[str, Path],
    fine: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """One visit, in which a cube grows twice."""
    url, desk = growing
    return visited(tmp_path_factory, "follow", chromium, url, fine, str(desk), KEY)


def test_latest_stays_the_latest(visit: Visit) -> None:
    """Who looks at the last step sees the new one, in tiles of one version alone, and is told."""
    stamps, tiles = visit.facts["stamps"], visit.facts["tiles"]
    assert "2 / 2" in stamps["before"]
    assert "3 Jan 2024" in stamps["latest"]
    assert visit.facts["notices"]["latest"] == "Levels: new step 3 Jan 2024"
    assert tiles["count"] > 0
    assert len(tiles["versions"]) == 1
    seen = visit.picture("after").astype(int)
    for x, y in ((700, 300), (900, 300), (700, 400), (350, 500), (950, 400)):
        assert np.abs(seen[y, x] - VIRIDIS_3_OF_4).max() <= 25  # under a coast at most


def test_who_looks_elsewhere_stays(visit: Visit) -> None:
    """Another step stays where it is; the new one is a press away. So it is with a key."""
    assert visit.facts["authorization"] == f"Bearer {KEY}"
    stamps = visit.facts["stamps"]
    assert "1. Jan. 2024" in stamps["elsewhere"]
    assert visit.facts["notices"]["elsewhere"] == "Levels: neuer Zeitschritt 4. Jan. 2024"
    assert "4. Jan. 2024" in stamps["shown"]


def test_zoom_in(visit: Visit, fine: str) -> None:
    """What is too fine for the view is hatched and said so, in both languages; a press goes to
    where it is drawn, which TileJSON tells."""
    first = httpx2.get(f"{fine}/tiles/d/level/tilejson.json").json()["minzoom"]
    assert first > 1
    assert "as you zoom in" in visit.facts["notices"]["en"]
    assert "Zoomen Sie hinein" in visit.facts["notices"]["de"]
    for language in ("en", "de"):
        assert visit.facts[f"zoom-{language}"] == first
        part = visit.picture(f"zoomed-{language}")[300:310, 600:800]
        assert len(np.unique(part.reshape(-1, 3), axis=0)) > 3


def test_nothing_goes_wrong(visit: Visit) -> None:
    """No error in the console but those of tiles over the budget."""
    assert [each for each in visit.facts["errors"] if "413" not in each] == []
