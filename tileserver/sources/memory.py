"""A cube that lies in memory: for notebooks, and the double that tests pass in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tileserver.cube import Cube, Raw
from tileserver.plan import ReadPlan
from tileserver.sources.watch import Unchanging, Watch


@dataclass(frozen=True, slots=True)
class MemorySource:
    """Arrays (leading dimensions…, rows, cols) per variable and level.

    `reads` logs the plans, so that tests can count them.
    """

    cube: Cube
    arrays: Mapping[str, tuple[Raw, ...]]
    version: str = "0"
    watch: Watch = field(default_factory=Unchanging)
    reads: list[ReadPlan] = field(default_factory=list)

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers of the window, a view where it does not wrap."""
        return self.held(plan)

    def held(self, plan: ReadPlan) -> Raw:
        """The same: all of it is."""
        self.reads.append(plan)
        array = self.arrays[plan.variable][plan.level]
        *leading, columns = plan.window
        if columns.stop <= array.shape[-1]:
            return array[plan.window]
        wrapped = np.arange(columns.start, columns.stop) % array.shape[-1]
        whole_rows: Raw = array[tuple(leading)]
        window: Raw = whole_rows.take(wrapped, axis=-1)
        return window
