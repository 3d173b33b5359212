"""Which tile matrix sets there are: those that the OGC registers, polar ones, all UTM zones, and
those of the catalogue."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import morecantile
import pyproj
from morecantile.models import TileMatrix

from tileserver.errors import CatalogError, MatrixSetNotFound
from tileserver.grid import LONLAT, Bounds, parse_crs
from tileserver.tms import DEEPEST_ZOOM, LARGEST_TILE_PX, WEB_MERCATOR_QUAD, Matrix, MatrixSet

EVERYWHERE = (WEB_MERCATOR_QUAD, "WorldCRS84Quad")
REGISTERED: tuple[str, ...] = (
    *EVERYWHERE,
    "WGS1984Quad",
    "WorldMercatorWGS84Quad",
    "EuropeanETRS89_LAEAQuad",
    "UPSArcticWGS84Quad",
    "UPSAntarcticWGS84Quad",
    "CanadianNAD83_LCC",
    "NZTM2000Quad",
)
# The polar views of NASA GIBS: 2²³ m a side, so that cells are powers of two in metres.
GIBS_M = float(2**22)
POLAR = {
    "EPSG3413Quad": ("EPSG:3413", "NSIDC Sea Ice Polar Stereographic North"),
    "EPSG3031Quad": ("EPSG:3031", "Antarctic Polar Stereographic"),
}
# OGC 17-083r2, annex D.5: one layout for all zones; it is registered for zone 31. Its northings
# count from the equator: data of southern zones count theirs from 10 000 km further south.
UTM_LAYOUT = "UTM31WGS84Quad"
FALSE_NORTHING_M = 10_000_000.0
UTM = {
    **{f"UTM{zone:02}WGS84Quad": (f"EPSG:{32600 + zone}", 0.0) for zone in range(1, 61)},
    **{
        f"UTM{zone:02}SouthWGS84Quad": (f"EPSG:{32700 + zone}", FALSE_NORTHING_M)
        for zone in range(1, 61)
    },
}
IDS: tuple[str, ...] = (*REGISTERED, *POLAR, *UTM)
MOST_TILES = 2**31  # along a side


@dataclass(frozen=True, slots=True, eq=False)
class MatrixSets:
    """The sets that a server offers: those that every server has, and the catalogue's own by id."""

    own: Mapping[str, MatrixSet] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        """All, the catalogue's first."""
        return (*self.own, *IDS)

    def __getitem__(self, name: str) -> MatrixSet:
        """A set by its id. Raises MatrixSetNotFound."""
        found = self.own.get(name)
        if found is None:
            if name not in IDS:
                known = ", ".join((*self.own, *REGISTERED, *POLAR))
                raise MatrixSetNotFound(name, f"expected one of {known}, or another of /tms")
            found = matrix_set(name)
        return found

    def for_crs(self, crs: pyproj.CRS) -> tuple[MatrixSet, ...]:
        """Those that data in a CRS is offered in: two of the world, then those of the CRS."""
        code = None if crs == LONLAT else code_of(crs)
        own = [tiles for tiles in self.own.values() if code and code_of(tiles.crs) == code]
        others = [name for name, its in _codes().items() if code and its == code]
        return (*map(matrix_set, EVERYWHERE), *own, *map(matrix_set, others))


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """The CRS of every set but the two of the world."""
    registered = {n: code_of(_registered(n).crs) for n in REGISTERED if n not in EVERYWHERE}
    named = {name: code for name, (code, _) in (*POLAR.items(), *UTM.items())}
    return {**registered, **named}


def code_of(crs: pyproj.CRS) -> str:
    """`EPSG:…` where a CRS has a code, else its text."""
    return _code(crs.srs)


@lru_cache(maxsize=256)
def _code(text: str) -> str:
    known = parse_crs(text).to_authority()
    return ":".join(known) if known else text


@lru_cache(maxsize=len(IDS))
def matrix_set(name: str) -> MatrixSet:
    """One of IDS."""
    if name in POLAR:
        code, title = POLAR[name]
        return quad(name, title, code, (-GIBS_M, -GIBS_M, GIBS_M, GIBS_M))
    if name in UTM:
        code, northing = UTM[name]
        layout = _registered(UTM_LAYOUT)
        moved = tuple(_raised(matrix, northing) for matrix in layout.matrices)
        crs = parse_crs(code)
        return _made(name, f"{crs.name}", crs, moved, northing_first=False)
    return _registered(name)


def _raised(matrix: Matrix, northing: float) -> Matrix:
    return Matrix(
        matrix.zoom, matrix.cell_size, matrix.left, matrix.top + northing,
        matrix.width, matrix.height, matrix.tile_px,
    )  # fmt: skip


@lru_cache(maxsize=16)
def _registered(name: str) -> MatrixSet:
    return _converted(name, morecantile.tms.get(name))


