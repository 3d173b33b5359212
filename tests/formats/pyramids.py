"""Cases of the table: pyramids, each level of other numbers, so that a tile tells its level."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from affine import Affine

from tests.formats.case import Absent, Case, Given, Refused, shared
from tests.formats.stores import add, by_xarray, numbers, write
from tests.formats.truth import Separable, Truth

UTM = "EPSG:32632"
MERCATOR = "EPSG:3857"
CORNER = Affine(100.0, 0, 600_000.0, 0, -100.0, 5_800_000.0)
FINEST = (192, 256)
FACTORS = (1, 2, 4)
SETS = ("WebMercatorQuad",)
DIMS = ("y", "x")


def _of_level(number: int, values: np.ndarray) -> np.ndarray:
    """Other numbers of the same range: one tile looks like the next, and no value is the same."""
    return ((values - 1 + 37 * number) % 113 + 1).astype(values.dtype)


def _values(number: int, factor: int) -> np.ndarray:
    shape = (FINEST[0] // factor, FINEST[1] // factor)
    return _of_level(number, numbers("i2", shape))


def _transform(factor: int) -> Affine:
    return CORNER @ Affine.scale(factor)


def _truth(values: np.ndarray, place: Separable) -> Truth:
    return Truth(place, lambda ask: values.astype(np.float64))


def _truths(crs: str = UTM) -> tuple[Truth, ...]:
    return tuple(
        _truth(values, Separable.of_affine(crs, _transform(factor), values.shape))
        for number, factor in enumerate(FACTORS)
        for values in [_values(number, factor)]
    )


def _centers(transform: Affine, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    rows, cols = (np.arange(n) + 0.5 for n in shape)
    return {"y": transform.f + transform.e * rows, "x": transform.c + transform.a * cols}


def _given(path: Path, variable: str = "a", **more: Any) -> Given:
    entry = {"url": str(path), **more}
    return Given(entry, variable, _truths(), variables=(variable,), sets=SETS, dims={})


def _groups(
    path: Path,
    names: tuple[str, ...],
    attrs: Mapping[str, Any],
    *,
    zarr_format: int = 3,
    with_coordinates: bool = True,
    name: str = "a",
) -> Path:
    """Levels in groups, the finest first."""
    root = zarr.create_group(path, zarr_format=zarr_format)
    root.attrs.update(attrs)
    for number, (group, factor) in enumerate(zip(names, FACTORS, strict=True)):
        values, level = _values(number, factor), root.require_group(group)
        add(level, name, values, DIMS, {}, chunks=(64, 64))
        if with_coordinates:
            for dim, centers in _centers(_transform(factor), values.shape).items():
                add(level, dim, centers, (dim,), {})
    return path


def _item(name: str, factor: int, **more: Any) -> dict[str, Any]:
    return {"asset": name, "spatial:transform": list(_transform(factor)[:6]), **more}


def _layout(folder: Path) -> Given:
    names = ("r100m", "r200m", "overviews/r400m")
    layout = [_item(*each) for each in zip(names, FACTORS, strict=True)]
    attrs = {"multiscales": {"layout": layout}, "proj:code": UTM}
    return _given(_groups(folder / "a.zarr", names, attrs, with_coordinates=False))


def _scales(folder: Path) -> Given:
    names = ("full", "half", "quarter")
    scale = {"transform": {"scale": [2.0, 2.0], "translation": [0.0, 0.0]}}
    attrs = {
        "proj:code": UTM,
        "spatial:transform": list(CORNER[:6]),
        "multiscales": {
            "layout": [
                {"asset": "full", "transform": {"scale": [1.0, 1.0]}},
                {"asset": "half", "derived_from": "full", **scale},
                {"asset": "quarter", "derived_from": "half", **scale},
            ]
        },
    }
    return _given(_groups(folder / "a.zarr", names, attrs, with_coordinates=False))


def _assets(folder: Path) -> Given:
    names = ("0", "1", "2")
    layout = [_item(f"{name}/a", factor) for name, factor in zip(names, FACTORS, strict=True)]
    attrs = {"multiscales": {"layout": layout}, "proj:code": UTM}
    return _given(_groups(folder / "a.zarr", names, attrs, with_coordinates=False))


def _arrays(folder: Path) -> Given:
    """Arrays beside each other, with the coordinates and the grid mapping of the finest."""
    root = zarr.create_group(folder / "a.zarr", zarr_format=3)
    scale = {"transform": {"scale": [2.0, 2.0]}}
    layout = [
        {"asset": "0", "transform": {"scale": [1.0, 1.0]}},
        {"asset": "1", "derived_from": "0", **scale},
        {"asset": "2", "derived_from": "1", **scale},
    ]
    group = root.create_group("height")
    group.attrs.update({"multiscales": {"layout": layout}})
    for dim, centers in _centers(CORNER, FINEST).items():
        add(group, dim, centers, (dim,), {})
    told = {"GeoTransform": " ".join(str(v) for v in CORNER.to_gdal()), "spatial_ref": UTM}
    add(group, "spatial_ref", np.array(0), (), told)
    for number, factor in enumerate(FACTORS):
        about = {"grid_mapping": "spatial_ref"}
        add(group, str(number), _values(number, factor), DIMS, about, chunks=(64, 64))
    return _given(folder / "a.zarr", "height")


def _matrices(folder: Path) -> Given:
    names = ("0", "1", "2")
    tile_set = {"id": "Native", "crs": UTM, "tileMatrices": [{"id": name} for name in names]}
    attrs = {"multiscales": {"tile_matrix_set": tile_set, "resampling_method": "average"}}
    return _given(_groups(folder / "a.zarr", names, {**attrs, "proj:code": UTM}))


def _by_name(folder: Path) -> Given:
    """Bands in groups by cell size, and nothing else that tells of levels."""
    path = folder / "a.zarr"
    _groups(path, ("b/r10m", "b/r20m", "b/r60m"), {}, zarr_format=2)
    root = zarr.open_group(path)
    root.attrs.update({"stac_discovery": {"properties": {"proj:epsg": 32632}}})
    zarr.consolidate_metadata(path)
    return _given(path, "b.a")


def _ndpyramid(folder: Path) -> Given:
    """The coarsest level first, on web maps' own grid, each with coordinates of its own."""
    root = zarr.create_group(folder / "a.zarr", zarr_format=2)
    datasets, truths = [], []
    for level in range(3):
        size = 64 * 2**level
        step = 2 * 20_037_508.342789244 / size
        grid = Affine(step, 0, -20_037_508.342789244, 0, -step, 20_037_508.342789244)
        values = _of_level(level, numbers("f4", (size, size)))
        group = root.create_group(str(level))
        add(group, "a", values, DIMS, {}, chunks=(64, 64))
        for dim, centers in _centers(grid, values.shape).items():
            add(group, dim, centers, (dim,), {})
        datasets.append({"path": str(level), "pixels_per_tile": 64, "crs": MERCATOR})
        truths.insert(0, _truth(values, Separable.of_affine(MERCATOR, grid, values.shape)))
    root.attrs.update({"multiscales": [{"datasets": datasets, "type": "reduce"}]})
    entry = {"url": str(folder / "a.zarr")}
    return Given(entry, "a", tuple(truths), variables=("a",), sets=SETS, dims={})


