import asyncio
import xml.etree.ElementTree as ET

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from tests.http.ogc.wire import ask, running
from tileserver import errors
from tileserver.http.ogc.kvp import Parameters, as_ows, reported
from tileserver.http.ogc.title_case import TitleCase
from tileserver.services.ogc.ows import OwsError


def test_names_without_case() -> None:
    """Parameter names have no case, values do, blanks and escapes are read, the first counts."""
    parameters = Parameters.parse("SERVICE=WMTS&Layer=a+b%2Bc&layer=other&STYLE=")
    assert parameters.get("service") == "WMTS"
    assert parameters.get("LAYER") == "a b+c"
    assert parameters.get("Style") == ""
    assert parameters.get("time") is None


@pytest.mark.parametrize("query", ["a=b", "layer=", "layer"])
def test_missing_parameter(query: str) -> None:
    """A parameter that is not there, or has no value, is named."""
    with pytest.raises(OwsError, match="Layer is missing") as caught:
        Parameters.parse(f"a=b&{query}").required("Layer", "expected a layer")
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
    assert int(response.headers["retry-after"]) > 0
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/xml"
    assert ET.fromstring(response.content)[0].get("exceptionCode") == "NoApplicableCode"


def test_mistakes(caplog: pytest.LogCaptureFixture) -> None:
    """A mistake of ours is a report too: logged with its traceback, told without."""

    async def fail(request: Request) -> Response:
        return Response(str(1 // 0))

    with TestClient(Starlette(routes=[Route("/", reported(fail))])) as client:
        response = client.get("/")
    assert response.status_code == 500
    exception = ET.fromstring(response.content)[0]
    assert exception.get("exceptionCode") == "NoApplicableCode"
    assert "ZeroDivisionError" in caplog.text
    assert "Zero" not in response.text


@pytest.mark.parametrize(
    ("path", "root", "names"),
    [
        ("/wmts", "", [b"Content-Length", b"Content-Type", b"ETag", b"X-Time"]),
        ("/wmts/1.0.0", "", [b"Content-Length", b"Content-Type", b"ETag", b"X-Time"]),
        ("/proxy/wmts", "/proxy", [b"Content-Length", b"Content-Type", b"ETag", b"X-Time"]),
        ("/wmtsx", "", [b"content-length", b"content-type", b"etag", b"x-time"]),
        ("/tiles", "", [b"content-length", b"content-type", b"etag", b"x-time"]),
    ],
)
def test_title_case(path: str, root: str, names: list[bytes]) -> None:
    """Below /wmts names of headers survive servers that lower-case them, and only there."""
    sent = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "root_path": root, "headers": [], "method": "GET"}
    app = PlainTextResponse("x", headers={"etag": "1", "x-time": "2"})
    asyncio.run(TitleCase(app)(scope, None, send))
    assert sorted((bytes(key.lower()) for key, _ in sent[0]["headers"]), key=bytes.lower) == names


def test_names_on_the_wire() -> None:
    """A server sends names in title case, and knows by Content-Length where the answer ends."""
    app = TitleCase(PlainTextResponse("whole", headers={"x-valid-time": "2", "etag": "1"}))
    with running(app, lifespan="off") as port:
        answer = ask(port, b"/wmts")
    assert answer.body == b"whole"
    assert {b"Content-Type", b"Content-Length", b"X-Valid-Time", b"ETag"} <= set(answer.headers)
    assert b"transfer-encoding" not in [name.lower() for name in answer.headers]
