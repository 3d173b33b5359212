"""The capabilities of WMTS over HTTP: of what they are, how large, and when they change."""

import dataclasses
import gzip
import io
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
import xarray as xr
import yaml
from PIL import Image
from starlette.testclient import TestClient

from tests.conformance.wmts_catalogs import CatalogMaker, long, many, nasty
from tests.http.ogc.wmts_client import NAMES, reported
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.dataset import Dataset
from tileserver.openings import MANY_DATASETS
from tileserver.services.ogc.layer_info import layer_infos
from tileserver.services.ogc.wmts_layer import LayersText
from tileserver.settings import Settings

PATH = "/wmts/1.0.0/WMTSCapabilities.xml"
ASKED = "/wmts?service=WMTS&request=GetCapabilities"


@contextmanager
def served(make: CatalogMaker) -> Iterator[tuple[TestClient, Catalog]]:
    """A client of a catalogue, and the catalogue."""
    made: list[Catalog] = []

    def keep(*parts: object) -> Catalog:
        made.append(make(*parts))  # type: ignore[arg-type]
        return made[0]

    with TestClient(create_app(Settings(), keep), "http://localhost") as client:
        yield client, made[0]


@pytest.fixture(scope="module")
def themed() -> Iterator[TestClient]:
    """A client of datasets in themes."""
    with served(nasty) as (client, _):
        yield client


def root(response: httpx.Response) -> ET.Element:
    assert response.status_code == 200, response.text
    return ET.fromstring(response.content)


def sections(client: TestClient, names: str) -> list[str]:
    found = root(client.get(f"{ASKED}&sections={names}"))
    return [each.tag.split("}")[1] for each in found]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/xml"),
        ("text/xml", "text/xml"),
        ("image/png,TEXT/XML;charset=utf-8,application/xml", "text/xml"),
        ("application/xml,text/xml", "application/xml"),
        ("application/json", "application/xml"),
    ],
)
def test_accept_formats(memory: TestClient, accept: str, expected: str) -> None:
    """The first media type of the client's that we have, else ours."""
    answer = memory.get(f"{ASKED}&AcceptFormats={accept}")
    assert answer.headers["content-type"].partition(";")[0] == expected
    assert root(answer).get("version") == "1.0.0"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", (200, "application/xml")),
        (
            "text/html,application/xml;q=0.9,*/*;q=0.8",
            (200, "application/xml"),
        ),
        ("text/xml", (200, "text/xml")),
        ("image/png", (406, "application/problem+json")),
    ],
)
def test_accept_header(memory: TestClient, accept: str, expected: tuple[int, str]) -> None:
    """By REST the Accept header tells; 406 where it asks for what no document is."""
    answer = memory.get(PATH, headers={"Accept": accept})
    media_type = answer.headers["content-type"].partition(";")[0]
    assert (answer.status_code, media_type) == expected
    assert answer.status_code == 406 or "Accept" in answer.headers["vary"].split(", ")


def test_themes(themed: TestClient) -> None:
    """Themes are nested by their slashes, those of a name in several places are several, and each
    layer is a reference in its own."""
    found = root(themed.get(f"{ASKED}&sections=Themes"))
    assert [each.tag.split("}")[1] for each in found] == ["Themes"]
    ids = [each.findtext("ows:Identifier", "", NAMES) for each in found.iterfind(".//Theme", NAMES)]
    assert ids == [
        "Ocean", "Ocean/Surface", "Ocean/Surface/Höhe & <more>", "Land", "Surface"
    ]  # fmt: skip
    whole = root(themed.get(PATH))
    layers = [each.text or "" for each in whole.iterfind("Contents/Layer/ows:Identifier", NAMES)]
    references = [each.text or "" for each in whole.iterfind(".//LayerRef", NAMES)]
    assert sorted(references) == sorted(n for n in layers if not n.startswith("set.5"))
    surface = whole.findall("Themes/Theme/Theme/LayerRef", NAMES)
    assert {(each.text or "")[:6] for each in surface} == {"set.1."}


