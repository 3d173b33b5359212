"""HEALPix: where its cells lie on the sphere, and the two ways of numbering them.

The sphere is cut into 12 faces of nside × nside cells (Górski et al. 2005, "HEALPix: a framework
for high-resolution discretization", doi:10.1086/427976; the equations named below are its own).
Here the faces lie one below the other, as an array of 12 · nside rows and nside columns: the
column of a cell counts from its face's southern corner to the north-east, the row to the
north-west. In that plane (x, y) = (column / nside, row / nside) is the same for all nside.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.axis import Axis, Floats
from tileserver.grid import LONLAT, Bounds, Grid

FACES = 12
LARGEST_NSIDE = 1 << 24
SPHERE: Bounds = (-180.0, -90.0, 180.0, 90.0)
Index = npt.NDArray[np.int64]

# Of each face: the ring of its northern corner and its longitude, in units of nside rings and of
# an eighth of a turn (Górski et al., section 4.1: F1 and F2).
FACE_RING = np.array([2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4])
FACE_EIGHTH = np.array([1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7])
BELOW_ONE = 1 - 2**-52
# WGS 84 (EPSG:7030): its first eccentricity.
ECCENTRICITY = 0.0818191908426215


def plane(lon: Floats, lat: Floats, *, ellipsoidal: bool = False) -> tuple[Floats, Floats]:
    """The points (x, y) of the stacked faces at longitudes and latitudes in degrees, NaN for NaN.

    Args:
        ellipsoidal: latitudes are geodetic on WGS 84 and cells of equal area on it; else the
            latitudes are taken as those of a sphere.
    """
    with np.errstate(invalid="ignore"):
        phi = _authalic(lat) if ellipsoidal else np.radians(lat)
        quarter = np.mod(lon, 360.0) / 90.0
        quarter = np.where(quarter >= 4, 0.0, quarter)
        z = np.sin(phi)
        caps = np.abs(z) > 2 / 3
        x, y = _belt(quarter, z)
        if caps.any():
            # 1 - |sin φ| without cancellation near the poles.
            sigma = np.sqrt(6.0) * np.sin((np.pi / 2 - np.abs(phi)) / 2)
            cap_x, cap_y = _cap(quarter, np.minimum(sigma, BELOW_ONE), z > 0)
            x, y = np.where(caps, cap_x, x), np.where(caps, cap_y, y)
    gone = ~(np.isfinite(z) & np.isfinite(quarter))
    return np.where(gone, np.nan, x), np.where(gone, np.nan, y)


def _belt(quarter: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Between the caps (equations 8 and 9 solved for the lines of constant row and column)."""
    falling, rising = 0.5 + quarter - 0.75 * z, 0.5 + quarter + 0.75 * z
    from_west, from_east = np.floor(falling), np.floor(rising)
    face = np.where(
        from_west == from_east,
        np.mod(from_west, 4) + 4,
        np.where(from_west < from_east, np.mod(from_west, 4), np.mod(from_east, 4) + 8),
    )
    return rising - from_east, face + np.minimum(1 - (falling - from_west), BELOW_ONE)


