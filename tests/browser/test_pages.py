"""The pages that the server writes itself, as a browser shows them."""

import numpy as np
import pytest

from tests.browser.pages import Pages, program

TILE = "WebMercatorQuad/2/1/1"
PAGES = {
    "landing": "/ogc?f=html",
    "conformance": "/ogc/conformance?f=html",
    "collections": "/ogc/collections?f=html",
    "collection": "/ogc/collections/ice.north.thickness?f=html",
    "picture": "/ogc/collections/s2.true_color?f=html",
    "styles": "/ogc/collections/ice.north.thickness/styles?f=html",
    "tilesets": "/ogc/collections/ocean.sst/map/tiles?f=html",
    "tileset": "/ogc/collections/ocean.sst/map/tiles/WebMercatorQuad?f=html",
    "matrix-set": "/ogc/tileMatrixSets/WorldCRS84Quad?f=html",
    "info": f"/wmts/1.0.0/ocean.sst/default/{TILE}/30/40.html",
    "bands": "/wmts/1.0.0/s2.true_color/default/UTM32WGS84Quad/12/1512/1042/100/100.html",
}


@pytest.mark.parametrize("name", PAGES)
def test_page(pages: Pages, map_server: str, name: str) -> None:
    """On a phone in the dark: nothing is cut off, no link is dead, the console is empty."""
    seen = pages.run(
        name,
        size=(844, 390),
        dark=True,
        touch=True,
        address=map_server + PAGES[name],
        program=program("page.js", "look"),
    )
    assert seen.facts["dead"] == []
    assert seen.facts["width"] == 390
    assert seen.facts["images"] == 0
    assert seen.facts["heading"]
    assert np.mean(seen.picture) < 90