def test_no_themes(memory: TestClient) -> None:
    """Where no dataset has one, there is no such section."""
    assert sections(memory, "Themes") == []
    assert "Themes" not in sections(memory, "All")


def test_sections(themed: TestClient) -> None:
    """Sections come in the order of the schema, whatever order they are asked in."""
    assert sections(themed, "Themes,contents,serviceprovider") == [
        "ServiceProvider", "Contents", "Themes"
    ]  # fmt: skip
    assert sections(themed, "All")[-1] == "ServiceMetadataURL"
    tags = {
        themed.get(f"{ASKED}&sections={names}").headers["etag"]
        for names in ("Contents,Themes", "themes,contents", "Themes,Contents,Themes")
    }
    assert len(tags) == 1


def test_document_of_one_dataset(memory: TestClient) -> None:
    """It has the dataset's own title, abstract and address."""
    found = root(memory.get("/wmts/sea/1.0.0/WMTSCapabilities.xml"))
    told = found.find("ows:ServiceIdentification", NAMES)
    assert told is not None
    assert told.findtext("ows:Title", "", NAMES) == "Sea <test>"
    assert told.findtext("ows:Abstract", "", NAMES) == "Made up"
    href = "{http://www.w3.org/1999/xlink}href"
    address = found.find("ServiceMetadataURL", NAMES)
    assert address is not None
    assert address.get(href) == "http://localhost/wmts/sea/1.0.0/WMTSCapabilities.xml"


def test_sequence_of_no_dataset(memory: TestClient) -> None:
    """Whoever knows the current sequence is told that there is no such dataset all the same."""
    current = root(memory.get(ASKED)).get("updateSequence")
    asked = f"?service=WMTS&request=GetCapabilities&updateSequence={current}"
    assert len(root(memory.get(f"/wmts/sea{asked}"))) == 0
    answer = memory.get(f"/wmts/nothing{asked}")
    assert reported(answer) == (400, "InvalidParameterValue", "Layer")


def test_hundreds_of_datasets() -> None:
    """Fifteen hundred layers travel in little, and list few enough values for QGIS to show them
    within seconds."""
    with served(many()) as (client, _):
        answer = client.get(PATH)
        assert int(answer.headers["content-length"]) < 200_000
        assert len(answer.content) < 2_500_000
        found = root(answer)
    layers = found.findall("Contents/Layer", NAMES)
    assert len(layers) == 1500
    entries = [
        len(each.findall("Dimension/Value", NAMES)) * len(each.findall("TileMatrixSetLink", NAMES))
        for each in layers
    ]
    assert sum(entries) < 20_000


def test_hundreds_of_datasets_with_a_layer_each() -> None:
    """Five hundred layers are less than a megabyte, and what their document leaves out stands in
    that of each dataset."""
    with served(many(variables=1)) as (client, _):
        answer = client.get(PATH)
        assert len(answer.content) < 1_000_000
        assert len(root(answer).findall("Contents/Layer", NAMES)) == 500
        assert not root(answer).findall(".//TileMatrixSetLimits", NAMES)
        one = root(client.get("/wmts/dataset-1/1.0.0/WMTSCapabilities.xml"))
        assert one.findall(".//TileMatrixSetLimits", NAMES)
        assert len(one.findall(".//ResourceURL", NAMES)) == 4


def test_a_hundred_thousand_steps() -> None:
    """Nor is the document of one dataset large, whatever its axes hold."""
    with served(long) as (client, catalog):
        for name in catalog.entries:
            answer = client.get(f"/wmts/{name}/1.0.0/WMTSCapabilities.xml")
            assert int(answer.headers["content-length"]) < 20_000, name
            assert len(answer.content) < 200_000, name


def test_one_dataset_changes() -> None:
    """The document's ETag and sequence change with a dataset, and back with it."""
    with served(many(5)) as (client, catalog):
        first = client.get(PATH)
        entry = catalog.entries["dataset-1"]
        known = entry.dataset
        assert known is not None
        entry.dataset = dataclasses.replace(known, version="another")
        changed = client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
        assert changed.headers["etag"] != first.headers["etag"]
        sequence = root(first).get("updateSequence")
        assert root(changed).get("updateSequence") != sequence
        entry.dataset = known
        again = client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304


