"""Protocols of other servers, each on or off: a route module and a service over the same core."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tileserver.errors import CatalogError
from tileserver.http import stac, zarr
from tileserver.http.edr import routes as edr
from tileserver.http.endpoint import Endpoint
from tileserver.http.xcube import routes as xcube

ADAPTERS: Mapping[str, tuple[Endpoint, ...]] = {
    "edr": edr.ENDPOINTS,
    "stac": stac.ENDPOINTS,
    "xcube": xcube.ENDPOINTS,
    "zarr": zarr.ENDPOINTS,
}


def adapted(names: Iterable[str]) -> tuple[Endpoint, ...]:
    """The endpoints of some adapters. Raises CatalogError where one is not installed."""
    return tuple(endpoint for name in names for endpoint in _endpoints(name))


def _endpoints(name: str) -> tuple[Endpoint, ...]:
    return _titiler() if name == "titiler" else ADAPTERS[name]


def _titiler() -> tuple[Endpoint, ...]:
    """Those of an extra, whose import takes seconds."""
    try:
        from tileserver.http.titiler import routes
    except ImportError as error:
        raise CatalogError(
            "adapters: titiler is not installed: pip install 'tileserver[titiler]'"
        ) from error
    return routes.ENDPOINTS
