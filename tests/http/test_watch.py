"""What stands in front of all other apps."""

import asyncio
from typing import Any

import pytest

from tileserver.http.watch import Watch
from tileserver.monitoring.requests import RequestCollector
from tileserver.trail import TRAIL, Trail

SCOPE = {"type": "http", "method": "GET", "path": "/a", "headers": [], "query_string": b""}


def ask(app: Any, **scope: Any) -> tuple[RequestCollector, list[dict[str, Any]]]:
    """A request to an app below; what was counted, and sent."""
    requests, sent = RequestCollector(), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    asyncio.run(Watch(app, requests, None, None)({**SCOPE, **scope}, receive, send))
    return requests, sent


def counted(requests: RequestCollector) -> dict[str, float]:
    return {
        sample.labels["status"]: sample.value
        for metric in requests.collect()
        for sample in metric.samples
        if sample.name == "tileserver_requests_total"
    }


async def answer(_: object, __: object, send: Any) -> None:
    shared = [(b"a", b"b")]
    await send({"type": "http.response.start", "status": 204, "headers": shared})
    await send({"type": "http.response.body", "body": b"123", "more_body": True})
    await send({"type": "http.response.body", "body": b"4"})
    assert shared == [(b"a", b"b")]


def test_answer_is_passed_on_with_the_id() -> None:
    """Headers that an app shares among answers stay as they are."""
    requests, sent = ask(answer, headers=[(b"x-request-id", b"abc")])
    assert sent[0]["headers"] == [(b"a", b"b"), (b"x-request-id", b"abc")]
    assert b"".join(message["body"] for message in sent[1:]) == b"1234"
    assert counted(requests) == {"204": 1}
    assert requests.total == 1


def test_client_that_goes_is_counted() -> None:
    """As one that got no answer."""

    async def nothing(*_: object) -> None:
        """The client is gone."""

    requests, sent = ask(nothing)
    assert (counted(requests), sent) == ({"499": 1}, [])


def test_mistakes_are_passed_on_and_counted() -> None:
    """What an app raises goes on to the server."""
    seen: list[Trail | None] = []

    async def failing(scope: object, receive: object, send: Any) -> None:
        seen.append(TRAIL.get())
        await send({"type": "http.response.start", "status": 500, "headers": []})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(failing)
    assert isinstance(seen[0], Trail)
    assert seen[0].status == 500
    assert TRAIL.get() is None


def test_other_protocols_are_passed_on() -> None:
    """The lifespan is no request."""
    seen: list[str] = []

    async def lifespan(scope: Any, *_: object) -> None:
        seen.append(scope["type"])

    requests, _ = ask(lifespan, type="lifespan")
    assert (seen, counted(requests)) == (["lifespan"], {})
