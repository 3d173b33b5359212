"""A connection that is closed on who is slow, silent or sends too much.

uvicorn waits for ever for the head and the body of a request, and for its answer to be taken; it
reads a head of any size. This protocol has a deadline for whatever it waits for:

    opened ─ headers_s ─ head ─ body_s ─ body ─ (the app's own) ─ answer ─ idle_s ─ head …

What is refused is answered with a problem document before the app hears of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from math import inf
from typing import Any

import httptools
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from tileserver.errors import Overloaded
from tileserver.http.access import ALWAYS
from tileserver.http.crowd import Crowd
from tileserver.http.errors import problem, told_problem
from tileserver.http.links import is_trusted

BODY_RATE = 10_000  # bytes a second: who sends less is cut off after body_s
TAKEN_RATE = 1000  # the same for who takes an answer, after stall_s
LINGER_S = 2.0  # for a refusal to be read, while what is still sent is thrown away
READ_BYTES = 256 << 10  # that come at once at most
LOOKS = 4  # in the shortest deadline
CROWDED = 64  # fewer connections cannot ask for more than they wait for
PROBES = (b"/healthz", b"/readyz", b"/metrics")  # which watch over the server


RawHeaders = Iterable[tuple[bytes, bytes]]


def _written(dates: RawHeaders, answer: Response, *, has_body: bool = True) -> bytes:
    """As it goes over the wire."""
    lines = [b"%s: %s\r\n" % field for field in (*dates, *answer.raw_headers, *ALWAYS)]
    body = bytes(answer.body) if has_body else b""
    return b"".join([STATUS_LINE[answer.status_code], *lines, b"\r\n", body])


@lru_cache(maxsize=8)
def _too_busy(dates: RawHeaders, *, has_body: bool, is_last: bool) -> bytes:
    """The same answer for all, for as long as the date is."""
    answer = told_problem(Overloaded("too many requests at once: try again in a moment"))
    if is_last:
        answer.headers["Connection"] = "close"
    return _written(dates, answer, has_body=has_body)


class _Refusal(Exception):
    """Thrown through the parser."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with deadlines and limits, which are those of `config.crowd`."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd: Crowd = config.crowd  # type: ignore[attr-defined]
        limits = self._limits = self._crowd.limits
        self._look_s = min(limits.headers_s, limits.body_s, limits.idle_s, LINGER_S) / LOOKS
        self._address = ""  # that counts
        self._deadline = inf
        self._looking: asyncio.TimerHandle | None = None
        self._stalling: asyncio.TimerHandle | None = None
        self._is_deaf = False
        self._is_shed = False
        self._has_head = False
        self._received = 0  # bytes of the head, then of the body as it comes over the wire
        self._fields = self._field_bytes = self._body_bytes = 0
        self._body_since = 0.0

    # What the transport tells.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It is open."""
        super().connection_made(transport)
        address = self.client[0] if self.client is not None else ""
        if not is_trusted(address, self._limits.trusted_proxies):
            self._address = address
        self._expect(self._limits.headers_s)
        self._looking = self.loop.call_later(self._look_s, self._look)
        if not self._crowd.enter(self, self._address):
            self._refuse(503, "too many connections: try again later, or use fewer at once")

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self._crowd.leave(self, self._address)
        for handle in (self._looking, self._stalling):
            if handle is not None:
                handle.cancel()
        self._is_deaf = True
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        if self._is_deaf:
            return
        self._unset_keepalive_if_required()
        self._received += len(data)
        try:
            self.parser.feed_data(data)
            self._check_received()
        except _Refusal as refusal:
            self._refuse(refusal.status, str(refusal))
        except httptools.HttpParserUpgrade:
            self._is_deaf = True  # the request is answered by HTTP/1.1, and none follows
            self.cycle.keep_alive = False
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, _Refusal):
                self._refuse(cause.status, str(cause))
            else:
                self._refuse(400, "this is no valid HTTP request")

    def pause_writing(self) -> None:
        """More of an answer is still to be taken than is good."""
        super().pause_writing()
        self._watch_taking()

    def resume_writing(self) -> None:
        """Enough of it was taken."""
        super().resume_writing()
        if self._stalling is not None:
            self._stalling.cancel()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._has_head = False
        self._fields = self._field_bytes = self._body_bytes = 0
        self._expect(self._limits.headers_s)

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self.url += url
        if len(self.url) > self._limits.url_bytes:
            raise _Refusal(414, f"the address has more than {self._limits.url_bytes} bytes")

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; of one behind the body nobody here reads more than its length."""
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        if self._fields > self._limits.header_fields:
            raise _Refusal(431, f"more than {self._limits.header_fields} header fields")
        if self._field_bytes > self._limits.header_bytes:
            raise _Refusal(431, f"header fields of more than {self._limits.header_bytes} bytes")
        if not self._has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: the app may begin, unless the body is known to be too large."""
        for name, value in self.headers:
            if name == b"content-length" and int(value) > self._limits.body_bytes:
                raise self._too_large()
        if self._is_idle() and self._is_sheddable() and self._crowd.shedder.sheds():
            self._is_shed, self._has_head = True, True
            return
        super().on_headers_complete()
        self._has_head, self._received = True, 0
        self._body_since = self.loop.time()
        self._deadline = self._body_since + self._limits.body_s
        if self._crowd.is_ending:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if self._is_shed:
            return
        self._body_bytes += len(body)
        if self._body_bytes > self._limits.body_bytes:
            raise self._too_large()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole: from now on time is the app's."""
        if self._is_shed:
            self._shed()
            return
        super().on_message_complete()
        self._received = 0
        self._deadline = inf

    def _check_received(self) -> None:
        """Refuse what grows without its end in sight: a field's value, lengths of chunks."""
        limits = self._limits
        if self._has_head and self._received > 2 * limits.body_bytes + READ_BYTES:
            raise self._too_large()
        if not self._has_head and self._received > (
            limits.url_bytes + limits.header_bytes + READ_BYTES
        ):
            raise _Refusal(431, f"header fields of more than {limits.header_bytes} bytes")

    def _too_large(self) -> _Refusal:
        return _Refusal(413, f"body: more than {self._limits.body_bytes} bytes: send less at once")

    # Requests that the app does not hear of, as it has too many.

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _is_sheddable(self) -> bool:
        if len(self._crowd.members) < CROWDED or self.parser.get_method() not in (b"GET", b"HEAD"):
            return False
        return not self.url.partition(b"?")[0].endswith(PROBES)

    def _shed(self) -> None:
        """Answer as who is refused by the app is answered, and wait for the next request."""
        self._is_shed = False
        is_last = not self.parser.should_keep_alive() or self._crowd.is_ending
        has_body = self.parser.get_method() != b"HEAD"
        dates = self.server_state.default_headers
        self.transport.write(_too_busy(tuple(dates), has_body=has_body, is_last=is_last))
        if is_last:
            self._linger()
        else:
            self._received = 0
            self._expect(self._limits.idle_s)

    # What becomes of an answer.

    def on_response_complete(self) -> None:
        """It is written, though maybe not yet taken."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_taking()
        elif not self.cycle.response_complete:
            return  # another request came meanwhile
        elif self.cycle.more_body:
            self._linger()
        else:
            self._expect(self._limits.idle_s)

    def shutdown(self) -> None:
        """Close it once nothing is asked; while the process drains, after an answer."""
        if not self._crowd.is_draining:
            super().shutdown()
        elif self.cycle is not None:
            self.cycle.keep_alive = False

    def _refuse(self, status: int, detail: str) -> None:
        """Answer what the app is not to hear of, or to hear no more."""
        self._is_deaf = True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not self._has_head:  # of the next request: this one gets its answer
                cycle.keep_alive = False
                return
            if cycle.response_started or self.pipeline:
                self.transport.abort()
                return
            cycle.disconnected = True
            cycle.message_event.set()
        answer = problem(status, HTTPStatus(status).phrase, detail, {"Connection": "close"})
        self.transport.write(_written(self.server_state.default_headers, answer))
        self._linger()

    def _linger(self) -> None:
        """Let the answer be read: who is still sending would lose it to a reset."""
        self._is_deaf = True
        self.flow.resume_reading()
        self.transport.write_eof()
        self._expect(LINGER_S)

    # Deadlines.

    def _expect(self, seconds: float) -> None:
        """Something is to come within some time."""
        self._deadline = self.loop.time() + seconds

    def _look(self) -> None:
        self._looking = self.loop.call_later(self._look_s, self._look)
        now = self.loop.time()
        if now < self._deadline:
            return
        cycle = self.cycle
        if self._is_deaf or cycle is None or cycle.response_complete:
            self._cut()
        elif not self._has_head:  # of the next request
            self._expect(self._limits.headers_s)
        elif self.flow.read_paused:  # it is the app that does not read
            self._body_since, self._received = now, 0
            self._expect(self._limits.body_s)
        elif now < self._body_since + self._limits.body_s + self._received / BODY_RATE:
            self._expect(self._look_s)
        else:
            self._crowd.cut += 1
            self._refuse(408, f"less than {BODY_RATE} bytes a second of the body came")

    def _watch_taking(self) -> None:
        """From now on look how much of an answer is taken."""
        if self._stalling is not None:
            self._stalling.cancel()
        left = self.transport.get_write_buffer_size()
        stall_s = self._limits.stall_s
        self._stalling = self.loop.call_later(stall_s, self._check_taking, left)

    def _check_taking(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left and before - left < TAKEN_RATE * self._limits.stall_s:
            self._cut()
        elif left:
            self._watch_taking()

    def _cut(self) -> None:
        """Close it; what was not taken of an answer is thrown away."""
        self._crowd.cut += 1
        if self.transport.get_write_buffer_size() or self._is_deaf:
            self.transport.abort()
        else:
            self.transport.close()
