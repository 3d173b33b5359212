"""Images of rio-tiler as files: what titiler.core draws, in the colours that a dataset has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rio_tiler.models import ImageData
from titiler.core.resources.enums import ImageType
from titiler.core.utils import render_image

from tileserver.encode import palette_png
from tileserver.render import Indexed
from tileserver.services.titiler.colours import Colours

DRAWN = (None, ImageType.png, ImageType.jpeg, ImageType.jpg, ImageType.webp)
PNG = "image/png"


def picture(
    image: ImageData,
    output_format: ImageType | None = None,
    colormap: Any = None,
    rescale: Sequence[tuple[float, float]] | None = None,
    **options: Any,
) -> tuple[bytes, str]:
    """A file, and its media type.

    What is drawn is drawn within the range that the reader tells of its values, where a request
    tells none.
    """
    told = rescale
    if output_format in DRAWN:
        is_drawn = colormap is None or _is_ramp(colormap)  # others are of the values themselves
        told = rescale or (image.dataset_statistics if is_drawn else None)
    elif isinstance(colormap, Colours):
        colormap = None
    plain = not options.get("color_formula") and options.get("add_mask", True)
    if told is not None:
        image.rescale(told)
    if plain and _is_ramp(colormap) and output_format in (None, ImageType.png):
        found = _indexed(image, colormap, is_png=output_format is not None)
        if found is not None:
            return palette_png(found), PNG
    made: tuple[bytes, str] = render_image(
        image, output_format=output_format, colormap=colormap, **options
    )
    return made


def _is_ramp(colormap: Any) -> bool:
    return isinstance(colormap, dict) and len(colormap) == 256 and 0 in colormap


def _indexed(image: ImageData, colormap: Mapping[int, Any], *, is_png: bool) -> Indexed | None:
    """The same pixels by a palette, a twentieth of the work, if one colour is free to be none.

    Where a request leaves the format open, only of what is not there everywhere, which is a PNG.
    """
    values = image.array
    if values.shape[0] != 1 or values.dtype != np.uint8:
        return None
    valid = image.mask != 0
    if valid.all():
        return Indexed(values.data[0], _palette(colormap)) if is_png else None
    used = np.bincount(values.data[0][valid], minlength=256)
    free = np.flatnonzero(used == 0)
    if not free.size:
        return None
    palette = _palette(colormap)
    palette[free[0]] = 0
    return Indexed(np.where(valid, values.data[0], np.uint8(free[0])), palette)


def _palette(colormap: Mapping[int, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.array([colormap[i] for i in range(256)], np.uint8)
