"""The same numbers as a real xcube server, whose answers `recording.py` has written down.

It counts all cells of an area alike, this server weighs them by their area: of one row of cells,
all as large as each other, both say the same, and of several what its rows weighed anew say.
"""

from __future__ import annotations

import io
import json
import math
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from PIL import Image

from tests.conftest import running
from tests.xcube import cubes
from tests.xcube.recording import CUBES, RECORDED, STYLES, Cube, ask, draw

RELATIVE = 1e-6
WEIGHTED = ("mean", "std", "deviation")
OCEAN_COLOUR = "data/xcube/cube-1-250-250.zarr"

Answers = dict[str, Any]


@pytest.fixture(scope="module", params=[cube.id for cube in CUBES])
def answers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Answers, Answers, Cube]]:
    """What xcube said, what is said here, of which cube."""
    cube = next(each for each in CUBES if each.id == request.param)
    recorded = json.loads(RECORDED.read_text())["answers"][cube.id]
    if cube.id == "reference":
        yield recorded, ask(request.getfixturevalue("reference"), cube), cube
        return
    shared: Path = request.getfixturevalue("shared")
    with serving(cube.id, shared / OCEAN_COLOUR, tmp_path_factory.mktemp(cube.id)) as client:
        yield recorded, ask(client, cube), cube


@pytest.mark.parametrize("number", range(len(STYLES)))
def test_tiles(number: int, reference: httpx.Client) -> None:
    """The same pixels in the same colours, but for the rounding of 256 of them."""
    theirs = pixels(b64decode(json.loads(RECORDED.read_text())["tiles"][number]))
    ours = pixels(draw(reference, STYLES[number]))
    faint = 8  # a table's lowest colours that fade out round to clear or not
    assert ((theirs[..., 3] > faint) == (ours[..., 3] > faint)).mean() > 0.995
    there = (theirs[..., 3] > faint) & (ours[..., 3] > faint)
    assert there.mean() > 0.3
    assert (abs(theirs - ours).max(axis=2)[there] <= 4).mean() > 0.98


def pixels(png: bytes) -> NDArray[np.int_]:
    """(rows, cols, 4)."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a server of the reference cube."""
    folder = tmp_path_factory.mktemp("reference")
    cubes.reference().to_zarr(folder / "reference.zarr", zarr_format=2)
    with serving("reference", folder / "reference.zarr", folder) as client:
        yield client


@contextmanager
def serving(name: str, url: Path, folder: Path) -> Iterator[httpx.Client]:
    """A client of a server of one cube."""
    catalog = folder / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": [{"id": name, "url": str(url)}]}))
    with (
        running("--catalog", str(catalog)) as server,
        httpx.Client(base_url=f"{server}/xcube") as client,
    ):
        yield client


def same(ours: Any, theirs: Any, but: tuple[str, ...] = ()) -> bool:
    """Whether two answers are alike, numbers nearly so."""
    if isinstance(theirs, dict):
        names = theirs.keys() - {*but}
        return names == ours.keys() - {*but} and all(same(ours[n], theirs[n], but) for n in names)
    if isinstance(theirs, list):
        return len(ours) == len(theirs) and all(
            same(a, b, but) for a, b in zip(ours, theirs, strict=True)
        )
    if isinstance(theirs, float) and isinstance(ours, float | int):
        return math.isclose(ours, theirs, rel_tol=RELATIVE, abs_tol=1e-12)
    return bool(ours == theirs)


def test_points(answers: tuple[Answers, Answers, Cube]) -> None:
    """Series and single values."""
    theirs, ours, _ = answers
    assert same(ours["points"], theirs["points"])
    assert same(ours["values"], theirs["values"])
    assert any(step["mean"] is not None for series in ours["points"] for step in series)


def test_rows(answers: tuple[Answers, Answers, Cube]) -> None:
    """Series and statistics with histogram, of cells that are all as large as each other."""
    theirs, ours, _ = answers
    assert same(ours["rows"], theirs["rows"])
    assert same(ours["row_statistics"], theirs["row_statistics"])
    assert any(found["count"] > 1 for found in ours["row_statistics"])


def test_areas(answers: tuple[Answers, Answers, Cube]) -> None:
    """All but what is weighed: least, greatest, median, how many, histogram."""
    theirs, ours, _ = answers
    assert same(ours["series"], theirs["series"], WEIGHTED)
    assert same(ours["statistics"], theirs["statistics"], WEIGHTED)


def test_areas_weighed(answers: tuple[Answers, Answers, Cube]) -> None:
    """Mean and deviation are those of xcube's rows, each weighed by the area of its cells."""
    theirs, ours, cube = answers
    _, south, _ = cube.box
    edges = np.radians(south + cube.step * np.arange(len(theirs["row_statistics"]) + 1))
    areas = np.diff(np.sin(edges))
    known = [(row, area) for row, area in zip(theirs["row_statistics"], areas, strict=True)]
    rows = [(row, row["count"] * area) for row, area in known if row["count"]]
    weights = np.array([weight for _, weight in rows])
    means = np.array([row["mean"] for row, _ in rows])
    spreads = np.array([row["deviation"] for row, _ in rows]) ** 2
    mean = float(np.average(means, weights=weights))
    deviation = math.sqrt(np.average(spreads + (means - mean) ** 2, weights=weights))
    found = ours["statistics"]
    assert math.isclose(found["mean"], mean, rel_tol=RELATIVE)
    assert math.isclose(found["deviation"], deviation, rel_tol=RELATIVE)
    assert not math.isclose(theirs["statistics"]["mean"], mean, rel_tol=1e-12)
