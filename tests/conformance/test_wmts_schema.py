"""Documents against the OGC schemas, where they are at hand beside the project."""

from pathlib import Path

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.conformance.wmts_catalogs import CATALOGS, many
from tests.services.ogc.wmts_document import (
    SERVICE,
    depth_dimension,
    layer,
    time_dimension,
)
from tileserver.app import create_app
from tileserver.services.ogc import ows, wmts
from tileserver.services.ogc.wmts_layer import LayersText
from tileserver.settings import Settings

SCHEMAS = Path(__file__).parents[3] / "shared" / "data" / "wmts-xsd"
CAPABILITIES = "wmts/1.0/wmtsGetCapabilities_response.xsd"
SECTIONS = ("All", "Contents", "ServiceProvider,OperationsMetadata", "Themes,ServiceIdentification")

pytestmark = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason="the OGC schemas are not at ../shared/data/wmts-xsd"
)


def schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(SCHEMAS / path))


@pytest.fixture(scope="module")
def capabilities() -> etree.XMLSchema:
    """The schema of documents of WMTS."""
    return schema(CAPABILITIES)


@pytest.mark.parametrize("sections", SECTIONS)
def test_sections(capabilities: etree.XMLSchema, sections: str) -> None:
    """Capabilities, and parts of them, are valid by the schema of WMTS 1.0."""
    layers = [layer(), layer(time_dimension(2000), depth_dimension()), layer(queryable=False)]
    texts = [LayersText.of(layers)]
    document = wmts.capabilities(SERVICE, texts, wmts.parse_sections(sections))
    capabilities.assertValid(etree.fromstring(document))


@pytest.mark.parametrize("name", [*CATALOGS, "many"])
def test_served(capabilities: etree.XMLSchema, name: str) -> None:
    """So are those that are served, of all datasets and of each: of nothing at all; of what cannot
    be opened; of odd names and texts, themes and contacts; of all kinds of places and times; of a
    hundred thousand steps; of 500 datasets."""
    with TestClient(create_app(Settings(), {**CATALOGS, "many": many()}[name])) as client:
        listed = client.get("/datasets").json()["datasets"][:6]
        ready = [each["id"] for each in listed if each["status"] == "ready"]
        paths = ["/wmts", *(f"/wmts/{dataset}" for dataset in ready)]
        assert len(paths) > 1 or name in ("empty", "broken")
        for path in paths:
            for sections in ("All", "Themes,Contents"):
                asked = f"{path}?service=WMTS&request=GetCapabilities&sections={sections}"
                answer = client.get(asked)
                assert answer.status_code == 200, answer.text
                capabilities.assertValid(etree.fromstring(answer.content))


def test_root_alone(capabilities: etree.XMLSchema) -> None:
    """The answer to a client that has the document already is valid too."""
    capabilities.assertValid(etree.fromstring(wmts.unchanged("7")))


def test_exception_report() -> None:
    """An exception report is valid by the schema of OWS 1.1."""
    document = ows.exception_report("MissingParameterValue", "service", "service is missing")
    schema("ows/1.1.0/owsAll.xsd").assertValid(etree.fromstring(document))
