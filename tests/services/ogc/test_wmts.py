import dataclasses
import xml.etree.ElementTree as ET

import pytest

from tests.services.ogc.wmts_document import (
    SERVICE,
    depth_dimension,
    layer,
    time_dimension,
)
from tileserver.services.ogc import wmts
from tileserver.services.ogc.layer_info import LayerInfo
from tileserver.services.ogc.ows import OwsError
from tileserver.services.ogc.wmts_layer import LayersText

NAMES = {
    "": "http://www.opengis.net/wmts/1.0",
    "ows": "http://www.opengis.net/ows/1.1",
    "xlink": "http://www.w3.org/1999/xlink",
}
HREF = "{http://www.w3.org/1999/xlink}href"


def read(*layers: LayerInfo, **options: object) -> ET.Element:
    return ET.fromstring(wmts.capabilities(SERVICE, [LayersText.of(layers)], **options))


def texts(root: ET.Element, path: str) -> list[str | None]:
    return [each.text for each in root.findall(path, NAMES)]


def local(each: ET.Element) -> str:
    return each.tag.split("}")[1]


def test_only_kvp_operations() -> None:
    """The operations name their KVP address alone, ending in a question mark."""
    root = read(layer())
    gets = root.findall(".//ows:Get", NAMES)
    assert [get.get(HREF) for get in gets] == ["https://maps.example/a/wmts?"] * 3
    assert texts(root, ".//ows:Get//ows:Value") == ["KVP"] * 3


def test_layer_order() -> None:
    """The elements of a layer stand in the order of the schema."""
    elements = read(layer(time_dimension())).find("Contents/Layer", NAMES)
    assert elements is not None
    assert list(dict.fromkeys(map(local, elements))) == [
        "Title",
        "Abstract",
        "WGS84BoundingBox",
        "Identifier",
        "BoundingBox",
        "Style",
        "Format",
        "InfoFormat",
        "Dimension",
        "TileMatrixSetLink",
        "ResourceURL",
    ]


def test_texts_are_escaped() -> None:
    """Titles come through with all their characters."""
    root = read(layer())
    assert texts(root, "ows:ServiceIdentification/ows:Title") == ["Cubes <& more>"]
    assert texts(root, "Contents/Layer/ows:Title") == ["Sea surface <temperature>"]


def test_default_namespace() -> None:
    """Names of WMTS have no prefix: QGIS reads them as spelt."""
    document = wmts.capabilities(SERVICE, [LayersText.of([layer()])])
    assert b'<Capabilities xmlns="http://www.opengis.net/wmts/1.0"' in document
    assert b"<ows:Identifier>ocean.sst</ows:Identifier>" in document
    assert b"WellKnownScaleSet" not in document


def test_styles() -> None:
    """A style's title is its identifier, the first is the default, a legend has its size."""
    styles = read(layer()).findall(".//Style", NAMES)
    assert [style.get("isDefault") for style in styles] == ["true", "false"]
    for style in styles:
        assert texts(style, "ows:Title") == texts(style, "ows:Identifier")
    legends = [legend.attrib for legend in styles[0].findall("LegendURL", NAMES)]
    assert legends == [
        {
            "format": "image/png",
            HREF: "https://maps.example/a/wmts/1.0.0/ocean.sst/sst/legend.png",
            "width": "260",
            "height": "48",
        }
    ]


def test_time_dimension() -> None:
    """Time has the UOM ISO8601, an instant for a default, and a current value."""
    root = read(layer(time_dimension()))
    [dimension] = root.findall(".//Dimension", NAMES)
    assert texts(dimension, "ows:Identifier") == ["time"]
    assert texts(dimension, "ows:UOM") == ["ISO8601"]
    assert texts(dimension, "Default") == ["1970-01-03T00:00:00Z"]
    assert texts(dimension, "Current") == ["true"]
    assert len(texts(dimension, "Value")) == 3


def test_other_dimension() -> None:
    """A depth has its unit and the first of its values for a default."""
    root = read(layer(time_dimension(), depth_dimension()))
    dimension = root.findall(".//Dimension", NAMES)[1]
    assert texts(dimension, "ows:UOM") == ["m"]
    assert texts(dimension, "Default") == ["0.5"]
    assert texts(dimension, "Value") == ["0.5", "10", "100"]
    assert dimension.find("Current", NAMES) is None


