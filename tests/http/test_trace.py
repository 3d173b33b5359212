"""Traces of requests, as a collector of OpenTelemetry gets them."""

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.conftest import running
from tests.test_freshness import until

TILE = "/tiles/ocean/sst/1/0/0.png"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "ts_0123456789abcdef_geheimgeheim"


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.resource: dict[str, str] = {}
        self.spans: list[Span] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def take(self, body: bytes) -> None:
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.resource = attributes(of_resource.resource)
            for scope in of_resource.scope_spans:
                self.spans += scope.spans


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert isinstance(self.server, Collector)
        assert self.path == "/v1/traces"
        self.server.take(body)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """To nobody."""


def attributes(of: Any) -> dict[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in of.attributes}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@contextmanager
def tracing(demo_data: Path, collector: str, **more: str) -> Iterator[httpx2.Client]:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    flags = ("--catalog", str(demo_data), "--traces", "true")
    with running(*flags, **environment, **more) as url, httpx2.Client(base_url=url) as client:
        yield client


@pytest.fixture(scope="module")
def client(demo_data: Path, collector: Collector) -> Iterator[httpx2.Client]:
    with tracing(demo_data, collector.url) as client:
        yield client


def one(collector: Collector, name: str) -> Span:
    until(lambda: collector.named(name))
    [span] = collector.named(name)
    return span


def test_request_is_a_span(client: httpx2.Client, collector: Collector) -> None:
    """Of the trace that a client has begun, with stages and reads as its children."""
    parent = f"00-{TRACE}-{PARENT}-01"
    answer = client.get(TILE, headers={"traceparent": parent}, params={"rescale": "0,30"})
    span = one(collector, "GET /tiles/{dataset}/{variable}/{z}/{x}/{last}")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.kind == Span.SPAN_KIND_SERVER
    told = attributes(span)
    assert told["http.response.status_code"] == 200
    assert told["http.route"] == "/tiles/{dataset}/{variable}/{z}/{x}/{last}"
    assert told["url.path"] == TILE
    assert told["tileserver.dataset"] == "ocean"
    assert told["tileserver.request_id"] == answer.headers["x-request-id"]
    children = [each for each in collector.spans if each.parent_span_id == span.span_id]
    assert {"plan", "queue", "read", "draw", "storage"} <= {each.name for each in children}
    for each in children:
        assert each.trace_id == span.trace_id
        begun, ended = span.start_time_unix_nano, span.end_time_unix_nano
        assert begun - 1000 <= each.start_time_unix_nano <= each.end_time_unix_nano <= ended + 10**6
    # The first look is whether all is held.
    read = [each for each in children if each.name == "read"][-1]
    storage = next(each for each in children if each.name == "storage")
    assert read.start_time_unix_nano <= storage.start_time_unix_nano
    assert storage.end_time_unix_nano <= read.end_time_unix_nano
    assert storage.kind == Span.SPAN_KIND_CLIENT
    assert collector.resource["service.name"] == "tileserver"


def test_kept_answer_is_a_span_too(client: httpx2.Client, collector: Collector) -> None:
    """Though no router was asked, it bears its route; it begins a trace where there is none."""
    address = TILE.replace("png", "webp")
    client.get(address)
    client.get(address, headers={"traceparent": "nonsense"})
    wanted = "GET /tiles/{dataset}/{variable}/{z}/{x}/{last}"
    until(lambda: len(found := _at(collector, address)) == 2 and found)
    first, second = _at(collector, address)
    assert first.name == second.name == wanted
    assert first.trace_id != second.trace_id
    assert not second.parent_span_id


def _at(collector: Collector, path: str) -> list[Span]:
    return [each for each in collector.spans if attributes(each).get("url.path") == path]


def test_errors_are_told(client: httpx2.Client, collector: Collector) -> None:
    """What fails by no fault of the client's is an error; a client's is none."""
    client.get("/nothing/at/all")
    until(lambda: _at(collector, "/nothing/at/all"))
    [span] = _at(collector, "/nothing/at/all")
    assert span.name == "GET"
    assert attributes(span)["http.response.status_code"] == 404
    assert span.status.code == 0


def test_no_secret_is_sent(client: httpx2.Client, collector: Collector) -> None:
    """Neither in paths nor in queries."""
    client.get(f"/tiles/{SECRET}/x/0/0/0", params={"token": SECRET})
    client.get("/colormaps/viridis")
    one(collector, "GET /colormaps/{name}")
    assert not any("geheim" in str(span) for span in collector.spans)


def test_probes_are_not_traced(client: httpx2.Client, collector: Collector) -> None:
    """Those who watch over a server ask all the time."""
    client.get("/healthz")
    client.get("/tms")
    one(collector, "GET /tms")
    assert not _at(collector, "/healthz")


def test_not_sampled(demo_data: Path, collector: Collector) -> None:
    """As a client says, or the environment: nothing is sent, answers are the same."""
    sampler = {"OTEL_TRACES_SAMPLER": "parentbased_always_off", "OTEL_SERVICE_NAME": "maps"}
    with tracing(demo_data, collector.url, **sampler) as client:
        assert client.get("/legend/ocean/sst.json").status_code == 200
        client.get("/viewer", headers={"traceparent": f"00-{TRACE}-{PARENT}-01"})
        one(collector, "GET /viewer")
    assert not collector.named("GET /legend/{dataset}/{name}")
    assert collector.resource["service.name"] == "maps"


def test_collector_that_is_gone_harms_nothing(
    demo_data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Requests are answered, one line of the log says it, and the server ends in time."""
    with tracing(demo_data, "http://127.0.0.1:9", OTEL_EXPORTER_OTLP_TIMEOUT="1") as client:
        for _ in range(2):
            assert client.get(TILE).status_code == 200
            time.sleep(0.6)
        client.get(TILE)
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    [line] = capfd.readouterr().err.splitlines()
    assert "traces are lost" in line
