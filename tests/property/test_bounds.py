"""Whatever shows something lies in the bounds and limits that clients are told."""

import numpy as np
from hypothesis import HealthCheck, given, settings

from tests.formats.truth import DEGREES, transform
from tests.property.grids import Sample, Tile, cases, comes_back, drawn
from tileserver.layer import find_layer
from tileserver.matrixset import matrix_set
from tileserver.services import tilejson
from tileserver.tms import tile_range

SLACK_DEG = 1e-6  # of a datum's change
# Pixels so near to a border may show the cell beyond it.
MOVES = [(0.0, 0.0), *((x, y) for x in (-0.01, 0.01) for y in (-0.01, 0.01))]
EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@EXAMPLES
@given(cases())
def test_limits_hold_all_data(case: tuple[Sample, Tile]) -> None:
    """A tile that shows something is within the limits of WMTS, its pixels in TileJSON's bounds;
    but for pixels so far from what a CRS is made for that they are of other places, too."""
    sample, tile = case
    tiles = matrix_set(tile.tiles)
    dataset = sample.dataset
    west, south, east, north = tilejson.document(dataset, find_layer(dataset, "v"), tiles, base="")[
        "bounds"
    ]
    assert -180 <= west < east <= 180
    assert -90 <= south < north <= 90
    shown = np.isfinite(drawn(sample, tile, 0)) & _known(sample, tile)
    if not shown.any():
        return
    found = tile_range(tiles, tile.zoom, dataset.source.cube.bounds())
    assert found.min_x <= tile.col <= found.max_x
    assert found.min_y <= tile.row <= found.max_y
    west, east = west - SLACK_DEG, east + SLACK_DEG
    south, north = south - SLACK_DEG, north + SLACK_DEG
    inside = np.zeros(shown.sum(), bool)
    for move in MOVES:
        lon, lat = _centers(tile, shown, move)
        inside |= (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    assert inside.all()


def _known(sample: Sample, tile: Tile) -> np.ndarray:
    """Which pixels are of one place alone."""
    x, y = np.meshgrid(
        *(
            axis.start + (np.arange(axis.size) + 0.5) * axis.step
            for axis in (tile.grid.x, tile.grid.y)
        )
    )
    return comes_back(sample, tile.grid.crs.srs, x, y, abs(tile.grid.x.step))


def _centers(
    tile: Tile, shown: np.ndarray, move: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Of the pixels that show something, moved by parts of a pixel."""
    row, col = np.nonzero(shown)
    x = tile.grid.x.start + (col + 0.5 + move[0]) * tile.grid.x.step
    y = tile.grid.y.start + (row + 0.5 + move[1]) * tile.grid.y.step
    return transform(tile.grid.crs.srs, DEGREES, x, y)
