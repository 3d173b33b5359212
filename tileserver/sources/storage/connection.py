"""Named access to object stores, and the store below a URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import HTTPStore, LocalStore, S3Store

from tileserver.errors import CatalogError
from tileserver.sources.storage.egress import Way, proxy_url
from tileserver.sources.storage.store import PAUSE_S, Store
from tileserver.sources.storage.traffic import DEFAULT_CONNECTIONS, DEFAULT_TIMEOUT_S, Traffic

if TYPE_CHECKING:  # these exist for type checkers only
    from obstore.store import ClientConfig, RetryConfig, S3Config

SCHEMES = ("s3", "http", "https", "file")


@dataclass(frozen=True, slots=True)
class Storage:
    """Named access to object stores, from the catalogue.

    Args:
        endpoint: of an S3 service; None for AWS.
        access_key_id, secret_access_key, session_token: None to take them from the environment
            as the AWS tools do.
        anonymous: requests are not signed.
        allow_private: an http(s) dataset may lie on a private address.
        path_style: the bucket stands in the path, not in the host name.
        requester_pays: the account that asks pays for the transfer.
        connections, requests_per_minute, bytes_per_s: what all datasets that name it may ask of
            it together; None for no limit.
        timeout_s: for one request with all its retries, and for the wait until its turn.
    """

    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    anonymous: bool = False
    allow_http: bool = False
    allow_private: bool = False
    path_style: bool = True
    requester_pays: bool = False
    connections: int = DEFAULT_CONNECTIONS
    requests_per_minute: int | None = None
    bytes_per_s: float | None = None
    timeout_s: float = DEFAULT_TIMEOUT_S

    def part(self, workers: int) -> Storage:
        """With the part of its limits that one of several processes may use."""
        requests, rate = self.requests_per_minute, self.bytes_per_s
        return replace(
            self,
            connections=max(1, self.connections // workers),
            requests_per_minute=None if requests is None else max(1, requests // workers),
            bytes_per_s=None if rate is None else rate / workers,
        )

    def traffic(self) -> Traffic:
        """The way to it, to be made once and shared."""
        return Traffic(
            connections=self.connections,
            requests_per_minute=self.requests_per_minute,
            bytes_per_s=self.bytes_per_s,
            timeout_s=self.timeout_s,
        )


def open_store(
    url: str,
    storage: Storage | None = None,
    *,
    base: Path | None = None,
    traffic: Traffic | None = None,
    changed: Callable[[], None] = lambda: None,
) -> Store:
    """The store below a URL: s3://bucket/prefix, http(s)://…, file:///… or a path.

    Args:
        base: the folder that relative paths count from.
        traffic: what is shared with other stores of the storage; by default nothing is.
        changed: as of Store.

    Raises CatalogError for a URL that cannot be used.
    """
    storage = storage or Storage()
    parts = urlsplit(url)
    if is_local(url):
        path = (base or Path()) / Path(parts.path)
        if not path.exists():
            raise CatalogError("url: no such file or folder")
        folder = path if path.is_dir() else path.parent
        return Store(LocalStore(folder.resolve()), url, traffic or disk_traffic(), changed)
    traffic = traffic or storage.traffic()
    if parts.scheme == "s3":
        return Store(_s3(parts.netloc, parts.path, storage), url, traffic, changed)
    if parts.scheme in ("http", "https"):
        store = HTTPStore.from_url(
            url,
            client_options=_guarded(url, storage),
            retry_config=_retry(storage),
        )
        return Store(store, url, traffic, changed)
    raise CatalogError(f"url: expected a path or one of {', '.join(SCHEMES)}")


def is_local(url: str) -> bool:
    """Whether a URL or path is one of this machine."""
    return urlsplit(url).scheme in ("", "file")


def disk_traffic() -> Traffic:
    """The way to local disks: what is late there is not quicker when it is asked for twice."""
    return Traffic(hedging=False)


def fetch(url: str) -> bytes:
    """One object at once, before there is an event loop. Raises CatalogError, SourceError."""
    folder, _, name = url.rpartition("/")
    try:
        trusted = Storage(allow_private=True)  # it was named where the server was started
        return bytes(obstore.get(open_store(folder, trusted).raw, name).bytes())
    except FileNotFoundError as error:
        raise CatalogError(f"{url}: no such object") from error
    except (BaseError, OSError) as error:
        raise CatalogError(f"{url}: cannot be read ({type(error).__name__})") from error


def _s3(bucket: str, prefix: str, storage: Storage) -> S3Store:
    if not bucket:
        raise CatalogError("url: expected s3://bucket/prefix")
    local = (storage.endpoint or "").startswith("http://127.0.0.1")
    # Without an endpoint of its own the environment names one, as it does for the AWS tools.
    allow_http = storage.allow_http or local or storage.endpoint is None
    given = {
        "endpoint": storage.endpoint,
        "region": storage.region or ("us-east-1" if storage.endpoint else None),
        "access_key_id": storage.access_key_id,
        "secret_access_key": storage.secret_access_key,
        "session_token": storage.session_token,
        "skip_signature": storage.anonymous or None,
        "request_payer": storage.requester_pays or None,
        "virtual_hosted_style_request": None if storage.path_style else True,
    }
    return S3Store(
        bucket,
        prefix=prefix.strip("/") or None,
        config=cast("S3Config", {k: v for k, v in given.items() if v is not None}),
        client_options=_client(storage, allow_http=allow_http),
        retry_config=_retry(storage),
    )


def _guarded(url: str, storage: Storage) -> ClientConfig:
    """Of a client that gets to its own host alone."""
    way = Way.to(url, private=storage.allow_private)
    client = _client(storage, allow_http=url.startswith("http:"))
    return {**client, "proxy_url": proxy_url(way)}


def _client(storage: Storage, *, allow_http: bool) -> ClientConfig:
    return {
        "timeout": f"{storage.timeout_s:g}s",
        # An answer that stops coming is retried while there is time for it.
        "read_timeout": f"{storage.timeout_s / 3:g}s",
        "connect_timeout": "3s",
        "allow_http": allow_http,
        "pool_max_idle_per_host": str(storage.connections),
    }


def _retry(storage: Storage) -> RetryConfig:
    """Retries, the first ones quick: a tile is worth seconds, not obstore's three minutes."""
    return {
        "max_retries": 8,
        "retry_timeout": timedelta(seconds=storage.timeout_s),
        "backoff": {
            "init_backoff": timedelta(seconds=PAUSE_S),
            "max_backoff": timedelta(seconds=1),
            "base": 2,
        },
    }
