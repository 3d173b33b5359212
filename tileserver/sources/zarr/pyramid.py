"""Which groups and arrays of a hierarchy are levels of a pyramid, by the conventions in use.

- `multiscales.layout` (the multiscales convention of Zarr, which GeoZarr takes up): assets that are
  groups or arrays, each with a `spatial:transform` of its own or a scale from another;
- `multiscales.tile_matrix_set` (the draft of GeoZarr before it): groups named as tile matrices;
- `multiscales: [{datasets: [{path}]}]`: groups (ndpyramid, coarsest first) or arrays (OME-NGFF);
- groups named by their cell size, `r10m`, `r20m`, `r60m` (EOPF products).

What a level is called stands in no variable's id: `r10m/b04` and `r20m/b04` are levels of `b04`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tileserver.sources.zarr.hierarchy import Document, Hierarchy, join, parent

Transform = tuple[float, ...]

CELL_SIZE = re.compile(r"r\d+m", re.ASCII)
TRANSFORMS = ("spatial:transform", "proj:transform")
NAMELESS = "data"  # the variable of a pyramid of arrays in the root, which has no name


@dataclass(frozen=True, slots=True)
class Rung:
    """A level of a pyramid, as metadata tells of it.

    Args:
        path: of its group or array.
        base: the group that the pyramid stands for.
        name: of an array, what it is called in the base; "" where it is the base's only one.
        transform: pixel corners to CRS units, six numbers, if told.
        factor: its cell size in cells of the first level, along y and x, if told.
        crs: if told.
    """

    path: str
    base: str
    name: str = ""
    transform: Transform | None = None
    factor: tuple[float, float] | None = None
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class Pyramids:
    """The levels of all pyramids, by path."""

    rungs: Mapping[str, Rung]

    @classmethod
    def of(cls, hierarchy: Hierarchy) -> Pyramids:
        """Those that a hierarchy's metadata and names tell of."""
        rungs: dict[str, Rung] = {}
        for path, attrs in hierarchy.attrs.items():
            if path in hierarchy.arrays:
                continue
            if CELL_SIZE.fullmatch(path.rpartition("/")[2]):
                rungs.setdefault(path, Rung(path, parent(path)))
            known = (r for r in _told(hierarchy, path, attrs) if r.path in hierarchy.attrs)
            rungs.update({rung.path: rung for rung in known if rung.path != path})
        return cls(rungs)

    def rung(self, path: str) -> Rung | None:
        """The innermost level that an array is or lies in."""
        while path:
            if path in self.rungs:
                return self.rungs[path]
            path = parent(path)
        return None

    def shown(self, path: str) -> tuple[str, ...]:
        """The names on the way to a group or array, without those of levels."""
        names: list[str] = []
        while path:
            rung = self.rungs.get(path)
            if rung is not None:
                names += [rung.name] if rung.name else []
                path = rung.base
            else:
                names.append(path.rpartition("/")[2])
                path = parent(path)
        return tuple(reversed(names))

    def variable_id(self, path: str, group: str) -> str:
        """What an array is called in a group: the names below it, joined by dots."""
        below = self.shown(path)[len(self.shown(group)) :]
        return ".".join(below) or (self.shown(path) or (NAMELESS,))[-1]


def _told(hierarchy: Hierarchy, group: str, attrs: Document) -> Iterator[Rung]:
    """The levels that a group's attributes list."""
    ome = attrs.get("ome")  # OME-NGFF from version 0.5 on
    told = attrs.get("multiscales") or (ome.get("multiscales") if isinstance(ome, dict) else None)
    if isinstance(told, dict) and isinstance(told.get("layout"), list):
        items = [item for item in told["layout"] if isinstance(item, dict)]
        yield from _named(hierarchy, group, _layout(group, items, attrs))
    elif isinstance(told, dict):
        yield from (Rung(join(group, name), group) for name in _matrices(told))
    elif isinstance(told, list) and told and isinstance(told[0], dict):
        datasets = told[0].get("datasets")
        known = datasets if isinstance(datasets, list) else []
        items = [item for item in known if isinstance(item, dict)]
        yield from _named(hierarchy, group, _datasets(group, items))


