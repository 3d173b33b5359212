"""Which route a request went, and for which dataset."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

PROBES = ("/healthz", "/readyz", "/metrics")  # asked for all the time by what watches over a server
NONE = "none"  # no route has such a path, or the request was refused before it was looked for
# Where the router was not asked; else it leaves its own.
_TEMPLATE, _DATASET = "tileserver.route", "tileserver.dataset"


def matched(scope: Scope, template: str, dataset: str) -> None:
    """Say which route's answer this is, for who answers before the router."""
    scope[_TEMPLATE], scope[_DATASET] = template, dataset


def route_of(scope: Scope) -> str:
    """The template of its path, as the routes are declared: of these there are few."""
    template: str | None = scope.get(_TEMPLATE)
    if template is None:
        template = getattr(scope.get("route"), "path", NONE)
    return template


def has_adapter(request: Request, name: str) -> bool:
    """Whether a protocol of another server is on."""
    routes = request.app.routes
    return any(getattr(route, "path", "").startswith(f"/{name}/") for route in routes)


def dataset_of(scope: Scope) -> str:
    """What stands for a dataset in the path, "" where nothing does."""
    dataset: str | None = scope.get(_DATASET)
    if dataset is None:
        dataset = str(scope.get("path_params", {}).get("dataset", ""))
    return dataset
