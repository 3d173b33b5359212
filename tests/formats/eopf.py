"""Cases of the table: products of EOPF, their metadata by those who make them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from affine import Affine

from tests.formats.case import Case, Given, shared
from tests.formats.eopf_tree import (
    Sparse,
    Tree,
    level,
    load,
    made_up,
    member,
    resolutions,
    write_tree,
)
from tests.formats.stores import add, consolidate, numbers
from tests.formats.truth import DEGREES, Rotated, Truth

L2A = "S2A_MSIL2A_20251008T100041_N0511_R122_T32TQM_20251008T122613.json"
L1C = "S2B_MSIL1C_20250113T103309_N0511_R108_T32TLQ_20250113T122458.json"
GRD = "S1A_IW_GRDH_1SDV_20241218T180252_20241218T180317_057050_0702F2_0BC2.json"
REFLECTANCE = "measurements/reflectance"
SCL = "conditions/mask/l2a_classification"
COLOURS = {"value": "a picture has no value", "legend": "a picture has none"}
FEW = {"legend": "most chunks are not there"}
PART = (6000, 9000)
WRITTEN = (900, 900)  # rows and columns at least, of each level
SETS = ("WebMercatorQuad",)


def _corner(tree: Tree, path: str) -> Affine:
    """Where the finest level lies by its own attributes."""
    return Affine(*member(tree, path)["attributes"]["proj:transform"][:6])


def _band(folder: Path, file: str, name: str, group: str = REFLECTANCE) -> Given:
    """One band in all its resolutions: each reaches from the product's corner."""
    tree = load(shared(f"eopf/{file}"))
    root = write_tree(tree, folder / "a.zarr")
    paths = resolutions(tree, group, name)
    about = member(tree, paths[0])["attributes"]
    truths = _levels(root, tree, paths)
    west, south, east, north = about["proj:bbox"]
    assert truths[0].place.x_edges[[0, -1]].tolist() == [west, east]
    assert truths[0].place.y_edges[[0, -1]].tolist() == [north, south]
    entry = {"url": str(folder / "a.zarr"), "variables": [name]}
    variable = f"{group.replace('/', '.')}.{name}"
    return Given(
        entry, variable, truths, variables=(variable,), units=about.get("units"), sets=SETS
    )


def _levels(root: Any, tree: Tree, paths: Any) -> tuple[Sparse, ...]:
    corner = _corner(tree, paths[0])
    crs = f"EPSG:{member(tree, paths[0])['attributes']['proj:epsg']}"
    return tuple(
        level(root, path, number, corner @ Affine.scale(_times(tree, paths, path)), crs, WRITTEN)
        for number, path in enumerate(paths)
    )


def _times(tree: Tree, paths: Any, path: str) -> int:
    """How many cells of the finest level one is wide, as the group's name says in metres."""
    finest, own = (int(p.split("/")[-2][1:-1]) for p in (paths[0], path))
    return own // finest


def _l2a(folder: Path) -> Given:
    return _band(folder, f"s2_examples/{L2A}", "b03")


def _l1c(folder: Path) -> Given:
    return _band(folder, f"s2_examples/{L1C}", "b11")


def _geozarr(folder: Path) -> Given:
    return _band(folder, f"geozarr_examples/{L2A}", "b02")


def _optimized(folder: Path) -> Given:
    return _band(folder, f"optimized_geozarr_examples/{L2A}", "b05")


@dataclass(frozen=True)
class Masked(Truth):
    """A band where a mask of coarser cells holds a class, by the cells of both."""

    band: Sparse | None = None
    mask: Sparse | None = None

    def expected(self, rows: np.ndarray, cols: np.ndarray, ask: Mapping[str, str]) -> np.ndarray:
        assert self.band is not None
        assert self.mask is not None
        ratio = self.band.place.shape[0] / self.mask.place.shape[0]
        classes = self.mask.expected(rows / ratio, cols / ratio, ask)
        return np.where(classes % 2 == 0, self.band.expected(rows, cols, ask), np.nan)


