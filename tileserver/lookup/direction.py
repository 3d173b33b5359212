"""Points on the sphere, as what of longitudes and latitudes is needed again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tileserver.axis import Floats
from tileserver.lookup.blocks import Index


@dataclass(frozen=True, slots=True, eq=False)
class Directions:
    """Sines and cosines of longitude and latitude, which broadcast: (1, w) and (h, 1), or alike."""

    sin_lon: Floats
    cos_lon: Floats
    sin_lat: Floats
    cos_lat: Floats

    @classmethod
    def of(cls, lon: Floats, lat: Floats) -> Directions:
        """Of degrees."""
        x, y = np.radians(lon), np.radians(lat)
        return cls(np.sin(x), np.cos(x), np.sin(y), np.cos(y))

    def at(self, shape: tuple[int, ...], index: Index) -> Directions:
        """Some of them (n,), by their numbers in the shape that they broadcast to."""
        parts = (self.sin_lon, self.cos_lon, self.sin_lat, self.cos_lat)
        if len(shape) != 2 or all(part.shape == shape for part in parts):
            flat = (np.broadcast_to(part, shape).ravel() for part in parts)
            return Directions(*(part.take(index) for part in flat))
        place = np.divmod(index, shape[1])
        return Directions(*(_taken(part, shape, *place) for part in parts))

    @property
    def vectors(self) -> Floats:
        """Unit vectors (n, 3) of points (n,)."""
        return np.stack(
            [self.cos_lat * self.cos_lon, self.cos_lat * self.sin_lon, self.sin_lat], axis=-1
        )


def _taken(part: Floats, shape: tuple[int, ...], row: Index, col: Index) -> Floats:
    if part.shape == (1, shape[1]):
        return part.ravel().take(col)
    if part.shape == (shape[0], 1):
        return part.ravel().take(row)
    return np.broadcast_to(part, shape)[row, col]
