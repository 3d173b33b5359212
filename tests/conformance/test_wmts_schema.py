"""Documents against the OGC schemas, where they are at hand beside the project."""

from pathlib import Path

import pytest
from lxml import etree
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
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

pytestmark = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason="the OGC schemas are not at ../shared/data/wmts-xsd"
)


def schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(SCHEMAS / path))


@pytest.mark.parametrize("sections", ["All", "Contents", "ServiceProvider,OperationsMetadata"])
def test_capabilities(sections: str) -> None:
    """Capabilities, and parts of them, are valid by the schema of WMTS 1.0."""
    layers = [layer(), layer(time_dimension(2000), depth_dimension()), layer(queryable=False)]
    texts = [LayersText.of(layers)]
    document = wmts.capabilities(SERVICE, texts, wmts.parse_sections(sections))
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(document))


@pytest.mark.parametrize("path", ["/wmts", "/wmts/utm"])
def test_served_capabilities(path: str) -> None:
    """So are the documents of a running app: of all datasets, and of one in UTM."""
    with TestClient(create_app(Settings(), catalog)) as client:
        document = client.get(f"{path}/1.0.0/WMTSCapabilities.xml").content
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(document))


def test_root_alone() -> None:
    """The answer to a client that has the document already is valid too."""
    document = wmts.unchanged("7")
    schema("wmts/1.0/wmtsGetCapabilities_response.xsd").assertValid(etree.fromstring(document))


def test_exception_report() -> None:
    """An exception report is valid by the schema of OWS 1.1."""
    document = ows.exception_report("MissingParameterValue", "service", "service is missing")
    schema("ows/1.1.0/owsAll.xsd").assertValid(etree.fromstring(document))
