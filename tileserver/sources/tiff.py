"""Where the blocks of a TIFF lie and how they are stored, read from its headers once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from async_tiff import TIFF, ImageFileDirectory

from tileserver.errors import SourceError
from tileserver.sources.head import FIRST_READ_BYTES, Head

# Bits of the tag NewSubfileType, and values of other tags (TIFF 6.0, sections 8 and 15).
REDUCED, MASK = 1, 4
PLANAR = 2
# Strips are read together up to this size: single ones are too small for a request.
STRIPS_BYTES = 1024 * 1024
DAMAGED = "the file is not a GeoTIFF, or its header is damaged"
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
    jpeg_tables: bytes | None
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
        shape: (rows, cols).
        bands: of the whole image.
        planes: how often the blocks are repeated: the number of bands where each has blocks of
            its own, else 1.
        tiled: blocks are tiles, always whole; strips end with the image.
        group: how many blocks, one below the other, make a chunk.
        offsets, counts: (planes, blocks down, blocks across), bytes; a count of 0 is a block that
            was never written.
    """

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
    try:
        tiff = await TIFF.open(head.entry.key, store=head, prefetch=FIRST_READ_BYTES)
        order = "<" if tiff.endianness == 0 else ">"
        first, *others = tiff.ifds
        images = [_image(ifd, order) for ifd in others if _kind(ifd) == REDUCED]
        masks = {m.shape: m for m in (_image(i, order) for i in others if _kind(i) & MASK)}
        full = _image(first, order)
    except Exception as error:  # async-tiff's errors have no public class
        raise head.error or SourceError(DAMAGED) from error
    coarser = [i for i in images if i.bands == full.bands and i.shape[1] < full.shape[1]]
    levels = [full, *sorted(coarser, key=lambda i: -i.shape[1])]
    return Tiff(tuple((image, masks.get(image.shape)) for image in levels))


def _kind(ifd: ImageFileDirectory) -> int:
    return ifd.new_subfile_type or 0


def _image(ifd: ImageFileDirectory, byte_order: str) -> Image:
    shape = (ifd.image_height, ifd.image_width)
    bands = ifd.samples_per_pixel
    planes = bands if ifd.planar_configuration == PLANAR else 1
    tiled = bool(ifd.tile_offsets)
    if tiled:
        block = (ifd.tile_height or 0, ifd.tile_width or 0)
        offsets, counts = ifd.tile_offsets, ifd.tile_byte_counts
    else:
        block = (min(ifd.rows_per_strip or shape[0], shape[0]), shape[1])
        offsets, counts = ifd.strip_offsets, ifd.strip_byte_counts
    if min(block) < 1 or min(shape) < 1:
        raise ValueError("an image without blocks")
    down, across = -(-shape[0] // block[0]), -(-shape[1] // block[1])
    layout = _layout(ifd, block, bands // planes, byte_order)
    return Image(
        shape,
        bands,
        planes,
        tiled,
        1 if tiled else min(down, max(1, STRIPS_BYTES // _block_bytes(layout))),
        layout,
        np.array(offsets, np.int64).reshape(planes, down, across),
        np.array(counts, np.int64).reshape(planes, down, across),
    )


def _block_bytes(layout: Layout) -> int:
    rows, cols = layout.shape
    return max(1, rows * cols * layout.bands * layout.bits // 8)


def _layout(ifd: ImageFileDirectory, block: tuple[int, int], bands: int, byte_order: str) -> Layout:
    return Layout(
        block,
        bands,
        int(ifd.compression),
        int(ifd.predictor or 1),
        int(ifd.bits_per_sample[0]),
        int(ifd.sample_format[0]),
        int(ifd.photometric_interpretation),
        tuple(int(e) for e in ifd.extra_samples or ()),
        byte_order,
        bytes(ifd.jpeg_tables) if ifd.jpeg_tables else None,
        tuple(int(n) for n in ifd.lerc_parameters or ()),
    )
