"""Looking below an address, whatever it is of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tileserver.discovery.folder import Walk, kind_of_file
from tileserver.discovery.found import Bounds, Findings, Found, own_id
from tileserver.discovery.stac import Each, Visit
from tileserver.errors import CatalogError
from tileserver.sources.address import check_address
from tileserver.sources.shelf import Shelf
from tileserver.sources.stac.cube import ENDINGS
from tileserver.sources.storage.connection import Storage, is_local, open_store
from tileserver.sources.storage.traffic import Traffic


async def discover(
    url: str,
    storage: Storage | None = None,
    *,
    each: Each | None = None,
    bounds: Bounds | None = None,
    allowed: Sequence[str] = (),
    traffic: Traffic | None = None,
) -> Findings:
    """The datasets below a folder of a bucket or disk, or that a STAC document or API names.

    Args:
        each: of STAC what becomes a dataset, as of `Visit`.
        allowed: prefixes of which every URL must have one, if there are any.
        traffic: of the storage.

    Raises CatalogError, SourceError where the address itself cannot be used.
    """
    await check_address(url, storage, allowed)
    findings = Findings(bounds or Bounds())
    if any(c in url for c in "*?[") and not is_web(url):
        raise CatalogError(
            "url: expected a folder, without wildcards: they are found by themselves"
        )
    if is_web(url) or url.lower().endswith(ENDINGS):
        root = str(Path(urlsplit(url).path).absolute()) if is_local(url) else url
        shelf = Shelf(root, Path(), storage, (), allowed, traffic)
        await Visit(shelf, findings, each).go()
    elif (kind := kind_of_file(url)) is not None:
        findings.add(Found(own_id(url), url, kind))
    else:
        await Walk(open_store(url, storage, traffic=traffic), url, findings).go()
    return findings


def is_web(url: str) -> bool:
    """Whether a URL is one of a web server: these do not list, but speak of STAC."""
    return url.startswith(("http:", "https:"))
