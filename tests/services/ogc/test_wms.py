"""Capabilities of WMS: what stands where in the tree, boxes, dimensions, size."""

import time
from xml.etree import ElementTree

import numpy as np
import pytest
from pyproj import Transformer

from tests.services.memory_catalog import FIJI, ZONE_31
from tests.services.ogc.wms_document import (
    DAY_S,
    DEPTH,
    NASTY,
    NORTH,
    dataset,
    document,
    hard_datasets,
    irregular_times,
    time_dimension,
)
from tileserver.config import ContactConfig, ServiceConfig
from tileserver.cube import Dimension
from tileserver.services.ogc.wms_layer import extent
from tileserver.timeaxis import TimeAxis

NAMES = {"": "http://www.opengis.net/wms", "xlink": "http://www.w3.org/1999/xlink"}
HREF = "{http://www.w3.org/1999/xlink}href"

Element = ElementTree.Element


def newest(*datasets: object, **more: object) -> Element:
    """The root layer of a document of 1.3.0."""
    found = ElementTree.fromstring(document("1.3.0", datasets, **more)).find(
        "Capability/Layer", NAMES
    )
    assert found is not None
    return found


def titles(layer: Element) -> list[str | None]:
    return [each.findtext("Title", None, NAMES) for each in layer.findall("Layer", NAMES)]


def texts(layer: Element, path: str) -> list[str | None]:
    return [each.text for each in layer.findall(path, NAMES)]


def boxes(layer: Element) -> dict[str, list[float]]:
    sides = ("minx", "miny", "maxx", "maxy")
    found = layer.findall("BoundingBox", NAMES)
    return {each.attrib["CRS"]: [float(each.attrib[side]) for side in sides] for each in found}


def test_tree() -> None:
    """Themes hold themes and datasets, datasets hold layers; what has no theme follows them."""
    themes = {"a": "Ocean/Ice", "b": "Land", "c": "Ocean", "d": None}
    root = newest(*(dataset(name, theme=theme) for name, theme in themes.items()))
    assert titles(root) == ["Ocean", "Land", "d"]
    ocean = root.find("Layer", NAMES)
    assert ocean is not None
    assert titles(ocean) == ["Ice", "c"]
    assert texts(root, ".//Name[.='a.v']") == ["a.v"]
    assert texts(root, "Layer/Layer/Layer/Layer/Name") == ["a.v"]


def test_texts() -> None:
    """Texts are as they were but for characters that no document may hold."""
    root = newest(dataset("a", title=NASTY, description=NASTY))
    told = NASTY.replace("\x0b", "\N{REPLACEMENT CHARACTER}")
    assert texts(root, "Layer/Title") == texts(root, "Layer/Abstract") == [told]


def test_service() -> None:
    """What the catalogue tells of the service stands where clients look, and nothing else."""
    contact = ContactConfig(name="Ann <b>", phone="1", city="Kiel", position="chief")
    told = ServiceConfig(
        title="T", keywords=("sea", "ice"), provider="P & Q", provider_url="https://p.example/?a&b",
        contact=contact, fees="none", access_constraints="CC-BY",
    )  # fmt: skip
    service = ElementTree.fromstring(document("1.3.0", [], told=told)).find("Service", NAMES)
    assert service is not None
    assert texts(service, "KeywordList/Keyword") == ["sea", "ice"]
    person = "ContactInformation/ContactPersonPrimary/Contact{}"
    assert texts(service, person.format("Person")) == ["Ann <b>"]
    assert texts(service, person.format("Organization")) == ["P & Q"]
    assert texts(service, "ContactInformation/ContactAddress/City") == ["Kiel"]
    assert texts(service, "AccessConstraints") == ["CC-BY"]
    assert [each.attrib[HREF] for each in service.findall("OnlineResource", NAMES)] == [
        "https://p.example/?a&b"
    ]


def test_common_is_told_once() -> None:
    """What all layers of a dataset have alike stands at the dataset; OWSLib wants times on each."""
    layer = newest(dataset("d", time_dimension(), grid=ZONE_31, variables=("a", "b")))[-1]
    assert set(boxes(layer)) == {"CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:32631"}
    # OpenLayers hands CRSs on to the next level alone.
    assert texts(layer, "CRS") == ["CRS:84", "EPSG:4326", "EPSG:3857", "EPSG:32631"]
    below = layer.findall("Layer", NAMES)
    assert [boxes(each) for each in below] == [{}, {}]
    assert [texts(each, "CRS") for each in below] == [[], []]
    assert [len(texts(each, "Dimension")) for each in below] == [1, 1]


def test_static_layers_have_no_times() -> None:
    """A layer without the dimension of its neighbours is not given it."""
    root = newest(dataset("d", time_dimension(), static=("land",)))
    lengths = {
        name: len(root.findall(f".//Layer[Name='{name}']/Dimension", NAMES))
        for name in ("d.v", "d.land")
    }
    assert lengths == {"d.v": 1, "d.land": 0}


def test_boxes_have_the_order_of_the_axes() -> None:
    """In 1.3.0 degrees of EPSG:4326 and metres of EPSG:3035 come northing first."""
    europe = hard_datasets()[-1]
    found = boxes(newest(europe)[-1])
    west, south, east, north = europe.source.cube.bounds()
    assert found["CRS:84"] == pytest.approx([west, south, east, north])
    assert found["EPSG:4326"] == pytest.approx([south, west, north, east])
    assert found["EPSG:3035"] == [3e6, 2e6, 5e6, 5e6]
    mercator = Transformer.from_crs("OGC:CRS84", "EPSG:3857", always_xy=True)
    corners = [*mercator.transform(west, south), *mercator.transform(east, north)]
    assert found["EPSG:3857"] == pytest.approx(corners)


