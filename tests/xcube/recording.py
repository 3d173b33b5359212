"""What a real xcube server answers, written down; run by hand where one runs.

    python -m tests.xcube.recording FOLDER      # makes FOLDER/reference.zarr for it to serve
    xcube serve …                               # that, and ocean-colour where it is at hand
    python -m tests.xcube.recording http://127.0.0.1:8080

An xcube server takes the cells whose centre is inside, but loses a row of them where an edge of
the area is the edge of cells, by rounding: it is asked for a hair more.
"""

from __future__ import annotations

import json
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx

from tests.xcube import cubes

RECORDED = Path(__file__).with_name("recorded.json")
HAIR = 1e-7
METHODS = ("mean,std,min,max", "median")
# Of the reference cube, finer than its cells: an xcube server has other overviews.
TILE = "/tiles/reference/chl/4/3/16"
STEPS = '{"name":"s","type":"stepwise","colors":[[0,"#ff0000"],[5,"#00ff00"],[20,"#0000ff"]]}'
RAMP = '{"name":"c","type":"continuous","colors":[[0,"#ff0000"],[5,"#00ff00"],[20,"#0000ff"]]}'
STYLES = (
    {"cmap": "viridis"},
    {"cmap": "magma", "norm": "log", "vmin": "0.1"},
    {"cmap": "viridis_r"},
    {"cmap": "viridis_r_alpha"},
    {"cmap": STEPS},
    {"cmap": RAMP},
)
Area = dict[str, Any]


@dataclass(frozen=True)
class Cube:
    """What is asked of a cube.

    Args:
        box: west, south, north of an area whose edges are edges of cells; it is `width` wide.
        step: the height of its rows of cells.
        time: at which statistics are asked for.
    """

    id: str
    variable: str
    points: tuple[tuple[float, float], ...]
    box: tuple[float, float, float]
    width: float
    step: float
    time: str

    @property
    def area(self) -> Area:
        """The whole box."""
        return self._area(self.box[1], self.box[2])

    @property
    def rows(self) -> list[Area]:
        """Its rows of cells, from the south."""
        _, south, north = self.box
        count = round((north - south) / self.step)
        return [
            self._area(south + row * self.step, south + (row + 1) * self.step)
            for row in range(count)
        ]

    def _area(self, south: float, north: float) -> Area:
        west = self.box[0]
        east = west + self.width
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {"type": "Polygon", "coordinates": [ring]}

    @property
    def layer(self) -> str:
        """As in paths."""
        return f"{self.id}/{self.variable}"


CUBES = (
    Cube(
        "reference", "chl", ((0.3, 59.7), (5.2, 55.1), (11.9, 50.1)), (2.0, 54.0, 58.0), 5.0, 0.5,
        "2020-01-01T10:09:21Z",
    ),
    Cube(
        "ocean-colour", "conc_chl", ((2.001, 51.001), (1.2513, 51.3011), (3.4012, 51.7012)),
        (1.0, 51.1, 51.12), 0.5, 0.0025, "2017-01-28T09:58:11Z",
    ),
)  # fmt: skip


def ask(client: httpx.Client, cube: Cube, hair: float = 0.0) -> dict[str, Any]:
    """All answers of one cube."""

    def post(what: str, area: Area, **query: str) -> Any:
        answer = client.post(f"/{what}/{cube.layer}", params=query, json=widened(area, hair))
        answer.raise_for_status()
        return answer.json()["result"]

    def get(point: tuple[float, float]) -> Any:
        query = {"lon": point[0], "lat": point[1], "time": cube.time}
        return client.get(f"/statistics/{cube.layer}", params=query).json()["result"]

    points = [{"type": "Point", "coordinates": [*point]} for point in cube.points]
    return {
        "points": [post("timeseries", point, aggMethods="mean") for point in points],
        "values": [get(point) for point in cube.points],
        "series": {m: post("timeseries", cube.area, aggMethods=m) for m in METHODS},
        "rows": [post("timeseries", row, aggMethods=METHODS[0]) for row in cube.rows],
        "statistics": post("statistics", cube.area, time=cube.time),
        "row_statistics": [post("statistics", row, time=cube.time) for row in cube.rows],
    }


def draw(client: httpx.Client, style: dict[str, str]) -> bytes:
    """The tile in a style, as PNG."""
    query = {"crs": "CRS84", "time": CUBES[0].time, "vmin": "0", "vmax": "20"} | style
    answer = client.get(TILE, params=query)
    answer.raise_for_status()
    return answer.content


def widened(area: Area, hair: float) -> Area:
    """The same area with its edges that much further out."""
    if area["type"] == "Point":
        return area
    (west, south), _, (east, north), *_ = area["coordinates"][0]
    west, south, east, north = west - hair, south - hair, east + hair, north + hair
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def record(url: str) -> None:
    """Ask the server, and write down what it says."""
    with httpx.Client(base_url=url, timeout=60) as client:
        version = client.get("/").json()["version"]
        answers = {cube.id: ask(client, cube, HAIR) for cube in CUBES}
        tiles = [b64encode(draw(client, style)).decode() for style in STYLES]
    recorded = {"xcube": version, "answers": _shortened(answers), "tiles": tiles}
    RECORDED.write_text(json.dumps(recorded) + "\n")


def _shortened(answer: Any) -> Any:
    """With numbers of as many digits as are compared, and some more."""
    if isinstance(answer, dict):
        return {name: _shortened(value) for name, value in answer.items()}
    if isinstance(answer, list):
        return [_shortened(value) for value in answer]
    return float(f"{answer:.9g}") if isinstance(answer, float) else answer


if __name__ == "__main__":
    if sys.argv[1].startswith("http"):
        record(sys.argv[1])
    else:
        cubes.reference().to_zarr(Path(sys.argv[1]) / "reference.zarr", zarr_format=2)
