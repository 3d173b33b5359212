"""Who asks, as handlers see it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

from tileserver.access.caller import ANONYMOUS, Caller
from tileserver.access.identity import Identity
from tileserver.errors import Forbidden, Unauthenticated

CALLER = "caller"  # in the scope of a request


def caller_of(scope: Scope) -> Caller:
    """Who sends a request."""
    caller: Caller = scope.get(CALLER, ANONYMOUS)
    return caller


def need_scope(request: Request, scope: str) -> Caller:
    """Who asks, if it may do this. Raises Unauthenticated, Forbidden."""
    caller = caller_of(request.scope)
    if caller.may(scope):
        return caller
    identity: Identity = request.state.context.identity
    if not identity.is_on:
        raise Forbidden("nobody may: the server has no TILESERVER_ADMIN_TOKEN, keys or tokens")
    if caller.is_anonymous:
        raise Unauthenticated(f"this takes the scope {scope!r}: send a key or token that has it")
    raise Forbidden(f"this takes the scope {scope!r}, which yours has not")
