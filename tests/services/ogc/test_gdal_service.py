from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.services.memory_catalog import utm
from tileserver.errors import InvalidParameter
from tileserver.layer import find_layer
from tileserver.matrixset import MatrixSets, quad
from tileserver.services.ogc.desktop import DesktopLayer
from tileserver.services.ogc.gdal_service import description


def test_zooms_by_halves_alone() -> None:
    """A set whose zooms are not halves is refused, by the name of others."""
    extent = (4e5, 4.9e6, 5e5, 5e6)
    odd = quad("odd", "Odd", "EPSG:32631", extent, cell_sizes=(1000.0, 300.0))
    dataset = replace(utm(), matrix_sets=MatrixSets({"odd": odd}))
    layer = DesktopLayer.of(dataset, find_layer(dataset, "height"), tms="odd")
    with pytest.raises(InvalidParameter, match=r"expected WebMercatorQuad or .*UTM31WGS84Quad"):
        description(layer, "http://localhost")


def test_window_of_an_own_set() -> None:
    """A set of the catalogue whose zooms are halves will do, whatever its numbers of tiles are."""
    own = quad("own", "Own", "EPSG:32631", (3.9e5, 4.91e6, 4.85e5, 5.01e6), max_zoom=6)
    dataset = replace(utm(), matrix_sets=MatrixSets({"own": own}))
    layer = DesktopLayer.of(dataset, find_layer(dataset, "height"), tms="own")
    window = ElementTree.fromstring(description(layer, "http://localhost")).find("DataWindow")
    assert window is not None
    left, top = (float(window.findtext(name, "")) for name in ("UpperLeftX", "UpperLeftY"))
    right, bottom = (float(window.findtext(name, "")) for name in ("LowerRightX", "LowerRightY"))
    assert (left, top) == (3.9e5, 5.01e6)
    assert (right, bottom) == pytest.approx((4.8e5, 4.94e6), abs=2000)
