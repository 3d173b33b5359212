"""Which addresses a dataset may be registered from."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import Sequence
from urllib.parse import SplitResult, urljoin, urlsplit

from tileserver.errors import CatalogError
from tileserver.sources.storage import egress
from tileserver.sources.storage.connection import SCHEMES, Storage
from tileserver.sources.storage.host import refusal

PROBE_TIMEOUT_S = 5.0


async def check_address(url: str, storage: Storage | None, allowed: Sequence[str] = ()) -> None:
    """Refuse what must not be read: other schemes, GDAL's virtual paths, addresses that are
    private to this machine or network, and whatever redirects.

    What is read later passes `storage.egress`, which looks at each connection once more.

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
    if "@" in parts.netloc and parts.scheme != "s3":
        raise CatalogError("url: expected no user and password in it: name a storage")
    if allowed and not any(url.startswith(prefix) for prefix in allowed):
        raise CatalogError("url: not below any of TILESERVER_ALLOWED_URLS")
    endpoint = urlsplit(storage.endpoint) if storage and storage.endpoint else None
    if parts.scheme in ("http", "https"):
        private = storage is not None and storage.allow_private
        await asyncio.to_thread(_check_host, "url", parts, private)
        await asyncio.to_thread(_check_redirect, url, private)
    elif parts.scheme == "s3" and endpoint is not None:
        # The operator named this endpoint: it may be private, but never the cloud's own metadata.
        await asyncio.to_thread(_check_host, "endpoint", endpoint, True)


def _check_host(key: str, parts: SplitResult, private: bool) -> None:
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:  # also a port or a name that is none
        raise CatalogError(f"{key}: its host cannot be resolved") from error
    for *_, (address, *_) in found:
        if reason := refusal(str(address), private=private):
            raise CatalogError(f"{key}: {reason}")


def _check_redirect(url: str, private: bool) -> None:
    named = url.partition("?")[0]
    try:
        with egress.asked(
            named, private=private, timeout_s=PROBE_TIMEOUT_S, method="HEAD"
        ) as response:
            status, location = response.status, response.getheader("Location", "")
    except ssl.SSLCertVerificationError as error:
        raise CatalogError("url: the certificate of its host is not trusted") from error
    except ssl.SSLError as error:
        raise CatalogError("url: its host does not speak TLS there: is it http://?") from error
    except (OSError, http.client.HTTPException) as error:
        raise CatalogError("url: its host does not answer") from error
    # Web servers send folders on to themselves with a slash, which leads nowhere else.
    if 300 <= status < 400 and urljoin(named, location) != f"{named}/":
        raise CatalogError("url: redirects are refused: use the final URL")
