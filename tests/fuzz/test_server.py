"""A damaged or hostile store harms no other, is told in words, and reads nothing of others."""

from __future__ import annotations

import io
import re
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from starlette.testclient import TestClient

from tests.fuzz.stores import SECRET_NUMBER, SECRET_TEXT, write_all
from tileserver.app import create_app
from tileserver.settings import Settings

# Some of the damage is just that.
pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

OPENS_WITHIN_S = 30
ANSWERS_WITHIN_S = 5
GROWTH_BYTES = 900 << 20
# Names of classes, and what Python says of objects.
PYTHON = re.compile(
    r"\w(Error|Exception|Warning)\b|Traceback|object at 0x|<class|NoneType|\bdict\b"
)
ANSWERED = {200, 400, 404, 413, 502, 503}


@dataclass(frozen=True)
class Served:
    """The server of all stores, what it lists, and what that took."""

    client: TestClient
    folder: Path
    listed: dict[str, dict[str, Any]]
    seconds: float
    growth: int


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("stores")
    entries = write_all(folder)
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": entries}))
    before, begun = _peak_bytes(), time.monotonic()
    with TestClient(create_app(Settings(catalog=str(catalog)))) as client:
        while any(d["status"] == "pending" for d in _listing(client).values()):
            assert time.monotonic() - begun < OPENS_WITHIN_S, "some are still being opened"
            time.sleep(0.01)
        seconds = time.monotonic() - begun
        yield Served(client, folder, _listing(client), seconds, _peak_bytes() - before)


def _listing(client: TestClient) -> dict[str, dict[str, Any]]:
    found = client.get("/datasets?limit=1000").json()["datasets"]
    return {each["id"]: each for each in found}


def test_sound_one_is_served(served: Served) -> None:
    """Whatever lies beside it."""
    assert served.listed["sound"]["status"] == "ready"
    body = served.client.get("/tiles/sound/a/0/0/0.npy").content
    assert np.isfinite(np.load(io.BytesIO(body))).all()


def test_the_others_are_told_in_words(served: Served) -> None:
    """One line with a remedy: no class of Python, no path of the machine."""
    wrong = {}
    for name, each in served.listed.items():
        error = each.get("error", "")
        if each["status"] == "ready":
            continue
        is_plain = error and "\n" not in error and len(error) < 500 and not PYTHON.search(error)
        if not is_plain or str(served.folder) in error or not re.search(r"[:;,]", error):
            wrong[name] = error
    assert not wrong


def test_requests_are_answered(served: Served) -> None:
    """What was opened nonetheless is drawn, or refused in words, each in bounded time."""
    wrong = {}
    for name, each in served.listed.items():
        for path in _paths(name, each):
            begun = time.monotonic()
            answer = served.client.get(path)
            late = time.monotonic() - begun > ANSWERS_WITHIN_S
            leaks = str(served.folder) in answer.text or (
                answer.status_code >= 400 and PYTHON.search(answer.text)
            )
            if answer.status_code not in ANSWERED or late or leaks:
                wrong[path] = f"{answer.status_code} {answer.text[:200]}"
    assert not wrong


def _paths(name: str, listed: dict[str, Any]) -> list[str]:
    found = [f"/datasets/{name}"]
    for variable in listed["variables"][:2]:
        layer = f"{name}/{variable}"
        found += [
            f"/tiles/{layer}/0/0/0.npy", f"/tiles/{layer}/0/0/0.png", f"/legend/{layer}.png",
            f"/point/{layer}?lon=-172&lat=84", f"/point/{layer}?lon=13&lat=50",
            f"/statistics/{layer}", f"/tiles/{layer}/tilejson.json",
        ]  # fmt: skip
    return found


def test_nothing_outside_is_read(served: Served) -> None:
    """No pixel, value or text of what lies beside the registered folders ever shows up."""
    found = []
    for name, each in served.listed.items():
        for path in _paths(name, each):
            answer = served.client.get(path)
            text = answer.content
            if SECRET_TEXT.encode() in text or b"root:" in text or b"98765.43" in text:
                found.append(path)
            if path.endswith(".npy") and answer.status_code == 200:
                pixels = np.load(io.BytesIO(text))
                if (pixels == SECRET_NUMBER).any():
                    found.append(path)
    assert not found


def test_costs_are_bounded(served: Served) -> None:
    """Of time and of memory, of which the largest metadata and bombs take no more than a part."""
    assert served.seconds < OPENS_WITHIN_S
    assert served.growth < GROWTH_BYTES
