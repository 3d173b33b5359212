"""Look-alikes of the archive of the Copernicus Data Space Ecosystem, and of its STAC API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine

from tests.catalogs.stores import Array, fill
from tests.sources.tiff.geotiffs import write

STAC = "stac.dataspace.copernicus.eu"
TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
SIDE, CELL = 1024, 100
CORNER = (600_000, 5_900_040)
LOGIN = "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/.well-known/openid-configuration"
SCHEMES = {
    "cdse-s3": {
        "type": "custom-s3",
        "title": "Copernicus Data Space Ecosystem S3",
        "platform": "https://eodata.dataspace.copernicus.eu",
        "requester_pays": False,
    },
    "creodias-s3": {
        "type": "custom-s3",
        "title": "CREODIAS S3",
        "platform": "https://eodata.cloudferro.com",
        "requester_pays": True,
    },
}
OPTICAL = {"B02": (200, 1500), "B03": (200, 2000), "B04": (150, 2500), "B08": (300, 5000)}
RADAR = {"VV": (0.0, 0.4), "VH": (0.0, 0.1)}


def mosaics(
    folder: Path, prefix: str, times: Mapping[str, str], spans: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    """What a search answers: the items of mosaics of one place, whose files are written.

    Args:
        prefix: of their keys in the bucket, above the day.
        times: the name of each by its day, as paths have it.
        spans: of the values of each band.
    """
    features = []
    for day, name in times.items():
        key = f"{prefix}/{day}/{name}"
        place = folder / "eodata" / key
        place.mkdir(parents=True)
        for number, (band, span) in enumerate(spans.items()):
            _write(place / f"{band}.tif", span, number)
        assets = {band: _asset(f"s3://eodata/{key}/{band}.tif", band) for band in spans}
        time = f"{day.replace('/', '-')}T00:00:00Z"
        features.append(_item(name, time, assets))
    return {"type": "FeatureCollection", "features": features, "links": [], "numberReturned": 2}


def _write(path: Path, span: tuple[float, float], number: int) -> None:
    is_real = span[1] < 1
    layer = Array("", span, "f4" if is_real else "i2")
    data = np.roll(fill(layer, (SIDE, SIDE)), 90 * number, axis=1)
    data[:40, :40] = -32768
    write(path, data[None], transform=_transform(), overviews=(2, 4, 8), crs="EPSG:32631",
          nodata=-32768, compress="DEFLATE", blockxsize=512, blockysize=512)  # fmt: skip


def _transform() -> Affine:
    west, north = CORNER
    return Affine(CELL, 0, west, 0, -CELL, north)


def _asset(href: str, band: str) -> dict[str, Any]:
    """Its own place, and that which asks for a login."""
    nodes = "https://download.dataspace.copernicus.eu/odata/v1/Products(1)/Nodes(x)/$value"
    https = {"href": nodes, "alternate:name": "HTTPS", "auth:refs": ["oidc"], "storage:refs": []}
    return {
        "href": href,
        "type": TIFF,
        "roles": ["data"],
        "bands": [{"name": band}],
        "nodata": -32768,
        "proj:shape": [SIDE, SIDE],
        "proj:transform": list(_transform())[:6],
        "alternate:name": "S3",
        "auth:refs": ["s3"],
        "storage:refs": ["cdse-s3", "creodias-s3"],
        "alternate": {"https": https},
    }


def _item(name: str, time: str, assets: Mapping[str, Any]) -> dict[str, Any]:
    more = {
        "observations": {"href": "s3://eodata/none.tif", "type": TIFF, "roles": ["metadata"]},
        "thumbnail": {"href": "https://datahub.example.org/t.png", "type": "image/png",
                      "roles": ["thumbnail"]},
    }  # fmt: skip
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": name,
        "geometry": None,
        "properties": {
            "datetime": None,
            "start_datetime": time,
            "end_datetime": time,
            "proj:code": "EPSG:32631",
            "auth:schemes": {
                "s3": {"type": "s3"},
                "oidc": {"type": "openIdConnect", "openIdConnectUrl": LOGIN},
            },
            "storage:schemes": SCHEMES,
        },
        "links": [],
        "assets": {**assets, **more},
    }


def write_search(folder: Path, found: Mapping[str, Any], name: str) -> str:
    """An answer of the API as an object; returns its path."""
    path = folder / STAC / "v1" / name / "search"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    return f"{STAC}/v1/{name}/search"


def height(path: Path, west: int, north: int) -> None:
    """A file of the elevation model, of a degree: a tenth as many cells along each side."""
    path.parent.mkdir(parents=True)
    data = fill(Array("", (0, 2500)), (360, 360))
    write(path, data[None], transform=Affine(1 / 360, 0, west, 0, -1 / 360, north),
          crs="EPSG:4326", overviews=(2,))  # fmt: skip
