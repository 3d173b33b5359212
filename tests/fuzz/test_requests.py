"""Whatever is sent to a server, each request has an answer, and the server stays as it is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzz.attack import attack, judge
from tests.fuzz.cubes import KEPT_TITLE
from tests.fuzz.described import TOOL, hold
from tests.fuzz.drawer import Drawer, Sent
from tests.fuzz.pipeline import ask_in_a_row
from tests.fuzz.target import Target, serving
from tests.fuzz.wire import Answer, ask

SECONDS = 6.0
SEED = 20240701
FEWEST = 300
ROWS = 60
EXAMPLES = 2  # of each operation


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with serving(tmp_path_factory.mktemp("fuzz")) as target:
        yield target


def test_any_request_is_answered(target: Target) -> None:
    """Of the routes, of nothing, and of no HTTP: with a status below 500, or 503 or 504; errors in
    the form of the protocol, with nothing of the machine; no traceback, no worker lost."""
    report = attack(target, SECONDS, SEED)
    assert not report.wrong, "\n".join(report.wrong[:5])
    assert not target.troubles()
    assert report.count > FEWEST
    assert report.statuses[200] > FEWEST // 10, report.statuses
    assert {400, 401, 403, 404, 405} <= report.statuses.keys()


def test_server_is_as_described(target: Target, tmp_path: Path) -> None:
    """Answers have the status, media type and headers that the description of the API says, what
    fits no schema is refused, what is for some is not told to everybody, nothing is a 500."""
    if not TOOL.exists():
        pytest.skip("no schemathesis here: make schemathesis")
    held = hold(target, tmp_path, examples=EXAMPLES, seed=SEED)
    assert held.is_right, held.told[-20_000:]
    assert held.count > FEWEST, held.told[-2000:]
    assert not target.troubles()


def test_requests_in_a_row_are_answered_in_order(target: Target) -> None:
    """On one connection, at once: each has the answer that it has alone, and none has two. What
    looks like a request in a body is none."""
    inner = b"GET /tms/NoSuchSet HTTP/1.1\r\nHost: a\r\n\r\n"
    asked = []
    for number in range(ROWS):
        path = (b"/datasets/sea", b"/colormaps/viridis", b"/tiles/sea/sst/1/0/0.png", b"/x")[
            number % 4
        ]
        method = (b"GET", b"HEAD", b"POST")[number % 3]
        chunked = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
        plain = b"Content-Length: %d\r\n\r\n%s" % (len(inner), inner)
        body = (b"\r\n", plain, chunked)[number % 5 % 3]
        raw = b"%s %s HTTP/1.1\r\nHost: localhost\r\n%s" % (method, path, body)
        asked.append(Sent(raw, method, path))
    answers = ask_in_a_row(target.port, asked)
    alone = [ask_in_a_row(target.port, [each])[0] for each in asked]
    assert [_plain(each) for each in answers] == [_plain(each) for each in alone]
    assert not any(b"NoSuchSet" in body for _, body in answers)


def _plain(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    """Without what each request has for itself."""
    return answer[0], re.sub(rb'"request_id":"\w+"', b"", answer[1])


def test_draws_the_same_for_the_same_seed() -> None:
    """So that what was found can be found again."""
    drawn = [[Drawer({"a": "b"}, {"sea": "c"}, 7).draw() for _ in range(50)] for _ in range(2)]
    assert drawn[0] == drawn[1]


def test_what_is_wrong_is_seen(target: Target) -> None:
    """A 500, a traceback, a path, half an answer, what is for some: each is told."""
    sent = Sent(b"", b"GET", b"/x")
    cors = {b"access-control-allow-origin": b"*", b"cache-control": b"no-store"}
    for status, body, whole in (
        (500, b"{}", True),
        (400, b"Traceback (most recent call last)", True),
        (404, b'{"detail": "/a/site-packages/b"}', True),
        (400, b"plain", True),
        (200, b"half", False),
        (200, KEPT_TITLE.encode(), True),
    ):
        assert judge(sent, Answer(status, cors, body, whole)), body
    answer, what = ask(target.port, Sent(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", b"GET"))
    assert (answer.status, what, judge(sent, answer)) == (200, "", "")
