"""One request on a connection of its own, as bytes, and what comes back."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from tests.fuzz.drawer import Sent

ANSWERED_WITHIN_S = 20.0
LET_GO_S = 0.2  # after which what is no whole request is given up
NO_BODY = (204, 304)


@dataclass(frozen=True)
class Answer:
    """What came back, as far as it came; status 0 for nothing.

    Args:
        headers: by their names in lower case.
    """

    status: int
    headers: Mapping[bytes, bytes]
    body: bytes
    is_whole: bool


NOTHING = Answer(0, {}, b"", False)


def ask(port: int, sent: Sent) -> tuple[Answer, str]:
    """The answer to a request, and what was wrong on the way."""
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWERED_WITHIN_S) as wire:
            with suppress(BrokenPipeError, ConnectionResetError):  # refused before it was whole
                wire.sendall(sent.raw)
            if not sent.is_whole:
                wire.settimeout(LET_GO_S)
            return _read(wire, sent.method == b"HEAD"), ""
    except TimeoutError:
        return NOTHING, "no answer in time" if sent.is_whole else ""
    except ConnectionResetError:
        return NOTHING, ""
    except OSError as error:
        return NOTHING, f"no connection: {error}"


def _read(wire: socket.socket, is_head: bool) -> Answer:
    """The first final answer on a connection, no further than its end."""
    data, status = b"", 100
    while status == 100:
        while b"\r\n\r\n" not in data:
            part = wire.recv(1 << 16)
            if not part:
                return NOTHING
            data += part
        head, _, data = data.partition(b"\r\n\r\n")
        status = int(head.split(maxsplit=2)[1])
    pairs = (line.partition(b": ") for line in head.split(b"\r\n")[1:])
    headers = {name.lower(): value for name, _, value in pairs}
    if is_head or status in NO_BODY:
        return Answer(status, headers, b"", True)
    body = bytearray(data)
    while not _is_whole(headers, body):
        part = wire.recv(1 << 20)
        if not part:
            break
        body += part
    return Answer(status, headers, bytes(body), _is_whole(headers, body))


def _is_whole(headers: Mapping[bytes, bytes], body: bytearray) -> bool:
    length = headers.get(b"content-length")
    if length is not None:
        return len(body) >= int(length)
    if headers.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    return headers.get(b"connection") == b"close"
