"""What titiler.core refuses, as errors of ours: with the name, the value and the remedy."""

from __future__ import annotations

import logging
from typing import NoReturn

from fastapi.exceptions import RequestValidationError
from rio_tiler.errors import PointOutsideBounds, TileOutsideBounds
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tileserver.errors import InvalidParameter, MissingParameter, NotFound, TileOutOfRange

log = logging.getLogger(__name__)

# What its functions raise of parameters that they do not check.
UNFORESEEN = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    NotImplementedError,
)


class NothingThere(NotFound):
    """The dataset has no cell there."""

    name = "point"


async def invalid(_: Request, error: Exception) -> NoReturn:
    """A parameter that FastAPI cannot use."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][1] if len(first["loc"]) > 1 else first["loc"][0])
    if first["type"] == "missing":
        raise MissingParameter(name, "give it")
    raise InvalidParameter(name, first.get("input"), str(first["msg"]).lower())


async def refused(request: Request, error: Exception) -> NoReturn:
    """What titiler.core says itself."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        raise NotFound(request.url.path.rpartition("/")[2], str(error.detail))
    raise InvalidParameter("query", request.url.query, str(error.detail))


async def unread(request: Request, error: Exception) -> NoReturn:
    """What rio-tiler cannot do with a request."""
    path = request.path_params
    if isinstance(error, TileOutsideBounds):
        address = "/".join(str(path.get(part, "")) for part in "zxy")
        raise TileOutOfRange(address, "it lies outside the dataset's bounds") from None
    if isinstance(error, PointOutsideBounds):
        place = f"{path.get('lon')},{path.get('lat')}"
        raise NothingThere(place, "it lies outside the dataset's bounds") from None
    log.debug("titiler.core could not answer", exc_info=error)
    raise InvalidParameter("query", request.url.query, str(error) or type(error).__name__) from None
