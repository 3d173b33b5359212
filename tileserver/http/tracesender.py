"""Sends spans to a collector, says once that it cannot, and does not wait for it at the end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

log = logging.getLogger(__name__)

PATIENCE_S = 2.0  # at the end, for what was not sent yet


class Sender(SpanExporter):
    """OTLP over HTTP. Called by one thread, but for `shutdown`."""

    def __init__(self) -> None:
        # It tells of each attempt that fails, several times a second.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._exporter = OTLPSpanExporter()
        self._is_failing = self._is_ended = False
        self._ending = threading.Lock()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send some; what a collector does not take is dropped."""
        result = self._exporter.export(spans)
        is_failing = result is not SpanExportResult.SUCCESS
        if is_failing != self._is_failing and not self._is_ended:
            self._is_failing = is_failing
            log.warning(
                "traces are lost: their collector does not take them"
                if is_failing
                else "traces are taken again"
            )
        return result

    def end_soon(self) -> threading.Timer:
        """Give up what is not sent in time."""
        timer = threading.Timer(PATIENCE_S, self.shutdown)
        timer.daemon = True
        timer.start()
        return timer

    def shutdown(self) -> None:
        """Send nothing more, and give up what is just being sent."""
        with self._ending:
            if self._is_ended:
                return
            self._is_ended = True
        self._exporter.shutdown()  # type: ignore[no-untyped-call]
