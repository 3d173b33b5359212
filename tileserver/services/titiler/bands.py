"""The variables of a dataset as the bands of a file: b1, b2 …, in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyproj

from tileserver import layer
from tileserver.axis import Axis
from tileserver.catalog import Catalog
from tileserver.cube import Variable
from tileserver.dataset import Dataset
from tileserver.drawing import Drawing, StyleChoice, View
from tileserver.errors import DatasetNotFound, InvalidParameter, NotFound, VariableNotFound
from tileserver.grid import Bounds, Grid, is_degrees
from tileserver.layer import Layer
from tileserver.plan import LEVEL_SLACK, Resampling
from tileserver.services.ogc import named_layer
from tileserver.services.window import finest
from tileserver.timeaxis import Method

MOST_BANDS = 32
# GDAL takes the nearest cells of an overview whose cells are less than so many pixels.
OVERSAMPLING = 1.2
# rio-tiler's words for kernels; what is not done here is done by the nearest of ours.
KERNELS: Mapping[str, Resampling] = {
    "nearest": "nearest",
    "mode": "mode",
    "average": "average",
    "rms": "average",
    "gauss": "average",
}
_STEP = re.compile(r"([^=]+)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Variables of a dataset at one step of each dimension.

    Args:
        asked: coordinates as text, by the name of their dimension.
    """

    dataset: Dataset
    variables: tuple[Variable, ...]
    asked: Mapping[str, str]
    method: Method = "nearest"

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        names: Sequence[str],
        asked: Mapping[str, str],
        method: Method = "nearest",
    ) -> Bands:
        """Of variables and composites by name, or all. Raises VariableNotFound."""
        if not names:
            return cls(dataset, tuple(dataset.variables), asked, method)
        found = [v for name in names for v in _plain(dataset, name)]
        return cls(dataset, tuple(found), asked, method)

    def chosen(self, indexes: Sequence[int] | None) -> tuple[Variable, ...]:
        """Those of indexes from 1, or all. Raises InvalidParameter."""
        if indexes is None:
            found: tuple[Variable, ...] = self.variables
        else:
            for index in indexes:
                if not 1 <= index <= len(self.variables):
                    raise InvalidParameter("bidx", index, f"expected 1 to {len(self.variables)}")
            found = tuple(self.variables[index - 1] for index in indexes)
        if len(found) > MOST_BANDS:
            raise InvalidParameter(
                "bidx",
                len(found),
                f"expected at most {MOST_BANDS} bands: choose by variable or bidx",
            )
        return found

    def layer(self, variables: Sequence[Variable]) -> Layer:
        """What reads them together; each variable once."""
        once = tuple(dict.fromkeys(variables))
        key = "b:" + ",".join(variable.id for variable in once)
        return Layer("bands", "bands", None, once, layer.PLAIN, key)

    def drawing(
        self, found: Layer, target: Grid, *, resampling: Resampling, nodata: float | None = None
    ) -> Drawing:
        """Them on a target. Raises InvalidParameter."""
        cube = self.dataset.source.cube
        view = View(
            dataset=self.dataset,
            layer=found,
            selection=layer.select(cube, found, self.asked, self.method),
            choice=StyleChoice(nodata=nodata),
            resampling=resampling,
            slack=OVERSAMPLING if resampling == "nearest" else LEVEL_SLACK,
        )
        return Drawing(view, target, "npy")

    @property
    def grid(self) -> Grid:
        """Where the cells of the finest of them lie."""
        return finest(self.layer(self.variables)).grid


def resolve(catalog: Catalog, name: str) -> tuple[Dataset, tuple[str, ...]]:
    """A dataset by its id, or one of its layers as WMTS names them: and that layer's name.

    Raises DatasetNotFound, Unauthenticated, Forbidden.
    """
    try:
        return catalog[name], ()
    except DatasetNotFound as error:
        try:
            dataset, found = named_layer.find(catalog, name)
        except (InvalidParameter, NotFound):
            raise error from None
        return dataset, (found.id,)


def parse_steps(texts: Sequence[str], dimensions: Sequence[str]) -> dict[str, str]:
    """Coordinates of `dimension=value`. Raises InvalidParameter."""
    found = {}
    for text in texts:
        match = _STEP.fullmatch(text)
        if match is None or match[1] not in dimensions:
            known = ", ".join(dimensions) or "none"
            raise InvalidParameter("sel", text, f"expected dimension=value; there are {known}")
        found[match[1]] = match[2].removeprefix("nearest::")
    return found


def kernel(name: str | None) -> Resampling:
    """Ours of rio-tiler's word for it; all that interpolate do so bilinearly."""
    return "nearest" if name is None else KERNELS.get(name, "bilinear")


def are_stored(dataset: Dataset) -> bool:
    """Whether values are given as they are stored: of GeoTIFFs, as rio-tiler gives them."""
    urls = dataset.config.url
    first = urls if isinstance(urls, str) else urls[0]
    return first.lower().endswith((".tif", ".tiff"))


def box_grid(crs: pyproj.CRS, bounds: Bounds, shape: tuple[int, int]) -> Grid:
    """The north-up pixels of a box in a CRS."""
    (west, south, east, north), (height, width) = bounds, shape
    return Grid(
        crs,
        Axis(west, (east - west) / width, width),
        Axis(north, (south - north) / height, height),
        key=("box", crs.srs, bounds, shape),
    )


def native_bounds(grid: Grid) -> Bounds:
    """(west, south, east, north) in the grid's own CRS; round the globe from -180 to 180."""
    west, south, east, north = grid.bounds
    if is_degrees(grid.crs) and grid.x.wraps and east > 180:
        return (-180.0, south, 180.0, north)
    return (west, south, east, north)


def _plain(dataset: Dataset, name: str) -> tuple[Variable, ...]:
    found = layer.find_layer(dataset, name)
    if found.expression is not None:
        raise VariableNotFound(name, "that is an expression: ask for variables and an expression")
    return found.variables
