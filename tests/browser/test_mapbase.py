"""Basemaps of other hosts, as the operator configures them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.browser.conftest import Visit, visited
from tests.conftest import running

RED = (255, 0, 0)
SAHARA = (slice(150, 200), slice(430, 520))  # of a window of 900 x 600: land, so without data


@pytest.fixture(scope="module")
def basemaps(
    chromium: str, demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    """A visit to a viewer with a basemap of another host."""
    folder = tmp_path_factory.mktemp("basemap")
    basemap = {
        "id": "red",
        "title": "Red",
        "url": "https://tiles.example.test/{z}/{x}/{y}.png",
        "attribution": "© <b>Red</b>",
        "max_zoom": 3,
    }
    dataset = {"id": "ocean", "title": "Ocean", "url": str(demo_data.parent / "ocean.zarr")}
    catalog = {"viewer": {"basemaps": [basemap], "basemap": "red"}, "datasets": [dataset]}
    (folder / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    with running("--catalog", str(folder / "catalog.yaml")) as url:
        yield visited(tmp_path_factory, "mapbase", chromium, url)


def test_lies_below_the_data(basemaps: Visit) -> None:
    """It is seen where there are no data, and only there; not where another is chosen."""
    land = basemaps.picture("online")[SAHARA].astype("i2")
    assert (np.abs(land - RED).max(axis=-1) <= 2).mean() > 0.8
    assert (np.abs(basemaps.picture("online").astype("i2") - RED).max(axis=-1) <= 2).mean() < 0.9
    assert not (np.abs(basemaps.picture("offline").astype("i2") - RED).max(axis=-1) <= 2).any()


def test_is_asked_for_no_finer_than_it_goes(basemaps: Visit) -> None:
    """At zoom 4 the tiles of zoom 3 are enlarged."""
    asked = basemaps.facts["asked"]
    assert asked
    assert all(address.split("example.test")[1].startswith("/3/") for address in asked)


def test_attribution_is_text(basemaps: Visit) -> None:
    """As long as it is shown."""
    assert "© <b>Red</b>" in basemaps.facts["attribution"]
    assert basemaps.facts["markup"] == 0
    assert "Red" not in basemaps.facts["offline"]


def test_its_host_is_allowed(basemaps: Visit) -> None:
    """By the page's policy: no error is in the console."""
    assert basemaps.facts["errors"] == []
