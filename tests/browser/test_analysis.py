"""Places, charts and statistics in the viewer: held to the numbers of the API."""

import csv
import io
from typing import Any

import httpx2 as httpx
import pytest

from tests.browser.conftest import Visit, visited


@pytest.fixture(scope="module")
def analysis(chromium: str, demo_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """A visit in which places are clicked, drawn, imported and taken away as files."""
    return visited(tmp_path_factory, "analysis", chromium, demo_server)


def number(text: str) -> float:
    """A number as the viewer prints it."""
    return float(text.split(" ")[0].replace("−", "-"))


def table(visit: Visit) -> list[dict[str, str]]:
    """The rows of the exported table."""
    return list(csv.DictReader(io.StringIO(visit.facts["csv"]["body"])))


def series(server: str, feature: dict[str, Any]) -> dict[str, Any]:
    """What the API says of an area."""
    address = f"{server}/timeseries/ocean/sst?aggregate=mean,min,max"
    return dict(httpx.post(address, json=feature["geometry"]).raise_for_status().json())


def test_a_click_tells_the_value(analysis: Visit, demo_server: str) -> None:
    """That of the API at the place in the link, which is a point without a name."""
    clicked = analysis.facts["clicked"]
    lon, lat = clicked["hash"].split("place=Point;[")[1].split("]")[0].split(",")
    answer = httpx.get(f"{demo_server}/point/ocean/sst?lon={lon}&lat={lat}").json()
    assert number(clicked["reading"]) == pytest.approx(answer["value"], abs=0.006)


def test_a_click_on_the_chart_goes_to_the_time(analysis: Visit, demo_server: str) -> None:
    """The left end is the first step."""
    first = httpx.get(f"{demo_server}/datasets/ocean").json()["time"]["start"]
    assert f"time={first}" in analysis.facts["jumped"]["hash"]


def test_shapes_are_drawn(analysis: Visit) -> None:
    """A rectangle by dragging, a circle by two clicks, a polygon by clicks and Enter."""
    drawn = analysis.facts["drawn"]
    assert [name for name, _ in drawn["rows"]] == ["", "Area 1", "Area 2", "Area 3"]
    assert all("°C" in value for _, value in drawn["rows"])
    assert drawn["hash"].count("place=Polygon") == 2
    assert drawn["hash"].count("place=Point,") == 1


def test_table_has_the_numbers_of_the_api(analysis: Visit, demo_server: str) -> None:
    """For each place, step and statistic one line, with where, when and the unit."""
    rows = table(analysis)
    box = next(
        f for f in analysis.facts["places"]["features"] if f["properties"]["name"] == "Area 1"
    )
    expected = series(demo_server, box)
    own = {
        (row["time"], row["statistic"]): row["value"] for row in rows if row["place"] == "Area 1"
    }
    assert len(own) == 3 * len(expected["times"])
    for name in ("mean", "min", "max"):
        got = [float(own[time, name]) for time in expected["times"]]
        assert got == pytest.approx(expected["values"][name])
    assert {row["unit"] for row in rows} == {"degree_Celsius"}
    assert len({row["place"] for row in rows}) == 4


def test_a_stretch_of_time_narrows_series(analysis: Visit, demo_server: str) -> None:
    """To the steps nearest to its ends, and all between."""
    rows = list(csv.DictReader(io.StringIO(analysis.facts["narrowed"])))
    whole = httpx.get(f"{demo_server}/timeseries/ocean/sst?lon=-30&lat=10").json()
    steps = dict(zip(whole["times"], whole["values"]["value"], strict=True))
    expected = {t: v for t, v in steps.items() if "2021-03" <= t < "2021-08-02"}
    assert 2 < len(expected) < len(steps)
    found = {row["time"]: float(row["value"]) for row in rows}
    assert set(found) <= set(steps)
    assert abs(len(found) - len(expected)) <= 1, "a step just beside an end may be the nearest"
    assert all(found[t] == pytest.approx(steps[t]) for t in found)


def test_places_are_geojson(analysis: Visit) -> None:
    """With their names, and the series of each."""
    features = analysis.facts["places"]["features"]
    assert [f["geometry"]["type"] for f in features] == ["Point", "Polygon", "Point", "Polygon"]
    assert features[2]["properties"]["radius_m"] > 1e5
    assert all(f["properties"]["series"][0]["times"] for f in features)


def test_chart_is_a_picture(analysis: Visit) -> None:
    """As a PNG, and on the page in the colours of the places."""
    chart = analysis.facts["chart"]
    assert chart["name"].endswith(".png")
    assert chart["head"] == "PNG"
    assert chart["bytes"] > 5000
    panel = analysis.picture("drawn")[:, 840:].reshape(-1, 3).astype("i2")
    for color in ((0xD1, 0x49, 0x5B), (0x1F, 0x77, 0xB4), (0x2A, 0x9D, 0x5C)):
        assert (abs(panel - color).max(axis=-1) <= 8).sum() > 60


def test_statistics_are_those_of_the_api(analysis: Visit, demo_server: str) -> None:
    """Of the chosen area at the shown step, with a histogram of it."""
    shown = analysis.facts["statistics"]
    time = analysis.facts["jumped"]["hash"].split("time=")[1].split("&")[0]
    area = analysis.facts["places"]["features"][3]["geometry"]
    address = f"{demo_server}/statistics/ocean/sst?time={time}"
    answer = httpx.post(address, json=area).raise_for_status().json()
    assert int(shown["Cells"].replace(",", "")) == answer["count"]
    for name, key in (("Mean", "mean"), ("Minimum", "min"), ("Maximum", "max")):
        assert number(shown[name]) == pytest.approx(answer[key], abs=0.006)
    assert analysis.facts["bars"] == len(answer["histogram"]["counts"])


def test_a_link_restores_places(analysis: Visit) -> None:
    """Their names, shapes and values."""
    assert analysis.facts["restored"]["rows"] == analysis.facts["drawn"]["rows"]


def test_imports_tables_and_geojson(analysis: Visit) -> None:
    """Names stay text; decimal commas are numbers; what cannot be read says why."""
    rows = dict(analysis.facts["imported"]["rows"])
    assert list(rows) == ["Buoy <b>1</b>", "Buoy 2", "Box"]
    assert analysis.facts["markup"] == 0
    assert "[-30,10.5]" in analysis.facts["imported"]["hash"]
    assert "lon and lat" in analysis.facts["refused"]


def test_compares_variables(analysis: Visit) -> None:
    """Each place has a value of both."""
    assert all(
        "°C" in value and "mg m⁻³" in value for _, value in analysis.facts["compared"]["rows"]
    )
    assert "chart=ocean/chl" in analysis.facts["compared"]["hash"]


def test_long_series_can_be_cancelled(analysis: Visit) -> None:
    """They say how far they are, and can be asked for again."""
    facts = analysis.facts
    assert "Reading 0 of" in facts["waiting"]["state"]
    assert "Cancelled" in facts["cancelled"]["state"]
    assert facts["resumed"]["state"] == ""


def test_nothing_is_wrong_with_places(analysis: Visit) -> None:
    """No error is in the console."""
    assert analysis.facts["errors"] == []
