"""Oklab: colours as numbers whose straight lines look straight (B. Ottosson, 2020,
https://bottosson.github.io/posts/oklab/; matrices of the revision of 2021-01-25).

Arrays are (..., 3) float64: sRGB 0..1 with its transfer curve, or Oklab L 0..1, a, b.
"""

import numpy as np
from numpy.typing import NDArray

_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LMS_TO_RGB = np.linalg.inv(_RGB_TO_LMS)
_LAB_TO_LMS = np.linalg.inv(_LMS_TO_LAB)


def linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB without its transfer curve (IEC 61966-2-1): proportional to light."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def gamma(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `linear`; what lies outside sRGB is clipped to its nearest channel values."""
    light = np.clip(light, 0.0, 1.0)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def from_srgb(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Oklab of sRGB colours."""
    lab: NDArray[np.float64] = np.cbrt(linear(srgb) @ _RGB_TO_LMS.T) @ _LMS_TO_LAB.T
    return lab


def to_srgb(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB of Oklab colours, clipped to the gamut."""
    light: NDArray[np.float64] = (lab @ _LAB_TO_LMS.T) ** 3 @ _LMS_TO_RGB.T
    return gamma(light)
