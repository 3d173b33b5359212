"""STAC documents that the tests write, with the GeoTIFFs that they name."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from tests.sources.tiff.geotiffs import TRANSFORM, numbers, write

TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"


def asset(
    folder: Path, key: str, data: np.ndarray, *, transform: Affine = TRANSFORM, **more: Any
) -> dict[str, Any]:
    """A file of data (bands, rows, cols) with its place, and whatever the asset says more."""
    options = {"overviews": (2,)} | more.pop("file", {})
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / f"{key}.tif", data, transform=transform, **options)
    return {
        "href": f"./{key}.tif",
        "type": TIFF,
        "roles": ["data"],
        "proj:transform": [*transform],
        "proj:shape": list(data.shape[1:]),
        **more,
    }


def item(
    identity: str, time: str | None, assets: dict[str, Any], **properties: Any
) -> dict[str, Any]:
    """An Item of STAC 1.0."""
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": identity,
        "geometry": None,
        "properties": {"datetime": time, "proj:epsg": 32633, **properties},
        "assets": assets,
        "links": [],
    }


def put(path: Path, document: dict[str, Any]) -> Path:
    """A document as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


def collection(*hrefs: str, relation: str = "item", **more: Any) -> dict[str, Any]:
    """A Collection with links."""
    return {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "c",
        "title": "Some scenes",
        "description": "of a place",
        "links": [{"rel": relation, "href": href} for href in hrefs],
        **more,
    }


def write_scenes(folder: Path, count: int = 3) -> dict[str, Any]:
    """A Collection of items in folders of their own: `red` fine and packed, `scl` coarse and
    missing in the second."""
    hrefs = []
    for number in range(count):
        own = folder / f"i{number}"
        packed = [{"nodata": 0, "scale": 0.0001, "offset": -0.1, "unit": "1"}]
        red = numbers("uint16", shape=(200, 240)) + number
        red[:, :20, :20] = 0
        assets = {
            "red": asset(own, "red", red, title="Red", **{"raster:bands": packed}),
            "thumbnail": {"href": "./t.png", "type": "image/png", "roles": ["thumbnail"]},
        }
        if number != 1:
            data = numbers("uint8", shape=(100, 120)) + number
            assets["scl"] = asset(own, "scl", data, transform=TRANSFORM @ Affine.scale(2))
        time = f"2024-01-0{number + 1}T10:00:00Z"
        put(own / "item.json", item(f"i{number}", time, assets))
        hrefs.append(f"./i{number}/item.json")
    document = collection(*hrefs)
    put(folder / "collection.json", document)
    return document
