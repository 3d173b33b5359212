"""More requests than a process can even refuse: some are not looked at.

The gate bounds the pictures that take reading. What is answered without it, and every refusal,
takes time of the event loop, too; where more comes than it can do, all wait for all. How late the
loop is tells: a timer that is due while it is busy comes late by as long. While that is so and many
requests come, only so many are passed on in each beat, fewer from beat to beat, and the others get
a ready-made 503 from the connection itself, at a fifth of the cost; when the loop is in time they
become more again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from math import inf

BEAT_S = 0.02
LATE_S = 0.003  # of the loop in the mean: a tile takes some ten turns of it
MANY = 5  # requests in a beat: fewer cannot be what makes it late
NEWEST = 0.25  # what a beat counts in the mean
LESS, OVER = 0.7, 1.5  # what a late beat makes of the bound, and one in which few come
SLOWLY = (0.05, 0.005, 0.03)  # what one in time adds, and parts of it: at first, and after CAREFUL
CAREFUL = 100  # beats since the last that was late


class Shedder:
    """Says which requests are one too many. Belongs to one event loop.

    Args:
        clock: in seconds.

    Attributes:
        shed: how many were, since the start.
        bound: how many may be passed on in a beat.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.shed, self.bound = 0, inf
        self._late_s = self._due = 0.0
        self._came = self._passed = self._good = 0
        self._is_beating = False

    @property
    def is_shedding(self) -> bool:
        """Whether some requests are not looked at."""
        return self.bound < inf

    def sheds(self) -> bool:
        """Whether this request, which comes now, is one too many."""
        self._came += 1
        if not self._is_beating:
            self._is_beating = True
            self._schedule()
        if self._passed < self.bound:
            self._passed += 1
            return False
        self.shed += 1
        return True

    def beat(self, late_s: float) -> None:
        """Take note of how late the loop is, and of how many requests came meanwhile."""
        before, self._late_s = self._late_s, self._late_s + (late_s - self._late_s) * NEWEST
        self._good += 1
        if self._came < MANY:
            self.bound *= OVER
        elif min(late_s, before) > LATE_S:  # not for the first time
            in_time = self._passed * BEAT_S / (BEAT_S + late_s)
            self.bound, self._good = max(1.0, LESS * min(self.bound, in_time)), 0
        elif self._late_s < LATE_S:
            self.bound += SLOWLY[0] + self.bound * SLOWLY[1 + (self._good > CAREFUL)]
        if self.bound > max(MANY, 2 * self._came):
            self.bound = inf
        self._came = self._passed = 0

    def _schedule(self) -> None:
        self._due = self._clock() + BEAT_S
        asyncio.get_running_loop().call_later(BEAT_S, self._turn)

    def _turn(self) -> None:
        is_idle = not self._came and self.bound == inf
        self.beat(self._clock() - self._due)
        if is_idle:
            self._is_beating, self._late_s = False, 0.0
        else:
            self._schedule()
