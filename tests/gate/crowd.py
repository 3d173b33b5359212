"""Visitors of a gate, and a clock that goes by hand."""

import asyncio
from dataclasses import dataclass, field

from tileserver.gate import CLIENT, Gate


def gate(at_once: int = 1, waiting: int = 100, wait_s: float = 60.0) -> Gate:
    return Gate(at_once=at_once, waiting=waiting, wait_s=wait_s)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Crowd:
    """Visitors of a gate, numbered as they come; each stays until it is told to go."""

    gate: Gate
    ends: list[asyncio.Future[None]] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    clients: list[str] = field(default_factory=list)
    entered: list[int] = field(default_factory=list)
    inside: set[int] = field(default_factory=set)
    most: int = 0

    def come(self, client: str = "") -> None:
        CLIENT.set(client)  # which the task takes with it
        self.ends.append(asyncio.get_running_loop().create_future())
        self.tasks.append(asyncio.create_task(self._visit(len(self.ends) - 1)))
        self.clients.append(client)

    def leave(self, number: int) -> None:
        if not self.ends[number].done():
            self.ends[number].set_result(None)

    def fail(self, number: int) -> None:
        if not self.ends[number].done():
            self.ends[number].set_exception(OSError("gone"))

    def cancel(self, number: int) -> None:
        self.tasks[number].cancel()

    async def serve_one(self) -> None:
        """Who has been inside for longest goes, and the next comes in."""
        self.leave(min(self.inside))
        await turn()
        await turn()

    def refused(self) -> list[int]:
        return [n for n, task in enumerate(self.tasks) if task.done() and task.exception()]

    async def _visit(self, number: int) -> None:
        async with self.gate:
            self.entered.append(number)
            self.inside.add(number)
            self.most = max(self.most, len(self.inside))
            try:
                await self.ends[number]
            finally:
                self.inside.remove(number)

    async def go_home(self) -> list[BaseException | None]:
        for number in range(len(self.ends)):
            self.leave(number)
        found = await asyncio.gather(*self.tasks, return_exceptions=True)
        for end in self.ends:
            if not end.cancelled():
                end.exception()  # of one who was cancelled before it could fail
        return found


async def turn() -> None:
    await asyncio.sleep(0)


async def all_slots_are_free(tried: Gate, at_once: int) -> None:
    crowd = Crowd(tried)
    for _ in range(at_once):
        crowd.come()
    await turn()
    assert (tried.in_flight, len(crowd.inside)) == (at_once, at_once)
    await crowd.go_home()
