"""When the next request may go out, by a limit on requests or on bytes over time.

Both tell the wait beforehand, so that who would wait too long is refused at once and costs nothing;
both are in seconds of any one clock.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import Protocol

MINUTE_S = 60.0
BURST_S = 1.0  # bytes that were not read in the last second may be read now


class Pace(Protocol):
    """A limit over time: ask for `wait`, then `take`; `give_back` what was not used after all."""

    def wait(self, now: float) -> float:
        """Seconds until a request may go out that comes now."""
        ...

    def take(self, now: float, nbytes: int) -> None:
        """A request of so many bytes takes its turn, which is `wait` away."""
        ...

    def give_back(self, at: float, nbytes: int) -> None:
        """The request whose turn was at this time was not sent."""
        ...


class RequestPace:
    """At most `limit` requests in any minute, which may come at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._turns: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Until the request that is `limit` turns earlier is a minute ago."""
        while self._turns and self._turns[0] <= now - MINUTE_S:
            self._turns.popleft()
        if len(self._turns) < self._limit:
            return 0.0
        return max(0.0, self._turns[-self._limit] + MINUTE_S - now)

    def take(self, now: float, nbytes: int) -> None:
        """Bytes do not matter here."""
        self._turns.append(now + self.wait(now))

    def give_back(self, at: float, nbytes: int) -> None:
        """Another may have the turn."""
        with suppress(ValueError):  # a minute later it is forgotten anyway
            self._turns.remove(at)


class BytePace:
    """`rate` bytes a second: a request goes out once all bytes before it have had their time.

    A size that is known only afterwards is taken then; the next ones wait for it.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0

    def wait(self, now: float) -> float:
        """Until the bytes that were taken have had their time."""
        return max(0.0, self._free - now)

    def take(self, now: float, nbytes: int) -> None:
        """Time that nobody used is lost but for BURST_S."""
        self._free = max(self._free, now - BURST_S) + nbytes / self._rate

    def give_back(self, at: float, nbytes: int) -> None:
        """Those behind keep their turns; later ones come earlier."""
        self._free -= nbytes / self._rate
