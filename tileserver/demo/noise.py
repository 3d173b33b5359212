"""Smooth random fields that move: a spectrum whose waves turn at their own frequencies."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Noise:
    """A random field of unit variance, periodic in both axes and a smooth function of time.

    Attributes:
        spectrum: (height, width // 2 + 1) complex amplitudes, as `numpy.fft.rfft2` lays them out.
        frequency: of the same shape, in radians per unit of time.
        shape: (height, width) of the field.
    """

    spectrum: NDArray[np.complex64]
    frequency: Field
    shape: tuple[int, int]

    def at(self, time: float = 0.0) -> Field:
        """The field of a time, (height, width) float32."""
        turned = self.spectrum * np.exp(1j * self.frequency * np.float32(time))
        return np.fft.irfft2(turned, s=self.shape).astype(np.float32)


def make_noise(
    shape: tuple[int, int],
    seed: int,
    *,
    wavelength: float,
    slope: float = 3.0,
    shortest: float = 2.0,
    drift: tuple[float, float] = (0.0, 0.0),
    churn: float = 0.0,
) -> Noise:
    """A field whose amplitudes fall as a power of the wavenumber beyond `wavelength`.

    Args:
        shape: (height, width) in pixels.
        wavelength: the longest that is strong, in pixels; longer waves fade out.
        slope: the exponent: 3 is smooth, 2 looks like terrain, 1 is rough.
        shortest: waves below this many pixels fade out.
        drift: (y, x) pixels per unit of time.
        churn: standard deviation of each wave's own frequency, in radians per unit of time.
    """
    rng = np.random.default_rng(seed)
    ky = np.fft.fftfreq(shape[0])[:, None]
    kx = np.fft.rfftfreq(shape[1])[None, :]
    k = np.hypot(ky, kx)
    reach = k * wavelength
    amplitude = reach**2 / (1 + reach ** (2 + slope)) * np.exp(-((k * shortest) ** 2))
    phase = rng.uniform(0, 2 * np.pi, k.shape)
    frequency = -2 * np.pi * (ky * drift[0] + kx * drift[1]) + churn * rng.standard_normal(k.shape)
    spectrum = amplitude * np.exp(1j * phase)
    spectrum /= np.fft.irfft2(spectrum, s=shape).std()
    return Noise(spectrum.astype(np.complex64), frequency.astype(np.float32), shape)


def blur(field: NDArray[np.floating], wavelength: float) -> Field:
    """A field without its waves shorter than `wavelength` pixels; periodic in both axes."""
    ky = np.fft.fftfreq(field.shape[0])[:, None]
    kx = np.fft.rfftfreq(field.shape[1])[None, :]
    damping = np.exp(-((ky**2 + kx**2) * wavelength**2))
    smooth = np.fft.irfft2(np.fft.rfft2(field) * damping, s=field.shape)
    return smooth.astype(np.float32)


def smoothstep(x: Field, low: float, high: float) -> Field:
    """0 below `low`, 1 above `high` and a cubic between; falls where `low` > `high`."""
    s: Field = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return s * s * (3 - 2 * s)
