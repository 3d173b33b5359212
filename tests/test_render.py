"""Values become colours by their style, three bands by their ranges."""

import numpy as np

from tileserver.render import colorize, compose, empty
from tileserver.style import Colormap, Style

STYLE = Style(Colormap.named("viridis"), (0.0, 10.0))


def test_one_band():
    """Ends and beyond take the end colours; what is not valid is transparent."""
    values = np.array([[-5.0, 0.0, 10.0, 99.0, np.nan, 5.0]])
    valid = np.array([[True, True, True, True, True, False]])
    drawn = colorize(values, valid, STYLE)
    assert drawn.index.tolist() == [[1, 1, 255, 255, 0, 0]]
    lut = Colormap.named("viridis").lut
    assert drawn.rgba()[0, 1].tolist() == lut[0].tolist()
    assert drawn.rgba()[0, 2].tolist() == lut[255].tolist()
    assert drawn.rgba()[0, 4, 3] == 0


def test_nothing():
    """A picture without data is transparent everywhere."""
    assert (empty((3, 4), STYLE.palette()).rgba()[..., 3] == 0).all()


def test_three_bands_over_their_ranges():
    """Each band is linear over its range, ends clipped, nothing where any band lacks."""
    bands = [np.array([[0.0, 5.0, 10.0, np.nan]]), np.array([[-5.0, 0.0, 5.0, 1.0]])]
    valid = np.array([[True, True, True, False]])
    rgba = compose([*bands, bands[0]], valid, [(0, 10), (0, 5), (0, 20)], 0.5)
    assert rgba.tolist() == [
        [[0, 0, 0, 128], [128, 0, 64, 128], [255, 255, 128, 128], [0, 0, 0, 0]]
    ]