def test_what_is_told_of_the_service_changes() -> None:
    """A new contact is a new document, though no dataset has changed."""

    def told(title: str) -> CatalogMaker:
        def make(cache: ByteCache, pool: object) -> Catalog:
            made = many(1)(cache, pool)  # type: ignore[arg-type]
            made.service = made.service.model_copy(update={"title": title})
            return made

        return make

    tags = []
    for title in ("One", "Two", "One"):
        with served(told(title)) as (client, _):
            tags.append(client.get(PATH).headers["etag"])
    assert tags[0] == tags[2] != tags[1]


def test_one_fragment_is_made_anew() -> None:
    """Of the datasets that have not changed nothing is written again."""
    with served(many(5)) as (client, catalog):
        client.get(PATH)
        fragments, made = client.app_state["context"].fragments, []
        entry = catalog.entries["dataset-1"]
        assert entry.dataset is not None
        entry.dataset = dataclasses.replace(entry.dataset, version="another")

        def make(dataset: Dataset) -> LayersText:
            made.append(dataset.id)
            return LayersText.of(layer_infos(dataset), "brief")

        for dataset in catalog.ready():
            fragments.get(dataset, "wmts brief", make)
        assert made == ["dataset-1"]


def test_written_before_it_is_asked_for(tmp_path: Path) -> None:
    """Of many datasets, what each contributes is written as it is opened."""
    coordinates = {"lat": [40.0, 41.0], "lon": [10.0, 11.0, 12.0]}
    cube = xr.Dataset({"t": (("lat", "lon"), np.zeros((2, 3), "f4"))}, coordinates)
    cube.to_zarr(tmp_path / "t.zarr", zarr_format=2, consolidated=True)
    entries = [{"id": f"d{n}", "url": "t.zarr"} for n in range(MANY_DATASETS)]
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump({"datasets": entries}))
    with TestClient(create_app(Settings(catalog=str(tmp_path / "catalog.yaml")))) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.01)
        fragments = client.app_state["context"].fragments
        until = time.monotonic() + 20
        while (held := fragments.nbytes) < 1000 * MANY_DATASETS and time.monotonic() < until:
            time.sleep(0.01)
        assert held > 1000 * MANY_DATASETS
        assert len(root(client.get(PATH)).findall("Contents/Layer", NAMES)) == MANY_DATASETS


def test_legends(themed: TestClient) -> None:
    """Each style that is offered has a legend of the size that is told, by the address that is."""
    for legend in root(themed.get(PATH)).iterfind(".//LegendURL", NAMES):
        href = legend.get("{http://www.w3.org/1999/xlink}href", "")
        if "%2F" in href:  # an id with a slash, which no store gives to a variable
            continue
        answer = themed.get(href)
        assert answer.status_code == 200, href
        told = int(legend.get("width", 0)), int(legend.get("height", 0))
        assert Image.open(io.BytesIO(answer.content)).size == told, href


def test_compressed_alike(memory: TestClient) -> None:
    """Whoever reads no gzip gets the same document."""
    plain = memory.get(PATH, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == memory.get(PATH).content
    with served(many(200)) as (client, _):
        headers = {"Accept-Encoding": "gzip"}
        with client.stream("GET", PATH, headers=headers) as answer:
            packed = b"".join(answer.iter_raw())
        plain = client.get(PATH, headers={"Accept-Encoding": "identity"})
        assert gzip.decompress(packed) == plain.content


def test_address_by_which_it_is_asked(themed: TestClient) -> None:
    """All links begin with the address that the client knows the server by."""
    links = [
        value
        for each in root(themed.get(PATH, headers={"Host": "localhost:81"})).iter()
        for name, value in each.attrib.items()
        if name.endswith("href") or name == "template"
    ]
    own = [link for link in links if "provider.example" not in link]
    assert len(links) == len(own) + 2
    assert all(link.startswith("http://localhost:81/") for link in own)
