"""WMS: its exceptions, as each version writes them (OGC 06-042, 6.11; OGC 01-068r3, 6.7)."""

from __future__ import annotations

from collections.abc import Mapping

from tileserver.errors import TileserverError, shown
from tileserver.services.ogc.wms_profile import NEWEST
from tileserver.services.ogc.xml import document, element, leaf

NAMESPACE = "http://www.opengis.net/ogc"
DOCTYPE = (  # of 1.1.1
    "<!DOCTYPE ServiceExceptionReport"
    ' SYSTEM "http://schemas.opengis.net/wms/1.1.1/exception_1_1_1.dtd">\n'
)
MEDIA_TYPES: Mapping[str, str] = {
    "1.3.0": "text/xml",
    "1.1.1": "application/vnd.ogc.se_xml",
}


class WmsError(TileserverError):
    """What a WMS request is answered where it cannot be answered.

    Args:
        code: one of the standard's, e.g. LayerNotDefined; None where it has none.
        locator: the parameter that it is about.
    """

    title = "WMS exception"

    def __init__(self, code: str | None, locator: str | None, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.locator, self.status = code, locator, status

    @classmethod
    def invalid(cls, name: str, value: str, remedy: str, code: str | None = None) -> WmsError:
        """A parameter has a value that cannot be used."""
        return cls(code, name, f"{name}={shown(value)!r}: {remedy}")

    @classmethod
    def missing(cls, name: str, remedy: str, code: str | None = None) -> WmsError:
        """A mandatory parameter is not there."""
        return cls(code, name, f"{name} is missing: {remedy}")


def service_exception(version: str, error: WmsError) -> bytes:
    """A ServiceExceptionReport with one exception."""
    if version == NEWEST:
        about, root = {"code": error.code, "locator": error.locator}, {"xmlns": NAMESPACE}
    else:  # the DTD knows no locator
        about, root = {"code": error.code}, {}
    known = {name: text for name, text in about.items() if text}
    exception = leaf("ServiceException", str(error), known)
    report = element("ServiceExceptionReport", [exception], {"version": version, **root})
    return document(report if version == NEWEST else f"{DOCTYPE}{report}")
