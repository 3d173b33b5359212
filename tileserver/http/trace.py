"""Requests as spans of OpenTelemetry, with their stages and the requests to storages as children.

Where they are sent, how many of them, and under which name, is said by OpenTelemetry's own
environment variables (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, …).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import Scope

from tileserver import __version__
from tileserver.http.caller import caller_of
from tileserver.http.links import below_root
from tileserver.http.route import NONE, PROBES, dataset_of, route_of
from tileserver.http.tracesender import Sender
from tileserver.secrecy import masked
from tileserver.trail import Trail

LONGEST = 500  # characters of a path
_CARRIED = (b"traceparent", b"tracestate")
_W3C = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class Begun:
    """A span that is under way, and when it began, since 1970."""

    span: Span
    ns: int


class Traces:
    """Sends spans in the background; what a collector does not take is dropped."""

    def __init__(self) -> None:
        self._sender = Sender()
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(self._sender))
        self._tracer: Tracer = self._provider.get_tracer("tileserver", __version__)

    def close(self) -> None:
        """Send what is left, as far as that is quick."""
        giving_up = self._sender.end_soon()
        self._provider.shutdown()
        giving_up.cancel()

    def begin(self, scope: Scope, trail: Trail) -> Begun | None:
        """The span of a request, part of the trace that a client or proxy has begun (W3C Trace
        Context); None for those who watch over the server."""
        path = below_root(scope)
        if path in PROBES:
            return None
        headers = {k.decode(): v.decode("latin-1") for k, v in scope["headers"] if k in _CARRIED}
        now = time.time_ns()
        span = self._tracer.start_span(
            scope["method"],
            context=_W3C.extract(headers) if headers else None,
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "url.path": masked(path[:LONGEST])},
            start_time=now,
        )
        trail.trace = f"{span.get_span_context().trace_id:032x}"
        if span.is_recording():
            trail.steps = []
        return Begun(span, now)

    def end(self, begun: object, scope: Scope, trail: Trail) -> None:
        """It is over."""
        if not isinstance(begun, Begun):
            return
        span = begun.span
        if span.is_recording():
            _describe(span, scope, trail)
            self._add_steps(begun, trail)
        span.end()

    def _add_steps(self, begun: Begun, trail: Trail) -> None:
        parent = set_span_in_context(begun.span)
        for step in trail.steps or ():
            since, until = (
                begun.ns + int((moment - trail.begun) * 1e9) for moment in (step.begun, step.ended)
            )
            child = self._tracer.start_span(
                step.name,
                context=parent,
                kind=SpanKind.CLIENT if step.name == "storage" else SpanKind.INTERNAL,
                attributes=step.figures,
                start_time=since,
            )
            if "error.type" in step.figures:
                child.set_status(Status(StatusCode.ERROR))
            child.end(until)


def _resource() -> Resource:
    """Who we are, unless the environment says it."""
    found = Resource({"service.version": __version__}).merge(Resource.create())
    if str(found.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return found.merge(Resource({SERVICE_NAME: "tileserver"}))
    return found


def _describe(span: Span, scope: Scope, trail: Trail) -> None:
    """What is known of a request when it is over, in the words of OpenTelemetry's conventions."""
    route, dataset, caller = route_of(scope), dataset_of(scope), caller_of(scope).name
    span.set_attribute("http.response.status_code", trail.status)
    span.set_attribute("http.response.body.size", trail.nbytes)
    span.set_attribute("tileserver.request_id", trail.id)
    if route != NONE:
        span.update_name(f"{scope['method']} {route}")
        span.set_attribute("http.route", route)
    if dataset:
        span.set_attribute("tileserver.dataset", masked(dataset))
    if caller:
        span.set_attribute("enduser.id", caller)
    if trail.status >= 500:
        span.set_attribute("error.type", str(trail.status))
        span.set_status(Status(StatusCode.ERROR))
