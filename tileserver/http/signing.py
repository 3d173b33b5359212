"""Signed addresses, for maps that cannot send headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from tileserver.errors import Forbidden, InvalidParameter, Unauthenticated
from tileserver.http import caching
from tileserver.http.caller import caller_of
from tileserver.http.endpoint import Endpoint, context
from tileserver.http.links import base_url
from tileserver.http.params import Parameter, Query, number

SHORTEST_S = 60.0
EXPIRES_S: Parameter[float] = Parameter(
    "expires_s", number, {"type": "number", "minimum": SHORTEST_S},
    "For how many seconds it is to hold.", 3600.0, "86400",
)  # fmt: skip


async def post_signature(request: Request) -> Response:
    """An address below which a dataset may be seen without a key, until it expires."""
    state = context(request)
    query = Query(request.query_params.multi_items(), (EXPIRES_S,))
    dataset, seconds = request.path_params["dataset"], query(EXPIRES_S)
    state.catalog.entry(dataset)
    _check(request, seconds)
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    base = f"{base_url(request.scope)}/signed/{state.identity.signer.sign(dataset, until)}"
    document = {
        "dataset": dataset,
        "expires": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "base": base,
        "links": {
            "viewer": f"{base}/#dataset={dataset}",
            "tiles": f"{base}/tiles/{dataset}/{{variable}}/{{z}}/{{x}}/{{y}}.png",
            "tilejson": f"{base}/tiles/{dataset}/{{variable}}/tilejson.json",
            "wmts": f"{base}/wmts/{dataset}/1.0.0/WMTSCapabilities.xml",
        },
    }
    return caching.json_answer(request, document, "no-store")


def _check(request: Request, seconds: float) -> None:
    """Who asks must have shown something that lasts: a signature cannot prolong itself."""
    state, caller = context(request), caller_of(request.scope)
    if not state.identity.signer.secrets:
        raise Forbidden("the server signs nothing: it has no TILESERVER_SIGNING_KEYS")
    if caller.is_anonymous:
        raise Unauthenticated("send a key or token that sees the dataset")
    if caller.granted:
        raise Forbidden("a signed address makes no others: send a key or token")
    if not SHORTEST_S <= seconds <= state.signed_s:
        expected = f"expected {SHORTEST_S:g} to {state.signed_s:g} seconds"
        raise InvalidParameter(EXPIRES_S.name, f"{seconds:.15g}", expected)


ENDPOINTS = (
    Endpoint(
        "/datasets/{dataset}/sign",
        post_signature,
        "An address that opens a dataset without a key",
        "access",
        (EXPIRES_S,),
        methods=("POST",),
    ),
)
