"""What a tile's path and query name."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl

from tileserver import layer, tms
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.drawing import Drawing, View
from tileserver.encode import MEDIA_TYPES, Format
from tileserver.errors import InvalidParameter, TileOutOfRange, shown
from tileserver.http import caching, params
from tileserver.http.params import Query
from tileserver.tms import MatrixSet

_LAST = re.compile(
    r"(?P<y>\d{1,10})(?:@(?P<scale>\d{1,3})x)?(?:\.(?P<format>[a-z]{1,5}))?", re.ASCII
)
_DIGITS = re.compile(r"\d{1,10}", re.ASCII)
_FORMATS: dict[str, Format] = {
    "png": "png",
    "webp": "webp",
    "jpg": "jpg",
    "jpeg": "jpg",
    "npy": "npy",
    "bin": "bin",
}
DEFAULT_SIZE = 256
TILESET_BYTES = 4000  # of one that is kept

TILE = "/tiles/{dataset}/{variable}/{z}/{x}/{last}"
TILE_OF_SET = "/tiles/{dataset}/{variable}/{tms}/{z}/{x}/{last}"
PARAMETERS = (
    params.TIME,
    params.METHOD,
    *params.STYLE,
    params.RESAMPLING,
    params.EXPRESSION,
    params.TILESIZE,
    params.VERSION,
)


@dataclass(frozen=True, slots=True)
class TilePath:
    """The parts of a tile's path as they are written."""

    dataset: str
    variable: str
    z: str
    x: str
    last: str
    tms: str = tms.WEB_MERCATOR_QUAD

    @classmethod
    def split(cls, path: str) -> TilePath | None:
        """From a whole path; None where it is no tile's."""
        parts = path.split("/")
        if not 7 <= len(parts) <= 8:
            return None
        _, _, dataset, variable, *between, z, x, last = parts
        return cls(dataset, variable, z, x, last, *between)


@dataclass(frozen=True, slots=True)
class Address:
    """A tile's place in its matrix set, and how its file is to be."""

    z: int
    x: int
    y: int
    scale: int
    format: Format

    @classmethod
    def parse(cls, path: TilePath) -> Address:
        """From the end of a path: z, x and `y[@2x][.png]`. Raises TileOutOfRange for what is no
        number, InvalidParameter for an unknown scale or format."""
        z, x, last = path.z, path.x, path.last
        match = _LAST.fullmatch(last)
        if match is None or not (_DIGITS.fullmatch(z) and _DIGITS.fullmatch(x)):
            raise TileOutOfRange(
                f"{shown(z)}/{shown(x)}/{shown(last)}", "expected z/x/y[@2x][.png], whole numbers"
            )
        scale = int(match["scale"] or 1)
        if scale not in (1, 2):
            raise InvalidParameter("scale", f"@{scale}x", "expected @2x or nothing")
        format = _FORMATS.get(match["format"] or "png")
        if format is None:
            expected = ", ".join(MEDIA_TYPES)
            raise InvalidParameter("format", match["format"], f"expected one of {expected}")
        return cls(int(z), int(x), int(match["y"]), scale, format)


@dataclass(frozen=True, slots=True, eq=False)
class Tileset:
    """The tiles of one view in one matrix set.

    Args:
        size: the side of a tile in pixels, of a display of single density.
        headers: what goes with each of them, but for its ETag.
    """

    view: View
    tiles: MatrixSet
    size: int
    headers: Mapping[str, str]

    @classmethod
    def find(cls, catalog: Catalog, path: TilePath, items: Sequence[tuple[str, str]]) -> Tileset:
        """What a path and a query name. Raises NotFound, InvalidParameter, MissingParameter."""
        dataset = catalog[path.dataset]
        cube = dataset.source.cube
        query = Query(items, PARAMETERS, cube.dimensions.keys())
        found = layer.find_layer(dataset, path.variable, query(params.EXPRESSION))
        choice, resampling = query.style(), query(params.RESAMPLING)
        suited = (choice.algorithm or found.style).resampling
        view = View(
            dataset=dataset,
            layer=found,
            selection=layer.select(cube, found, query.dims, query(params.METHOD)),
            choice=choice,
            resampling=resampling or suited,
        )
        pinned = query(params.VERSION) == dataset.version
        return cls(
            view,
            dataset.matrix_sets[path.tms],
            int(query(params.TILESIZE) or DEFAULT_SIZE),
            headers_of(view, query.dims.get("time"), pinned),
        )

    def drawing(self, address: Address) -> Drawing:
        """One of the tiles. Raises TileOutOfRange."""
        size = self.size * address.scale
        target = tms.tile_grid(self.tiles, address.z, address.x, address.y, size)
        return Drawing(self.view, target, address.format)


def headers_of(view: View, asked: str | None, pinned: bool) -> dict[str, str]:
    """What goes with pictures of a view: how long they keep, the time that they show."""
    headers = {"Cache-Control": caching.PINNED if pinned else caching.SHORT}
    cube = view.dataset.source.cube
    used, axis = view.selection.time_label(cube), view.selection.axis(cube)
    if used is not None:
        headers["X-Time"] = used
        step = view.selection.step
        if asked is not None and step is not None and axis and not axis.is_step(asked, step):
            headers["Warning"] = f"99 Nearest value used: time={used}"
        valid_time = view.selection.valid_time(cube)
        if valid_time is not None:
            headers["X-Valid-Time"] = valid_time
    return headers


class Viewed(Protocol):
    """What shows a view of a dataset."""

    @property
    def view(self) -> View: ...


V = TypeVar("V", bound=Viewed)


class Tilesets:
    """What requests name but for the place, kept from one tile to the next."""

    def __init__(self, limit_bytes: int) -> None:
        self._known: ByteCache[Viewed] = ByteCache(limit_bytes, lambda _: TILESET_BYTES)

    def find(self, catalog: Catalog, path: TilePath, query: bytes) -> Tileset:
        """That of an open dataset as it is now.

        Args:
            query: as it is written, its parameters in any order.

        Raises as Tileset.find does.
        """

        def make() -> Tileset:
            items = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
            return Tileset.find(catalog, path, items)

        key = (path.dataset, path.variable, path.tms, ordered(query))
        return self.kept(catalog, key, Tileset, make)

    def kept(self, catalog: Catalog, key: Hashable, kind: type[V], make: Callable[[], V]) -> V:
        """What was made for a key while its dataset is as it was, or what is made now."""
        known = self._known.held(key)
        if isinstance(known, kind) and catalog.has(known.view.dataset):
            return known
        made = make()
        self._known.put(key, made)
        return made


def ordered(query: bytes) -> bytes:
    """The same for the same parameters in any order."""
    return b"&".join(sorted(query.split(b"&"))) if b"&" in query else query
