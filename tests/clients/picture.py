"""Pictures as arrays to be compared."""

import io

import httpx2 as httpx
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fetch_picture(base: str, path: str) -> NDArray[np.uint8]:
    """What a server has at a path, (height, width, 4) uint8, `plain`."""
    answer = httpx.get(f"{base}{path}", trust_env=False)
    assert answer.status_code == 200, answer.text
    with Image.open(io.BytesIO(answer.content)) as image:
        return plain(np.asarray(image.convert("RGBA")))


def plain(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with one colour for all that is not seen."""
    return np.where(picture[..., 3:] == 0, np.uint8(0), picture)
