"""The snippets of docs/web-clients.md show what they say, as they stand there."""

from pathlib import Path

import numpy as np
import pytest

from tests.browser.pages import Pages, mosaic
from tests.browser.snippets import FIRST, PAGE, SECOND, SNIPPETS, code_of

SHOWN = ("deckgl", "eodash", "leaflet", "maplibre", "openlayers")
OTHERS = ("cesium", "zarrita", "zarrlayer")  # that show no tiles pixel for pixel: elsewhere
# What the map of eodash logs of its font, which it asks its maker for.
FONT = ("eox.at/fonts/", "@import rules are not allowed", "Failed to load resource: net::")
EODASH = Path(__file__).parents[2] / "build" / "eox-map"
LATER = "await new Promise((resolve) => setTimeout(resolve, 500));"
# Of the window, clear of the buttons at its corners.
MIDDLE = (slice(100, 412), slice(100, 412))


def test_every_snippet_is_run() -> None:
    """None is written so that it would not be found."""
    assert len(SNIPPETS) == PAGE.count("```js") >= 5
    assert {name.partition("-")[0] for name in SNIPPETS} == {*SHOWN, *OTHERS}


@pytest.mark.parametrize("name", [n for n in SNIPPETS if n.startswith(SHOWN)])
def test_snippet_shows_our_tiles_of_two_times(
    pages: Pages, map_server: str, private_server: str, name: str
) -> None:
    """First that of its own time, then that of another."""
    library = name.partition("-")[0]
    if library == "eodash" and not EODASH.is_dir():
        pytest.skip("no map of eodash here: run make eox-map")
    own = FONT if library == "eodash" else ()
    code = code_of(name, map_server, private_server)
    changes = {FIRST: code, SECOND: f'{code}\n{LATER}\nawait showTime("{SECOND}");'}
    shown = {}
    for time, steps in changes.items():
        seen = pages.run(f"{name}-{time[:7]}", library=library, program=steps, idle=True, own=own)
        assert any(time in address.replace("%3A", ":") for address in seen.asked)
        tiles = f"{map_server}/tiles/ocean/sst/{{z}}/{{x}}/{{y}}.png?time={time}"
        shown[time] = seen.picture[MIDDLE]
        np.testing.assert_array_equal(shown[time], mosaic(tiles, 2, 2, 2)[MIDDLE])
    assert np.mean(shown[FIRST] != shown[SECOND]) > 0.1
