"""Reading a stack of GeoTIFFs, one or several for each time.

Files share a CRS and the lattice of cells; their extents may differ, and lie side by side: the grid
of the stack holds them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from tileserver.cache import ByteCache
from tileserver.cube import Cube, Raw
from tileserver.errors import CatalogError, SourceError
from tileserver.grid import parse_crs
from tileserver.plan import ReadPlan
from tileserver.sources.chunk import held_window, read_window, together
from tileserver.sources.storage.store import Entry, Store
from tileserver.sources.tiff.cog import CogFile, Layer, found, open_file, packings_of
from tileserver.sources.tiff.harmony import Common
from tileserver.sources.tiff.note import Note, noted
from tileserver.sources.tiff.placement import Frame, Place
from tileserver.sources.watch import Watch


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One file of a stack.

    Args:
        number: tells it from the others of its stack.
        entry: its object, None where nobody has asked for it yet.
        place: where it lies, None where its header was not read and nobody else says.
        corner: its first (row, col) in the frame, of one whose place is known.
        crs: of a file that names none.
        hint: what else tells files apart: those of one hint are alike.
        notes: what others say of its bands.
    """

    number: int
    store: Store
    key: str
    entry: Entry | None = None
    place: Place | None = None
    corner: tuple[int, int] | None = None
    crs: str | None = None
    hint: object = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """The files of one time: seconds since 1970, ISO 8601 text; the first is on top."""

    seconds: float
    label: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A part of a window that one file has: where in its own level, and where in the window."""

    file: CogFile
    layer: Layer
    inside: tuple[slice, slice]
    outside: tuple[slice, slice]


@dataclass(frozen=True, slots=True, eq=False)
class StackSource:
    """Files in the order of their times as a Source.

    Some were opened with the stack, the others are when they are first read.

    Args:
        key: tells the headers of its files from all others in the cache.
        crs: text, of all files.
    """

    version: str
    cube: Cube
    key: object
    steps: tuple[Step, ...]
    crs: str
    frame: Frame
    common: Common
    cache: ByteCache[Raw]
    pool: Executor
    watch: Watch

    def held(self, plan: ReadPlan) -> Raw | None:
        """Stored numbers of a window of one time, if its files are open and all of it is held."""
        times, *window = plan.window
        if times.stop - times.start > 1:
            return None
        members = self.steps[times.start].members
        if len(members) == 1 and not self.frame.factors and self.common.signature is not None:
            return self._held_alone(members[0], plan, window)
        pieces, blocks = [], []
        for member in self._touched(times.start, plan.level, window):
            file = self._files.held((self.key, member.number))
            if file is None:
                return None
            for piece in self._pieces(member, file, plan, window):
                block = held_window(piece.layer, piece.inside)
                if block is None:
                    return None
                pieces.append(piece)
                blocks.append(block)
        return self._pasted(plan, pieces, blocks)[np.newaxis]

    def _held_alone(self, member: Member, plan: ReadPlan, window: Sequence[slice]) -> Raw | None:
        """As held, where the file has the whole frame and its numbers are read as they are."""
        file = self._files.held((self.key, member.number))
        if file is None:
            return None
        shape = self.frame.levels[plan.level].shape
        own = next(i for i, each in enumerate(file.raster.levels) if each.shape == shape)
        block = held_window(file.layer(own, self._band(plan.variable)), window)
        return None if block is None else block[np.newaxis]

    async def read(self, plan: ReadPlan) -> Raw:
        """Stored numbers (times, rows, cols) of the window; files are read together.

        Raises SourceError that names the time of a file that cannot be read or does not fit.
        """
        times, *window = plan.window
        if times.stop - times.start == 1:
            return (await self._read(times.start, plan, window))[np.newaxis]
        out: Raw = np.empty(plan.shape, self.common.dtype)

        async def fill(step: int) -> None:
            out[step - times.start] = await self._read(step, plan, window)

        await together(fill(step) for step in range(times.start, times.stop))
        return out

    @property
    def _files(self) -> ByteCache[CogFile]:
        """What the headers of files say is kept with their chunks, by one budget."""
        return cast("ByteCache[CogFile]", self.cache)

    async def _read(self, number: int, plan: ReadPlan, window: Sequence[slice]) -> Raw:
        members = self._touched(number, plan.level, window)
        if len(members) == 1:
            return self._pasted(plan, *await self._parts(number, members[0], plan, window))
        found = await asyncio.gather(
            *(self._parts(number, member, plan, window) for member in members)
        )
        pieces = [piece for parts, _ in found for piece in parts]
        return self._pasted(plan, pieces, [block for _, blocks in found for block in blocks])

    async def _parts(
        self, number: int, member: Member, plan: ReadPlan, window: Sequence[slice]
    ) -> tuple[list[Piece], list[Raw]]:
        """What one file has of a window. Raises SourceError that names time and file."""
        with told(self.steps[number], member):
            file = await self._files.get((self.key, member.number), lambda: self._open(member))
            pieces = list(self._pieces(member, file, plan, window))
            return pieces, [await read_window(each.layer, each.inside) for each in pieces]

    async def _open(self, member: Member) -> CogFile:
        file = await opened(member, self.cache, self.pool)
        check_crs(file, self.crs)
        shapes = [level.shape for level in file.raster.levels]
        if self.frame.corner(place_of(file)) != self.frame.corner(member.place or place_of(file)):
            raise SourceError("its header says another place than its item: correct proj:transform")
        for level in range(len(self.frame.levels)):
            self.frame.own_level(level, shapes)
        self.common.check(packings_of(file.description), file.description)
        return file

    def _touched(self, number: int, level: int, window: Sequence[slice]) -> tuple[Member, ...]:
        """The files of a step that may have a part of a window."""
        members = self.steps[number].members
        if not self.frame.factors:
            return members
        return tuple(
            each
            for each in members
            if each.place is None
            or each.corner is None
            or any(self.frame.parts(level, each.corner, each.place.shape, window))
        )

    def _pieces(
        self, member: Member, file: CogFile, plan: ReadPlan, window: Sequence[slice]
    ) -> Iterator[Piece]:
        shapes = [level.shape for level in file.raster.levels]
        own = self.frame.own_level(plan.level, shapes)
        layer = file.layer(own, self._band(plan.variable))
        rows, cols = window
        if not self.frame.factors:
            whole = (slice(0, rows.stop - rows.start), slice(0, cols.stop - cols.start))
            yield Piece(file, layer, (rows, cols), whole)
            return
        place = place_of(file)
        for inside, outside in self.frame.parts(
            plan.level, member.corner or self.frame.corner(place), place.shape, window
        ):
            yield Piece(file, layer, inside, outside)

    def _band(self, variable: str) -> int:
        return list(self.cube.variables).index(variable)

    def _pasted(self, plan: ReadPlan, pieces: Sequence[Piece], blocks: Sequence[Raw]) -> Raw:
        """One window of pieces, of which the first with a valid number is on top."""
        band = self._band(plan.variable)
        shape = plan.shape[-2:]
        if len(pieces) == 1 and blocks[0].shape == shape:
            return self._common(pieces[0], blocks[0], band)
        out: Raw = np.full(shape, self.common.fills[band], self.common.dtype)
        for piece, block in zip(pieces, blocks, strict=True):
            part = out[piece.outside]
            free = ~self.common.packings[band].valid(part)
            part[free] = self._common(piece, block, band)[free]
        return out

    def _common(self, piece: Piece, block: Raw, band: int) -> Raw:
        if self.common.signature is not None:  # that of all files
            return block
        description = piece.file.description
        return self.common.of(block, band, packings_of(description)[band], description)


async def opened(member: Member, cache: ByteCache[Raw], pool: Executor) -> CogFile:
    """A file with its header read. Raises CatalogError, SourceError."""
    entry = member.entry or await found(member.store, member.key)
    file = await open_file(member.store, entry, cache, pool, member.crs)
    if not member.notes:
        return file
    return replace(file, description=noted(file.description, member.notes))


def place_of(file: CogFile) -> Place:
    """Where an open file lies."""
    level = file.raster.levels[0]
    return Place(level.transform, level.shape)


def check_crs(file: CogFile, crs: str) -> None:
    """Raise SourceError where a file has another CRS than its stack."""
    own = file.description.crs
    if own != crs and not parse_crs(own).equals(parse_crs(crs)):
        raise SourceError("its CRS differs from the stack's: warp it with gdalwarp -t_srs")


@contextmanager
def told(step: Step, member: Member) -> Iterator[None]:
    """Errors with the time of the file, and its name where it is one of several."""
    where = f"time={step.label}: "
    if len(step.members) > 1:
        where += f"key={member.key!r}: "
    try:
        yield
    except SourceError as error:
        raise type(error)(f"{where}{error}") from error
    except CatalogError as error:
        raise SourceError(f"{where}{error}") from error
