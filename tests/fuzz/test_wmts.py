"""Hostile requests to WMTS: each is answered in its words, at once, none by a mistake of ours."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.http.ogc.wire import Answer, ask, running
from tests.http.ogc.wmts_client import INFO, TILE
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

# What Python says of objects, and what no answer may hold.
ROOT = re.escape(str(Path(__file__).parents[2]).encode())
PYTHON = re.compile(rb"Traceback|object at 0x|<class|NoneType|root:|site-packages|" + ROOT)
REFUSED = {400, 404, 405, 406, 414, 431, 501}
AT_ONCE_S = 2.0
HOSTILE = [
    *(b"", b" ", b"\0", b"a\0b", b"../../etc/passwd", b"%2e%2e%2f", b"..\\..", b"//", b"."),
    *(b"9" * 4096, b"-" + b"9" * 4096, b"0" * 4096, b"1e309", b"-1e309", b"nan", b"inf", b"0x10"),
    *("\u0663".encode(), "\uff11".encode(), "\u00b2".encode(), "\U0001d7d8".encode()),
    *(b"\xed\xa0\x80", b"\xff\xfe", b"\xc0\xaf", "ü".encode("latin-1"), b"\xf4\x90\x80\x80"),
    *(b"2001-01-01" * 1000, b"P" + b"9" * 10_000 + b"D", b"2001/" * 2000, b"{" * 5000),
    *(b"<!ENTITY x SYSTEM 'file:///etc/passwd'>", b"]]>", b"<script>alert(1)</script>", b"&amp;"),
    *(b"' OR 1=1 --", b"$(id)", b"${jndi:ldap://x}", b"http://169.254.169.254/", b"\r\nX-Evil: 1"),
    *(b"viridis:" + b"9" * 400 + b":0", b"viridis:" + b":" * 3000, b"a" * 30_000),
]
NAMES = [*INFO, "time", "depth"]
PARTS = ["Layer", "Style", "TileMatrixSet", "TileMatrix", "TileRow", "TileCol", "J", "I"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with running(create_app(Settings(), catalog)) as port:
        yield port


def query(parameters: dict[str, bytes]) -> bytes:
    pairs = (f"{name}={quote_from_bytes(value, safe='')}" for name, value in parameters.items())
    return "&".join(pairs).encode()


def check(port: int, target: bytes, *, kvp: bool) -> Answer:
    """The answer; that it is a good one or a refusal in the protocol's own form, and at once."""
    begun = time.monotonic()
    answer = ask(port, target)
    assert time.monotonic() - begun < AT_ONCE_S, target[:200]
    assert answer.status in REFUSED | {200}, (target[:200], answer)
    assert not PYTHON.search(answer.body), (target[:200], answer.body[:500])
    assert b"X-Evil" not in answer.headers
    assert len(answer.body) < 20_000
    # What is no HTTP at all the server refuses by itself, without our headers.
    if answer.status in REFUSED and b"Access-Control-Allow-Origin" in answer.headers:
        if kvp:
            root = etree.fromstring(answer.body)
            assert etree.QName(root).localname == "ExceptionReport"
        else:
            assert answer.headers[b"Content-Type"] == b"application/problem+json"
            assert json.loads(answer.body)["status"] == answer.status
    return answer


@pytest.mark.parametrize("name", NAMES)
def test_values_of_kvp(port: int, name: str) -> None:
    """Each parameter holds each of them, escaped."""
    for operation in (TILE, INFO):
        for value in HOSTILE:
            asked = {k: v.encode() for k, v in operation.items()} | {name: value}
            check(port, b"/wmts?" + query(asked), kvp=True)


@pytest.mark.parametrize("name", PARTS)
def test_parts_of_rest(port: int, name: str) -> None:
    """So does each part of an address, of tiles and of values."""
    for value in HOSTILE:
        parts = [quote_from_bytes(value, safe="") if each == name else INFO[each] for each in PARTS]
        check(port, f"/wmts/1.0.0/{'/'.join(parts[:6])}.png".encode(), kvp=False)
        check(port, f"/wmts/1.0.0/{'/'.join(parts)}.html".encode(), kvp=False)


@pytest.mark.parametrize("suffix", ["png", "20/10.json"])
def test_dimensions_of_rest(port: int, suffix: str) -> None:
    """And each dimension in its query."""
    separator = "." if suffix == "png" else "/"
    path = f"/wmts/1.0.0/sea.sst/plasma/WebMercatorQuad/2/1/3{separator}{suffix}".encode()
    for name in ("time", "depth", "Depth", "other"):
        for value in HOSTILE:
            check(port, path + b"?" + query({name: value}), kvp=False)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe=\xff", b"time=\xc3\xbc", b"%", b"%zz=%zz", b"=", b"&" * 5000 + b"=", b"a=b;c=d",
        b"a=1&A=2" * 30, b"a=1&" * 200, b"a" * 8000 + b"=b", b"%00=%00", b"time[]=1&time[]=2",
    ],
)  # fmt: skip
def test_queries(port: int, raw: bytes) -> None:
    """A query of whatever bytes, before a good one, behind it and alone."""
    good = query({k: v.encode() for k, v in TILE.items()})
    for text in (raw, raw + b"&" + good, good + b"&" + raw):
        check(port, b"/wmts?" + text, kvp=True)
        check(port, b"/wmts/sea?" + text, kvp=True)


@pytest.mark.parametrize(
    "path",
    [
        b"/wmts//", b"/wmts/1.0.0", b"/wmts/1.0.0/", b"/wmts/../datasets", b"/wmts/%2e%2e/",
        b"/wmts/1.0.0/a/b/c/d/e/f/g/h/i/j.png", b"/wmts/1.0.0/////////.png", b"/WMTS", b"/wmts;a=b",
        b"/wmts/1.0.0/sea.sst/..%2f..%2fetc%2fpasswd/legend.png", b"/wmts/%00", b"/wmts/\xc3\xbc",
        b"/wmts/1.0.0/sea.sst/%ed%a0%80/legend.png", b"/wmts/" + b"a" * 20_000,
        b"/wmts/%ff/1.0.0/WMTSCapabilities.xml", b"http://evil.example/wmts",
    ],
)  # fmt: skip
def test_paths(port: int, path: bytes) -> None:
    """Addresses that are none."""
    answer = check(port, path, kvp=path.count(b"/", path.find(b"/wmts")) < 3)
    assert b"evil.example" not in answer.body


@given(st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=40), max_size=4))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything(port: int, changes: dict[str, bytes]) -> None:
    """Whatever bytes some of the parameters hold."""
    asked = {k: v.encode() for k, v in INFO.items()} | changes
    check(port, b"/wmts?" + query(asked), kvp=True)


@given(st.text(max_size=30))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_time(port: int, text: str) -> None:
    """Whatever text the time is."""
    value = text.encode("utf-8", "surrogatepass")
    asked = {k: v.encode() for k, v in TILE.items()} | {"time": value}
    check(port, b"/wmts?" + query(asked), kvp=True)


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"FOO"])
def test_methods(port: int, method: bytes) -> None:
    """Other methods are not allowed, and bodies are not read."""
    body = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'
    for path in (b"/wmts", b"/wmts/sea", b"/wmts/1.0.0/sea.sst/plasma/WebMercatorQuad/2/1/3.png"):
        answer = ask(port, path, method, body)
        assert answer.status in (400, 405)
        assert b"root:" not in answer.body
