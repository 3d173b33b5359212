"""Features of a point as GML."""

from xml.etree import ElementTree

from tileserver.services.ogc.info_gml import Feature, write

GML = "{http://www.opengis.net/gml}"


def test_write() -> None:
    """A member for each feature, its facts by their names, longitude first."""
    facts = {"value": 1.5, "title": "<&>\x00", "units": None, "bands": [1], "2 deep/é": "x"}
    root = ElementTree.fromstring(write([Feature((10.0, 20.5), facts), Feature(None, {})]))
    first, second = (member[0] for member in root.findall(f"{GML}featureMember"))
    told = {each.tag: each.text for each in first if each.tag != "geometry"}
    assert told == {"value": "1.5", "title": "<&>\N{REPLACEMENT CHARACTER}", "_2_deep__": "x"}
    point = first.find(f"geometry/{GML}Point")
    assert point is not None
    assert (point.get("srsName"), point[0].text) == ("EPSG:4326", "10,20.5")
    assert list(second) == []