def _ome(folder: Path) -> Given:
    """Arrays by OME-NGFF, whose translation is to the centre of the first cell."""
    root = zarr.create_group(folder / "a.zarr", zarr_format=3)
    datasets, truths = [], []
    for number, factor in enumerate(FACTORS):
        values, step = _values(number, factor), 100.0 * factor
        add(root, str(number), values, DIMS, {}, chunks=(64, 64))
        moved = [5_000_000.0 + step / 2, 500_000.0 + step / 2]
        place = Affine(step, 0, 500_000.0, 0, step, 5_000_000.0)
        truths.append(_truth(values, Separable.of_affine(UTM, place, values.shape)))
        steps = [
            {"type": "scale", "scale": [step, step]},
            {"type": "translation", "translation": moved},
        ]
        datasets.append({"path": str(number), "coordinateTransformations": steps})
    axes = [{"name": name, "type": "space"} for name in DIMS]
    root.attrs.update(
        {"ome": {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}}
    )
    entry = {"url": str(folder / "a.zarr"), "crs": UTM}
    return Given(entry, "data", tuple(truths), variables=("data",), sets=SETS, dims={})


def _unlike(folder: Path) -> Given:
    """Levels that are none: of another CRS, of other numbers, of a part."""
    names = ("0", "1", "2")
    layout = [_item(name, factor) for name, factor in zip(names, FACTORS, strict=True)]
    layout += [_item("cut", 2), _item("wide", 8)]
    attrs = {"multiscales": {"layout": layout}, "proj:code": UTM}
    path = _groups(folder / "a.zarr", names, attrs, with_coordinates=False)
    root = zarr.open_group(path)
    add(root.create_group("cut"), "a", numbers("i2", (40, 128)), DIMS, {})
    add(root.create_group("wide"), "a", numbers("f4", (24, 32)), DIMS, {})
    root["1"].attrs.update({"proj:code": "EPSG:32633"})
    kept = _truths()
    entry = {"url": str(path)}
    return Given(entry, "a", (kept[0], kept[2]), variables=("a",), sets=SETS, dims={})


