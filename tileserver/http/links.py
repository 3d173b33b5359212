"""The address that links in answers begin with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
# A name or address, and a port: a Host goes into links as it is (RFC 9110, 7.2).
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)
_SCHEME = re.compile("https?")
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
            scope["base"] = self._base(scope)
        await self.app(scope, receive, send)

    def _base(self, scope: Scope) -> str:
        if self.public_url:
            return self.public_url.rstrip("/")
        headers = Headers(scope=scope)
        host, scheme, prefix = headers.get("host", ""), scope["scheme"], scope.get("root_path", "")
        if trusted := self._trusted(scope):
            host = _forwarded(headers, "host", _HOST, host)
            scheme = _forwarded(headers, "proto", _SCHEME, scheme)
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
        if not client or not self.trusted_proxies:
            return False
        try:
            address = ip_address(client[0])
        except ValueError:
            return False
        return any(address in ip_network(net, strict=False) for net in self.trusted_proxies)


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