def _cap(quarter: Floats, sigma: Floats, north: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Around a pole, at √3(1 - |z|) = sigma (equations 4 to 7)."""
    face = np.minimum(np.floor(quarter), 3.0)
    along = (quarter - face) * sigma
    across = np.minimum(sigma - along, BELOW_ONE)
    along = np.minimum(along, BELOW_ONE)
    x = np.where(north, np.minimum(1 - across, BELOW_ONE), along)
    y = np.where(north, np.minimum(1 - along, BELOW_ONE), across)
    return x, y + np.where(north, face, face + 8)


def _authalic(lat: Floats) -> Floats:
    """The latitude on the sphere of equal area, in radians (Snyder 1987, equations 3-11 and 3-12,
    doi:10.3133/pp1395)."""

    def q(sine: Floats) -> Floats:
        e = ECCENTRICITY
        part: Floats = (1 - e**2) * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e)
        return part

    ratio = q(np.sin(np.radians(lat))) / q(np.ones(1))[0]
    phi: Floats = np.arcsin(np.clip(ratio, -1, 1))
    return phi


def sphere(x: Floats, y: Floats, *, ellipsoidal: bool = False) -> tuple[Floats, Floats]:
    """Longitudes and latitudes in degrees of points (x, y) of the stacked faces: the inverse of
    `plane`, NaN beyond the faces (section 4.1, for rings that are not whole numbers)."""
    inside = (x >= 0) & (x <= 1) & (y >= 0) & (y <= FACES)
    face = np.clip(np.floor(np.where(inside, y, 0)), 0, FACES - 1).astype(np.intp)
    inner = y - face
    number = FACE_RING[face] - x - inner
    length = np.minimum(np.minimum(number, 4 - number), 1.0)  # of the ring, in quarters
    caps = 2 * np.arcsin(np.clip(length, 0, 1) / np.sqrt(6.0))
    belt = np.arcsin(np.clip((2 - number) * 2 / 3, -1, 1))
    phi = np.where(length < 1, np.where(number < 2, np.pi / 2 - caps, caps - np.pi / 2), belt)
    along = FACE_EIGHTH[face] + (x - inner) / np.where(length > 0, length, 1.0)
    lon = np.mod(45 * along + 180, 360) - 180
    lat = np.degrees(_geodetic(phi) if ellipsoidal else phi)
    return np.where(inside, lon, np.nan), np.where(inside, lat, np.nan)


def _geodetic(phi: Floats) -> Floats:
    """The inverse of `_authalic`, in radians (Snyder 1987, equation 3-18)."""
    e2 = ECCENTRICITY**2
    lat: Floats = (
        phi
        + (e2 / 3 + 31 * e2**2 / 180 + 517 * e2**3 / 5040) * np.sin(2 * phi)
        + (23 * e2**2 / 360 + 251 * e2**3 / 3780) * np.sin(4 * phi)
        + 761 * e2**3 / 45360 * np.sin(6 * phi)
    )
    return lat


@dataclass(frozen=True, slots=True)
class Faces:
    """Finds cells in the stacked faces, of any nside: a Lookup whose units are the sides of faces.

    Args:
        bounds: (west, south, east, north) of the cells in degrees.
    """

    ellipsoidal: bool = False
    bounds: Bounds = SPHERE

    @property
    def is_continuous(self) -> bool:
        """Neighbouring rows may belong to faces that lie far apart."""
        return False

    def positions(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Columns and rows, in sides of a face, of longitudes and latitudes."""
        return plane(x, y, ellipsoidal=self.ellipsoidal)

    def points(self, cols: Floats, rows: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes at columns and rows."""
        return sphere(cols, rows, ellipsoidal=self.ellipsoidal)


def face_grid(nside: int, lookup: Faces) -> Grid:
    """The grid of 12 · nside rows and nside columns."""
    side = 1 / nside
    return Grid(LONLAT, Axis(0, side, nside), Axis(0, side, FACES * nside), lookup=lookup)


def nested(row: Index, col: Index, nside: int) -> Index:
    """The numbers in nested order of cells in the stacked faces: the bits of row and column in
    turn (section 4.2)."""
    face, inner = np.divmod(row, nside)
    numbers: Index = face * nside**2 + (_spread(inner) << 1 | _spread(col))
    return numbers


def ring(row: Index, col: Index, nside: int) -> Index:
    """The numbers in ring order of cells in the stacked faces (section 4.1)."""
    face, inner = np.divmod(row, nside)
    number = FACE_RING[face] * nside - inner - col - 1  # of the ring, 1 at the north pole
    north, south = number < nside, number > 3 * nside
    length = np.where(north, number, np.where(south, 4 * nside - number, nside))
    before = np.where(
        north,
        2 * number * (number - 1),
        np.where(
            south,
            FACES * nside**2 - 2 * length * (length + 1),
            2 * nside * (nside - 1) + (number - nside) * 4 * nside,
        ),
    )
    shift = np.where(north | south, 0, (number - nside) & 1)
    place = (FACE_EIGHTH[face] * length + col - inner + 1 + shift) // 2
    numbers: Index = before + np.mod(place - 1, 4 * length)
    return numbers


def _spread(number: Index) -> Index:
    """The bits of numbers below 2³² moved to the even places."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        number = (number | number << shift) & mask
    return number


def places(number: Index, nside: int) -> tuple[Index, Index]:
    """Row and column in the stacked faces of cells numbered in nested order."""
    face, inner = np.divmod(number, nside**2)
    return face * nside + _gathered(inner >> 1), _gathered(inner)


def _gathered(number: Index) -> Index:
    """The bits at the even places."""
    number = number & 0x5555555555555555
    for shift, mask in (
        (1, 0x3333333333333333),
        (2, 0x0F0F0F0F0F0F0F0F),
        (4, 0x00FF00FF00FF00FF),
        (8, 0x0000FFFF0000FFFF),
        (16, 0x00000000FFFFFFFF),
    ):
        number = (number | number >> shift) & mask
    return number
