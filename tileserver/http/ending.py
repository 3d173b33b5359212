"""Whether this process is about to end, and its connections, as its event loop knows them."""

from __future__ import annotations

import asyncio

from tileserver.http.crowd import Crowd


def is_ending() -> bool:
    """Whether nobody should come here any more: what has no end is to end, readiness says so."""
    return bool(getattr(asyncio.get_running_loop(), "is_ending", False))


def crowd() -> Crowd | None:
    """The connections of this process; None under a server that is not ours."""
    found: Crowd | None = getattr(asyncio.get_running_loop(), "crowd", None)
    return found


def is_pressed() -> bool:
    """Whether more requests come than can even be refused."""
    found = crowd()
    return found is not None and found.shedder.is_shedding