def quad(
    name: str,
    title: str | None,
    crs: str,
    extent: Bounds,
    *,
    tile_px: int = 256,
    max_zoom: int = 24,
    cell_sizes: Sequence[float] | None = None,
) -> MatrixSet:
    """A set over an extent, from its top left corner.

    Args:
        extent: (west, south, east, north) in units of the CRS.
        cell_sizes: of each zoom, falling; by default one tile holds the extent at zoom 0, and each
            zoom halves its cells down to `max_zoom`.

    Raises CatalogError.
    """
    west, south, east, north = extent
    if not (all(map(math.isfinite, extent)) and west < east and south < north):
        raise CatalogError(f"matrix_sets.{name}.extent: expected [west, south, east, north]")
    if not 1 <= tile_px <= LARGEST_TILE_PX:
        raise CatalogError(f"matrix_sets.{name}.tile_size: expected at most {LARGEST_TILE_PX}")
    known = _known_crs(name, crs)
    if cell_sizes is None:
        whole = max(east - west, north - south) / tile_px
        cell_sizes = [whole / 2**zoom for zoom in range(min(max_zoom, DEEPEST_ZOOM) + 1)]
    _check_cells(name, cell_sizes)
    matrices = []
    for zoom, cell in enumerate(cell_sizes):
        # What is a hair wider than some tiles, by rounding, needs no further one.
        columns, rows = (
            math.ceil(length / (cell * tile_px) - 1e-6) for length in (east - west, north - south)
        )
        matrices.append(Matrix(zoom, cell, west, north, max(columns, 1), max(rows, 1), tile_px))
    first_axis = known.axis_info[0].name.lower()
    northing_first = "north" in first_axis or "lat" in first_axis
    return _made(name, title or name, known, tuple(matrices), northing_first=northing_first)


def _known_crs(name: str, text: str) -> pyproj.CRS:
    try:
        crs = parse_crs(text)
    except pyproj.exceptions.CRSError:
        crs = None
    if crs is None or crs.to_authority() is None or len(crs.axis_info) < 2:
        raise CatalogError(f"matrix_sets.{name}.crs: expected one with a code, e.g. EPSG:2056")
    return crs


def _check_cells(name: str, cells: Sequence[float]) -> None:
    falling = all(a > b for a, b in pairwise(cells))
    if not (cells and falling and cells[-1] > 0 and math.isfinite(cells[0])):
        raise CatalogError(f"matrix_sets.{name}.cell_sizes: expected falling numbers above 0")
    if len(cells) > DEEPEST_ZOOM + 1:
        raise CatalogError(f"matrix_sets.{name}.cell_sizes: expected at most {DEEPEST_ZOOM + 1}")


def from_document(name: str, text: str) -> MatrixSet:
    """A set from its JSON document (OGC 17-083r4, Two Dimensional Tile Matrix Set 2.0).

    Raises CatalogError for what is none, and for what is not served: tiles that are not square,
    rows that are coalesced, matrices that are not numbered, cells that are not square.
    """
    try:
        found = morecantile.TileMatrixSet.model_validate_json(text)
    except Exception as error:  # morecantile lets pyproj's errors and its own through
        raise CatalogError(
            f"matrix_sets.{name}.url: not a tile matrix set of OGC 17-083r4 in JSON"
        ) from error
    _known_crs(name, found.crs.srs)
    numbers = [matrix.id for matrix in found.tileMatrices]
    first = int(numbers[0]) if numbers[0].isdecimal() else -1
    if numbers != [str(first + i) for i in range(len(numbers))] or len(numbers) > DEEPEST_ZOOM + 1:
        raise CatalogError(f"matrix_sets.{name}.url: expected matrices numbered 0, 1, 2, …")
    for matrix in found.tileMatrices:
        square = matrix.tileWidth == matrix.tileHeight and matrix.tileWidth <= LARGEST_TILE_PX
        if not square or matrix.variableMatrixWidths:
            raise CatalogError(
                f"matrix_sets.{name}.url: expected square tiles of at most {LARGEST_TILE_PX} pixels"
                ", as many in each row"
            )
    _check_cells(name, [matrix.cellSize for matrix in found.tileMatrices])
    return _converted(name, found)


def _converted(name: str, found: morecantile.TileMatrixSet) -> MatrixSet:
    northing_first = bool(found._invert_axis)
    return _made(
        name,
        found.title or name,
        parse_crs(code_of(pyproj.CRS.from_user_input(found.crs.srs))),
        tuple(_matrix(matrix, northing_first) for matrix in found.tileMatrices),
        northing_first=northing_first,
    )


def _matrix(matrix: TileMatrix, northing_first: bool) -> Matrix:
    first, second = matrix.pointOfOrigin
    left, top = (second, first) if northing_first else (first, second)
    if matrix.cornerOfOrigin == "bottomLeft":
        top += matrix.matrixHeight * matrix.tileHeight * matrix.cellSize
    return Matrix(
        int(matrix.id), matrix.cellSize, left, top,
        matrix.matrixWidth, matrix.matrixHeight, matrix.tileWidth,
    )  # fmt: skip


def _made(
    name: str,
    title: str,
    crs: pyproj.CRS,
    matrices: tuple[Matrix, ...],
    *,
    northing_first: bool,
) -> MatrixSet:
    if max(max(m.width, m.height) for m in matrices) > MOST_TILES:
        raise CatalogError(f"matrix_sets.{name}: more than {MOST_TILES} tiles in a row or column")
    # A set of the catalogue may be another after a restart, whose tiles caches must tell apart.
    content = hashlib.blake2b(f"{crs.srs}|{matrices}".encode(), digest_size=8).hexdigest()
    return MatrixSet(
        id=name,
        key=name if name in IDS or name == UTM_LAYOUT else f"{name}-{content}",
        title=title,
        crs=crs,
        crs_urn=_urn(crs),
        northing_first=northing_first,
        matrices=matrices,
        is_quadtree=all(
            b.width == 2 * a.width and b.height == 2 * a.height for a, b in pairwise(matrices)
        ),
    )


def _urn(crs: pyproj.CRS) -> str:
    authority, code = crs.to_authority() or ("OGC", "CRS84")
    return f"urn:ogc:def:crs:{authority}:{'1.3' if authority == 'OGC' else ''}:{code}"
