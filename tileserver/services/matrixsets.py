"""Tile matrix sets as documents (OGC 17-083r4, Two Dimensional Tile Matrix Set 2.0)."""

from __future__ import annotations

from typing import Any

from tileserver import tms
from tileserver.matrixset import MatrixSets


def listing(sets: MatrixSets, base: str) -> dict[str, Any]:
    """All sets, with links to their documents."""
    return {
        "tileMatrixSets": [
            {
                "id": name,
                "title": sets[name].title,
                "crs": sets[name].crs_urn,
                "links": [
                    {"rel": "item", "type": "application/json", "href": f"{base}/tms/{name}"}
                ],
            }
            for name in sets.ids
        ]
    }


def document(tiles: tms.MatrixSet) -> dict[str, Any]:
    """One set; corners in the axis order of its CRS."""
    return {
        "id": tiles.id,
        "title": tiles.title,
        "crs": tiles.crs_urn,
        "orderedAxes": ["N", "E"] if tiles.northing_first else ["E", "N"],
        "tileMatrices": [_matrix(tiles, matrix) for matrix in tiles.matrices],
    }


def _matrix(tiles: tms.MatrixSet, matrix: tms.Matrix) -> dict[str, Any]:
    corner = [matrix.left, matrix.top]
    return {
        "id": str(matrix.zoom),
        "scaleDenominator": tiles.scale_denominator(matrix.zoom),
        "cellSize": matrix.cell_size,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": corner[::-1] if tiles.northing_first else corner,
        "tileWidth": matrix.tile_px,
        "tileHeight": matrix.tile_px,
        "matrixWidth": matrix.width,
        "matrixHeight": matrix.height,
    }
