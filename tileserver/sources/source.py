"""What the rest of the server asks of a source of data."""

from __future__ import annotations

from typing import Protocol

from tileserver.cube import Cube, Raw
from tileserver.plan import ReadPlan
from tileserver.sources.watch import Watch


class Source(Protocol):
    """A cube that can be read. Opening it resolved all metadata; reading opens none again.

    `version` changes whenever the data or metadata do, and is the same in every process that opens
    the same state of the store; `watch` tells whether that state is still there. `cube` describes
    the data, with the levels of each variable. `read` returns stored (not physical) numbers of the
    window, in native byte order and C order where the window lies within one chunk, and raises
    SourceError; `held` gives the same if all of it is in memory. The array may be shared: it is
    read-only.
    """

    @property
    def version(self) -> str: ...

    @property
    def cube(self) -> Cube: ...

    @property
    def watch(self) -> Watch: ...

    def held(self, plan: ReadPlan) -> Raw | None: ...

    async def read(self, plan: ReadPlan) -> Raw: ...
