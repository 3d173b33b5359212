"""Sets beside the registered ones lie where morecantile, given the same, puts them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import morecantile
import numpy as np
import pyproj
import pytest

from tileserver import catalogfile
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.errors import CatalogError, MatrixSetNotFound
from tileserver.grid import LONLAT, parse_crs, transformer
from tileserver.matrixset import IDS, POLAR, MatrixSets, from_document, matrix_set, quad
from tileserver.tms import MatrixSet, tile_at, tile_grid

SWISS = (2_420_000.0, 1_030_000.0, 2_900_000.0, 1_350_000.0)


def assert_same(ours: MatrixSet, theirs: morecantile.TileMatrixSet) -> None:
    """Corner tiles of every zoom lie in the same place."""
    assert ours.first_zoom == theirs.minzoom
    assert ours.last_zoom == theirs.maxzoom
    for zoom in range(ours.first_zoom, ours.last_zoom + 1):
        matrix = ours.matrix(zoom)
        assert theirs.matrix(zoom).matrixWidth == matrix.width
        assert theirs.matrix(zoom).matrixHeight == matrix.height
        for col, row in ((0, 0), (matrix.width - 1, matrix.height - 1)):
            expected = tuple(theirs.xy_bounds(morecantile.Tile(col, row, zoom)))
            bounds = tile_grid(ours, zoom, col, row).bounds
            np.testing.assert_allclose(bounds, expected, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("name", POLAR)
def test_polar_sets(name: str) -> None:
    """The polar views of GIBS, quartered."""
    ours = matrix_set(name)
    side = 4_194_304.0
    theirs = morecantile.TileMatrixSet.custom(
        [-side, -side, side, side], pyproj.CRS(POLAR[name][0]), maxzoom=ours.last_zoom
    )
    assert_same(ours, theirs)


@pytest.mark.parametrize("zone", [1, 17, 31, 60])
@pytest.mark.parametrize(("south", "code"), [("", 32600), ("South", 32700)])
def test_utm_zones(zone: int, south: str, code: int) -> None:
    """A point lies in the same tile in both halves of a zone, whatever its northings count from."""
    ours = matrix_set(f"UTM{zone:02}{south}WGS84Quad")
    assert ours.crs.to_epsg() == code + zone
    assert ours.crs_urn == f"urn:ogc:def:crs:EPSG::{code + zone}"
    place = (6 * zone - 182.2, 41.5 if not south else -41.5)
    assert tile_at(ours, 9, *place) == tile_at(matrix_set(f"UTM{zone:02}WGS84Quad"), 9, *place)


@pytest.mark.parametrize("name", morecantile.tms.list())
def test_documents(name: str) -> None:
    """Every set of the registry is read from its document, or it is said why not."""
    theirs = morecantile.tms.get(name)
    text = theirs.model_dump_json(exclude_none=True)
    if any(matrix.variableMatrixWidths for matrix in theirs.tileMatrices):
        with pytest.raises(CatalogError, match=r"as many in each row|numbered 0, 1, 2"):
            from_document("own", text)
        return
    ours = from_document("own", text)
    assert ours.crs == pyproj.CRS(theirs.crs.srs)
    assert_same(ours, theirs)


def test_bottom_left() -> None:
    """A document may count from the lower corner; rows are counted from the top all the same."""
    theirs = morecantile.TileMatrixSet.custom(
        list(SWISS), pyproj.CRS("EPSG:2056"), maxzoom=3, corner_of_origin="bottomLeft"
    )
    ours = from_document("own", theirs.model_dump_json(exclude_none=True))
    matrix = theirs.matrix(2)
    top = matrix.pointOfOrigin[1] + matrix.matrixHeight * matrix.tileHeight * matrix.cellSize
    assert tile_grid(ours, 2, 0, 0).bounds[3] == pytest.approx(top)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d.pop("tileMatrices"),
        lambda d: d.update(crs="EPSG:999999"),
        lambda d: d.update(crs={"wkt": "nonsense"}),
        lambda d: d["tileMatrices"][0].update(tileWidth=512),
        lambda d: d["tileMatrices"][0].update(id="first"),
        lambda d: d["tileMatrices"][0].update(cellSize=float("nan")),
        lambda d: d["tileMatrices"][1].update(cellSize=1e9),
        lambda d: d["tileMatrices"][0].update(matrixWidth=2**40),
        lambda d: d["tileMatrices"][0].update(pointOfOrigin=["a"]),
    ],
)
def test_damaged_documents(damage: Any) -> None:
    """What is no such document is refused in words."""
    theirs = morecantile.TileMatrixSet.custom(list(SWISS), pyproj.CRS("EPSG:2056"), maxzoom=3)
    document = json.loads(theirs.model_dump_json(exclude_none=True))
    damage(document)
    with pytest.raises(CatalogError, match=r"matrix_sets\.own"):
        from_document("own", json.dumps(document))
    with pytest.raises(CatalogError, match=r"matrix_sets\.own"):
        from_document("own", json.dumps(document)[:-40])


def test_own_extent() -> None:
    """An extent in a CRS: its longer side is one tile at zoom 0."""
    theirs = morecantile.TileMatrixSet.custom(
        [SWISS[0], SWISS[3] - 480_000, SWISS[2], SWISS[3]], pyproj.CRS("EPSG:2056"), maxzoom=12
    )
    ours = quad("swiss", None, "EPSG:2056", SWISS, max_zoom=12)
    assert ours.matrix(0).cell_size == pytest.approx(theirs.matrix(0).cellSize)
    x, y = transformer(LONLAT, ours.crs).transform(7.45, 46.95)
    assert tile_at(ours, 12, 7.45, 46.95) == tuple(theirs._tile(x, y, 12))[:2]


def test_own_cell_sizes() -> None:
    """The sizes of the cells are those that are given."""
    ours = quad("swiss", None, "EPSG:2056", SWISS, cell_sizes=(4000, 1000, 250))
    assert [m.cell_size for m in ours.matrices] == [4000, 1000, 250]
    assert [(m.width, m.height) for m in ours.matrices] == [(1, 1), (2, 2), (8, 5)]


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"crs": "EPSG:0"}, "crs"),
        ({"crs": "+proj=sinu +R=6371007.181"}, "crs"),
        ({"extent": (0, 0, 0, 1)}, "extent"),
        ({"extent": (0, 0, float("nan"), 1)}, "extent"),
        ({"tile_px": 4096}, "tile_size"),
        ({"cell_sizes": (1, 2)}, "cell_sizes"),
        ({"cell_sizes": ()}, "cell_sizes"),
        ({"cell_sizes": tuple(range(40, 0, -1))}, "cell_sizes"),
        ({"cell_sizes": (1, 1e-9)}, "tiles in a row"),
    ],
)
def test_bad_own_sets(given: dict[str, Any], key: str) -> None:
    """The key that is wrong is named."""
    usual: dict[str, Any] = {"crs": "EPSG:2056", "extent": SWISS}
    with pytest.raises(CatalogError, match=key):
        quad("swiss", None, **{**usual, **given})


def test_unknown_set() -> None:
    """Those that are known are told."""
    with pytest.raises(MatrixSetNotFound, match="WebMercatorQuad"):
        MatrixSets()["Nowhere"]


def test_every_id_is_made() -> None:
    """Each is what it is called, and no two have one key."""
    made = [matrix_set(name) for name in IDS]
    assert [tiles.id for tiles in made] == list(IDS)
    assert len({tiles.key for tiles in made}) == len(IDS)


def test_sets_of_a_crs() -> None:
    """Data is offered in two sets of the world, and in those of its own CRS."""
    swiss = quad("swiss", None, "EPSG:2056", SWISS)
    sets = MatrixSets({"swiss": swiss})
    world = ["WebMercatorQuad", "WorldCRS84Quad"]
    own = {
        "EPSG:2056": ["swiss"],
        "EPSG:32733": ["UTM33SouthWGS84Quad"],
        "EPSG:3031": ["EPSG3031Quad"],
        "EPSG:4326": ["WGS1984Quad"],
        "EPSG:3857": [],
    }
    for code, expected in own.items():
        assert [t.id for t in sets.for_crs(parse_crs(code))] == world + expected
    assert [t.id for t in sets.for_crs(LONLAT)] == world
    wkt = parse_crs(pyproj.CRS("EPSG:2056").to_wkt())
    assert [t.id for t in sets.for_crs(wkt)] == [*world, "swiss"]


def load(path: Path) -> Catalog:
    return catalogfile.load([str(path)], {}, cache=ByteCache(1000, len), pool=None)  # type: ignore


def test_catalogue(tmp_path: Path) -> None:
    """A catalogue's sets come from an extent, or from a document beside it."""
    theirs = morecantile.TileMatrixSet.custom(list(SWISS), pyproj.CRS("EPSG:2056"), maxzoom=3)
    (tmp_path / "own.json").write_text(theirs.model_dump_json(exclude_none=True))
    entry = {"id": "swiss", "crs": "EPSG:2056", "extent": list(SWISS), "max_zoom": 9}
    sets = [entry, {"id": "other", "url": "own.json"}]
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps({"matrix_sets": sets}))
    found = load(path).matrix_sets
    assert found.ids[:2] == ("swiss", "other")
    assert found["swiss"].last_zoom == 9
    assert_same(found["other"], theirs)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"id": "WebMercatorQuad", "crs": "EPSG:2056", "extent": SWISS}, "rename it"),
        ({"id": "swiss", "crs": "EPSG:2056"}, "either url, or crs and extent"),
        ({"id": "swiss", "url": "gone.json"}, "cannot be read"),
        ({"id": "swiss", "crs": "EPSG:2056", "extent": SWISS, "max_zoom": 99}, "max_zoom"),
        ({"id": "a/b", "crs": "EPSG:2056", "extent": SWISS}, "letters"),
    ],
)
def test_bad_catalogues(tmp_path: Path, entry: dict[str, Any], told: str) -> None:
    """The file and what is wrong in it are named."""
    path = tmp_path / "catalog.json"
    path.write_text(json.dumps({"matrix_sets": [entry]}))
    with pytest.raises(CatalogError, match=told):
        load(path)
