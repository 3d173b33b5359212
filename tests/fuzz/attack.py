"""Sends drawn requests to a server over many connections, and judges each answer."""

from __future__ import annotations

import json
import re
import struct
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.cubes import KEPT_TITLE, KEPT_VALUE
from tests.fuzz.drawer import Drawer, Sent
from tests.fuzz.target import Target
from tests.fuzz.wire import Answer, ask

CONNECTIONS = 4
LARGEST_PROBLEM = 8000
# What answers that the server refuses may never hold: the words of Python, paths, secrets.
ROOT = re.escape(str(Path(__file__).parents[2]).encode())
LEAK = re.compile(
    rb"Traceback|object at 0x|<class '|NoneType|[a-z]Error\b|'(dict|list|str|int|float|bool|bytes)'"
    rb"|root:x:|site-packages|\.py\b|" + ROOT
)
KEPT = re.compile(
    rb"%b|%b|%b"
    % (KEPT_TITLE.encode(), b"%.1f" % KEPT_VALUE, re.escape(struct.pack("<f", KEPT_VALUE)))
)
# Administrators are told what datasets there are.
ENTITLED = ("staff", "admin", "operator", "signed:kept", "signed:sleepers")
ALLOWED_5XX = (501, 503, 504)  # 501: OGC's for layers that tell no values
GONE = b"gone"  # the dataset that cannot be opened: 502
SPOOFED = b"evil.example"
PROTOCOLS = re.compile(rb"(/signed/[^/]*)?/(wms|wmts)(/[^/?]*)?(\?.*)?", re.DOTALL)  # by KVP


@dataclass
class Report:
    """What came of it."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    unanswered: int = 0

    @property
    def count(self) -> int:
        """Of requests."""
        return sum(self.statuses.values()) + self.unanswered

    def add(self, other: Report) -> None:
        """What another connection has seen."""
        self.statuses += other.statuses
        self.wrong += other.wrong
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.unanswered += other.unanswered


def attack(target: Target, seconds: float, seed: int) -> Report:
    """As many requests as go in some seconds."""
    until = time.monotonic() + seconds
    report = Report()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        drawers = [
            Drawer(target.keys, target.signatures, seed * CONNECTIONS + n)
            for n in range(CONNECTIONS)
        ]
        for each in pool.map(lambda drawer: _run(target.port, drawer, until), drawers):
            report.add(each)
    return report


def _run(port: int, drawer: Drawer, until: float) -> Report:
    report = Report()
    while time.monotonic() < until and len(report.wrong) < 50:
        sent = drawer.draw()
        begun = time.monotonic()
        answer, what = ask(port, sent)
        if sent.is_whole:
            report.slowest_s = max(report.slowest_s, time.monotonic() - begun)
        if answer.status:
            report.statuses[answer.status] += 1
        else:
            report.unanswered += 1
        complaint = what or judge(sent, answer)
        if complaint:
            report.wrong.append(f"{complaint}\n    {sent.raw[:600]!r}\n    {answer.body[:300]!r}")
    return report


def judge(sent: Sent, answer: Answer) -> str:
    """What is wrong with an answer; "" where nothing is."""
    status, body = answer.status, answer.body
    if status == 0:
        return "no answer" if sent.is_whole else ""
    if status >= 500 and status not in ALLOWED_5XX and not (status == 502 and GONE in sent.raw):
        return f"status {status}"
    if b"x-evil" in answer.headers:
        return "a header of the request's making"
    said = body + b"".join(answer.headers.values())
    if SPOOFED in said and SPOOFED not in sent.target:
        return "it believes what a client says of the server's name"
    if answer.is_whole is False and sent.is_whole and sent.method != b"HEAD":
        return "the answer is not whole"
    if sent.caller not in ENTITLED and (
        KEPT.search(body) or (b"sleepers" in body and b"sleepers" not in sent.raw)
    ):
        return f"it tells {sent.caller or 'anybody'} what is kept to some"
    if status < 400:
        return ""
    if LEAK.search(body):
        return "it tells what it should not"
    if len(body) > LARGEST_PROBLEM:
        return f"a refusal of {len(body)} bytes"
    # What is no HTTP uvicorn refuses by itself, without our headers.
    if b"access-control-allow-origin" not in answer.headers or sent.method == b"HEAD":
        return "" if status in (400, 413, 414, 431) or sent.method == b"HEAD" else "no CORS header"
    if answer.headers.get(b"cache-control", b"") != b"no-store":
        return "a refusal that may be kept"
    return _form(sent, answer)


def _form(sent: Sent, answer: Answer) -> str:
    """Whether a refusal is a problem document or, in protocols of OGC, their report."""
    kind = answer.headers.get(b"content-type", b"")
    if kind == b"application/problem+json":
        document = json.loads(answer.body)
        is_right = document["status"] == answer.status and 0 < len(document["detail"]) < 4000
        return "" if is_right else "a problem document that is none"
    is_protocol = PROTOCOLS.fullmatch(sent.target) is not None
    return "" if is_protocol and (b"xml" in kind or b"image/" in kind) else f"refused as {kind!r}"