@dataclass(frozen=True)
class Picture(Truth):
    """Bands of cells of several sizes, where all of them have a value."""

    bands: tuple[Sparse, ...] = ()

    def expected(self, rows: np.ndarray, cols: np.ndarray, ask: Mapping[str, str]) -> np.ndarray:
        height = self.place.shape[0]
        parts = [(band, height / band.place.shape[0]) for band in self.bands]
        found = np.concatenate([b.expected(rows / n, cols / n, ask) for b, n in parts])
        return np.where(np.isnan(found).any(axis=0), np.nan, found)


def _picture(folder: Path) -> Given:
    """Red, green and blue of 10, 20 and 60 m; a coarse tile takes a coarser level of each."""
    tree = load(shared(f"eopf/s2_examples/{L2A}"))
    root = write_tree(tree, folder / "a.zarr")
    fine = _levels(root, tree, resolutions(tree, REFLECTANCE, "b04"))
    middle = _levels(root, tree, resolutions(tree, REFLECTANCE, "b8a"))
    coarse = _levels(root, tree, resolutions(tree, REFLECTANCE, "b09"))
    sets = ((fine[0], middle[0], coarse[0]), (fine[1], middle[0], coarse[0]))
    sets = (*sets, (fine[2], middle[1], coarse[0]))
    truths = tuple(Picture(bands[0].place, bands[0].read, bands) for bands in sets)
    composite = {"bands": ["b04", "b8a", "b09"], "rescale": [0, 0.2]}
    entry = {"url": str(folder / "a.zarr"), "variables": ["b04"], "composites": {"rgb": composite}}
    return Given(entry, "rgb", truths, sets=SETS, bbox=_bbox(fine[0]))


def _mask(folder: Path) -> Given:
    """A band of 10 m where the scene classification of 20 m is of some class."""
    tree = load(shared(f"eopf/s2_examples/{L2A}"))
    root = write_tree(tree, folder / "a.zarr")
    bands = _levels(root, tree, resolutions(tree, REFLECTANCE, "b04"))
    masks = _levels(root, tree, resolutions(tree, SCL, "scl"))
    pairs = ((bands[0], masks[0]), (bands[1], masks[0]), (bands[2], masks[1]))
    truths = tuple(Masked(band.place, band.read, band, mask) for band, mask in pairs)
    ask = {"expression": "where(scl % 2 == 0, b04, 0 / (scl - scl))"}
    entry = {"url": str(folder / "a.zarr"), "variables": ["b04", "scl"]}
    return Given(entry, "_", truths, asks=(ask,), sets=SETS, bbox=_bbox(bands[0]))


def _bbox(truth: Sparse) -> tuple[float, float, float, float]:
    height, width = truth.place.shape
    rows, cols = np.meshgrid(np.linspace(0, height, 65), np.linspace(0, width, 65))
    lon, lat = truth.place.spots(rows, cols)
    return (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))


def _radar(folder: Path) -> Given:
    """A swath that ground control points place; here they lie as an affine transform says."""
    tree = load(shared(f"eopf/s1_examples/{GRD}"))
    product = next(name for name in tree["members"] if name.endswith("_VV"))
    _cut(member(tree, f"{product}/measurements"))
    root = write_tree(tree, folder / "a.zarr")
    image = root[f"{product}/measurements/grd"]
    height, width = image.shape
    to_lonlat = Affine(2.9 / width, -0.3 / height, -2.5, 0.4 / width, -1.5 / height, 39.6)
    points = root[f"{product}/conditions/gcp"]
    rows, cols = (
        np.linspace(0, n - 1, count).round()
        for n, count in zip(image.shape, points["latitude"].shape, strict=True)
    )
    points["line"][:], points["pixel"][:] = rows, cols
    lon, lat = to_lonlat * (cols[None, :] + 0.5, rows[:, None] + 0.5)
    points["longitude"][:], points["latitude"][:] = lon, lat
    high, wide = (int(n) for n in image.chunks)
    image[:high, :wide] = made_up(0, np.arange(high)[:, None], np.arange(wide)[None, :])
    sample = made_up(0, np.arange(40)[:, None], np.arange(40)[None, :]).astype(float)
    place = Rotated(DEGREES, to_lonlat, (height, width))
    truth = Sparse(place, lambda ask: sample, 0, (high, wide), missing=0.0)
    entry = {"url": str(folder / "a.zarr"), "group": product, "variables": ["grd"]}
    # West and east are told to the twentieth of a degree, outwards.
    return Given(entry, "measurements.grd", (truth,), sets=SETS, bbox=(-2.85, 38.1, 0.4, 40.0))


