"""The viewer, used in a real browser on the demo cubes."""

from urllib.parse import urlsplit

import httpx2 as httpx
import numpy as np
from numpy.typing import NDArray

from tests.browser.conftest import HTML_TITLE, SCRIPT, Visit

# Of a window of 1280 x 800: sea in the tropics, clear of panels and of coasts.
SEA = (slice(510, 560), slice(440, 560))


def colours(server: str, name: str) -> NDArray[np.int16]:
    """The colours of a colormap, (n, 3)."""
    legend = httpx.get(f"{server}/legend/ocean/sst.json?colormap_name={name}").json()
    return np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in legend["colors"]], "i2")


def share_of(picture: NDArray[np.uint8], table: NDArray[np.int16]) -> float:
    """Share of pixels whose colour is in the table, to within rounding."""
    pixels = picture.reshape(-1, 3).astype("i2")
    distance = np.abs(pixels[:, None] - table[None]).max(axis=-1).min(axis=1)
    return float(np.mean(distance <= 3))


def test_opens_with_first_dataset(visit: Visit) -> None:
    """It opens with the first dataset that is ready, its first variable, and the latest step."""
    opened = visit.facts["opened"]
    assert opened["dataset"] == "Global ocean"
    assert opened["title"].startswith(opened["variables"][0])
    assert opened["step"] == "12 / 12"


def test_shows_colours_of_data(visit: Visit, demo_server: str) -> None:
    """The sea has the colours of the colormap, and no others."""
    assert share_of(visit.picture("variable")[SEA], colours(demo_server, "sst")) > 0.97


def test_recolours(visit: Visit, demo_server: str) -> None:
    """A colormap chosen from the list is what the map shows, and is in the link."""
    assert "colormap=plasma" in visit.facts["coloured"]["hash"]
    table = colours(demo_server, "plasma")
    assert share_of(visit.picture("coloured")[SEA], table) > 0.97
    assert share_of(visit.picture("variable")[SEA], table) < 0.2


def test_steps_time(visit: Visit) -> None:
    """The left arrow goes one step back: date and pixels change."""
    before, after = visit.facts["variable"], visit.facts["stepped"]
    assert (before["step"], after["step"]) == ("12 / 12", "11 / 12")
    assert before["time"] != after["time"]
    change = visit.picture("variable")[SEA] != visit.picture("stepped")[SEA]
    assert change.any(axis=-1).mean() > 0.3


def test_click_shows_series(visit: Visit) -> None:
    """A click on the sea draws a chart."""
    assert visit.facts["clicked"]["charts"] >= 1
    assert "place=" in visit.facts["clicked"]["hash"]


def test_plays(visit: Visit) -> None:
    """Space plays through the steps, and pauses."""
    assert visit.facts["played"]["step"] != visit.facts["clicked"]["step"]


def test_link_restores(visit: Visit) -> None:
    """A link opened elsewhere shows the same."""
    played, restored = visit.facts["played"], visit.facts["restored"]
    keys = ("title", "time", "step", "hash", "legend", "charts")
    assert {k: restored[k] for k in keys} == {k: played[k] for k in keys}
    assert restored["errors"] == []


def test_switches_dataset(visit: Visit) -> None:
    """Another dataset is fitted, opens with its picture, and is seen."""
    switched = visit.facts["switched"]
    assert switched["dataset"] == "Alpine valley"
    assert "variable=true_color" in switched["hash"]
    assert "view=1" in switched["hash"], "zoomed in to ten or more"
    assert len(np.unique(visit.picture("switched")[300:400, 600:900].reshape(-1, 3), axis=0)) > 500


def test_goes_back(visit: Visit) -> None:
    """The browser's back button shows the dataset before, as it was."""
    model, back = visit.facts["model"], visit.facts["back"]
    keys = ("title", "dataset", "time", "hash")
    assert {k: back[k] for k in keys} == {k: model[k] for k in keys}


def test_addresses_for_other_programs(visit: Visit, demo_server: str) -> None:
    """Each address that the panel offers is there, and they have the time and style shown."""
    addresses = visit.facts["elsewhere"]["addresses"]
    assert len(addresses) == 7
    for address in addresses.values():
        path = urlsplit(address).path + "?" + urlsplit(address).query
        for name in ("{z}", "{x}", "{y}"):
            path = path.replace(name, "0")
        assert httpx.get(demo_server + path).status_code == 200, address
    assert "time=2021-12-19T00:00:00Z&style=viridis:0:30" in addresses["Address: GDAL"]
    assert addresses["Address: QGIS layer"].endswith("/wmts/ocean/sst.qlr?style=viridis:0:30")
    assert "colormap_name=viridis&rescale=0,30" in addresses["Address: TileJSON"]


