"""What OWSLib reads of a WMTS document: whom to ask, themes, styles, dimensions, limits."""

import pytest
from owslib.wmts import WebMapTileService
from starlette.testclient import TestClient

from tests.conformance.wmts_catalogs import CATALOGS, SERVICE
from tileserver.app import create_app
from tileserver.services.ogc.xml import clean
from tileserver.settings import Settings

PATH = "/wmts/1.0.0/WMTSCapabilities.xml"

# Of OWSLib's own making: it asks lxml elements whether they are true.
pytestmark = pytest.mark.filterwarnings("ignore:Truth-testing of elements:FutureWarning")


def read(name: str) -> WebMapTileService:
    with TestClient(create_app(Settings(), CATALOGS[name])) as client:
        return WebMapTileService("http://testserver/wmts", xml=client.get(PATH).content)


@pytest.fixture(scope="module")
def nasty() -> WebMapTileService:
    """The document of names that need escaping."""
    return read("nasty")


def test_service(nasty: WebMapTileService) -> None:
    """Title, abstract, keywords, fees and constraints are the catalogue's, to the letter."""
    told = nasty.identification
    assert (told.title, told.abstract) == (clean(SERVICE.title), clean(SERVICE.abstract))
    assert told.keywords == [clean(word) for word in SERVICE.keywords]
    assert told.fees == "none"
    assert told.accessconstraints == clean(SERVICE.access_constraints)
    assert (told.type, told.version) == ("OGC WMTS", "1.0.0")


def test_contact(nasty: WebMapTileService) -> None:
    """So are the provider and whom to ask."""
    provider, contact, said = nasty.provider, nasty.provider.contact, SERVICE.contact
    assert said is not None
    assert provider.name == clean(SERVICE.provider)
    assert provider.url == SERVICE.provider_url
    assert (contact.name, contact.position) == (clean(said.name), said.position)
    assert (contact.phone, contact.email) == (said.phone, said.email)
    assert (contact.address, contact.city, contact.region) == (said.street, said.city, said.region)
    assert (contact.postcode, contact.country) == (said.postcode, said.country)
    assert contact.url == said.url
    assert (contact.hours, contact.instructions) == (said.hours, clean(said.instructions))


def test_themes(nasty: WebMapTileService) -> None:
    """Themes hold the layers of their datasets."""
    assert list(nasty.themes) == ["Ocean", "Land", "Surface"]
    assert all(name in nasty.contents for name in nasty.themes["Land"].layerRefs)
    assert len(nasty.themes["Land"].layerRefs) == 3


def test_layers(nasty: WebMapTileService) -> None:
    """A layer has its keywords, its default style first, and those that it is offered in."""
    layer = nasty.contents["set.1.of-names_.größe & <b>"]
    assert layer.keywords == ["sea", clean(SERVICE.title)]
    default, *others = layer.styles
    assert layer.styles[default]["isDefault"]
    assert others == ["warm.1", "s-2", "viridis:-1.5:7e3", "gray_r"]
    assert not any(layer.styles[name]["isDefault"] for name in others)
    assert all(style["title"] == name for name, style in layer.styles.items())
    assert all({"legend", "width", "height", "format"} <= set(s) for s in layer.styles.values())


@pytest.mark.parametrize("name", CATALOGS)
def test_references_hold(name: str) -> None:
    """Each layer's matrix sets are there, and each matrix that has limits, which lie in it."""
    service = read(name)
    for layer in service.contents.values():
        assert layer.tilematrixsetlinks
        for tiles, link in layer.tilematrixsetlinks.items():
            matrices = service.tilematrixsets[tiles].tilematrix
            for matrix, limits in link.tilematrixlimits.items():
                found = matrices[matrix]
                assert 0 <= limits.mintilerow <= limits.maxtilerow < found.matrixheight
                assert 0 <= limits.mintilecol <= limits.maxtilecol < found.matrixwidth
