"""How far a box of one CRS reaches in another: boxes that hold all of its image, and little more.

Points on a mesh tell roughly; between them the extremes are looked for in ever smaller boxes. Edges
alone would not do: a box may hold a pole, or go beyond the edge of the Earth.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Points = tuple[Floats, Floats]
Change = Callable[[Floats, Floats], Points]
Box = tuple[float, float, float, float]  # (west, south, east, north)

TURN_DEG = 360.0
SAMPLES = 65  # along each side of the mesh
FINER = 9  # along each side of the smaller boxes
ROUNDS = 14  # each of them 4 times as fine as the one before
HALVINGS = 40  # of the way from a point with an image to one without
# Rings around the poles, in degrees from them: near a pole few points of a mesh tell longitudes.
RINGS_DEG = (1e-7, 1e-4, 0.01, 0.1, 0.5, 1.0, 2.0)
MOST_GAPS = 32
NEAR_DEG = 1e-6  # a point that comes back no nearer is of another place


def reach(change: Change, box: Box) -> Box | None:
    """The box around the image of a box; None where no point of it has an image.

    Args:
        change: from the one CRS to the other, not finite where a point has no image.
    """
    x, y = _samples(change, box)
    image = _known(*change(x, y))
    if not np.isfinite(image[0]).any():
        return None
    steps = ((box[2] - box[0]) / (SAMPLES - 1), (box[3] - box[1]) / (SAMPLES - 1))
    west, south = (_extreme(change, box, (x, y), image, steps, axis, -1) for axis in (0, 1))
    east, north = (_extreme(change, box, (x, y), image, steps, axis, 1) for axis in (0, 1))
    return (west, south, east, north)


def _extreme(
    change: Change,
    box: Box,
    points: Points,
    image: Points,
    steps: tuple[float, float],
    axis: Literal[0, 1],
    sign: int,
) -> float:
    """The least (sign -1) or greatest (1) coordinate along an axis of the image."""
    best = -np.inf
    for _ in range(ROUNDS):
        values = np.where(np.isfinite(image[axis]), sign * image[axis], -np.inf)
        at = int(values.argmax())
        best = max(best, float(values[at]))
        x, y = float(points[0][at]), float(points[1][at])
        points = _mesh(
            (
                max(x - steps[0], box[0]), max(y - steps[1], box[1]),
                min(x + steps[0], box[2]), min(y + steps[1], box[3]),
            ),
            FINER,
        )  # fmt: skip
        steps = (steps[0] / 4, steps[1] / 4)
        image = _known(*change(*points))
    return sign * best


def lonlat_reach(to_lonlat: Change, from_lonlat: Change, box: Box) -> Box | None:
    """The longitudes and latitudes of a box of some CRS; None where none of it is on the Earth.

    West is within -180 to 180, east no less, and no more than a turn on.
    """
    lon, lat = _known(*to_lonlat(*_samples(to_lonlat, box)))
    seen = np.isfinite(lon)
    if not seen.any():
        return None
    more = _inside(to_lonlat, from_lonlat, box, *_rings())
    lon, lat = np.concatenate([lon[seen], more[0]]), np.concatenate([lat[seen], more[1]])
    first, gap = _widest_gap(lon)
    for _ in range(MOST_GAPS):
        # Whether the widest gap between longitudes is only one between samples.
        found = _inside(to_lonlat, from_lonlat, box, *_within_gap(first, gap, lat))
        if not found[0].size:
            break
        lon, lat = np.concatenate([lon, found[0]]), np.concatenate([lat, found[1]])
        first, gap = _widest_gap(lon)
    else:
        gap = 0.0
    seam = first + gap / 2

    def unrolled(x: Floats, y: Floats) -> Points:
        lon, lat = _known(*to_lonlat(x, y))
        return np.mod(lon - seam, TURN_DEG), lat

    found_box = reach(unrolled, box)
    assert found_box is not None  # some of it has been seen
    turned = np.mod(lon - seam, TURN_DEG)
    south, north = min(found_box[1], float(lat.min())), max(found_box[3], float(lat.max()))
    south = -90.0 if south < -90 + 2 * RINGS_DEG[0] else south
    north = 90.0 if north > 90 - 2 * RINGS_DEG[0] else north
    if gap == 0:
        return (-180.0, south, 180.0, north)
    west = min(found_box[0], float(turned.min())) + seam
    east = max(found_box[2], float(turned.max())) + seam
    turns = math.floor((west + 180) / TURN_DEG) * TURN_DEG
    return (west - turns, south, east - turns, north)


def _samples(change: Change, box: Box) -> Points:
    """Points of a mesh, and between them where images end, as at the edge of the Earth."""
    x, y = _mesh(box, SAMPLES)
    seen = np.isfinite(_known(*change(x, y))[0])
    if seen.all() or not seen.any():
        return x, y
    number = np.arange(SAMPLES**2).reshape(SAMPLES, SAMPLES)
    pairs = [(number[1:], number[:-1]), (number[:, 1:], number[:, :-1])]
    one, other = (
        np.concatenate([side.ravel() for side in each]) for each in zip(*pairs, strict=True)
    )
    ends = seen[one] != seen[other]
    inner = np.where(seen[one], one, other)[ends]
    outer = np.where(seen[one], other, one)[ends]
    near, far = np.stack([x[inner], y[inner]]), np.stack([x[outer], y[outer]])
    for _ in range(HALVINGS):
        middle = (near + far) / 2
        is_seen = np.isfinite(_known(*change(*middle))[0])
        near, far = np.where(is_seen, middle, near), np.where(is_seen, far, middle)
    return np.concatenate([x, near[0]]), np.concatenate([y, near[1]])


def _mesh(box: Box, samples: int) -> Points:
    x, y = np.meshgrid(np.linspace(box[0], box[2], samples), np.linspace(box[1], box[3], samples))
    return x.ravel(), y.ravel()


def _known(x: Floats, y: Floats) -> Points:
    """Points with NaN for those of which a coordinate is not finite."""
    lost = ~(np.isfinite(x) & np.isfinite(y))
    return np.where(lost, np.nan, x), np.where(lost, np.nan, y)


def _rings() -> Points:
    """Points around both poles, and the poles."""
    lat = np.array([sign * (90 - away) for away in (0.0, *RINGS_DEG) for sign in (-1, 1)])
    lon, lat = np.meshgrid(np.arange(-180.0, 180.0, 5.0), lat)
    return lon.ravel(), lat.ravel()


def _within_gap(first: float, gap: float, lat: Floats) -> Points:
    """Points that part a gap of longitudes, at the latitudes that there are."""
    middle = first + gap * np.array([1 / 4, 1 / 2, 3 / 4])
    lon, lats = np.meshgrid((middle + 180) % TURN_DEG - 180, np.linspace(lat.min(), lat.max(), 181))
    return lon.ravel(), lats.ravel()


def _inside(to_lonlat: Change, from_lonlat: Change, box: Box, lon: Floats, lat: Floats) -> Points:
    """The points in degrees that lie in a box of the other CRS, and come back from there."""
    x, y = _known(*from_lonlat(lon, lat))
    inside = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
    lon, lat = lon[inside], lat[inside]
    back_lon, back_lat = _known(*to_lonlat(x[inside], y[inside]))
    turn = np.mod(back_lon - lon + 180, TURN_DEG) - 180
    away = np.hypot(turn * np.cos(np.radians(lat)), back_lat - lat)
    return lon[away < NEAR_DEG], lat[away < NEAR_DEG]


def _widest_gap(lon: Floats) -> tuple[float, float]:
    """Where the widest gap between longitudes begins, and how wide it is."""
    turned = np.sort(np.mod(lon + 180, TURN_DEG))
    gaps = np.append(np.diff(turned), turned[0] + TURN_DEG - turned[-1])
    at = int(gaps.argmax())
    return float(turned[at] - 180), float(gaps[at])
