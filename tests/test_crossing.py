"""How often edges cross is known before that is worked out."""

import math
import random
from itertools import pairwise

import numpy as np
import pytest
import shapely

from tileserver.crossing import count_crossings

MOST = 1000


def ring(*corners: tuple[float, float]) -> np.ndarray:
    """A closed ring."""
    return np.array([*corners, corners[0]], float)


def square(x: float, y: float, side: float = 1.0) -> np.ndarray:
    return ring((x, y), (x + side, y), (x + side, y + side), (x, y + side))


@pytest.mark.parametrize(
    ("rings", "count"),
    [
        ([square(0, 0)], 0),
        ([square(0, 0), square(1, 0), square(0, 1), square(1, 1)], 0),  # side by side
        ([square(0, 0), square(0.5, 0.5)], 2),
        ([square(0, 0), square(0, 0)], 0),  # the same
        ([ring((0, 0), (10, 10), (10, 0), (0, 10))], 1),  # a bow tie
        ([ring((0, 0), (4, 0), (1, 0), (3, 0))], 6),  # to and fro on a line
        ([ring((0, 0), (2, 0), (4, 0), (4, 1))], 0),  # straight on
        ([square(0, 0, 4), square(1, 0)], 3),  # along a side: two corners lie on it
    ],
)
def test_counts(rings: list[np.ndarray], count: int) -> None:
    """Places that edges have in common, but for ends at which rings go on or areas meet."""
    assert count_crossings(rings, MOST) == count


@pytest.mark.parametrize("corners", [5, 20, 80])
def test_counts_what_geos_finds(corners: int) -> None:
    """Of a ring of random corners."""
    draw = random.Random(corners)
    found = ring(*((draw.random(), draw.random()) for _ in range(corners)))
    edges = [shapely.LineString(pair) for pair in pairwise(found)]
    pairs = ((a, b) for n, a in enumerate(edges) for b in edges[n + 1 :])
    assert count_crossings([found], 10**6) == sum(a.crosses(b) for a, b in pairs)


def test_ends_early() -> None:
    """A hundred million crossings are not counted."""
    draw = random.Random(1)
    many = ring(*((draw.random(), draw.random()) for _ in range(30_000)))
    assert count_crossings([many], MOST) > MOST
    slanted = [(end * 20 + n * 1e-5, end * 20.0) for n in range(10_000) for end in (0, 1)]
    assert count_crossings([ring(*slanted)], MOST) > MOST


def test_goes_along_a_coast() -> None:
    """All of it, and finds nothing."""
    turn = 2 * math.pi / 50_000
    coast = ((math.cos(n * turn), math.sin(n * turn)) for n in range(50_000))
    assert count_crossings([ring(*coast)], MOST) == 0
