"""Many requests in a row on one connection, and all that comes back."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPException, HTTPResponse

from tests.fuzz.drawer import Sent
from tests.fuzz.wire import ANSWERED_WITHIN_S


class _Reader(io.BufferedReader):
    """What a connection sends, that goes on behind the end of an answer."""

    def makefile(self, _: str) -> _Reader:
        """Itself, as an answer wants to have a socket."""
        return self

    def close(self) -> None:
        """Not yet."""


def ask_in_a_row(port: int, requests: Sequence[Sent]) -> list[tuple[int, bytes]]:
    """Status and body of each answer, until the server closes the connection."""
    found: list[tuple[int, bytes]] = []
    with socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_S) as wire:
        threading.Thread(target=_send, args=(wire, requests), daemon=True).start()
        reader = _Reader(socket.SocketIO(wire, "r"))
        for each in requests:
            answer = HTTPResponse(reader, method=each.method.decode())  # type: ignore[arg-type]
            try:
                answer.begin()
                found.append((answer.status, answer.read()))
            except (HTTPException, OSError):
                break
            if answer.will_close:
                break
    return found


def _send(wire: socket.socket, requests: Sequence[Sent]) -> None:
    with suppress(OSError):  # the server may have closed it
        wire.sendall(b"".join(each.raw for each in requests))