def _named(hierarchy: Hierarchy, group: str, rungs: Sequence[Rung]) -> Iterator[Rung]:
    """With the names of arrays, unless these tell the levels of one: `0`, `1`, `2`."""
    arrays = [rung.path for rung in rungs if rung.path in hierarchy.arrays]
    names = {path: path.rpartition("/")[2] for path in arrays}
    sizes = {str(hierarchy.arrays[path].get("shape")) for path in arrays}
    are_levels = len(set(names.values())) == len(sizes) == len(arrays)
    for rung in rungs:
        own = "" if are_levels else names.get(rung.path, "")
        yield Rung(rung.path, group, own, rung.transform, rung.factor, rung.crs)


def _layout(group: str, items: Sequence[Document], attrs: Document) -> list[Rung]:
    rungs: dict[str, Rung] = {}
    for item in items:
        asset = item.get("asset")
        if not isinstance(asset, str) or ".." in asset.split("/"):
            continue
        relative = item.get("transform")
        scale = _pair(relative.get("scale") if isinstance(relative, dict) else None)
        source = rungs.get(str(item.get("derived_from")))
        factor = scale or ((1.0, 1.0) if source is None else None)
        if source is not None and source.factor is not None and scale is not None:
            factor = (source.factor[0] * scale[0], source.factor[1] * scale[1])
        # What the group itself says of its place is that of the level which comes from no other.
        transform = transform_of(item) or (transform_of(attrs) if source is None else None)
        rungs[asset] = Rung(join(group, asset.strip("/")), group, "", transform, factor)
    return list(rungs.values())


def _matrices(told: Document) -> list[str]:
    """The names of tile matrices that have a group."""
    limits, tile_set = told.get("tile_matrix_limits"), told.get("tile_matrix_set")
    names = list(limits) if isinstance(limits, dict) else []
    matrices = tile_set.get("tileMatrices") if isinstance(tile_set, dict) else None
    if isinstance(matrices, list):
        names += [str(m.get("id")) for m in matrices if isinstance(m, dict)]
    return names


def _datasets(group: str, items: Sequence[Document]) -> list[Rung]:
    rungs: list[Rung] = []
    first: tuple[float, float] | None = None
    for item in items:
        path, crs = item.get("path"), item.get("crs")
        if not isinstance(path, str) or ".." in path.split("/"):
            continue
        scale, transform = _absolute(item.get("coordinateTransformations"))
        first = first or scale
        factor = None
        if scale is not None and first is not None and 0.0 not in first:
            factor = (scale[0] / first[0], scale[1] / first[1])
        crs = crs if isinstance(crs, str) else None
        rungs.append(Rung(join(group, path.strip("/")), group, "", transform, factor, crs))
    return rungs


def _absolute(told: object) -> tuple[tuple[float, float] | None, Transform | None]:
    """Scale (y, x) and transform of OME coordinate transformations, which place cell centres."""
    scale: tuple[float, float] | None = None
    moved = (0.0, 0.0)
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict) and each.get("type") == "scale":
            scale = _pair(each.get("scale"))
        elif isinstance(each, dict) and each.get("type") == "translation":
            moved = _pair(each.get("translation")) or moved
    if scale is None or 0.0 in scale:
        return None, None
    (high, wide), (y, x) = scale, moved
    return scale, (wide, 0.0, x - wide / 2, 0.0, high, y - high / 2)


def _pair(value: object) -> tuple[float, float] | None:
    """The last two of a list of numbers, those of y and x."""
    if not isinstance(value, list) or len(value) < 2:
        return None
    try:
        return (float(value[-2]), float(value[-1]))
    except (TypeError, ValueError):
        return None


def transform_of(attrs: Document, sizes: Container[int] | None = None) -> Transform | None:
    """Pixel corners to CRS units, by the `spatial:` convention or STAC's `proj:`.

    Args:
        sizes: of the array that it is for; a transform that is told for another shape is not its
            own, but was copied with its attributes.
    """
    for key in ("spatial:shape", "proj:shape"):
        shape = attrs.get(key)
        if sizes is not None and isinstance(shape, list) and any(n not in sizes for n in shape):
            return None
    for key in TRANSFORMS:
        value = attrs.get(key)
        if isinstance(value, list) and len(value) >= 6:
            try:
                return tuple(float(v) for v in value[:6])
            except (TypeError, ValueError):
                return None
    return None
