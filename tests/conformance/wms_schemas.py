"""The OGC schemas of WMS, as MapProxy has them among its tests."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from lxml import etree


def check(document: bytes) -> None:
    """Raise for a document that is not valid by the schema or DTD of its version."""
    root = etree.fromstring(document)
    name = etree.QName(root).localname
    if root.get("version") == "1.3.0":
        capabilities = "sld/1.1.0/sld_capabilities.xsd"  # with those of WMS in it
        exceptions = "wms/1.3.0/exceptions_1_3_0.xsd"
        _schema(exceptions if name == "ServiceExceptionReport" else capabilities).assertValid(root)
        return
    about = root.getroottree().docinfo
    dtd = etree.DTD(file=str(_folder() / "wms/1.1.1" / Path(about.system_url).name))
    assert about.root_name == name
    dtd.assertValid(root)


@cache
def _schema(path: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_folder() / path))


def _folder() -> Path:
    found = find_spec("mapproxy")
    if found is None or found.origin is None:
        pytest.skip("MapProxy, whose package holds the OGC schemas, is not installed")
    return Path(found.origin).parent / "test" / "schemas"
