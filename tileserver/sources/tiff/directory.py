"""The directories of a TIFF: tags and their values, as TIFF 6.0 and BigTIFF lay them out.

Nothing is believed that the file's size does not bear out, so that no damaged or hostile header
costs more memory than the file has bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.errors import SourceError
from tileserver.sources.tiff.head import Head

DAMAGED = "the file is not a GeoTIFF, or its header is damaged"
CLASSIC, BIG = 42, 43
# Field types with a number to an item (TIFF 6.0, section 2; BigTIFF adds 16 to 18).
NUMBERS = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 13: "u4", 16: "u8",
           17: "i8", 18: "u8"}  # fmt: skip
MOST_DIRECTORIES = 256
MOST_TAGS = 4096
LARGEST_VALUE_BYTES = 256 * 1024 * 1024
Numbers = npt.NDArray[np.int64]
Directory = dict[int, Numbers]


@dataclass(frozen=True, slots=True)
class _Form:
    """How a file writes numbers: `<` or `>`, and types of its counts of tags and its offsets."""

    order: str
    tags: str
    offset: str

    def number(self, data: bytes, kind: str) -> int:
        """The number at the start of data."""
        dtype = np.dtype(f"{self.order}{kind}")
        return int(np.frombuffer(data, dtype, 1)[0])

    @property
    def word(self) -> int:
        """Bytes of an offset."""
        return np.dtype(self.offset).itemsize


async def read_directories(head: Head, wanted: frozenset[int]) -> tuple[str, list[Directory]]:
    """Byte order and directories of a file, with the numbers of the wanted tags.

    Raises SourceError for a file that is no TIFF or damaged.
    """
    form, at = await _form(head)
    directories: list[Directory] = []
    seen: set[int] = set()
    while at and at not in seen and len(directories) < MOST_DIRECTORIES:
        seen.add(at)
        directory, at = await _directory(head, form, at, wanted)
        directories.append(directory)
    if not directories:
        raise SourceError(DAMAGED)
    return form.order, directories


async def _form(head: Head) -> tuple[_Form, int]:
    start = await _exactly(head, 0, 16)
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    if order is None:
        raise SourceError(DAMAGED)
    version = int(np.frombuffer(start[2:4], f"{order}u2")[0])
    if version == CLASSIC:
        form = _Form(order, "u2", "u4")
        return form, form.number(start[4:], "u4")
    if version == BIG and start[4] + start[5] == 8:
        form = _Form(order, "u8", "u8")
        return form, form.number(start[8:], "u8")
    raise SourceError(DAMAGED)


async def _directory(
    head: Head, form: _Form, at: int, wanted: frozenset[int]
) -> tuple[Directory, int]:
    """A directory and the place of the next."""
    lead = np.dtype(form.tags).itemsize
    count = form.number(await _exactly(head, at, lead), form.tags)
    if count > MOST_TAGS:
        raise SourceError(DAMAGED)
    size = 4 + 2 * form.word
    body = await _exactly(head, at + lead, count * size + form.word)
    directory: Directory = {}
    for place in range(0, count * size, size):
        entry = body[place : place + size]
        tag, kind = form.number(entry, "u2"), form.number(entry[2:], "u2")
        if tag in wanted and kind in NUMBERS:
            directory[tag] = await _value(head, form, entry, NUMBERS[kind])
    return directory, form.number(body[count * size :], form.offset)


async def _value(head: Head, form: _Form, entry: bytes, kind: str) -> Numbers:
    count = form.number(entry[4:], form.offset)
    dtype = np.dtype(f"{form.order}{kind}")
    size = count * dtype.itemsize
    inside = entry[4 + form.word :]
    if size > LARGEST_VALUE_BYTES:
        raise SourceError(DAMAGED)
    if size > form.word:
        inside = await _exactly(head, form.number(inside, form.offset), size)
    return np.frombuffer(inside, dtype, count).astype(np.int64)


async def _exactly(head: Head, start: int, size: int) -> bytes:
    if start + size > head.entry.size:
        raise SourceError(DAMAGED)
    return await head.read(start, start + size)
