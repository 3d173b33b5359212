"""Documents of WMS against the OGC's schema of 1.3.0 and its DTDs of 1.1.1."""

from collections.abc import Iterator

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.conformance.wms_schemas import check
from tests.services.memory_catalog import catalog
from tests.services.ogc.wms_document import dataset, document, hard_datasets, irregular_times
from tileserver.app import create_app
from tileserver.config import ContactConfig, ServiceConfig
from tileserver.services.ogc.wms_exception import WmsError, service_exception
from tileserver.settings import Settings

VERSIONS = ("1.3.0", "1.1.1")
both = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


@both
def test_hard_datasets(version: str) -> None:
    """Capabilities of any text, CRS, place and dimension are valid."""
    check(document(version, hard_datasets()))


@both
@pytest.mark.parametrize("known", ["", "name", "organization", "country", "email", "url"])
def test_contact(version: str, known: str) -> None:
    """So are those that tell any part of whom to ask."""
    text = "https://a.example/?b&c" if known == "url" else "A & B"
    contact = ContactConfig(**({known: text} if known else {}))
    told = ServiceConfig(contact=contact, keywords=("a", "<b>"), fees="none", provider="C")
    check(document(version, [dataset("d", keywords=["x & y"])], told=told))


@both
def test_no_datasets(version: str) -> None:
    """So are those of an empty catalogue."""
    check(document(version, []))


@both
@pytest.mark.parametrize("count", [1, 1001, 100_000])
def test_many_times(version: str, count: int) -> None:
    """So are those of any number of times."""
    check(document(version, [dataset("d", irregular_times(count))]))


@both
@pytest.mark.parametrize("path", ["/wms", "/wms/sea", "/wms/sea.ice", "/wms/utm"])
def test_served(client: TestClient, path: str, version: str) -> None:
    """So are the documents of a running app, of all datasets and of one."""
    query = {"SERVICE": "WMS", "REQUEST": "GetCapabilities", "VERSION": version}
    answer = client.get(path, params=query)
    assert etree.fromstring(answer.content).get("version") == version
    check(answer.content)


@both
@pytest.mark.parametrize("code", ["LayerNotDefined", None])
def test_exception(version: str, code: str | None) -> None:
    """An exception is valid, with a code and without."""
    check(service_exception(version, WmsError(code, "LAYERS", "LAYERS='<&\x00>': expected …")))


@both
@pytest.mark.parametrize(
    "query",
    [
        "REQUEST=GetMap",
        "REQUEST=GetMap&LAYERS=nothing.here&STYLES=&CRS=CRS:84&SRS=EPSG:4326",
        "REQUEST=GetFeatureInfo&LAYERS=sea.sst",
        "REQUEST=GetLegendGraphic&LAYER=sea.nothing",
        "REQUEST=%3Cnothing%3E",
    ],
)
def test_served_exception(client: TestClient, query: str, version: str) -> None:
    """What cannot be answered is told by a valid exception, in the version's media type."""
    answer = client.get(f"/wms?SERVICE=WMS&VERSION={version}&{query}")
    types = {"1.3.0": "text/xml", "1.1.1": "application/vnd.ogc.se_xml"}
    assert answer.headers["content-type"].partition(";")[0] == types[version]
    assert etree.fromstring(answer.content).get("version") == version
    check(answer.content)
