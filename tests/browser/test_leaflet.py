"""Leaflet shows layers on a map in degrees too, where axes have two orders: our own tiles."""

import numpy as np
import pytest

from tests.browser.pages import Pages, mosaic, program

TIME = "2021-07-12T00:00:00Z"
ZOOM, COLUMN, ROW = 2, 3, 2
TEMPLATE = "wmts/1.0.0/{layer}/{style}/WorldCRS84Quad/{z}/{y}/{x}.png?time={time}"


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        ("wms-1.3.0", "wms", {"version": "1.3.0", "layers": "ocean.sst"}),
        ("wms-1.1.1", "wms/ocean", {"version": "1.1.1", "layers": "ocean.sst"}),
        ("wmts", TEMPLATE, {"layer": "ocean.sst", "style": "default"}),
    ],
)
def test_degrees(pages: Pages, map_server: str, name: str, path: str, told: dict[str, str]) -> None:
    """By each protocol, pixel for pixel."""
    side = 180 / 2**ZOOM
    args = {
        "address": f"{map_server}/{path}",
        "center": [90 - ROW * side, -180 + COLUMN * side],
        "zoom": ZOOM,
        "time": TIME,
    }
    seen = pages.run(
        f"leaflet-{name}",
        library="leaflet",
        program=program("leaflet.js", "showDegrees"),
        args=args | told,
    )
    tiles = f"{map_server}/tiles/ocean/sst/WorldCRS84Quad/{{z}}/{{x}}/{{y}}.png?time={TIME}"
    np.testing.assert_array_equal(seen.picture, mosaic(tiles, ZOOM, COLUMN, ROW))
