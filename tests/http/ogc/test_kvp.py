import asyncio
import xml.etree.ElementTree as ET

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tileserver import errors
from tileserver.http.ogc.kvp import Parameters, as_ows, reported
from tileserver.http.ogc.title_case import TitleCase
from tileserver.services.ogc.ows import OwsError


def test_names_without_case() -> None:
    """Parameter names have no case, values do, blanks and escapes are read, the first counts."""
    parameters = Parameters.parse("SERVICE=WMTS&Layer=a+b%2Bc&layer=other&STYLE=")
    assert parameters.get("service") == "WMTS"
    assert parameters.get("LAYER") == "a b+c"
    assert parameters.required("Style", "") == ""
    assert parameters.get("time") is None


def test_missing_parameter() -> None:
    """A parameter that is not there is named."""
    with pytest.raises(OwsError, match="Layer is missing") as caught:
        Parameters.parse("a=b").required("Layer", "expected a layer")
    assert (caught.value.code, caught.value.locator) == ("MissingParameterValue", "Layer")


@pytest.mark.parametrize("query", ["", "service", "service&request"])
def test_query_without_pairs(query: str) -> None:
    """A query without any name=value lacks its request."""
    with pytest.raises(OwsError, match="request is missing"):
        Parameters.parse(query)


def test_too_many_parameters() -> None:
    """A query of a thousand parameters is refused before it is read."""
    with pytest.raises(OwsError, match="more than 100"):
        Parameters.parse("&".join(["a=b"] * 1000))


@pytest.mark.parametrize(
    ("error", "code", "locator", "status"),
    [
        (errors.DatasetNotFound("x", ""), "InvalidParameterValue", "Layer", 400),
        (errors.ColormapNotFound("x", ""), "InvalidParameterValue", "Style", 400),
        (errors.MatrixSetNotFound("x", ""), "InvalidParameterValue", "TileMatrixSet", 400),
        (errors.TileOutOfRange("9", ""), "InvalidParameterValue", "TileMatrix", 400),
        (errors.TileOutOfRange("9", "", "TileRow"), "TileOutOfRange", "TileRow", 400),
        (errors.InvalidParameter("time", "x", ""), "InvalidParameterValue", "time", 400),
        (errors.MissingParameter("I", ""), "MissingParameterValue", "I", 400),
        (errors.PayloadTooLarge("too large"), "NoApplicableCode", None, 413),
        (errors.SourceUnavailable("busy"), "NoApplicableCode", None, 503),
    ],
)
def test_codes(error: errors.TileserverError, code: str, locator: str | None, status: int) -> None:
    """Every error of the core has its exception code, locator and status."""
    exception = as_ows(error)
    assert (exception.code, exception.locator, exception.status) == (code, locator, status)


def test_reports() -> None:
    """An error of a handler is answered by a report that may not be cached."""

    async def fail(request: Request) -> Response:
        raise errors.SourceUnavailable("the store is busy")

    client = TestClient(Starlette(routes=[Route("/", reported(fail))]))
    response = client.get("/")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/xml"
    assert ET.fromstring(response.content)[0].get("exceptionCode") == "NoApplicableCode"


@pytest.mark.parametrize(
    ("path", "root", "name"),
    [
        ("/wmts", "", b"Content-Type"),
        ("/wmts/1.0.0", "", b"Content-Type"),
        ("/proxy/wmts", "/proxy", b"Content-Type"),
        ("/wmtsx", "", b"content-type"),
        ("/tiles", "", b"content-type"),
    ],
)
def test_title_case(path: str, root: str, name: bytes) -> None:
    """Below /wmts the name Content-Type survives servers that lower-case names, and only there."""
    sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "root_path": root, "headers": [], "method": "GET"}
    asyncio.run(TitleCase(PlainTextResponse("x"))(scope, None, send))
    names = [key.lower() for key, _ in sent[0]["headers"]]
    assert names == [b"content-length", name]
