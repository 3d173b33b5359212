"""GDAL, MapProxy and OWSLib read collections by OGC API; their pixels are our own tiles."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2 as httpx
import morecantile
import numpy as np
import pytest
from mapproxy.client.http import HTTPClient
from mapproxy.query import MapQuery
from mapproxy.source.ogcapitiles import OGCAPITilesSource
from mapproxy.srs import SRS
from owslib.ogcapi import API, Collections

from tests.clients.cubes import GULF
from tests.clients.picture import colours, fetch_picture, plain

PROGRAM = Path(__file__).parent / "programs" / "ogcapi_reader.py"
WITHIN_S = 60
PACKAGE = find_spec("pyogrio")
HAS_GDAL = PACKAGE is not None and any(
    Path(str(PACKAGE.origin)).parents[1].glob("pyogrio.libs/libgdal*")
)
TILE_PX = 256


@dataclass(frozen=True, slots=True)
class Case:
    """A layer as GDAL opens it.

    Args:
        step: of the collection's address.
        shown: of our own tiles, for the same picture.
    """

    dataset: str
    variable: str
    matrix_set: str
    code: str
    step: str = ""
    shown: str = ""

    @property
    def collection(self) -> str:
        """Where it is described."""
        return f"/ogc/collections/{self.dataset}.{self.variable}"

    @property
    def tiles(self) -> str:
        """Where its tiles are without OGC API."""
        return f"/tiles/{self.dataset}/{self.variable}/{self.matrix_set}"


CASES = (
    Case(GULF, "temp", "WorldCRS84Quad", "CRS84"),
    Case(GULF, "temp", "WebMercatorQuad", "3857"),
    Case(GULF, "temp", "WebMercatorQuad", "3857",
         "?datetime=2024-03-02&subset=depth(10)", "?time=2024-03-02&depth=10"),
    Case("valley", "colour", "UTM32WGS84Quad", "32632"),
    Case("valley", "cover", "WebMercatorQuad", "3857"),
    Case("ice", "thickness", "EPSG3413Quad", "3413", "?datetime=../2024-02-15",
         "?time=2024-02-01"),
)  # fmt: skip


@pytest.fixture(scope="module")
def opened(client_server: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What GDAL makes of each case."""
    asked = [
        [f"OGCAPI:{client_server}{case.collection}{case.step}",
         [f"TILEMATRIXSET={case.matrix_set}", "CACHE=NO"]]
        for case in CASES
    ]  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path_factory.mktemp("ogcapi"))],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        env={**os.environ, "no_proxy": "127.0.0.1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def get(base: str, path: str) -> Any:
    answer = httpx.get(f"{base}{path}", trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.skipif(not HAS_GDAL, reason="no wheel of pyogrio with a GDAL of its own is here")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gdal(client_server: str, opened: list[dict[str, Any]], case: Case) -> None:
    """GDAL finds the collection where it is, in its CRS; its pixels are those of our tiles."""
    found = opened[CASES.index(case)]
    assert "error" not in found, found
    assert found["code"] == case.code
    left, cell, _, top, _, down = found["transform"]
    assert down == pytest.approx(-cell)
    picture = np.moveaxis(np.load(found["picture"]), 0, -1)
    path = f"{case.collection}/map/tiles/{case.matrix_set}"
    limit = get(client_server, path)["tileMatrixSetLimits"][-1]
    document = get(client_server, f"/ogc/tileMatrixSets/{case.matrix_set}")
    matrix = morecantile.TileMatrixSet.model_validate(document).matrix(int(limit["tileMatrix"]))
    assert cell == pytest.approx(matrix.cellSize)
    x0, y0 = matrix.pointOfOrigin
    # Where the picture begins in the matrix, in pixels: whole ones.
    col0, row0 = (left - x0) / cell, (y0 - top) / cell
    assert abs(col0 - round(col0)) < 1e-3
    assert abs(row0 - round(row0)) < 1e-3
    col = (limit["minTileCol"] + limit["maxTileCol"]) // 2
    row = (limit["minTileRow"] + limit["maxTileRow"]) // 2
    across, below = col * TILE_PX - round(col0), row * TILE_PX - round(row0)
    rows = slice(max(below, 0), min(below + TILE_PX, picture.shape[0]))
    cols = slice(max(across, 0), min(across + TILE_PX, picture.shape[1]))
    theirs = plain(picture[rows, cols])
    address = f"/tiles/{case.dataset}/{case.variable}/{case.matrix_set}"
    tile = fetch_picture(
        client_server, f"{address}/{limit['tileMatrix']}/{col}/{row}.png{case.shown}"
    )
    ours = tile[rows.start - below : rows.stop - below, cols.start - across : cols.stop - across]
    assert colours(ours) > 2
    np.testing.assert_array_equal(theirs, ours)


# MapProxy speaks of a configuration file, which a source alone does not need.
@pytest.mark.filterwarnings("ignore:calling un-configured base_config:DeprecationWarning")
@pytest.mark.parametrize(
    "case", [CASES[1], Case("ice", "thickness", "EPSG3413Quad", "3413")], ids=str
)
def test_mapproxy(client_server: str, case: Case) -> None:
    """MapProxy finds the tileset of a CRS from the landing page on, and takes our tiles; not those
    of UTM, whose matrices the registry numbers from 1, and MapProxy from 0."""
    root, name = f"{client_server}/ogc", case.collection.rpartition("/")[2]
    source = OGCAPITilesSource(root, name, HTTPClient(root), tile_matrix_set_id=case.matrix_set)
    document = get(client_server, f"/ogc/tileMatrixSets/{case.matrix_set}")
    tms = morecantile.TileMatrixSet.model_validate(document)
    tileset = get(client_server, f"{case.collection}/map/tiles/{case.matrix_set}")
    limit = tileset["tileMatrixSetLimits"][-1]
    z, x, y = int(limit["tileMatrix"]), limit["minTileCol"] + 1, limit["minTileRow"] + 1
    bounds = tuple(tms.xy_bounds(x, y, z))
    query = MapQuery(bounds, (TILE_PX, TILE_PX), SRS(int(case.code)), format="png")
    theirs = plain(np.asarray(source.get_map(query).as_image().convert("RGBA")))
    assert colours(theirs) > 2
    ours = fetch_picture(client_server, f"{case.tiles}/{z}/{x}/{y}.png")
    np.testing.assert_array_equal(theirs, ours)


def test_owslib(client_server: str) -> None:
    """OWSLib finds definition, conformance and collections from the landing page on."""
    api = API(f"{client_server}/ogc")
    assert api.api()["openapi"].startswith("3.0")
    assert len(api.conformance()["conformsTo"]) > 10
    service = Collections(f"{client_server}/ogc")
    listed = [each["id"] for each in service.collections()["collections"]]
    assert {f"{GULF}.temp", "valley.colour", "ice.thickness"} <= set(listed)
    found = service.collection(f"{GULF}.temp")
    assert found["title"] == "Gulf & <bay> Ω: Temperature"
    assert found["extent"]["temporal"]["grid"]["cellsCount"] == 6
