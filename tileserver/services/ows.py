"""OWS Common 1.1 (OGC 06-121r9): its exceptions, and the little XML that its documents need.

Documents are put together as text: capabilities of hundreds of layers hold some 10^5 elements,
which a tree would build and walk for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from tileserver.errors import TileserverError, shown

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
OWS = "http://www.opengis.net/ows/1.1"
XLINK = "http://www.w3.org/1999/xlink"

# What XML 1.0, section 2.2, does not let into a document, not even as a reference.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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


def document(root: str) -> bytes:
    """The root element as a document in UTF-8."""
    return f"{DECLARATION}{root}\n".encode()


def leaf(name: str, text: object, attributes: dict[str, str] | None = None) -> str:
    """An element that holds text."""
    return f"<{name}{_written(attributes)}>{escape(clean(text))}</{name}>"


def element(
    name: str, children: Iterable[str] = (), attributes: dict[str, str] | None = None
) -> str:
    """An element that holds elements, written already; a closed tag where there are none."""
    inner = "".join(children)
    tag = f"{name}{_written(attributes)}"
    return f"<{tag}>{inner}</{name}>" if inner else f"<{tag}/>"


def clean(text: object) -> str:
    """The text without characters that no XML document may hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(text))


def _written(attributes: dict[str, str] | None) -> str:
    pairs = (attributes or {}).items()
    return "".join(f" {name}={quoteattr(clean(value))}" for name, value in pairs)
