"""The address that links in answers begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# A name or address, and a port: a Host goes into links as it is (RFC 9110, 7.2).
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)
_SCHEME = re.compile("https?")
SIGNED = "signed"  # in the scope of a request: the signature that its path begins with
_PREFIX = re.compile(r"(/[\w.~!$&'()*+,;=:@%-]+)*/?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Links:
    """ASGI middleware that puts the base address into `scope["base"]`.

    The configured one counts; else what a trusted proxy says; else the Host header, if it names
    this machine, the address that the client reached, or an allowed host. A made-up Host never
    gets into an answer.
    """

    app: ASGIApp
    public_url: str = ""
    allowed_hosts: Sequence[str] = ()
    trusted_proxies: Sequence[str] = ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["base"] = self._base(scope) + scope.get(SIGNED, "")
        await self.app(scope, receive, send)

    def _base(self, scope: Scope) -> str:
        if self.public_url:
            return self.public_url.rstrip("/")
        headers = Headers(scope=scope)
        host, scheme = headers.get("host", ""), scope["scheme"]
        prefix = scope.get("root_path", "").removesuffix(scope.get(SIGNED, ""))
        if trusted := self._trusted(scope):
            host = _forwarded(headers, "host", _HOST, host)
            scheme = _forwarded(headers, "proto", _SCHEME, scheme)
            # As jupyter-server-proxy calls it; others say prefix.
            prefix = _forwarded(headers, "context", _PREFIX, prefix)
            prefix = _forwarded(headers, "prefix", _PREFIX, prefix)
        if not (_HOST.fullmatch(host) if trusted else self._known(host, scope)):
            server = scope.get("server") or ("127.0.0.1", 80)
            host = f"{server[0]}:{server[1]}"
        return f"{scheme}://{host}{prefix.rstrip('/')}"

    def _known(self, host: str, scope: Scope) -> bool:
        if _HOST.fullmatch(host) is None:
            return False
        name = urlsplit(f"//{host}").hostname or ""
        server = scope.get("server") or ("", 0)
        return "*" in self.allowed_hosts or name in (*LOCAL_HOSTS, server[0], *self.allowed_hosts)

    def _trusted(self, scope: Scope) -> bool:
        client = scope.get("client")
        return client is not None and is_trusted(client[0], tuple(self.trusted_proxies))


def forwarded_for(scope: Scope, trusted_proxies: tuple[str, ...]) -> str:
    """The address of who asks: of the connection, or what a trusted proxy says; "" if unknown.

    Of several in X-Forwarded-For the last counts that no trusted proxy has: each appends whom it
    was asked by, and what stands before may be made up.
    """
    client = scope.get("client")
    address: str = client[0] if client else ""
    if not trusted_proxies or not is_trusted(address, trusted_proxies):
        return address
    told = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    for each in reversed(told.decode("latin-1").split(",")):
        hop = each.strip()
        if not _is_address(hop):
            break
        address = hop
        if not is_trusted(hop, trusted_proxies):
            break
    return address


@lru_cache(maxsize=4096)
def is_trusted(address: str, proxies: tuple[str, ...]) -> bool:
    """Whether an address is that of a proxy, or in its network."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(each, strict=False) for each in proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _forwarded(headers: Headers, name: str, form: re.Pattern[str], own: str) -> str:
    """What a proxy says, if that may be one: some pass on what clients have made up."""
    told = headers.get(f"x-forwarded-{name}", "").split(",")[0].strip()
    return told if told and form.fullmatch(told) else own


def base_url(scope: Scope) -> str:
    """The address of `/`, without the slash."""
    found: str = scope["base"]
    return found


def below_root(scope: Scope) -> str:
    """The path as the routes have it, wherever a proxy mounts the server."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
