"""What lies between a server and its Redis, and may do to the answers what networks do."""

import asyncio
import contextlib
from typing import Self
from urllib.parse import urlsplit


class Proxy:
    """Listens on 127.0.0.1 while the context is open, on the event loop of the test.

    The attributes may be set at any time: `delay_s` (of each answer), `cut` (the next answer ends
    after so many bytes, and the connection hangs), `garbage` (what is answered instead), `is_deaf`
    (nothing comes through, either way).
    """

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = parts.hostname, parts.port
        self.delay_s = 0.0
        self.cut: int | None = None
        self.garbage = b""
        self.is_deaf = False
        self.connections = 0
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"redis://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        there, back = await asyncio.open_connection(*self._upstream)
        # A cancelled handler is an error to asyncio's streams.
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pass_on(reader, back), self._answer(there, writer))
        for each in (writer, back):
            each.close()
            with contextlib.suppress(OSError):
                await each.wait_closed()
        self._tasks.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self.is_deaf:
                back.write(data)
        back.close()

    async def _answer(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_cut = False
        while data := await there.read(65536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self.garbage:
                data = self.garbage
            if is_cut or self.is_deaf:
                continue
            writer.write(data[: self.cut])
            is_cut = self.cut is not None
        writer.close()
