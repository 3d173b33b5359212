"""OWS Common 1.1 (OGC 06-121r9): its exceptions."""

from __future__ import annotations

from tileserver.errors import TileserverError, shown
from tileserver.services.ogc.xml import document, element, leaf

OWS = "http://www.opengis.net/ows/1.1"


class OwsError(TileserverError):
    """What an OWS request is answered where it cannot be answered: code, locator, text.

    Args:
        code: an exceptionCode, e.g. InvalidParameterValue.
        locator: the parameter or operation that it is about, as the standard spells it.
    """

    title = "OWS exception"

    def __init__(self, code: str, locator: str | None, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.locator, self.status = code, locator, status

    @classmethod
    def invalid(cls, locator: str, value: str, remedy: str) -> OwsError:
        """A parameter has a value that cannot be used."""
        text = f"{locator}={shown(value)!r}: {remedy}"
        return cls("InvalidParameterValue", locator, text)

    @classmethod
    def missing(cls, locator: str, remedy: str) -> OwsError:
        """A mandatory parameter is not there."""
        return cls("MissingParameterValue", locator, f"{locator} is missing: {remedy}")


def exception_report(code: str, locator: str | None, text: str) -> bytes:
    """An ExceptionReport with one exception."""
    about = {"exceptionCode": code, **({"locator": locator} if locator else {})}
    exception = element("Exception", [leaf("ExceptionText", text)], about)
    namespace = {"xmlns": OWS, "version": "1.1.0", "xml:lang": "en"}
    return document(element("ExceptionReport", [exception], namespace))
