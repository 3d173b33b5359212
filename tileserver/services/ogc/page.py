"""Documents of OGC API as web pages: all that the JSON says, its links to be followed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

from tileserver.services.ogc.link import OGC_REL
from tileserver.services.ogc.xml import clean

DEEPEST = 12  # of nested values


def page(title: str, document: Mapping[str, Any], base: str) -> bytes:
    """A document in HTML."""
    styles = "".join(
        f'<link rel="stylesheet" href="{_quoted(base)}/static/style/{name}.css">'
        for name in ("theme", "api")
    )
    head = (
        f'<head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{styles}</head>'
    )
    body = f"<h1>{_text(title)}</h1>{_value(document, DEEPEST)}"
    return (
        f'<!doctype html>\n<html lang="en">{head}<body class="api">{body}</body></html>\n'.encode()
    )


def _value(value: object, depth: int) -> str:
    match value:
        case Mapping() if "href" in value and "rel" in value:
            return _link(value)
        case Mapping() if depth:
            rows = (f"<dt>{_text(k)}</dt><dd>{_value(v, depth - 1)}</dd>" for k, v in value.items())
            return f"<dl>{''.join(rows)}</dl>"
        case str():
            return _text(value)
        case Sequence() if depth and any(isinstance(each, Mapping) for each in value):
            return f"<ul>{''.join(f'<li>{_value(v, depth - 1)}</li>' for v in value)}</ul>"
        case Sequence() if depth:
            return ", ".join(_value(each, depth - 1) for each in value)
        case None:
            return "none"
        case _:
            return _text(value)


def _link(found: Mapping[str, Any]) -> str:
    href, rel = str(found["href"]), str(found["rel"])
    shown = found.get("title", href)
    kind = " · ".join((rel.removeprefix(f"{OGC_REL}/"), found.get("type", "")))
    if found.get("templated") or urlsplit(href).scheme not in ("http", "https"):
        return f"{_text(shown)} <small>{_text(kind)}</small> <code>{_text(href)}</code>"
    picture = f'<img alt="" src="{_quoted(href)}">' if rel.endswith("/legend") else ""
    return f'<a href="{_quoted(href)}">{_text(shown)}</a> <small>{_text(kind)}</small>{picture}'


def _text(value: object) -> str:
    return escape(clean(value), quote=False)


def _quoted(value: str) -> str:
    return escape(clean(value))
