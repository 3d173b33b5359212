"""Row 10: requests that are far larger than any that is meant."""

import json
from functools import cache

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

VERTICES = 1_000_000


@cache
def polygon() -> bytes:
    """A star of a million vertices, in as few bytes as that takes."""
    turns = np.linspace(0, 2 * np.pi, VERTICES)
    reach = 30 + 9 * (np.arange(VERTICES) % 2)
    ring = np.column_stack([reach * np.cos(turns), reach * np.sin(turns)]).round(1)
    ring[-1] = ring[0]
    geometry = {"type": "Polygon", "coordinates": [ring.tolist()]}
    return json.dumps(geometry, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("route", "largest", "words"),
    [("timeseries", 8 << 20, "bytes"), ("statistics", 64 << 20, "lists and objects")],
)
def test_row_10_polygon_of_a_million_vertices(route: str, largest: int, words: str) -> None:
    """413: it is longer than a body may be; where that is allowed it has too many members."""
    with TestClient(create_app(Settings(body_bytes=largest), catalog)) as client:
        answer = client.post(f"/{route}/sea/sst", content=polygon())
        assert (answer.status_code, words in answer.json()["detail"]) == (413, True), answer.text
        assert client.get("/point/sea/sst?lon=1&lat=1").status_code == 200


def test_row_10_inline_colormap_of_thousands() -> None:
    """As many colours as fit into an address: refused in words that are short."""
    table = json.dumps({str(n): [n % 256, 0, 0, 255] for n in range(1500)})
    with TestClient(create_app(Settings(), catalog)) as client:
        answer = client.get("/tiles/sea/sst/0/0/0", params={"colormap": table})
        assert answer.status_code in (400, 413)
        assert "colormap" in answer.json()["detail"]
        assert len(answer.content) < 2000
