"""Where the browser of a notebook finds a server that runs beside its kernel."""

from __future__ import annotations

import os

HUB = "JUPYTERHUB_SERVICE_PREFIX"  # as JupyterHub tells the servers of its users
PROXY = "TILESERVER_JUPYTER_PROXY"  # the same of any other: /, or https://host/lab/


def browser_url(port: int, local: str, proxy: bool | str | None = None) -> str:
    """The address that pages of the notebook ask.

    Args:
        local: as the kernel's own machine has it.
        proxy: True for jupyter-server-proxy at the root of the notebook's server, its base URL
            where that is another; False for none; None: as the environment says, on a
            JupyterHub by its proxy.
    """
    if proxy is None:
        proxy = os.environ.get(PROXY) or os.environ.get(HUB) or False
    if proxy is False:
        return local
    base = "/" if proxy is True else proxy
    return f"{base.rstrip('/')}/proxy/{port}"
