"""Documents of OGC API as web pages: all that the JSON says, its links to be followed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from tileserver.services.ogc.link import HTML, OGC_REL, ROOT
from tileserver.services.ogc.xml import clean

DEEPEST = 12  # of nested values
_ENCODING = re.compile(r" as ([A-Z]+)$")  # at the end of a link's title
Document = Mapping[str, Any]
HOME = ("OGC API", ROOT)


def page(title: str, document: Document, base: str, home: tuple[str, str] = HOME) -> bytes:
    """A document in HTML.

    Args:
        home: what the API is called, and where its landing page is.
    """
    heading = _text(_ENCODING.sub("", title))
    styles = "".join(
        f'<link rel="stylesheet" href="{_quoted(base)}/static/style/{name}.css">'
        for name in ("theme", "control", "api")
    )
    head = (
        f'<head><meta charset="utf-8"><title>{heading}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="{_quoted(base)}/static/favicon.svg" type="image/svg+xml">'
        f"{styles}</head>"
    )
    way = f'<nav><a href="{_quoted(base)}{home[1]}?f=html">{_text(home[0])}</a></nav>'
    rows = _rows(document, DEEPEST, without="title")
    body = f'<body class="api">{way}<h1>{heading}</h1>{rows}</body>'
    return f'<!doctype html>\n<html lang="en">{head}{body}</html>\n'.encode()


def _rows(document: Document, depth: int, without: str = "") -> str:
    rows = (
        f"<dt>{_text(key)}</dt><dd>{_value(value, depth - 1)}</dd>"
        for key, value in document.items()
        if key != without
    )
    return f"<dl>{''.join(rows)}</dl>"


def _value(value: object, depth: int) -> str:
    match value:
        case Mapping() if depth:
            return _rows(value, depth)
        case str() | None:
            return _text(value or "none")
        case Sequence() if depth and value and all(isinstance(each, Mapping) for each in value):
            return _mappings(value, depth)
        case Sequence() if depth:
            shown = [_value(each, depth - 1) for each in value]
            return _list(shown) if any("://" in each for each in shown) else ", ".join(shown)
        case float():
            return f"{value:.12g}"
        case _:
            return _text(value)


def _mappings(found: Sequence[Document], depth: int) -> str:
    """Links, documents with links of their own, or things of one kind."""
    if all("href" in each for each in found):
        return _links(found)
    if _are_alike(found):
        return _table(found, depth)
    return _list(_item(each, depth) for each in found)


def _item(document: Document, depth: int) -> str:
    """A document in a list of others: its heading leads to its own page."""
    links = document.get("links", ())
    own = next((each["href"] for each in links if each.get("type") == HTML), None)
    if "title" not in document or own is None:
        return _value(document, depth)
    title = f'<a href="{_quoted(own)}">{_text(document["title"])}</a>'
    return f"<h2>{title}</h2>{_rows(document, depth, without='title')}"


def _list(items: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"


def _are_alike(found: Sequence[Document]) -> bool:
    keys = found[0].keys()
    return len(found) > 1 and all(
        each.keys() == keys and not any(isinstance(v, Mapping) for v in each.values())
        for each in found
    )


def _table(found: Sequence[Document], depth: int) -> str:
    head = "".join(f'<th scope="col">{_text(key)}</th>' for key in found[0])
    rows = (
        "".join(f"<td>{_value(value, depth - 1)}</td>" for value in each.values()) for each in found
    )
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _links(found: Sequence[Document]) -> str:
    """Each address once, and the encodings of one document in one line."""
    named: dict[str, dict[str, Document]] = {}
    for each in found:
        if each["rel"] == "self" or (each["rel"] == "alternate" and each.get("type") == HTML):
            continue  # the page itself, or what a heading leads to
        name = _ENCODING.sub("", each.get("title", each["href"]))
        named.setdefault(name, {}).setdefault(each["href"], each)
    lines = (_line(list(encodings.values())) for encodings in named.values())
    return _list(lines)


def _line(encodings: Sequence[Document]) -> str:
    first = next((each for each in encodings if each.get("type") == HTML), encodings[0])
    others = [each for each in encodings if each is not first]
    title = first.get("title", first["href"])
    name = _ENCODING.sub("", title) if others else title
    more = [_anchor(each, each["title"].rpartition(" ")[2]) for each in others]
    rel = first["rel"].removeprefix(f"{OGC_REL}/")
    shown = f"{_anchor(first, name)} <small>{' · '.join([_text(rel), *more])}</small>"
    if rel != "legend":
        return shown
    return f'{shown}<br><img alt="" src="{_quoted(first["href"])}">'


def _anchor(link: Document, shown: str) -> str:
    """A link with a text of its own; a template as it is written."""
    href = link["href"]
    if link.get("templated") or urlsplit(href).scheme not in ("http", "https"):
        return f"{_text(shown)} <code>{_text(href)}</code>"
    return f'<a href="{_quoted(href)}">{_text(shown)}</a>'


def _text(value: object) -> str:
    return escape(clean(value), quote=False)


def _quoted(value: str) -> str:
    return escape(clean(value))
