"""Which addresses a dataset may be registered from."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

from tileserver.errors import CatalogError
from tileserver.sources.storage.connection import SCHEMES, Storage

PROBE_TIMEOUT_S = 5.0


async def check_address(url: str, storage: Storage | None, allowed: Sequence[str] = ()) -> None:
    """Refuse what must not be read: other schemes, GDAL's virtual paths, addresses that are
    private to this machine or network, and whatever redirects.

    Args:
        storage: one that the catalogue names; only with its `allow_private` may an http(s)
            address be private.
        allowed: prefixes of which the URL must have one, if there are any.

    Raises CatalogError.
    """
    parts = urlsplit(url)
    if parts.scheme and parts.scheme not in SCHEMES:
        raise CatalogError(f"url: expected a path or one of {', '.join(SCHEMES)}")
    if parts.path.startswith("/vsi") or ".." in parts.path.split("/") or "\0" in url:
        raise CatalogError("url: expected a plain path, without .. and /vsi…")
    if allowed and not any(url.startswith(prefix) for prefix in allowed):
        raise CatalogError("url: not below any of TILESERVER_ALLOWED_URLS")
    endpoint = urlsplit(storage.endpoint) if storage and storage.endpoint else None
    if parts.scheme in ("http", "https"):
        private = storage is not None and storage.allow_private
        await asyncio.to_thread(_check_host, parts, private)
        await asyncio.to_thread(_check_redirect, parts)
    elif parts.scheme == "s3" and endpoint is not None:
        # The operator named this endpoint: it may be private, but never the cloud's own metadata.
        await asyncio.to_thread(_check_host, endpoint, True)


def _check_host(parts: SplitResult, private: bool) -> None:
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CatalogError("url: its host cannot be resolved") from error
    for *_, (address, *_) in found:
        known = ipaddress.ip_address(str(address).split("%")[0])
        if known.is_link_local or known.is_multicast or known.is_unspecified:
            raise CatalogError("url: link-local addresses are refused")
        if not private and not known.is_global:
            raise CatalogError(
                "url: private addresses are refused: name a storage with allow_private: true"
            )


def _check_redirect(parts: SplitResult) -> None:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("HEAD", parts.path or "/")
        with connection.getresponse() as response:
            status, location = response.status, response.getheader("Location", "")
    except (OSError, http.client.HTTPException) as error:
        raise CatalogError("url: its host does not answer") from error
    finally:
        connection.close()
    # Web servers send folders on to themselves with a slash, which leads nowhere else.
    target = urljoin(parts.geturl(), location)
    if 300 <= status < 400 and target != f"{parts.geturl()}/":
        raise CatalogError("url: redirects are refused: use the final URL")
