"""How often the edges of an area cross: it tells what repairing or joining it takes, before.

GEOS works out every crossing, of which a thousand corners may have a hundred thousand, each some
30 µs and a kilobyte.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

Floats = npt.NDArray[np.float64]

AT_ONCE = 32  # edges, that each may lie beside all others
MOST_BESIDE = 3_000_000  # pairs of edges whose boxes overlap, of which few may cross


def count_crossings(rings: Sequence[Floats], most: int) -> int:
    """At how many places edges of closed rings (n, 2) cross or lie on each other; counting ends
    soon after `most`.

    That they meet at their ends is how rings go on and areas lie side by side.
    """
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    edges = np.asarray(shapely.linestrings(np.stack([starts, ends], axis=1)))
    tree = shapely.STRtree(edges)
    found, beside = 0, 0
    for at in range(0, len(edges), AT_ONCE):
        own, other = tree.query(edges[at : at + AT_ONCE])
        own, other = own[other > own + at] + at, other[other > own + at]
        found += _count(starts[own], ends[own], starts[other], ends[other])
        beside += len(own)
        if found > most or beside > MOST_BESIDE:
            return most + 1
    return found


def _count(a: Floats, b: Floats, c: Floats, d: Floats) -> int:
    """How many of the pairs of edges a–b and c–d, whose boxes overlap, have more in common than
    an end, and are not the same."""
    left, right = _side(a, b, c), _side(a, b, d)
    touch = (left * right <= 0) & (_side(c, d, a) * _side(c, d, b) <= 0)
    meet = _same(a, c) | _same(a, d) | _same(b, c) | _same(b, d)
    twins = (_same(a, c) & _same(b, d)) | (_same(a, d) & _same(b, c))
    on_line = (left == 0) & (right == 0)
    along = b - a
    ends = np.stack([((end - a) * along).sum(axis=1) for end in (c, d)])
    shared = np.minimum((along**2).sum(axis=1), ends.max(axis=0)) - np.maximum(0, ends.min(axis=0))
    return int(np.count_nonzero((touch & ~meet) | (on_line & (shared > 0) & ~twins)))


def _side(start: Floats, end: Floats, point: Floats) -> Floats:
    """The sign says on which side of a line a point is."""
    along, aside = end - start, point - start
    side: Floats = np.sign(along[:, 0] * aside[:, 1] - along[:, 1] * aside[:, 0])
    return side


def _same(one: Floats, other: Floats) -> npt.NDArray[np.bool_]:
    same: npt.NDArray[np.bool_] = (one == other).all(axis=1)
    return same
