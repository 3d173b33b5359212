"""What the routes have in common: queries of which parts that nobody knows are passed over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from starlette.requests import Request

from tileserver.http.params import Parameter, Query

ROOT = "/xcube"
TAG = "xcube"


def known(request: Request, taken: Sequence[Parameter[Any]], dims: Collection[str] = ()) -> Query:
    """The parameters that a route takes, the first of each name."""
    return taken_of(request.query_params.multi_items(), taken, dims)


def taken_of(
    items: Sequence[tuple[str, str]], taken: Sequence[Parameter[Any]], dims: Collection[str] = ()
) -> Query:
    """The same from the parts of a query."""
    names = {parameter.name for parameter in taken} | set(dims)
    found: dict[str, str] = {}
    for name, value in items:
        if name in names:
            found.setdefault(name, value)
    return Query([*found.items()], taken, dims)
