"""HEALPix by the library of that name: the place of its cells, and their numbers."""

from __future__ import annotations

from dataclasses import dataclass

import chealpix
import numpy as np

from tests.formats.truth import DEGREES, Pair, transform

FACES = 12


@dataclass(frozen=True)
class Faces:
    """The 12 faces, one below the other: rows count along the library's v, columns along its u."""

    nside: int
    wraps: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        return (FACES * self.nside, self.nside)

    def find(self, x: np.ndarray, y: np.ndarray, crs: str = DEGREES) -> Pair:
        lon, lat = transform(crs, DEGREES, np.asarray(x, float), np.asarray(y, float))
        known = np.isfinite(lon + lat)
        theta = np.radians(90 - np.where(known, lat, 0))
        phi = np.radians(np.mod(np.where(known, lon, 0), 360))
        face, u, v = chealpix.ang2nest_uv(1, theta, phi)
        rows = (face + np.minimum(v, 1 - 1e-12)) * self.nside
        cols = np.minimum(u, 1 - 1e-12) * self.nside
        return np.where(known, rows, np.nan), np.where(known, cols, np.nan)

    def spots(self, rows: np.ndarray, cols: np.ndarray) -> Pair:
        y, x = np.asarray(rows, float) / self.nside, np.asarray(cols, float) / self.nside
        known = (y >= 0) & (y <= FACES) & (x >= 0) & (x <= 1)
        # The corners of a cell, which come as its row, belong to the face of its middle.
        middle = y.mean(axis=-1, keepdims=True) if y.ndim > 1 else y
        face = np.clip(np.floor(np.nan_to_num(middle)), 0, FACES - 1) + np.zeros_like(y)
        theta, phi = chealpix.nest2ang_uv(
            1, face.astype(np.int64), np.where(known, x, 0.5), np.where(known, y - face, 0.5)
        )
        lon, lat = np.degrees(phi), 90 - np.degrees(theta)
        return np.where(known, lon, np.nan), np.where(known, lat, np.nan)

    def numbers(self, order: str) -> np.ndarray:
        """The number of each cell (rows, cols)."""
        row, col = np.mgrid[: self.shape[0], : self.shape[1]] + 0.5
        lon, lat = self.spots(row, col)
        named = chealpix.ang2nest if order == "nested" else chealpix.ang2ring
        return np.asarray(named(self.nside, np.radians(90 - lat), np.radians(lon)))
