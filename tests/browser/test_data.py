"""Data in the viewer: the catalogue, layers, expressions, dimensions, and what is known of them."""

import shlex
import subprocess

import httpx2 as httpx
import numpy as np
import pytest

from tests.browser.conftest import Visit, visited

MAP = (slice(60, 700), slice(360, 1260))


@pytest.fixture(scope="module")
def data(chromium: str, map_server: str, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit to the panel of data and layers."""
    return visited(tmp_path_factory, "data", chromium, map_server)


def difference(data: Visit, one: str, other: str) -> float:
    """Mean difference of two pictures of the map, 0 to 255."""
    pixels = [data.picture(name)[MAP].astype("i2") for name in (one, other)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


def test_datasets_are_in_groups(data: Visit) -> None:
    """Of their themes, each with a picture."""
    assert data.facts["groups"][:2] == ["Ocean", "Land"]
    assert data.facts["groups"][-1] == "Other"
    assert data.facts["pictures"] == 5


def test_datasets_are_found(data: Visit) -> None:
    """By words of whatever is known of them; what is not there is told."""
    assert data.facts["found"] == ["Sea ice & polynyas"]
    assert "atlantis" in data.facts["missed"]


def test_layer_is_laid_on_top(data: Visit) -> None:
    """Of what is shown already."""
    assert data.facts["added"] == ["sst", "sst_anomaly"]


def test_layers_are_hidden_and_seen_through(data: Visit) -> None:
    """A hidden layer is as one without opacity, unlike both together; no tile is asked for."""
    assert data.facts["stack"] == ["Mean sea level pressure", "Sea surface temperature"]
    assert difference(data, "both", "hidden") > 10
    assert difference(data, "hidden", "transparent") < 0.5
    assert data.facts["askedForOpacity"] == []


def test_layers_are_moved(data: Visit) -> None:
    """By keys, with the focus kept; by dragging; and removed."""
    moved = data.facts["moved"]
    assert moved["rows"] == ["Sea surface temperature", "Mean sea level pressure"]
    assert moved["linked"] == ["msl", "sst"]
    assert moved["focused"].startswith("Move Mean sea level pressure")
    assert data.facts["dragged"] == ["Mean sea level pressure", "Sea surface temperature"]
    assert data.facts["removed"] == ["msl"]


def test_expression_is_written(data: Visit) -> None:
    """Names are completed, what cannot be read is told, what can is shown."""
    facts = data.facts
    assert facts["offered"] == ["b02", "b03", "b04", "b08"]
    assert facts["completed"] == "(b08 - b04"
    assert facts["wrong"]["isOff"]
    assert "cannot be read" in facts["wrong"]["text"]
    assert facts["expression"]["title"] == "(b08 - b04) / (b08 + b04)"
    assert "expression=" in facts["expression"]["hash"]
    assert facts["expression"]["tiles"] > 0


def test_dimension_is_stepped(data: Visit) -> None:
    """By keys on its slider; the link has it."""
    assert data.facts["level"] == "1000 hPa"
    assert data.facts["nextLevel"]["text"] != "1000 hPa"
    assert "level=" in data.facts["nextLevel"]["hash"]


def test_facts(data: Visit, map_server: str) -> None:
    """What the server says of the variable and its dataset."""
    variable, dataset = data.facts["facts"][:2]
    detail = httpx.get(f"{map_server}/datasets/model").json()
    assert (variable["Id"], variable["Units"]) == ("t", "K")
    assert (dataset["Id"], dataset["Theme"]) == ("model", "Atmosphere")
    assert dataset["Attribution"] == detail["attribution"]
    assert dataset["Steps"] == str(detail["time"]["count"])


def test_code_runs(data: Visit, map_server: str) -> None:
    """What is pasted into a shell answers with the value of the level shown."""
    lines = data.facts["code"]["curl"].splitlines()
    answer = subprocess.run(shlex.split(lines[0]), capture_output=True, text=True, check=True)
    assert '"variable":"t"' in answer.stdout
    assert "level=" in lines[0]
    compile(data.facts["code"]["Python"], "python", "exec")
    compile(data.facts["code"]["QGIS"], "qgis", "exec")
    assert f"{map_server}/tiles/model/t/{{z}}/{{x}}/{{y}}.png" in data.facts["code"]["Leaflet"]


def test_console_is_clean(data: Visit) -> None:
    """But for what was asked of the server to try."""
    assert data.facts["errors"] == []
