"""From the stored numbers of a drawing's bands to its pixels and its file: pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from tileserver import encode, render
from tileserver.cube import Raw
from tileserver.drawing import Colours, Drawing
from tileserver.reader import Band
from tileserver.render import Indexed, Rgba
from tileserver.sampling import Sampling
from tileserver.style import Style
from tileserver.warp import Valid, Values, gather, warp

# In pixels of a nearest palette PNG, of which 65 536 take a quarter of a millisecond. What costs
# less than a millisecond is done at once: a thread would cost a tenth and draw nothing sooner.
QUICK_PX = 4 * 256 * 256
TAP_COST = 0.5
FILE_COST = {"png": 1.0, "npy": 1.0, "bin": 1.5, "jpg": 1.5}
RGBA_PNG_COST = 4.0
ALGORITHM_COST = 1.5
CHARACTER_COST = 0.15  # of an expression, which has an operation for every six or so


def is_quick(drawing: Drawing, bands: Sequence[Band]) -> bool:
    """Whether the drawing, its numbers at hand, costs less than a millisecond."""
    height, width = drawing.target.shape
    file = FILE_COST.get(drawing.format)
    if file is None:
        return False
    view = drawing.view
    if view.bands == 3 and drawing.format == "png":
        file = RGBA_PNG_COST
    cost = file + (ALGORITHM_COST if view.choice.algorithm else 0)
    if view.layer.expression is not None:
        cost += CHARACTER_COST * len(view.layer.expression.key)
    for band in bands:
        if band.sampling is not None:
            cost += _kernel_cost(band.sampling)
    return cost / 2 * height * width <= QUICK_PX


def _kernel_cost(sampling: Sampling) -> float:
    if sampling.resampling == "bilinear":  # by the cells that a pixel is interpolated from
        return TAP_COST * math.prod(math.ceil(2 * r) for r in sampling.reduction)
    return 1.0 if sampling.resampling == "nearest" else math.inf


def pixels(
    drawing: Drawing, bands: Sequence[Band], blocks: Sequence[Raw | None]
) -> tuple[Values, Valid]:
    """Warp, evaluate expression and algorithm: values (band, row, col) and validity (row, col)."""
    values, valid = _layer_pixels(drawing, bands, blocks)
    algorithm = drawing.view.choice.algorithm
    if algorithm is None:
        return values, valid
    made, there = algorithm.apply(values[0], valid, drawing.target)
    return made if made.ndim == 3 else made[None], there


def _layer_pixels(
    drawing: Drawing, bands: Sequence[Band], blocks: Sequence[Raw | None]
) -> tuple[Values, Valid]:
    """Those of the drawing's reach."""
    layer, shape = drawing.view.layer, drawing.reach.shape
    found: list[Values] = []
    there: list[Valid] = []
    for band, block in zip(bands, blocks, strict=True):
        if band.sampling is None or block is None:
            return np.zeros((layer.bands, *shape), np.float32), np.zeros(shape, np.bool_)
        values, valid = warp(block, band.sampling, band.packing)
        found.append(values)
        there.append(valid)
    if layer.expression is None:
        return np.stack(found), np.logical_and.reduce(there)
    named = {
        band.variable.id: np.where(valid, values, np.nan)
        for band, values, valid in zip(bands, found, there, strict=True)
    }
    computed = layer.expression.evaluate(named)
    known: Valid = np.logical_and.reduce(np.isfinite(computed), axis=0)
    return computed, known


def stored(
    drawing: Drawing, bands: Sequence[Band], blocks: Sequence[Raw | None]
) -> list[tuple[Raw, Valid]]:
    """Stored numbers (row, col) of each band's own type, and where they are valid.

    Kernels that mix cells give physical values: of these the number that would be stored for them.
    """
    return [_stored(drawing, *each) for each in zip(bands, blocks, strict=True)]


def _stored(drawing: Drawing, band: Band, block: Raw | None) -> tuple[Raw, Valid]:
    shape, dtype, sampling = drawing.target.shape, band.variable.dtype, band.sampling
    if sampling is None or block is None:
        return np.zeros(shape, dtype), np.zeros(shape, np.bool_)
    if sampling.cells is not None:
        raw = gather(block[sampling.crop], sampling)
        valid = band.packing.valid(raw)
        for part in sampling.inside:
            valid &= part
        return raw, valid
    values, valid = warp(block, sampling, band.packing)
    unpacked = (np.where(valid, values, 0) - band.packing.offset) / band.packing.scale
    unpacked = np.rint(unpacked) if dtype.kind in "iu" else unpacked
    return unpacked.astype(dtype), valid


def paint(
    drawing: Drawing,
    bands: Sequence[Band],
    blocks: Sequence[Raw | None],
    colours: Colours,
    mark: Callable[[str], None] = lambda _: None,
) -> bytes:
    """Warp, colour and encode in one go.

    Args:
        mark: called with "draw" when what follows is encoding.
    """
    if drawing.format == "npy":
        drawn = pixels(drawing, bands, blocks)
        mark("draw")
        return encode.npy(*drawn)
    if drawing.format == "bin":
        return _compact(drawing, bands, blocks, mark)
    picture = _picture(drawing, bands, blocks, colours)
    mark("draw")
    return encode.encode(picture, drawing.format)


def _compact(
    drawing: Drawing,
    bands: Sequence[Band],
    blocks: Sequence[Raw | None],
    mark: Callable[[str], None],
) -> bytes:
    """The stored integers themselves where each pixel shows one, else physical values."""
    view, band, block = drawing.view, bands[0], blocks[0]
    plain = view.layer.expression is None and view.choice.algorithm is None and len(bands) == 1
    narrow = block is not None and block.dtype.kind in "iu" and block.dtype.itemsize <= 2
    if not (plain and narrow and band.sampling is not None and band.sampling.cells is not None):
        drawn = pixels(drawing, bands, blocks)
        mark("draw")
        return encode.compact(*drawn)
    assert block is not None
    raw = gather(block[band.sampling.crop], band.sampling)
    valid = band.packing.valid(raw)
    for part in band.sampling.inside:
        valid &= part
    mark("draw")
    return encode.compact_stored(raw[None], valid, band.packing.scale, band.packing.offset)


def _picture(
    drawing: Drawing, bands: Sequence[Band], blocks: Sequence[Raw | None], colours: Colours
) -> Indexed | Rgba:
    """The colours: straight from the stored numbers where nothing comes between."""
    opacity, first = drawing.view.choice.opacity, colours[0]
    parts = [
        (block, band.sampling, band.packing)
        for band, block in zip(bands, blocks, strict=True)
        if band.sampling is not None and block is not None
    ]
    view = drawing.view
    plain = view.layer.expression is None and view.choice.algorithm is None
    direct = plain and len(parts) == len(bands)
    if isinstance(first, Style):
        if direct:
            return render.draw(*parts[0], first)
        values, valid = pixels(drawing, bands, blocks)
        return render.colorize(values[0], valid, first)
    ranges = [each for each in colours if isinstance(each, tuple)]
    if direct:
        stored, samplings, packings = zip(*parts, strict=True)
        return render.draw_rgb(stored, samplings, packings, ranges, opacity=opacity)
    values, valid = pixels(drawing, bands, blocks)
    return render.compose(list(values), valid, ranges, opacity)
