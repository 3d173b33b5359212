"""Cases of the table: STAC Items, ItemCollections and Collections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from tests.formats.case import Case, Given, Refused
from tests.formats.stores import LAT, LON, by_zarr, lonlat, numbers, write
from tests.formats.tiff import SETS, SHAPE, TRANSFORM, by_rasterio, write_tiff
from tests.formats.truth import Truth

SECTION = "STAC"
TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
TIMES = tuple(f"2020-01-0{day}T10:30:00Z" for day in (1, 2, 4))


def _item(identity: str, time: str, assets: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": identity, "geometry": None, "links": [],
        "properties": {"datetime": time, "proj:epsg": 32633}, "assets": assets,
    }  # fmt: skip


def _asset(path: Path, data: np.ndarray, transform: Affine = TRANSFORM, **more: Any) -> Any:
    write_tiff(path, data, transform=transform)
    return {
        "href": f"./{path.name}", "type": TIFF, "roles": ["data"], **more,
        "proj:transform": [*transform], "proj:shape": [*data.shape[1:]],
    }  # fmt: skip


def _items(folder: Path) -> list[dict[str, Any]]:
    """Three times of a fine asset, packed; of a coarse one the second is missing."""
    packed = {"raster:bands": [{"scale": 0.5, "offset": -10, "nodata": 3, "unit": "K"}]}
    items = []
    for number, time in enumerate(TIMES):
        data = numbers("i2", (1, *SHAPE)) + np.int16(100 * number)
        assets = {"lst": _asset(folder / f"lst{number}.tif", data, **packed)}
        if number != 1:
            coarse = TRANSFORM @ Affine.scale(2)
            data = numbers("u1", (1, 35, 45)) + np.uint8(number)
            assets["scl"] = _asset(folder / f"scl{number}.tif", data, coarse)
        items.append(_item(f"i{number}", time, assets))
    return items


def _put(folder: Path, name: str, document: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(document))


def _truth(folder: Path, name: str) -> Truth:
    """An asset by rasterio, unpacked as its items say."""
    known = {
        time: by_rasterio(path)
        for number, time in enumerate(TIMES)
        if (path := folder / f"{name}{number}.tif").exists()
    }
    first = known[TIMES[0]]

    def read(ask: Any) -> np.ndarray:
        time = ask.get("time", TIMES[-1])
        if time not in known:
            return np.full(first.place.shape, np.nan)
        cells = known[time].read({})
        return np.where(cells == 3, np.nan, cells * 0.5 - 10) if name == "lst" else cells

    return Truth(first.place, read)


def _collection(folder: Path, variable: str = "lst") -> Given:
    for number, item in enumerate(_items(folder)):
        _put(folder, f"i{number}.json", item)
    links = [{"rel": "item", "href": f"./i{number}.json"} for number in range(3)]
    _put(folder, "c.json", {"type": "Collection", "stac_version": "1.0.0", "id": "c",
                            "links": links})  # fmt: skip
    return Given(
        {"url": "c.json"}, variable, (_truth(folder, variable),), sets=SETS,
        asks=tuple({"time": time} for time in TIMES), times=TIMES, dims={"time": 3},
        variables=("lst", "scl"), units="K" if variable == "lst" else None,
    )  # fmt: skip


def _empty_step(folder: Path) -> Given:
    """The asset that the second item lacks."""
    return _collection(folder, "scl")


def _features(folder: Path) -> Given:
    _put(folder, "a.geojson", {"type": "FeatureCollection", "features": _items(folder)})
    return Given(
        {"url": "a.geojson", "assets": ["lst"]}, "lst", (_truth(folder, "lst"),), times=TIMES,
        asks=({}, {"time": TIMES[0]}), variables=("lst",), units="K", sets=SETS,
    )  # fmt: skip


def _one(folder: Path) -> Given:
    _put(folder, "a.json", _items(folder)[2])
    return Given({"url": "a.json"}, "scl", (_truth(folder, "scl"),), times=TIMES[2:], sets=SETS)


def _neighbours(folder: Path) -> Given:
    """Two items of one time, side by side, of one image."""
    data = numbers("i2", (1, *SHAPE))
    truth = by_rasterio(write_tiff(folder / "whole.tif", data))
    features = []
    for number, cols in enumerate((slice(0, 50), slice(50, 90))):
        to_crs = TRANSFORM @ Affine.translation(cols.start, 0)
        asset = _asset(folder / f"a{number}.tif", data[..., cols], to_crs)
        features.append(_item(f"i{number}", TIMES[0], {"a": asset}))
    _put(folder, "a.json", {"type": "FeatureCollection", "features": features})
    return Given({"url": "a.json"}, "a", (truth,), times=TIMES[:1], sets=SETS)


def _zarr(folder: Path) -> Given:
    path = write(folder / "a.zarr", numbers("f4"), chunks=(20, 30))
    asset = {"href": "./a.zarr", "type": "application/vnd+zarr"}
    _put(folder, "a.json", _item("a", TIMES[0], {"product": asset}))
    return Given({"url": "a.json"}, "a", (Truth(lonlat(LON, LAT), by_zarr(path)),))


def _refused(message: str, **change: Any) -> Any:
    def make(folder: Path) -> Refused:
        asset = _asset(folder / "a.tif", numbers("i2", (1, *SHAPE)))
        _put(folder, "a.json", _item("a", TIMES[0], {"a": asset}) | change)
        return Refused({"url": "a.json"}, message)

    return make


CASES = [
    Case(SECTION, name, make)
    for name, make in {
        "a Collection with links to items": _collection,
        "an asset that an item lacks": _empty_step,
        "an ItemCollection": _features,
        "an Item": _one,
        "items side by side": _neighbours,
        "an Item whose asset is Zarr": _zarr,
        "a Catalog": _refused(
            "url: a STAC document of type Catalog: expected an Item, an ItemCollection or a "
            "Collection with items; of a Catalog register one of its collections",
            type="Catalog",
        ),
        "assets that lie elsewhere": _refused(
            "asset 'a': the document points to s3://other/, which the dataset may not read: add it "
            "to the dataset's references, if it is meant, e.g. references: [s3://other/]",
            assets={"a": {"href": "s3://other/a.tif", "type": TIFF}},
        ),
        "only VRT assets": _refused(
            "url: no asset of the items is a GeoTIFF or Zarr that holds data",
            assets={"a": {"href": "./a.vrt", "type": TIFF}},
        ),
    }.items()
]
