"""The layers of WMTS documents: sizes, limits, values."""

import dataclasses
import gzip
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.services.ogc.wmts_document import MATRIX_SETS, SERVICE, layer, time_dimension
from tileserver.cube import Dimension
from tileserver.grid import LONLAT, Bounds, transformer
from tileserver.matrixset import matrix_set
from tileserver.services.ogc import wmts
from tileserver.services.ogc.layer_info import LayerInfo, StyleInfo
from tileserver.services.ogc.wmts_layer import Detail, LayersText
from tileserver.services.ogc.wmts_matrix import FINER_ZOOMS, link
from tileserver.services.ogc.xml import clean
from tileserver.timeaxis import TimeAxis
from tileserver.tms import tile_at

NAMES = {"": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
SETS = (*MATRIX_SETS, *map(matrix_set, ("UPSArcticWGS84Quad", "UTM31WGS84Quad")))

INSIDE = st.floats(0.001, 0.999)  # of the way from one edge to the other


def read(*layers: LayerInfo, detail: Detail = "whole") -> ET.Element:
    texts = [LayersText.of(layers, detail)]
    return ET.fromstring(wmts.capabilities(SERVICE, texts))


def values(root: ET.Element) -> list[list[str | None]]:
    """Of each dimension."""
    dimensions = root.iterfind(".//Dimension", NAMES)
    return [[value.text for value in each.findall("Value", NAMES)] for each in dimensions]


def limits(text: str) -> dict[int, tuple[int, ...]]:
    """Top, bottom, left and right of each matrix."""
    found = ET.fromstring(text).findall("TileMatrixSetLimits/TileMatrixLimits")
    rows = [[int(child.text or "") for child in each] for each in found]
    return {zoom: tuple(edges) for zoom, *edges in rows}


@st.composite
def boxes(draw: st.DrawFn) -> Bounds:
    """Boxes in degrees, some across 180°."""
    south = draw(st.floats(-89, 88))
    north = draw(st.floats(south + 0.01, 90))
    west = draw(st.floats(-180, 179))
    width = draw(st.floats(0.01, 359))
    return west, south, west + width - 360 * (west + width > 180), north


@settings(max_examples=60, deadline=None)
@given(boxes(), st.integers(1, 12), INSIDE, INSIDE, st.integers(0, 4))
def test_every_tile_with_data_is_within_the_limits(
    bbox: Bounds, native: int, right: float, up: float, number: int
) -> None:
    """A point inside a layer is in a tile within the limits, at each zoom that has some."""
    tiles = SETS[number]
    west, south, east, north = bbox
    lon = west + right * ((east - west) % 360)
    place = (lon if lon <= 180 else lon - 360), south + up * (north - south)
    assume(np.isfinite(transformer(LONLAT, tiles.crs).transform(*place)).all())  # UTM has an end
    for zoom, (top, bottom, first, last) in limits(link(tiles, bbox, native)).items():
        col, row = tile_at(tiles, zoom, *place)
        assert first <= col <= last, (tiles.id, zoom)
        assert top <= row <= bottom, (tiles.id, zoom)


def test_no_limits_around_the_world() -> None:
    """A layer that every tile touches has no limits: they would say nothing."""
    for tiles in MATRIX_SETS:
        assert "Limits" not in link(tiles, (-180.0, -90.0, 180.0, 90.0), 5)
    assert "Limits" in link(MATRIX_SETS[0], (-180.0, -90.0, 179.0, 90.0), 5)


def test_limits_as_fine_as_the_data() -> None:
    """Limits go a little beyond the data's own zoom; all the way where none suits it."""
    box = (0.0, 40.0, 10.0, 50.0)
    assert list(limits(link(MATRIX_SETS[0], box, 7))) == list(range(7 + FINER_ZOOMS + 1))
    assert list(limits(link(MATRIX_SETS[0], box, 0))) == list(range(25))
    assert list(limits(link(MATRIX_SETS[0], box, 24))) == list(range(25))


def test_brief_values() -> None:
    """Where layers are many a regular time is a period, another the span of it, and the values of
    a depth are some of them from the first to the last."""
    gaps = np.cumsum(np.random.default_rng(1).integers(1, 9, 200)) * 86400.0
    depth = Dimension("depth", np.arange(200.0), units="m")
    regular, irregular = time_dimension(200), Dimension("time", TimeAxis(gaps))
    found = values(read(layer(regular, depth), layer(irregular), detail="brief"))
    assert found[0] == ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z/1970-07-19T00:00:00Z/P1D"]
    assert len(found[1]) == 10
    assert (found[1][0], found[1][-1]) == ("0", "199")
    assert len(found[2]) == 2
    assert all(len(each) == 200 for each in values(read(layer(regular, depth), layer(irregular))))


def test_times_of_another_name() -> None:
    """QGIS knows times by the name `time`: the first of them has it, unless another one does."""
    group, run = (dataclasses.replace(time_dimension(), name=n) for n in ("a.time", "run"))
    for dimensions, names in (
        ((group,), ["time"]),
        ((run, group), ["time", "a.time"]),
        ((time_dimension(), run), ["time", "run"]),
    ):
        [found] = read(layer(*dimensions)).iterfind("Contents/Layer", NAMES)
        ids = [each.text for each in found.iterfind("Dimension/ows:Identifier", NAMES)]
        assert ids == names
        query = "&".join(f"{name}={{{name}}}" for name in names)
        templates = [each.get("template", "") for each in found.iterfind("ResourceURL", NAMES)]
        assert all(template.endswith(f"?{query}") for template in templates)


def test_entries() -> None:
    """They count what QGIS puts into its menus: values × styles × matrix sets."""
    assert LayersText.of([layer(), layer(time_dimension(50))]).entries == (1 + 50) * 2 * 3


def test_a_hundred_thousand_steps() -> None:
    """A layer of a hundred thousand steps takes no more than one of ten: a period tells them."""
    few, many = (LayersText.of([layer(time_dimension(n))]).nbytes for n in (10, 100_000))
    assert many < few


def test_many_irregular_steps() -> None:
    """Nor does one of irregular steps, nor a depth of ten thousand values, grow with them."""
    random = np.random.default_rng(1)
    axis = TimeAxis(np.cumsum(random.integers(1, 9999, 100_000)).astype(float))
    depth = Dimension("depth", np.arange(10_000.0))
    assert LayersText.of([layer(Dimension("time", axis))]).nbytes < 10_000
    assert LayersText.of([layer(depth)]).nbytes < 40_000


def test_many_variables() -> None:
    """A product of 64 regional variables, to be seen in three matrix sets, is a document well below
    a megabyte, of which a twentieth travels."""
    fine = dataclasses.replace(layer(), bbox=(10.0, 46.0, 11.5, 47.5), native_zooms=(14, 13, 13))
    layers = [dataclasses.replace(fine, id=f"s2.b{n}") for n in range(64)]
    document = wmts.capabilities(SERVICE, [LayersText.of(layers)])
    assert len(document) < 720_000
    assert len(gzip.compress(document, 6)) < len(document) / 20


def test_style_ids_in_addresses() -> None:
    """A style with a range is named in its legend's address; a layer's odd letters are escaped."""
    odd = dataclasses.replace(layer(), id="größe & <b>", styles=(StyleInfo("a:0:7", (1, 2)),))
    [legend] = read(odd).iterfind(".//LegendURL", NAMES)
    assert legend.get("{http://www.w3.org/1999/xlink}href") == (
        "https://maps.example/a/wmts/1.0.0/gr%C3%B6%C3%9Fe%20%26%20%3Cb%3E/a%3A0%3A7/legend.png"
    )


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None)), st.text(max_size=30))
def test_any_text(text: str, name: str) -> None:
    """A document holds any text, but for what XML cannot; and its values as well."""
    dimension = Dimension("band", (f"x{text}", f"y{name}"))
    wordy = dataclasses.replace(layer(dimension), title=f"x{text}", keywords=(f"y{name}",))
    found = read(wordy)
    expected = [ET.fromstring(f"<a>{escape(clean(t))}</a>").text for t in (f"x{text}", f"y{name}")]
    assert found.findtext("Contents/Layer/ows:Title", "", NAMES) == expected[0]
    assert found.findtext("Contents/Layer/ows:Keywords/ows:Keyword", "", NAMES) == expected[1]
    assert values(found) == [expected]


def test_long_abstracts() -> None:
    """What a store says at length is cut at its layers, of which there may be many."""
    wordy = dataclasses.replace(layer(), abstract="word " * 100_000)
    abstract = read(wordy).findtext("Contents/Layer/ows:Abstract", "", NAMES)
    assert len(abstract) < 1010
    assert abstract.endswith("word …")


def test_address_of_the_server() -> None:
    """It may hold what XML escapes; texts that hold its place keep none of it."""
    service = dataclasses.replace(SERVICE, base_url="https://a.example/x'y&\"z")
    sly = dataclasses.replace(layer(), title="\ufdd0 and \ufdd1")
    root = ET.fromstring(wmts.capabilities(service, [LayersText.of([sly])]))
    assert root.findtext("Contents/Layer/ows:Title", "", NAMES) == "\ufffd and \ufffd"
    [legend] = root.iterfind(".//LegendURL", NAMES)
    address = legend.get("{http://www.w3.org/1999/xlink}href", "")
    assert address.startswith("https://a.example/x'y&\"z/wmts/1.0.0/")
