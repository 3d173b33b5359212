"""Where the data lie: as Zarr at the server, and in public storage itself."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from tileserver.dataset import Dataset, Entry
from tileserver.services.stac import cube
from tileserver.services.stac.site import Site
from tileserver.services.stac.view import DATA
from tileserver.services.stac.vocabulary import COG, ZARR, Json
from tileserver.sources.opening import NETCDF_SUFFIXES, TIFF_SUFFIXES, WILDCARDS
from tileserver.sources.optimized import original
from tileserver.sources.storage.connection import Storage, is_local
from tileserver.sources.storage.store import Store
from tileserver.sources.zarr.array import ZarrSource

SOURCE, SCHEME = "source", "source"
AWS = "https://{bucket}.s3.{region}.amazonaws.com"


def assets(entry: Entry, dataset: Dataset, site: Site) -> Json:
    """Those of a collection: the data at the server, and where they are read from if all may."""
    found: Json = {}
    described = cube.projection(dataset.variables[0].grid) | {"bands": cube.bands(dataset)}
    if site.base is not None and site.passes:
        zarr = {"zarr:node_type": "group", "zarr:consolidated": True}
        zarr |= {"zarr:zarr_format": zarr_format(dataset)}
        found[DATA] = {
            "href": f"{site.base}/zarr/{dataset.id}",
            "type": f"{ZARR}; version={zarr['zarr:zarr_format']}",
            "title": f"{dataset.title} as Zarr",
            "roles": ["data"],
            **zarr,
            **described,
        }
    url = source_url(entry, site)
    if url is not None:
        found[SOURCE if found else DATA] = _source(entry, dataset, url) | described
    return found


def zarr_format(dataset: Dataset) -> int:
    """That of the store, or of what is made of something else."""
    source = original(dataset.source)
    if isinstance(source, ZarrSource) and source.readable is not None:
        return source.zarr_format
    return 2


def _source(entry: Entry, dataset: Dataset, url: str) -> Json:
    found: Json = {"href": url, "title": dataset.title, "roles": ["data"]}
    source = original(dataset.source)
    if url.lower().endswith(TIFF_SUFFIXES):
        found["type"] = COG
    elif url.lower().endswith(NETCDF_SUFFIXES):
        found["type"] = "application/netcdf"
    elif isinstance(source, ZarrSource) and isinstance(source.objects, Store):
        found |= {
            "type": f"{ZARR}; version={source.zarr_format}",
            "zarr:node_type": "group",
            "zarr:zarr_format": source.zarr_format,
        }
    if scheme(entry) is not None:
        found["storage:refs"] = [SCHEME]
    return found


def source_url(entry: Entry, site: Site) -> str | None:
    """Where anybody may read what the dataset is made of; None where one may not, or of several.

    In a folder that is exported for no server files of the machine are named, too.
    """
    url = entry.config.url
    if not isinstance(url, str) or any(c in url for c in WILDCARDS):
        return None
    if is_local(url):
        if site.base is not None:
            return None
        path = entry.origin.base / Path(urlsplit(url).path)
        return _below(str(path.resolve()), entry)
    storage = entry.origin.storage or Storage()
    is_open = storage.anonymous or (storage.access_key_id is None and not url.startswith("s3:"))
    parts = urlsplit(url)
    if not is_open or entry.config.access is not None or parts.query or "@" in parts.netloc:
        return None
    return _below(url, entry)


def _below(url: str, entry: Entry) -> str:
    group = entry.config.group.strip("/")
    return f"{url.rstrip('/')}/{group}" if group else url


def scheme(entry: Entry) -> Json | None:
    """How public S3 storage is reached, by the extension storage."""
    url = entry.config.url
    if not isinstance(url, str) or not url.startswith("s3:"):
        return None
    storage = entry.origin.storage or Storage()
    found: Json = {"type": "custom-s3", "platform": storage.endpoint}
    if storage.endpoint is None:
        found = {"type": "aws-s3", "platform": AWS, "region": storage.region or "us-east-1"}
    elif storage.region:
        found["region"] = storage.region
    return found | {"bucket": urlsplit(url).netloc, "requester_pays": storage.requester_pays}
