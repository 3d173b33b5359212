"""Server-sent events of datasets: what is told, to whom, and when it ends.

The cubes are written by xarray and served by the S3 server of the tests.
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from tests.conftest import running
from tests.test_freshness import ADMIN, TOKEN, Place, cube, place, tile, until, values, write

__all__ = ["place"]
FLAGS = ("--refresh-s", "0.4")
pytestmark = pytest.mark.filterwarnings("ignore:Consolidated metadata is currently not part")


class Feed:
    """The events of an answer, one by one."""

    def __init__(self, answer: httpx2.Response) -> None:
        self.answer, self._lines = answer, answer.iter_lines()

    def next(self) -> tuple[str, str, dict[str, Any]]:
        """Kind, id and data of the next event."""
        fields: dict[str, str] = {}
        for line in self._lines:
            name, _, value = line.partition(": ")
            fields |= {name: value} if value else {}
            if not line and "data" in fields:
                return fields["event"], fields["id"], json.loads(fields["data"])
        raise AssertionError("the answer has ended")


@contextmanager
def listening(url: str, dataset: str = "d", **headers: str) -> Iterator[Feed]:
    address = f"{url}/datasets/{dataset}/events"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx2.stream("GET", address, headers=named, timeout=20) as answer:
        yield Feed(answer)


def start(place: Place, *levels: float) -> tuple[str, ...]:
    write(place.bucket / "cube.zarr", cube(*levels))
    place.register(d="cube.zarr")
    return ("--catalog", str(place.catalog), *FLAGS)


def append(place: Place, level: float, first: int) -> None:
    write(place.bucket / "cube.zarr", cube(level, first=first), append_dim="time", mode="a")


def test_append_is_told(place: Place) -> None:
    """Who listens is told how it is, then what was added, and finds it there; who comes back with
    the id of an event is told what it missed, or nothing."""
    with running(*start(place, 1, 2)) as url, listening(url) as feed:
        assert feed.answer.headers["content-type"].startswith("text/event-stream")
        assert feed.answer.headers["access-control-allow-origin"] == "*"
        kind, old, told = feed.next()
        described = httpx2.get(f"{url}/datasets/d").json()
        assert (kind, told["version"]) == ("ready", described["version"])
        assert told["time"] == described["time"]
        assert told["layouts"] == described["layouts"]
        append(place, 3, first=2)
        kind, new, told = feed.next()
        assert (kind, told["time"]["count"]) == ("changed", 3)
        assert told["added"] == {
            "after": described["time"]["end"],
            "end": "2024-01-03T00:00:00Z",
            "count": 1,
        }
        with httpx2.Client(base_url=url) as client:
            assert values(tile(client)) == values(tile(client, time="latest")) == {3.0}
        with listening(url, last_event_id=old) as late:
            assert late.next()[:2] == ("changed", new)
        with listening(url, last_event_id=new) as current:
            append(place, 4, first=3)
            assert current.next()[2]["added"]["count"] == 1


def test_rewrite_is_told(place: Place) -> None:
    """What was written anew is a change that adds nothing; what is gone is trouble until it is
    back."""
    with running(*start(place, 1, 2)) as url, listening(url) as feed:
        feed.next()
        path, away = place.bucket / "cube.zarr", place.bucket / "away.zarr"
        path.rename(away)
        kind, _, told = feed.next()
        assert (kind, told["version"]) == ("trouble", None)
        assert "no Zarr group here" in told["detail"]
        write(away, cube(7))
        away.rename(path)
        kind, _, told = feed.next()
        assert (kind, told["added"], told["time"]["count"]) == ("changed", None, 1)


def test_workers(place: Place) -> None:
    """Whichever worker one listens to, the change is told soon after, under the same id."""
    flags = (*start(place, 1), "--workers", "2")
    with running(*flags, TILESERVER_ADMIN_TOKEN=TOKEN) as url:
        feeds = [listening(url) for _ in range(6)]
        opened = [feed.__enter__() for feed in feeds]
        assert {each.next()[0] for each in opened} == {"ready"}
        append(place, 2, first=1)
        told = [opened[0].next()]
        version = told[0][2]["version"]
        for _ in range(12):  # no worker answers for a version that it has not opened yet
            pinned = f"{url}/tiles/d/level/1/0/0.npy?time=2024-01-02&version={version}"
            answer = httpx2.get(pinned, headers={"Connection": "close"})
            assert (values(answer), answer.headers["x-time"][:10]) == ({2.0}, "2024-01-02")
            assert "immutable" in answer.headers["cache-control"]
        told += [each.next() for each in opened[1:]]
        assert {(kind, data["time"]["count"]) for kind, _, data in told} == {("changed", 2)}
        assert len({mark for _, mark, _ in told}) == 1
        for feed in feeds:
            feed.__exit__(None, None, None)


def test_latest_is_fresh(place: Place) -> None:
    """A tile of `latest` is never older than the refresh interval and the half second in which
    workers follow each other, however often steps are added, of any worker."""
    flags = (*start(place, 0), "--workers", "2")
    with running(*flags, TILESERVER_ADMIN_TOKEN=TOKEN) as url:
        written = {0: time.monotonic()}
        ages = []
        for level in range(1, 6):
            append(place, level, first=level)
            written[level] = time.monotonic()
            ages += list(followed(url, level, written))
        assert max(ages) < 5.0  # twice 0.4 s and 0.5 s, on a machine that is busy


def followed(url: str, level: int, written: dict[int, float]) -> Iterator[float]:
    """How old the newest step was that workers did not have, until all have the last."""
    fresh = 0
    while fresh < 8:  # connections go to one or the other worker
        asked = time.monotonic()
        answer = httpx2.get(
            f"{url}/tiles/d/level/1/0/0.npy?time=latest", headers={"Connection": "close"}
        )
        (shown,) = values(answer)
        fresh = fresh + 1 if shown == level else 0
        yield 0.0 if shown == level else asked - written[int(shown) + 1]


def test_unknown_and_full(place: Place) -> None:
    """A dataset that is none, and parameters that are none, are told at once."""
    with running(*start(place, 1)) as url:
        assert httpx2.get(f"{url}/datasets/no/events").status_code == 404
        assert httpx2.get(f"{url}/datasets/d/events?x=1").status_code == 400
        assert httpx2.post(f"{url}/datasets/d/events", headers=ADMIN).status_code == 405


def test_ends_with_the_server(place: Place) -> None:
    """A server that is told to stop ends what is listened to, and stops at once."""
    command = [sys.executable, "-m", "tileserver", "serve", "--port", "0", *start(place, 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip().rstrip("/")
        with listening(url) as feed:
            feed.next()
            process.send_signal(signal.SIGTERM)
            with pytest.raises((AssertionError, httpx2.RemoteProtocolError)):
                feed.next()
        until(lambda: process.poll() is not None)
        assert process.returncode == 0
