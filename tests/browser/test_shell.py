"""The page as a whole: layout, keys, touch, languages, embedding, accessibility."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import yaml

from tests.browser.conftest import Visit, visited
from tests.conftest import running

LOGO = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/%3E"


@pytest.fixture(scope="session")
def branded_server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The ocean, as a German operator with a pale accent colour shows it."""
    viewer = {
        "title": "Meeresdienst",
        "logo": LOGO,
        "language": "de",
        "colors": {"accent": "#ffd43b"},
        "welcome": "Willkommen <b>hier</b>",
    }
    ocean = {"id": "ocean", "title": "Ozean", "url": str(demo_data.parent / "ocean.zarr")}
    catalog = tmp_path_factory.mktemp("branded") / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"viewer": viewer, "datasets": [ocean]}))
    with running("--catalog", str(catalog)) as url:
        yield url


@pytest.fixture(scope="session")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of nothing."""
    catalog = tmp_path_factory.mktemp("empty") / "catalog.yaml"
    catalog.write_text("datasets: []\n")
    with running("--catalog", str(catalog)) as url:
        yield url


@pytest.fixture(scope="session")
def shell(
    chromium: str,
    demo_server: str,
    branded_server: str,
    empty_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Visit:
    """One visit, in which the page's own parts are used."""
    servers = (demo_server, branded_server, empty_server)
    return visited(tmp_path_factory, "shell", chromium, *servers)


def test_nothing_is_hard_to_use(shell: Visit) -> None:
    """axe-core finds no serious or critical violation in any tab, menu, window, theme or size."""
    examined = shell.facts["axe"]
    assert len(examined) >= 15
    assert {name: found for name, found in examined.items() if found} == {}


def test_console_is_clean(shell: Visit) -> None:
    """Nothing is complained of, whatever is used."""
    assert shell.facts["errors"] == []


def test_arrow_keys_go_through_tabs(shell: Visit) -> None:
    """One tab of the row is reached by Tab, the others by arrows, Home and End."""
    tab = shell.facts["tab"]
    assert (tab["focused"], tab["shown"], tab["hidden"]) == ("Layers", True, False)
    assert (tab["last"], tab["first"]) == ("Info", "Data")


def test_panel_folds_up(shell: Visit) -> None:
    """To a card with the legend; the bar of time takes the room."""
    collapsed = shell.facts["collapsed"]
    assert collapsed["height"] < 240
    assert collapsed["legend"]
    assert collapsed["left"] < 40


def test_keys(shell: Visit) -> None:
    """`?` lists them, Escape closes, and each does what it says."""
    facts = shell.facts
    assert facts["help"] >= 10
    assert "time=2021-01-01" in facts["home"]
    assert facts["dark"] == "dark"
    assert (facts["folded"], facts["unfolded"]) == (False, True)
    assert facts["escaped"] is False


def test_pressed_buttons_leave_keys_to_time(shell: Visit) -> None:
    """After the cube was chosen by pointer an arrow steps time, and chooses no other mode."""
    assert "mode=cube" in shell.facts["cube"]
    assert "time=2021-11-17" in shell.facts["cube"]


def test_menu_takes_and_gives_back_the_focus(shell: Visit) -> None:
    """Into it when it opens, to its button when it closes."""
    menu = shell.facts["menu"]
    assert menu["expanded"] == "true"
    assert menu["focused"] != "Settings"
    assert menu["back"] == "Settings"


def test_speaks_german(shell: Visit) -> None:
    """Once chosen: the page's language, its words, and the link."""
    german = shell.facts["german"]
    assert "language=de" in german["hash"]
    assert german["tab"] == "Daten"
    assert german["map"].startswith("Karte")
    assert shell.facts["english"] == "Data", "a link that is opened in the page tells its language"


def test_sheet_is_dragged(shell: Visit) -> None:
    """On a phone: from a peek to half and nearly all of the window, and back; time is above it."""
    sheet = shell.facts["sheet"]
    peek, half, full, back = (sheet[name][0]["height"] for name in ("peek", "half", "full", "back"))
    assert peek < 200 < half < full
    assert back == peek
    for name in ("peek", "half", "full"):
        panel, timebar = sheet[name]
        assert timebar["bottom"] <= panel["top"], name
        assert timebar["top"] > 40, name


def test_phone(shell: Visit) -> None:
    """Nothing is cut off, nothing scrolls the page, and fingers hit every control."""
    assert shell.facts["outside"] == []
    assert shell.facts["outsidePlace"] == []
    assert shell.facts["small"] == []
    assert shell.facts["smallHalf"] == []
    assert shell.facts["scroll"] == [360, 740]


def test_embedded(shell: Visit) -> None:
    """In a frame: map, legend and time, a link to the whole viewer, and messages both ways."""
    embed = shell.facts["embed"]
    assert embed["shown"] == {
        "#legend": True,
        "#timebar": True,
        ".embed-link": True,
        "#tools": False,
        "#panel-body": False,
    }
    assert "embed" not in embed["link"]
    latitude = float(unquote(embed["link"]).split("view=")[1].split("/")[1])
    assert abs(latitude) < 40, "the card in the corner covers nothing"
    assert embed["places"] == 0
    assert "variable=sst" in embed["link"]
    assert embed["heard"]["source"] == "tileserver"
    assert "variable=chl" in unquote(embed["heard"]["hash"])
    assert embed["title"].startswith("Chlorophyll")


def test_operators_brand(shell: Visit) -> None:
    """Title, logo, language and welcome; a colour that is too pale is darkened until it is read."""
    brand = shell.facts["brand"]
    assert (brand["title"], brand["language"]) == ("Meeresdienst", "de")
    assert brand["logo"].startswith("data:image/svg+xml")
    assert brand["welcome"] == "Willkommen <b>hier</b>"
    assert brand["again"] == 0
    red, green, blue = (int(brand["accent"].strip()[i : i + 2], 16) for i in (1, 3, 5))
    assert red > green > blue
    assert red + green < 0xFF + 0xD4


def test_empty_catalogue_is_told(shell: Visit) -> None:
    """With nothing that loads for ever, which would have been waited for."""
    assert shell.facts["empty"] == "No datasets yet"


def test_trouble_is_told(shell: Visit) -> None:
    """Where a dataset cannot be opened, in the panel and in the server's words."""
    assert "atlantis" in shell.facts["unknown"]["notice"]
    assert shell.facts["unknown"]["headline"] == "This dataset cannot be opened."


def test_place_without_data_is_told(shell: Visit) -> None:
    """With a way back to the data; and so is being offline."""
    assert shell.facts["away"].startswith("No data here")
    assert shell.facts["found"] is False
    assert shell.facts["online"]


def test_missing_webgl_is_told(shell: Visit) -> None:
    """The globe needs it; without it the map stays."""
    assert "WebGL" in shell.facts["noWebgl"]["text"]
    assert shell.facts["noWebgl"]["checked"] == "map"


def test_dark_page_is_dark(shell: Visit) -> None:
    """Nearly all of it."""
    assert np.mean(shell.picture("dark")[600:, 20:300]) < 60
