"""A dataset as a reader of rio-tiler: every number comes by way of our own reading.

titiler.core calls it in threads; what reads goes to the event loop that the engine belongs to, so
that what guards a request (who may see it, the gate, limits of bytes and seconds) guards this too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from time import monotonic
from typing import Any

import attr
import numpy as np
import numpy.typing as npt
from anyio import from_thread
from morecantile import Tile
from rasterio.crs import CRS
from rasterio.features import bounds as feature_bounds
from rasterio.features import rasterize
from rasterio.transform import array_bounds, from_bounds
from rasterio.warp import calculate_default_transform, transform_bounds, transform_geom
from rasterio.windows import bounds as window_bounds
from rasterio.windows import from_bounds as window_of
from rio_tiler.constants import WGS84_CRS
from rio_tiler.errors import PointOutsideBounds, TileOutsideBounds
from rio_tiler.expression import parse_expression
from rio_tiler.io import BaseReader
from rio_tiler.models import BandStatistics, ImageData, Info, PointData
from rio_tiler.utils import _round_window, _validate_shape_input, get_vrt_transform, output_size

from tileserver import tms
from tileserver.area import locate
from tileserver.cube import Raw, Variable
from tileserver.errors import DeadlineExceeded, PayloadTooLarge
from tileserver.grid import LONLAT, Bounds, Grid, parse_crs, transformer
from tileserver.layer import Layer, find_layer
from tileserver.pipeline import Engine
from tileserver.plan import Resampling
from tileserver.services.titiler.bands import (
    Bands,
    are_stored,
    box_grid,
    kernel,
    native_bounds,
)
from tileserver.services.titiler.colours import Colours, colours_of
from tileserver.services.titiler.info import (
    describe,
    descriptions,
    nodata_of,
    rasterio_crs,
    value_type,
)
from tileserver.services.titiler.target import Place, box_of, buffered, pyproj_crs

Array = npt.NDArray[Any]
POINT = 1e-9  # half a side of the pixel that stands for a point, in units of the CRS


@attr.s(frozen=True)
class Opened:
    """A dataset, and what reads it.

    Args:
        most_pixels: of one answer.
        ends: until when it may read, by monotonic().
        is_plain: whether values are shown as they are, so that they may have the dataset's colours.
        is_chosen: whether a request says which variables or bands it is to have.
    """

    bands: Bands = attr.ib()
    engine: Engine = attr.ib()
    most_pixels: int = attr.ib()
    ends: float = attr.ib()
    is_plain: bool = attr.ib(default=True)
    is_chosen: bool = attr.ib(default=False)


@attr.s
class CubeReader(BaseReader):
    """The bands of a dataset; what it is given as `input` has been opened for who asks."""

    input: Opened

    def __attrs_post_init__(self) -> None:
        grid = self._bands.grid
        self.crs = rasterio_crs(grid.crs)
        self.bounds = native_bounds(grid)
        self.height, self.width = grid.shape
        self.transform = from_bounds(*self.bounds, self.width, self.height)
        self.colormap: Colours | None = None  # of what was read last, for titiler.core

    @property
    def _bands(self) -> Bands:
        return self.input.bands

    @property
    def _place(self) -> Any:
        """What of a file of rasterio's rio-tiler looks at to size what is read of it."""
        height, width = self._bands.grid.shape
        return Place(self.crs, self.transform, self.bounds, height, width)

    @property
    def minzoom(self) -> int:
        """The shallowest zoom that is worth looking at."""
        return int(self._minzoom)

    @property
    def maxzoom(self) -> int:
        """The zoom of the cells' size."""
        return int(self._maxzoom)

    def get_geographic_bounds(self, crs: CRS) -> Bounds:
        """In degrees; of what crosses 180° a whole turn."""
        found: Bounds = super().get_geographic_bounds(crs)
        if crs == WGS84_CRS and not (-180 <= found[0] < found[2] <= 180):
            west, south, east, north = self._bands.grid.lonlat_bounds()
            return (west, south, east, north) if west < east else (-180.0, south, 180.0, north)
        return found

    def tile_exists(self, tile_x: int, tile_y: int, tile_z: int) -> bool:
        """Whether a tile touches the bounds, wherever longitudes begin."""
        tiles = self._matrix_set
        if tiles is None:
            return bool(super().tile_exists(tile_x, tile_y, tile_z))
        near = tms.tile_range(tiles, tile_z, self._bands.grid.lonlat_bounds())
        return near.min_x <= tile_x <= near.max_x and near.min_y <= tile_y <= near.max_y

    @cached_property
    def _matrix_set(self) -> tms.MatrixSet | None:
        known = self._bands.dataset.matrix_sets
        return known[self.tms.id] if self.tms.id in known.ids else None

    def info(self) -> Info:
        """What is there."""
        return describe(self._bands, self.crs, self.bounds, are_stored=self._are_stored)

    @property
    def _are_stored(self) -> bool:
        return are_stored(self._bands.dataset)

    def statistics(self, **options: Any) -> dict[str, BandStatistics]:
        """Of a preview, which titiler.core takes itself."""
        found: dict[str, BandStatistics] = self.preview(**options).statistics()
        return found

    def tile(
        self,
        tile_x: int,
        tile_y: int,
        tile_z: int,
        tilesize: int | None = None,
        buffer: float | None = None,
        padding: int | None = None,
        **options: Any,
    ) -> ImageData:
        """One tile. Raises TileOutsideBounds."""
        tiles = self._matrix_set
        if tiles is not None:
            target = tms.tile_grid(tiles, tile_z, tile_x, tile_y, tilesize)
        if not self.tile_exists(tile_x, tile_y, tile_z):
            raise TileOutsideBounds(f"Tile(x={tile_x}, y={tile_y}, z={tile_z}) is outside bounds")
        if tiles is None:
            box = self.tms.xy_bounds(Tile(tile_x, tile_y, tile_z))
            size = tilesize or self.tms.matrix(tile_z).tileWidth
            target = box_grid(parse_crs(self.tms.crs.srs), box_of(box), (size, size))
        if buffer:
            target = buffered(target, buffer)
        if not self._are_stored and not self.input.is_chosen:
            options.setdefault("indexes", (1,))  # variables are no colours of a picture
        return self._image(target, self.tms.rasterio_crs, is_warped=True, **options)

    def part(
        self,
        bbox: Sequence[float],
        dst_crs: CRS | None = None,
        bounds_crs: CRS = WGS84_CRS,
        max_size: int | None = None,
        height: int | None = None,
        width: int | None = None,
        buffer: float | None = None,
        padding: int | None = None,
        align_bounds_with_dataset: bool = False,
        **options: Any,
    ) -> ImageData:
        """The part in a box."""
        crs, box = dst_crs or bounds_crs, box_of(bbox)
        if crs != bounds_crs:
            box = box_of(transform_bounds(bounds_crs, crs, *box, densify_pts=21))
        is_warped = crs != self.crs
        if is_warped:
            found = get_vrt_transform(
                self._place, box, height, width, dst_crs=crs,
                align_bounds_with_dataset=align_bounds_with_dataset,
            )  # fmt: skip
            transform, wide, high = found
            box = array_bounds(high, wide, transform)
        else:
            window = window_of(*box, transform=self.transform)
            if align_bounds_with_dataset:
                window = _round_window(window)
                box = window_bounds(window, self.transform)
            high, wide = window.height, window.width
        shape = output_size(
            dataset_height=high, dataset_width=wide,
            output_height=height, output_width=width, max_size=max_size,
        )  # fmt: skip
        self._check(shape)
        target = box_grid(pyproj_crs(crs), box, shape)
        if buffer:
            target = buffered(target, buffer)
        return self._image(target, crs, is_warped=is_warped, **options)

    def preview(
        self,
        max_size: int | None = 1024,
        height: int | None = None,
        width: int | None = None,
        dst_crs: CRS | None = None,
        **options: Any,
    ) -> ImageData:
        """All of it, small."""
        crs, box, (high, wide) = dst_crs or self.crs, self.bounds, self._bands.grid.shape
        if crs != self.crs:
            transform, wide, high = calculate_default_transform(
                self.crs, crs, wide, high, *self.bounds
            )
            box = box_of(array_bounds(high, wide, transform))
        shape = output_size(
            dataset_height=high, dataset_width=wide,
            output_height=height, output_width=width, max_size=max_size,
        )  # fmt: skip
        self._check(shape)
        target = box_grid(pyproj_crs(crs), box, shape)
        return self._image(target, crs, is_warped=crs != self.crs, **options)

    def feature(
        self,
        shape: dict[str, Any],
        dst_crs: CRS | None = None,
        shape_crs: CRS = WGS84_CRS,
        **options: Any,
    ) -> ImageData:
        """The box around a feature, without what lies outside that."""
        shape = _validate_shape_input(shape)
        crs = dst_crs or shape_crs
        image = self.part(feature_bounds(shape), dst_crs=crs, bounds_crs=shape_crs, **options)
        if crs != shape_crs:
            shape = transform_geom(shape_crs, crs, shape)
        outside = rasterize(
            [shape], out_shape=(image.height, image.width), transform=image.transform,
            all_touched=True, default_value=0, fill=1, dtype="uint8",
        ).astype(np.bool_)  # fmt: skip
        image.cutline_mask = outside
        image.array.mask = np.where(~outside, image.array.mask, True)
        return image

    def point(
        self,
        lon: float,
        lat: float,
        coord_crs: CRS = WGS84_CRS,
        indexes: Sequence[int] | None = None,
        expression: str | None = None,
        nodata: float | None = None,
        unscale: bool | None = None,
        **_: Any,
    ) -> PointData:
        """The value of the cell at a place. Raises PointOutsideBounds."""
        wanted = parse_expression(expression) if expression else indexes
        variables = self._bands.chosen(wanted)
        numbers = list(wanted or range(1, len(variables) + 1))
        target, cell = self._cell(lon, lat, coord_crs)
        image = self._read(target, variables, numbers, "nearest", nodata, unscale)
        found = PointData(
            image.array[:, 0, 0],
            band_names=image.band_names,
            band_descriptions=image.band_descriptions,
            coordinates=(lon, lat),
            crs=coord_crs,
            nodata=image.nodata,
            scales=image.scales,
            offsets=image.offsets,
            pixel_location=cell,
        )
        return found.apply_expression(expression) if expression else found

    def _cell(self, x: float, y: float, crs: CRS) -> tuple[Grid, tuple[int, int]]:
        """A pixel around a point of a CRS, and the cell (column, row) that holds it."""
        grid = self._bands.grid
        lon, lat = transformer(pyproj_crs(crs), LONLAT).transform(x, y)
        cell = locate(grid, lon, lat)
        if cell is None:
            raise PointOutsideBounds("Point is outside dataset bounds")
        own_x, own_y = transformer(LONLAT, grid.crs).transform(lon, lat)
        box = (own_x - POINT, own_y - POINT, own_x + POINT, own_y + POINT)
        return box_grid(grid.crs, box, (1, 1)), (cell[1], cell[0])

    def _image(
        self,
        target: Grid,
        crs: CRS,
        *,
        is_warped: bool,
        indexes: Sequence[int] | None = None,
        expression: str | None = None,
        nodata: float | None = None,
        unscale: bool | None = None,
        resampling_method: str | None = None,
        reproject_method: str | None = None,
        **_: Any,
    ) -> ImageData:
        """The bands on a target."""
        wanted = parse_expression(expression) if expression else indexes
        variables = self._bands.chosen(wanted)
        self._check(target.shape, len(variables))
        numbers = list(wanted or range(1, len(variables) + 1))
        named = (reproject_method if is_warped else None) or resampling_method
        image = self._read(target, variables, numbers, kernel(named), nodata, unscale)
        image.bounds, image.crs = target.bounds, crs
        if self.input.is_plain and not expression:
            self._look(image, variables)
        return image.apply_expression(expression) if expression else image

    def _look(self, image: ImageData, variables: Sequence[Variable]) -> None:
        """Give what was read the dataset's colours and ranges, where it has its own."""
        dataset, engine = self._bands.dataset, self.input.engine
        layers = [find_layer(dataset, variable.id) for variable in variables]
        if len(layers) == 1:
            self.colormap = colours_of(layers[0], is_drawn=self._is_drawn(layers[0]))
            if layers[0].flags:
                return
        if all(map(self._is_drawn, layers)):
            told = [from_thread.run(engine.value_range, dataset, each) for each in layers]
            image.dataset_statistics = told

    def _is_drawn(self, found: Layer) -> bool:
        """Whether a layer has a look of its own; whole numbers of a file are bytes of a picture."""
        is_styled = found.style.colormap_name is not None or found.style.rescale is not None
        return is_styled or not self._are_stored or found.variables[0].dtype.kind == "f"

    def _read(
        self,
        target: Grid,
        variables: Sequence[Variable],
        numbers: Sequence[int],
        resampling: Resampling,
        nodata: float | None,
        unscale: bool | None,
    ) -> ImageData:
        found = self._bands.layer(variables)
        drawing = self._bands.drawing(found, target, resampling=resampling, nodata=nodata)
        read = from_thread.run(self.input.engine.stored, drawing)
        by_id = {v.id: each for v, each in zip(found.variables, read, strict=True)}
        stored = self._are_stored and not unscale
        dtype = np.float32 if unscale else value_type(variables, are_stored=stored)
        values = [_values(v, *by_id[v.id], are_stored=stored) for v in variables]
        packings = [v.packing for v in variables]
        return ImageData(
            np.ma.MaskedArray(
                np.stack(values).astype(dtype, copy=False),
                np.stack([~by_id[v.id][1] for v in variables]),
            ),
            band_names=[f"b{number}" for number in numbers],
            band_descriptions=descriptions(variables),
            nodata=nodata if nodata is not None else nodata_of(variables[0]),
            scales=[p.scale if stored else 1.0 for p in packings],
            offsets=[p.offset if stored else 0.0 for p in packings],
        )

    def _check(self, shape: tuple[int, int], bands: int = 3) -> None:
        """Refuse a picture that is too large, or late. Raises PayloadTooLarge, DeadlineExceeded.

        Args:
            bands: that it has; three are as many as any picture has.
        """
        if monotonic() > self.input.ends:
            raise DeadlineExceeded("this took too long: ask for less at once")
        height, width = shape
        if height * width * max(bands, 3) > self.input.most_pixels * 3:
            raise PayloadTooLarge(
                f"{width} × {height} pixels: at most {self.input.most_pixels} are drawn of "
                "three bands: give max_size, or width and height, or choose by bidx"
            )


def _values(variable: Variable, raw: Raw, valid: Array, *, are_stored: bool) -> Array:
    """Of one band, where they are not valid what marks that."""
    if are_stored:
        mark = nodata_of(variable)
        return raw if mark is None else np.where(valid, raw, np.asarray(mark).astype(raw.dtype))
    return np.where(valid, variable.packing.physical(raw), np.nan).astype(np.float32)
