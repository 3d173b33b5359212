"""The way of a tile: plan → read → warp → colour → encode, each step once.

    find the layer, the step and the target grid           layer, tms, drawing   (by the caller)
    which cells, and where in them the pixels lie          reader, plan          kept per grid
    read them, by chunk, each chunk once                   sources/              kept decoded
    pixels, colours, bytes                                 painter, warp, …      in one go

The engine keeps what is worth keeping and lets equal requests share one making. It knows no HTTP.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Protocol

from tileserver import __version__, painter
from tileserver.cache import ByteCache
from tileserver.cost import Limits
from tileserver.cube import Raw
from tileserver.dataset import Dataset
from tileserver.drawing import Colours, Drawing, StyleChoice, colours_of, style_of
from tileserver.encode import RAW
from tileserver.errors import DeadlineExceeded
from tileserver.gate import CLIENT, Gate, Scales, in_thread
from tileserver.layer import Layer
from tileserver.plan import ReadPlan, Sampling
from tileserver.prefetch import Prefetcher
from tileserver.reader import Band, Reader
from tileserver.style import Style
from tileserver.trail import Stages
from tileserver.valuerange import Sampler, declared_range
from tileserver.warp import Valid, Values

SMALL_BYTES = 1 << 20  # of what is small, but not for nothing: ranges, colours
ENTRY_BYTES = 512
RANGE = struct.Struct("<2d")
LOOK_S = 0.5  # between two looks whether a storage answers anybody
READ_AHEAD_AT_ONCE = 8  # windows: of the two next frames of a map of four chunks

Make = Callable[[], Awaitable[bytes]]


class Shared(Protocol):
    """What takes long to make, by a key that names it for good, shared with other processes."""

    async def fetch(self, key: str, make: Make) -> bytes:
        """As another process has made it, else as it is made now. Raises what `make` raises."""
        ...


class Engine:
    """Draws and reads layers of open datasets. Belongs to one event loop.

    Args:
        tiles: encoded pictures by ETag.
        samplings: where the pixels of a target lie in a grid.
        pool: threads for kernels that take longer than a thread's start.
        gate: lets in a few of the pictures that cannot be drawn at once.
        shared: those of them that others have drawn or will want, by ETag; the nearest first.
        ranges: the default ranges that others have taken from the data.
    """

    def __init__(
        self,
        *,
        tiles: ByteCache[bytes],
        samplings: ByteCache[Sampling],
        pool: Executor,
        limits: Limits | None = None,
        gate: Gate | None = None,
        shared: Sequence[Shared] = (),
        ranges: Shared | None = None,
    ) -> None:
        self.tiles = tiles
        self.pool = pool
        self.limits = limits or Limits()
        self.gate = gate or Gate(at_once=16, waiting=256, wait_s=5.0)
        self._shared, self._shared_ranges = shared, ranges
        self._scales = Scales(self.limits.tile_bytes)
        self._prefetcher = Prefetcher(
            at_once=READ_AHEAD_AT_ONCE,
            window_bytes=self.limits.ahead_bytes,
            busy=lambda: self.gate.waiting > 0,
        )
        self._reader = Reader(samplings, self.limits)
        self._sampler = Sampler(self._reader, self.pixels)
        self._ranges: ByteCache[tuple[float, float]] = ByteCache(SMALL_BYTES, lambda _: ENTRY_BYTES)
        self._colours: ByteCache[Colours] = ByteCache(SMALL_BYTES, lambda _: ENTRY_BYTES)

    async def close(self) -> None:
        """End what goes on in the background."""
        await self._prefetcher.close()

    def at_once(self, drawing: Drawing, stages: Stages) -> bytes | None:
        """The picture if it is kept, or if all that it needs is, and drawing it is quick."""
        etag = drawing.etag
        kept = self.tiles.held(etag)
        if kept is not None:
            return kept
        colours = self._known_colours(drawing)
        if colours is None:
            return None
        bands = self._reader.bands(drawing)
        stages.mark("plan")
        if not painter.is_quick(drawing, bands):
            return None
        blocks = self._reader.held(drawing.view.dataset, bands)
        stages.mark("read")
        if blocks is None:
            return None
        self._note(drawing, bands)
        body = painter.paint(drawing, bands, blocks, colours, stages.mark)
        self.tiles.put(etag, body)
        stages.mark("encode")
        return body

    def check_room(self, drawing: Drawing) -> None:
        """Refuse a picture that would be refused later, when that has cost more. Raises Overloaded.

        Whether others have drawn it takes asking them, so that where some share theirs all wait.
        """
        is_ours = not self._shared and not self.tiles.is_making(drawing.etag)
        if is_ours and self.gate.is_refusing(CLIENT.get()):
            raise self.gate.refuse()

    async def tile(self, drawing: Drawing, stages: Stages | None = None) -> bytes:
        """The encoded picture.

        Raises SourceError, PayloadTooLarge, InvalidParameter, Overloaded, DeadlineExceeded.
        """
        stages = stages or Stages()
        body = self.at_once(drawing, stages)
        if body is None:
            body = await self.tiles.get(drawing.etag, lambda: self._make(drawing, stages))
            stages.mark("wait")
        return body

    async def _make(self, drawing: Drawing, stages: Stages) -> bytes:
        """A picture that takes reading, or long: as others have drawn it, or in its turn."""
        make: Make = partial(self._draw_in_turn, drawing, stages)
        for shared in reversed(self._shared):
            make = partial(shared.fetch, drawing.etag, make)
        return await make()

    async def _draw_in_turn(self, drawing: Drawing, stages: Stages) -> bytes:
        if self._shared:
            stages.mark("share")
        limit_s = self.limits.tile_s
        try:
            async with asyncio.timeout(limit_s), self.gate:
                stages.mark("queue")
                return await self._draw(drawing, stages)
        except TimeoutError:
            raise _late(limit_s) from None

    async def _draw(self, drawing: Drawing, stages: Stages) -> bytes:
        dataset, layer = drawing.view.dataset, drawing.view.layer
        colours = self._known_colours(drawing)
        if colours is None:
            await self.value_range(dataset, layer)
            colours = self._known_colours(drawing)
            assert colours is not None
        bands = self._reader.bands(drawing)
        stages.mark("plan")
        self._note(drawing, bands)
        async with self._scales.holding(self._reader.check(dataset, bands).nbytes):
            blocks = await self._read(dataset, bands)
            stages.mark("read")
            if painter.is_quick(drawing, bands):
                body = painter.paint(drawing, bands, blocks, colours, stages.mark)
            else:
                paint = partial(painter.paint, mark=stages.mark)
                body = await in_thread(self.pool, paint, drawing, bands, blocks, colours)
        stages.mark("encode")
        return body

    async def _read(self, dataset: Dataset, bands: Sequence[Band]) -> list[Raw | None]:
        """The blocks of a picture. Who waits for a storage that answers nobody lends its slot to
        pictures of others."""
        reading = asyncio.ensure_future(self._reader.read(dataset, bands))
        try:
            while not (await asyncio.wait([reading], timeout=LOOK_S))[0]:
                traffic = dataset.traffic
                if traffic is not None and traffic.is_silent and self.gate.may_lend:
                    with self.gate.lent():
                        return await reading
            return await reading
        finally:
            reading.cancel()

    def _note(self, drawing: Drawing, bands: Sequence[Band]) -> None:
        self._prefetcher.note(drawing.view.dataset, [band.plan for band in bands])

    async def pixels(self, drawing: Drawing) -> tuple[Values, Valid]:
        """Physical values (band, row, col) of the target and where there are any (row, col)."""
        bands = self._reader.bands(drawing)
        blocks = await self._reader.read(drawing.view.dataset, bands)
        return await in_thread(self.pool, painter.pixels, drawing, bands, blocks)

    async def stored(self, drawing: Drawing) -> list[tuple[Raw, Valid]]:
        """Stored numbers of the target (row, col) and where there are any, for each variable.

        In its turn, as pictures are. Raises as `tile` does.
        """
        limit_s = self.limits.tile_s
        try:
            async with asyncio.timeout(limit_s), self.gate:
                dataset, bands = drawing.view.dataset, self._reader.bands(drawing)
                async with self._scales.holding(self._reader.check(dataset, bands).nbytes):
                    blocks = await self._read(dataset, bands)
                    return await in_thread(self.pool, painter.stored, drawing, bands, blocks)
        except TimeoutError:
            raise _late(limit_s) from None

    async def read(self, dataset: Dataset, plan: ReadPlan) -> Raw:
        """Stored numbers of a window. Raises SourceError, PayloadTooLarge."""
        return await self._reader.window(dataset, plan)

    async def style(self, dataset: Dataset, layer: Layer, choice: StyleChoice) -> Style:
        """The style of a one-band layer: as asked, else as the catalogue says, else by its data."""
        known = style_of(layer, choice, self._known_range(dataset, layer))
        if known is None:
            known = style_of(layer, choice, await self.value_range(dataset, layer))
            assert known is not None
        return known

    async def value_range(self, dataset: Dataset, layer: Layer) -> tuple[float, float]:
        """The default range: by the catalogue, the metadata, else taken from the data."""
        known = self._known_range(dataset, layer)
        if known is not None:
            return known
        key = (dataset.version, layer.key)
        return await self._ranges.get(key, lambda: self._measure(dataset, layer))

    async def _measure(self, dataset: Dataset, layer: Layer) -> tuple[float, float]:
        """A range that takes reading: as another server has taken it, else from the data."""
        if self._shared_ranges is None:
            return await self._sampler.measure(dataset, layer)

        async def make() -> bytes:
            return RANGE.pack(*await self._sampler.measure(dataset, layer))

        key = "|".join((__version__, dataset.id, dataset.version, layer.key))
        low, high = RANGE.unpack(await self._shared_ranges.fetch(key, make))
        return low, high

    def _known_range(self, dataset: Dataset, layer: Layer) -> tuple[float, float] | None:
        return declared_range(layer) or self._ranges.held((dataset.version, layer.key))

    def _known_colours(self, drawing: Drawing) -> Colours | None:
        """The style of one band, or the range of each of three, if it takes no reading to know."""
        if drawing.format in RAW:
            return ()
        view = drawing.view
        known = self._colours.held(view.key)
        if known is None:
            known = colours_of(view, self._known_range(view.dataset, view.layer))
            if known is not None:
                self._colours.put(view.key, known)
        return known


def _late(limit_s: float) -> DeadlineExceeded:
    return DeadlineExceeded(
        f"this took longer than {limit_s:g} s: try again in a moment, or zoom in"
    )
