"""Header names as OWS clients spell them."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class TitleCased(bytes):
    """A header name that stays in title case where a server lower-cases what it sends."""

    __slots__ = ()

    def lower(self) -> bytes:
        """Itself: uvicorn writes names as `name.lower()`."""
        return self


CONTENT_TYPE = TitleCased(b"Content-Type")


class TitleCase:
    """ASGI middleware: below a path, Content-Type is sent as it is spelt here.

    HTTP knows no case in header names, but the OGC compliance tests do. It has to stand outside of
    any other middleware that looks at headers, since those compare with lower case.
    """

    def __init__(self, app: ASGIApp, path: str = "/wmts") -> None:
        self.app, self.path = app, path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with the name changed where the path is one of ours."""
        if scope["type"] != "http" or not self._is_below(scope):
            await self.app(scope, receive, send)
            return

        async def send_cased(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _cased(message.get("headers", ()))}
            await send(message)

        await self.app(scope, receive, send_cased)

    def _is_below(self, scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return bool(path == self.path or path.startswith(f"{self.path}/"))


def _cased(headers: Any) -> list[tuple[bytes, bytes]]:
    return [(CONTENT_TYPE if k.lower() == b"content-type" else k, v) for k, v in headers]
