"""The snippets of docs/web-clients.md show what they say, as they stand there."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.browser.pages import Pages, mosaic

PAGE = (Path(__file__).parents[2] / "docs" / "web-clients.md").read_text(encoding="utf-8")
SNIPPETS = dict(re.findall(r"^```js ([\w-]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
SERVER = "https://maps.example.org"
FIRST, SECOND = "2021-01-01T00:00:00Z", "2021-07-12T00:00:00Z"
LATER = "await new Promise((resolve) => setTimeout(resolve, 500));"
# Of the window, clear of the buttons at its corners.
MIDDLE = (slice(100, 412), slice(100, 412))


def test_every_snippet_is_run() -> None:
    """None is written so that it would not be found."""
    assert len(SNIPPETS) == PAGE.count("```js") >= 5
    assert {name.partition("-")[0] for name in SNIPPETS} == {"leaflet", "maplibre", "openlayers"}


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_shows_our_tiles_of_two_times(pages: Pages, map_server: str, name: str) -> None:
    """First that of its own time, then that of another."""
    code = SNIPPETS[name].replace(SERVER, map_server)
    changes = {FIRST: code, SECOND: f'{code}\n{LATER}\nawait showTime("{SECOND}");'}
    shown = {}
    for time, steps in changes.items():
        library = name.partition("-")[0]
        seen = pages.run(f"{name}-{time[:7]}", library=library, program=steps, idle=True)
        assert any(time in address.replace("%3A", ":") for address in seen.asked)
        tiles = f"{map_server}/tiles/ocean/sst/{{z}}/{{x}}/{{y}}.png?time={time}"
        shown[time] = seen.picture[MIDDLE]
        np.testing.assert_array_equal(shown[time], mosaic(tiles, 2, 2, 2)[MIDDLE])
    assert np.mean(shown[FIRST] != shown[SECOND]) > 0.1
