"""One line of the log for a request: who asked for what, what came of it, and what took how long.

Of a query only the parameters that some route declares are told: whatever else stands in an address
may be a secret that somebody put there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from typing import Any, Literal
from urllib.parse import parse_qsl

from starlette.types import Scope

from tileserver.http.caller import caller_of
from tileserver.http.links import below_root
from tileserver.http.route import PROBES, dataset_of, route_of
from tileserver.logformat import FIELDS
from tileserver.secrecy import HIDDEN
from tileserver.trail import Trail

log = logging.getLogger("tileserver.requests")

Which = Literal["none", "problems", "all"]
LONGEST = 500  # characters of a path, or of a parameter
MOST_PARAMETERS, LONGEST_QUERY = 30, 4000
OWN_FAULT = 500
MOST_A_SECOND = 20  # lines of problems, where these alone are told
UNSEEN = "\N{REPLACEMENT CHARACTER}"


class RequestLog:
    """Writes the lines.

    Args:
        which: all requests, or those alone that went wrong or were slow.
        slow_s: until an answer begins; longer is slow.
        parameters: of queries whose values may be told, in lower case.
        client_of: the address of who asks, which is personal data; None: it is not told.
    """

    def __init__(
        self,
        which: Which,
        slow_s: float,
        parameters: Collection[str],
        client_of: Callable[[Scope], str] | None = None,
    ) -> None:
        self._is_all, self._slow_s = which == "all", slow_s
        self._client_of = client_of
        self._parameters = parameters
        self._since, self._told, self._untold = 0.0, 0, 0  # of the problems of this second

    def note(self, scope: Scope, trail: Trail) -> None:
        """A request that is over."""
        if route_of(scope) in PROBES:
            return
        is_grave = trail.status >= OWN_FAULT
        is_problem = is_grave or trail.seconds > self._slow_s
        if not self._is_all and not (is_problem and self._has_room()):
            return
        fields = _fields(scope, trail)
        if query := self._query(scope):
            fields["query"] = query
        if self._client_of is not None:
            fields["client"] = self._client_of(scope)
        log.log(
            logging.WARNING if is_grave else logging.INFO,
            "%s",
            _text(fields),
            extra={FIELDS: {**fields, "message": "request"}},
        )

    def _has_room(self) -> bool:
        """Whether one more problem may be told: a flood of refusals is not to become one of lines,
        which would take more than the refusals do."""
        now = time.monotonic()
        if now - self._since >= 1:
            if self._untold:
                log.warning("%d more requests went wrong or were slow", self._untold)
            self._since, self._told, self._untold = now, 0, 0
        if self._told >= MOST_A_SECOND:
            self._untold += 1
            return False
        self._told += 1
        return True

    def _query(self, scope: Scope) -> dict[str, str]:
        """What it asks; of parameters that nobody declares the names alone."""
        query = scope["query_string"][:LONGEST_QUERY].decode("latin-1")
        pairs = parse_qsl(query, keep_blank_values=True)[:MOST_PARAMETERS]
        return {
            _line(name): _line(value) if name.lower() in self._parameters else HIDDEN
            for name, value in pairs
        }


def _fields(scope: Scope, trail: Trail) -> dict[str, Any]:
    found: dict[str, Any] = {
        "request_id": trail.id,
        "method": scope["method"],
        "path": _line(below_root(scope)),
        "route": route_of(scope),
        "status": trail.status,
        "ms": _ms(trail.seconds),
        "bytes": trail.nbytes,
    }
    optional = {
        "trace_id": trail.trace,
        "dataset": _line(dataset_of(scope)),
        "caller": _line(caller_of(scope).name),
        "stages_ms": {name: _ms(seconds) for name, seconds in trail.stages.items()},
        "storage_requests": trail.reads,
        "storage_bytes": trail.read_bytes,
    }
    return found | {name: value for name, value in optional.items() if value}


def _line(text: str) -> str:
    """As it may stand in a line: short and printable; secrets are taken out of the whole line."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    if not cut.isprintable():
        cut = "".join(c if c.isprintable() else UNSEEN for c in cut)
    return cut


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)


def _text(fields: dict[str, Any]) -> str:
    """For people."""
    told = [f"{name}={fields[name]}" for name in _TOLD if name in fields]
    told += [f"{name}={ms}ms" for name, ms in fields.get("stages_ms", {}).items()]
    return f"{fields['method']} {fields['path']} {fields['status']} {fields['ms']} ms " + " ".join(
        told
    )


_TOLD = ("request_id", "bytes", "query", "caller", "client", "storage_requests", "storage_bytes")
