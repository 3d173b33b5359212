"""The CRS of a request's coordinates and of the answer's: degrees, or the dataset's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from tileserver.axis import Floats
from tileserver.dataset import Dataset
from tileserver.errors import InvalidParameter
from tileserver.grid import LONLAT, is_degrees
from tileserver.matrixset import code_of
from tileserver.projection import reprojected
from tileserver.services.ogc.domain import CRS84, crs_uri

DEGREES = "OGC:CRS84"
# Edges that are straight in a projected CRS are so in degrees if they are cut this often.
PIECES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A CRS by its name in EDR."""

    name: str
    crs: pyproj.CRS

    @property
    def is_degrees(self) -> bool:
        """Whether coordinates are longitudes and latitudes."""
        return self.name == DEGREES

    @property
    def uri(self) -> str:
        """As OGC names it."""
        return CRS84 if self.is_degrees else crs_uri(self.crs)

    def to_lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Points in degrees. Raises InvalidParameter for those that are nowhere on the Earth."""
        lon, lat = reprojected(self.crs, LONLAT, x, y)
        if not np.isfinite(lon + lat).all():
            raise InvalidParameter("coords", "…", f"expected coordinates that {self.name} has")
        return lon, lat

    def from_lonlat(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Points in degrees, in the CRS."""
        return reprojected(LONLAT, self.crs, lon, lat)

    def in_degrees(self, surface: BaseGeometry) -> BaseGeometry:
        """Polygons with their vertices in degrees."""
        if self.is_degrees or surface.is_empty:
            return surface
        west, south, east, north = surface.bounds
        cut = shapely.segmentize(surface, max(east - west, north - south, 1e-9) / PIECES)

        def moved(places: Floats) -> Floats:
            return np.column_stack(self.to_lonlat(places[:, 0].copy(), places[:, 1].copy()))

        found: BaseGeometry = shapely.transform(cut, moved)
        return found


LONLAT_FRAME = Frame(DEGREES, LONLAT)


def frames(dataset: Dataset) -> tuple[Frame, ...]:
    """Those of a dataset: degrees, and the CRS of its cells where all have the same with a code."""
    systems = {variable.grid.crs.srs: variable.grid for variable in dataset.variables}
    grid = next(iter(systems.values()))
    code = code_of(grid.crs)
    if len(systems) > 1 or is_degrees(grid.crs) or grid.lookup is not None:
        return (LONLAT_FRAME,)
    if not code.partition(":")[2].isalnum():
        return (LONLAT_FRAME,)
    return (LONLAT_FRAME, Frame(code, grid.crs))


def find(dataset: Dataset, name: str | None) -> Frame:
    """The frame that a request names. Raises InvalidParameter."""
    known = frames(dataset)
    for frame in known:
        if name in (None, frame.name, frame.uri) or (name == "CRS84" and frame.is_degrees):
            return frame
    names = " or ".join(frame.name for frame in known)
    raise InvalidParameter("crs", name, f"expected {names}")
