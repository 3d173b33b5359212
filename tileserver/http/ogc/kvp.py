"""OWS over HTTP: parameters without case, errors as exception reports."""

from __future__ import annotations

import functools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import (
    ColormapNotFound,
    DatasetNotFound,
    InvalidParameter,
    MatrixSetNotFound,
    MissingParameter,
    NotFound,
    TileOutOfRange,
    TileserverError,
    VariableNotFound,
)
from tileserver.http.endpoint import renewing
from tileserver.http.errors import RETRY_AFTER_S, TRANSIENT
from tileserver.http.links import below_root
from tileserver.services.ogc.ows import OwsError, exception_report

log = logging.getLogger(__name__)

MOST_PARAMETERS = 100
XML = "application/xml"

Handler = Callable[[Request], Awaitable[Response]]

_LOCATORS: Mapping[type[NotFound], str] = {
    DatasetNotFound: "Layer",
    VariableNotFound: "Layer",
    ColormapNotFound: "Style",
    MatrixSetNotFound: "TileMatrixSet",
}
_SPELT = {"style": "Style", "colormap_name": "Style", "rescale": "Style"}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a request, by their names in lower case; the first of equals counts."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, request: Request) -> Parameters:
        """Those of a KVP request. Raises OwsError."""
        return cls.parse(query_text(request.scope["query_string"]))

    @classmethod
    def parse(cls, query: str) -> Parameters:
        """Those of a KVP request's query. Raises OwsError, also where there are none at all."""
        if "=" not in query:
            raise OwsError.missing("request", "expected REQUEST=GetCapabilities and SERVICE=WMTS")
        return cls.read(query)

    @classmethod
    def read(cls, query: str) -> Parameters:
        """Those of any query. Raises OwsError where they are too many."""
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        except ValueError:
            text = f"more than {MOST_PARAMETERS} parameters: leave out what the operation lacks"
            raise OwsError("InvalidParameterValue", None, text) from None
        return cls({name.lower(): value for name, value in reversed(pairs)})

    def get(self, name: str) -> str | None:
        """The value of a parameter, None where it is not there."""
        return self.values.get(name.lower())

    def required(self, name: str, remedy: str) -> str:
        """The value of a parameter that has to be there and to have one."""
        value = self.get(name)
        if not value:
            raise OwsError.missing(name, remedy)
        return value


def query_text(query: bytes) -> str:
    """A query as text, whatever its bytes are: some clients escape nothing."""
    return query.decode("utf-8", "replace")


def reported(handler: Handler) -> Handler:
    """The handler, its errors told as exception reports."""

    @functools.wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await renewing(handler)(request)
        except TileserverError as error:
            return report(error)
        except HTTPException:
            raise
        except Exception:
            log.exception("unforeseen error at %s", below_root(request.scope))
            text = "the server made a mistake; it is in its log"
            return report(OwsError("NoApplicableCode", None, text, 500))

    return answer


def report(error: TileserverError) -> Response:
    """An error as an exception report."""
    exception = as_ows(error)
    body = exception_report(exception.code, exception.locator, str(exception))
    headers = {"Content-Type": XML, "Cache-Control": "no-store"}
    if isinstance(error, TRANSIENT):
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return Response(body, exception.status, headers)


def as_ows(error: TileserverError) -> OwsError:
    """The exception code and locator that tell an error of the core; KVP knows no 404."""
    text = str(error)
    match error:
        case OwsError():
            return error
        case MissingParameter():
            return OwsError("MissingParameterValue", error.name, text)
        case TileOutOfRange() if error.axis != "TileMatrix":
            return OwsError("TileOutOfRange", error.axis, text)
        case TileOutOfRange():
            return OwsError("InvalidParameterValue", error.axis, text)
        case NotFound():
            return OwsError("InvalidParameterValue", _LOCATORS.get(type(error), error.name), text)
        case InvalidParameter():
            name = _SPELT.get(error.name, error.name)
            return OwsError("InvalidParameterValue", name, text)
        case _:
            return OwsError("NoApplicableCode", None, text, error.status)
