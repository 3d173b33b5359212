"""Blocks of a TIFF that are not what they should be."""

import zlib
from random import Random

import numpy as np
import pytest

from tileserver.errors import SourceError
from tileserver.sources.tiff.codec import DEFLATE, NO_PREDICTOR, SIGNED, decode
from tileserver.sources.tiff.layout import Layout

NUMBERS = (np.sin(np.arange(64 * 64) / 90) * 1000).astype("<i2").reshape(1, 64, 64)
PACKED = zlib.compress(NUMBERS.tobytes())
LAYOUT = Layout(
    shape=(64, 64), bands=1, bits=16, sample_format=SIGNED, byte_order="<",
    compression=DEFLATE, predictor=NO_PREDICTOR, photometric=1, extra_samples=(), jpeg_tables=b"",
    lerc=(),
)  # fmt: skip


def test_whole_block_is_what_was_stored() -> None:
    """Also where more follows in its stream, or behind it."""
    for data in (PACKED, zlib.compress(NUMBERS.tobytes() + bytes(9000)), PACKED + b"beyond"):
        np.testing.assert_array_equal(decode(data, LAYOUT, 64), NUMBERS)


def test_no_wrong_bit_goes_unseen() -> None:
    """The stream's checksum is looked at: a block with one is damaged, or as if it had none."""
    draws = Random(1)
    for _ in range(300):
        data = bytearray(PACKED)
        data[draws.randrange(2, len(data))] ^= 1 << draws.randrange(8)
        try:
            decoded = decode(bytes(data), LAYOUT, 64)
        except SourceError:
            continue
        np.testing.assert_array_equal(decoded, NUMBERS)


@pytest.mark.parametrize("length", [0, 100, len(PACKED) - 4, len(PACKED) - 1])
def test_block_that_is_cut_off_is_damaged(length: int) -> None:
    """Wherever the cut is."""
    with pytest.raises(SourceError, match="damaged"):
        decode(PACKED[:length], LAYOUT, 64)


def test_stream_without_an_end_is_damaged() -> None:
    """What is beyond the block is looked through, not for ever."""
    with pytest.raises(SourceError, match="damaged"):
        decode(zlib.compress(bytes(100 << 20)), LAYOUT, 64)
