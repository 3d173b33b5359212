"""Cases of the table: tile matrix sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import morecantile
import numpy as np

from tests.formats.case import Case, Given
from tests.formats.stores import by_zarr, lonlat, numbers, write
from tests.formats.truth import LonLat, Truth

SECTION = "Tile matrix sets"


def _around(name: str, middle: LonLat, **catalog: Any) -> Any:
    """A map in degrees around a place, in the tiles of a set."""

    def make(folder: Path) -> Given:
        lon, lat = middle[0] + 0.25 * np.arange(-30, 31), middle[1] - 0.2 * np.arange(-20, 21)
        data = numbers("f4", (41, 61))
        path = write(folder / "a.zarr", data, coordinates={"lon": lon, "lat": lat})
        truth = Truth(lonlat(lon, lat), by_zarr(path))
        return Given({"url": "a.zarr"}, "a", (truth,), sets=(name,), dims={}, catalog=catalog)

    return make


def _document(folder: Path) -> Given:
    """As the OGC writes it, in a file beside the catalogue."""
    text = morecantile.tms.get("NZTM2000Quad").model_dump_json(exclude_none=True)
    (folder / "grid.json").write_text(json.dumps({**json.loads(text), "id": "Own"}))
    sets = [{"id": "Own", "url": "grid.json"}]
    given: Given = _around("Own", (172.0, -42.0), matrix_sets=sets)(folder)
    return given


SWISS = {"id": "Swiss", "crs": "EPSG:2056", "extent": [2.42e6, 1.03e6, 2.9e6, 1.35e6]}
CELLS = {**SWISS, "id": "Cells", "tile_size": 512, "cell_sizes": [4000, 1000, 250, 100]}

PLACES = {
    "WebMercatorQuad": (10.0, 50.0),
    "WorldCRS84Quad": (-60.0, -20.0),
    "WGS1984Quad": (170.0, 10.0),
    "WorldMercatorWGS84Quad": (-100.0, 60.0),
    "EuropeanETRS89_LAEAQuad": (10.0, 50.0),
    "UPSArcticWGS84Quad": (40.0, 84.0),
    "UPSAntarcticWGS84Quad": (-70.0, -84.0),
    "EPSG3413Quad": (-45.0, 75.0),
    "EPSG3031Quad": (90.0, -75.0),
    "CanadianNAD83_LCC": (-95.0, 60.0),
    "NZTM2000Quad": (172.0, -42.0),
    "UTM31WGS84Quad": (3.0, 45.0),
    "UTM60WGS84Quad": (177.0, 20.0),
    "UTM21SouthWGS84Quad": (-57.0, -30.0),
}
CASES = [
    *(Case(SECTION, name, _around(name, place)) for name, place in PLACES.items()),
    Case(SECTION, "of the catalogue: CRS and extent",
         _around("Swiss", (8.2, 46.8), matrix_sets=[SWISS])),
    Case(SECTION, "of the catalogue: cell sizes, tiles of 512 pixels",
         _around("Cells", (8.2, 46.8), matrix_sets=[CELLS])),
    Case(SECTION, "of the catalogue: a document of the OGC", _document),
]  # fmt: skip