def _folder_of(folder: Path, first: str) -> Path:
    """A levels folder of xcube, its finest level at a path from it."""
    levels = folder / "cubes/a.levels"
    levels.mkdir(parents=True)
    for number, factor in enumerate(FACTORS):
        values, step = _values(number, factor), 0.01 * factor
        axes = _centers(Affine(step, 0, 5.0, 0, -step, 52.0), values.shape)
        path = levels / (first if number == 0 else f"{number}.zarr")
        write(path, values, ("lat", "lon"), {"lat": axes["y"], "lon": axes["x"]}, zarr_format=2)
        zarr.consolidate_metadata(path)
    if first != "0.zarr":
        (levels / "0.link").write_text(first)
    (levels / ".zlevels").write_text(json.dumps({"version": "1.0", "num_levels": len(FACTORS)}))
    return levels


def _folder_given(entry: Mapping[str, Any]) -> Given:
    truths = tuple(
        _truth(values, Separable.of_affine("OGC:CRS84", place, values.shape))
        for number, factor in enumerate(FACTORS)
        for values in [_values(number, factor)]
        for place in [Affine(0.01 * factor, 0, 5.0, 0, -0.01 * factor, 52.0)]
    )
    return Given(entry, "a", truths, variables=("a",), dims={})


def _xcube(folder: Path) -> Given:
    return _folder_given({"url": str(_folder_of(folder, "0.zarr"))})


def _linked(folder: Path) -> Given:
    levels = _folder_of(folder, "../../base.zarr")
    return _folder_given({"url": str(folder), "group": str(levels.relative_to(folder))})


def _linked_out(folder: Path) -> Refused:
    return Refused(
        {"url": str(_folder_of(folder, "../../base.zarr"))},
        "0.link names '../../base.zarr', which does not lie below the dataset's url: register a "
        "folder that holds both and name the levels folder as its group, or copy it to 0.zarr",
    )


def _real_xcube(folder: Path) -> Given:
    path = shared("xcube/cube-1-250-250.levels")
    stores = [path / f"{n}.zarr" for n in range(3)]
    if not all(store.is_dir() for store in stores):
        raise Absent("not all levels are here")
    truths = []
    for store in stores:
        lon, lat = (zarr.open_group(store)[name][:] for name in ("lon", "lat"))
        read = by_xarray(store, "conc_chl")
        truths.append(Truth(Separable.of_centers("OGC:CRS84", lon, lat), read))
    asks = ({"time": "2017-01-16"}, {"time": "2017-01-30"})
    entry = {"url": str(path), "variables": ["conc_chl"]}
    return Given(entry, "conc_chl", tuple(truths), asks=asks, units="mg m^-3")


CASES = [
    Case("Pyramids", "GeoZarr multiscales, transforms of levels", _layout),
    Case("Pyramids", "GeoZarr multiscales, scales alone", _scales),
    Case("Pyramids", "GeoZarr multiscales, arrays in groups as assets", _assets),
    Case("Pyramids", "GeoZarr multiscales, arrays as assets", _arrays),
    Case("Pyramids", "GeoZarr multiscales by tile matrix set", _matrices),
    Case("Pyramids", "groups r10m, r20m, r60m without metadata", _by_name),
    Case("Pyramids", "ndpyramid, coarsest level first", _ndpyramid),
    Case("Pyramids", "OME-NGFF arrays, CRS from the catalogue", _ome),
    Case("Pyramids", "levels that do not belong are left out", _unlike),
    Case("Pyramids", "xcube levels folder", _xcube),
    Case("Pyramids", "xcube levels folder with a link", _linked),
    Case("Pyramids", "xcube levels folder, link out of the prefix", _linked_out),
    Case("Pyramids", "xcube levels folder of real data", _real_xcube),
]
