"""What lies below an address, found and registered at once: a bucket's prefix, a STAC API …"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from tileserver.config import read_model
from tileserver.configmodel import Model
from tileserver.dataset import Entry
from tileserver.discovery.found import DEPTH, MOST, Bounds, Findings
from tileserver.discovery.search import discover
from tileserver.discovery.stac import Each
from tileserver.http import registration
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.params import Parameter, Query, boolean
from tileserver.register.bulk import (
    Document,
    Outcome,
    Steps,
    document_of,
    places_of,
    register_all,
)
from tileserver.register.follower import Follower

REGISTER: Parameter[bool] = Parameter(
    "register", boolean, {"type": "boolean"}, "Whether what is found is registered.", False
)


class Wish(Model):
    """What is looked for, and how it is registered.

    Args:
        each: of STAC, whether collections or items become datasets.
        prefix: of all ids.
        most: datasets that are found.
        depth: folders below that of the url.
        defaults: keys of entries, as in the catalogue's files, that all get.
    """

    url: Annotated[str, StringConstraints(min_length=1, max_length=4096)]
    storage: str | None = None
    each: Each | None = None
    prefix: Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,63})?$")] = ""
    most: int = Field(MOST, ge=1, le=MOST)
    depth: int = Field(DEPTH, ge=0, le=20)
    defaults: Mapping[str, Any] = Field(default_factory=dict)


async def post_discover(request: Request) -> Response:
    """Find datasets, and register them if that is wished."""
    query = Query(request.query_params.multi_items(), (REGISTER, registration.CHECK))
    follower = registration.follower_of(request)
    wish = await _wish(request)
    registration.check_local([wish.url], follower.maker.allowed)
    findings = await _found(request, follower, wish)
    documents = [
        document_of(each, wish.storage, wish.prefix, wish.defaults) for each in findings.datasets()
    ]
    catalog = context(request).everything
    steps = Steps(
        lambda document: _entry(follower, document),
        catalog.try_open if query(registration.CHECK) else None,
        (lambda document: _put(request, follower, document)) if query(REGISTER) else None,
    )
    known = places_of(entry.config for entry in catalog.entries.values())
    outcomes = await register_all(documents, steps, known)
    if query(REGISTER):
        await follower.catch_up()
    return registration.answer(_document(findings, outcomes))


async def _wish(request: Request) -> Wish:
    return read_model(Wish, await registration.read_document(request))


async def _found(request: Request, follower: Follower, wish: Wish) -> Findings:
    storage = None if wish.storage is None else follower.maker.storage(wish.storage)
    return await discover(
        wish.url,
        storage,
        each=wish.each,
        bounds=Bounds(most=wish.most, depth=wish.depth),
        allowed=follower.maker.allowed,
        traffic=context(request).everything.traffic.get(wish.storage or ""),
    )


def _entry(follower: Follower, document: Document) -> Entry:
    registration.check_owner(follower, document["id"])
    entry = follower.maker.make(document)
    registration.check_reach(entry, follower.maker.allowed)
    return entry


async def _put(request: Request, follower: Follower, document: Document) -> None:
    await follower.ask(
        follower.register.put,
        document["id"],
        document,
        who=registration.who(request),
        expected="nothing",
    )


def _document(findings: Findings, outcomes: list[Outcome]) -> dict[str, Any]:
    kinds = {each.url: each.kind for each in findings.datasets()}
    datasets = [
        {
            "id": each.document["id"],
            "kind": kinds[each.document["url"]],
            "status": each.status,
            **({"error": each.error} if each.error else {}),
            "config": each.document,
        }
        for each in outcomes
    ]
    registered = sum(each.status == "registered" for each in outcomes)
    return {
        "datasets": datasets,
        "total": len(datasets),
        "registered": registered,
        "missed": findings.missed,
    }


ENDPOINTS = (
    Endpoint("/datasets/discover", post_discover, "Find datasets, and register them", "admin",
             (REGISTER, registration.CHECK), methods=("POST",), body="application/json",
             scope="admin"),
)  # fmt: skip
