"""Names and axes of CRSs in WMS."""

import pyproj
import pytest

from tests.services.memory_catalog import sea, utm
from tileserver.layer import find_layer
from tileserver.matrixset import MatrixSets, quad
from tileserver.services.ogc import wms_crs


def test_every_layer_has_those_of_the_registry_and_the_catalogue() -> None:
    """Degrees and Web Mercator first; one that the catalogue has a set for, though no data."""
    names = [each.name for each in wms_crs.everywhere(MatrixSets())]
    assert names[:3] == ["CRS:84", "EPSG:4326", "EPSG:3857"]
    own = quad("Gauss", None, "EPSG:31467", (3e6, 5e6, 4e6, 6e6))
    added = [each.name for each in wms_crs.everywhere(MatrixSets({"Gauss": own}))]
    assert added == [*names, "EPSG:31467"]


def test_a_layer_has_that_of_its_data() -> None:
    """Unless every layer has it."""
    [own] = wms_crs.own(utm(), find_layer(utm(), "height"))
    assert own.name == "EPSG:32631"
    assert wms_crs.own(sea(), find_layer(sea(), "sst")) == ()


@pytest.mark.parametrize(
    "name", ["EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:2193", "EPSG:31467", "EPSG:3413",
             "EPSG:3031", "EPSG:5041", "EPSG:32661", "EPSG:32631", "EPSG:2056", "EPSG:3978"]
)  # fmt: skip
def test_axes_are_pyprojs(name: str) -> None:
    """A box in the order of the CRS' own axes becomes one of x and y, in 1.3.0; and back."""
    area = pyproj.CRS.from_user_input(name).area_of_use
    assert area is not None
    lon, lat = area.west + (area.east - area.west) / 3, (area.south + area.north) / 2 + 0.7
    x, y = pyproj.Transformer.from_crs("OGC:CRS84", name, always_xy=True).transform(lon, lat)
    first, second = pyproj.Transformer.from_crs("OGC:CRS84", name).transform(lon, lat)
    place, box = wms_crs.named(name), (first, second, first + 1, second + 1)
    assert place.bounds(box, "1.3.0") == pytest.approx((x, y, x + 1, y + 1))
    assert place.bounds(place.bounds(box, "1.3.0"), "1.3.0") == box
    assert place.bounds(box, "1.1.1") == box


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EPSG:4326", "EPSG:4326"),
        ("epsg:4326", "EPSG:4326"),
        ("crs:84", "CRS:84"),
        ("OGC:CRS84", "CRS:84"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "CRS:84"),
        ("urn:ogc:def:crs:EPSG::3857", "EPSG:3857"),
        ("urn:ogc:def:crs:EPSG:9.8:3857", "EPSG:3857"),
        ("EPSG:102113", "EPSG:3857"),
        ("EPSG:4258", None),
        ("EPSG:", None),
        ("+proj=longlat", None),
        ("urn:ogc:def:crs:EPSG::" + "9" * 5000, None),
    ],
)
def test_names(text: str, name: str | None) -> None:
    """As clients write them; nothing is parsed that is not on the list."""
    found = wms_crs.find(sea(), find_layer(sea(), "sst"), text)
    assert (found and found.name) == name