def test_address_is_copied(visit: Visit) -> None:
    """By keys, from a page without encryption too, and the focus stays."""
    elsewhere = visit.facts["elsewhere"]
    assert elsewhere["told"] == "Copied"
    assert elsewhere["pasted"] == elsewhere["addresses"]["Address: XYZ tiles"]
    assert elsewhere["focused"] == "Copy the address: XYZ tiles"
    assert elsewhere["errors"] == []


def test_file_is_kept_by_the_name_of_its_layer(visit: Visit) -> None:
    """Not by the variable's alone."""
    assert visit.facts["elsewhere"]["file"] == "ocean.sst.xml"


def test_addresses_follow_the_time(visit: Visit) -> None:
    """A step back is in those of tiles and files."""
    stepped = visit.facts["elsewhere"]["stepped"]
    assert "time=2021-11-17T00:00:00Z" in stepped["Address: XYZ tiles"]
    assert "time=2021-11-17T00:00:00Z" in stepped["Address: GDAL"]


def test_console_is_clean(visit: Visit) -> None:
    """Nothing is complained of in the console, and nothing fails to load."""
    assert visit.facts["log"]["errors"] == []
    assert visit.facts["log"]["failures"] == []


def test_asks_own_server_only(visit: Visit, demo_server: str) -> None:
    """No other host is ever asked."""
    assert visit.facts["log"]["hosts"] == [urlsplit(demo_server).netloc]


def test_phone(visit: Visit) -> None:
    """On a phone nothing is cut off, and a dark system gets a dark page."""
    phone = visit.facts["phone"]
    assert phone["outside"] == []
    assert phone["width"] == 390
    assert phone["background"] == "rgb(22, 30, 38)"
    assert phone["charts"] >= 1
    assert phone["errors"] == []


def test_unknown_dataset_is_told(visit: Visit) -> None:
    """A link to a dataset that is not there says so, in the server's words."""
    assert "atlantis" in visit.facts["unknown"]["notice"]
    assert visit.facts["unknown"]["retry"] == 1


def test_words_are_text(visit: Visit, odd_server: str) -> None:
    """Titles, attributes, classes, units and attributions which look like HTML stay as written."""
    odd = visit.facts["odd"]
    assert HTML_TITLE in odd["titles"]
    assert odd["texts"].count(HTML_TITLE) >= 6
    assert SCRIPT in odd["texts"]
    assert odd["ran"] == [0, 0, 0]
    assert odd["errors"] == []
    assert odd["hosts"] == [urlsplit(odd_server).netloc]


def test_broken_dataset_is_listed(visit: Visit) -> None:
    """A dataset that cannot be opened is listed with its error."""
    assert "Gone" in visit.facts["odd"]["titles"]
    assert visit.facts["odd"]["error"]


def test_works_below_a_path(visit: Visit) -> None:
    """Behind a proxy that adds a path all addresses hold."""
    proxied = visit.facts["proxied"]
    assert proxied["dataset"] == "Global ocean"
    assert proxied["errors"] == []
    assert proxied["failures"] == []
    assert all(urlsplit(asked).path.startswith("/proxy/8080/") for asked in proxied["requests"])
    assert any("/proxy/8080/tiles/" in asked for asked in proxied["requests"])


def test_docs_page_lists_all_routes(visit: Visit, demo_server: str) -> None:
    """The API page has every operation of the description."""
    paths = httpx.get(f"{demo_server}/openapi.json").json()["paths"]
    expected = sorted(path for path, operations in paths.items() for _ in operations)
    assert sorted(visit.facts["docs"]["paths"]) == expected
    assert visit.facts["docs"]["errors"] == []


def test_every_try_of_the_docs_page_succeeds(visit: Visit, demo_server: str) -> None:
    """What it asks for by itself, of the first dataset that there is."""
    tries = visit.facts["docs"]["tries"]
    assert len(tries) > 20
    paths = visit.facts["docs"]["paths"]
    # Nobody knows the id of a job, nor which places a catalogue names.
    unknown = [path for path in paths if path.startswith("/jobs") or "{location}" in path]
    assert tries.count(None) <= len(unknown)
    answers = {path: status_of(f"{demo_server}/{path}") for path in tries if path}
    wrong = {path for path, status in answers.items() if status != 200}
    # Jobs are not taken without a folder for them, states of the xcube viewer never.
    assert wrong <= {"jobs", "xcube/viewer/state"}


def status_of(address: str) -> int:
    """Without the body, which of events has no end."""
    with httpx.stream("GET", address) as answer:
        return answer.status_code


def test_docs_page_calls_protocols_by_their_names(visit: Visit) -> None:
    """As their standards write them."""
    assert {"WMTS", "WMS", "OGC API"} <= set(visit.facts["docs"]["headings"])
