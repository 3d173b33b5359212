"""Ranges of objects that are asked for in one turn of the event loop, read by few requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from tileserver.sources.storage.traffic import Data

# At 100 MB/s to read over so many bytes takes 3 ms, a tenth of another round trip.
LARGEST_GAP_BYTES = 256 << 10
# More goes out as several requests at once, which are quicker than one.
LARGEST_REQUEST_BYTES = 8 << 20

Send = Callable[[str, int, int], Awaitable[Data]]


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """The bytes from start to stop, and who waits for them."""

    start: int
    stop: int
    answer: asyncio.Future[Data]


@dataclass(slots=True, eq=False)
class Group:
    """Neighbours that one request reads, which ends with the last who waits for any of them."""

    start: int
    stop: int
    parts: list[Wanted] = field(default_factory=list)
    request: asyncio.Future[None] | None = None
    waiting: int = 0

    def left(self, _: object) -> None:
        """One who waited has the answer, or is gone; the last one to go ends the request."""
        self.waiting -= 1
        if self.waiting == 0 and self.request is not None:
            self.request.cancel()


def grouped(wanted: Iterable[Wanted]) -> list[Group]:
    """Ranges of one object put together where the gap is small, within what one request takes."""
    groups: list[Group] = []
    for part in sorted(wanted, key=lambda each: each.start):
        last = groups[-1] if groups else None
        if (
            last is None
            or part.start - last.stop > LARGEST_GAP_BYTES
            or max(last.stop, part.stop) - last.start > LARGEST_REQUEST_BYTES
        ):
            last = Group(part.start, part.stop)
            groups.append(last)
        last.stop = max(last.stop, part.stop)
        last.parts.append(part)
    return groups


class Batch:
    """Collects ranges until the event loop turns, then sends them.

    A request goes on while anybody waits for a part of it.

    Args:
        send: reads the bytes from start to stop of an object; None where there is no object.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._wanted: dict[str, list[Wanted]] = {}
        self._requests: set[asyncio.Future[None]] = set()

    def get(self, key: str, start: int, stop: int) -> asyncio.Future[Data]:
        """The bytes, fewer where the object ends before; to be cancelled if nobody waits."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Data] = loop.create_future()
        if not self._wanted:
            loop.call_soon(self._flush)
        self._wanted.setdefault(key, []).append(Wanted(start, stop, answer))
        return answer

    def _flush(self) -> None:
        collected, self._wanted = self._wanted, {}
        for key, wanted in collected.items():
            for group in grouped(each for each in wanted if not each.answer.done()):
                self._start(key, group)

    def _start(self, key: str, group: Group) -> None:
        group.request = asyncio.ensure_future(self._answer(key, group))
        self._requests.add(group.request)  # the event loop itself keeps none
        group.request.add_done_callback(self._requests.discard)
        group.waiting = len(group.parts)
        for part in group.parts:
            part.answer.add_done_callback(group.left)

    async def _answer(self, key: str, group: Group) -> None:
        try:
            data = await self._send(key, group.start, group.stop)
        except Exception as error:
            for part in group.parts:
                if not part.answer.done():
                    part.answer.set_exception(error)
            return
        for part in group.parts:
            if not part.answer.done():
                part.answer.set_result(_cut(data, group.start, part))


def _cut(data: Data, start: int, part: Wanted) -> Data:
    return None if data is None else data[part.start - start : part.stop - start]
