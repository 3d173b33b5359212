"""The capabilities of WMS over HTTP."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from tileserver.http.ogc.kvp import Parameters
from tileserver.services.ogc.wms_exception import WmsError


async def get_capabilities(request: Request, parameters: Parameters, version: str) -> Response:
    """The capabilities of all datasets or of one."""
    raise WmsError(None, "request", f"no capabilities of version {version} yet", 501)