def _cut(group: Tree) -> None:
    """Leaves a part of the image, which has no levels and is too large to be drawn whole."""
    for name, node in group["members"].items():
        rows_cols = {"grd": PART, "ground_range": PART[1:], "pixel": PART[1:]}
        node["shape"] = list(rows_cols.get(name, PART[:1]))


def _swath(folder: Path) -> Given:
    """Radiances on 2-D latitudes and longitudes, masked by flags in a group that has none."""
    root = zarr.create_group(folder / "a.zarr", zarr_format=2)
    measured, quality = root.create_group("measurements"), root.create_group("quality")
    shape, dims = (90, 120), ("rows", "columns")
    to_lonlat = Affine(0.01, 0.003, 10.0, 0.002, -0.01, 50.0)
    rows, cols = np.indices(shape)
    lon, lat = to_lonlat * (cols + 0.5, rows + 0.5)
    stored, flags = numbers("u2", shape), (1 << (rows // 3 % 4)).astype("u1")
    about = {"coordinates": "latitude longitude"}
    add(measured, "longitude", lon, dims, {"units": "degrees_east"})
    add(measured, "latitude", lat, dims, {"units": "degrees_north"})
    add(measured, "oa01_radiance", stored, dims, {**about, "scale_factor": 0.5})
    masks = {"flag_masks": [1, 2, 4, 8], "flag_meanings": "land cloud glint invalid"}
    add(quality, "quality_flags", flags, dims, {**about, **masks})
    consolidate(folder / "a.zarr")
    seen = np.where(flags & 2, np.nan, stored * 0.5)
    truth = Truth(Rotated(DEGREES, to_lonlat, shape), lambda ask: seen)
    ask = {
        "expression": "where(quality_flags & 2, 0 / (quality_flags - quality_flags), oa01_radiance)"
    }
    variables = ("measurements.oa01_radiance", "quality.quality_flags")
    entry = {"url": str(folder / "a.zarr")}
    box = (9.95, 49.1, 11.5, 50.24)  # west and east to a twentieth of a degree, outwards
    return Given(entry, "_", (truth,), asks=(ask,), variables=variables, sets=SETS, bbox=box)


CASES = [
    Case("EOPF products", "Sentinel-2 L2A, a band of 10, 20 and 60 m", _l2a),
    Case("EOPF products", "Sentinel-2 L1C, a band of 20 m", _l1c),
    Case("EOPF products", "Sentinel-2 L2A as GeoZarr, six levels", _geozarr),
    Case("EOPF products", "Sentinel-2 L2A as optimised GeoZarr, shards", _optimized),
    Case("EOPF products", "Sentinel-2 L2A, a picture of 10, 20 and 60 m bands", _picture, COLOURS),
    Case("EOPF products", "Sentinel-2 L2A, a 10 m band masked by 20 m classes", _mask),
    Case("EOPF products", "Sentinel-3 swath, radiance masked by flags of another group", _swath),
    Case("EOPF products", "Sentinel-1 GRD, ground control points", _radar, FEW),
]
