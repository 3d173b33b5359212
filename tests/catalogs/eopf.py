"""Look-alikes of products of the EOPF samples service, and of their STAC items."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from tests.catalogs.stores import Array, fill, put

STAC = "stac.core.eopf.eodc.eu"
BANDS = {
    "r10m": ("b02", "b03", "b04", "b08"),
    "r20m": ("b01", "b02", "b03", "b04", "b05", "b06", "b07", "b11", "b12", "b8a"),
    "r60m": ("b01", "b02", "b03", "b04", "b05", "b06", "b07", "b09", "b11", "b12", "b8a"),
}
CELLS = {"r10m": 10, "r20m": 20, "r60m": 60}
SIDE = 10_980  # a tenth of a scene's: as many chunks, with fewer numbers
CHUNK = 183
ZARR = "application/vnd+zarr"
OPEN = {"chunks": {}, "engine": "eopf-zarr", "op_mode": "native"}


def scene(path: Path, corner: tuple[int, int], epsg: int) -> None:
    """A Sentinel-2 L2A product: bands and masks in groups by the size of their cells.

    Args:
        corner: west and north, in metres.
    """
    root = zarr.create_group(path, zarr_format=2, attributes={"stac_discovery": {"id": path.stem}})
    for group, names in BANDS.items():
        for number, name in enumerate(names):
            span = (0.01 + 0.01 * number, 0.3 + 0.02 * number)
            band = Array(name, span, "u2", packing=(0.0001, -0.1))
            about = {"_FillValue": 0, "add_offset": -0.1, "scale_factor": 0.0001, "valid_min": 1,
                     "valid_max": 65535, "fill_value": 0, "units": "digital_counts"}  # fmt: skip
            where = f"measurements/reflectance/{group}"
            _layer(root, where, band, CELLS[group], corner, epsg, **about)
    for group in CELLS:
        for name, top in (("aot", 500), ("wvp", 4000)):
            layer = Array(name, (0, top), "u2")
            where = f"quality/atmosphere/{group}"
            _layer(root, where, layer, CELLS[group], corner, epsg)
        mask = Array("b02", (0, 1), "u1")
        _layer(root, f"quality/mask/{group}", mask, CELLS[group], corner, epsg)
    classes, cloud = Array("scl", (0, 11), "u1"), Array("cld", (0, 100), "u1")
    for group in ("r20m", "r60m"):
        where = f"conditions/mask/l2a_classification/{group}"
        _layer(root, where, classes, CELLS[group], corner, epsg)
    _layer(root, "quality/probability/r20m", cloud, 20, corner, epsg)
    zarr.consolidate_metadata(path, zarr_format=2)


def _layer(
    root: zarr.Group,
    where: str,
    layer: Array,
    cell: int,
    corner: tuple[int, int],
    epsg: int,
    **attrs: Any,
) -> None:
    group, size = root.require_group(where), SIDE // cell
    west, north = corner
    for name, first, sign in (("x", west, 1), ("y", north, -1)):
        if name not in group:
            values = first + sign * cell * np.arange(size) + sign * cell // 2
            put(group, name, (name,), (size,), (size,), "i8")[...] = values
    about = {
        "proj:epsg": epsg,
        "proj:shape": [size, size],
        "proj:transform": [cell, 0, west, 0, -cell, north, 0, 0, 1],
        "proj:bbox": [west, north - SIDE, west + SIDE, north],
        **attrs,
    }
    array = put(group, layer.name, ("y", "x"), (size, size), (CHUNK, CHUNK), layer.dtype, **about)
    array[...] = fill(layer, (size, size))


def radar(path: Path) -> None:
    """A Sentinel-1 GRD product, a tenth as many pixels along each side: control points place it."""
    root = zarr.create_group(path, zarr_format=2)
    rows, cols, lines, pixels = 1668, 2659, 10, 21
    line = np.repeat(np.linspace(0, rows - 1, lines), pixels).round()
    pixel = np.tile(np.linspace(0, cols - 1, pixels), lines).round()
    along, across = line / rows, pixel / cols
    places = {
        "latitude": 48.5 - 1.5 * along - 0.3 * across,
        "longitude": 12 + 3.4 * across - 0.4 * along,
    }
    for polarisation, top in (("VV", 600), ("VH", 250)):
        product = root.create_group(
            f"S01SIWGRD_20250603T053151_0025_C014_EE86_0056AB_{polarisation}"
        )
        points = product.create_group("conditions/gcp")
        for name, values in {**places, "line": line, "pixel": pixel}.items():
            dtype = "u4" if name in ("line", "pixel") else "f8"
            put(points, name, ("azimuth_time",), values.shape, values.shape, dtype)[...] = values
        group = product.create_group("measurements")
        grd = put(group, "grd", ("azimuth_time", "ground_range"), (rows, cols), (505, cols), "u2",
                  long_name="measurement data set for GRD IW")  # fmt: skip
        grd[...] = fill(Array("grd", (20, top), "u2"), (rows, cols))
    zarr.consolidate_metadata(path, zarr_format=2)


def land_colour(path: Path) -> None:
    """A Sentinel-3 OLCI L2 product, a tenth as many pixels along each side, with their places."""
    root = zarr.create_group(path, zarr_format=2)
    rows, cols = 409, 486
    y, x = np.mgrid[0:rows, 0:cols] / np.array([rows, cols])[:, None, None]
    group = root.create_group("measurements")
    for name, values in (("latitude", 52 - 10 * y - 2 * x), ("longitude", 5 + 16 * x - 3 * y)):
        units = "degrees_north" if name == "latitude" else "degrees_east"
        put(group, name, ("rows", "columns"), (rows, cols), (103, 122), "f8", units=units,
            standard_name=name)[...] = values  # fmt: skip
    for name, top in (("gifapar", 1), ("otci", 6.5), ("iwv", 70)):
        array = put(group, name, ("rows", "columns"), (rows, cols), (103, 122), "f4",
                    coordinates="latitude longitude")  # fmt: skip
        array[...] = fill(Array(name, (0, top)), (rows, cols))
    zarr.consolidate_metadata(path, zarr_format=2)


def write_item(path: Path, product: str, epsg: int) -> None:
    """The STAC item of a scene: the product, its groups, its metadata, a quicklook."""
    groups = {
        "SR_10m": ("measurements/reflectance/r10m", BANDS["r10m"]),
        "SR_20m": ("measurements/reflectance/r20m", BANDS["r20m"]),
        "SR_60m": ("measurements/reflectance/r60m", BANDS["r60m"]),
        "AOT_10m": ("quality/atmosphere/r10m/aot", ()),
        "SCL_20m": ("conditions/mask/l2a_classification/r20m/scl", ()),
    }
    assets = {key: _asset(f"{product}/{inner}", bands) for key, (inner, bands) in groups.items()}
    assets["product"] = {
        "href": product,
        "type": ZARR,
        "title": "EOPF Product",
        "roles": ["data", "metadata"],
        "xarray:open_datatree_kwargs": OPEN,
    }
    assets["product_metadata"] = {
        "href": f"{product}/.zmetadata",
        "type": "application/json",
        "title": "Consolidated Metadata",
        "roles": ["metadata"],
    }
    path.parent.mkdir(parents=True)
    document = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": path.name,
        "collection": "sentinel-2-l2a",
        "geometry": None,
        "bbox": [10.4, 45.9, 11.9, 46.9],
        "properties": {
            "datetime": "2025-05-30T10:15:59.024Z",
            "proj:code": f"EPSG:{epsg}",
            "platform": "sentinel-2b",
            "processing:level": "L2A",
        },
        "links": [{"rel": "license", "href": "https://sentinel.example.org/notice.pdf"}],
        "assets": assets,
    }
    path.write_text(json.dumps(document))


def _asset(href: str, bands: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"href": href, "type": ZARR, "xarray:open_dataset_kwargs": OPEN}
    if bands:
        found["bands"] = [{"name": name.upper()} for name in bands]
        return found | {"roles": ["data", "reflectance", "dataset"], "gsd": 10}
    return found | {"roles": ["data"]}
