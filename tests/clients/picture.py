"""Pictures as arrays to be compared."""

import io
from functools import lru_cache
from urllib.request import ProxyHandler, build_opener

import numpy as np
from numpy.typing import NDArray
from PIL import Image

OPENER = build_opener(ProxyHandler({}))


@lru_cache(maxsize=512)
def fetch_picture(base: str, path: str) -> NDArray[np.uint8]:
    """What a server has at a path, (height, width, 4) uint8, `plain`."""
    with OPENER.open(f"{base}{path}") as answer, Image.open(io.BytesIO(answer.read())) as image:
        return plain(np.asarray(image.convert("RGBA")))


def plain(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with one colour for all that is not seen."""
    return np.where(picture[..., 3:] == 0, np.uint8(0), picture)


def colours(picture: NDArray[np.uint8]) -> int:
    """How many colours can be seen."""
    return len(np.unique(picture[picture[..., 3] > 0].view(np.uint32)))
