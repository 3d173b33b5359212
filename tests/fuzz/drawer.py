"""Requests as bytes, drawn at random: right ones, nearly right ones, hostile ones, and no HTTP.

Most are a route of the server with one or two things wrong, so that they get as far as the code
that is to be tried.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote_from_bytes

from tests.fuzz.words import (
    BODIES,
    DEEP,
    HEADERS,
    HOSTILE,
    METHODS,
    ODD_KEYS,
    OPERATIONS,
    PARTS,
    RAW,
    VALUES,
)
from tileserver.app import ENDPOINTS
from tileserver.http.endpoint import Endpoint

GOOD = 0.75  # of the parts of a path and the values of a query
ESCAPED = 0.9
LEFT_OUT = ("/datasets/{dataset}/events",)  # its answer has no end


@dataclass(frozen=True)
class Sent:
    """One request.

    Args:
        is_whole: whether it is HTTP to its end, so that an answer is due.
        caller: whose key it carries, maybe in vain.
    """

    raw: bytes
    method: bytes = b""
    target: bytes = b""
    is_whole: bool = True
    caller: str = ""


@dataclass
class Drawer:
    """Draws requests, the same ones for the same seed.

    Args:
        keys: texts that may stand in headers, of all kinds of callers.
        signatures: that paths may begin with, by the dataset that they open.
    """

    keys: Mapping[str, str]
    signatures: Mapping[str, str]
    seed: int
    endpoints: Sequence[Endpoint] = ENDPOINTS
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.endpoints = [each for each in self.endpoints if each.path not in LEFT_OUT]

    def draw(self) -> Sent:
        """The next request."""
        kind = self.random.random()
        if kind < 0.06:
            return self._malformed()
        endpoint = self.random.choice(self.endpoints)
        method = self._method(endpoint)
        target = self._target(endpoint)
        signed = ""
        if self.signatures and self.random.random() < 0.05:
            signed, target = self._signed(target)
        body = self._body() if method not in (b"GET", b"HEAD") or kind > 0.97 else b""
        return self._request(method, target, body, signed, is_cut=0.06 <= kind < 0.09)

    def _request(
        self, method: bytes, target: bytes, body: bytes, caller: str, *, is_cut: bool
    ) -> Sent:
        headers = [b"Host: " + self._host()]
        if not caller and self.random.random() < 0.4:
            caller, header = self._credentials()
            headers.append(header)
        while self.random.random() < 0.3:
            headers.append(self.random.choice(HEADERS))
        if body:
            headers.append(b"Content-Type: " + self._content_type())
            if self.random.random() < 0.2:
                headers.append(b"Transfer-Encoding: chunked")
                body, is_whole = self._chunked(body)
                is_cut = is_cut or not is_whole
            else:
                headers.append(b"Content-Length: %d" % len(body))
        raw = b"%s %s HTTP/1.1\r\n%s\r\n\r\n" % (method, target, b"\r\n".join(headers))
        raw += body
        if is_cut:
            raw = raw[: self.random.randrange(1, len(raw))]
        return Sent(raw, method, target, not is_cut, caller)

    def _method(self, endpoint: Endpoint) -> bytes:
        if self.random.random() < 0.08:
            return self.random.choice(METHODS)
        return self.random.choice(endpoint.methods).encode()

    def _host(self) -> bytes:
        hosts = (b"evil.example", b"localhost:99999", b"[::1]:80", b'a"b<c>', b"", b"\xff")
        return b"localhost" if self.random.random() < 0.9 else self.random.choice(hosts)

    def _target(self, endpoint: Endpoint) -> bytes:
        path = re.sub(r"{(\w+)(?::\w+)?}", lambda m: self._part(m[1]), endpoint.path)
        names = [parameter.name.lower() for parameter in endpoint.parameters]
        if endpoint.dims:
            names += ["depth", "time", "dim"]
        count = self.random.choice((0, 1, 1, 2, 3, len(names)))
        chosen = self.random.sample(names, min(count, len(names)))
        needed = OPERATIONS.get(endpoint.path.split("/")[1], ()) if "request" in names else ()
        pairs = [*needed, *(self._pair(name) for name in chosen)]
        if self.random.random() < 0.05:
            pairs.append(self._hostile() + b"=" + self._hostile())
        if pairs and self.random.random() < 0.05:
            pairs.append(self.random.choice(pairs))
        query = b"&".join(pairs)
        target = path.encode("latin-1") + (b"?" + query if query else b"")
        return self._mutated(target) if self.random.random() < 0.05 else target

    def _part(self, name: str) -> str:
        good = self.random.random() < GOOD + 0.15
        found = self.random.choice(PARTS[name]).encode() if good else self._hostile()
        return quote_from_bytes(found, safe="@:,") if self._escapes() else _bare(found)

    def _pair(self, name: str) -> bytes:
        known = VALUES.get(name.lower())
        good = known and self.random.random() < GOOD
        value = self.random.choice(known).encode() if good and known else self._hostile()
        return b"%s=%s" % (name.encode(), quote_from_bytes(value, safe=",:/").encode())

    def _escapes(self) -> bool:
        return self.random.random() < ESCAPED

    def _hostile(self) -> bytes:
        kind = self.random.random()
        if kind < 0.6:
            return self.random.choice(HOSTILE)
        if kind < 0.8:
            return self.random.randbytes(self.random.choice((1, 3, 9, 40)))
        return self._mutated(self.random.choice(self.random.choice(list(VALUES.values()))))

    def _mutated(self, value: str | bytes) -> bytes:
        """With a byte changed, put in, taken out or said many times."""
        found = bytearray(value.encode() if isinstance(value, str) else value)
        at = self.random.randrange(len(found) + 1)
        changes: Sequence[Callable[[], object]] = (
            lambda: found.insert(at, self.random.randrange(33, 127)),
            lambda: found.__delitem__(slice(at, at + 1)),
            lambda: found.__setitem__(slice(at, at + 1), b"%%%02x" % self.random.randrange(256)),
            lambda: found.__setitem__(slice(at, at), found[at : at + 3] * 200),
            lambda: found.__setitem__(slice(at, at), b"-9"),
        )
        self.random.choice(changes)()
        return bytes(c for c in found if c not in b" \r\n")

    def _credentials(self) -> tuple[str, bytes]:
        """Whose key it is, and a header that has it; not all do it right."""
        name = self.random.choice([*self.keys, "odd"])
        text = (self.keys.get(name) or self.random.choice(ODD_KEYS)).encode("latin-1")
        basic = b64encode(b"any:" + text)
        right = (
            b"Authorization: Bearer " + text,
            b"X-API-Key: " + text,
            b"Authorization: Basic " + basic,
        )
        wrong = (
            b"Authorization: Basic " + basic[:-3],
            b"Authorization: " + text,
            b"authorization: bearer " + text + b"\r\nX-API-Key: " + text[::-1],
        )
        return name, self.random.choice(right if self.random.random() < 0.9 else wrong)

    def _signed(self, target: bytes) -> tuple[str, bytes]:
        """The same below a signed address, whose signature may be bent."""
        dataset, signature = self.random.choice(list(self.signatures.items()))
        text = signature.encode()
        bent = self._mutated(text) if self.random.random() < 0.4 else text
        whose = dataset if bent == text else ""
        return f"signed:{whose}", b"/signed/" + bent + target

    def _content_type(self) -> bytes:
        kinds = (b"application/json", b"application/geo+json", b"text/xml", b"", b"a/b; c=\xff")
        return self.random.choice(kinds)

    def _body(self) -> bytes:
        kind = self.random.random()
        if kind < 0.45:
            found = json.loads(self.random.choice(BODIES))
            return json.dumps(self._bent(found)).encode()
        if kind < 0.7:
            return self.random.choice(BODIES).encode()
        if kind < 0.85:
            return self._mutated(self.random.choice(BODIES))
        return self.random.choice(DEEP) if kind < 0.9 else self._hostile()

    def _bent(self, value: object, depth: int = 0) -> object:
        """A JSON document of which some values are others."""
        if self.random.random() < 0.08:
            odd = (None, True, [], {}, "", "x", -1, 1e400, 10**400, [[]], {"": 1}, "\ud800", 0.5)
            return self.random.choice(odd)
        if isinstance(value, dict):
            return {key: self._bent(each, depth + 1) for key, each in value.items()}
        if isinstance(value, list):
            return [self._bent(each, depth + 1) for each in value]
        return value

    def _chunked(self, body: bytes) -> tuple[bytes, bool]:
        """In chunks, and whether they are as long as they say."""
        size = self.random.choice((1, 7, 1000, len(body)))
        if self.random.random() < 0.2:
            return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) + 5, body), False
        parts = (body[at : at + size] for at in range(0, min(len(body), 50 * size), size))
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
        return chunks + b"0\r\n\r\n", True

    def _malformed(self) -> Sent:
        raw = self.random.choice(RAW)
        if self.random.random() < 0.3:
            at = self.random.randrange(len(raw) + 1)
            raw = raw[:at] + self.random.randbytes(self.random.choice((1, 4, 100))) + raw[at:]
        return Sent(raw, is_whole=False)


def _bare(found: bytes) -> str:
    """As it may stand in a request's line at all."""
    return bytes(c for c in found if c not in b" \r\n?#").decode("latin-1")
