"""The little XML that the documents of OGC services need.

Documents are put together as text: capabilities of hundreds of layers hold some 10^5 elements,
which a tree would build and walk for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
XLINK = "http://www.w3.org/1999/xlink"
# Stands for the address of the server in what is kept: Unicode has it for uses such as this, inside
# a program, and no text of a document holds it.
BASE_URL = "\ufdd0"

# What XML 1.0, section 2.2, does not let into a document, not even as a reference, or advises
# against: noncharacters.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010ffff]")


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
    return "".join(f" {name}={quoteattr(_address(value))}" for name, value in pairs)


def _address(text: str) -> str:
    """Clean but for the address of the server that it may begin with."""
    start = BASE_URL if text.startswith(BASE_URL) else ""
    return start + clean(text.removeprefix(start))


def placed(body: bytes, base_url: str) -> bytes:
    """A document with the address of the server in its places."""
    address = escape(base_url, {'"': "&quot;", "'": "&apos;"})
    return body.replace(BASE_URL.encode(), address.encode())