def test_templates() -> None:
    """Templates hold every dimension as a query parameter, those of feature info too."""
    root = read(layer(time_dimension(), depth_dimension()))
    found = {
        (each.get("resourceType"), each.get("format")): each.get("template")
        for each in root.findall(".//ResourceURL", NAMES)
    }
    base = (
        "https://maps.example/a/wmts/1.0.0/ocean.sst/"
        "{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}"
    )
    query = "?time={time}&depth={depth}"
    assert found == {
        ("tile", "image/png"): f"{base}.png{query}",
        ("FeatureInfo", "text/plain"): f"{base}/{{J}}/{{I}}.txt{query}",
        ("FeatureInfo", "application/json"): f"{base}/{{J}}/{{I}}.json{query}",
        ("FeatureInfo", "text/html"): f"{base}/{{J}}/{{I}}.html{query}",
    }


def test_a_layer_that_cannot_be_queried() -> None:
    """Such a layer has no InfoFormat and no template for feature info."""
    root = read(layer(queryable=False))
    assert not root.findall(".//InfoFormat", NAMES)
    assert len(root.findall(".//ResourceURL", NAMES)) == 1


def test_limits() -> None:
    """A layer says which tiles of each matrix it touches."""
    root = read(layer())
    link = root.find(".//TileMatrixSetLink", NAMES)
    assert link is not None
    limits = link.findall(".//TileMatrixLimits", NAMES)
    assert [each.text for each in limits[1]] == ["1", "0", "1", "1", "1"]
    assert [each[0].text for each in limits] == [str(zoom) for zoom in range(8)]


def test_matrix_sets() -> None:
    """CRS are URNs, corners stand in the order of their axes, scales are those of OGC."""
    root = read(layer())
    sets = root.findall("Contents/TileMatrixSet", NAMES)
    assert texts(root, "Contents/TileMatrixSet/ows:SupportedCRS") == [
        "urn:ogc:def:crs:EPSG::3857",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:EPSG::4326",
    ]
    assert texts(sets[0], "TileMatrix/TopLeftCorner")[0] == "-20037508.342789244 20037508.342789244"
    assert texts(sets[1], "TileMatrix/TopLeftCorner")[0] == "-180 90"
    assert texts(sets[2], "TileMatrix/TopLeftCorner")[0] == "90 -180"
    assert texts(sets[1], "TileMatrix/MatrixWidth")[0] == "2"
    scales = [float(text or "") for text in texts(sets[0], "TileMatrix/ScaleDenominator")]
    assert scales[:2] == pytest.approx([559082264.0287178, 279541132.0143589], rel=1e-12)


def test_projected_box() -> None:
    """A layer over a pole has a box in Mercator that ends where the set does."""
    root = read(dataclasses.replace(layer(), bbox=(-180.0, -90.0, 180.0, 90.0)))
    [box] = root.findall(".//ows:BoundingBox", NAMES)
    assert box.get("crs") == "urn:ogc:def:crs:EPSG::3857"
    [low], [high] = texts(box, "ows:LowerCorner"), texts(box, "ows:UpperCorner")
    edge = 20037508.342789244
    assert [float(n) for n in f"{low} {high}".split()] == pytest.approx([-edge, -edge, edge, edge])


def test_box_across_the_date_line() -> None:
    """A box across 180° is told as all longitudes, which every client can read."""
    across = dataclasses.replace(layer(), bbox=(170.0, -20.0, -160.0, -10.0))
    root = read(across)
    assert texts(root, ".//ows:WGS84BoundingBox/ows:LowerCorner") == ["-180 -20"]
    assert texts(root, ".//ows:WGS84BoundingBox/ows:UpperCorner") == ["180 -10"]


def test_sections() -> None:
    """A part of the document has the sections asked for and no ServiceMetadataURL."""
    root = read(layer(), sections=wmts.parse_sections("contents,SERVICEIDENTIFICATION"))
    assert [local(each) for each in root] == ["ServiceIdentification", "Contents"]
    whole = read(layer(), sections=wmts.parse_sections("All"))
    assert local(whole[-1]) == "ServiceMetadataURL"
    assert whole[-1].get(HREF) == "https://maps.example/a/wmts/1.0.0/WMTSCapabilities.xml"


def test_unknown_section() -> None:
    """A section that the standard lacks is refused."""
    with pytest.raises(OwsError, match="sections='Layers'") as caught:
        wmts.parse_sections("Layers")
    assert caught.value.locator == "sections"


def test_unchanged() -> None:
    """A client that has the document gets its root alone."""
    root = ET.fromstring(wmts.unchanged("7"))
    assert root.attrib == {"version": "1.0.0", "updateSequence": "7"}
    assert len(root) == 0