def test_boxes_of_1_1_1_have_x_first() -> None:
    """In 1.1.1 the order is x, y whatever the CRS."""
    europe = hard_datasets()[-1]
    root = ElementTree.fromstring(document("1.1.1", [europe]))
    found = {
        each.attrib["SRS"]: [float(each.attrib[s]) for s in ("minx", "miny", "maxx", "maxy")]
        for each in root.findall("Capability/Layer/Layer/BoundingBox")
    }
    assert found["EPSG:4326"] == pytest.approx(europe.source.cube.bounds())
    assert found["EPSG:3035"] == [2e6, 3e6, 5e6, 5e6]
    assert "CRS:84" not in {each.text for each in root.iter("SRS")}


def test_boxes_of_hard_places() -> None:
    """Across 180° a box is round the globe; a pole is no end of a box in Mercator."""
    west, east = (f"EX_GeographicBoundingBox/{side}BoundLongitude" for side in ("west", "east"))
    pacific, ice = newest(dataset("p", grid=FIJI))[-1], newest(dataset("i", grid=NORTH))[-1]
    assert (texts(pacific, west), texts(pacific, east)) == (["-180"], ["180"])
    assert texts(ice, "EX_GeographicBoundingBox/northBoundLatitude") == ["90"]
    assert np.isfinite(boxes(ice)["EPSG:3857"]).all()
    assert boxes(ice)["EPSG:3857"][3] == pytest.approx(20037508.34, abs=0.01)
    assert boxes(ice)["EPSG:3413"] == [-3e6, -3e6, 3e6, 3e6]


def test_dimensions() -> None:
    """Time has its instants, a vertical dimension is called elevation, others have their names."""
    layer = newest(dataset("d", Dimension("member", np.arange(2.0)), DEPTH, time_dimension()))
    times, members, depths = layer.findall(".//Dimension", NAMES)
    about = {"multipleValues": "1", "nearestValue": "1", "current": "1"}
    last = "1970-01-03T00:00:00Z"
    assert times.attrib == {"name": "time", "units": "ISO8601", "default": last} | about
    assert times.text == "1970-01-01T00:00:00Z/1970-01-03T00:00:00Z/P1D"
    assert (members.attrib["name"], members.attrib["units"]) == ("member", "")
    assert depths.attrib == {
        "name": "elevation", "units": "m", "unitSymbol": "m", "default": "0.5", "nearestValue": "1"
    }  # fmt: skip
    assert depths.text == "0.5,10,100"


def test_time_of_any_name() -> None:
    """The first dimension of times is called time, whatever the store calls it."""
    run = Dimension("run", time_dimension().values)
    valid = Dimension("valid", time_dimension().values)
    layer = newest(dataset("d", run, valid))
    names = [each.attrib["name"] for each in layer.findall(".//Dimension", NAMES)]
    assert names == ["time", "valid"]


def test_extent_of_texts() -> None:
    """What would part a list is not listed."""
    assert extent(Dimension("station", ("a, b", "c/d", "<e>", "f"))) == "<e>,f"


def test_extent_is_the_shorter() -> None:
    """Irregular times are listed, regular stretches are periods."""
    assert "/" not in extent(irregular_times(100))
    gap = np.r_[np.arange(100), np.arange(200, 300)] * DAY_S
    parts = extent(Dimension("time", TimeAxis(gap))).split(",")
    assert [part.rpartition("/")[2] for part in parts] == ["P1D", "P1D"]


def test_queryable() -> None:
    """A dataset whose values are not told says so."""
    root = newest(dataset("open"), dataset("closed", queryable=False))
    told = {
        each.findtext("Name", "", NAMES): each.get("queryable")
        for each in root.iter()
        if "Layer" in each.tag
    }
    assert (told["open.v"], told["closed.v"]) == ("1", None)


def test_legends() -> None:
    """The address of a legend asks for it, at the size that is told."""
    style = newest(dataset("d"))[-1].find("Layer/Style/LegendURL", NAMES)
    assert style is not None
    link = style.find("OnlineResource", NAMES)
    assert link is not None
    assert link.attrib[HREF].startswith("https://maps.example/a/wms?SERVICE=WMS&VERSION=1.3.0&")
    assert int(style.attrib["width"]) > 0


@pytest.mark.parametrize("version", ["1.3.0", "1.1.1"])
def test_size(version: str) -> None:
    """500 datasets of two layers, and one of 100 000 times, take less than a megabyte each."""
    many = [
        dataset(f"d{i}", time_dimension(1000), variables=("a", "b"), description="Some words on it")
        for i in range(500)
    ]
    assert len(document(version, many)) < 1e6
    long = dataset("long", irregular_times(100_000))
    began = time.perf_counter()
    assert len(document(version, [long])) < 1e5
    assert time.perf_counter() - began < 1


def test_size_of_lists() -> None:
    """Where lists of values would make a document too large, they give way; alone each is whole."""
    times = irregular_times(900)
    many = [dataset(f"d{i}", times) for i in range(100)]
    assert len(document("1.3.0", many)) < 2e5
    assert texts(newest(*many[:1]), ".//Dimension")[0].count(",") > 500
    assert texts(newest(*many), ".//Dimension")[0].count(",") == 0
