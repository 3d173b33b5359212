"""Where the blocks of a TIFF lie and how they are stored, read from its headers once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tileserver.errors import SourceError
from tileserver.sources.storage.store import Entry
from tileserver.sources.tiff.directory import DAMAGED, Directory, read_directories
from tileserver.sources.tiff.head import Head

# Tags (TIFF 6.0, its supplements, and LERC's).
SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
STRIP_OFFSETS, BANDS, STRIP_ROWS, STRIP_BYTES, PLANAR, PREDICTOR = 273, 277, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, LERC = 338, 339, 347, 50674
IMAGE_TAGS = (SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, BANDS, PLANAR, PREDICTOR)
STRIP_TAGS = (STRIP_OFFSETS, STRIP_ROWS, STRIP_BYTES)
TILE_TAGS = (TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES)
CODEC_TAGS = (EXTRA_SAMPLES, SAMPLE_FORMAT, JPEG_TABLES, LERC)
TAGS = frozenset([*IMAGE_TAGS, *STRIP_TAGS, *TILE_TAGS, *CODEC_TAGS])
# Bits of the subfile type; bands that are stored apart.
REDUCED, MASK = 1, 4
APART = 2
NONE = np.empty(0, np.int64)
# Strips are read together up to this size: single ones are too small for a request.
STRIPS_BYTES = 1024 * 1024
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a block of an image is stored; the numbers are those of the TIFF tags.

    Args:
        shape: (rows, cols) of a whole block, a tile or a strip.
        bands: in one block.
        byte_order: `<` or `>`.
    """

    shape: tuple[int, int]
    bands: int
    compression: int
    predictor: int
    bits: int
    sample_format: int
    photometric: int
    extra_samples: tuple[int, ...]
    byte_order: str
    jpeg_tables: bytes
    lerc: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A tile or strip: its bytes, none where start == stop; its first cell and its rows."""

    start: int
    stop: int
    top: int
    left: int
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image of a TIFF: the full resolution, an overview or a mask.

    Args:
        entry: the object that it lies in.
        shape: (rows, cols).
        bands: of the whole image.
        planes: how often the blocks are repeated: the number of bands where each has blocks of
            its own, else 1.
        tiled: blocks are tiles, always whole; strips end with the image.
        group: how many blocks, one below the other, make a chunk.
        offsets, counts: (planes, blocks down, blocks across), bytes; a count of 0 is a block that
            was never written.
    """

    entry: Entry
    shape: tuple[int, int]
    bands: int
    planes: int
    tiled: bool
    group: int
    layout: Layout
    offsets: Counts
    counts: Counts

    @property
    def chunk(self) -> tuple[int, int]:
        """(rows, cols) of a chunk."""
        return (self.layout.shape[0] * self.group, self.layout.shape[1])

    def blocks(self, plane: int, rows: slice, cols: slice) -> list[Block]:
        """The blocks of a plane that a window touches."""
        height, width = self.layout.shape
        _, down, across = self.offsets.shape
        found = []
        for row in range(rows.start // height, min(-(-rows.stop // height), down)):
            for col in range(cols.start // width, min(-(-cols.stop // width), across)):
                start = int(self.offsets[plane, row, col])
                stop = start + int(self.counts[plane, row, col])
                whole = height if self.tiled else min(height, self.shape[0] - row * height)
                found.append(Block(start, stop, row * height, col * width, whole))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Tiff:
    """The images of a file from the finest to the coarsest, each with its mask or None.

    Overviews are those that GDAL takes for such: reduced images with as many bands.
    """

    levels: tuple[tuple[Image, Image | None], ...]

    @property
    def nbytes(self) -> int:
        """Of the tables of blocks."""
        images = [image for level in self.levels for image in level if image is not None]
        return sum(image.offsets.nbytes + image.counts.nbytes for image in images)


async def read_tiff(head: Head) -> Tiff:
    """The layout of a TIFF. Raises SourceError where it is none or is damaged."""
    order, (first, *others) = await read_directories(head, TAGS)
    try:
        images = [_image(each, order, head.entry) for each in others if _kind(each) == REDUCED]
        masks = [_image(each, order, head.entry) for each in others if _kind(each) & MASK]
        full = _image(first, order, head.entry)
    except (ValueError, IndexError, KeyError) as error:
        raise SourceError(DAMAGED) from error
    return _tiff(full, images, masks)


def _tiff(full: Image, images: Sequence[Image], masks: Sequence[Image]) -> Tiff:
    """An image with those that are overviews of it, and their masks."""
    coarser = [i for i in images if i.bands == full.bands and i.shape[1] < full.shape[1]]
    levels = [full, *sorted(coarser, key=lambda i: -i.shape[1])]
    fitting = {mask.shape: mask for mask in masks}
    return Tiff(tuple((image, fitting.get(image.shape)) for image in levels))


def completed(tiff: Tiff, overviews: Tiff | None, mask: Tiff | None) -> Tiff:
    """A TIFF with the overviews and masks of files beside it, where it has none of its own."""
    full, own = tiff.levels[0]
    pairs = list(tiff.levels)
    if overviews is not None and len(pairs) == 1:
        pairs += overviews.levels
    images = [image for image, _ in pairs[1:]]
    masks = [each for _, each in pairs if each is not None]
    if mask is not None and own is None:
        masks = [image for image, _ in mask.levels if image.bands == 1]
    return _tiff(full, images, masks)


def _kind(directory: Directory) -> int:
    return _one(directory, SUBFILE, 0)


def _one(directory: Directory, tag: int, default: int | None = None) -> int:
    """The first number of a tag; KeyError where it is missing and has no default."""
    if default is not None and tag not in directory:
        return default
    return int(directory[tag][0])


def _image(tags: Directory, byte_order: str, entry: Entry) -> Image:
    shape = (_one(tags, HEIGHT), _one(tags, WIDTH))
    bands = _one(tags, BANDS, 1)
    planes = bands if _one(tags, PLANAR, 1) == APART else 1
    tiled = TILE_OFFSETS in tags
    if tiled:
        block = (_one(tags, TILE_HEIGHT), _one(tags, TILE_WIDTH))
    else:
        block = (min(_one(tags, STRIP_ROWS, shape[0]), shape[0]), shape[1])
    offsets = tags[TILE_OFFSETS if tiled else STRIP_OFFSETS]
    counts = tags[TILE_BYTES if tiled else STRIP_BYTES]
    if min(*block, *shape, bands) < 1 or min(offsets.min(), counts.min()) < 0:
        raise ValueError("an image without blocks, or with blocks that lie nowhere")
    down, across = -(-shape[0] // block[0]), -(-shape[1] // block[1])
    layout = _layout(tags, block, bands // planes, byte_order)
    return Image(
        entry,
        shape,
        bands,
        planes,
        tiled,
        1 if tiled else min(down, max(1, STRIPS_BYTES // _block_bytes(layout))),
        layout,
        offsets.reshape(planes, down, across),
        counts.reshape(planes, down, across),
    )


def _block_bytes(layout: Layout) -> int:
    rows, cols = layout.shape
    return max(1, rows * cols * layout.bands * layout.bits // 8)


def _layout(tags: Directory, block: tuple[int, int], bands: int, byte_order: str) -> Layout:
    return Layout(
        block,
        bands,
        _one(tags, COMPRESSION, 1),
        _one(tags, PREDICTOR, 1),
        _one(tags, BITS, 1),
        _one(tags, SAMPLE_FORMAT, 1),
        _one(tags, PHOTOMETRIC, 1),
        tuple(tags.get(EXTRA_SAMPLES, NONE).tolist()),
        byte_order,
        tags.get(JPEG_TABLES, NONE).astype(np.uint8).tobytes(),
        tuple(tags.get(LERC, NONE).tolist()),
    )
