"""What is noted of one request on its way: for its line in the log, its trace and its errors.

Whoever works on a request finds its trail in the context of the task; work that several requests
share is noted at the one that began it. Where no request is served there is none.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass, field

MOST_STEPS = 200  # of a trace: of a series that reads ten thousand chunks the first ones will do


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a request did, between two times of the performance counter."""

    name: str
    begun: float
    ended: float
    figures: Mapping[str, int | str]


@dataclass(slots=True)
class Trail:
    """Of one request.

    Args:
        id: by which logs, answers and traces name it.
        steps: what it did, in the order in which that ended; None where nobody wants to know.
        trace: the trace that it is part of, if any.
        stages: how long each stage took, in seconds, of all its pictures together.
        reads: how many requests went to storages for it, which brought so many bytes.
        status: of the answer; 0 until that begins, which is after so many seconds.
        nbytes: of the answer's body so far.
    """

    id: str
    steps: list[Step] | None = None
    trace: str = ""
    begun: float = field(default_factory=time.perf_counter)
    stages: dict[str, float] = field(default_factory=dict)
    reads: int = 0
    read_bytes: int = 0
    status: int = 0
    seconds: float = 0.0
    nbytes: int = 0

    def stage(self, name: str, begun: float, ended: float) -> None:
        """A stage that is over."""
        self.stages[name] = self.stages.get(name, 0.0) + ended - begun
        if self.steps is not None:
            self._note(self.steps, name, begun, ended, {})

    def read(self, begun: float, ended: float, error: str = "") -> None:
        """A request to a storage that was answered, or has failed."""
        self.reads += 1
        if self.steps is not None:
            self._note(self.steps, "storage", begun, ended, {"error.type": error} if error else {})

    @staticmethod
    def _note(
        steps: list[Step], name: str, begun: float, ended: float, figures: Mapping[str, int | str]
    ) -> None:
        if len(steps) < MOST_STEPS:
            steps.append(Step(name, begun, ended, figures))


# Of the request that the task works for.
TRAIL: ContextVar[Trail | None] = ContextVar("trail", default=None)


def no_trail() -> Context:
    """The context of work that goes on when the request that began it is over, and is not its."""
    context = copy_context()
    context.run(TRAIL.set, None)
    return context


class Stages:
    """How long each stage of a picture took, in seconds, for Server-Timing; begins now."""

    __slots__ = ("_since", "_trail", "seconds")

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._trail = TRAIL.get()
        self._since = time.perf_counter()

    def mark(self, stage: str) -> None:
        """The time since the last mark belongs to this stage."""
        now, since = time.perf_counter(), self._since
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        if self._trail is not None:
            self._trail.stage(stage, since, now)
        self._since = now
